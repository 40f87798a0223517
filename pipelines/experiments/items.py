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
    """Four-way choices about these terms, in the usual and the unseen wording, and the experiment's own prompts."""
    from train.build_folder import read_build
    from train.evaluation.items import make_items

    opened = read_build(build)
    choices = make_items(opened, "full", trained_terms=terms).choices
    taught = tuple(one for one in choices if one.side == "trained")
    return replace(make_items(opened, "experiment", trained_terms=terms), choices=taught, told=())
