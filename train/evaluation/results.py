"""What an evaluation leaves, and how it is read again.

    results.json   meta, the hash of the items asked, every metric with its interval, format health; written last
    items.jsonl    one value for each metric and item: what paired statistics are made from
    answers.jsonl  every answer, word for word, with its faults
    results.md     the same for people
    timings.json   seconds and tokens a second; the only file that is another one each time

Answers are what a model said: data, never trusted, shown to people as plain text only.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import TypeAdapter, ValidationError

from train.errors import TrainError

RESULTS = "results.json"
ITEMS = "items.jsonl"
ANSWERS = "answers.jsonl"
TIMINGS = "timings.json"
REPORT = "results.md"
OWN = (RESULTS, ITEMS, ANSWERS, TIMINGS, REPORT)

T = TypeVar("T")


@dataclass(frozen=True)
class Metric:
    """One figure of an evaluation with its 95 % interval."""

    value: float
    low: float | None  # None: nothing can be told, as from one term alone
    high: float | None
    n: int  # items it is made from
    unit: str  # "share", "nats per byte", "tokens", …
    better: Literal["higher", "lower", "neither"]
    kind: Literal["share", "mean"] = "mean"  # share: every item is yes (1) or no (0)
    title: str = ""  # for people
    note: str = ""  # what to know before reading it


@dataclass(frozen=True)
class ItemValue:
    """What one item gave for one metric."""

    metric: str
    id: str
    cluster: str  # the term's key: items of one term are not independent
    value: float


@dataclass(frozen=True)
class Answer:
    """One greedy answer."""

    id: str
    group: str  # "case", "question", "general", "definition" or "plain"
    prompt: str
    text: str
    tokens: int  # without the one that ended it
    ended: bool  # False: cut off at `cap`
    cap: int  # tokens it was allowed
    faults: list[str] = field(default_factory=list)  # names of train.evaluation.format_health
    explained: list[str] = field(default_factory=list)  # expressions of the prompt that it explains


@dataclass(frozen=True)
class Results:
    """One finished evaluation."""

    meta: dict[str, Any]  # "model", "adapter", "marks", "suite", "engine", "seed", …
    items_sha256: str
    metrics: dict[str, Metric]
    format_health: dict[str, Any]
    items: list[ItemValue]
    answers: list[Answer]
    timings: dict[str, Any] = field(default_factory=dict)
    folder: Path | None = None

    @property
    def marks(self) -> list[str]:
        """How the training departed from the recipe; shown wherever the name is."""
        return list(self.meta.get("marks", ()))

    @property
    def name(self) -> str:
        """What people call the model that was evaluated."""
        return str(self.meta.get("name") or self.meta.get("model") or (self.folder.name if self.folder else "a model"))


def write_results(folder: Path, results: Results, report: str = "") -> None:
    """All files, results.json last: without it there is no result. `report` is the text for people."""
    _write(folder / REPORT, report)
    _write(folder / ITEMS, _lines(results.items))
    _write(folder / ANSWERS, _lines(results.answers))
    _write(folder / TIMINGS, _pretty(results.timings))
    metrics = {name: asdict(metric) for name, metric in results.metrics.items()}
    facts = {"meta": results.meta, "items_sha256": results.items_sha256, "metrics": metrics}
    _write(folder / RESULTS, _pretty(facts | {"format_health": results.format_health}))


def read_results(folder: Path) -> Results:
    """A finished evaluation. Raises TrainError where there is none, it is half-written, or a file is damaged."""
    path = folder / RESULTS
    if not path.is_file():
        what = "an evaluation that has not finished" if (folder / "journal.jsonl").is_file() else "no evaluation"
        raise TrainError(f"{folder}: {what}: {RESULTS} is missing. Run python -m train.evaluate with --out {folder}")
    facts = _checked(path, dict[str, Any], path.read_bytes())
    timings = folder / TIMINGS
    try:
        return Results(
            meta=facts["meta"],
            items_sha256=facts["items_sha256"],
            metrics=TypeAdapter(dict[str, Metric]).validate_python(facts["metrics"]),
            format_health=facts["format_health"],
            items=_read_lines(folder / ITEMS, ItemValue),
            answers=_read_lines(folder / ANSWERS, Answer),
            timings=_checked(timings, dict[str, Any], timings.read_bytes()) if timings.is_file() else {},
            folder=folder,
        )
    except KeyError as error:
        raise TrainError(f"{path}: has no {error}: not a result of this version; evaluate again with --fresh") from None
    except ValidationError as error:
        raise TrainError(f"{path}: {_fault(error)}: damaged; evaluate again with --fresh") from None


def _read_lines(path: Path, kind: type[T]) -> list[T]:
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise TrainError(f"{path}: {error.strerror}; evaluate again with --fresh") from None
    return _checked(path, list[kind], b"[" + b",".join(lines) + b"]")  # type: ignore[valid-type]


def _checked(path: Path, kind: type[T], text: bytes) -> T:
    try:
        return TypeAdapter(kind).validate_json(text)
    except ValidationError as error:
        raise TrainError(f"{path}: {_fault(error)}: damaged; evaluate again with --fresh") from None


def _fault(error: ValidationError) -> str:
    first = error.errors()[0]
    return " ".join(filter(None, (".".join(map(str, first["loc"])), first["msg"])))


def _lines(rows: Iterable[Any]) -> str:
    return "".join(json.dumps(asdict(row), ensure_ascii=False, sort_keys=True) + "\n" for row in rows)


def _pretty(facts: Mapping[str, Any]) -> str:
    return json.dumps(facts, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _write(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8", errors="replace")  # a model can say half a character
    part.replace(path)
