"""JSON and JSON Lines → rows: repeated keys told apart, broken records left as events, no quote ever guessed."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator
from itertools import chain, islice, repeat
from json import JSONDecoder
from typing import TYPE_CHECKING

from curation.doctor.row import Row
from pipelines.sources.chat_shapes import DEEPEST, deep, is_records, records, repeated_in
from pipelines.sources.json_files import Piece, blank, element, pieces
from pipelines.sources.repeated_keys import Json, Repeated, variants

if TYPE_CHECKING:
    from pipelines.sources.chat_rows import Lines, Reading

TOO_DEEP = "values are nested too deeply"
LOOKED_AT = 6  # filled lines that tell JSON Lines from one JSON value
OPEN = ("[", "{", ",", ":")  # how a line ends whose value goes on in the next
MOST_JOINED = 50  # lines of one record whose texts hold bare line ends
RECORD = (dict, list, Repeated)
Numbered = Iterator[tuple[int, str]]  # lines with their numbers


class JsonRows:
    """The rows of one file; what is met goes to the reading's events."""

    def __init__(self, reading: Reading) -> None:
        self.to = reading
        self.json = Json()
        self.lenient = Json(strict=False)

    def of_file(self, lines: Lines) -> Iterator[Row]:
        """JSON Lines, or one JSON value: told apart by the first filled lines, whatever the file is called."""
        numbered = enumerate(lines, 1)
        head: list[tuple[int, str]] = []
        for number, line in numbered:
            head.append((number, line))
            if sum(not one.isspace() for _, one in head) == LOOKED_AT:
                break
        filled = [line.strip() for _, line in head if not line.isspace()]
        if self.is_lines(filled):
            yield from self.json_lines(lines, chain(head, numbered))
            return
        if self.to.format == "jsonl" and filled:
            what = "a JSON array" if filled[0].startswith("[") else "records that run over several lines"
            self.to.whole(f"{what} in a file named .jsonl: readers of JSON Lines take it for broken records")
        yield from self.one_json("".join(line for _, line in chain(head, numbered)), lines)

    def is_lines(self, head: list[str]) -> bool:
        """Whether each line holds a record."""
        if len(head) < 2:
            return self.to.format == "jsonl" and not any(is_records(self.value(line)) for line in head)
        whole = [isinstance(self.value(line), (*RECORD, str)) for line in head]
        if head[0].endswith(OPEN):  # an indented value, or a first line that was cut off
            return sum(whole) > 2 or sum(whole) == len(head) - 1 > 1
        return any(whole)

    def value(self, text: str) -> object:
        """What a text holds as JSON; None where it is not one value."""
        try:
            return self.json.decode(text)
        except (ValueError, RecursionError):
            return None

    def json_lines(self, lines: Lines, numbered: Numbered) -> Iterator[Row]:
        """A record on each line: several rows of one number where a key is repeated or values are run together."""
        waiting: deque[tuple[int, str]] = deque()
        for number, line in taken(waiting, numbered):
            try:
                value = self.json.decode(line)
            except (ValueError, RecursionError):
                yield from self.odd_line(line, number, waiting, numbered)
                continue
            self.to.tell_rescued(lines, self.to.next, number)
            if self.json.met:
                yield from self.told_apart(value, number, line)
            elif line.count("[") + line.count("{") > DEEPEST and deep(value):
                self.to.unread(number, TOO_DEEP, line)
            else:
                yield self.to.row(number, value)

    def odd_line(self, line: str, number: int, waiting: deque[tuple[int, str]], numbered: Numbered) -> Iterator[Row]:
        """A line that is not one JSON value: blank, several values, one that strict readers refuse, or broken."""
        if line.isspace():
            return
        try:
            values, detail = self.lenient.several(line), "bare control characters inside a text"
        except RecursionError:
            self.to.unread(number, TOO_DEEP, line)
            return
        except ValueError as error:
            joined = self.joined(line, waiting, numbered) if "Unterminated string" in str(error) else None
            if joined is None:
                self.to.unread(number, f"no valid JSON: {error}", line)
                return
            values, detail = [joined], "bare line ends inside a text"
        if self.lenient.met or any(map(deep, values)) or not all(isinstance(one, (dict, list)) for one in values):
            self.to.unread(number, "no valid JSON: several values on one line", line)
            return
        detail = f"{len(values)} values on one line" if len(values) > 1 else detail
        self.to.mended(self.to.next, number, "FILE-READ", f"{detail}: strict readers refuse the line")
        row = self.to.next
        for value in values:
            self.to.next = row
            yield self.to.row(number, value)

    def joined(self, line: str, waiting: deque[tuple[int, str]], numbered: Numbered) -> dict[str, object] | None:
        """The record that a line begins and further lines end; None where the next line is a record of its own."""
        text = line
        for more in range(MOST_JOINED):
            if more == len(waiting):
                waiting.extend(islice(numbered, 1))
            if more == len(waiting) or isinstance(self.value(waiting[more][1]), RECORD):
                return None
            text += waiting[more][1]
            try:
                value = self.lenient.decode(text)
            except (ValueError, RecursionError):
                continue
            for _ in range(more + 1):
                waiting.popleft()
            return value if isinstance(value, dict) else None
        return None

    def told_apart(self, value: object, line: int, raw: str, *, apart: bool = False) -> Iterator[Row]:
        """The records of a value with repeated keys: under one number, or `apart` where the value is the whole file."""
        told = "; ".join(one.told() for one in self.json.met[:3])
        try:
            found = variants(value)
        except (ValueError, RecursionError) as error:
            self.to.unread(line, f"{told}: {error}", raw, "DUP-KEY")
            return
        row = self.to.next
        for number, one in enumerate(found):
            self.to.next = row + number if apart else row
            if apart or not number:
                self.to.mended(self.to.next, line, "DUP-KEY", f"{told} in one object: a plain load keeps the last")
            yield self.to.row(line, one)

    def one_json(self, text: str, lines: Lines) -> Iterator[Row]:
        """A whole file of JSON: a list, an object, or several values one behind the other."""
        if lines.rescued:
            self.to.whole(f"{len(lines.rescued):,} lines with bytes that are no UTF-8, read as cp1252")
        try:
            value = self.strictly(text)
        except (ValueError, RecursionError):
            yield from self.broken_json(text)
            return
        if isinstance(value, Repeated):
            yield from self.told_apart(value, 1, text, apart=True)
            return
        repeated = bool(self.json.met)
        begins = begin_lines(text) if isinstance(value, list) else repeat(0)
        for line, (split, one) in zip(chain(begins, repeat(0)), records(value), strict=False):
            if repeated:
                yield from self.element(one, split, line)
            elif deep(one):
                self.to.unread(line, TOO_DEEP, "")
            else:
                yield self.of_split(self.to.row(line, one), split)

    def strictly(self, text: str) -> object:
        """One value; where only bare control characters inside texts are against the standard, that is told."""
        try:
            return self.json.decode(text)
        except ValueError:
            value = self.lenient.decode(text)
            self.json.met = self.lenient.met
            self.to.whole("bare control characters inside texts: strict readers refuse the file")
            return value

    def element(self, value: object, split: str, line: int) -> Iterator[Row]:
        """One record of a file in which keys are repeated somewhere."""
        self.json.met = list(repeated_in(value))
        if self.json.met:
            yield from (self.of_split(row, split) for row in self.told_apart(value, line, ""))
        else:
            yield self.of_split(self.to.row(line, value), split)

    def of_split(self, row: Row, split: str) -> Row:
        return Row(row.file, row.row, row.line, row.value, split) if split and not self.to.split else row

    def broken_json(self, text: str) -> Iterator[Row]:
        """A file that is not one value: each element that can be read, and an event for each that cannot."""
        breaks = [found.start() for found in re.finditer("\n", text)]
        for piece in in_a_row(text) if self.begins_whole(text) else pieces(text):
            line = 1 + bisect_left(breaks, piece.start)
            raw = text[piece.start : piece.end]
            if piece.fault:
                self.to.unread(line, piece.fault, raw or text[piece.start :])
                continue
            try:
                value = self.lenient.decode(raw if piece.key is None else "{" + raw + "}")
            except (ValueError, RecursionError) as error:
                self.to.unread(line, f"no valid JSON: {error}", raw)
                continue
            if deep(value):
                self.to.unread(line, TOO_DEEP, raw)
            elif self.lenient.met:
                self.json.met = self.lenient.met
                yield from self.told_apart(value, line, raw)
            else:
                yield self.to.row(line, value)

    def begins_whole(self, text: str) -> bool:
        """Whether a text begins with a whole object: then it is several values one behind the other."""
        try:
            return text.lstrip().startswith("{") and bool(self.lenient.decoder.raw_decode(text.lstrip()))
        except (ValueError, RecursionError):
            return False


def begin_lines(text: str) -> Iterator[int]:
    """The line on which each element of a JSON list begins; the text is known to be one."""
    decoder = JSONDecoder(strict=False)
    place, seen, line = blank(text, text.index("[") + 1), 0, 1
    while text[place : place + 1] not in ("]", ""):
        line += text.count("\n", seen, place)
        seen = place
        yield line
        try:
            place = blank(text, decoder.raw_decode(text, place)[1])
        except (ValueError, RecursionError):  # nested too deeply to be read once more: the others have no line
            return
        place = blank(text, place + 1) if text[place : place + 1] == "," else place


def in_a_row(text: str) -> Iterator[Piece]:
    """The values of a text that stand one behind the other."""
    place = blank(text, 0)
    while place < len(text):
        piece = element(text, place, keyed=False)
        yield piece
        place = blank(text, piece.end)


def taken(waiting: deque[tuple[int, str]], numbered: Numbered) -> Numbered:
    """Lines that were read ahead, then the others."""
    while True:
        waiting.extend(islice(numbered, 0 if waiting else 1))
        if not waiting:
            return
        yield waiting.popleft()
