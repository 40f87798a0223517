"""Jobs: one model each, trained and evaluated; known by a key of everything that it depends on, so none is done twice.

models/COLUMN/SEED/run/          what the training left
models/COLUMN/SEED/evaluation/   what the evaluation left
models/COLUMN/SEED/job.json      its key and the hashes of what it left, written last; `begun` holds the key at once
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from pipelines.experiments.arms import Arm
from pipelines.experiments.columns import Column
from pipelines.tables import write_text

ROOT = Path(__file__).resolve().parents[2]
JOB, BEGUN = "job.json", "begun"
READ = ("timings.json", "run/run.json", "run/history.jsonl", "evaluation/*.json", "evaluation/*.jsonl")


@dataclass(frozen=True)
class Plan:
    """What all jobs of an experiment have in common."""

    base: str
    base_sha256: str  # of its weights, where they lie in a folder
    recipe_sha256: str  # of the training recipe
    build: Path  # whose terms the evaluation asks about
    items_sha256: str
    facts_sha256: str  # the items of the fact columns, "" without them
    matched_tokens: int  # trained tokens of the raw step's epoch
    learning_rate: float | None  # carried over, for the lab; None: the recipe's
    backend: Literal["auto", "unsloth", "trl"]
    fact_terms: tuple[str, ...] = ()  # keys


@dataclass(frozen=True)
class Job:
    """One model to train and evaluate."""

    column: Column
    seed: int
    folder: Path
    plan: Plan
    file: Path | None = None  # what it trains on; None for the untrained base
    size: int = 0  # about how many tokens it trains on: the longest jobs start first
    key: str = ""
    depends: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.column.name}, seed {self.seed}" if self.file else self.column.name

    @property
    def max_trained_tokens(self) -> int | None:
        return self.plan.matched_tokens if self.column.mode == "matched" else None

    def finished(self) -> bool:
        """Whether this very job was done before, and what it left is still as it was."""
        try:
            done = json.loads((self.folder / JOB).read_text(encoding="utf-8"))
            return bool(done["key"] == self.key and done["files"] == left_files(self.folder))
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def make_room(self, *, fresh: bool = False) -> None:
        """What another job left in the folder goes, and what was whole once and no longer is.

        What this one half finished stays, unless `fresh`.
        """
        try:
            begun = (self.folder / BEGUN).read_text(encoding="utf-8")
        except OSError:
            begun = ""
        if fresh or begun != self.key or (self.folder / JOB).exists():
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
            write_text(self.folder / BEGUN, self.key)


def left_files(folder: Path) -> dict[str, str]:
    """SHA-256 of the files that the page is made from."""
    files = [file for pattern in READ for file in sorted(folder.glob(pattern))]
    return {file.relative_to(folder).as_posix(): sha256(file.read_bytes()).hexdigest() for file in files}


def make_jobs(
    columns: Sequence[Column], arms: Sequence[Arm], seeds: Sequence[int], plan: Plan, folder: Path
) -> list[Job]:
    """Every column with every seed; an untrained base is evaluated once, since greedy answers know no chance."""
    files = {arm.step.name: arm for arm in arms if arm.file}
    jobs = []
    for column in columns:
        arm = files.get(column.step)
        for seed in seeds if arm else seeds[:1]:
            depends = dependencies(column, arm, seed, plan)
            key = sha256(json.dumps(depends, sort_keys=True, default=str).encode()).hexdigest()
            place, file = folder / column.name / str(seed), arm.file if arm else None
            jobs.append(Job(column, seed, place, plan, file, size_of(column, arm), key, depends))
    return jobs


def size_of(column: Column, arm: Arm | None) -> int:
    """Examples to train on, for the order of work only."""
    if arm is None:
        return 0
    examples = arm.counts.get("examples", 0) * int(column.changes.get("num_train_epochs", 1))
    return examples // 2 if column.mode == "matched" else examples


def dependencies(column: Column, arm: Arm | None, seed: int, plan: Plan) -> dict[str, Any]:
    """All that decides what a job gives."""
    shared = {name: value for name, value in asdict(plan).items() if name not in ("build", "matched_tokens")}
    if column.mode != "facts":
        shared |= {"facts_sha256": "", "fact_terms": ()}
    return {
        **shared,
        "step": column.step,
        "changes": column.changes,
        "matched_tokens": plan.matched_tokens if column.mode == "matched" else None,
        "data": arm.sha256 if arm else "",
        "seed": seed,
        "code": training_code(),
    }


@cache
def training_code() -> str:
    """SHA-256 over the code that trains and evaluates, and over the encode function."""
    digest = sha256()
    rooms = [*ROOT.glob("train/*.py"), *ROOT.glob("train/evaluation/*.py"), *ROOT.glob("train/engines/*.py")]
    for path in sorted([*rooms, ROOT / "curation" / "templates.py", ROOT / "curation" / "chat" / "format.py"]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
