"""What a kind of fault is, and the files it gives: rows with the fault among good ones, and the truth about each."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from benchmarks.format_faults.talks import Messages, Talk, talks
from benchmarks.format_faults.targets import Target

Row = Any  # one record: dict, list or str
Spoil = Callable[[Talk, Random, Target], Row]
LAYOUTS = ("messages", "sharegpt", "alpaca", "prompt", "text")
CHAT = ("messages", "sharegpt")
SINGLE = ("alpaca", "prompt")  # layouts with room for one question


@dataclass(frozen=True)
class Truth:
    """One faulty row of a file."""

    row: int  # record in the file from 0, -1 for the whole file
    twin: Row | None = None  # the row as it was before the fault; None where nothing can lead back to it
    or_row: int | None = None  # the other row of a pair, which may be named instead


@dataclass
class Made:
    """One file of a set."""

    name: str
    data: bytes
    truth: list[Truth] = field(default_factory=list)
    good: list[Row] = field(default_factory=list)  # rows that must come through a repair as they are


@dataclass(frozen=True)
class Scene:
    """What a kind is made for."""

    target: Target
    random: Random
    turn: int  # which of its layouts a kind takes this time
    faulty: int = 20
    clean: int = 40

    def layout(self, layouts: Sequence[str]) -> str:
        return layouts[self.turn % len(layouts)]

    def talks(self, count: int = 0, **settings: Any) -> list[Talk]:
        return talks(self.random, count or self.faulty + self.clean, **settings)


@dataclass(frozen=True)
class Kind:
    """One way in which a dataset goes wrong; fault "" for a good file."""

    name: str
    fault: str
    make: Callable[[Scene], list[Made]]
    fits: Callable[[Target], bool] = lambda target: True
    also: tuple[str, ...] = ()  # other faults that name it as well


def laid_out(messages: Messages, layout: str, target: Target) -> Row:
    """A conversation as one record of a layout."""
    if layout == "messages":
        return {"messages": messages}
    if layout == "sharegpt":
        names = {"user": "human", "assistant": "gpt"}
        turns = [{"from": names.get(turn["role"], turn["role"]), "value": turn["content"]} for turn in messages]
        return {"conversations": turns}
    if layout == "text":
        return {"text": target.text(messages)}
    if layout == "ids":
        ids, labels = target.ids(messages)
        return {"input_ids": ids, "labels": labels, "attention_mask": [1] * len(ids)}
    question, answer = messages[-2]["content"], messages[-1]["content"]
    if layout == "alpaca":
        return {"instruction": question, "input": "", "output": answer}
    return {"prompt": question, "completion": answer}


def lines(rows: Sequence[Row], end: str = "\n") -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + end for row in rows).encode("utf-8", "surrogatepass")


def among_good(spoil: Spoil, layouts: Sequence[str] = LAYOUTS, *, twins: bool = True, **settings: Any) -> Any:
    """A kind whose faulty conversations stand at random places among good ones of the same layout."""

    def make(scene: Scene) -> list[Made]:
        layout = scene.layout(layouts)
        longest = 1 if layout in SINGLE else settings.get("longest", 3)
        drawn = scene.talks(**{**settings, "longest": longest})
        good = [laid_out(talk.messages, layout, scene.target) for talk in drawn]
        bad = [
            laid_out(spoil(talk, scene.random, scene.target), layout, scene.target) for talk in drawn[: scene.faulty]
        ]
        return [mixed(scene, layout, good, bad, twins=twins)]

    return make


def raw_rows(spoil: Spoil, layout: str, *, twins: bool = True, **settings: Any) -> Any:
    """As `among_good`, where `spoil` gives the record itself and `layout` is that of the good rows."""

    def make(scene: Scene) -> list[Made]:
        drawn = scene.talks(**settings)
        good = [laid_out(talk.messages, layout, scene.target) for talk in drawn]
        bad = [spoil(talk, scene.random, scene.target) for talk in drawn[: scene.faulty]]
        return [mixed(scene, layout, good, bad, twins=twins)]

    return make


def mixed(scene: Scene, layout: str, good: list[Row], bad: list[Row], *, twins: bool = True) -> Made:
    """The faulty rows in place of their twins, all shuffled."""
    order = list(range(len(good)))
    scene.random.shuffle(order)
    rows = [bad[place] if place < len(bad) else good[place] for place in order]
    truth = [Truth(row, good[place] if twins else None) for row, place in enumerate(order) if place < len(bad)]
    kept = [good[place] for place in order if place >= len(bad)]
    return Made(f"{layout}.jsonl", lines(rows), truth, kept)
