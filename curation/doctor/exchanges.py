"""Whose answers the rows of a file have: their own, those of the row so many lines away, or some other row's.

Where the answers of a file name what they are about, as most do ("“rizz” means …") or spell it ("laugh out loud"), an
answer that does not, and names the subject of a row that has lost its own, is that row's. How many such answers there
would be if all were well is learned from the rows that name their own: alarms that chance explains are none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

STEPS = (1, -1, 2, -2, 3, -3)  # rows by which answers may be shifted
NAMED = 0.5  # of a file's answers must name their subjects, for the others to say anything
BY_CHANCE = 0.3  # more than so many must do so beyond those that name a subject far away
WINDOW = 7  # rows on either side that show a shift which begins inside a file
SURE = 0.9  # probability that an alarm is none of chance's
TRIED = 300  # rows that tell how often an answer names others besides its own subject
LONGEST = 4_000  # characters of an answer that are looked at
ORDINARY = 1_000  # answers that tell which subjects are ordinary words
LETTERS = (4, 8)  # of an initialism that a part of an answer spells; shorter ones are met by chance


class Exchanges:
    """The rows of one file that have an answer: `rows` their numbers, `names` subjects, `words` answers, all plain."""

    def __init__(self, rows: Sequence[int], names: Sequence[str], words: Sequence[str]) -> None:
        self.rows, self.names = rows, names
        self.words = [one[:LONGEST] for one in words]
        self._hits: dict[int, int | None] = {}
        self.places = {row: place for place, row in reversed(list(enumerate(rows)))}

    @cached_property
    def known(self) -> list[int]:
        """Places of rows with a subject."""
        return [place for place, name in enumerate(self.names) if name]

    @cached_property
    def own(self) -> list[bool]:
        """Whether each row's answer names its subject."""
        return [bool(name) and speaks_of(name, words) for name, words in zip(self.names, self.words, strict=True)]

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
            found = around if self.names[place] and speaks_of(self.names[place], self.words[around]) else None
        return found

    @cached_property
    def _shifts(self) -> list[int]:
        """Of each row, the step by which answers around it are shifted."""
        size = len(self.rows)
        if sum(self.own) > 0.98 * len(self.known) or len(self.known) < 5:
            return [0] * size
        own = sum(self.own)
        for step in STEPS:
            count = sum(self._named_at(step))
            if count >= 5 and count >= 3 * own and count >= own + 0.3 * len(self.known):
                return [step] * size
        shifts = [0] * size
        for step in STEPS:
            named = self._named_at(step)
            for place in self._stretches(named):
                shifts[place] = shifts[place] or step
            for places, way in ((range(1, size), -1), (range(size - 2, -1, -1), 1)):  # up to where the stretch ends
                for place in places:
                    if not shifts[place] and named[place] and shifts[place + way] == step:
                        shifts[place] = step
        return shifts

    def _named_at(self, step: int) -> list[bool]:
        """Whether the answer so many rows away names each row's subject, and its own does not."""
        found = []
        for place, name in enumerate(self.names):
            other = self.places.get(self.rows[place] + step) if name and not self.own[place] else None
            found.append(other is not None and speaks_of(name, self.words[other]))
        return found

    def _stretches(self, named: list[bool]) -> Iterator[int]:
        """Places around which most answers are named so many rows away, and hardly any by their own."""
        if sum(named) < 5:
            return
        away, own = running(named), running(self.own)
        known = running([bool(name) for name in self.names])
        for place in range(len(named)):
            low, high = max(place - WINDOW, 0), min(place + WINDOW + 1, len(named))
            there = away[high] - away[low]
            if there >= 5 and there >= 0.7 * (known[high] - known[low]) and own[high] - own[low] <= 0.2 * there:
                yield place

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
        chance = sum(speaks_of(self.names[place], self.words[other]) for place, other in far) / len(tried)
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
            lost = [one for one in named if not self.own[one] or self.words[one] == self.words[place]]
            mutual = (one for one in lost if self._mutual(place, one))
            self._hits[place] = next(mutual, lost[0] if lost else None)
        return self._hits[place]

    def _mutual(self, place: int, other: int) -> bool:
        """Whether two rows have each other's answers."""
        return not self.own[other] and bool(speaks_of(self.names[place], self.words[other]))

    @cached_property
    def subjects(self) -> dict[str, list[int]]:
        """Subject → places; without those that so many answers have that they are ordinary words."""
        found: dict[str, list[int]] = {}
        for place in self.known:
            found.setdefault(self.names[place], []).append(place)
        tried = self.words[:: max(1, len(self.words) // ORDINARY)]
        starts = by_first_word(found)
        counts = Counter(name for words in tried for name in met(words, starts))
        limit = max(3, len(tried) // 50)
        return {name: places for name, places in found.items() if counts[name] <= limit + len(places)}

    @cached_property
    def _starts(self) -> dict[str, list[str]]:
        return by_first_word(self.subjects)

    @cached_property
    def _spells(self) -> bool:
        """Whether answers of this file spell their subjects' letters without naming them."""
        named = [place for place in self.known if self.own[place]]
        return any(self.names[place] not in self.words[place] for place in named[:: max(1, len(named) // TRIED)])

    def _named_in(self, place: int) -> list[str]:
        """Subjects of other rows that an answer names or spells, the longest first."""
        words = self.words[place]
        found = met(words, self._starts)
        if self._spells:
            first = "".join([word[0] for word in words.split()])
            low, high = LETTERS
            parts = {first[at : at + size] for at in range(len(first)) for size in range(low, high + 1)} | {first}
            found |= {part for part in parts if len(part) > 1 and part in self.subjects}
        return sorted(found - {self.names[place]}, key=lambda name: (-len(name), name))


def by_first_word(names: Iterable[str]) -> dict[str, list[str]]:
    """First word → the names that begin with it."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(name.split(" ", 1)[0], []).append(name)
    return found


def met(words: str, starts: Mapping[str, list[str]]) -> set[str]:
    """The names that stand in a text as words."""
    inside = f" {words} "
    firsts = starts.keys() & set(words.split())
    return {name for first in firsts for name in starts[first] if f" {name} " in inside}


def speaks_of(name: str, words: str) -> bool:
    """Whether plain words name a subject, whole or in part, together or apart ("g.o.a.t."), or spell its letters."""
    if len(name) > 3 or not name.isascii():
        if name in words:
            return True
    elif f" {name} " in f" {words} ":
        return True
    letters = name.replace(" ", "")
    if " " in name or len(letters) > 1:
        if len(letters) > 3 and letters in words.replace(" ", ""):
            return True
        if len(letters) <= LETTERS[1] and letters in "".join([word[0] for word in words.split()]):
            return True
    return " " in name and any(len(part) > 3 and part in words for part in name.split())


def running(flags: Sequence[bool]) -> list[int]:
    """How many flags stand before each place."""
    total, found = 0, [0]
    for flag in flags:
        total += flag
        found.append(total)
    return found
