"""What all steps of the ladder share: the sources, read once; the curated build; and which rows nobody may train on.

The held-out terms are the validation and test terms of the curated build. Ids name rows of the sources, so the same
rows are kept out of every step, the glued ones too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from curation.stage import Given, Stage
from pipelines.engine import Result
from pipelines.experiments.steps import CURATED, DECIDED, ExperimentError, Step, find_step
from pipelines.reading import Read
from pipelines.recipe import Recipe
from pipelines.terminal import Terminal

if TYPE_CHECKING:
    import pandas as pd

    from train.base_models import LoadedTokenizer


@dataclass(frozen=True)
class Ground:
    """The sources and tools of one experiment."""

    recipe: Recipe  # its base model is the experiment's
    loaded: LoadedTokenizer
    given: Given
    read: Read
    key: str  # of the table that was read
    cache: Path
    terminal: Terminal
    people: Given = field(default_factory=Given)  # `given` and what people decided; `given` holds none of it


@dataclass(frozen=True)
class Untouchable:
    """Ids of rows that no step trains on."""

    held_out: frozenset[str]  # their terms are the evaluation's
    overlapping: frozenset[str]  # their sentences overlap an evaluation prompt
    terms: frozenset[str] = frozenset()  # keys of the held-out terms: a person may move a row to one of them


def lay_ground(
    recipe: Recipe, base: str, loaded: LoadedTokenizer, *, cache: Path, limit: int | None, terminal: Terminal
) -> Ground:
    """Read the sources, for a base model that need not be the recipe's own.

    Raises ValueError with one line where a source or a model cannot be had.
    """
    from pipelines.engine import table_key
    from pipelines.given import gather
    from pipelines.reading import read_sources

    recipe = replace(recipe, settings=recipe.settings.model_copy(update={"base_model": base, "replay": None}))
    people = gather(recipe, loaded, cache, terminal.advance)
    given = replace(people, decisions={}, answers=())
    read = read_sources(recipe, limit, terminal)
    return Ground(recipe, loaded, given, read, table_key(read.table), cache, terminal, people)


def run_step(step: Step, ground: Ground) -> Result:
    """The stages of one step over the sources; each step has its own folder in the cache.

    Only the step "decided" is told what people decided.
    """
    from pipelines.engine import run_stages

    return run_stages(
        ground.read.table,
        step.chosen(ground.recipe.stages),
        ground.people if step.name == DECIDED else ground.given,
        key=ground.key,
        cache=ground.cache / "stages" / f"experiment-{ground.recipe.settings.name}-{ground.key[:8]}-{step.name}",
        may_empty=ground.recipe.settings.may_empty,
        started=ground.terminal.starting,
    )


def write_curated(ground: Ground, folder: Path) -> Result:
    """The recipe's whole build as `python -m pipelines.build` leaves it, report included: the evaluation reads it."""
    from pipelines import chat
    from pipelines.given import evaluation_items
    from pipelines.ledger import bad_records_to_ledger, check_conservation, join_ledger
    from pipelines.outputs import Built, write_build
    from pipelines.timing import Timer

    timer = Timer()
    result = run_step(find_step(CURATED), ground)
    timer.steps(result.steps)
    read = ground.read
    ledger = join_ledger([bad_records_to_ledger(read.bad), result.ledger])
    check_conservation(len(read.table), len(read.bad), result.kept, ledger)
    conversations = chat.make_conversations(result.kept, ground.recipe.settings, [])
    proved = chat.prove(conversations, ground.loaded, ground.terminal.advance)
    items = evaluation_items(ground.recipe)
    write_build(folder, Built(ground.recipe, read, result, ledger, proved, ground.loaded, ground.given, items), timer)
    return result


def untouchable(ground: Ground, curated: Result) -> Untouchable:
    """Raises ExperimentError where the curated build holds nothing out: there would be nothing to ask."""
    kept, left = curated.kept, curated.ledger
    held = kept[kept["split"] != "train"]
    if not len(held):
        raise ExperimentError(
            f"{ground.recipe.path}: the split stage holds no term out, so there is nothing to evaluate on. "
            "Give it a validation or test share above 0, or read more rows"
        )
    terms, ids = set(held["term_key"]) - {""}, set(held["id"])
    of_term = {name for rows in (kept, left) for name in ids_where(rows, rows["term_key"].isin(terms))}
    merged = ids_where(left, left["survivor"].isin(ids | of_term))
    return Untouchable(frozenset({*ids, *of_term, *merged}), overlapping(ground), frozenset(terms))


def ids_where(table: pd.DataFrame, mask: pd.Series) -> Iterable[str]:
    return [str(name) for name in table["id"][mask]]


def overlapping(ground: Ground) -> frozenset[str]:
    """Rows whose sentences, as they were read, overlap a prompt or sentence of the evaluation."""
    from curation.decontaminate import Decontaminate

    stage: Stage = next((one for one in ground.recipe.stages if isinstance(one, Decontaminate)), Decontaminate())
    found = stage(ground.read.table.assign(split=""), ground.given)
    return frozenset(ids_where(found, found["evaluation_item"] != ""))
