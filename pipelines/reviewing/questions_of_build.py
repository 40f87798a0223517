"""What a build asks people, and which rows it still holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from curation.entry import content_hash
from curation.people.decisions import asked_of
from curation.people.queue import CONTENT

Task: TypeAlias = Mapping[str, Any]


def name_of(build: Path) -> str:
    """The name of the recipe that a build was made from. Raises ValueError where there is no build."""
    try:
        return str(json.loads((build / "manifest.json").read_text(encoding="utf-8"))["name"])
    except (OSError, ValueError, KeyError, TypeError):
        raise ValueError(f"{build}: no build here; make it with python -m pipelines.build, or give --build") from None


def tasks_of(build: Path) -> list[dict[str, Any]]:
    """The queue of a build, most useful first. Raises ValueError where it cannot be read."""
    file = build / "review" / "tasks.json"
    try:
        tasks = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{file}: {error.strerror}; make the build anew") from None
    except ValueError as error:
        raise ValueError(f"{file}: is no JSON ({error}); make the build anew") from None
    if not isinstance(tasks, list) or not all(isinstance(one, dict) and {"id", "data"} <= one.keys() for one in tasks):
        raise ValueError(f"{file}: holds no list of tasks; make the build anew")
    return tasks


def contents_of(build: Path) -> set[str]:
    """The content hashes of all rows that a build read, kept or left, also as they were before decisions changed them.

    A task about any other row is stale.
    """
    from pipelines.tables import read_table

    found: set[str] = set()
    for name in ("entries.parquet", "ledger.parquet"):
        table = read_table(build / name)
        if "term_key" not in table:
            table = table.assign(term_key=table["term"])
        columns = [table[column].fillna("").astype(str) for column in CONTENT]
        changed = table["before_decisions"].fillna("") if "before_decisions" in table else [""] * len(table)
        for before, *cells in zip(changed, *columns, strict=True):
            found.add(content_hash(*cells))
            if before:
                told = json.loads(before)
                found.add(content_hash(*(str(told.get(name, cell)) for name, cell in zip(CONTENT, cells, strict=True))))
    return found


def asked_in(meta: Mapping[str, Any], known: Task | None) -> dict[str, Any]:
    """What was asked: as the server was told it, or else as the build asks it; {} where neither knows."""
    asked = meta.get("asked")
    if isinstance(asked, dict) and isinstance(asked.get("answers"), list):
        return asked
    return asked_of(known) if known else {}
