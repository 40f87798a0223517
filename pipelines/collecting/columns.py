"""Rows of a table whose columns have names of their own → records by the names of an entry's fields."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from pipelines.collecting.source import CollectError, Record


def add_columns(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--column", action="append", default=[], metavar="THEIRS=OURS", help='map a column, such as "Slang=term"'
    )


class Naming:
    """Knows columns by the names that people use (as recipes do), and by `--column`."""

    def __init__(self, given: list[str]) -> None:
        from pipelines.sources.columns import Columns
        from pipelines.sources.settings import SourceSettings

        pairs = [text.rpartition("=") for text in given]
        if wrong := [text for text, (theirs, _, ours) in zip(given, pairs, strict=True) if not theirs or not ours]:
            raise CollectError(f"--column {wrong[0]!r}: expected their name, =, and a field, such as Slang=term")
        mapped = {theirs: ours for theirs, _, ours in pairs}
        try:
            self.columns = Columns(SourceSettings.model_validate({"name": "given", "path": "-", "columns": mapped}))
        except ValueError as error:
            raise CollectError(f"--column: {' '.join(str(error).split())[:300]}") from None

    def record(self, row: Mapping[str, Any], place: str, number: int) -> Record:
        """Row `number`, from 0, of the table `place`. Raises CollectError where no column holds a term."""
        plan = self.columns.plan(tuple(row))
        if not {"term", "example"} & set(plan.fields):
            names = ", ".join(map(repr, row))[:200]
            raise CollectError(
                f"{place}: no column is known to hold a term among {names}; name it: --column THEIRS=term"
            )
        fields = {name: cell(theirs, row) for name, theirs in plan.fields.items()}
        extra = {name: text(row[name]) for name in plan.extra if text(row[name])}
        return {"source_id": f"{place}|{number}", "term": "", **extra, **fields}


def cell(theirs: list[str], row: Mapping[str, Any]) -> Any:
    """The value of a field that one column fills, or the texts of several."""
    values = [row[name] for name in theirs if row[name] not in (None, "")]
    if any(isinstance(value, list) for value in values):
        return [value for part in values for value in (part if isinstance(part, list) else [part])]
    return text(values[0]) if len(values) == 1 else [text(value) for value in values] or ""


def text(value: Any) -> str:
    return "" if value is None else str(value)
