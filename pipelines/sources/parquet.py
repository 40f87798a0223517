"""Parquet files, batch after batch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.sources.delimited import unique
from pipelines.sources.record import Record, Records, SourceError

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = 2_000  # rows held at once


def read_parquet(path: Path) -> Records:
    """Yield a record for each row. Raises SourceError when it is no Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            row = 0
            for batch in file.iter_batches(BATCH):
                names = unique(batch.schema.names)
                for values in zip(*map(cells, batch.columns), strict=True):
                    yield Record(row, 0, dict(zip(names, values, strict=True)))
                    row += 1
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:  # ValueError: a name that is no UTF-8
        cause = (str(error).splitlines() or [type(error).__name__])[0]
        raise SourceError(f"{path}: is no readable Parquet file: {cause}; fetch it again") from None


def cells(column: pa.Array) -> list[object] | Iterator[object]:
    """The values of a column; one that Python cannot hold costs its own cell, never the file."""
    try:
        return column.to_pylist()  # type: ignore[no-any-return]  # pyarrow is untyped
    except (ValueError, OverflowError):
        return map(cell, column)


def cell(value: pa.Scalar) -> object:
    """One value: text that is no UTF-8 as its bytes, a time out of Python's range as Arrow writes it."""
    import pyarrow as pa

    try:
        return value.as_py()
    except UnicodeDecodeError:
        return bytes(value.as_buffer()) if hasattr(value, "as_buffer") else None
    except (ValueError, OverflowError):
        pass
    try:
        return str(value.cast(pa.string()).as_py())
    except pa.ArrowException:
        return "(a value that cannot be shown)"
