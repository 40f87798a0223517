"""What the fact columns are asked: each of the few terms that they were taught, with four definitions to choose."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.experiments.columns import FACT_TERMS

if TYPE_CHECKING:
    from train.evaluation.items import Items


def fact_terms(build: Path, seed: int, taught: frozenset[str]) -> tuple[str, ...]:
    """Keys of the terms of the training split that can be asked about and that every fact column is taught.

    `taught`: keys of terms that all of them train on.
    """
    from train.build_folder import read_build
    from train.evaluation.terms import Terms

    askable = [one.cluster for one in Terms.read(read_build(build), seed, None).definitions("trained")]
    return tuple(dict.fromkeys(key for key in askable if key in taught))[:FACT_TERMS]


def fact_items(build: Path, terms: tuple[str, ...]) -> Items:
    """Four-way choices about these terms, in the usual and the unseen wording, and nothing else."""
    from train.build_folder import read_build
    from train.evaluation.items import make_items

    items = make_items(read_build(build), "full", trained_terms=terms)
    choices = tuple(one for one in items.choices if one.side == "trained")
    return replace(items, suite="experiment", choices=choices, cloze=(), told=(), prompts=())
