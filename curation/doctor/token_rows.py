"""Rows of token ids: which tokens are real, which of them an assistant says, and which should be trained.

What should be trained comes from the one encode function where the ids are what it gives for the row's turns. Where
they are not (a prompt and an answer tokenised apart, a row that was cut), the answers are found between the ids of the
header that the template puts before an answer and those that end a turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from curation.templates import IGNORED, Encoded

if TYPE_CHECKING:
    from curation.doctor.case import Case
    from curation.doctor.target import Target


@dataclass(frozen=True, slots=True)
class Answer:
    """An assistant's turn in a row of ids."""

    start: int  # first token after the header
    end: int  # first token of what ends the turn; equal to `stop` where nothing does
    stop: int  # token after the last that ends the turn


@dataclass(frozen=True, slots=True)
class TokenRow:
    """One row, looked at once."""

    first: int  # of the real tokens; the others pad
    last: int  # token after the last real one
    answers: list[Answer]
    foreign: bool = False  # whether an id is none of the target's tokenizer

    def may_train(self, place: int) -> bool:
        """Whether a token is part of an answer or ends it."""
        return any(answer.start <= place < answer.stop for answer in self.answers)


def look_at(case: Case, target: Target) -> TokenRow:
    """What a row of ids is made of."""
    if not case.ids or min(case.ids) < 0 or max(case.ids) >= target.vocabulary:
        return TokenRow(0, len(case.ids), [], foreign=bool(case.ids))
    first, last = real_tokens(case.ids, case.attention, target)
    return TokenRow(first, last, answers_in(case, first, last, target))


def real_tokens(ids: Sequence[int], attention: Sequence[int], target: Target) -> tuple[int, int]:
    """(first, after the last) of the tokens that are no padding.

    The attention mask tells. Without one, a run of pad tokens at either end is padding; and of a run of the token that
    ends a turn, all but one, since many pad with it.
    """
    if len(attention) == len(ids) and 0 < sum(map(bool, attention)) < len(ids):
        seen = [place for place, weight in enumerate(attention) if weight]
        return seen[0], seen[-1] + 1
    pads = target.pad_ids
    first, last = 0, len(ids)
    while first < last and ids[first] in pads:
        first += 1
    while last > first and ids[last - 1] in pads:
        last -= 1
    first = max(first, _run(ids, first, last, 1, target) - 1)
    return first, min(last, _run(ids, last - 1, first - 1, -1, target) + 2)


def _run(ids: Sequence[int], start: int, stop: int, step: int, target: Target) -> int:
    """Where a run of one end token that begins at `start` is over."""
    place = start
    while place != stop and ids[place] == ids[start] and ids[start] in target.end_ids:
        place += step
    return place if place != start else start + step


def answers_in(case: Case, first: int, last: int, target: Target) -> list[Answer]:
    """The assistant's turns, by the one encode function where the ids are its own, else by header and end."""
    ids = case.ids
    if isinstance(case.encoded, Encoded) and case.encoded.input_ids == list(ids[first:last]):
        return _by_labels(case.encoded, first, target)
    header, found, place = target.answer_header_ids, [], first
    while header and (begin := _find(ids, header, place, last)) >= 0:
        start = begin + len(header)
        ends = [at for at in range(start, last) if ids[at] in target.end_ids]
        end = ends[0] if ends else last
        stop = end
        while stop < last and ids[stop] in target.end_ids and stop - end < len(target.form.final.end_ids):
            stop += 1
        found.append(Answer(start, end, stop))
        place = max(stop, start)
    return found


def _by_labels(encoded: Encoded, first: int, target: Target) -> list[Answer]:
    """The trained stretches of an encoded conversation."""
    found, start = [], -1
    for place, label in enumerate([*encoded.labels, IGNORED]):
        if label != IGNORED and start < 0:
            start = place
        elif label == IGNORED and start >= 0:
            end = next((at for at in range(start, place) if encoded.input_ids[at] in target.end_ids), place)
            found.append(Answer(first + start, first + end, first + place))
            start = -1
    return found


def _find(ids: Sequence[int], wanted: Sequence[int], start: int, stop: int) -> int:
    """Where `wanted` stands in ids[start:stop], or -1."""
    size = len(wanted)
    for place in range(start, stop - size + 1):
        if ids[place] == wanted[0] and list(ids[place : place + size]) == list(wanted):
            return place
    return -1


def header_ids(target: Target) -> tuple[int, ...]:
    """Ids of what the template puts before every answer; without its last blank, which tokenizers join to a word."""
    header = target.family.headers.get("assistant", "").rstrip(" ")
    ids = target.tokenizer(header, add_special_tokens=False)["input_ids"] if header else []
    return tuple(cast("list[int]", ids))
