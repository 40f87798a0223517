"""27 THINK: reasoning tags that do not pair, come twice, or do not outlive the target's template."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from curation.chat.format import EncodeError
from curation.doctor.case import Case, Turn
from curation.doctor.reasoned import TAG, disorder, in_order, lost, marks
from curation.doctor.row import Finding, Severity
from curation.doctor.rule import CannotMendError, finding
from curation.doctor.spoken import spoken
from curation.doctor.survey import Survey
from curation.doctor.target import Target


@dataclass(frozen=True)
class Think:
    """Reasoning tags unbalanced, lost or doubled."""

    fault: str = "THINK"
    needs_ids: bool = False
    hints: tuple[str, ...] = (r"(?i)think|thought|reason|reflect|scratchpad",)

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        if apart := reasoning_apart(case):
            written = printed(case, target)
            if written and apart not in written:
                detail = "the template of the target leaves out the reasoning that stands beside the last answer"
                yield finding(case, self.fault, "warning", detail)
        said = spoken(case)
        if "<" not in said.text and "[" not in said.text:
            return
        if any(role == "user" and TAG.search(text) for role, text in said.turns) or said.speaks_of("reasoning"):
            return
        for number, text in said.answers:
            wrong = disorder(text)
            if wrong:
                harm: Severity = "fatal" if target.reserves_reasoning else "warning"  # control tokens out of place
                yield finding(
                    case, self.fault, harm, f"turn {number}: {wrong}", "balanced where one reading is possible"
                )
            elif number == len(case.turns) - 1 and (fate := after_template(case, text, target)):
                yield finding(case, self.fault, "fatal", f"turn {number}: {fate}")
                return
        yield from earlier(case, target)

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        turns = [self._mended(turn, number) for number, turn in enumerate(case.turns)]
        last = turns[-1]["content"] if turns and turns[-1]["role"] == "assistant" else ""
        if isinstance(last, str) and (fate := after_template(case.but(turns=turns), last, target)):
            raise CannotMendError(f"{fate}: another model keeps it")
        return [case.but(turns=turns)]

    def _mended(self, turn: Turn, number: int) -> Turn:
        text = turn["content"]
        if turn["role"] != "assistant" or not isinstance(text, str) or not disorder(text):
            return turn
        if not (balanced := in_order(text)):
            raise CannotMendError(f"turn {number}: {disorder(text)}; nobody can tell where the reasoning ends")
        return turn | {"content": balanced}


def earlier(case: Case, target: Target) -> Iterator[Finding]:
    """Advice: reasoning of earlier answers that a template leaves out, as it does when the model is asked."""
    if case.kind == "messages" and len(case.turns) > 2 and (written := printed(case, target)):
        last = len(case.turns) - 1
        if turns := [number for number in lost(case.turns, written) if number != last]:
            detail = f"turn {turns[0]}: the template of the target leaves out the reasoning of earlier answers"
            yield finding(case, "THINK", "advice", detail + "; as the last of a row of its own it would be trained")


def reasoning_apart(case: Case) -> str:
    """The reasoning that stands beside the last answer, under a key of its own; "" where there is none."""
    last = case.turns[-1] if case.turns else {}
    if len(last) < 3 or last["role"] != "assistant":
        return ""
    reasoning = last.get("reasoning_content") or last.get("thinking")
    return reasoning.strip() if isinstance(reasoning, str) else ""


def printed(case: Case, target: Target) -> str:
    """The turns as the target's template writes them, "" where it does not."""
    try:
        return target.render(case.turns)
    except (EncodeError, KeyError):
        return ""


def after_template(case: Case, text: str, target: Target) -> str:
    """What the target's template makes of the reasoning in the last answer; "" where it stays as it is."""
    found = marks(text)
    if not found or case.kind != "messages" or not (written := printed(case, target)):
        return ""  # what a template refuses, another rule tells
    inside = text[found[0][2].end() : found[-1][2].start()].strip()
    if inside and inside not in written:
        return "the template of the target leaves the reasoning out"
    opening = found[0][2].group()
    expected = sum(turn["content"].count(opening) for turn in case.turns if turn["role"] != "assistant") + 1
    last = written.rfind(inside) if inside else len(written)
    before = written[max(last - 60, 0) : last]
    return f"the template of the target writes {opening} twice" if before.count(opening) > expected else ""
