"""Tables to Parquet and back, with one schema: the same table always gives the same bytes.

Columns are text, whole numbers, numbers, truths, or lists of text or numbers; pandas' own metadata is left out.
"""

from __future__ import annotations

import json
import os
from functools import cache
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.entry import with_types

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


def to_arrow(table: pd.DataFrame) -> pa.Table:
    import pyarrow as pa

    types = {name: arrow_type(name, table[name]) for name in table.columns}
    arrays = [pa.array(list(table[name]), type=kind, from_pandas=True) for name, kind in types.items()]
    return pa.Table.from_arrays(arrays, schema=pa.schema(list(types.items())))


def arrow_type(name: str, column: pd.Series[Any]) -> pa.DataType:
    import pandas as pd
    import pyarrow as pa

    if pd.api.types.is_bool_dtype(column):
        return pa.bool_()
    if pd.api.types.is_integer_dtype(column):
        return pa.int64()
    if pd.api.types.is_float_dtype(column):
        return pa.float64()
    if column.dtype == object and all(isinstance(cell, (list, tuple)) for cell in column):
        return pa.list_(pa.float64() if name in number_lists() or _has_numbers(column) else pa.string())
    return pa.string()


@cache
def number_lists() -> frozenset[str]:
    """The columns that stages declare to hold lists of numbers: they have their type even where every list is empty."""
    from curation.stages import STAGES

    return frozenset(name for stage in STAGES.values() for name in stage.number_lists)


def _has_numbers(column: pd.Series[Any]) -> bool:
    """Whether any list begins with a number: a column that nobody declared is written all the same."""
    return any(len(cell) > 0 and isinstance(cell[0], Real) for cell in column)


def from_arrow(data: pa.Table) -> pd.DataFrame:
    import pandas as pd
    import pyarrow as pa

    columns: dict[str, Any] = {}
    for name in data.column_names:
        kind, column = data.schema.field(name).type, data.column(name)
        if pa.types.is_list(kind):
            columns[name] = pd.Series(column.to_pylist(), dtype=object)
        elif pa.types.is_string(kind):
            columns[name] = pd.Series(column.to_pylist(), dtype="str")
        else:
            columns[name] = column.to_pandas(integer_object_nulls=True)
    return with_types(pd.DataFrame(columns, columns=data.column_names))


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write atomically: whoever reads `path` sees the old table or the whole new one."""
    import pyarrow.parquet as pq

    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    pq.write_table(to_arrow(table), part, compression="zstd")
    part.replace(path)


def read_table(path: Path) -> pd.DataFrame:
    import pyarrow.parquet as pq

    return from_arrow(pq.read_table(path))


def write_text(path: Path, text: str) -> None:
    """Write atomically, UTF-8, with the line ends of `text`."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8", newline="")
    part.replace(path)


def write_json(path: Path, value: object) -> None:
    write_text(path, json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
