"""Same sense or not: definitions of one term key that say the same become one row, true senses stay apart.

Only rows that share their term key with another are embedded, each text once. Every pair inside a term gets a score
(curation/sense_score.py) and one of three answers: merge, keep both, or ask a person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from curation.deduplicate import UNITED, still_open, survivor_rank, unite, with_union_columns
from curation.sense_score import contradict, core, describe, features, score
from curation.stage import Given, Stage, flag

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

Answer = Literal["merge", "keep", "ask"]
BLOCK = 1_024  # rows of one term whose cosines with all its others are computed at once


@dataclass(frozen=True)
class Compared:
    """One pair of rows, by position, and what came of it."""

    left: int
    right: int
    score: float
    answer: Answer


@dataclass(frozen=True)
class SameSense(Stage):
    """Marks definitions that give a sense which a better row of the same term gives already.

    Best first: the best row of a term survives, and each next one goes into the survivor it is most like, if its own
    score with that survivor is at least `merge`, or survives too. No chain of likenesses merges two rows.
    """

    name = "same_sense"
    reasons = ("same_sense_duplicate",)
    flags = ("same_sense_doubt",)
    scope = "term"
    needs = ("term_key",)
    adds = (*UNITED, "sense_with", "sense_score", "sense_answer")
    embeds = True

    merge: Annotated[float, Field(ge=0, le=1)] = 0.75  # probability from which two definitions are one sense
    ask: Annotated[float, Field(ge=0, le=1)] = 0.5  # probability from which a person is asked
    nearest: Annotated[int, Field(ge=1)] = 200  # rows of its term, by cosine, that a row is compared with at most
    prefer_sources: list[str] = field(default_factory=list)  # names of sources, best first: their rows survive

    def __post_init__(self) -> None:
        if self.ask > self.merge:
            raise ValueError(f"same_sense: ask = {self.ask} is above merge = {self.merge}; it must not be higher")

    def __call__(self, table: pd.DataFrame, given: Given) -> pd.DataFrame:
        table = with_union_columns(table)
        compared = self.compare(table, given)
        merges, scores = best_first(compared, survivor_rank(table, self.prefer_sources))
        table = _with_evidence(table, compared)
        gone = {place for places in merges.values() for place in places}
        doubtful = {
            place
            for pair in compared
            if pair.answer == "ask" and not {pair.left, pair.right} & gone
            for place in (pair.left, pair.right)
        }
        table = unite(table, merges, reason="same_sense_duplicate", scores=scores)
        return flag(table, [place in doubtful for place in range(len(table))], "same_sense_doubt")

    def compare(self, table: pd.DataFrame, given: Given) -> list[Compared]:
        """All pairs that are looked at, each once, with its score and answer."""
        groups = _groups(table)
        if not groups:
            return []
        if given.embedder is None:
            raise ValueError("same_sense: no embedding model was given; name one, or leave the stage out of the recipe")
        places = [place for group in groups for place in group]
        terms, definitions = table["term"].tolist(), table["definition"].tolist()
        vectors = given.embedder([core(definitions[place]) for place in places])
        described = {place: describe(terms[place], definitions[place]) for place in places}
        compared = []
        for left, right, cosine in _pairs(groups, vectors, self.nearest):
            a, b = described[left], described[right]
            likely = score(features(a, b, cosine))
            answer: Answer = "merge" if likely >= self.merge else "ask" if likely >= self.ask else "keep"
            if answer == "merge" and contradict(a, b):
                answer = "ask"
            compared.append(Compared(left, right, likely, answer))
        return compared


def _groups(table: pd.DataFrame) -> list[list[int]]:
    """Positions of the definitions that share a term key with another, a list a term, sorted by id."""
    groups: defaultdict[str, list[int]] = defaultdict(list)
    columns = (still_open(table), table["kind"], table["term_key"], table["definition"])
    for place, (row_is_open, kind, term_key, definition) in enumerate(zip(*columns, strict=True)):
        if row_is_open and kind == "definition" and term_key and definition.strip():
            groups[term_key].append(place)
    ids = table["id"].tolist()
    return [sorted(groups[key], key=ids.__getitem__) for key in sorted(groups) if len(groups[key]) > 1]


def _pairs(groups: list[list[int]], vectors: npt.NDArray[np.float32], nearest: int) -> Iterator[tuple[int, int, float]]:
    """(position, position, cosine) of every pair inside a group; in a group of more than `nearest` + 1 rows only pairs
    of which one is among the `nearest` of the other.

    `vectors` has a row for each position, in the order of `groups`.
    """
    start = 0
    for group in groups:
        own = vectors[start : start + len(group)].astype("float64")
        start += len(group)
        for i, j in _near(own, nearest):
            yield group[i], group[j], float(own[i] @ own[j])


def _near(vectors: npt.NDArray[np.float64], nearest: int) -> list[tuple[int, int]]:
    """Pairs (i, j), i < j, of rows near to each other; memory is a block of rows times all rows."""
    import numpy as np

    count = len(vectors)
    if count <= nearest + 1:
        return [(i, j) for i in range(count) for j in range(i + 1, count)]
    found: set[tuple[int, int]] = set()
    for start in range(0, count, BLOCK):
        cosines = (vectors[start : start + BLOCK] @ vectors.T).round(6)
        for i, row in enumerate(cosines, start):
            row[i] = -np.inf
            found.update((min(i, j), max(i, j)) for j in np.argsort(-row, kind="stable")[:nearest].tolist())
    return sorted(found)


def best_first(compared: list[Compared], rank: list[int]) -> tuple[dict[int, list[int]], dict[int, float]]:
    """Which positions go into which survivor, and the score of each with its survivor.

    `rank` says who is better. A row goes only into a better row that stays and that it is itself to be merged with.
    """
    partners: defaultdict[int, list[tuple[float, int]]] = defaultdict(list)
    for pair in compared:
        if pair.answer == "merge":
            worse, better = sorted((pair.left, pair.right), key=rank.__getitem__, reverse=True)
            partners[worse].append((pair.score, better))
    merges: defaultdict[int, list[int]] = defaultdict(list)
    scores: dict[int, float] = {}
    for place in sorted(partners, key=rank.__getitem__):
        stay = [(likely, -rank[better], better) for likely, better in partners[place] if better not in scores]
        if stay:
            scores[place], _, survivor = max(stay)
            merges[survivor].append(place)
    return dict(merges), scores


def _with_evidence(table: pd.DataFrame, compared: list[Compared]) -> pd.DataFrame:
    """The evidence columns: for each row the rows it was compared with, the likeliest first."""
    import pandas as pd

    seen: list[list[tuple[float, str, Answer]]] = [[] for _ in range(len(table))]
    ids = table["id"].tolist()
    for pair in compared:
        seen[pair.left].append((pair.score, ids[pair.right], pair.answer))
        seen[pair.right].append((pair.score, ids[pair.left], pair.answer))
    for others in seen:
        others.sort(key=lambda other: (-other[0], other[1]))
    columns = {
        "sense_with": [[ident for _, ident, _ in others] for others in seen],
        "sense_score": [[likely for likely, _, _ in others] for others in seen],
        "sense_answer": [[answer for _, _, answer in others] for others in seen],
    }
    return table.assign(**{name: pd.Series(cells, index=table.index, dtype=object) for name, cells in columns.items()})
