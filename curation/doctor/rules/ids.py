"""Rows of token ids and labels: 1 MASK-NONE, 2 EOT-UNTRAINED, 3 MASK-SPILL; and 9 TRUNC, of any row.

Text never decides here. Ids and labels that are wrong are computed again from the row's turns by the one encode
function.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from curation.doctor.case import Case
from curation.doctor.row import Finding
from curation.doctor.rule import CannotMendError, Rule, finding
from curation.doctor.survey import Survey
from curation.doctor.target import Target
from curation.doctor.token_rows import TokenRow
from curation.templates import IGNORED, Encoded, EncodeError

CUT_OFF = "an answer was cut off, and nobody can tell how it went on"
AGAIN = "ids and labels computed again by the one encode function"


@dataclass(frozen=True)
class MaskNone:
    """Labels of which none is trained: a response marker that never matched, or a prompt without an answer."""

    fault: str = "MASK-NONE"
    needs_ids: bool = True
    hints: tuple[str, ...] = ()

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        if case.kind == "ids" and case.labels and all(label == IGNORED for label in case.labels):
            detail = f"none of {len(case.labels):,} tokens is trained"
            yield finding(case, self.fault, "fatal", detail, AGAIN if case.turns else "")

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        return [encoded_again(case, target)]


@dataclass(frozen=True)
class EndUntrained:
    """An answer whose end of turn is missing, or there and not trained: the model never learns to stop."""

    fault: str = "EOT-UNTRAINED"
    needs_ids: bool = True
    hints: tuple[str, ...] = ()

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        if case.kind != "ids" or not case.ids:
            return
        row = target.token_row(case)
        for answer in row.answers:
            if answer.end == answer.stop:
                if answer.stop < len(case.ids) or len(case.ids) < target.max_length:  # else it was cut: TRUNC
                    yield finding(case, self.fault, "fatal", f"the answer at token {answer.start} has no end", AGAIN)
            elif trained(case, answer.start, answer.end) and not trained(case, answer.end, answer.end + 1):
                detail = f"the end of turn at token {answer.end} is not trained"
                yield finding(case, self.fault, "fatal", detail, AGAIN)

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        return [encoded_again(case, target)]


@dataclass(frozen=True)
class MaskSpill:
    """Tokens that are trained and should not be: prompt, header, padding; or a label that is not its token's id."""

    fault: str = "MASK-SPILL"
    needs_ids: bool = True
    hints: tuple[str, ...] = ()

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        if case.kind != "ids" or not case.labels:
            return
        if len(case.labels) != len(case.ids):
            detail = f"{len(case.labels):,} labels for {len(case.ids):,} ids"
            yield finding(case, self.fault, "fatal", detail, AGAIN)
            return
        row = target.token_row(case)
        wrong = [
            place
            for place, (number, label) in enumerate(zip(case.ids, case.labels, strict=True))
            if label != IGNORED and (label != number or (row.answers and not row.may_train(place)))
        ]
        if wrong:
            yield finding(case, self.fault, "fatal", self._told(case, row, wrong), AGAIN)

    def _told(self, case: Case, row: TokenRow, wrong: list[int]) -> str:
        others = [place for place in wrong if case.labels[place] != case.ids[place]]
        if others:
            return f"{len(others):,} labels are not their token's id, the first at token {others[0]}"
        padding = sum(1 for place in wrong if not row.first <= place < row.last)
        what = "padding" if padding == len(wrong) else "prompt or header" if not padding else "prompt and padding"
        return f"{len(wrong):,} tokens of {what} are trained, the first at token {wrong[0]}"

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        return [encoded_again(case, target)]


@dataclass(frozen=True)
class Truncated:
    """A row longer than a model is trained on: what stands behind max_length is cut off, the end of turn with it."""

    fault: str = "TRUNC"
    needs_ids: bool = True
    hints: tuple[str, ...] = ()

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        if case.kind == "ids" and is_cut(case, target):
            yield finding(case, self.fault, "warning", f"cut at {len(case.ids):,} tokens, inside an answer")
        elif isinstance(case.encoded, Encoded) and len(case.encoded.input_ids) > target.max_length:
            yield finding(case, self.fault, "warning", self._told(case.encoded, target), "oldest turns dropped")

    def _told(self, encoded: Encoded, target: Target) -> str:
        first = next(place for place, label in enumerate(encoded.labels) if label != IGNORED)
        size = f"{len(encoded.input_ids):,} tokens, max_length is {target.max_length:,}"
        return f"{size}: {'nothing is left to train' if first >= target.max_length else 'an answer is cut'}"

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        """Without the oldest questions and answers, the system turn apart. Never a part of an answer."""
        if case.kind == "ids" and is_cut(case, target):
            raise CannotMendError(CUT_OFF)
        turns = list(case.turns)
        head = turns[:1] if turns and turns[0]["role"] == "system" else []
        rest = turns[len(head) :]
        while len(rest) > 2:
            rest = rest[1:]
            while rest and rest[0]["role"] != "user":
                rest = rest[1:]
            encoded = target.encode([[*head, *rest]])[0] if rest else EncodeError("")
            if isinstance(encoded, Encoded) and len(encoded.input_ids) <= target.max_length:
                return [case.but(turns=[*head, *rest])]
        raise CannotMendError(f"one question and its answer are more than {target.max_length:,} tokens")


def is_cut(case: Case, target: Target) -> bool:
    """Whether a row of ids ends inside an answer, at the length at which rows are cut."""
    if len(case.ids) < target.max_length:
        return False
    answers = target.token_row(case).answers
    return bool(answers) and answers[-1].end == answers[-1].stop == len(case.ids)


def trained(case: Case, start: int, stop: int) -> bool:
    """Whether a token of a stretch is trained. Without labels a trainer takes the ids."""
    return not case.labels or any(label != IGNORED for label in case.labels[start:stop])


def encoded_again(case: Case, target: Target) -> Case:
    """The row with ids and labels from its turns. Raises CannotMendError where these are not known."""
    if not case.turns:
        raise CannotMendError("the ids cannot be taken back to turns, so nobody can tell what is asked and answered")
    if is_cut(case, target):
        raise CannotMendError(CUT_OFF)
    encoded = target.encode([case.turns])[0]
    if isinstance(encoded, EncodeError):
        raise CannotMendError(str(encoded))
    ones = [1] * len(encoded.input_ids) if case.attention else []
    return case.but(ids=encoded.input_ids, labels=encoded.labels, attention=ones)


RULES: tuple[Rule, ...] = (MaskNone(), EndUntrained(), MaskSpill(), Truncated())
