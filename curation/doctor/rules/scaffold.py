"""Rendered text that is not what the target's template writes: 4 FAMILY, 5 SCAFFOLD, 6 BOS-COUNT, 8 RAW-TEXT.

A text is taken back to messages (text_rows.py) and written anew. Where that cannot be done, columns that the whole file
declares ("Term: … Definition: …") tell what is asked and what is answered; else the row leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from curation.doctor.case import Case
from curation.doctor.reasoned import lost
from curation.doctor.row import Finding
from curation.doctor.rule import CannotMendError, Rule, finding
from curation.doctor.rules.ids import encoded_again
from curation.doctor.survey import Survey
from curation.doctor.target import Target

REPAIRS = {
    "FAMILY": "taken back to messages and written by the target's template",
    "SCAFFOLD": "written anew by the template",
    "BOS-COUNT": "written anew, with the template's own begin token",
}


@dataclass(frozen=True)
class Scaffold:
    """One of the faults of a rendered text."""

    fault: str
    needs_ids: bool = False
    hints: tuple[str, ...] = ()

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        if case.kind not in ("text", "ids"):
            return
        for fault, detail in faults_of(case, target):
            if fault == self.fault:
                yield finding(case, fault, "fatal", detail, self._repair(case, survey))

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        """Turns as they were said; whoever runs the rule writes them with the target's template."""
        if case.kind == "ids":
            return [encoded_again(case, target)]
        turns = target.text_rows.judge(case.text).messages
        if self.fault == "RAW-TEXT":
            turns = survey.labels.turns(case)
        if not turns:
            raise CannotMendError("no template and no declared columns tell who says what")
        if all(turn["role"] != "assistant" for turn in turns):
            raise CannotMendError("the text has no answer: it ends where one should begin")
        text = target.render(turns)
        if lost(turns, text):
            raise CannotMendError("the template would leave out the reasoning, so the text cannot be written anew")
        return [case.but(turns=[dict(turn) for turn in turns], text=text)]

    def _repair(self, case: Case, survey: Survey) -> str:
        if self.fault == "RAW-TEXT" and case.kind == "ids":
            return ""
        if self.fault == "RAW-TEXT":
            return "asked and answered by the columns that the file declares" if survey.labels.turns(case) else ""
        return REPAIRS[self.fault]


def faults_of(case: Case, target: Target) -> tuple[tuple[str, str], ...]:
    """(fault, detail) of a text, or of the text that ids stand for."""
    if case.kind == "text":
        return target.text_rows.judge(case.text).faults
    row = target.token_row(case)
    if row.foreign:
        return (("FAMILY", f"ids that the tokenizer of {target.name} has not: tokenised for another model"),)
    judged = target.text_rows.judge(target.text_of(case.ids, case.attention))
    endless = any(answer.end == answer.stop for answer in row.answers)  # told by the rules about ids
    return tuple(fault for fault in judged.faults if not (endless and fault[0] == "SCAFFOLD"))


RULES: tuple[Rule, ...] = tuple(map(Scaffold, ("FAMILY", "SCAFFOLD", "BOS-COUNT", "RAW-TEXT")))
