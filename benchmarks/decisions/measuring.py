"""Each engine in a process of its own, several times, in turn: its memory and libraries are nobody else's."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from curation.stage import Given

LEFT_OUT = "left out"

Said = dict[str, Any]  # what one run of an engine says of itself; {"fault": a line} where it stopped


class Engine(Protocol):
    """What can be measured."""

    @property
    def name(self) -> str: ...
    @property
    def package(self) -> str:
        """What must be importable."""
        ...

    @property
    def embeds(self) -> bool:
        """Whether it asks for its vectors itself: it then runs once more at first, so that they are in the cache."""
        ...


def in_turn(
    part: str, engines: Sequence[Engine], folder: Path, cache: Path, runs: int, *, only: str = ""
) -> list[list[Said]]:
    """What each engine said in each of its runs. They take turns, so that a busy minute is nobody's alone.

    Engines without `only` in their name are left out.
    """
    said: list[list[Said]] = [[{"fault": why}] if (why := absent(engine, only)) else [] for engine in engines]
    ready = [number for number, faults in enumerate(said) if not faults]
    for number in ready:
        if engines[number].embeds:
            in_a_process(f"{part}:{number}", folder, cache)
    for run in range(runs):
        for number in ready:
            print(f"{part}: run {run + 1} of {runs}, {engines[number].name}", file=sys.stderr, flush=True)
            said[number].append(in_a_process(f"{part}:{number}", folder, cache))
    return said


def absent(engine: Engine, only: str) -> str:
    """Why an engine does not run; "" where it does."""
    if only.casefold() not in engine.name.casefold():
        return LEFT_OUT
    return "" if find_spec(engine.package) else "not installed"


def in_a_process(which: str, folder: Path, cache: Path) -> Said:
    words = [sys.executable, "-m", "benchmarks.decisions", "--measure", which, "--prepared", str(folder)]
    done = subprocess.run([*words, "--cache", str(cache)], capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        return {"fault": lines[-1]}
    said: Said = json.loads(done.stdout.splitlines()[-1])
    return said


def fault(said: Sequence[Said]) -> str:
    """Why an engine has no figures; "" where it has."""
    return next((one["fault"] for one in said if "fault" in one), "")


def median(said: Sequence[Said], name: str) -> float:
    return float(statistics.median(one[name] for one in said))


# ---------------------------------------------------------------- in the process of an engine


def given(cache: Path) -> Given:
    """What our stages are given in a build."""
    from curation.stage import Given
    from pipelines.embedding import find_embedder
    from pipelines.word_lists import family_names, first_names

    embedder = find_embedder(cache=cache / "vectors")
    return Given(embedder=embedder, first_names=first_names(), family_names=family_names())


def cpu_seconds() -> float:
    """CPU seconds of this process so far, all threads, and of its children that ended: a busy machine adds few."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def peak_memory() -> int:
    """The most memory that this process had, in bytes.

    Linux says it of the process alone in /proc; its getrusage counts what the parent held when it forked, too.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
