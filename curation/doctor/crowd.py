"""What the rows of a dataset have in common: copies, prompts that come again, system prompts.

Parts of the survey. They hold hashes and counts, so that a million rows fit in memory, and are added up in the order of
the rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from curation.doctor.case import Case

_DATED = re.compile(
    r"\d+|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b",
    re.IGNORECASE,
)
_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATE = re.compile(
    r"\b\d{4}-\d\d?-\d\d?\b|\b\d\d?[./]\d\d?[./]\d{2,4}\b|\b\d\d?:\d\d\b|"
    rf"\b{_MONTH} ?(?:\d\d?(?:st|nd|rd|th)?,? )?\d{{4}}\b",
    re.IGNORECASE,
)
_SIGNS = re.compile(r"""[“"«‘'`*]((?:[^\w\s“”"«»‘’'`*]|_){1,12})[”"»’'`*]""")  # what is asked about has no word in it
_RARE_MARK = re.compile(r"[:;=<>^@#$%&*+/\\|~(){}\[\]_]")  # of a smiley, not of a plain question
_VALIDATION = frozenset(("valid", "val", "dev", "eval"))
MOST_ANSWERS = 8  # different answers to one prompt that are kept for comparison
LONGEST_KEPT = 300  # characters of them
Place = tuple[str, int]  # file and row


def key(*parts: str) -> int:
    """A hash of texts, the same in every process of one run: workers are forked."""
    return hash("\0".join(parts))


def asked(case: Case) -> str:
    """All that was said before the last answer, plain, and the signs it names (“;)”); "" where nobody answers."""
    if case.asked is None:
        answered = case.turns and case.turns[-1]["role"] == "assistant"
        case.asked = "\0".join([*case.plain[:-1], *signs_asked(case)]) if answered else ""
    return case.asked


def signs_asked(case: Case) -> list[str]:
    """Signs that questions name and `plain` loses: quoted (“;)”), or words with no more letters than marks (":P")."""
    found = []
    for text in case.said("user"):
        found += _SIGNS.findall(text)
        if len(text) < LONGEST_KEPT and _RARE_MARK.search(text):
            words = (word.strip("“”\"'‘’`.,!?…").removeprefix("**").removesuffix("**") for word in text.split())
            found += [word for word in words if len(word) > 1 and 2 * sum(map(str.isalnum, word)) <= len(word)]
    return found


def answer(case: Case) -> str:
    """The last answer; "" where there is none."""
    turns = case.turns
    last = turns[-1]["content"] if turns and turns[-1]["role"] == "assistant" else ""
    return last if isinstance(last, str) else ""


def plain_answer(case: Case) -> str:
    """The words of the last answer."""
    return case.plain[-1] if case.turns and case.turns[-1]["role"] == "assistant" else ""


def split_of(case: Case) -> str:
    """train, validation or test; "" where nobody tells."""
    if not case.kept and not case.row.split:
        return ""
    named = (case.kept.get("split") or case.kept.get("subset")) if case.kept else None
    name = (named if isinstance(named, str) else case.row.split).lower()
    return "validation" if name in _VALIDATION else name


@dataclass(slots=True)
class Copies:
    """Where each conversation stands first."""

    first: dict[int, Place] = field(default_factory=dict)

    def see(self, case: Case) -> None:
        if case.turns and case.layout != "turn":
            self.first.setdefault(self.key(case), (case.row.file, case.row.row))

    def merge(self, other: Copies) -> None:
        for number, place in other.first.items():
            self.first.setdefault(number, place)

    def original(self, case: Case) -> Place | None:
        """Where the same conversation stands before this one; None where this is the first."""
        if not case.turns or case.layout == "turn":
            return None
        place = self.first.get(self.key(case))
        return place if place != (case.row.file, case.row.row) else None

    def key(self, case: Case) -> int:
        """What copies of a conversation have in common, worked out once."""
        if case.same is None:
            said, question = case.plain, asked(case)
            told = [question, said[-1]] if question else said
            if not any(said):
                told = ["as it is", *[str(turn["content"]) for turn in case.turns]]
            case.same = key(split_of(case), *told)
        return case.same


@dataclass(slots=True)
class Prompts:
    """The answers that each prompt has."""

    answers: dict[int, dict[int, str]] = field(default_factory=dict)  # prompt → plain answer → answer

    def see(self, case: Case) -> None:
        question = asked(case)
        if not question:
            return
        said = answer(case)
        known = self.answers.setdefault(key(question), {})
        if len(known) < MOST_ANSWERS:
            known.setdefault(key(plain_answer(case)[:LONGEST_KEPT]), said[:LONGEST_KEPT])

    def merge(self, other: Prompts) -> None:
        for number, answers in other.answers.items():
            known = self.answers.setdefault(number, {})
            for said, raw in answers.items():
                if len(known) < MOST_ANSWERS:
                    known.setdefault(said, raw)

    def others(self, case: Case) -> list[str]:
        """Other answers to the same prompt."""
        question = asked(case)
        known = self.answers.get(key(question), {}) if question else {}
        if len(known) < 2:
            return []
        own = key(plain_answer(case)[:LONGEST_KEPT])
        return [raw for said, raw in known.items() if said != own]


@dataclass(slots=True)
class Systems:
    """System prompts that are the same but for figures and names of days."""

    forms: dict[int, set[str]] = field(default_factory=dict)

    def see(self, case: Case) -> None:
        for text in case.said("system")[:1]:
            if _DATE.search(text):
                known = self.forms.setdefault(key(_DATED.sub("#", text)), set())
                if len(known) < 2:
                    known.add(text[:2_000])

    def merge(self, other: Systems) -> None:
        for number, forms in other.forms.items():
            known = self.forms.setdefault(number, set())
            known |= set(sorted(forms)[: 2 - len(known)])

    def drifts(self, case: Case) -> bool:
        """Whether the row's system prompt names a day that changes from row to row."""
        for text in case.said("system")[:1]:
            if _DATE.search(text):
                return len(self.forms.get(key(_DATED.sub("#", text)), ())) > 1
        return False
