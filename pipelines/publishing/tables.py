"""The tables that are published: conversations, entries and ledger, as typed Parquet.

Text is never null, lists are never null; a number is null where nobody counted or measured it (votes, scores).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Tables = dict[str, dict[str, "pa.Table"]]  # configuration → split → rows

SPLITS = ("train", "validation", "test")
WHOLE = "full"  # the one split of a configuration that nobody should train on as it is
NOT_PUBLISHED = ("file", "row", "extra")  # where it lay on the curator's disk; columns that no stage has looked at
LEDGER = ("id", "source", "stage", "reason", "score")  # and no text: what left may be private, or not ours to give
ROW_GROUP = 5_000  # rows; a reader that streams takes one group at a time


def read_conversations(build: Path) -> dict[str, list[dict[str, Any]]]:
    """Split → conversations of a build. Raises ValueError with one line."""
    found = {}
    for split in SPLITS:
        path = build / "chat" / f"{split}.jsonl"
        try:
            found[split] = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
        except FileNotFoundError:
            raise ValueError(f"{path}: is missing; build it again: python -m pipelines.build") from None
        except ValueError as error:
            raise ValueError(f"{path}: is damaged ({error}); build it again: python -m pipelines.build") from None
    return found


def tables(
    entries: pd.DataFrame, ledger: pd.DataFrame, conversations: Mapping[str, Iterable[Mapping[str, Any]]]
) -> Tables:
    """All configurations. One with no row at all is left out, and so is a split without rows."""
    every: Tables = {
        "conversations": {split: conversation_table(rows) for split, rows in conversations.items()},
        "entries": {WHOLE: entry_table(entries)},
        "ledger": {WHOLE: ledger_table(ledger)},
    }
    kept = {name: {split: table for split, table in splits.items() if len(table)} for name, splits in every.items()}
    return {name: splits for name, splits in kept.items() if splits}


def conversation_table(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    import pyarrow as pa

    message = pa.struct([("role", pa.string()), ("content", pa.string())])
    schema = pa.schema(
        [("id", pa.string()), ("term", pa.string()), ("task", pa.string()), ("messages", pa.list_(message))]
    )
    return pa.Table.from_pylist([dict(row) for row in rows], schema=schema)


def entry_table(entries: pd.DataFrame) -> pa.Table:
    from pipelines.tables import to_arrow

    return without_nulls(to_arrow(entries.drop(columns=[name for name in NOT_PUBLISHED if name in entries])))


def ledger_table(ledger: pd.DataFrame) -> pa.Table:
    from pipelines.tables import to_arrow

    return without_nulls(to_arrow(ledger[list(LEDGER)]))


def without_nulls(table: pa.Table) -> pa.Table:
    """A missing text is "" and a missing list is empty; numbers may be unknown."""
    import pyarrow as pa

    for place, column in enumerate(table.schema):
        if not table.column(place).null_count:
            continue
        if pa.types.is_string(column.type) or pa.types.is_list(column.type):
            empty: Any = "" if pa.types.is_string(column.type) else []
            cells = [empty if cell is None else cell for cell in table.column(place).to_pylist()]
            table = table.set_column(place, column, pa.array(cells, type=column.type))
    return table


def path_of(configuration: str, split: str) -> str:
    """Where the rows of a split lie in the repository."""
    return f"{configuration}/{split}.parquet"


def paths(made: Tables) -> dict[str, dict[str, str]]:
    """Configuration → split → file, as the card's metadata names them."""
    return {name: {split: path_of(name, split) for split in splits} for name, splits in made.items()}


def write(made: Tables, folder: Path) -> None:
    """Write every split. The pages are cut by content, so that the Hub stores only what a new version changes."""
    for name, splits in made.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for split, table in splits.items():
            write_parquet(table, folder / path_of(name, split))


def write_parquet(table: pa.Table, path: Path) -> None:
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(
        table,
        path,
        compression="zstd",
        row_group_size=ROW_GROUP,
        write_page_index=True,  # the Hub's viewer jumps to a page by it
        use_content_defined_chunking=True,
    )
