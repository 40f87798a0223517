"""How each side of a file's conversations speaks, so that rows can be found in which the two are exchanged.

A naive Bayes model of a few signs of a turn (how it begins and ends, how long it is), counted over the whole file. Rows
that are exchanged are few, so the majority's way of speaking shows through.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import log

from curation.doctor.case import Case

SURE = 20.0  # log-odds at which a row is surely as it should be, even if it was counted in
APART = 10.0  # log-odds by which the sides of a file must differ in the mean: rewriting a sentence gives 1 to 5
LEAST_ROWS = 20  # of a file, to know how its sides speak
SIDES = ("user", "assistant")


def signs_of(case: Case, side: str) -> tuple[str, ...]:
    """Signs of the first turn of one side, worked out once; () where it says nothing."""
    if side not in case.signs:
        said = case.said(side)
        case.signs[side] = signs(said[0]) if said else ()
    return case.signs[side]


def signs(text: str) -> tuple[str, ...]:
    """A few signs of a turn."""
    words = text[:200].lower().split()
    end = text.rstrip()[-1:]
    quotes = '"' in text or "“" in text or "”" in text  # three searches are quicker than a set
    return (
        f"first={words[0] if words else ''}",
        f"second={' '.join(words[:2])}",
        f"third={' '.join(words[:3])}",
        f"end={end if not end.isalnum() else 'a'}",
        f"asks={'?' in text}",
        f"quotes={quotes}",
        f"length={len(text).bit_length()}",
        f"lines={min(text.count(chr(10)), 3)}",
    )


@dataclass(slots=True)
class Speakers:
    """Signs of each side, of each file."""

    seen: dict[str, dict[str, Counter[str]]] = field(default_factory=dict)  # file → side → sign → turns

    _weights: dict[str, dict[str, float]] = field(default_factory=dict)
    _apart: dict[str, float] = field(default_factory=dict)

    def see(self, case: Case) -> None:
        sides = self.seen.get(case.row.file)
        if sides is None:
            sides = self.seen[case.row.file] = {side: Counter() for side in SIDES}
        for side in SIDES:
            if found := signs_of(case, side):
                sides[side].update(found)
                sides[side]["turns"] += 1

    def merge(self, other: Speakers) -> None:
        for file, sides in other.seen.items():
            mine = self.seen.setdefault(file, {side: Counter() for side in SIDES})
            for side in SIDES:
                mine[side].update(sides[side])

    def exchanged(self, case: Case) -> float:
        """Log-odds that the two sides of a case are exchanged: above 0 it speaks for it. 0 where nothing is known.

        The case itself is not counted.
        """
        sides = self.seen.get(case.row.file)
        if sides is None or min(sides[side]["turns"] for side in SIDES) < LEAST_ROWS:
            return 0.0
        own = {side: signs_of(case, side) for side in SIDES}
        if not all(own.values()) or self.apart(case.row.file) < APART:
            return 0.0
        if self._roughly(case.row.file, own) < -SURE:
            return 0.0
        return self._odds(own["user"], sides, own) - self._odds(own["assistant"], sides, own)

    def apart(self, file: str) -> float:
        """How differently the sides speak: the mean log-odds of a turn for its own side, of both sides together."""
        if file not in self._apart:
            sides, weights = self.seen[file], self._weights_of(file)
            self._apart[file] = sum(
                way * sides[side][sign] * weight / sides[side]["turns"]
                for side, way in (("assistant", 1), ("user", -1))
                for sign, weight in weights.items()
                if sign != "turns"
            )
        return self._apart[file]

    def _roughly(self, file: str, own: dict[str, tuple[str, ...]]) -> float:
        """The log-odds with the case itself counted in, which speaks against it: quick, for most rows are well."""
        weights = self._weights_of(file)
        asked, answered = (sum([weights.get(sign, 0.0) for sign in own[side]]) for side in SIDES)
        return asked - answered

    def _weights_of(self, file: str) -> dict[str, float]:
        """Log-odds of the assistant's side that each sign speaks for."""
        if file not in self._weights:
            sides = self.seen[file]
            size = {side: sides[side]["turns"] + 1 for side in SIDES}
            self._weights[file] = {
                sign: log((sides["assistant"][sign] + 0.5) / size["assistant"])
                - log((sides["user"][sign] + 0.5) / size["user"])
                for sign in sides["user"].keys() | sides["assistant"].keys()
            }
        return self._weights[file]

    def _odds(self, found: tuple[str, ...], sides: dict[str, Counter[str]], own: dict[str, tuple[str, ...]]) -> float:
        """Log-odds of the assistant's side against the user's, of one turn; both turns of its case (`own`) left out."""
        total = 0.0
        for sign in found:
            count = {side: max(sides[side][sign] - (sign in own[side]), 0) + 0.5 for side in SIDES}
            total += log(count["assistant"] / sides["assistant"]["turns"]) - log(count["user"] / sides["user"]["turns"])
        return total
