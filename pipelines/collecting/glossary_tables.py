"""Glossaries in tables: which columns, cells that span several rows, headers in several rows, tables in tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from pipelines.collecting.glossary_shapes import Layout, Row, words

if TYPE_CHECKING:
    from parsel import Selector

Columns: TypeAlias = tuple[int, int, int]  # term, definition, example
MOST_SPAN = 50  # rows or columns of one cell: a page of a few bytes can claim a million


@dataclass(frozen=True)
class Cell:
    text: str
    head: bool  # a <th>
    wide: bool  # it spans several columns


def in_tables(tables: list[Selector], layout: Layout) -> Iterator[Row]:
    """The rows of every table. Where nobody has corrected the columns, each table's own header says them."""
    given = (layout.term, layout.definition, layout.example)
    as_found = bool(tables) and given == columns_of(grid(tables[0]))
    for table in tables:
        rows = grid(table)
        named = header_of(rows) if as_found else {}
        yield from in_table(rows, columns_of(rows) if {"term", "definition"} <= set(named) else given)


def in_table(rows: list[list[Cell]], columns: Columns) -> Iterator[Row]:
    """Rows with enough cells: no header, and no line across the table such as the letter that follows."""
    term, definition, example = columns
    for row in rows:
        across = len({id(cell) for cell in row}) == 1
        if (
            len(row) > max(term, definition)
            and not across
            and not all(cell.head for cell in row)
            and not is_header(row)
        ):
            yield row[term].text, row[definition].text, row[example].text if 0 <= example < len(row) else ""


def grid(table: Selector) -> list[list[Cell]]:
    """The table as rows of cells; one that spans rows or columns stands in each of them."""
    depth = int(float(table.xpath("count(ancestor-or-self::table)").get() or 1))
    hanging: dict[int, tuple[Cell, int]] = {}  # column → a cell from above, and in how many rows more
    rows = []
    for line in table.xpath("./tr | ./tbody/tr | ./thead/tr | ./tfoot/tr"):
        row: list[Cell] = []
        cells = iter(line.xpath("./td | ./th"))
        while True:
            if len(row) in hanging:
                cell, left = hanging.pop(len(row))
                if left > 1:
                    hanging[len(row)] = cell, left - 1
                row.append(cell)
                continue
            if (found := next(cells, None)) is None:
                break
            wide, high = span(found, "colspan"), span(found, "rowspan")
            own = found.xpath(f".//text()[count(ancestor::table) = {depth}]").getall()
            cell = Cell(words(own), found.root.tag == "th", wide > 1)
            for _ in range(wide):
                if high > 1:
                    hanging[len(row)] = cell, high - 1
                row.append(cell)
        rows.append(row)
    return rows


def span(cell: Selector, name: str) -> int:
    text = cell.attrib.get(name, "1").strip()
    return min(max(int(text), 1), MOST_SPAN) if text.isdecimal() and len(text) < 6 else 1


def columns_of(rows: list[list[Cell]]) -> Columns:
    """Which columns to read, by the header's names where they are known; numbers of rows are no terms."""
    place = header_of(rows)
    body = [row for row in rows if row and not all(cell.head for cell in row)]
    first = 0
    while body and first < 3 and all(len(row) > first + 2 and is_number(row[first].text) for row in body):
        first += 1
    term = place.get("term", first)
    definition = place.get("definition", term + 1)
    return term, definition, place.get("example", -1)


def header_of(rows: list[list[Cell]]) -> dict[str, int]:
    """Field → column, of the first row whose cells are names of columns; {} where there is none."""
    for row in rows:
        if (all(cell.head for cell in row) or is_header(row)) and (names := fields_of(row)):
            return names
    return {}


def is_header(row: list[Cell]) -> bool:
    """Whether a row names both a column of terms and one of definitions, though its cells may be plain ones."""
    return {"term", "definition"} <= set(fields_of(row))


def fields_of(row: list[Cell]) -> dict[str, int]:
    """Field → first column of that name."""
    from pipelines.sources.columns_known import FIELDS, key_of

    keys = ["" if cell.wide else key_of(cell.text)[0] for cell in row]
    wanted = ("term", "definition", "example")
    places = {field: next((n for n, key in enumerate(keys) if key in FIELDS[field]), -1) for field in wanted}
    return {field: place for field, place in places.items() if place >= 0}


def is_number(text: str) -> bool:
    return text.strip(".)# ").isdecimal()
