"""Worker processes: each imports torch once, computes with its own share of the cores, and does one job after another.

One thread a worker and several workers finish a small model sooner than one worker with all threads. What a worker
prints goes to a log beside the results. A job that fails costs itself only; a worker that dies is replaced.
"""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Thread
from typing import Any

from pipelines.experiments.jobs import Job

SPAWN = get_context("spawn")  # a forked torch keeps the parent's threads and locks
Report = Callable[[Job, str, int, int], None]


@dataclass
class Worker:
    """A process, the pipe to it, and what it is doing."""

    process: BaseProcess
    pipe: Connection
    job: Job | None = None


@dataclass
class Outcome:
    """Which jobs ended, and why the others did not: job name → one line."""

    done: list[Job] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


def run_jobs(jobs: Sequence[Job], workers: int, threads: int, logs: Path, report: Report) -> Outcome:
    """Do all jobs, the largest first. `report(job, what, done, total)` is told of progress; `what` "done" ends a job.

    On KeyboardInterrupt the workers are stopped; finished jobs and checkpoints stay.
    """
    logs.mkdir(parents=True, exist_ok=True)
    waiting = sorted(jobs, key=lambda job: job.size)
    outcome = Outcome()
    crew: list[Worker] = []
    try:
        while waiting or any(worker.job for worker in crew):
            while waiting and len(crew) < min(workers, len(jobs)):
                crew.append(hire(len(crew), threads, logs))
            for worker in crew:
                if waiting and worker.job is None:
                    hand_over(worker, waiting.pop())
            listen(crew, outcome, report)
    finally:
        dismiss(crew)
    return outcome


def hire(number: int, threads: int, logs: Path) -> Worker:
    ours, theirs = SPAWN.Pipe()
    log = logs / f"worker-{number + 1}.log"
    process = SPAWN.Process(target=work, args=(theirs, threads, str(log)), daemon=True)
    process.start()
    theirs.close()
    return Worker(process, ours)


def hand_over(worker: Worker, job: Job) -> None:
    worker.job = job
    with suppress(OSError):  # it died while it was idle: listen() sees that next
        worker.pipe.send(job)


def listen(crew: list[Worker], outcome: Outcome, report: Report) -> None:
    """Wait until a worker says something or dies, and note it."""
    heard = wait([worker.pipe for worker in crew])
    for worker in [one for one in crew if one.pipe in heard]:
        job = worker.job
        try:
            what, *rest = worker.pipe.recv()
        except (EOFError, OSError):
            worker.process.join()
            crew.remove(worker)
            if job:
                fail(job, died(worker.process.exitcode), outcome, report)
            continue
        if job is None:
            continue
        if what == "failed":
            worker.job = None
            fail(job, rest[0], outcome, report)
        elif what == "done":
            worker.job = None
            outcome.done.append(job)
            report(job, "done", 1, 1)
        else:
            report(job, what, *rest)


def fail(job: Job, line: str, outcome: Outcome, report: Report) -> None:
    outcome.failed[job.name] = line
    report(job, f"failed: {line}", 0, 0)


def died(status: int | None) -> str:
    if status is not None and -status == signal.SIGKILL:
        return "its process was killed, most likely for memory: give --workers 1, or close other programs"
    return f"its process ended with status {status}; the log beside the results tells more"


def dismiss(crew: Sequence[Worker]) -> None:
    for worker in crew:
        worker.pipe.close()
        if worker.job:
            worker.process.terminate()
    for worker in crew:
        worker.process.join(timeout=10)
        if worker.process.is_alive():
            worker.process.kill()


# ---------------------------------------------------------------- in the worker's own process


def work(pipe: Connection, threads: int, log: str) -> None:
    """The life of a worker: what it is handed, until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
    Thread(target=end_with_parent, daemon=True).start()
    settle(threads, log)
    while True:
        try:
            job: Job = pipe.recv()
        except (EOFError, OSError):
            return
        pipe.send(attempt(job, pipe))


def end_with_parent() -> None:
    """A killed parent cannot dismiss anyone: whoever goes on would write where the next run writes."""
    parent = parent_process()
    if parent:
        wait([parent.sentinel])
        os._exit(1)


def settle(threads: int, log: str) -> None:
    """Before torch is imported: how many threads it may have, that idle ones sleep, and where its prints go."""
    os.environ |= {"OMP_NUM_THREADS": str(threads), "GOMP_SPINCOUNT": "0", "OMP_WAIT_POLICY": "passive"}
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for stream in (1, 2):
        os.dup2(file, stream)
    import torch

    torch.set_num_threads(threads)


def attempt(job: Job, pipe: Connection) -> tuple[Any, ...]:
    """("done",), or ("failed", one line); the whole story goes to the log."""
    from pipelines.experiments.work import do

    def tell(what: str, done: int, total: int) -> None:
        pipe.send((what, done, total))

    try:
        print(f"== {job.name}", flush=True)
        do(job, tell)
    except Exception as error:  # noqa: BLE001  (the other jobs go on)
        traceback.print_exc()
        return ("failed", one_line(error))
    return ("done",)


def one_line(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.filename or 'file'}: {error.strerror or error}"
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:300] if isinstance(error, ValueError) else f"{type(error).__name__}: {text[:280]}"
