"""Recall and precision of every fault that is planted in the sample, from a finished build of it.

    python -m pipelines.build && python -m benchmarks.planted data/builds/sample

How a row counts is told in data/README.md: of two duplicates either may leave, and a mark on a row that no line of
PLANTED.tsv names, or on a control, is a false alarm.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.tables import read_table

PLANTED = Path(__file__).resolve().parents[1] / "data" / "raw" / "PLANTED.tsv"
DUPLICATES = {"exact_duplicate", "same_sense_duplicate"}
CONTROL, REPAIR = "control:", "repair:"
Spot = tuple[str, int]  # file, row


@dataclass
class Score:
    """How one fault was found."""

    planted: int = 0
    found: int = 0
    false_alarms: int = 0
    controls: int = 0
    controls_marked: int = 0
    missed: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float:
        return self.found / self.planted if self.planted else float("nan")

    @property
    def precision(self) -> float:
        marked = self.found + self.false_alarms + self.controls_marked
        return self.found / marked if marked else float("nan")


def score(build: Path) -> dict[str, Score]:
    """Fault → Score, from the entries and the ledger of a build of the sample."""
    said = marks_by_spot(build)
    with PLANTED.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    scores: dict[str, Score] = defaultdict(Score)
    named = {spot for line in lines for spot in (spot_of(line), related(line)) if spot}
    for line in lines:
        count(line, said, scores)
    for spot, marks in said.items():
        for mark in marks if spot not in named else ():
            scores[mark].false_alarms += not mark.startswith(REPAIR)
    return {fault: scores[fault] for fault in sorted(scores)}


def count(line: dict[str, str], said: dict[Spot, set[str]], scores: dict[str, Score]) -> None:
    fault, spot = line["fault"], spot_of(line)
    if fault.startswith(CONTROL):
        like = fault.removeprefix(CONTROL)
        scores[like].controls += 1
        scores[like].controls_marked += like in said[spot]
        return
    wanted = DUPLICATES if fault in DUPLICATES else {fault}
    other = related(line) if fault in DUPLICATES else None
    marks = said[spot] | (said[other] if other else set())
    scores[fault].planted += 1
    scores[fault].found += bool(wanted & marks)
    if not wanted & marks:
        scores[fault].missed.append(f"{line['file']}:{line['row']} {line['term']}")


def spot_of(line: dict[str, str]) -> Spot:
    return line["file"], int(line["row"])


def related(line: dict[str, str]) -> Spot | None:
    file, _, row = line["related"].rpartition(":")
    return (file, int(row)) if file else None


def marks_by_spot(build: Path) -> dict[Spot, set[str]]:
    """Every reason, flag and repair that a build gave to the record at (file, row)."""
    said: dict[Spot, set[str]] = defaultdict(set)
    for name in ("entries", "ledger"):
        for row in read_table(build / f"{name}.parquet").to_dict("records"):
            said[row["file"], row["row"]] |= set(marks_of(row))
    return said


def marks_of(row: dict[Any, Any]) -> Iterator[str]:
    yield from row["flags"]
    yield from (f"{REPAIR}{repair.partition(':')[2]}" for repair in row["repairs"])
    if row.get("reason"):
        yield str(row["reason"])


def main() -> int:
    from rich.console import Console
    from rich.table import Table

    table = Table()
    for name in ("fault", "planted", "recall", "precision", "controls marked"):
        table.add_column(name, no_wrap=True)
    table.add_column("missed")
    for fault, one in score(Path(sys.argv[1])).items():
        alarms = f"{one.controls_marked} of {one.controls}" if one.controls else ""
        missed = "; ".join(one.missed[:3]) + (" …" if len(one.missed) > 3 else "")
        table.add_row(fault, str(one.planted), f"{one.recall:.2f}", f"{one.precision:.2f}", alarms, missed)
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
