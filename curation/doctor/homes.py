"""Which split a subject belongs to, so that what is trained on is not held out as well."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

ORDER = ("train", "validation", "test")  # of splits with equally many rows of a subject, the first keeps it


class Home(NamedTuple):
    """Where rows stand."""

    split: str  # train, validation, test, or another name
    file: str
    named: str  # the split as the file's name tells it
    column: str  # the split as a column tells it


@dataclass
class Homes:
    """How many rows of each subject, or of each question without one, stand where."""

    places: dict[str | int, Counter[Home]] = field(default_factory=dict)

    def see(self, group: str | int, home: Home) -> None:
        self.places.setdefault(group, Counter())[home] += 1

    def leaks(self, group: str | int) -> bool:
        """Whether a subject is trained on and held out as well."""
        splits = {home.split for home in self.places.get(group, ())}
        return "train" in splits and len(splits) > 1

    def of(self, group: str | int) -> Home:
        """The place of most of its rows in the split that has most of them."""
        places = self.places[group]
        splits = Counter[str]()
        for home, count in places.items():
            splits[home.split] += count
        split = min(splits, key=lambda name: (-splits[name], ORDER.index(name) if name in ORDER else 9, name))
        return min((home for home in places if home.split == split), key=lambda home: (-places[home], home))
