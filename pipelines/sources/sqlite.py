"""One table of an SQLite database, opened read-only."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from pipelines.sources.record import Record, Records, SourceError


def read_sqlite(path: Path, table: str | None) -> Records:
    """Yield a record for each row of a table, in the order of its row ids. Raises SourceError."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)) as database:
            database.text_factory = bytes  # text that is no UTF-8 is one bad record, not the end
            cursor = database.execute(f'SELECT * FROM "{choose(database, path, table)}"')  # noqa: S608 - the name is one of the database's own, quoted
            names = [column[0] for column in cursor.description]
            for row, values in enumerate(cursor):
                yield Record(row, 0, dict(zip(names, values, strict=True)))
    except sqlite3.Error as error:
        raise SourceError(f"{path}: is no readable SQLite database: {error}; fetch it again") from None


def choose(database: sqlite3.Connection, path: Path, table: str | None) -> str:
    """The table to read, quoted for SQL: the one that the recipe names, or the only one."""
    query = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY name"
    names = [str(name, "utf-8", "replace") for (name,) in database.execute(query)]
    if table is None and len(names) == 1:
        table = names[0]
    if table not in names:
        which = f"has no table {table!r}" if table else "has not exactly one table"
        raise SourceError(f"{path}: {which}; say table = one of {', '.join(map(repr, names)) or '(it has none)'}")
    return str(table).replace('"', '""')
