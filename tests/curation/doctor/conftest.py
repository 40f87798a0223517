"""Targets of several families: the lab's real tokenizer, and stand-ins with the family's own template and tokens."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from curation.doctor.target import Target
from train.base_models import find_base_model, load_tokenizer, stand_in_tokenizer


@cache
def known_templates() -> dict[str, str]:
    """The templates that TRL ships, by family."""
    folder = Path(find_spec("trl").submodule_search_locations[0]) / "chat_templates"
    files = sorted(folder.glob("*.jinja"))
    return {file.stem: file.read_text("utf-8") for file in files if not file.stem.endswith("_training")}


@cache
def target_of(name: str, max_length: int = 2048) -> Target:
    """The target of a base model's name: its own tokenizer for the lab's, a stand-in for any other."""
    spec = find_base_model(name)
    tokenizer = load_tokenizer(spec).tokenizer if spec.folder else stand_in_tokenizer(spec)
    return Target(spec.name, tokenizer, spec.settings, spec.pad, max_length, known_templates())


@pytest.fixture(scope="session")
def target_named():
    """Any target by the name of its base model."""
    return target_of


@pytest.fixture(scope="session")
def lab() -> Target:
    return target_of("lab")


@pytest.fixture(scope="session")
def llama() -> Target:
    return target_of("llama-3.2-1b-instruct")


@pytest.fixture(scope="session")
def chatml() -> Target:
    return target_of("smollm2-135m-instruct")
