"""Base and adapter as one model of 16 bits, in a folder that transformers loads as it is."""

from __future__ import annotations

import copy
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.chat.format import chat_format
from train.base_weights import BaseWeights, find_weights, spec_of
from train.errors import TrainError

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

    from train.base_models import BaseModelSpec, LoadedTokenizer
    from train.run_folder import Run

HALF = 2  # bytes of a weight of 16 bits


def merge(run: Run, out: Path, *, base: str = "") -> LoadedTokenizer:
    """Write the run's base with its adapter worked in to the folder `out`; returns the tokenizer it was trained with.

    Added up in float32, saved as bfloat16 or float16, whichever the base is (float16 for a base of 32 bits). `base`
    says where the base is, for one that is a folder. Raises TrainError for an adapter of another base, a base that
    cannot be had, or too little room on the disk.
    """
    from train.training import load_trained

    wanted = trained_base(run, base)
    model, loaded = load_trained(wanted, run.adapter)
    weights = find_weights(wanted, loaded)
    same_weights(run, weights)
    check_room(out.parent, HALF * weights.parameters)
    save_merged(model.merge_and_unload(), loaded, out)
    return loaded


def trained_base(run: Run, base: str) -> BaseModelSpec | str:
    """The base that the run was trained on, at the commit that it was trained on."""
    spec = spec_of(base or run.facts["base"])
    if spec is None or spec.path:
        return spec or base or str(run.facts["base"])
    return replace(spec, revision=run.facts.get("base_revision", ""))


def same_weights(run: Run, weights: BaseWeights) -> None:
    """Raises TrainError where the base is not, weight by weight, what the adapter was trained on."""
    trained = run.facts.get("base_sha256") or run.facts.get("base_revision")
    if trained and trained != (weights.sha256 or weights.revision):
        raise TrainError(
            f"{weights.folder}: {weights.name} has other weights than the run was trained on ({trained:.12})"
        )


def save_merged(model: Any, loaded: LoadedTokenizer, out: Path) -> None:
    """Write a model with its tokenizer to the folder `out`, at 16 bits; its answers stop at the end of turn."""
    from train.backends import hushed

    tokenizer = exported_tokenizer(loaded)
    end = chat_format(tokenizer, loaded.settings).final.end_ids[0]
    for facts in (model.config, model.generation_config):
        facts.bos_token_id, facts.eos_token_id = tokenizer.bos_token_id, end
        facts.pad_token_id = tokenizer.pad_token_id
    with hushed():
        model.to(half_precision(model.name_or_path)).save_pretrained(out)
    tokenizer.save_pretrained(out)


def half_precision(base: str) -> torch.dtype:
    """bfloat16 where the weights in the folder `base` are, else float16."""
    import torch
    from transformers import AutoConfig

    stored = AutoConfig.from_pretrained(base, local_files_only=True, trust_remote_code=False).dtype
    return torch.bfloat16 if stored == torch.bfloat16 else torch.float16


def exported_tokenizer(loaded: LoadedTokenizer) -> PreTrainedTokenizerBase:
    """A copy of the tokenizer that renders, told nothing, what training rendered.

    Llama 3.1's and 3.2's templates print a date, and 3.2's asks the clock for it; the copy's is the one trained with.
    """
    tokenizer: PreTrainedTokenizerBase = copy.deepcopy(loaded.tokenizer)
    template = str(tokenizer.get_chat_template())
    if "date_string" in template:
        date = loaded.settings.date_string
        pinned = f'{{%- if not date_string is defined %}}{{%- set date_string = "{date}" %}}{{%- endif -%}}\n'
        template = template if template.startswith(pinned) else pinned + template
    tokenizer.chat_template = template
    return tokenizer


def check_room(folder: Path, needed: int) -> None:
    """Raises TrainError where less than `needed` bytes are free on the disk of `folder`."""
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise TrainError(f"{folder}: about {needed / 1e9:.1f} GB are needed there, {free / 1e9:.1f} GB are free")
