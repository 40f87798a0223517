"""JSON whose objects repeat a key: every value is kept, and each becomes a record of its own.

A plain load keeps the last value of a repeated key and says nothing. Here an object that repeats a key is held as its
pairs until `variants` has told its records apart: keys repeated equally often belong together, keys that stand once
belong to each record. What cannot be told apart that way raises; nothing is guessed.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field

MOST_VARIANTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Repeated:
    """An object that repeats a key, as its pairs."""

    pairs: list[tuple[str, object]]

    @property
    def keys(self) -> list[str]:
        """Every key, in the order in which it first stands."""
        return list(dict.fromkeys(key for key, _ in self.pairs))

    @property
    def evenly(self) -> bool:
        """Whether several objects of the same keys were run together: role, content, role, content."""
        keys = self.keys
        return len(keys) > 1 and [key for key, _ in self.pairs] == keys * (len(self.pairs) // len(keys))

    def told(self) -> str:
        counts = Counter(key for key, _ in self.pairs)
        return ", ".join(f"{key!r} {count} times" for key, count in counts.items() if count > 1)


@dataclass
class Json:
    """A decoder that keeps repeated keys; `met` lists those of the value decoded last."""

    strict: bool = True  # refuse control characters inside texts, as the standard does
    met: list[Repeated] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.decoder = json.JSONDecoder(object_pairs_hook=self._object, strict=self.strict)

    def _object(self, pairs: list[tuple[str, object]]) -> object:
        whole = dict(pairs)
        if len(whole) == len(pairs):
            return whole
        self.met.append(Repeated(pairs))
        return self.met[-1]

    def decode(self, text: str) -> object:
        """One value; blanks may stand around it. Raises ValueError or RecursionError."""
        if self.met:
            self.met = []
        return self.decoder.decode(text)

    def several(self, text: str) -> list[object]:
        """One value or more, one behind the other. Raises ValueError or RecursionError."""
        self.met = []
        found, place = [], 0
        text = text.strip()
        while place < len(text):
            value, place = self.decoder.raw_decode(text, place)
            found.append(value)
            place += len(text[place:]) - len(text[place:].lstrip())
        return found


def variants(value: object) -> list[object]:
    """The records that a value holds, repeated keys told apart: one where it repeats none. Raises ValueError."""
    if isinstance(value, Repeated):
        return [*_of_pairs([(key, _only(inner)) for key, inner in value.pairs])]
    if isinstance(value, dict):
        made = _of_parts([variants(inner) for inner in value.values()])
        return [dict(zip(value, parts, strict=True)) for parts in made]
    if isinstance(value, list):
        parts: list[list[object]] = []
        for item in value:
            apart = variants(item)
            run_together = isinstance(item, Repeated) and item.evenly
            parts += [[one] for one in apart] if run_together else [apart]
        return [*_of_parts(parts)]
    return [value]


def _of_pairs(pairs: list[tuple[str, object]]) -> list[dict[str, object]]:
    """The objects that pairs stand for."""
    values: dict[str, list[object]] = {}
    for key, value in pairs:
        values.setdefault(key, []).append(value)
    alike = {key: found[:1] if all(one == found[0] for one in found) else found for key, found in values.items()}
    count = max(map(len, alike.values()))
    if any(len(found) not in (1, count) for found in alike.values()):
        raise ValueError("keys are repeated unequally often, so that nobody can tell which values belong together")
    return [{key: found[number % len(found)] for key, found in alike.items()} for number in range(count)]


def _of_parts(parts: list[list[object]]) -> list[list[object]]:
    """The lists that are made of parts of which one may have several variants. Raises ValueError where more have."""
    several = [number for number, part in enumerate(parts) if len(part) > 1]
    if not several:
        return [[part[0] for part in parts]]
    if len(several) > 1:
        raise ValueError("several objects inside repeat a key, so that nobody can tell which values belong together")
    place = several[0]
    before, after = [part[0] for part in parts[:place]], [part[0] for part in parts[place + 1 :]]
    return [[*before, one, *after] for one in parts[place]]


def _only(value: object) -> object:
    """The one variant of a value inside an object that repeats a key itself."""
    found = variants(value)
    if len(found) > 1:
        raise ValueError("objects that repeat keys stand inside one another")
    return found[0]
