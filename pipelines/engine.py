"""Runs the stages of a recipe on this machine: annotate, check, sweep, remember.

Each stage's result is kept in the cache under a key made of everything it depends on (the rows that came in, the
settings, the code, the library versions, the models), so that a build that was killed goes on where it was, and a
changed setting runs again only what follows it. A distributed engine has the same signature and the same result.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.stage import Given, Stage
from pipelines.ledger import ConservationError, join_ledger, sweep
from pipelines.tables import read_table, to_arrow, write_json, write_table

if TYPE_CHECKING:
    import pandas as pd

ROOMS = Path(__file__).resolve().parents[1]
LIBRARIES = (
    "pandas",
    "pyarrow",
    "numpy",
    "scikit-learn",
    "cleanlab",
    "sentence-transformers",
    "torch",
    "transformers",
    "ftfy",
    "faker",
    "phonenumbers",
    "py3langid",
    "rapidfuzz",
    "regex",
    "alt-profanity-check",
    "trl",
)


class EmptyBuildError(ValueError):
    """A stage left nothing of the table, or nothing of one source."""


@dataclass
class Step:
    """What one stage did, for the terminal, the report and the manifest."""

    name: str
    settings: dict[str, Any]
    read: int
    left: int
    reasons: dict[str, int]
    flags: dict[str, int]
    seconds: float = field(default=0.0, compare=False)  # goes to timings.json only
    cached: bool = field(default=False, compare=False)


@dataclass
class Result:
    kept: pd.DataFrame
    ledger: pd.DataFrame
    steps: list[Step]


def run_stages(
    table: pd.DataFrame,
    stages: list[Stage],
    given: Given,
    *,
    key: str,
    cache: Path,
    may_empty: frozenset[str] = frozenset(),
    started: Callable[[Stage, int], None] = lambda stage, rows: None,
    done: Callable[[Step], None] = lambda step: None,
) -> Result:
    """Run `stages` in order over `table`, whose content `key` names.

    Raises EmptyBuildError when nothing is left, ConservationError when a stage breaks its contract.
    """
    left, steps, slots = [], [], []
    for number, stage in enumerate(stages):
        key = stage_key(key, stage, given)
        started(stage, len(table))
        before, begin = table, time.perf_counter()
        slot = cache / f"{number:02d}-{stage.name}-{key[:24]}"
        found = remembered(slot)
        if not found:
            keep_result(slot, *run_stage(stage, table, given))
        table, gone, step = found or read_result(slot)
        step.seconds, step.cached = time.perf_counter() - begin, found is not None
        check_not_emptied(stage, before, table, gone, may_empty)
        left.append(gone)
        steps.append(step)
        slots.append(slot)
        done(step)
    prune(cache, slots)
    return Result(table, join_ledger(left), steps)


def run_stage(stage: Stage, table: pd.DataFrame, given: Given) -> tuple[pd.DataFrame, pd.DataFrame, Step]:
    """Annotate with one stage, check that it kept its contract, and sweep."""
    had = count_flags(table)
    annotated = stage(table, given)
    check_contract(stage, table, annotated)
    kept, gone = sweep(annotated, stage.name)
    strangers = set(gone["survivor"]) - {""} - set(kept["id"])
    if strangers:
        raise ConservationError(f"stage {stage.name}: survivors that did not survive: {sorted(strangers)[:3]}")
    reasons = dict(sorted(Counter(gone["reason"]).items()))
    flags = dict(sorted((count_flags(annotated) - had).items()))
    return kept, gone, Step(stage.name, asdict(stage), len(table), len(gone), reasons, flags)


def count_flags(table: pd.DataFrame) -> Counter[str]:
    return Counter(name for flags in table["flags"] for name in flags)


def check_contract(stage: Stage, before: pd.DataFrame, after: pd.DataFrame) -> None:
    """A stage never removes, invents or reorders a row, and says only what it declared.

    Raises ConservationError.
    """
    if list(before["id"]) != list(after["id"]):
        raise ConservationError(f"stage {stage.name} lost, repeated, invented or reordered rows")
    missing = [name for name in stage.adds if name not in after.columns]
    if missing:
        raise ConservationError(f"stage {stage.name} did not add {', '.join(missing)}")
    said = set(after["reason"]) - {""} if "reason" in after.columns else set()
    said |= set(count_flags(after) - count_flags(before))
    unknown = said - {*stage.reasons, *stage.flags}
    if unknown:
        raise ConservationError(f"stage {stage.name} used names it does not declare: {', '.join(sorted(unknown))}")


def check_not_emptied(
    stage: Stage, before: pd.DataFrame, after: pd.DataFrame, gone: pd.DataFrame, may_empty: frozenset[str]
) -> None:
    """Fail closed: a stage that leaves nothing, or nothing of one source (merged rows aside), stops a build.

    Raises EmptyBuildError.
    """
    if len(before) and not len(after):
        raise EmptyBuildError(
            f"stage {stage.name} left no row of {len(before)}: {most_common(gone)}. Check its settings"
        )
    for source in sorted(set(before["source"]) - set(after["source"]) - may_empty):
        lost = gone[(gone["source"] == source) & (gone["survivor"] == "")]
        if len(lost):
            raise EmptyBuildError(
                f"stage {stage.name} left no row of source {source!r}: {most_common(lost)}. Check the stage's settings "
                f"and the source's columns, or allow it with may_empty = [{source!r}] in the recipe"
            )


def most_common(gone: pd.DataFrame) -> str:
    return ", ".join(f"{reason} {count:,}" for reason, count in Counter(gone["reason"]).most_common(3))


def stage_key(key: str, stage: Stage, given: Given) -> str:
    """The cache key of a stage's result: everything that it depends on."""
    parts = (
        key,
        stage.name,
        json.dumps(asdict(stage), sort_keys=True, default=str),
        code_version(),
        given.embedder.fingerprint if given.embedder and stage.embeds else "",
        given.judge.fingerprint if given.judge is not None and hasattr(stage, "judge") and stage.judge else "",
        words_key(given),
        decisions_key(stage, given),
        given.template,
        given.seed,
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def words_key(given: Given) -> str:
    """SHA-256 over the word lists and evaluation texts that stages are given."""
    sets = [sorted(given.first_names), sorted(given.family_names), sorted(given.control_tokens)]
    maps = [sorted(given.offensive_words.items()), sorted(given.evaluation.items())]
    return hashlib.sha256(repr((sets, maps)).encode()).hexdigest()


def decisions_key(stage: Stage, given: Given) -> str:
    """SHA-256 over the decisions that a stage obeys; "" where there are none."""
    obeyed = [
        (key, one.question, one.answer, one.votes, sorted(one.facts.items()))
        for key, one in sorted(given.decisions.items())
        if one.answer and one.question in stage.obeys
    ]
    return hashlib.sha256(repr(obeyed).encode()).hexdigest() if obeyed else ""


@cache
def code_version() -> str:
    """SHA-256 over this project's code and the versions of the libraries that decide."""
    digest = hashlib.sha256()
    for path in sorted([*ROOMS.glob("curation/**/*.py"), Path(__file__), Path(__file__).with_name("embedding.py")]):
        digest.update(str(path.relative_to(ROOMS)).encode() + b"\0" + path.read_bytes() + b"\0")
    digest.update(repr(library_versions()).encode())
    return digest.hexdigest()


def table_key(table: pd.DataFrame) -> str:
    """SHA-256 over the content of a table: names, types and cells."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    data = to_arrow(table)
    with pa.ipc.new_stream(sink, data.schema) as stream:
        stream.write_table(data)
    return hashlib.sha256(sink.getvalue()).hexdigest()


def library_versions() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def keep_result(slot: Path, kept: pd.DataFrame, gone: pd.DataFrame, step: Step) -> None:
    """Write a stage's result; step.json comes last and says that the rest is whole."""
    slot.mkdir(parents=True, exist_ok=True)
    write_table(slot / "kept.parquet", kept)
    write_table(slot / "left.parquet", gone)
    said = asdict(step)
    write_json(slot / "step.json", {name: said[name] for name in said if name not in ("seconds", "cached")})


def read_result(slot: Path) -> tuple[pd.DataFrame, pd.DataFrame, Step]:
    """Read a stage's result back. Fresh and cached results take this one way, so they cannot differ."""
    step = Step(**json.loads((slot / "step.json").read_text(encoding="utf-8")))
    return read_table(slot / "kept.parquet"), read_table(slot / "left.parquet"), step


def remembered(slot: Path) -> tuple[pd.DataFrame, pd.DataFrame, Step] | None:
    """A stage's result from the cache; None where there is none, or a damaged one."""
    try:
        return read_result(slot)
    except (OSError, ValueError, TypeError):
        return None


def prune(cache: Path, used: list[Path]) -> None:
    """Forget results that this chain of stages did not use."""
    import shutil

    for slot in cache.iterdir() if cache.is_dir() else ():
        if slot not in used:
            shutil.rmtree(slot, ignore_errors=True)
