"""Files in which so many rows are exchanged that their two sides look alike: which rows those are, found in rounds.

Each round counts the signs of both sides with the rows put right that the round before took for exchanged, as in the
EM algorithm: from round to round the sides come apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

Sign = str | tuple[str, object]  # a beginning of a turn, or one part of its shape (speakers.py)
Signs = tuple[Sign, ...]
Pair = tuple[int, Signs, Signs]  # row, signs of its user's turn, of its assistant's
ROUNDS = 4
KEPT = 4_000  # rows of a file, its first, that tell how its sides speak
MOST = 0.35  # of the rows may be exchanged: of more, nobody can tell which side is which


@dataclass(frozen=True, slots=True)
class Sides:
    """How the two sides speak, with exchanged rows put right."""

    user: Counter[Sign]
    assistant: Counter[Sign]
    flipped: dict[int, bool]  # row that was counted → whether it was put right first

    def exchanged(self, pair: Pair) -> float:
        """Log-odds that the sides of a row are exchanged, the row itself not counted."""
        row, user, assistant = pair
        own = (assistant, user) if self.flipped.get(row) else (user, assistant)
        own = own if row in self.flipped else ((), ())
        return sum(self._weight(sign, own) for sign in user) - sum(self._weight(sign, own) for sign in assistant)

    def _weight(self, sign: Sign, own: tuple[Signs, Signs]) -> float:
        asked, told = self.user[sign] - (sign in own[0]), self.assistant[sign] - (sign in own[1])
        return log(max(told, 0) + 0.5) - log(max(asked, 0) + 0.5)  # a mended row may speak otherwise than when counted

    def apart(self) -> float:
        """How differently the sides speak: the mean log-odds of a turn for its own side, of both sides together."""
        every = {**self.user, **self.assistant}
        return sum((self.assistant[sign] - self.user[sign]) * self._weight(sign, ((), ())) for sign in every) / len(
            self.flipped
        )


def sides_of(pairs: Sequence[Pair], apart: float) -> Sides | None:
    """The sides of a file whose rows are mixed up; None where putting rows right does not bring them `apart`."""
    flipped = {pair[0]: False for pair in pairs}
    for _ in range(ROUNDS):
        sides = counted(pairs, flipped)
        flipped = {pair[0]: sides.exchanged(pair) > 0 for pair in pairs}
    sides = counted(pairs, flipped)
    return sides if sum(flipped.values()) <= MOST * len(pairs) and sides.apart() >= apart else None


def counted(pairs: Sequence[Pair], flipped: dict[int, bool]) -> Sides:
    """The signs of each side."""
    user, assistant = Counter[Sign](), Counter[Sign]()
    for row, asked, told in pairs:
        user.update(told if flipped[row] else asked)
        assistant.update(asked if flipped[row] else told)
    return Sides(user, assistant, flipped)
