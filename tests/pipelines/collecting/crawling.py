"""Runs `python -m pipelines.collect` against a loopback site as a person does, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[3]
CONTACT = "tests@example.org"


def command(source: str, out: Path, *more: object) -> list[str]:
    return [sys.executable, "-m", "pipelines.collect", source, "--out", str(out), *map(str, more)]


def environment(contact: str = CONTACT) -> dict[str, str]:
    return {**os.environ, "SLANG_CONTACT": contact}


def collect(
    site, source: str, out: Path, *more: object, contact: str = CONTACT, **variables: str
) -> subprocess.CompletedProcess[str]:
    """With no delay between requests, which only a site of one's own allows; `variables` go into its environment."""
    own = ["--base-url", site.url, "--delay", "0"] if site else []
    return subprocess.run(
        command(source, out, *own, *more), capture_output=True, text=True, cwd=PROJECT, env={**environment(contact), **variables},
        encoding="utf-8", timeout=400,
    )  # fmt: skip


def records(out: Path, name: str = "urban_dictionary") -> list[dict]:
    return lines(out / name / "records.jsonl")


def lines(file: Path) -> list[dict]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def manifest(out: Path, name: str = "urban_dictionary") -> dict:
    return json.loads((out / name / "manifest.json").read_text(encoding="utf-8"))


def everything(folder: Path) -> bytes:
    """The bytes of every file, hidden ones too."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
