"""Columns that a whole file declares inside its texts: "Term: …", "Definition: …" at the start of lines."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from curation.doctor.case import Case

LABEL = re.compile(r"^[#*\s]{0,4}([A-Z][\w /-]{0,29}?)\**:\**[ \t]*", re.MULTILINE)
SHARED = 0.9  # of a file's texts have a label that is a column
CHANGES = 2  # values under a label that show that it changes
# Labels under which an answer stands. What comes before the first of them is asked.
ANSWERS = frozenset(
    """
    answer response output completion assistant reply result target explanation meaning definition translation
    paraphrase summary label
    """.split()  # noqa: SIM905 - a list of words reads best as one
)


# Labels that only say who speaks: alone before a question, they are no part of it. "Term" is: it says what is asked.
ASKS = frozenset("question q user human prompt instruction query input request".split())  # noqa: SIM905


@dataclass(slots=True)
class Labels:
    """How many texts of each file have which labels, and whether what stands under a label changes."""

    texts: Counter[str] = field(default_factory=Counter)
    labels: dict[str, Counter[str]] = field(default_factory=dict)
    values: dict[tuple[str, str], set[str]] = field(default_factory=dict)  # file, label → up to two values
    _columns: dict[str, frozenset[str]] = field(default_factory=dict)  # worked out once all rows are seen

    def see(self, case: Case) -> None:
        if text := undivided(case):
            file = case.row.file
            self.texts[file] += 1
            parts = dict(parts_of(text))
            self.labels.setdefault(file, Counter()).update(parts.keys())
            for label, value in parts.items():
                known = self.values.setdefault((file, label), set())
                if len(known) < CHANGES:
                    known.add(value)

    def merge(self, other: Labels) -> None:
        self.texts.update(other.texts)
        for file, labels in other.labels.items():
            self.labels.setdefault(file, Counter()).update(labels)
        for place, values in other.values.items():
            known = self.values.setdefault(place, set())
            known |= set(sorted(values)[: CHANGES - len(known)])

    def columns(self, file: str) -> frozenset[str]:
        """Labels that nearly all texts of a file have."""
        if file not in self._columns:
            least = max(2, SHARED * self.texts[file])
            labels = self.labels.get(file, Counter())
            self._columns[file] = frozenset(label for label, count in labels.items() if count >= least)
        return self._columns[file]

    def is_constant(self, file: str, label: str) -> bool:
        """Whether the same stands under a label in every text: an instruction, not an answer."""
        return self.texts[file] > CHANGES and len(self.values.get((file, label), ())) < CHANGES

    def turns(self, case: Case) -> list[dict[str, str]]:
        """What is asked and what is answered; [] where the file declares no column for an answer.

        A question, or a column of answers, is said without its label where it is the only one; several keep theirs.
        """
        columns, text = self.columns(case.row.file), undivided(case)
        found = [label for label in LABEL.finditer(text) if label[1] in columns]
        first = next((place for place, label in enumerate(found) if answers(label[1], found[0][1])), 0)
        if not first or any(self.is_constant(case.row.file, label[1]) for label in found[first:]):
            return []  # no answer, nothing asked before it, or an instruction behind it: all of it is a prompt
        begin = found[first].end() if first == len(found) - 1 else found[first].start()
        named = first == 1 and found[0][1].lower() in ASKS and not text[: found[0].start()].strip()
        asked, answered = text[found[0].end() * named : found[first].start()].strip(), text[begin:].strip()
        if not asked or not answered:
            return []
        return [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]


def answers(label: str, before: str) -> bool:
    """Whether an answer stands under a label; under "A" only where the first label is "Q"."""
    return label.lower() in ANSWERS or (label, before) == ("A", "Q")


def parts_of(text: str) -> list[tuple[str, str]]:
    """(label, what stands under it) of a text, in order."""
    found = list(LABEL.finditer(text))
    borders = [*(label.start() for label in found[1:]), len(text)][: len(found)]
    return [(label[1], text[label.end() : border].strip()) for label, border in zip(found, borders, strict=True)]


def undivided(case: Case) -> str:
    """The text of a row in which nobody can tell yet what is asked and what is answered; "" for other rows."""
    if case.kind == "text" and not case.turns:
        return case.text
    if case.kind == "messages" and case.layout != "turn" and not case.said("assistant"):
        asked = case.said("user")
        return asked[0] if len(asked) == 1 else ""
    return ""
