"""Whose answers the rows of a file have: their own, those of the row so many lines away, or some other row's.

Where the answers of a file name what they are about, as most do ("“rizz” means …") or spell it ("laugh out loud"), an
answer that does not, and names the subject of a row that has lost its own, is that row's. How many such answers there
would be if all were well is learned from the rows that name their own: alarms that chance explains are none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STEPS = (1, -1, 2, -2, 3, -3)  # rows by which answers may be shifted
NAMED = 0.5  # of a file's answers must name their subjects, for the others to say anything
BY_CHANCE = 0.3  # more than so many must do so beyond those that name a subject far away
FEWEST = 5  # subjects of a file, or of a window, that can show a shift
WINDOW = 7  # rows on either side that show a shift which begins inside a file
SURE = 0.9  # probability that an alarm is none of chance's
TRIED = 300  # rows that tell how often an answer names others besides its own subject
LONGEST = 4_000  # characters of an answer that are looked at
ORDINARY = 1_000  # answers that tell which subjects are ordinary words
LETTERS = (4, 8)  # of an initialism that a part of an answer spells; shorter ones are met by chance
ENDINGS = frozenset(("t", "s", "m", "d", "re", "ve", "ll"))  # what an apostrophe leaves: "IDK" is "I don't know"
HEARD = {  # words that are written as the letter or figure that they sound like
    **dict.fromkeys(("see", "sea"), "c"),
    **dict.fromkeys(("you", "your", "ya"), "u"),
    **dict.fromkeys(("to", "too", "two"), "2"),
    **dict.fromkeys(("for", "four"), "4"),
    **dict.fromkeys(("be", "bee"), "b"),
    **dict.fromkeys(("tea", "tee"), "t"),
    **dict.fromkeys(("cue", "queue"), "q"),
    "are": "r",
    "why": "y",
    "ate": "8",
    "and": "n",
    "eye": "i",
    "okay": "k",
    "one": "1",
}
SOUNDS = frozenset(HEARD.values())


class Exchanges:
    """The rows of one file that have an answer: `rows` their numbers, `names` subjects, `words` answers, all plain.

    `told`: whether each answer names its subject, where that is known already.
    """

    def __init__(
        self, rows: Sequence[int], names: Sequence[str], words: Sequence[str], told: Sequence[bool | None]
    ) -> None:
        self.rows, self.names, self.told = rows, names, told
        self.said = [Said(one) for one in words]
        self._hits: dict[int, int | None] = {}
        self.places = {row: place for place, row in reversed(list(enumerate(rows)))}

    @cached_property
    def known(self) -> list[int]:
        """Places of rows with a subject."""
        return [place for place, name in enumerate(self.names) if name]

    @cached_property
    def own(self) -> list[bool]:
        """Whether each row's answer names its subject."""
        every = zip(self.told, self.names, self.said, strict=True)
        return [(bool(name) and speaks_of(name, said)) if told is None else told for told, name, said in every]

    # ------------------------------------------------------------ shifts

    def shift(self, row: int) -> int:
        """By how many rows the answer that a row should have is away; 0 for none, or where nobody can tell."""
        place = self.places.get(row)
        return 0 if place is None or self.own[place] else self._shifts[place]

    def source(self, row: int) -> int | None:
        """The place of the answer that a shifted row should have; None where it fell off the file."""
        place, step = self.places[row], self.shift(row)
        found = self.places.get(row + step)
        if found is None and (around := (place + step) % len(self.rows)) != place:
            found = around if self.names[place] and speaks_of(self.names[place], self.said[around]) else None
        return found

    @cached_property
    def _shifts(self) -> list[int]:
        """Of each row, the step by which answers around it are shifted."""
        size, known, own = len(self.rows), len(self.known), sum(self.own)
        if own > 0.98 * known or known < FEWEST:
            return [0] * size
        may_be_all = own <= 0.25 * known  # else no step can have three times as many
        near = range(size) if may_be_all else self._may_be_shifted()
        named_at = {step: {place for place in near if self._is_named(place, step)} for step in STEPS}
        for step, named in named_at.items() if may_be_all else ():
            if len(named) >= max(FEWEST, 3 * own, own + 0.3 * known):
                return [step] * size
        shifts = [0] * size
        for step, named in named_at.items():
            stretches = self._stretches(named)
            for place in stretches:
                shifts[place] = shifts[place] or step
            for places, way in ((range(1, size), -1), (range(size - 2, -1, -1), 1)):  # up to where one ends
                for place in places if stretches else ():
                    if not shifts[place] and shifts[place + way] == step and self._is_named(place, step):
                        shifts[place] = step
        return shifts

    def _is_named(self, place: int, step: int) -> bool:
        """Whether the answer so many rows away names a row's subject, and its own does not."""
        if self.own[place] or not self.names[place]:
            return False
        other = self.places.get(self.rows[place] + step)
        return other is not None and speaks_of(self.names[place], self.said[other])

    def _may_be_shifted(self) -> list[int]:
        """Places near which few answers name their own subject: elsewhere nothing is shifted."""
        known, own = self._near
        centres: list[int] = ((known >= FEWEST) & (own <= 0.2 * known)).nonzero()[0].tolist()
        return sorted(
            {
                place
                for centre in centres
                for place in range(max(centre - WINDOW, 0), min(centre + WINDOW + 1, len(self.rows)))
            }
        )

    def _stretches(self, named: AbstractSet[int]) -> list[int]:
        """Places around which most answers are named so many rows away, and hardly any by their own."""
        if len(named) < FEWEST:
            return []
        away = self._around([place in named for place in range(len(self.rows))])
        known, own = self._near
        found: list[int] = ((away >= FEWEST) & (away >= 0.7 * known) & (own <= 0.2 * away)).nonzero()[0].tolist()
        return found

    @cached_property
    def _near(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """How many rows around each have a subject, and how many of these an answer that names it."""
        return self._around(self.names), self._around(self.own)

    def _around(self, flags: Sequence[object]) -> NDArray[np.int64]:
        """How many of the flags in the window around each place are true."""
        import numpy as np

        at = np.arange(len(flags))
        total: NDArray[np.int64] = np.concatenate(([0], np.cumsum([bool(flag) for flag in flags])))
        around: NDArray[np.int64] = total[np.minimum(at + WINDOW + 1, len(flags))] - total[np.maximum(at - WINDOW, 0)]
        return around

    # ------------------------------------------------------------ exchanges

    def owner(self, row: int) -> tuple[str, int] | None:
        """The subject that an answer speaks of in place of its own, and the row that asks about it."""
        place = self.places.get(row)
        if place is None or not self.names[place] or self.own[place] or not self.tells:
            return None
        found = self._hit(place)
        if found is None or not (self._mutual(place, found) or self.chance < 1 - SURE):
            return None
        return self.names[found], self.rows[found]

    @cached_property
    def tells(self) -> bool:
        """Whether the answers of this file name what they are about, well beyond chance."""
        size = len(self.known)
        if size < 5:
            return False
        tried = range(0, size, max(1, size // TRIED))
        far = ((self.known[at], self.known[(at + size // 2) % size]) for at in tried)
        chance = sum(speaks_of(self.names[place], self.said[other]) for place, other in far) / len(tried)
        return sum(self.own) / size >= max(NAMED, chance + BY_CHANCE)

    @cached_property
    def chance(self) -> float:
        """The share of alarms that there would be if all answers stood where they belong."""
        named = [place for place in self.known if self.own[place]]
        others = [place for place in self.known if not self.own[place]]
        tried = named[:: max(1, len(named) // TRIED)]
        met = (sum(self._hit(place) is not None for place in tried) + 0.5) / (len(tried) + 1)
        alarms = sum(self._hit(place) is not None for place in others)
        return min(1.0, met * len(others) / alarms) if alarms else 1.0

    def _hit(self, place: int) -> int | None:
        """A row whose subject an answer names, and that has no answer of its own or the very same; best mutual."""
        if place not in self._hits:
            named = (other for name in self._named_in(place) for other in self.subjects[name] if other != place)
            lost = [one for one in named if not self.own[one] or self.said[one].words == self.said[place].words]
            mutual = (one for one in lost if self._mutual(place, one))
            self._hits[place] = next(mutual, lost[0] if lost else None)
        return self._hits[place]

    def _mutual(self, place: int, other: int) -> bool:
        """Whether two rows have each other's answers."""
        return not self.own[other] and speaks_of(self.names[place], self.said[other])

    @cached_property
    def subjects(self) -> dict[str, list[int]]:
        """Subject → places; without those that so many answers have that they are ordinary words."""
        found: dict[str, list[int]] = {}
        for place in self.known:
            found.setdefault(self.names[place], []).append(place)
        tried = self.said[:: max(1, len(self.said) // ORDINARY)]
        starts = by_first_words(found)
        counts = Counter(name for said in tried for name in met(said.words, starts))
        limit = max(3, len(tried) // 50)
        return {name: places for name, places in found.items() if counts[name] <= limit + len(places)}

    @cached_property
    def _starts(self) -> dict[str, list[str]]:
        return by_first_words(self.subjects)

    @cached_property
    def _initials(self) -> set[str]:
        """How the subjects that may be initialisms begin."""
        low, high = LETTERS
        return {name[:low] for name in self.subjects if low <= len(name) <= high}

    @cached_property
    def _spells(self) -> bool:
        """Whether answers of this file spell their subjects' letters without naming them."""
        named = [place for place in self.known if self.own[place]]
        return any(self.names[place] not in self.said[place].words for place in named[:: max(1, len(named) // TRIED)])

    def _named_in(self, place: int) -> list[str]:
        """Subjects of other rows that an answer names or spells, the longest first."""
        found = met(self.said[place].words, self._starts)
        if self._spells:
            first = self.said[place].first
            low, high = LETTERS
            begun = [at for at in range(len(first) - low + 1) if first[at : at + low] in self._initials]
            parts = {first[at : at + size] for at in begun for size in range(low, min(high, len(first) - at) + 1)}
            whole = {first} if len(first) > 1 else set()
            found |= {part for part in parts | whole if part in self.subjects}
        return sorted(found - {self.names[place]}, key=lambda name: (-len(name), name))


def by_first_words(names: Iterable[str]) -> dict[str, list[str]]:
    """The first two words, or the one that there is → the names that begin so."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(" ".join(name.split(" ", 2)[:2]), []).append(name)
    return found


def met(words: str, starts: Mapping[str, list[str]]) -> set[str]:
    """The names that stand in a text as words."""
    inside, each = f" {words} ", words.split()
    firsts = starts.keys() & {*each, *map(" ".join, pairwise(each))}
    return {name for first in firsts for name in starts[first] if f" {name} " in inside}


class Said:
    """An answer in plain words, and what is asked of it again and again, worked out once."""

    __slots__ = ("_apart", "_first", "_tight", "words")

    def __init__(self, words: str) -> None:
        self.words = words[:LONGEST]
        self._first: str | None = None
        self._tight: str | None = None
        self._apart: tuple[str, str] | None = None

    @property
    def first(self) -> str:
        """The first letters of its words."""
        if self._first is None:
            self._first = "".join([word[0] for word in self.words.split()])
        return self._first

    @property
    def tight(self) -> str:
        """Its words without blanks."""
        if self._tight is None:
            self._tight = self.words.replace(" ", "")
        return self._tight

    def spells(self, letters: str) -> bool:
        """Whether words in a row begin with these letters, or sound like them: "OIC" is "Oh, I see"."""
        if letters in self.first:
            return True
        if not SOUNDS.union(self.first).issuperset(letters):
            return False  # most texts lack one of the letters
        if self._apart is None:
            words = [word for word in self.words.split() if word not in ENDINGS]
            self._apart = "".join([word[0] for word in words]), "".join([HEARD.get(word, word[0]) for word in words])
        first, heard = self._apart
        if letters in first or letters in heard:
            return True
        either = list(zip(letters, first, heard, strict=False))  # some of the words by letter, some by sound
        return len(either) == len(letters) and all(one in (by_letter, by_sound) for one, by_letter, by_sound in either)


def speaks_of(name: str, said: Said) -> bool:
    """Whether an answer names a subject, whole or in part, together or apart ("g.o.a.t."), or spells its letters."""
    if len(name) > 3 or not name.isascii():
        if name in said.words:
            return True
    elif f" {name} " in f" {said.words} ":
        return True
    letters = name.replace(" ", "")
    if len(letters) > 3 and letters in said.tight:
        return True
    if 1 < len(letters) <= LETTERS[1] and said.spells(letters):
        return True
    return " " in name and any(len(part) > 3 and part in said.words for part in name.split())
