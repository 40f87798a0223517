"""Other tools that install from the registry, each in a virtual environment of its own: PEERS/<name>/bin/<command>.

They do not use our fault names, so only one thing is asked: to which rows does the tool object. A tool that names no
rows is taken to have noticed all faulty rows of a file that it objects to; objections to good files count against it.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.format_faults.ours import Seen

SECONDS = 120
ANY = "ANY"


def dropoutt(environment: Path, folder: Path, tokenizer: Path) -> Seen:
    """`dropoutt scan`, with the target's tokenizer: rows in the evidence of findings that are no mere information."""
    with TemporaryDirectory() as scratch:
        out = Path(scratch)
        command = [environment / "bin" / "dropoutt", "scan", folder, "--model", tokenizer, "--out", out, "--offline"]
        begun = time.perf_counter()
        done = run([*map(str, command), "--profile", "sft", "--no-html", "--no-open", "--quiet", "--workers", "1"])
        seen = Seen(seconds=time.perf_counter() - begun)
        said = out / "findings.jsonl"
        if not said.is_file():
            seen.failed = done[-200:]
            return seen
        for line in said.read_text(encoding="utf-8").splitlines():
            finding = json.loads(line)
            if finding["severity"] not in ("info", "pass", "skipped"):
                rows = [(Path(one["source_file"]).name, one["source_index"], ANY) for one in finding["evidence"]]
                seen.named += rows
                if len(rows) < finding["count"] or not rows:  # it shows six rows at most: the file counts as named
                    seen.named += [(file.name, -1, ANY) for file in folder.iterdir()]
        return seen


def soup(environment: Path, folder: Path, tokenizer: Path) -> Seen:
    """`soup data doctor` on each file; it names no rows, so only its verdict counts."""
    return verdicts(
        lambda file: [environment / "bin" / "soup", "data", "doctor", file, "--model", tokenizer, "--sample", "1000"],
        folder,
        ("FAIL", "Error"),
    )


def trainsight(environment: Path, folder: Path, tokenizer: Path) -> Seen:
    """`trainsight check` of the package trainsight-preflight on each file; it names no rows either."""
    return verdicts(
        lambda file: [environment / "bin" / "trainsight", "check", file, "--tokenizer", tokenizer],
        folder,
        ("Gate Failed", "Error"),
    )


def verdicts(command: Callable[[Path], list[Any]], folder: Path, bad: tuple[str, ...]) -> Seen:
    """Files that a tool objects to, by words that it says then; a crash is no objection."""
    seen = Seen()
    for file in sorted(folder.iterdir()):
        begun = time.perf_counter()
        said = run([*map(str, command(file))])
        seen.seconds += time.perf_counter() - begun
        if any(word in said for word in bad) and "Traceback" not in said:
            seen.named.append((file.name, -1, ANY))
    return seen


PEERS = {"dropoutt": dropoutt, "soup-cli": soup, "trainsight-preflight": trainsight}


def look(name: str, peers: Path, folder: Path, tokenizer: Path) -> Seen:
    return PEERS[name](peers / name, folder, tokenizer)


def version(name: str, peers: Path) -> str:
    """Its release; an empty text where it is not installed."""
    python = peers / name / "bin" / "python"
    if not python.is_file():
        return ""
    return run([str(python), "-c", f"from importlib.metadata import version; print(version({name!r}))"]).strip()


def run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"no answer within {SECONDS} seconds"
    return done.stdout + done.stderr
