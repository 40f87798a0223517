"""How a tool did on one kind for one model: rows named, good rows named, rows repaired, rows repaired wrongly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from benchmarks.format_faults.ours import Seen
from benchmarks.format_faults.sets import Kind, Made


@dataclass
class Score:
    """Counts of rows; scores of one kind for several models add up."""

    faulty: int = 0
    named: int = 0  # faulty rows named with their fault, or one that says the same
    noticed: int = 0  # faulty rows named with any fault
    good: int = 0
    alarms: int = 0  # good rows that are named with a fault of any kind
    twins: int = 0  # faulty rows whose one right repair is known
    repaired: int = 0  # of these: the repaired copy holds exactly it
    wrong: int = 0  # of these: said to be repaired, and is not; and good rows that the copy has not
    examples: list[str] = field(default_factory=list)  # of what was missed or named wrongly

    def __add__(self, other: Score) -> Score:
        counts = (name for name in vars(self) if name != "examples")
        added = {name: getattr(self, name) + getattr(other, name) for name in counts}
        return Score(**added, examples=[*self.examples, *other.examples])

    @property
    def recall(self) -> float:
        return self.named / self.faulty if self.faulty else 1.0


def score(model: str, kind: Kind, made: list[Made], seen: Seen) -> Score:
    """One kind for one model; its files lie in one folder."""
    result, wanted = Score(), {kind.fault, *kind.also}
    faults = by_row([*seen.named, *seen.advice])
    spoilt: set[tuple[str, int]] = set()
    for file in made:
        for one in file.truth:
            rows = {(file.name, row) for row in (one.row, one.or_row) if row is not None}
            spoilt |= rows
            told = set().union(*(faults.get(row, ()) for row in rows))
            if "ANY" in faults.get((file.name, -1), ()):  # a peer that names no rows
                told = told | {"ANY"}
            if one.row < 0:  # a fault of the whole file may be told at its rows
                told = set().union(*faults.values())
            result.faulty += 1
            result.named += bool(told & wanted)
            result.noticed += bool(told)
            if not told & wanted:
                result.examples.append(f"{model} {kind.name} {file.name}:{one.row} named {sorted(told) or 'nothing'}")
        result.good += max(0, rows_in(file) - len({row for name, row in spoilt if name == file.name and row >= 0}))
    count_alarms(model, kind, by_row(seen.named), spoilt, result)
    count_repairs(model, kind, made, seen, result)
    if seen.failed:
        result.examples.insert(0, f"{model} {kind.name}: {seen.failed}")
    return result


def by_row(named: Iterable[tuple[str, int, str]]) -> dict[tuple[str, int], set[str]]:
    faults: dict[tuple[str, int], set[str]] = {}
    for file, row, fault in named:
        faults.setdefault((file, row), set()).add(fault)
    return faults


def rows_in(file: Made) -> int:
    return len(file.good) + len([one for one in file.truth if one.row >= 0])


def count_alarms(
    model: str, kind: Kind, faults: dict[tuple[str, int], set[str]], spoilt: set[tuple[str, int]], result: Score
) -> None:
    """Good rows that are named; in a good file also what is said of the file as a whole."""
    whole_file = any(row < 0 for _, row in spoilt)
    for place, told in faults.items():
        wrong = told - {kind.fault, *kind.also} if whole_file else told
        if wrong and place not in spoilt and (place[1] >= 0 or not kind.fault):
            result.alarms += 1
            result.examples.append(f"{model} {kind.name} {place[0]}:{place[1]} good row named {sorted(wrong)}")


def count_repairs(model: str, kind: Kind, made: list[Made], seen: Seen, result: Score) -> None:
    """Each twin and each good row must be in the copy, as often as it was there before the fault."""
    if seen.written is None:
        return
    there = Counter(map(canonical, seen.written))
    for file in made:
        for row in file.good:
            if not there[canonical(row)]:
                result.wrong += 1
                result.examples.append(f"{model} {kind.name} {file.name}: a good row is not in the copy as it was")
        for one in file.truth:
            if one.twin is None:
                continue
            result.twins += 1
            if there[canonical(one.twin)]:
                result.repaired += 1
            elif (file.name, one.row) in seen.proved:
                result.wrong += 1
                result.examples.append(f"{model} {kind.name} {file.name}:{one.row} repaired into something else")


def canonical(row: Any) -> str:
    """What a row says, whatever its layout: two rows that train the same are equal."""
    if isinstance(row, dict) and "input_ids" in row:
        return repr(tokens(row))
    if isinstance(row, dict) and isinstance(row.get("text"), str):
        return str(row["text"])
    return repr([(role, said(content)) for role, content in turns(row)])


def tokens(row: dict[str, Any]) -> tuple[list[int], list[int]]:
    """Ids and labels without padding at the end: from the last trained token on, unless attended to."""
    ids, labels = list(row["input_ids"]), list(row["labels"])
    while labels and labels[-1] == -100:
        ids.pop()
        labels.pop()
    return ids, labels


def turns(row: Any) -> list[tuple[str, Any]]:
    names = {"human": "user", "gpt": "assistant"}
    if isinstance(row, list):
        return [(str(turn.get("role")), turn.get("content")) for turn in row]
    if "messages" in row:
        return [(str(turn.get("role")), turn.get("content")) for turn in row["messages"]]
    if "conversations" in row:
        return [(names.get(turn["from"], turn["from"]), turn["value"]) for turn in row["conversations"]]
    if "instruction" in row:
        return [("user", row["instruction"]), ("assistant", row["output"])]
    if "prompt" in row:
        return [("user", row["prompt"]), ("assistant", row["completion"])]
    return [("?", row)]


def said(content: Any) -> str:
    if isinstance(content, list) and all(isinstance(part, dict) and "text" in part for part in content):
        return "".join(str(part["text"]) for part in content).strip()
    return str(content).strip()
