"""What rules must know of the whole dataset before they can judge a row: counts, majorities, and who says what.

Gathered in one pass over all cases and added up: the surveys of two halves make the survey of the whole. Halves are
added in the order of their rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, Protocol

from curation.doctor.answers import Answers
from curation.doctor.case import Case
from curation.doctor.crowd import Copies, Prompts, Systems
from curation.doctor.declared import Labels
from curation.doctor.flat import Turns
from curation.doctor.reasoned import leads
from curation.doctor.speakers import Speakers
from curation.doctor.subjects import Subjects


class Part(Protocol):
    """One rule's facts. It lives in a module of its own beside this one (rules import Survey, so not in rules/)."""

    def see(self, case: Case) -> None:
        """Count one case in; a few microseconds."""

    def merge(self, other: Any) -> None:
        """Add what another part of the same class has seen, in rows after this one's."""


@dataclass(slots=True)
class Shapes:
    """How many rows of each file have which shape: its layout with the names of its columns."""

    by_file: dict[str, Counter[str]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)  # shape → kind of case
    prose: Counter[tuple[str, str]] = field(default_factory=Counter)  # (file, column beside the conversation) → rows

    def see(self, case: Case) -> None:
        shapes = self.by_file.get(case.row.file)
        if shapes is None:
            shapes = self.by_file[case.row.file] = Counter()
        shapes[case.shape] += 1
        if case.kind != "unknown":
            self.kinds[case.shape] = case.kind
        if case.kept:
            for column in prose_in(case):
                self.prose[case.row.file, column] += 1

    def is_stray(self, file: str, column: str) -> bool:
        """Whether a column has text in less than half of a file's rows: the others do without it."""
        return self.prose[file, column] * 2 < self.by_file[file].total()

    def merge(self, other: Shapes) -> None:
        for file, shapes in other.by_file.items():
            self.by_file.setdefault(file, Counter()).update(shapes)
        self.kinds.update(other.kinds)
        self.prose.update(other.prose)


# What is known about a row, not said in it.
ABOUT = frozenset(
    [
        *(
            "id",
            "uid",
            "source",
            "origin",
            "url",
            "link",
            "license",
            "licence",
            "attribution",
            "author",
            "date",
            "title",
        ),
        *("category", "topic", "tags", "task", "type", "language", "split", "dataset", "model", "tools", "rejected"),
    ]
)


def prose_in(case: Case) -> list[str]:
    """Columns beside the conversation that hold a few words, facts about the row apart."""
    return [
        name
        for name, value in case.kept.items()
        if type(value) is str and value.count(" ") >= 2 and str(name).lower() not in ABOUT
    ]


@dataclass(slots=True)
class Rendered:
    """Rows that the one encode function cannot judge, since they have more than text: tools, or reasoning apart."""

    rows: int = 0
    reserved: bool = False  # whether reasoning tags are control tokens of the target

    def see(self, case: Case) -> None:
        self.rows += only_rendered(case, reserved=self.reserved)

    def merge(self, other: Rendered) -> None:
        self.rows += other.rows


BESIDE_TEXT = frozenset({"tool_calls", "function_call", "reasoning_content", "thinking"})  # keys that turns may have


def only_rendered(case: Case, *, reserved: bool) -> bool:
    """Whether a row has more than text, so that it can only be rendered: tools, or reasoning that is rendered already.

    `reserved`: whether reasoning tags are control tokens of the target, whose template may leave out in messages what
    a text or ids rightly have.
    """
    for turn in case.turns:
        if turn["role"] == "tool" or (len(turn) > 2 and not turn.keys().isdisjoint(BESIDE_TEXT)):
            return True
    return reserved and case.kind != "messages" and any(leads(text) for text in case.said("assistant"))


@dataclass(slots=True)
class Survey:
    """Facts about the whole dataset. Owners of rules add a field each: a Part."""

    rows: int = 0  # cases
    shapes: Shapes = field(default_factory=Shapes)
    labels: Labels = field(default_factory=Labels)
    speakers: Speakers = field(default_factory=Speakers)
    turns: Turns = field(default_factory=Turns)
    copies: Copies = field(default_factory=Copies)
    prompts: Prompts = field(default_factory=Prompts)
    answers: Answers = field(default_factory=Answers)
    systems: Systems = field(default_factory=Systems)
    subjects: Subjects = field(default_factory=Subjects)
    rendered: Rendered = field(default_factory=Rendered)

    def see_all(self, cases: Iterable[Case]) -> Survey:
        """Count cases in, in the order of their rows."""
        parts = self.parts()
        for case in cases:
            self.rows += 1
            for part in parts:
                part.see(case)
        return self

    def merge(self, other: Survey) -> None:
        """Add a survey of later rows."""
        self.rows += other.rows
        for mine, theirs in zip(self.parts(), other.parts(), strict=True):
            mine.merge(theirs)

    def parts(self) -> list[Part]:
        """Every field that is a Part, in order."""
        return [getattr(self, place.name) for place in fields(self) if place.name != "rows"]
