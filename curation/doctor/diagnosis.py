"""Every fault of every row: records → cases → a survey of them all → the rules, one after the other.

    diagnose(rows, target).findings

The survey is taken over all cases first; the rules then look at one case at a time. With `ids`, cases are encoded in
blocks by the one encode function before the rules that need it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any

from curation.chat.format import TemplateSettings
from curation.doctor.case import Case
from curation.doctor.cells import opened as opened_cell
from curation.doctor.faults import FAULTS
from curation.doctor.hints import rules_for
from curation.doctor.layouts import read
from curation.doctor.row import SEVERITIES, WHOLE_FILE, FileEvent, Finding, Row
from curation.doctor.rule import Rule, finding
from curation.doctor.rules import RULES
from curation.doctor.rules.content import is_text_part
from curation.doctor.survey import Rendered, Survey, only_rendered
from curation.doctor.target import Target
from curation.doctor.workers import Found, looked_at
from curation.templates import EncodeError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

BLOCK = 512  # cases encoded at once; where nothing is encoded, more are looked at
MOST_PER_RULE = 5  # findings of one rule about one row


@dataclass(slots=True)
class Diagnosis:
    """What was found."""

    findings: list[Finding]  # by file, row (whole files first), and order of the rules
    rows: int  # records looked at, unreadable ones counted
    cases: int = 0  # training rows in them
    files: tuple[str, ...] = ()
    target: str = ""
    ids: bool = True  # whether rows were encoded
    only_rendered: int = (
        0  # cases with tools or reasoning: the template prints them, the one encode function cannot prove them
    )

    @property
    def counts(self) -> dict[str, int]:
        """Rows with each fault, the most harmful first."""
        rows = Counter(fault for fault, _, _ in {(found.fault, found.file, found.row) for found in self.findings})
        return dict(sorted(rows.items(), key=lambda one: (SEVERITIES.index(FAULTS[one[0]].severity), -one[1], one[0])))

    @property
    def fatal(self) -> bool:
        """Whether a fatal fault was found."""
        return any(found.severity == "fatal" for found in self.findings)


def diagnose(
    rows: Iterable[object],
    target: Target | PreTrainedTokenizerBase,
    *,
    events: Sequence[FileEvent] = (),
    ids: bool = True,
    workers: int = 1,
) -> Diagnosis:
    """Find every fault. Rows are `Row`s, or plain records (dicts, lists, texts).

    `target` is a Target or a tokenizer with a chat template; without `ids` nothing is encoded and the rules that need
    it are skipped. Raises EncodeError where the target's template can encode nothing at all.
    """
    target, given = as_target(target), as_rows(rows)
    survey, by_row = look(given, target, ids=ids, workers=workers)
    return summed_up(given, survey, by_row, target, events, ids=ids)


def look(
    rows: Sequence[Row], target: Target, *, ids: bool = True, workers: int = 1, proved: AbstractSet[int] = frozenset()
) -> tuple[Survey, Found]:
    """Survey the rows, then ask all rules about each. Rows whose place is in `proved` are not encoded again."""
    _ = target.form  # a template that can encode nothing raises here, once
    return looked_at(rows, workers, lambda first, part: Part(first, part, target, ids, proved))


def summed_up(
    rows: Sequence[Row], survey: Survey, by_row: Found, target: Target, events: Sequence[FileEvent], *, ids: bool
) -> Diagnosis:
    """The diagnosis of what was looked at, with what the readers met and what is wrong with files as a whole."""
    findings = [*map(of_event, events), *whole_findings(survey, target)]
    findings += [found for _, of_row in by_row for found in of_row]
    files = tuple(dict.fromkeys([row.file for row in rows] + [event.file for event in events]))
    unread = {(event.file, event.row) for event in events if not event.mended and event.row != WHOLE_FILE}
    return Diagnosis(
        in_order(findings, files), len(rows) + len(unread), survey.rows, files, target.name, ids, survey.rendered.rows
    )


# ---------------------------------------------------------------- rows and cases


def as_target(target: Any) -> Target:
    """A Target as it is; a tokenizer becomes one."""
    if isinstance(target, Target):
        return target
    return Target(str(getattr(target, "name_or_path", "") or "tokenizer"), target, TemplateSettings())


def as_rows(rows: Iterable[object]) -> list[Row]:
    """Rows as they are; plain records become rows of a file without a name."""
    return [row if isinstance(row, Row) else Row("", number, 0, row) for number, row in enumerate(rows)]


def opened(row: Row, target: Target) -> list[Case]:
    """The cases of a row; text and ids taken back to turns where a template writes exactly them."""
    cases = read(row)
    for case in cases:
        if case.kind == "text":
            case.turns = list(target.turns_of(case.text))
        elif case.kind == "ids":
            case.turns = list(target.turns_of(target.text_of(case.ids, case.attention)))
    return cases


def conversation(case: Case) -> list[dict[str, str]]:
    """The turns as the encode function takes them: role and content only, text parts joined."""
    plain = []
    for turn in case.turns:
        content = turn["content"]
        if type(content) is list and content and all(map(is_text_part, content)):
            content = "".join(part["text"] for part in content)
        plain.append({"role": turn["role"], "content": content})
    return plain


def encode(cases: Iterable[Case], target: Target) -> None:
    """Fill in `encoded` of each case: what the one encode function makes of its turns, or why it makes nothing."""
    asked = []
    for case in cases:
        if case.encoded is not None or (not case.turns and case.kind != "messages"):
            continue
        if only_rendered(case, reserved=target.reserves_reasoning):
            refusal = target.refusal(case.turns, opened_cell(case.kept.get("tools")))
            case.encoded = EncodeError(f"the chat template refuses the conversation: {refusal}") if refusal else None
        elif least := target.surely_too_long(case.turns):
            case.encoded = EncodeError(f"{least:,} tokens at least, more than the {target.max_length:,} of max_length")
        else:
            asked.append((case, conversation(case)))
    if not asked:
        return
    for (case, _), result in zip(asked, target.encode([turns for _, turns in asked]), strict=True):
        case.encoded = result


# ---------------------------------------------------------------- findings


@dataclass(slots=True)
class Part:
    """Some of the rows, in one process."""

    first: int  # place of the first of them
    rows: Sequence[Row]
    target: Target
    ids: bool
    proved: AbstractSet[int]
    cases: list[tuple[int, Case]] = field(default_factory=list)

    def survey(self) -> Survey:
        """Open the rows and survey their cases."""
        for place, row in enumerate(self.rows, self.first):
            self.cases += [(place, case) for case in opened(row, self.target)]
        survey = Survey(rendered=Rendered(reserved=self.target.reserves_reasoning))
        return survey.see_all(case for _, case in self.cases)

    def examine(self, survey: Survey) -> Found:
        """What the rules find, row by row."""
        found = [(place, findings) for place, findings in self.of_cases(survey) if findings]
        return [
            (place, [one for _, of_case in same for one in of_case])
            for place, same in groupby(found, key=lambda pair: pair[0])
        ]

    def of_cases(self, survey: Survey) -> Iterator[tuple[int, list[Finding]]]:
        rules = [rule for rule in RULES if self.ids or not rule.needs_ids]
        left = iter(self.cases)
        while block := list(islice(left, BLOCK if self.ids else 4 * BLOCK)):
            to_encode = [case for place, case in block if place not in self.proved] if self.ids else []
            encode(to_encode, self.target)
            for (place, case), asked in zip(block, rules_for([case for _, case in block], rules), strict=True):
                left_to_ask = [rule for rule in asked if not rule.needs_ids] if place in self.proved else asked
                yield place, examine(case, left_to_ask, survey, self.target)
                case.encoded = case.spoken = None


def examine(case: Case, rules: Sequence[Rule], survey: Survey, target: Target) -> list[Finding]:
    """What the rules find in one case, which is encoded already if they need it."""
    found: list[Finding] = []
    for rule in rules:
        before = len(found)
        for one in rule.find(case, survey, target):  # most rules find nothing
            found.append(one)
            if len(found) - before == MOST_PER_RULE:
                break
    if isinstance(case.encoded, EncodeError) and all(one.severity != "fatal" for one in found):
        found.append(refused(case, case.encoded))
    return found


# What the one encode function's sentences speak of, and whose fault that is; the first that fits.
REFUSALS = (
    ("reasoning of", "THINK"),
    ("nothing to train on", "NO-TARGET"),
    ("has no message", "NO-TARGET"),
    ("not the first", "ROLE-ORDER"),
    ("is no text but", "NON-STRING"),
    ("the assistant says is empty", "NO-TARGET"),
    ("is empty", "NULL-STRING"),
    ("control token", "CTRL-TOKEN"),
    ("surrogate", "MOJIBAKE"),
    ("expected one of", "ROLE-NAME"),
    ("ystem role", "ROLE-NAME"),
    ("alternat", "ROLE-ORDER"),
    ("begin token", "BOS-COUNT"),
    ("more than the", "TRUNC"),
    ("fuses with", "SCAFFOLD"),
    ("", "SCAFFOLD"),
)


def refused(case: Case, error: EncodeError) -> Finding:
    """A row that no rule finds fatal and that cannot be encoded all the same."""
    fault = next(fault for words, fault in REFUSALS if words in str(error))
    return finding(case, fault, "fatal", f"cannot be trained on: {error}")


def whole_findings(survey: Survey, target: Target) -> Iterator[Finding]:
    """What rules find in files as a whole."""
    for rule in RULES:
        if find := getattr(rule, "find_whole", None):
            yield from find(survey, target)


def of_event(event: FileEvent) -> Finding:
    """What a reader met, as a finding."""
    repair = "read all the same" if event.mended else ""
    return Finding(event.file, event.row, event.fault, FAULTS[event.fault].severity, event.detail, repair)


def in_order(findings: Iterable[Finding], files: Sequence[str]) -> list[Finding]:
    """By file and row; what is found in one row stays in the order of the rules."""
    place = {file: number for number, file in enumerate(files)}
    return sorted(findings, key=lambda found: (place.get(found.file, len(place)), found.row))
