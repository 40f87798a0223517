"""Our own stages as an engine: exact_duplicates, then same_sense, swept as a build sweeps them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from benchmarks.decisions.found import Found
from benchmarks.decisions.rows import Rows

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from curation.embed import Embedder


def ours(rows: Rows) -> Found:
    from curation.deduplicate import ExactDuplicates
    from curation.same_sense import SameSense
    from pipelines.engine import run_stage

    if rows.given.embedder is None:
        raise ValueError("same_sense needs an embedding model")
    counting = Counting(rows.given.embedder)
    given = replace(rows.given, embedder=counting)
    place_of = {ident: place for place, ident in enumerate(rows.table["id"])}
    removed: dict[int, int] = {}
    table = rows.table
    for stage in (ExactDuplicates(), SameSense()):
        table, gone, _ = run_stage(stage, table, given)
        left = zip(gone["id"], gone["survivor"], strict=True)
        removed |= {place_of[ident]: place_of[survivor] for ident, survivor in left}
    answers = {(a, b): answer for part in (table, gone) for a, b, answer in _answers(part, place_of)}
    asked = {pair for pair, answer in answers.items() if answer == "ask"}
    return Found(removed, asked, compared=len(answers), texts=len(counting.texts))


def _answers(table: pd.DataFrame, place_of: dict[str, int]) -> list[tuple[int, int, str]]:
    """Every pair that same_sense looked at, smaller position first, and its answer; each twice."""
    found = []
    for ident, others, answers in zip(*(table[name] for name in ("id", "sense_with", "sense_answer")), strict=True):
        for other, answer in zip(others, answers, strict=True):
            left, right = sorted((place_of[ident], place_of[other]))
            found.append((left, right, answer))
    return found


@dataclass(frozen=True)
class Counting:
    """An embedder that remembers which texts it was asked for."""

    inner: Embedder
    texts: set[str] = field(default_factory=set)

    @property
    def fingerprint(self) -> str:
        return self.inner.fingerprint

    def __call__(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.texts.update(texts)
        return self.inner(texts)
