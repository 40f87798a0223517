"""The ledger: every row that left, with the stage, the reason and the evidence, and the sum that must come out even."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curation.entry import COLUMNS, EVIDENCE, BadRecord, Entry, content_hash, to_table

if TYPE_CHECKING:
    import pandas as pd

READ_STAGE = "read"


class ConservationError(RuntimeError):
    """Rows were lost, repeated or invented. Never a user's fault."""


def bad_records_to_ledger(records: list[BadRecord]) -> pd.DataFrame:
    """Bad records as ledger rows; the raw text and the line stand in `extra`. Ids hash source, file, row and line."""
    import pandas as pd

    entries = [
        Entry(record.source, record.file, record.row, extra={"line": str(record.line), "raw": record.raw})
        for record in records
    ]
    table = to_table(entries)
    hashes = [content_hash("bad", r.source, r.file, str(r.row), str(r.line), r.reason, r.raw) for r in records]
    seen: dict[str, int] = {}
    ids = []
    for value in hashes:
        seen[value] = seen.get(value, -1) + 1
        ids.append(f"{value}-{seen[value]}" if seen[value] else value)
    details = [
        f"{record.file}, line {record.line}: {record.detail}" if record.line else f"{record.file}: {record.detail}"
        for record in records
    ]
    return table.assign(
        id=pd.Series(ids, dtype="str"),
        stage=READ_STAGE,
        reason=pd.Series([r.reason for r in records], dtype="str"),
        survivor="",
        score=float("nan"),
        detail=pd.Series(details, dtype="str"),
    )


def sweep(table: pd.DataFrame, stage: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split an annotated table into the rows that stay and the rows that were marked to leave."""
    evidence = [name for name in EVIDENCE if name in table.columns]
    if "reason" not in table.columns:
        return table, table.iloc[:0].assign(stage=stage, reason="", survivor="", score=float("nan"), detail="")
    leaves = table["reason"] != ""
    return (
        table[~leaves].drop(columns=evidence).reset_index(drop=True),
        table[leaves].assign(stage=stage).reset_index(drop=True),
    )


def join_ledger(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """One ledger: the entry columns, the evidence, then what the stages had added by the time each row left."""
    import pandas as pd

    full = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    added = [name for name in full.columns if name not in COLUMNS and name not in EVIDENCE]
    for name in added:
        full[name] = filled(full[name])
    return full[[*COLUMNS, *EVIDENCE, *added]]


def filled(column: pd.Series) -> pd.Series:
    """A column of rows that left at different stages: rows that left before it was added get its empty value."""
    import pandas as pd

    present = column.dropna()
    if len(present) == len(column) or pd.api.types.is_numeric_dtype(column):
        return column
    if len(present) and all(isinstance(cell, (list, tuple)) for cell in present):
        return pd.Series(
            [cell if isinstance(cell, (list, tuple)) else [] for cell in column], index=column.index, dtype=object
        )
    return column.fillna("").astype("str")


def check_conservation(read: int, bad: int, kept: pd.DataFrame, ledger: pd.DataFrame) -> None:
    """Entries read + bad records = kept + ledger, and no id twice.

    Raises ConservationError.
    """
    if read + bad != len(kept) + len(ledger):
        raise ConservationError(
            f"{read} entries + {bad} bad records read, but {len(kept)} kept + {len(ledger)} in the ledger"
        )
    ids = [*kept["id"], *ledger["id"]]
    if len(set(ids)) != len(ids):
        raise ConservationError(f"{len(ids) - len(set(ids))} ids stand more than once among kept rows and ledger")
