"""Same sense or not: definitions of one term key that say the same become one row, true senses stay apart.

Only rows that share their term key with another are embedded, each text once. Every pair inside a term gets a score
(curation/sense/score.py) and one of three answers: merge, keep both, or ask a person. A recipe may name a judge that
reads the pairs a person would be asked about.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from curation.contradictions import column_difference
from curation.deduplicate import UNITED, still_open, survivor_rank, unite, with_union_columns
from curation.people.decided_pairs import Pairs, best_first_with_people, note_senses, obey_senses
from curation.sense.score import TOPICS, Described, contradict, describe, features, score
from curation.stage import Given, Stage, flag

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    Floats = npt.NDArray[np.float64]
    Places = npt.NDArray[np.int64]

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
    number_lists = ("sense_score",)
    embeds = True
    obeys = ("same_sense", "contradiction")

    # Probabilities of one sense; benchmarks/same_sense/README.md says how often they are right, and what 0.75 merges.
    merge: Annotated[float, Field(ge=0, le=1)] = 0.75  # from here on two definitions are one sense
    ask: Annotated[float, Field(ge=0, le=1)] = 0.5  # from here on a person is asked
    nearest: Annotated[int, Field(ge=1)] = 200  # rows of its term, by cosine, that a row is compared with at most
    judge: str = ""  # a cross-encoder, folder or Hub id, that reads the pairs which a person would be asked about
    judge_sure: Annotated[float, Field(gt=0.5, le=1)] = 0.9  # its probability that settles one; 1 minus it: kept apart
    prefer_sources: list[str] = field(default_factory=list)  # names of sources, best first: their rows survive

    def __post_init__(self) -> None:
        if self.ask > self.merge:
            raise ValueError(f"same_sense: ask = {self.ask} is above merge = {self.merge}; it must not be higher")

    def __call__(self, table: pd.DataFrame, given: Given) -> pd.DataFrame:
        table = with_union_columns(table)
        by_itself = self.compare(table, given)
        compared, said = obey_senses(by_itself, Pairs(table, given, column_difference(table)))
        rank = survivor_rank(table, self.prefer_sources)
        merges, scores = best_first_with_people(compared, rank, said) if said else best_first(compared, rank)
        table = _with_evidence(table, compared)
        gone = {place for places in merges.values() for place in places}
        doubtful = {
            place
            for pair in compared
            if pair.answer == "ask" and not {pair.left, pair.right} & gone
            for place in (pair.left, pair.right)
        }
        table = unite(table, merges, reason="same_sense_duplicate", scores=scores)
        table = note_senses(table, by_itself, said, merges)
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
        described = [describe(terms[place], definitions[place], given.first_names) for place in places]
        vectors = given.embedder([one.core for one in described]).astype("float64")
        left, right = _pairs([len(group) for group in groups], vectors, self.nearest)
        topics = vectors @ given.embedder(TOPICS).astype("float64").T
        likely = score(features(described, left, right, _cosines(vectors, left, right), topics))
        compared = [
            Compared(places[a], places[b], one, self._answer(one, described[a], described[b]))
            for a, b, one in zip(left.tolist(), right.tolist(), likely.tolist(), strict=True)
        ]
        return self._judged(compared, definitions, given) if self.judge else compared

    def _answer(self, likely: float, a: Described, b: Described) -> Answer:
        if likely >= self.merge:
            return "ask" if contradict(a, b) else "merge"
        return "ask" if likely >= self.ask else "keep"

    def _judged(self, compared: list[Compared], definitions: list[str], given: Given) -> list[Compared]:
        """The same pairs, the doubtful ones settled where the judge is sure; a score at or above `merge` that is asked
        about has a contradiction, which only a person settles.
        """
        if given.judge is None:
            raise ValueError(f"same_sense: judge = {self.judge!r}, but no judge was given")
        asked = [place for place, pair in enumerate(compared) if pair.answer == "ask" and pair.score < self.merge]
        texts = [(definitions[compared[place].left], definitions[compared[place].right]) for place in asked]
        settled = list(compared)
        for place, likely in zip(asked, given.judge(texts).tolist(), strict=True):
            if likely >= self.judge_sure:
                settled[place] = replace(compared[place], answer="merge")
            elif likely <= 1 - self.judge_sure:
                settled[place] = replace(compared[place], answer="keep")
        return settled


def _groups(table: pd.DataFrame) -> list[list[int]]:
    """Positions of the definitions that share a term key with another, a list a term, sorted by id."""
    groups: defaultdict[str, list[int]] = defaultdict(list)
    columns = (still_open(table), table["kind"], table["term_key"], table["definition"])
    for place, (row_is_open, kind, term_key, definition) in enumerate(zip(*columns, strict=True)):
        if row_is_open and kind == "definition" and term_key and definition.strip():
            groups[term_key].append(place)
    ids = table["id"].tolist()
    return [sorted(groups[key], key=ids.__getitem__) for key in sorted(groups) if len(groups[key]) > 1]


def _pairs(sizes: list[int], vectors: Floats, nearest: int) -> tuple[Places, Places]:
    """The places, left and right, of every pair inside a group; in a group of more than `nearest` + 1 rows only pairs
    of which one is among the `nearest` of the other.

    `sizes` are the rows of each group, which stand one after another in `vectors`.
    """
    import numpy as np

    start, lefts, rights = 0, [], []
    for size in sizes:
        i, j = np.triu_indices(size, 1) if size <= nearest + 1 else _near(vectors[start : start + size], nearest)
        lefts.append(i + start)
        rights.append(j + start)
        start += size
    return np.concatenate(lefts), np.concatenate(rights)


def _near(vectors: Floats, nearest: int) -> tuple[Places, Places]:
    """Pairs i < j of rows near to each other, sorted; memory is a block of rows times all rows."""
    import numpy as np

    count = len(vectors)
    found: set[tuple[int, int]] = set()
    for start in range(0, count, BLOCK):
        cosines = (vectors[start : start + BLOCK] @ vectors.T).round(6)
        for i, row in enumerate(cosines, start):
            row[i] = -np.inf
            others = np.argsort(-row, kind="stable")[:nearest].tolist()
            found.update((min(i, j), max(i, j)) for j in others)
    pairs = np.array(sorted(found), dtype=np.int64)
    return pairs[:, 0], pairs[:, 1]


def _cosines(vectors: Floats, left: Places, right: Places) -> Floats:
    """The cosine of each pair, of its own two vectors alone: company would change its last bits."""
    import numpy as np

    blocks = [slice(start, start + 8 * BLOCK) for start in range(0, len(left), 8 * BLOCK)]
    return np.concatenate([np.einsum("ij,ij->i", vectors[left[block]], vectors[right[block]]) for block in blocks])


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
