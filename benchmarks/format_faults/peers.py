"""Other tools that install from the registry, each in a virtual environment of its own: PEERS/<name>/bin/<command>.

They do not use our fault names, so only two things are asked: does the tool object to the file at all, and to which
rows. What it says of a good file of the same kind of content counts against it.
"""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

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
                seen.named += rows or [("", -1, ANY)]
        return seen


def soup(environment: Path, folder: Path, tokenizer: Path) -> Seen:
    """`soup data doctor` looks at one file (of two, the test file); it names no rows, so only its verdict counts."""
    first = max(folder.iterdir())
    command = [environment / "bin" / "soup", "data", "doctor", first, "--model", tokenizer, "--sample", "1000"]
    begun = time.perf_counter()
    said = run([*map(str, command)])
    objects = "FAIL" in said or "Error" in said
    return Seen([(first.name, -1, ANY)] if objects else [], seconds=time.perf_counter() - begun)


PEERS = {"dropoutt": dropoutt, "soup-cli": soup}


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
