"""CSV and TSV. A stray quote costs its own line, never the rest of the file."""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from pipelines.sources.columns import Columns, unnamed
from pipelines.sources.columns_known import is_personal
from pipelines.sources.record import Record, Records, SourceError, bad_record
from pipelines.sources.text_files import TextLines

SPAN = 1_000_000  # characters of following lines that an open quote may take in before it counts as a stray one


@dataclass(slots=True)
class Row:
    line: int  # where it begins, counted from 1
    cells: list[str]  # empty when the row cannot be split
    raw: str
    fault: str = ""


def read_delimited(lines: TextLines, columns: Columns, delimiter: str) -> Records:
    """Yield a record for each row, and a bad record for each that has not as many cells as the header.

    Without a header the columns are `column_1` (the term), `column_2` (its definition), `column_3` (an example), …, and
    the usual number of cells is the right one.
    """
    found = rows(iter(lines), delimiter)
    head = list(islice(found, 100))
    names, header = column_names(head, columns, lines)
    named = any(is_personal(name) for name in names)
    for number, row in enumerate(islice(chain(head, found), int(header), None)):
        row.raw = "(not kept: the file has a column of people's names)" if named else row.raw
        if not row.cells:
            yield bad_record(number, row.line, "broken_record", row.fault, row.raw)
        elif len(row.cells) != len(names):
            detail = f"{len(row.cells)} fields where {len(names)} are expected"
            yield bad_record(number, row.line, "wrong_field_count", detail, row.raw)
        else:
            yield Record(number, row.line, dict(zip(names, row.cells, strict=True)))


def column_names(head: Sequence[Row], columns: Columns, lines: TextLines) -> tuple[list[str], bool]:
    """The columns' names, and whether the first row gave them. Raises SourceError when that cannot be told."""
    first = head[0].cells if head else []
    header = columns.settings.header
    if header is None:
        header = columns.recognises(unique(first))
    width = Counter(len(row.cells) for row in head).most_common(1)[0][0] if head else 0
    if header or not head:
        return unique(first), header
    if columns.settings.header is None and width != 2:
        raise SourceError(
            f"{lines.path}: no column is recognised among {', '.join(map(repr, first))[:200]}; "
            "say what they are with columns = {…}, or header = false if the first line is a record"
        )
    return unnamed(width), False


def unique(names: list[str]) -> list[str]:
    """Column names that differ: the second `meaning` becomes `meaning 2`, one without a name `unnamed_3`."""
    named: dict[str, None] = {}  # in order
    times: Counter[str] = Counter()
    for number, name in enumerate(names, 1):
        base = candidate = name.strip().removeprefix("\ufeff") or f"unnamed_{number}"
        while candidate in named:
            times[base] += 1
            candidate = f"{base} {times[base] + 1}"
        named[candidate] = None
    return list(named)


def rows(lines: Iterator[str], delimiter: str) -> Iterator[Row]:
    """Split lines into rows by the strict rules of RFC 4180; where they fail, mend or report one line and go on."""
    csv.field_size_limit(sys.maxsize)
    feed = Feed(lines)
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    while True:
        feed.begin()
        try:
            cells, fault = next(reader), ""
        except StopIteration:
            return
        except csv.Error as error:
            cells, fault = (
                split_line(feed.keep_first(), delimiter),
                f"a quote is not closed or stands inside a cell ({error})",
            )
            reader = csv.reader(feed, delimiter=delimiter, strict=True)
        if any(cell.strip() for cell in cells[:1]) or len(cells) > 1 or (fault and not cells):
            yield Row(feed.start, cells, "".join(feed.taken), fault)


def find_delimiter(lines: TextLines, columns: Columns) -> str:
    """The comma, unless the recipe says otherwise or the first line has none and another usual delimiter."""
    if columns.settings.separator:
        return one_sign(columns.settings.separator, columns)
    first = lines.head.decode(lines.encoding, "replace").lstrip("\ufeff\r\n ").splitlines()[:1]
    counts = Counter({sign: "".join(first).count(sign) for sign in ",;\t|"})
    return "," if counts[","] or not counts.total() else counts.most_common(1)[0][0]


def one_sign(separator: str, columns: Columns) -> str:
    """The separator, if csv.reader can take it. Raises SourceError."""
    if len(separator) != 1 or separator in '"\r\n':
        raise SourceError(
            f"source {columns.settings.name!r}: separator {separator!r}: CSV and TSV are separated by one character, "
            'no quote and no line end; correct it, or say format = "list"'
        )
    return separator


class Feed:
    """Lines for csv.reader, which takes as many as a row needs; they can be given back when the row proves broken."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.lines = lines
        self.waiting: deque[str] = deque()
        self.taken: list[str] = []
        self.start = 1
        self.size = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.size > SPAN and len(self.taken) > 1:
            raise StopIteration
        line = self.waiting.popleft() if self.waiting else next(self.lines)
        self.taken.append(line)
        self.size += len(line)
        return line

    def begin(self) -> None:
        self.start += len(self.taken)
        self.taken, self.size = [], 0

    def keep_first(self) -> str:
        self.waiting.extendleft(reversed(self.taken[1:]))
        self.taken = self.taken[:1]
        return self.taken[0]


def split_line(line: str, delimiter: str) -> list[str]:
    """Cells of one line whose quotes inside cells were not doubled: a cell ends at a quote before a delimiter.

    Empty when a quote stays open.
    """
    comma = re.escape(delimiter)
    cell = re.compile(rf'"((?:[^"]|"(?!{comma}|$))*)"({comma}|$)|([^{comma}]*)({comma}|$)')
    text = line.rstrip("\r\n")
    if text.count('"') % 2:
        return []
    cells, position = [], 0
    while found := cell.match(text, position):
        quoted, end_quoted, bare, end_bare = found.groups()
        cells.append(bare if quoted is None else quoted.replace('""', '"'))
        position = found.end()
        if not (end_quoted or end_bare):
            break
    return cells
