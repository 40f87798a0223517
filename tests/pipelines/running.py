"""Runs `python -m pipelines.build` as a person does, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def command(out: Path, *more: object) -> list[str]:
    return [
        sys.executable,
        "-m",
        "pipelines.build",
        "--out",
        str(out / "build"),
        "--cache",
        str(out / "cache"),
        *map(str, more),
    ]


def build(out: Path, *more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(out, *more), capture_output=True, text=True, cwd=PROJECT, encoding="utf-8")


def contents(folder: Path) -> dict[str, bytes]:
    """Every file but the one that holds clocks."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "timings.json"
    }
