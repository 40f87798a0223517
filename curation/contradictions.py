"""Where two rows of one term cannot both be right, and where voters reject a row: marked for a person, never dropped.

The same-sense stage has said how likely two rows give one sense. Here such pairs are read once more for what its score
cannot see: initialisms spelled out in words that differ in one place, opposite judgements, a word that one affirms and
the other denies, numbers, and columns that name two things. Each finding says how often its kind was right, counted by
eye (KINDS).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from curation.people.decided import AS_IT_WAS, KEPT, LEFT, at, decided_rows, has_left, note, texts_at
from curation.people.decided_pairs import DECIDED, Pairs, obey_contradictions
from curation.sense.expansions import LOOSE_SENSE, ONE_SENSE, other_expansion
from curation.sense.opposites import FIRST_DESCRIBED, FIRST_NAMED, Told, of_one_thing, opposed, read
from curation.sense.text import core, describe
from curation.stage import Given, Stage, flag, mark

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

# How often a finding of a kind was a contradiction. Read by eye, all that UrbanArchive A to M, the genz set and four
# abbreviation lists gave, in sight of which this stage was made: 27 of 40 expansions, 14 of 21 judgements, 1 of 3
# descriptions. Denials, numbers and columns were hardly met there: assumed.
KINDS = {"expansion": 0.7, "judgement": 0.65, "description": 0.5, "negation": 0.5, "number": 0.5, "column": 0.8}
COLUMNS = ("part_of_speech", "category")
_PARTS = {"n": "noun", "v": "verb", "vb": "verb", "adj": "adjective", "adv": "adverb", "abbr": "abbreviation"}
_PARTS |= {"intj": "interjection", "interj": "interjection", "acronym": "abbreviation", "initialism": "abbreviation"}
_VALUES = re.compile(r"\s*[,;/|&]\s*")
_NUMBER = re.compile(r"(?:\b([^\W\d_]{2,}) )?(?<![\w.,-])\$?(\d+(?:[.,]\d+)?)(?![\d%])(?:[ -]?([^\W\d_]{2,}))?")
FIRST = 200  # characters in which numbers are read


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two rows, by position, that cannot both be right."""

    left: int
    right: int
    kind: str  # one of KINDS
    words: str  # what differs: "humble ≠ honest"
    score: float  # probability that they do contradict each other


class Reading:
    """One definition, read when first asked for."""

    def __init__(self, term: str, definition: str, language: str, values: dict[str, frozenset[str]]) -> None:
        self.term, self.definition, self.values = term, definition, values
        self.english = language.split("-", maxsplit=1)[0] in ("", "en")

    @cached_property
    def expansion(self) -> tuple[str, ...]:
        return describe(self.term, self.definition).expansion

    @cached_property
    def told(self) -> Told:
        return read(core(self.definition), frozenset(self.term.casefold().split()))

    @cached_property
    def numbers(self) -> dict[str, frozenset[str]]:
        """What is counted → the numbers of it, among the first words: {"year": {"13"}, "since": {"2015"}}."""
        found: dict[str, set[str]] = {}
        for before, number, after in _NUMBER.findall(core(self.definition)[:FIRST]):
            found.setdefault(after or before, set()).add(number)
        return {unit: frozenset(numbers) for unit, numbers in found.items() if unit}


@dataclass(frozen=True)
class Contradictions(Stage):
    """Flags pairs of rows that contradict each other, and rows that voters reject beside one that they accept."""

    name: ClassVar[str] = "contradictions"
    reasons: ClassVar[tuple[str, ...]] = (DECIDED,)
    flags: ClassVar[tuple[str, ...]] = ("contradiction", "voted_down")
    obeys: ClassVar[tuple[str, ...]] = ("same_sense", "contradiction", "voted_down")
    scope: ClassVar[Literal["row", "term", "table"]] = "term"
    needs: ClassVar[tuple[str, ...]] = ("term_key", "sense_with", "sense_score")
    adds: ClassVar[tuple[str, ...]] = (
        "contradicts",
        "contradiction_kind",
        "contradiction_words",
        "contradiction_score",
        "approval_low",
        "approval_high",
    )
    number_lists: ClassVar[tuple[str, ...]] = ("contradiction_score",)
    embeds: ClassVar[bool] = True

    min_sense: Annotated[float, Field(ge=0, le=1)] = 0.3  # least probability of one sense for opposite judgements
    synonyms: Annotated[float, Field(ge=0, le=1)] = 0.5  # cosine of two words from which they mean the same
    columns: list[str] = field(default_factory=lambda: list(COLUMNS))  # of the table, or of the source's own columns
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95  # of the interval of the share of up votes
    min_votes: Annotated[int, Field(ge=1)] = 10  # fewer votes on a row say nothing

    def __call__(self, table: pd.DataFrame, given: Given) -> pd.DataFrame:
        people = Pairs(table, given, column_difference(table, self.columns))
        if people:
            table = obey_contradictions(table, ((left, right) for left, right, _ in _pairs(table)), people)
        gone = has_left(table)
        conflicts = [
            one
            for one in self.conflicts(table)
            if not gone[one.left] and not gone[one.right] and not people.verdict(one.left, one.right)
        ]
        conflicts = self.without_synonyms(conflicts, given)
        table = _with_evidence(table, conflicts)
        table = flag(table, [bool(others) for others in table["contradicts"]], "contradiction")
        low, high = approval(table, self.confidence, self.min_votes)
        table = table.assign(approval_low=low, approval_high=high)
        rejected = voted_down(table)
        table, known = _obey_votes(table, rejected, given)
        return flag(table, rejected & ~known, "voted_down")

    def conflicts(self, table: pd.DataFrame) -> Iterator[Conflict]:
        """One conflict at most for each pair of rows that the same-sense stage compared and kept."""
        readings: dict[int, Reading] = {}
        terms, definitions, languages = (table[name].tolist() for name in ("term", "definition", "language"))
        values = column_values(table, self.columns)
        for left, right, sense in _pairs(table):
            for place in (left, right):
                if place not in readings:
                    readings[place] = Reading(terms[place], definitions[place], languages[place], values[place])
            found = contradiction(readings[left], readings[right], sense, self.min_sense)
            if found:
                yield Conflict(left, right, found[0], found[1], KINDS[found[0]])

    def without_synonyms(self, conflicts: list[Conflict], given: Given) -> list[Conflict]:
        """Without the expansions that say the same in another word: `if I recall correctly`, `if I remember …`."""
        told = [tuple(one.words.split(" ≠ ")) if one.kind == "expansion" else () for one in conflicts]
        if given.embedder is None or not any(told):
            return conflicts
        words = sorted({word for pair in told for word in pair})
        vectors = dict(zip(words, given.embedder(words).astype("float64"), strict=True))
        return [
            one
            for one, pair in zip(conflicts, told, strict=True)
            if not pair or float(vectors[pair[0]] @ vectors[pair[1]]) < self.synonyms
        ]


def _pairs(table: pd.DataFrame) -> Iterator[tuple[int, int, float]]:
    """(position, position, probability of one sense) of the compared pairs of which both rows are still here."""
    places = {ident: place for place, ident in enumerate(table["id"])}
    for place, (others, scores) in enumerate(zip(table["sense_with"], table["sense_score"], strict=True)):
        for other, score in zip(others, scores, strict=True):
            if place < places.get(other, -1):
                yield place, places[other], float(score)


def contradiction(a: Reading, b: Reading, sense: float, min_sense: float) -> tuple[str, str] | None:
    """(kind, what differs) where two definitions of one term contradict each other, the surest kind first.

    `sense` is the probability that they give one sense.
    """
    words = other_expansion(a.expansion, b.expansion, sense)
    if words:
        return "expansion", words
    if a.expansion and b.expansion and a.expansion != b.expansion:
        return None  # two other phrases with the same letters: two senses
    if a.english and b.english:
        found = opposite(a.told, b.told, sense, min_sense)
        if found:
            return found
    words = other_number(a, b) if sense >= ONE_SENSE and of_one_thing(a.told, b.told) else ""
    if words:
        return "number", words
    words = other_value(a.values, b.values) if sense >= ONE_SENSE else ""
    return ("column", words) if words else None


def opposite(a: Told, b: Told, sense: float, min_sense: float) -> tuple[str, str] | None:
    """(kind, what differs) where two texts speak of one thing and say the opposite."""
    found = opposed(a, b)
    tight = sense >= LOOSE_SENSE and of_one_thing(a, b, len(found))
    for one, other, scale in found:
        words = f"{one} ≠ {other}"
        if scale < 0 or scale >= FIRST_NAMED:
            if tight:
                return ("negation" if scale < 0 else "description"), words
        elif scale >= FIRST_DESCRIBED:
            if tight or sense >= ONE_SENSE:
                return "description", words
        elif tight or sense >= min_sense:
            return "judgement", words
    return None


def other_number(a: Reading, b: Reading) -> str:
    """The numbers ("13 ≠ 21") where both count the same thing and not one number is in both."""
    for unit in sorted(a.numbers.keys() & b.numbers.keys()):
        if a.numbers[unit].isdisjoint(b.numbers[unit]):
            return f"{min(a.numbers[unit])} ≠ {min(b.numbers[unit])}"
    return ""


def other_value(a: dict[str, frozenset[str]], b: dict[str, frozenset[str]]) -> str:
    """What differs ("part of speech: noun ≠ verb") where both fill a column and have no value of it in common."""
    for name, values in a.items():
        others = b.get(name, frozenset())
        if values and others and values.isdisjoint(others):
            said = (", ".join(sorted(found)) for found in (values, others))
            return f"{name.replace('_', ' ')}: {' ≠ '.join(said)}"
    return ""


def values_of(text: str) -> frozenset[str]:
    """The values of a cell, folded: "n., Verb" holds noun and verb."""
    if not text:
        return frozenset()
    found = (value.strip(" .").casefold() for value in _VALUES.split(text))
    return frozenset(_PARTS.get(value, value) for value in found if value not in ("", "0", "none", "unknown"))


def column_values(table: pd.DataFrame, columns: Sequence[str]) -> list[dict[str, frozenset[str]]]:
    """For each row its values of each column; a name that is no column of the table is one of the source's own."""
    import json

    own = [name for name in columns if name in table.columns]
    rows = [dict(zip(own, map(values_of, cells), strict=True)) for cells in zip(*(table[n] for n in own), strict=True)]
    rows = rows or [{} for _ in range(len(table))]
    others = [name for name in columns if name not in own]
    for row, extra in zip(rows, table["extra"] if others else (), strict=False):
        known: dict[str, Any] = json.loads(extra) if extra else {}
        row |= {name: values_of(str(known.get(name, ""))) for name in others}
    return rows


def column_difference(table: pd.DataFrame, columns: Sequence[str] = COLUMNS) -> Callable[[int, int], str]:
    """How the columns of two rows, by position, differ: "part of speech: noun ≠ verb"; "" where they do not."""
    values: list[dict[str, frozenset[str]]] = []

    def differ(left: int, right: int) -> str:
        if not values:  # read when first asked for
            values.extend(column_values(table, columns))
        return other_value(values[left], values[right])

    return differ


def _obey_votes(
    table: pd.DataFrame, rejected: pd.Series[bool], given: Given
) -> tuple[pd.DataFrame, npt.NDArray[np.bool_]]:
    """Definitions of which people say that they are wrong leave; also which rows people have spoken of."""
    import numpy as np

    said = decided_rows(table, given, "voted_down", ("term_key", "definition"))
    wrong = {place: one.told() for place, (_, one) in said.items() if one.answer == "wrong"}
    if wrong:
        table = mark(table, at(table, wrong), DECIDED, detail=texts_at(table, wrong))
    effects = {
        place: [(key, LEFT if place in wrong else KEPT if rejected.iloc[place] else AS_IT_WAS)]
        for place, (key, _) in said.items()
    }
    return note(table, effects), np.array(at(table, said), dtype=bool)


def approval(table: pd.DataFrame, confidence: float, min_votes: int) -> tuple[pd.Series[float], pd.Series[float]]:
    """Between which shares of up votes the truth lies: Jeffreys' interval (Brown, Cai and DasGupta 2001).

    NaN for rows with fewer than `min_votes` votes.
    """
    from scipy.stats import beta

    up, down = (table[name].astype("float64").fillna(0).clip(lower=0) for name in ("votes_up", "votes_down"))
    tail = (1 - confidence) / 2
    counted = up + down >= min_votes
    low, high = (
        (up * 0 + beta.ppf(share, up + 0.5, down + 0.5)).where(counted).astype("float64") for share in (tail, 1 - tail)
    )
    return low, high


def voted_down(table: pd.DataFrame) -> pd.Series[bool]:
    """Rows that most voters reject, beside a row of their term that most accept."""
    accepted = table["term_key"].isin(table.loc[(table["approval_low"] > 0.5) & (table["term_key"] != ""), "term_key"])
    return (table["approval_high"] < 0.5) & accepted & (table["kind"] == "definition")


def turned(words: str) -> str:
    """What differs, seen from the other row: "a ≠ b" is "b ≠ a"."""
    name, colon, differ = words.rpartition(": ")
    return name + colon + " ≠ ".join(reversed(differ.split(" ≠ ")))


def _with_evidence(table: pd.DataFrame, conflicts: Sequence[Conflict]) -> pd.DataFrame:
    """The evidence columns: for each row the rows it contradicts, in the order of their ids."""
    import pandas as pd

    ids = table["id"].tolist()
    seen: list[list[tuple[str, str, str, float]]] = [[] for _ in ids]
    for one in conflicts:
        seen[one.left].append((ids[one.right], one.kind, one.words, one.score))
        seen[one.right].append((ids[one.left], one.kind, turned(one.words), one.score))
    names = ("contradicts", "contradiction_kind", "contradiction_words", "contradiction_score")
    cells = [list(zip(*sorted(others), strict=True)) or [(), (), (), ()] for others in seen]
    return table.assign(
        **{
            name: pd.Series([list(row[place]) for row in cells], index=table.index, dtype=object)
            for place, name in enumerate(names)
        }
    )
