"""What only the other rows tell: 23 WRONG-TERM, 25 CUT, 29 LOW-INFO, 30 SYS-DRIFT, 31 DUP, 32 CONFLICT, 33 LEAK."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from curation.chat.format import PINNED_DATE
from curation.doctor.case import Case, plain
from curation.doctor.crowd import answer, split_of
from curation.doctor.row import Finding
from curation.doctor.rule import CannotMendError, Rule, finding
from curation.doctor.rules.low_info import LowInfo
from curation.doctor.subjects import named_split
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


@dataclass(frozen=True)
class WrongTerm:
    """An answer that belongs to another row; where all answers are shifted alike they are put back."""

    fault: str = "WRONG-TERM"
    needs_ids: bool = False
    hints: tuple[str, ...] = ()

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        rows, row = survey.subjects.exchanges(case.row.file), case.row.row
        if shift := rows.shift(row):
            away = f"{abs(shift)} row{'s' * (abs(shift) > 1)} {'below' if shift > 0 else 'above'}"
            detail = f"the answers around here are shifted: what this row asks is answered {away}"
            yield finding(case, self.fault, "warning", detail, "put back")
        elif found := rows.owner(row):
            detail = (
                f"asks about {survey.subjects.of(case)!r}, the answer speaks of {found[0]!r}, as row {found[1]} asks"
            )
            yield finding(case, self.fault, "warning", detail)

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        rows, row = survey.subjects.exchanges(case.row.file), case.row.row
        if not rows.shift(row):
            raise CannotMendError(f"the answer to {survey.subjects.of(case)!r} stands nowhere in the file")
        right = rows.source(row)
        if right is None:
            raise CannotMendError("the answers are shifted, and this row's fell off the end of the file")
        said = survey.subjects.answer_at(case.row.file, right)
        return [case.but(turns=[*case.turns[:-1], case.turns[-1] | {"content": said}])]


@dataclass(frozen=True)
class Cut:
    """Answers that end in mid-word, all at one length: nobody can tell how they went on."""

    fault: str = "CUT"
    needs_ids: bool = False
    hints: tuple[str, ...] = ()

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        if length := survey.answers.cut_at(case, target.counts):
            detail = f"the answer ends in “…{answer(case)[-20:]}”, as others do after {length}"
            yield finding(case, self.fault, "warning", detail)

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        raise CannotMendError("the answer was cut off, and nobody can tell how it went on")


@dataclass(frozen=True)
class SystemDrift:
    """A day in the system prompt that changes from row to row, or the day on which a template printed the text."""

    fault: str = "SYS-DRIFT"
    needs_ids: bool = False
    hints: tuple[str, ...] = ()

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
    hints: tuple[str, ...] = ()

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
    hints: tuple[str, ...] = ()

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
    """A term, or a prompt, that is trained on and held out as well."""

    fault: str = "LEAK"
    needs_ids: bool = False
    hints: tuple[str, ...] = ()

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        if not (split := split_of(case)) or not answer(case):
            return
        homes, group = survey.subjects.homes, survey.subjects.group_of(case)
        if not homes.leaks(group):
            return
        home = homes.of(group)
        if split == "train" == home.split:
            return  # the rows that are held out leave
        what = repr(survey.subjects.of(case)) if isinstance(group, str) else "its prompt"
        others = "train" if split != "train" else "what is held out"
        repair = f"moved to {home.split}, where most of its rows are" if split != home.split else ""
        yield finding(case, self.fault, "warning", f"{what} stands in {split} and in {others}", repair)

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        """The row, in the split that most rows of its subject stand in."""
        home = survey.subjects.homes.of(survey.subjects.group_of(case))
        if home.split == split_of(case):
            return [case]
        column, _ = named_split(case)
        kept = case.kept | ({column: home.column or home.split} if column else {})
        return [case.but(row=replace(case.row, file=home.file, split=home.named), kept=kept)]


RULES: tuple[Rule, ...] = (WrongTerm(), Cut(), LowInfo(), SystemDrift(), Duplicate(), Conflict(), Leak())
