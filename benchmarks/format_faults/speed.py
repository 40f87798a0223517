"""How many rows a second each tool looks at: `python -m benchmarks.format_faults.speed`.

Each tool's command is timed on a few rows and on many, in turn, and the rows between are divided by the seconds
between: what a command takes to start is not counted, reading the file and writing what was found is.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from benchmarks.format_faults import peers
from benchmarks.format_faults.tables import write_between
from benchmarks.format_faults.talks import talks
from benchmarks.format_faults.targets import target

MODEL = "lab"  # whose tokenizer is in the project
FEW = 1_000  # rows; what is timed is the step from here to --rows
Look = Callable[[Path], object]  # folder of one file → whatever


@dataclass(frozen=True)
class Pace:
    """How quick a tool is."""

    rows: float  # a second
    start: float  # seconds that the few rows took, the start of the command among them


def main(argv: list[str] | None = None) -> int:
    options = parse(argv)
    try:
        with TemporaryDirectory() as scratch:
            few, many, told = files(options, Path(scratch))
            paces = {name: pace(look, few, many, options) for name, look in tools(options, Path(scratch)).items()}
    except (OSError, ValueError) as error:
        print(f"benchmarks.format_faults.speed: {error}", file=sys.stderr)
        return 2
    text = f"{told}\n\n{table(paces)}"
    print(text)
    if options.write:
        write_between("speed", text)
    return 0


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.format_faults.speed", description=__doc__.split(":")[0])
    parser.add_argument("--rows", type=int, default=20_000, metavar="N", help="rows of the larger file (20000)")
    parser.add_argument("--data", type=Path, metavar="FILE", help="rows of your own, .jsonl; made ones without it")
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="of which the quickest counts (3)")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="processes of ours (2)")
    parser.add_argument("--peers", type=Path, metavar="DIR", help="environments of the peers: DIR/<name>/bin/…")
    parser.add_argument("--write", action="store_true", help="put the table into README.md")
    options = parser.parse_args(argv)
    if options.rows <= FEW:
        parser.error(f"--rows {options.rows}: expected more than {FEW:,}")
    return options


def files(options: argparse.Namespace, scratch: Path) -> tuple[Path, Path, str]:
    """A folder with few rows, one with all, and what they are, in words."""
    if options.data:
        lines = options.data.read_text(encoding="utf-8").splitlines()[: options.rows]
    else:
        lines = [line for block in range(-(-options.rows // FEW)) for line in made(block)][: options.rows]
    if len(lines) < options.rows:
        raise ValueError(f"{options.data}: {len(lines):,} rows, expected {options.rows:,}")
    folders = scratch / "few", scratch / "many"
    for folder, count in zip(folders, (FEW, options.rows), strict=True):
        folder.mkdir()
        (folder / "messages.jsonl").write_text("\n".join(lines[:count]) + "\n", encoding="utf-8")
    told = ", of real text" if options.data else ""
    return *folders, f"{options.rows:,} rows of {mean_tokens(lines[:FEW]):.0f} tokens of {MODEL} in the mean{told}."


def made(block: int) -> Iterator[str]:
    """A thousand conversations on terms that no other block has."""
    for talk in talks(Random(block), FEW):
        for turn in talk.messages:
            turn["content"] = turn["content"].replace(talk.entry.term, f"{talk.entry.term}{block or ''}")
        yield json.dumps({"messages": talk.messages}, ensure_ascii=False)


def mean_tokens(lines: Iterable[str]) -> float:
    """Tokens of what is said in a row, without those of the template."""
    said = [turn["content"] for line in lines for turn in json.loads(line)["messages"]]
    return sum(target(MODEL).tokenizer(said, add_special_tokens=False, return_length=True)["length"]) / FEW


def tools(options: argparse.Namespace, scratch: Path) -> dict[str, Look]:
    """Every tool by its name."""
    found: dict[str, Look] = {"ours": ours(options.workers), "ours, without ids": ours(options.workers, "--no-ids")}
    if options.peers:
        target(MODEL).tokenizer.save_pretrained(scratch / "tokenizer", save_jinja_files=False)  # peers read one file
    for name in peers.PEERS if options.peers else ():
        if peers.version(name, options.peers):
            command = peers.opened(name, options.peers)
            found[name] = lambda folder, name=name, command=command: peers.PEERS[name].look(
                command, folder, scratch / "tokenizer"
            )
    return found


def ours(workers: int, *more: str) -> Look:
    """The command of this project, a new process each time."""

    def look(folder: Path) -> object:
        words = ["--for", MODEL, "--format", "json", "--out", str(folder.parent / "found.jsonl"), "--fail-on", "never"]
        command = [sys.executable, "-m", "pipelines.doctor", str(folder / "messages.jsonl"), *words, "--quiet"]
        return subprocess.run([*command, "--workers", str(workers), *more], check=True, stdout=subprocess.DEVNULL)

    return look


def pace(look: Look, few: Path, many: Path, options: argparse.Namespace) -> Pace:
    """The quickest of several runs on each file, in turn."""
    seconds: dict[Path, list[float]] = {few: [], many: []}
    for _ in range(options.runs):
        for folder, took in seconds.items():
            begin = time.perf_counter()
            look(folder)
            took.append(time.perf_counter() - begin)
    between = min(seconds[many]) - min(seconds[few])
    return Pace((options.rows - FEW) / between if between > 0 else float("inf"), min(seconds[few]))


def table(paces: dict[str, Pace]) -> str:
    """A line a tool; ratios to ours with ids, which looks for every fault."""
    lines = ["| tool | rows a second | beside ours | a thousand rows, with its start |", "|---|---:|---:|---:|"]
    for name, one in paces.items():
        lines.append(f"| {name} | {one.rows:,.0f} | {one.rows / paces['ours'].rows:.2f} | {one.start:.1f} s |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
