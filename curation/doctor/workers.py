"""Rows dealt to worker processes: each surveys its part, tells all others, adds the surveys up and looks with the sum.

Workers are forked, so that nothing but surveys and findings crosses between processes. Every one adds up for itself:
while one did it for all, the others had to wait. Where a system cannot fork, or the rows are few, one process does it
all; what comes out is the same.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, Protocol

from curation.doctor.row import Finding, Row
from curation.doctor.survey import Survey

FEWEST = 1_000  # rows that are worth a process
Found = list[tuple[int, list[Finding]]]  # place of a row, its findings


class Part(Protocol):
    """Some rows in a row, and what is done with them."""

    def survey(self) -> Survey: ...

    def examine(self, survey: Survey) -> Found: ...


def looked_at(rows: Sequence[Row], workers: int, part: Callable[[int, Sequence[Row]], Part]) -> tuple[Survey, Found]:
    """The survey of all rows, and what was found in them. `part` is given the place of the first of its rows."""
    count = max(1, min(workers, len(rows) // FEWEST)) if "fork" in multiprocessing.get_all_start_methods() else 1
    borders = [len(rows) * number // count for number in range(count + 1)]
    parts = [part(first, rows[first:end]) for first, end in pairwise(borders)]
    with collector_at_rest(), _crew(parts[1:]) as pipes:
        own = parts[0].survey()
        told: list[bytes] = [pickle.dumps(own) if pipes else b"", *map(_received, pipes)]
        for place, pipe in enumerate(pipes, 1):
            pipe.send([*told[:place], *told[place + 1 :]])
        survey = _added_up(own, 0, told[1:])
        found = parts[0].examine(survey)
        for pipe in pipes:
            found += _received(pipe)
    return survey, found


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Python's garbage collector switched off: it walks all rows again and again for cycles, and they have none.

    Reading takes a third of the time without it, looking a tenth less. What was made meanwhile counts as old, or the
    next look for cycles would walk all of it at once.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            if not gc.get_freeze_count():  # else somebody keeps something frozen, which must stay so
                gc.freeze()
                gc.unfreeze()
            gc.enable()


@contextmanager
def _crew(parts: Sequence[Part]) -> Iterator[list[Any]]:
    """A process for each part, by the pipe to it."""
    fork = multiprocessing.get_context("fork") if parts else None
    crew = []
    with _tokenizers_alone(bool(parts)):
        for place, part in enumerate(parts, 1):
            assert fork is not None
            ours, theirs = fork.Pipe()
            process = fork.Process(target=_work, args=(part, place, theirs), daemon=True)
            process.start()
            theirs.close()
            crew.append((process, ours))
    try:
        yield [pipe for _, pipe in crew]
    finally:
        for process, pipe in crew:
            pipe.close()
            process.join()


@contextmanager
def _tokenizers_alone(wanted: bool) -> Iterator[None]:
    """Have tokenizers use one thread in a forked process without a warning: each process has a core of its own."""
    name = "TOKENIZERS_PARALLELISM"
    before = os.environ.get(name)
    if wanted and before is None:
        os.environ[name] = "false"
    try:
        yield
    finally:
        if wanted and before is None:
            del os.environ[name]


def _added_up(own: Survey, place: int, others: Sequence[bytes]) -> Survey:
    """The survey of all rows, from that of the part at a place and those of the other parts in their order."""
    before, after = others[:place], others[place:]
    surveys: list[Survey] = [*map(pickle.loads, before), own, *map(pickle.loads, after)]
    first, *rest = surveys
    for survey in rest:
        first.merge(survey)
    return first


def _work(part: Part, place: int, pipe: Any) -> None:
    """What a worker does."""
    try:
        own = part.survey()
        pipe.send(pickle.dumps(own))
        pipe.send(part.examine(_added_up(own, place, pipe.recv())))
    except EOFError:
        return  # the others failed
    except Exception as error:  # noqa: BLE001 - it is raised in the parent
        pipe.send(error)


def _received(pipe: Any) -> Any:
    """What a worker sends. Raises what the worker raised."""
    try:
        got = pipe.recv()
    except EOFError as error:
        raise RuntimeError("a worker process ended without an answer: out of memory?") from error
    if isinstance(got, Exception):
        raise got
    return got
