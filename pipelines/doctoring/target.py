"""The model that will be trained, from its name, its Hub id or a folder; and the chat templates of other families."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from curation.chat.format import TemplateSettings, chat_format
from curation.templates import EncodeError
from train.base_models import MODELS_FILE, LoadedTokenizer, find_base_model, load_tokenizer

if TYPE_CHECKING:
    from curation.doctor.target import Target

CLASSICS = MODELS_FILE.with_name("chat_templates.toml")
VARIANT = "_training"  # TRL's copies with {% generation %} marks write the same text


def open_target(model: str, *, max_length: int = 2048) -> tuple[Target, LoadedTokenizer]:
    """The target of a doctor's visit. No code of a repository is ever run. Raises ValueError, one line."""
    from curation.doctor.target import Target

    quieten()
    loaded = loaded_tokenizer(model)
    try:
        pad = find_base_model(model).pad
    except ValueError:  # a folder, or a model that models.toml does not have
        loaded = replace(loaded, settings=settings_of(loaded))
        pad = str(loaded.tokenizer.pad_token or "")
        pad = "" if pad == loaded.tokenizer.eos_token else pad
    return Target(model, loaded.tokenizer, loaded.settings, pad, max_length, known_templates()), loaded


def loaded_tokenizer(model: str) -> LoadedTokenizer:
    """The tokenizer of a model. Raises ValueError, one line."""
    try:
        return load_tokenizer(model)
    except ValueError as error:
        if "custom code" in str(error):
            advice = "take one that transformers knows by itself"
            raise ValueError(f"{model}: its tokenizer is code of its own, which is never run; {advice}") from error
        raise


def quieten() -> None:
    """Have transformers speak of errors only; they become one line of ours."""
    from transformers.utils import logging

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # transformers leaves it so


def settings_of(loaded: LoadedTokenizer) -> TemplateSettings:
    """How the template of a model that models.toml does not have is to be used, found by trying."""
    plain = TemplateSettings()
    trials = [plain]
    if eos := loaded.tokenizer.eos_token:
        trials.append(replace(plain, end_of_turn=str(eos)))
    for trial in trials:
        try:
            form = chat_format(loaded.tokenizer, trial)
        except EncodeError:
            continue
        opens = form.final.drop or form.middle.drop  # a generation prompt that no training text has
        return replace(trial, generation_prompt="trained") if opens else trial
    return plain  # whoever encodes first tells why not


@cache
def known_templates() -> dict[str, str]:
    """Family → Jinja text, of all families that ship here: those of TRL, of models.toml, and the classics."""
    templates = {}
    found = find_spec("trl")  # finds the package without importing it, which takes seconds
    for folder in found.submodule_search_locations or [] if found else []:
        for file in sorted(Path(folder, "chat_templates").glob("*.jinja")):
            if not file.stem.endswith(VARIANT):
                templates[file.stem] = file.read_text(encoding="utf-8")
    templates |= tomllib.loads(MODELS_FILE.read_text(encoding="utf-8")).get("templates", {})
    return templates | tomllib.loads(CLASSICS.read_text(encoding="utf-8"))
