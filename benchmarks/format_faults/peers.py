"""Other tools that install from the registry, each in a virtual environment of its own: PEERS/<name>/bin/python.

They do not use our fault names, so only one thing is asked: to which rows does the tool object. A tool that names no
rows is taken to have noticed all faulty rows of a file that it objects to; objections to good files count against it.
What a tool says of plain good files of the same layout (that there is no licence, that it cannot read the layout) is
no objection to anything.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

from benchmarks.format_faults.ours import Seen

SECONDS = 120
ANY = "ANY"
Usual = dict[str, set[str]]  # layout → what a tool says of good files
AUTO = "transformers.models.auto.tokenization_auto"
Command = Callable[..., str]  # arguments → all that it printed


@dataclass(frozen=True)
class Peer:
    """How a tool is called, and how its answer is read."""

    look: Callable[[Command, Path, Path], Seen]
    module: str  # of its command
    function: str
    needed: str  # what the command would import anew in each run


def dropoutt(command: Command, folder: Path, tokenizer: Path) -> Seen:
    """`dropoutt scan`, with the target's tokenizer: rows in the evidence of findings that are no mere information."""
    with TemporaryDirectory() as scratch:
        out = Path(scratch)
        words = ["scan", folder, "--model", tokenizer, "--out", out, "--offline", "--profile", "sft"]
        done = command(*words, "--no-html", "--no-open", "--quiet", "--workers", "1")
        found = out / "findings.jsonl"
        if not found.is_file():
            return Seen(failed=done[-200:])
        seen = Seen()
        for line in found.read_text(encoding="utf-8").splitlines():
            finding = json.loads(line)
            if finding["severity"] not in ("info", "pass", "skipped"):
                said, shown = finding["check_id"], finding["evidence"]
                seen.named += [(Path(one["source_file"]).name, one["source_index"], said) for one in shown]
                if len(shown) < finding["count"] or not shown:  # it shows six rows at most: the file counts as named
                    seen.named += [(file.name, -1, said) for file in folder.iterdir()]
        return seen


def soup(command: Command, folder: Path, tokenizer: Path) -> Seen:
    """`soup data doctor` on each file; it names no rows, so its checks that are not OK count for all."""
    with TemporaryDirectory() as scratch:  # below the folder that the command runs in: it writes nowhere else

        def ask(file: Path) -> tuple[str, list[str]]:
            told = Path(scratch, f"{file.name}.json")
            said = command("data", "doctor", file, "--model", tokenizer, "--sample", "20000", "--output", told)
            if not told.is_file():
                return said, ["refused"]
            checks = json.loads(told.read_text(encoding="utf-8"))["checks"]
            return said, [one["name"] for one in checks if one["verdict"] != "OK"]

        return by_file(folder, ask)


def trainsight(command: Command, folder: Path, tokenizer: Path) -> Seen:
    """`trainsight check` of the package trainsight-preflight on each file; it names no rows either."""

    def ask(file: Path) -> tuple[str, list[str]]:
        said = command("check", file, "--tokenizer", tokenizer)
        counts = {name.strip(): int(count) for name, count in re.findall(r"│ (\D+?) +│ +(\d+) │", said)}
        if "Total Samples" not in counts:
            return said, ["refused"]
        counts["Samples that are not valid"] = counts.pop("Total Samples") - counts.pop("Valid Samples", 0)
        bad = [name for name, count in counts.items() if count]
        return said, bad or ["gate"] * ("Gate Failed" in said)

    return by_file(folder, ask)


def by_file(folder: Path, ask: Callable[[Path], tuple[str, list[str]]]) -> Seen:
    """What a tool says of each file as a whole; a crash is no objection."""
    seen = Seen()
    for file in sorted(folder.iterdir()):
        said, objections = ask(file)
        if "Traceback" in said:
            seen.failed = said[-200:]
        else:
            seen.named += [(file.name, -1, objection) for objection in objections]
    return seen


PEERS = {
    "dropoutt": Peer(dropoutt, "dropoutt.cli", "run", "dropoutt.runner"),
    "soup-cli": Peer(soup, "soup_cli.cli", "run", AUTO),
    "trainsight-preflight": Peer(trainsight, "trainsight.cli.main", "app", AUTO),
}


def look(name: str, peers: Path, folder: Path, tokenizer: Path, usual: Usual) -> Seen:
    """What one tool makes of the files of a folder, without what it says of good ones."""
    seen = PEERS[name].look(opened(name, peers), folder, tokenizer)
    named = [(file, row) for file, row, said in seen.named if said not in usual.get(Path(file).stem, usual["messages"])]
    return Seen([(file, row, ANY) for file, row in named], failed=seen.failed)


def usual(name: str, peers: Path, good: Path, tokenizer: Path) -> Usual:
    """What a tool says of plain good files; `good` has a folder for each layout."""
    told = {}
    for folder in sorted(good.iterdir()):
        seen = PEERS[name].look(opened(name, peers), folder, tokenizer)
        told[folder.name] = {said for _, _, said in seen.named}
    return told


@cache
def opened(name: str, peers: Path) -> Command:
    """The tool's command, loaded once in its own environment; each call is a process of its own."""
    peer, python = PEERS[name], peers / name / "bin" / "python"
    script = Path(__file__).with_name("again.py")
    words = [python, script, peer.module, peer.function, SECONDS, AUTO, peer.needed]
    offline = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    served: Any = subprocess.Popen(list(map(str, words)), text=True, env=offline, cwd=gettempdir(), **pipes)

    def command(*arguments: object) -> str:
        print(json.dumps(list(map(str, arguments))), file=served.stdin, flush=True)
        line = served.stdout.readline()
        if not line:
            raise ValueError(f"{name}: {python} does not run its command; install it again")
        return str(json.loads(line))

    return command


def version(name: str, peers: Path) -> str:
    """Its release; an empty text where it is not installed."""
    python = peers / name / "bin" / "python"
    if not python.is_file():
        return ""
    asked = [str(python), "-c", f"from importlib.metadata import version; print(version({name!r}))"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
