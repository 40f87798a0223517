"""How each side of a file's conversations speaks, so that rows can be found in which the two are exchanged.

A naive Bayes model of a few signs of a turn (how it begins and ends, how long it is), counted over the whole file. Rows
that are exchanged are few, so the majority's way of speaking shows through.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import log

from curation.doctor.case import Case, Manner, Shape
from curation.doctor.mixed import KEPT, Sides, Sign, sides_of

SURE = 20.0  # log-odds at which a row is surely as it should be, even if it was counted in
APART = 10.0  # log-odds by which the sides of a file must differ in the mean: rewriting a sentence gives 1 to 5
MIXED = (2.0, 9.0)  # between these, rows may be so often exchanged that the sides look alike
OFTEN = 3.0  # log-odds that speak for it in such a file beforehand: one row in four is exchanged, not one in a hundred
LEAST_ROWS = 20  # of a file, to know how its sides speak
SIDES = ("user", "assistant")
FIRST = 200  # characters that the first words stand in
SHAPE = ("end", "asks", "quotes", "length", "lines")


def manner_of(case: Case, side: str) -> Manner | None:
    """The manner of the first turn of one side, worked out once; None where it says nothing."""
    if side not in case.manners:
        said = case.said(side)
        case.manners[side] = manner(said[0]) if said else None
    return case.manners[side]


def manner(text: str) -> Manner:
    """How a turn speaks: its first word, first two, first three; and its shape (SHAPE)."""
    first, second, third, *_ = [*text[:FIRST].lower().split(None, 3), "", "", ""]
    end = text.rstrip()[-1:]
    quotes = '"' in text or "“" in text or "”" in text  # three searches are quicker than a set
    shape = "a" if end.isalnum() else end, "?" in text, quotes, len(text).bit_length(), min(text.count("\n"), 3)
    return (first, f"{first} {second}", f"{first} {second} {third}"), shape


@dataclass(slots=True)
class Side:
    """How the turns of one side of one file speak."""

    begins: Counter[str] = field(default_factory=Counter)
    shapes: Counter[Shape] = field(default_factory=Counter)

    def see(self, found: Manner) -> None:
        self.begins.update(found[0])
        self.shapes[found[1]] += 1

    def merge(self, other: Side) -> None:
        self.begins.update(other.begins)
        self.shapes.update(other.shapes)


@dataclass(slots=True)
class Speakers:
    """How the two sides of each file speak."""

    seen: dict[str, dict[str, Side]] = field(default_factory=dict)  # file → side
    pairs: dict[str, list[tuple[int, Manner, Manner]]] = field(default_factory=dict)  # file → its first rows
    _models: dict[str, Model] = field(default_factory=dict)  # worked out once all rows are seen

    def see(self, case: Case) -> None:
        sides = self.seen.get(case.row.file)
        if sides is None:
            sides = self.seen[case.row.file] = {side: Side() for side in SIDES}
        for side in SIDES:
            if found := manner_of(case, side):
                sides[side].see(found)
        asked, answered = case.manners["user"], case.manners["assistant"]
        if asked and answered and len(kept := self.pairs.setdefault(case.row.file, [])) < KEPT:
            kept.append((case.row.row, asked, answered))

    def merge(self, other: Speakers) -> None:
        for file, sides in other.seen.items():
            mine = self.seen.setdefault(file, {side: Side() for side in SIDES})
            for side in SIDES:
                mine[side].merge(sides[side])
        for file, pairs in other.pairs.items():
            self.pairs[file] = (self.pairs.get(file, []) + pairs)[:KEPT]

    def exchanged(self, case: Case) -> float:
        """Log-odds that the two sides of a case are exchanged: above 0 it speaks for it. 0 where nothing is known.

        The case itself is not counted.
        """
        file = case.row.file
        asked, answered = manner_of(case, "user"), manner_of(case, "assistant")
        if asked is None or answered is None or file not in self.seen:
            return 0.0
        if file not in self._models:
            self._models[file] = Model(self.seen[file], self.pairs.get(file, []))
        model = self._models[file]
        if model.mixed:
            return OFTEN + model.mixed.exchanged((case.row.row, signs_in(asked), signs_in(answered)))
        if not model.tells or model.roughly(asked) - model.roughly(answered) < -SURE:
            return 0.0
        own = {"user": asked, "assistant": answered}
        return model.odds(asked, own) - model.odds(answered, own)


class Model:
    """What each sign of a turn says of its speaker, in one file."""

    def __init__(self, sides: Mapping[str, Side], pairs: Sequence[tuple[int, Manner, Manner]] = ()) -> None:
        self.pairs = pairs
        self.of_shapes: dict[Shape, float] = {}
        self.turns = {name: side.shapes.total() for name, side in sides.items()}
        self.counts: dict[str, Counter[Sign]] = {name: Counter(side.begins) for name, side in sides.items()}
        for name, side in sides.items():
            for shape, turns in side.shapes.items():
                self.counts[name].update(dict.fromkeys(signs_of(shape), turns))

    @cached_property
    def tells(self) -> bool:
        """Whether the sides speak differently."""
        return self.apart >= APART

    @cached_property
    def mixed(self) -> Sides | None:
        """The sides of a file in which many rows are exchanged; None where they are alike for another reason."""
        if len(self.pairs) < LEAST_ROWS or not MIXED[0] < self.apart < MIXED[1]:  # turns alone make no pairs
            return None
        return sides_of([(row, signs_in(asked), signs_in(answered)) for row, asked, answered in self.pairs], APART)

    @cached_property
    def apart(self) -> float:
        """How differently the sides speak: the mean log-odds of a turn for its own side, of both together."""
        if min(self.turns.values()) < LEAST_ROWS:
            return 0.0
        means = {
            side: sum(count * self.weights[sign] for sign, count in counts.items()) / self.turns[side]
            for side, counts in self.counts.items()
        }
        return means["assistant"] - means["user"]

    @cached_property
    def weights(self) -> dict[Sign, float]:
        """Log-odds of the assistant's side that each sign speaks for."""
        asked, answered = (self.counts[side] for side in SIDES)
        even = log((self.turns["user"] + 1) / (self.turns["assistant"] + 1))
        pairs = {sign: (asked.get(sign, 0), answered.get(sign, 0)) for sign in {**asked, **answered}}
        odds = {pair: log((pair[1] + 0.5) / (pair[0] + 0.5)) + even for pair in set(pairs.values())}
        return {sign: odds[pair] for sign, pair in pairs.items()}

    def of_shape(self, shape: Shape) -> float:
        """The same of a shape: the sum of what its signs speak for."""
        if shape not in self.of_shapes:
            self.of_shapes[shape] = sum(self.weights.get(sign, 0.0) for sign in signs_of(shape))
        return self.of_shapes[shape]

    def roughly(self, found: Manner) -> float:
        """Log-odds of the assistant's side with the turn itself counted in: quick, for most rows are well."""
        (first, second, third), shape = found
        known = self.weights.get  # a repaired turn may begin as none that was seen
        return known(first, 0.0) + known(second, 0.0) + known(third, 0.0) + self.of_shape(shape)

    def odds(self, found: Manner, own: Mapping[str, Manner]) -> float:
        """Log-odds of the assistant's side against the user's, of one turn; both turns of its case (`own`) left out."""
        counted = {side: {*own[side][0], *signs_of(own[side][1])} for side in SIDES}
        signs: list[Sign] = [*found[0], *signs_of(found[1])]
        total = 0.0
        for sign in signs:
            count = {side: max(self.counts[side][sign] - (sign in counted[side]), 0) + 0.5 for side in SIDES}
            total += log(count["assistant"] / self.turns["assistant"]) - log(count["user"] / self.turns["user"])
        return total


def signs_in(found: Manner) -> tuple[Sign, ...]:
    """All signs of a turn."""
    return (*found[0], *signs_of(found[1]))


def signs_of(shape: Shape) -> Iterator[tuple[str, object]]:
    """Each part of a shape by itself."""
    return zip(SHAPE, shape, strict=True)
