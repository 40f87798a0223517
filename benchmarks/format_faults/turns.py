"""Faults of who speaks when, and of the record around it: 10, 12 to 15, 18."""

# ruff: noqa: ARG001 - every change is called with talk, random source and target
from __future__ import annotations

import json
from random import Random
from typing import Any

from benchmarks.format_faults.sets import CHAT, Kind, Made, Scene, Truth, among_good, laid_out, lines, raw_rows
from benchmarks.format_faults.talks import SYSTEM, Messages, Talk
from benchmarks.format_faults.targets import Target


def roles(names: dict[str, str]) -> Any:
    """The same turns under other names."""

    def spoil(talk: Talk, random: Random, target: Target) -> Messages:
        return [{**turn, "role": names.get(turn["role"], turn["role"])} for turn in talk.messages]

    return spoil


def two_users(talk: Talk, random: Random, target: Target) -> Messages:
    first = {"role": "user", "content": "I have a question about slang."}
    return [first, *talk.messages]


def late_system(talk: Talk, random: Random, target: Target) -> Messages:
    return [*talk.messages[:-1], {"role": "system", "content": SYSTEM}, talk.messages[-1]]


def in_user(talk: Talk, random: Random, target: Target) -> Messages:
    return [{"role": "user", "content": f"Question: {talk.question}\nAnswer: {talk.answer}"}]


def flat(write: Any, name: str) -> Any:
    """Turns of many conversations, one record each: each pair must come back."""

    def make(scene: Scene) -> list[Made]:
        drawn = scene.talks(scene.faulty)
        turns = [turn for talk in drawn for turn in talk.messages]
        pairs = [{"messages": talk.messages} for talk in drawn]
        return [
            Made(name, write(turns), [Truth(row, pairs[row // 2] if row % 2 else None) for row in range(len(turns))])
        ]

    return make


def mixed_layouts(talk: Talk, random: Random, target: Target) -> Any:
    return laid_out(talk.messages, "sharegpt", target)


def unread_key(talk: Talk, random: Random, target: Target) -> Any:
    """A sentence in a column that no trainer knows and most rows do not have, and that the row does not say itself."""
    return {**laid_out(talk.messages, "alpaca", target), "remarks": f"Another reader wrote: {talk.entry.example}"}


KINDS = (
    Kind("gpt_and_human", "ROLE-NAME", among_good(roles({"user": "human", "assistant": "gpt"}), ("messages",))),
    Kind("capital_letters", "ROLE-NAME", among_good(roles({"user": "User", "assistant": "Assistant"}), ("messages",))),
    Kind("narrator", "ROLE-NAME", among_good(roles({"assistant": "narrator"}), CHAT, twins=False)),
    Kind("asisstant", "ROLE-NAME", among_good(roles({"assistant": "asisstant"}), CHAT)),
    Kind("exchanged", "ROLE-SWAP", among_good(roles({"user": "assistant", "assistant": "user"}), CHAT, longest=1),
         also=("ROLE-ORDER",)),
    Kind("two_users", "ROLE-ORDER", among_good(two_users, CHAT, twins=False)),
    Kind("ends_in_user", "ROLE-ORDER",
         among_good(lambda t, r, g: [*t.messages, {"role": "user", "content": "And what about you?"}], CHAT)),
    Kind("late_system", "ROLE-ORDER", among_good(late_system, CHAT, twins=False)),
    Kind("assistant_first", "ROLE-ORDER",
         among_good(lambda t, r, g: [{"role": "assistant", "content": "Welcome!"}, *t.messages], CHAT, twins=False)),
    Kind("no_answer_turn", "NO-TARGET", among_good(lambda t, r, g: t.messages[:1], CHAT, longest=1, twins=False),
         also=("ROLE-ORDER",)),
    Kind("empty_answer", "NO-TARGET",
         among_good(lambda t, r, g: t.answering(""), ("messages", "alpaca", "prompt"), longest=1, twins=False)),
    Kind("blank_answer", "NO-TARGET",
         among_good(lambda t, r, g: t.answering(" \n"), ("messages", "alpaca", "prompt"), longest=1, twins=False)),
    Kind("all_in_user", "NO-TARGET", among_good(in_user, ("messages",), longest=1)),
    Kind("flat_lines", "FLAT", flat(lines, "turns.jsonl")),
    Kind("flat_array", "FLAT", flat(lambda turns: json.dumps(turns).encode(), "turns.json")),
    Kind("capital_keys", "KEY-SCHEMA",
         raw_rows(lambda t, r, g: {"Instruction": t.question, "Input": "", "Output": t.answer}, "alpaca")),
    Kind("mixed_layouts", "KEY-SCHEMA", raw_rows(mixed_layouts, "messages")),
    Kind("unread_text", "KEY-SCHEMA", raw_rows(unread_key, "alpaca", twins=False)),
)  # fmt: skip
