"""What each row asks about, and whether its answer speaks of it. A part of the survey."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from curation.doctor.case import Case, plain
from curation.doctor.crowd import answer, plain_answer

STEPS = (-3, -2, -1, 1, 2, 3)  # rows by which answers may be shifted
QUOTED = re.compile(
    r"[“\"«]([^“”\"«»\n]{1,60})[”\"»]|\*\*([^*\n]{1,60})\*\*|`([^`\n]{1,60})`|(?<!\w)'([^'\n]{1,60})'(?!\w)"
)


def subject(case: Case) -> str:
    """What a row asks about: its term, or the one thing that the question quotes; "" where nobody can tell. Plain."""
    if case.term:
        return plain(case.term)
    said = case.said("user")
    quoted = [next(filter(None, found)) for found in QUOTED.findall(said[-1])] if said else []
    return plain(quoted[0]) if len(quoted) == 1 else ""


@dataclass(slots=True)
class Subjects:
    """What each row asks about, and whether its answer speaks of it."""

    rows: dict[str, dict[str, list[int]]] = field(default_factory=dict)  # file → subject → rows
    said: dict[str, dict[int, str]] = field(default_factory=dict)  # file → row → its answer
    words: dict[str, dict[int, str]] = field(default_factory=dict)  # the same, plain
    own: Counter[str] = field(default_factory=Counter)  # file → rows whose answer names their subject
    all: Counter[str] = field(default_factory=Counter)  # file → rows with a subject and an answer
    _shift: dict[str, int] = field(default_factory=dict)

    def see(self, case: Case) -> None:
        name, said = subject(case), answer(case)
        if not name or not said:
            return
        file = case.row.file
        self.rows.setdefault(file, {}).setdefault(name, []).append(case.row.row)
        self.said.setdefault(file, {})[case.row.row] = said
        self.words.setdefault(file, {})[case.row.row] = plain_answer(case)
        self.all[file] += 1
        self.own[file] += names(name, plain_answer(case))

    def merge(self, other: Subjects) -> None:
        for file, rows in other.rows.items():
            mine = self.rows.setdefault(file, {})
            for name, places in rows.items():
                mine.setdefault(name, []).extend(places)
            self.said.setdefault(file, {}).update(other.said[file])
            self.words.setdefault(file, {}).update(other.words[file])
        self.own.update(other.own)
        self.all.update(other.all)

    def owner(self, case: Case) -> tuple[str, int] | None:
        """The subject that an answer names in place of its own, and the row that asks about it."""
        name, said = subject(case), answer(case)
        file = case.row.file
        if not name or not said or names(name, plain_answer(case)):
            return None
        if self.shift(file) == 0 and self.own[file] < 0.7 * self.all[file]:
            return None  # answers of this file do not name what they are about
        known = self.rows.get(file, {})
        for other in named(said):
            if other != name and other in known:
                return other, known[other][0]
        return None

    def shift(self, file: str) -> int:
        """By how many rows the answers of a whole file are shifted; 0 for none."""
        if file not in self._shift:
            steps: Counter[int] = Counter()
            for name, places in self.rows.get(file, {}).items():
                for place in places[:1]:
                    steps.update(
                        step for step in range(-3, 4) if step and names(name, self.said[file].get(place + step, ""))
                    )
            best, count = max(steps.items(), key=lambda one: (one[1], -abs(one[0])), default=(0, 0))
            enough = count >= 0.6 * self.all[file] and self.own[file] < 0.3 * self.all[file] and self.all[file] >= 5
            self._shift[file] = best if enough else 0
        return self._shift[file]


def names(name: str, words: str) -> bool:
    """Whether plain words name a subject, as words or written together: "g.o.a.t." and "goat"."""
    return name in words or name.replace(" ", "") in words.replace(" ", "")


def named(said: str) -> list[str]:
    """What a text may be about: what it quotes, then the words that it begins with, the most first."""
    quoted = [plain(next(filter(None, found))) for found in QUOTED.findall(said)]
    words = plain(said).split()[:4]
    runs = [" ".join(words[:size]) for size in range(len(words), 0, -1)]
    return [name for name in (*quoted, *(run for run in runs if len(run) > 3)) if name]
