"""What only the other rows tell: 23 WRONG-TERM, 25 CUT, 29 LOW-INFO, 30 SYS-DRIFT, 31 DUP, 32 CONFLICT, 33 LEAK."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from curation.chat_format import PINNED_DATE
from curation.doctor.case import Case, plain
from curation.doctor.crowd import answer, split_of
from curation.doctor.row import Finding
from curation.doctor.rule import CannotMendError, Rule, finding
from curation.doctor.subjects import subject
from curation.doctor.survey import Survey
from curation.doctor.target import Target

NEGATIONS = frozenset(
    [
        "not",
        "no",
        "never",
        "none",
        "nothing",
        "nobody",
        "neither",
        "nor",
        "isn",
        "isnt",
        "dont",
        "doesn",
        "doesnt",
        "cannot",
        "cant",
        "won",
        "wont",
        "without",
    ]
)
SMALL_WORDS = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "to",
        "in",
        "on",
        "at",
        "for",
        "and",
        "or",
        "is",
        "are",
        "was",
        "be",
        "it",
        "its",
        "this",
        "that",
        "you",
        "your",
        "i",
        "my",
        "as",
        "by",
        "so",
    ]
)
URL = re.compile(r"\s*(?:https?://|www\.)\S+\s*")
REFUSAL = re.compile(
    r"\s*(?:i['’]?m sorry\b[^.!?\n]{0,40}\b(?:can['’]?t|cannot|can not|unable)|sorry, (?:but )?i (?:can['’]?t|cannot)|"
    r"as an ai(?: language model)?\b|i (?:can['’]?t|cannot|am unable to|['’]m unable to|am not able to) "
    r"(?:help (?:you )?with|assist|provide|answer (?:that|this|your)|fulfil|comply)|i (?:do not|don['’]?t) know\W*$)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class WrongTerm:
    """An answer that belongs to another row; where all answers are shifted alike they are put back."""

    fault: str = "WRONG-TERM"
    needs_ids: bool = False

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        found = survey.subjects.owner(case)
        if found:
            detail = f"asks about {subject(case)!r}, the answer speaks of {found[0]!r}, as row {found[1]} asks"
            shift = survey.subjects.shift(case.row.file)
            repair = f"its answer stands {abs(shift)} row{'s' * (abs(shift) > 1)} away: put back" if shift else ""
            yield finding(case, self.fault, "warning", detail, repair)

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        shift = survey.subjects.shift(case.row.file)
        if not shift:
            raise CannotMendError(f"the answer to {subject(case)!r} stands nowhere in the file")
        right = survey.subjects.said[case.row.file].get(case.row.row + shift)
        if right is None:
            raise CannotMendError("all answers of the file are shifted, and this row's fell off its end")
        return [case.but(turns=[*case.turns[:-1], case.turns[-1] | {"content": right}])]


@dataclass(frozen=True)
class Cut:
    """Answers that end in mid-word, all at one length: nobody can tell how they went on."""

    fault: str = "CUT"
    needs_ids: bool = False

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        if survey.answers.is_cut(case):
            said = answer(case)
            detail = f"the answer ends in “…{said[-20:]}”, as others do after {len(said):,} characters"
            yield finding(case, self.fault, "warning", detail)

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        raise CannotMendError("the answer was cut off, and nobody can tell how it went on")


@dataclass(frozen=True)
class LowInfo:
    """One answer to everything, only a link, a refusal."""

    fault: str = "LOW-INFO"
    needs_ids: bool = False

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        said = answer(case)
        if not said:
            return
        if survey.answers.is_constant(case):
            yield finding(case, self.fault, "warning", f"many prompts have the same answer: {said[:60]!r}")
        elif URL.fullmatch(said):
            yield finding(case, self.fault, "warning", f"the answer is only a link: {said[:60]!r}")
        elif len(said) < 400 and REFUSAL.match(said):
            yield finding(case, self.fault, "warning", f"the answer refuses: {said[:60]!r}")

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        raise CannotMendError("the answer says nothing about what was asked")


@dataclass(frozen=True)
class SystemDrift:
    """A day in the system prompt that changes from row to row, or the day on which a template printed the text."""

    fault: str = "SYS-DRIFT"
    needs_ids: bool = False

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        if case.kind == "text":
            date = target.text_rows.judge(case.text).date
            if date and date != target.settings.date_string:
                detail = f"the template printed the day of its rendering, {date!r}"
                yield finding(case, self.fault, "warning", detail, f"written with the pinned day {PINNED_DATE!r}")
                return
        if survey.systems.drifts(case):
            yield finding(case, self.fault, "warning", "the system prompt names a day that changes from row to row")

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        """A printed day is pinned. A day that somebody wrote stays: leaving it out would change what was said."""
        if case.kind == "text" and (target.text_rows.judge(case.text).date or "") not in (
            "",
            target.settings.date_string,
        ):
            return [case.but(text=target.render(case.turns))]
        return [case]


@dataclass(frozen=True)
class Duplicate:
    """A copy of an earlier row, in another case or with other marks at most."""

    fault: str = "DUP"
    needs_ids: bool = False

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        original = survey.copies.original(case)
        if original:
            where = f"row {original[1]}" + (f" of {original[0]}" if original[0] != case.row.file else "")
            yield finding(case, self.fault, "warning", f"a copy of {where}")

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        """Nothing: whether a copy is one too many is for the build's stages to say, or for a person."""
        return [case]


@dataclass(frozen=True)
class Conflict:
    """One prompt, several answers: that contradict each other (CONFLICT), or for several senses (POLYSEMY)."""

    fault: str = "CONFLICT"
    needs_ids: bool = False

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        others = survey.prompts.others(case)
        if not others:
            return
        own = answer(case)
        against = next((other for other in others if contradict(own, other)), "")
        if against:
            yield finding(case, self.fault, "warning", f"the same prompt is answered {own[:40]!r} and {against[:40]!r}")
        else:
            count = f"{len(others) + 1} answers"
            yield finding(case, "POLYSEMY", "advice", f"the same prompt has {count}, as for several senses")

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        """Nothing: which answer is right, or whether both are, is for a person to say."""
        return [case]


def contradict(left: str, right: str) -> bool:
    """Whether two answers to one prompt cannot both be right: yes and no, other figures, one denies the other."""
    a, b = plain(left).split(), plain(right).split()
    if not a or not b:
        return False
    if {a[0], b[0]} in ({"yes", "no"}, {"true", "false"}, {"correct", "incorrect"}):
        return True
    mine, theirs = set(a) - SMALL_WORDS, set(b) - SMALL_WORDS
    denied = bool(mine & NEGATIONS) != bool(theirs & NEGATIONS)
    figures = ({word for word in mine if word.isdigit()}, {word for word in theirs if word.isdigit()})
    rest = (mine - NEGATIONS - figures[0], theirs - NEGATIONS - figures[1])
    either = rest[0] | rest[1]
    alike = len(rest[0] & rest[1]) / len(either) if either else 1.0
    return alike >= 0.5 and (denied or bool(figures[0] and figures[1] and figures[0].isdisjoint(figures[1])))


@dataclass(frozen=True)
class Leak:
    """A term or a prompt that is trained on and held out as well."""

    fault: str = "LEAK"
    needs_ids: bool = False

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        other = survey.prompts.leaks(case)
        if other:
            what = repr(case.term) if case.term else "its prompt"
            detail = f"{what} stands in {split_of(case)} and in {other}"
            yield finding(case, self.fault, "warning", detail, "taken out of the held-out side")

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        raise CannotMendError(f"{split_of(case)} holds out what is trained on; it may be trained on, too")


RULES: tuple[Rule, ...] = (WrongTerm(), Cut(), LowInfo(), SystemDrift(), Duplicate(), Conflict(), Leak())
