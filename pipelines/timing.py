"""Seconds and memory of a build. They stand in timings.json and nowhere else: everything else is the same each time."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from pipelines.engine import Step


class Timer:
    """Collects wall seconds by step, in order."""

    def __init__(self) -> None:
        self.begin = time.perf_counter()
        self.seconds: dict[str, float] = {}
        self.cached: list[str] = []

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begin

    def steps(self, steps: Iterable[Step]) -> None:
        for step in steps:
            self.seconds[step.name] = step.seconds
            if step.cached:
                self.cached.append(step.name)

    def facts(self) -> dict[str, object]:
        return {
            "seconds": {name: round(value, 2) for name, value in self.seconds.items()},
            "from_cache": self.cached,
            "total_seconds": round(time.perf_counter() - self.begin, 2),
            "peak_memory_mib": round(peak_memory_mib()),
        }


def peak_memory_mib() -> float:
    """Largest resident size of this process so far, in MiB (getrusage counts KiB on Linux, bytes on macOS)."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / (1024**2 if sys.platform == "darwin" else 1024)
