"""JSON and JSON Lines, read so that nothing is lost: repeated keys keep every value, a break costs what it broke.

Numbers keep their source text: `143`, `0.02`, `1e5` and `NaN` may be slang.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from pipelines.sources.columns import Columns
from pipelines.sources.maps import Fields, is_record, map_entry, records_in
from pipelines.sources.record import Record, Records, bad_record
from pipelines.sources.text_files import TextLines

BLANK = re.compile(r"[ \t\n\r]*")
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},]', re.DOTALL)


class Every(list[object]):
    """All values of a key that an object repeats."""


def keep_every(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object_pairs_hook: a repeated key holds Every value, in order."""
    whole = dict(pairs)
    if len(whole) == len(pairs):
        return whole
    every: dict[str, object] = {}
    for key, value in pairs:
        if key not in every:
            every[key] = value
        elif isinstance(held := every[key], Every):
            held.append(value)
        else:
            every[key] = Every([held, value])
    return every


DECODER = json.JSONDecoder(
    object_pairs_hook=keep_every, parse_float=str, parse_int=str, parse_constant=str, strict=False
)


@dataclass(slots=True)
class Piece:
    """One element of the file's outermost list or object."""

    start: int  # position in the text
    value: object = None
    key: str | None = None  # in an object
    fault: str = ""
    end: int = 0


def decode(text: str) -> object:
    """One JSON value. Raises ValueError, for values nested too deeply as well."""
    try:
        value, end = DECODER.raw_decode(text, blank(text, 0))
    except RecursionError:
        raise ValueError("values are nested too deeply") from None
    if blank(text, end) < len(text):
        raise ValueError(f"more text behind the value: {text[end : end + 40]!r}")
    return value


def read_json_lines(lines: TextLines, columns: Columns) -> Records:
    """Yield the records of a file with one JSON value a line."""
    row = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            for record in to_records(records_in(decode(line), columns), row, number):
                yield record
                row = record.row + 1
        except (ValueError, RecursionError) as error:
            yield bad_record(row, number, "broken_record", f"not valid JSON: {error}", line)
            row += 1


def read_json(lines: TextLines, columns: Columns, *, as_map: bool = False) -> Records:
    """Yield the records of a JSON file of any usual shape: a list, a map, one object, or several values in a row.

    `as_map` reads the outermost object as {term: …} whatever its keys are called.
    """
    text = "".join(lines)
    breaks = [found.start() for found in re.finditer("\n", text)]
    row = 0
    for start, found in shaped(list(pieces(text)), columns, as_map=as_map):
        line = bisect_left(breaks, start) + 1
        if isinstance(found, str):
            detail = f"{found}; {lines.broken}" if lines.broken else found
            records: Records = iter([bad_record(row, line, "broken_record", detail, text[start : start + 2_000])])
        else:
            records = to_records(found, row, line)
        for record in records:
            yield record
            row = record.row + 1


def to_records(found: Iterator[Fields | str], row: int, line: int) -> Records:
    """Number what was found; a text is the cause of a bad record."""
    for number, fields in enumerate(found, row):
        if isinstance(fields, str):
            yield bad_record(number, line, "not_text", fields)
        else:
            yield Record(number, line, fields)


def shaped(found: list[Piece], columns: Columns, *, as_map: bool) -> Iterator[tuple[int, Iterator[Fields | str] | str]]:
    """(position, what stands there): records, or the fault. The outermost object may be a record or a map."""
    outermost = {piece.key: piece.value for piece in found if piece.key is not None}
    one_record = not as_map and is_record(outermost, columns, but=("sentence",))  # a lone column is too little to tell
    held: dict[str, object] = {}
    begin = 0
    for piece in found:
        if one_record and piece.key is not None and not piece.fault:
            if piece.key in held:  # a repeated key begins the next record
                yield begin, records_in(held, columns)
                held = {}
            begin = begin if held else piece.start
            held = {**held, piece.key: piece.value}
        elif piece.fault:
            yield piece.start, piece.fault
        elif piece.key is not None:
            yield piece.start, map_entry(piece.key, piece.value, columns, alone=len(outermost) == 1 and not as_map)
        else:
            yield piece.start, records_in(piece.value, columns)
    if held:
        yield begin, records_in(held, columns)


def pieces(text: str) -> Iterator[Piece]:
    """The elements of the outermost lists and objects of a text, one behind the other; a broken one has a fault."""
    position = blank(text, 0)
    while position < len(text):
        if text[position] in "[{":
            position = yield from elements(text, position + 1, keyed=text[position] == "{")
        else:
            piece = element(text, position, keyed=False)
            yield piece
            position = piece.end
        position = blank(text, position)


def elements(text: str, position: int, *, keyed: bool) -> Generator[Piece, None, int]:
    """The elements of one list or object whose bracket stands before `position`; gives the position behind it."""
    while True:
        position = blank(text, position)
        if position >= len(text):
            yield Piece(position, fault="the file ends before its outermost list or object is closed", end=position)
            return position
        if text[position] == ",":
            position += 1
        elif text[position] in "]}":
            return position + 1
        else:
            piece = element(text, position, keyed=keyed)
            yield piece
            position = piece.end
            if piece.fault and position >= len(text):
                return position


def element(text: str, start: int, *, keyed: bool) -> Piece:
    """The value, or the key and value, at a position; a Piece with a fault where it cannot be read."""
    try:
        key, position = None, start
        if keyed:
            key, position = DECODER.raw_decode(text, start)
            position = blank(text, position)
            position = blank(text, behind_colon(text, position, key))
        value, end = DECODER.raw_decode(text, position)
        return Piece(start, value, key, end=end)
    except RecursionError:
        fault = "values are nested too deeply"
    except ValueError as error:
        fault = f"not valid JSON: {error}"
    end = max(skip(text, start), start + 1)  # a stray bracket between values is an element of its own
    return Piece(start, fault=f"{fault}; {end - start:,} characters are not read", end=end)


def behind_colon(text: str, position: int, key: object) -> int:
    if not isinstance(key, str) or text[position : position + 1] != ":":
        raise ValueError('expected "key": value')
    return position + 1


def skip(text: str, start: int) -> int:
    """Where to go on behind a broken element: its closing bracket, or the next line that begins as its own does."""
    indent = text[text.rfind("\n", 0, start) + 1 : start]
    alike = None if indent.strip() else re.compile(rf"\n{indent}{re.escape(text[start])}").search(text, start)
    limit = alike.start() if alike else len(text)
    depth = 0
    for token in TOKEN.finditer(text, start, limit):
        mark = token[0]
        depth += (mark in ("[", "{")) - (mark in ("]", "}"))
        if depth < 0 or (mark == "," and depth == 0):
            return token.start()
        if depth == 0 and mark in ("]", "}"):
            return token.end()
    return limit


def blank(text: str, position: int) -> int:
    """The first position from here on that is no blank."""
    found = BLANK.match(text, position)
    return found.end() if found else position
