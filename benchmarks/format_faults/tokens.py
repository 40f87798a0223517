"""Faults that only token ids and labels show: 1, 2, 3, 6, 7, 9."""

# ruff: noqa: ARG001 - every change is called with talk, random source and target
from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import Any

from benchmarks.format_faults.rendered import bos_first
from benchmarks.format_faults.sets import Kind, raw_rows
from benchmarks.format_faults.talks import Talk
from benchmarks.format_faults.targets import IGNORED, Target

Pair = tuple[list[int], list[int]]  # ids and labels, of the same length
PADDED = 16
LONGEST = 2048  # tokens that are trained at once


def record(ids: list[int], labels: list[int]) -> Any:
    return {"input_ids": ids, "labels": labels, "attention_mask": [1] * len(ids)}


def changed(change: Callable[[list[int], list[int], Target, Random], Pair], **settings: Any) -> Any:
    """The target's own ids and labels with something wrong with them."""

    def spoil(talk: Talk, random: Random, target: Target) -> Any:
        return record(*change(*target.ids(talk.messages), target, random))

    return raw_rows(spoil, "ids", **{"longest": 2, **settings})


def answers(labels: list[int]) -> list[tuple[int, int]]:
    """First token of each trained stretch, and the token after its last."""
    trained = [False, *(label != IGNORED for label in labels), False]
    edges = [place for place, (left, right) in enumerate(pairwise(trained)) if left != right]
    return list(zip(edges[::2], edges[1::2], strict=True))


def end_masked(ids: list[int], labels: list[int], target: Target, random: Random) -> Pair:
    end = target.token(target.end)
    return ids, [IGNORED if label == end else label for label in labels]


def end_cut(ids: list[int], labels: list[int], target: Target, random: Random) -> Pair:
    last = answers(labels)[-1][1] - 1
    return ids[:last], labels[:last]


def padded_with_end(ids: list[int], labels: list[int], target: Target, random: Random) -> Pair:
    """Padded with the end of turn, which is then masked everywhere."""
    end = target.token(target.end)
    return ids + [end] * PADDED, [IGNORED if label == end else label for label in labels] + [IGNORED] * PADDED


def header_trained(ids: list[int], labels: list[int], target: Target, random: Random) -> Pair:
    begin = answers(labels)[-1][0]
    return ids, [*labels[: begin - 3], *ids[begin - 3 : begin], *labels[begin:]]


def padding_trained(ids: list[int], labels: list[int], target: Target, random: Random) -> Pair:
    pad = [int(target.tokenizer.pad_token_id)] * PADDED
    return ids + pad, labels + pad


def other_labels(ids: list[int], labels: list[int], target: Target, random: Random) -> Pair:
    """Labels shifted by one, as if the trainer did not do it."""
    return ids, [*labels[1:], IGNORED]


def one_label_wrong(ids: list[int], labels: list[int], target: Target, random: Random) -> Pair:
    begin, end = answers(labels)[-1]
    at = random.randrange(begin, end - 1)
    return ids, [*labels[:at], ids[at] + 1, *labels[at + 1 :]]


def control_inside(ids: list[int], labels: list[int], target: Target, random: Random) -> Pair:
    begin, end = answers(labels)[-1]
    at, token = random.randrange(begin + 2, end - 2), target.token(target.end)
    return [*ids[:at], token, *ids[at:]], [*labels[:at], token, *labels[at:]]


def spelled_out(ids: list[int], labels: list[int], target: Target, random: Random) -> Pair:
    """The end of turn in ordinary pieces before the real one."""
    at, pieces = answers(labels)[-1][1] - 1, target.pieces(target.end)
    return [*ids[:at], *pieces, *ids[at:]], [*labels[:at], *pieces, *labels[at:]]


def answer_cut(ids: list[int], labels: list[int], target: Target, random: Random) -> Pair:
    """Broken off in the middle of the answer, as a limit on the length does."""
    begin, end = answers(labels)[-1]
    return ids[: (begin + end) // 2], labels[: (begin + end) // 2]


def only_prompt(talk: Talk, random: Random, target: Target) -> Any:
    """A question longer than what is trained at once, cut where that ends: nothing of the answer is left."""
    question = " ".join([talk.question, *(f"({number}) {talk.entry.example}" for number in range(LONGEST // 5))])
    ids, labels = target.ids(talk.asking(question))
    return record(ids[:LONGEST], labels[:LONGEST])


KINDS = (
    Kind("all_masked", "MASK-NONE", changed(lambda ids, labels, g, r: (ids, [IGNORED] * len(ids)))),
    Kind("end_masked", "EOT-UNTRAINED", changed(end_masked)),
    Kind("end_cut", "EOT-UNTRAINED", changed(end_cut), also=("TRUNC",)),
    Kind("padded_with_end", "EOT-UNTRAINED", changed(padded_with_end)),
    Kind("prompt_trained", "MASK-SPILL", changed(lambda ids, labels, g, r: (ids, list(ids)))),
    Kind("header_trained", "MASK-SPILL", changed(header_trained)),
    Kind("padding_trained", "MASK-SPILL", changed(padding_trained)),
    Kind("labels_shifted", "MASK-SPILL", changed(other_labels), also=("EOT-UNTRAINED",)),
    Kind("one_label_wrong", "MASK-SPILL", changed(one_label_wrong)),
    Kind("two_bos", "BOS-COUNT",
         changed(lambda ids, labels, g, r: ([g.token(g.bos), *ids], [IGNORED, *labels])), bos_first),
    Kind("no_bos", "BOS-COUNT", changed(lambda ids, labels, g, r: (ids[1:], labels[1:])), bos_first),
    Kind("control_id_inside", "CTRL-TOKEN", changed(control_inside, twins=False)),
    Kind("control_spelled_out", "CTRL-TOKEN", changed(spelled_out)),
    Kind("only_prompt", "TRUNC", raw_rows(only_prompt, "ids", twins=False), also=("MASK-NONE", "EOT-UNTRAINED")),
    Kind("answer_cut", "TRUNC", changed(answer_cut, twins=False), also=("EOT-UNTRAINED",)),
)  # fmt: skip
