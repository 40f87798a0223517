"""The doctor of this project, by its public command: what it names in each file, and what its repaired copy holds."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any


@dataclass
class Seen:
    """What a tool made of one kind for one model."""

    named: list[tuple[str, int, str]] = field(default_factory=list)  # file, row (-1: whole file), fault
    advice: list[tuple[str, int, str]] = field(default_factory=list)  # the same, of what is only advised
    written: list[Any] | None = None  # rows of the repaired copy; None for a tool that repairs nothing
    proved: set[tuple[str, int]] = field(default_factory=set)  # rows that the tool says it repaired
    left_out: set[tuple[str, int]] = field(default_factory=set)  # rows in its quarantine
    failed: str = ""


def look(folder: Path, model: str) -> Seen:
    """`python -m pipelines.doctor FOLDER --for MODEL --format json --fix OUT`, without a new process for each."""
    from pipelines.doctor import main

    with TemporaryDirectory() as scratch:
        said, fixed = Path(scratch) / "findings.jsonl", Path(scratch) / "fixed"
        files = sorted(folder.iterdir())
        given = str(files[0] if len(files) == 1 else folder)
        options = ["--for", model, "--format", "json", "--out", str(said), "--fix", str(fixed), "--workers", "1"]
        try:
            code = main([given, *options, "--fail-on", "never", "--quiet"])
        except Exception as error:  # noqa: BLE001 - a crash of what is measured is a result, not an end
            return Seen(failed=f"{type(error).__name__}: {error}")
        if code:
            return Seen(failed=f"exit status {code}")
        named, advice = findings(said)
        written, proved, left_out = repaired(fixed)
        return Seen(named, advice, written, proved, left_out)


def findings(said: Path) -> tuple[list[tuple[str, int, str]], list[tuple[str, int, str]]]:
    """What is named as a fault, and what is only advised."""
    told: tuple[list[tuple[str, int, str]], list[tuple[str, int, str]]] = ([], [])
    for line in said.read_text(encoding="utf-8").splitlines():
        one = json.loads(line)
        told[one["severity"] == "advice"].append((Path(one["file"]).name, one["row"], one["fault"]))
    return told


def repaired(fixed: Path) -> tuple[list[Any], set[tuple[str, int]], set[tuple[str, int]]]:
    """Rows written, rows proved, rows in quarantine."""
    notes = json.loads((fixed / "doctor.json").read_text(encoding="utf-8"))
    aside = fixed / "quarantine.jsonl"
    rows = [row for name in notes["files"] for row in records(fixed / name)]
    left = records(aside) if aside.is_file() else []
    return rows, places(notes["proofs"]), places(left)


def records(file: Path) -> list[Any]:
    text = file.read_text(encoding="utf-8")
    return json.loads(text) if file.suffix == ".json" else [json.loads(line) for line in text.split("\n") if line]


def places(told: list[dict[str, Any]]) -> set[tuple[str, int]]:
    return {(Path(one["file"]).name, one["row"]) for one in told}
