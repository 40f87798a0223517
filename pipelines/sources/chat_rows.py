"""Chat and text files of any usual format → rows exactly as they are, and events for what plain readers get wrong.

    reading = Reading("train.jsonl", Path("train.jsonl"), "jsonl")
    rows = list(reading); reading.events

Nothing is mended but what cannot be told otherwise: encodings, byte order marks, repeated keys. A record that cannot
be read is an event with its text, never a guess; rows and such events together are what the file holds.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from curation.doctor.row import WHOLE_FILE, FileEvent, Row
from pipelines.sources.chat_json import JsonRows
from pipelines.sources.delimited import rows as delimited_rows
from pipelines.sources.delimited import unique
from pipelines.sources.parquet import read_parquet
from pipelines.sources.record import SourceError
from pipelines.sources.text_files import BLOCK, UNPACK_ERRORS, TextLines, _Blocks, rescue

Format = Literal["json", "jsonl", "csv", "tsv", "parquet", "arrow", "txt"]
RAW = 2_000  # characters of what could not be read are kept
NOT_UTF8 = re.compile("[\udc80-\udcff]")  # how bytes that are no UTF-8 arrive
SAID = frozenset(("role", "content", "from", "value"))  # a null under these is the row's own


class Lines(TextLines):
    """Lines of a file, with the numbers of those that held bytes of another encoding."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.rescued: set[int] = set()  # counted from 1

    def __iter__(self) -> Iterator[str]:
        lenient = "surrogateescape" if self.encoding in ("utf-8", "utf-8-sig") else "replace"
        blocks = io.BufferedReader(_Blocks(self.path), BLOCK)
        try:
            with io.TextIOWrapper(blocks, self.encoding, errors=lenient, newline="") as text:
                for line in text:
                    self.number += 1
                    if line.isascii() or not NOT_UTF8.search(line):
                        yield line
                    else:
                        self.rescued.add(self.number)
                        yield rescue(line)
        except (UnicodeError, *UNPACK_ERRORS) as error:
            self.broken = f"the file breaks off after line {self.number}: {error}"


@dataclass
class Reading:
    """One file. Iterate once; the events are whole when the rows have ended. Raises SourceError."""

    name: str
    path: Path
    format: Format
    split: str = ""
    events: list[FileEvent] = field(default_factory=list)
    next: int = 0  # number of the next record

    def __iter__(self) -> Iterator[Row]:
        if self.format in ("parquet", "arrow"):
            values: Iterator[object] = {"parquet": read_parquet, "arrow": read_arrow}[self.format](self.path)
            yield from (self.row(0, without_nulls(getattr(record, "fields", record))) for record in values)
            return
        lines = Lines(self.path)
        self.tell_encoding(lines)
        if self.format == "txt":
            yield from self.texts(lines)
        elif self.format in ("csv", "tsv"):
            yield from self.delimited(lines)
        else:
            yield from JsonRows(self).of_file(lines)
        if lines.broken:
            self.unread(lines.number + 1, lines.broken, "")

    # ------------------------------------------------------------ what is met

    def row(self, line: int, value: object) -> Row:
        """The next record."""
        self.next += 1
        return Row(self.name, self.next - 1, line, value, self.split)

    def whole(self, detail: str) -> None:
        """An event about the file as a whole, which was read all the same."""
        self.events.append(FileEvent(self.name, WHOLE_FILE, 0, "FILE-READ", detail, mended=True))

    def mended(self, row: int, line: int, fault: Literal["FILE-READ", "DUP-KEY"], detail: str) -> None:
        self.events.append(FileEvent(self.name, row, line, fault, detail, mended=True))

    def unread(self, line: int, detail: str, raw: str, fault: Literal["FILE-READ", "DUP-KEY"] = "FILE-READ") -> None:
        """The next record cannot be read."""
        raw = raw[:RAW].encode("utf-8", "replace").decode()
        self.events.append(FileEvent(self.name, self.next, line, fault, detail, mended=False, raw=raw))
        self.next += 1

    def tell_encoding(self, lines: Lines) -> None:
        if lines.encoding == "utf-8-sig":
            self.whole("begins with a byte order mark, which plain readers take for part of the first key")
        elif lines.encoding not in ("utf-8", "ascii"):
            self.whole(f"written in {lines.encoding}, not UTF-8")

    def tell_rescued(self, lines: Lines, row: int, number: int) -> None:
        if number in lines.rescued:
            self.mended(row, number, "FILE-READ", "bytes that are no UTF-8, read as cp1252")

    # ------------------------------------------------------------ formats

    def texts(self, lines: Lines) -> Iterator[Row]:
        """A text on every filled line."""
        for number, line in enumerate(lines, 1):
            if line.strip():
                self.tell_rescued(lines, self.next, number)
                yield self.row(number, line.rstrip("\r\n"))

    def delimited(self, lines: Lines) -> Iterator[Row]:
        """CSV and TSV, the first line naming the columns; every cell is text."""
        first = lines.head.decode(lines.encoding, "replace").lstrip("\ufeff\r\n ").splitlines()[:1]
        counts = {sign: "".join(first).count(sign) for sign in ",;\t|"}
        sign = "\t" if self.format == "tsv" else max(counts, key=lambda one: (counts[one], one == ","))
        found = delimited_rows(iter(lines), sign)
        head = next(found, None)
        names = head.cells if head else []
        names = names if all(names) and len(set(names)) == len(names) else unique(names)
        for one in found:
            if one.fault or len(one.cells) != len(names):
                detail = one.fault or f"{len(one.cells)} fields where the first line names {len(names)}"
                self.unread(one.line, detail, one.raw)
            else:
                self.tell_rescued(lines, self.next, one.line)
                yield self.row(one.line, dict(zip(names, one.cells, strict=True)))


def without_nulls(value: object) -> object:
    """A record of Arrow without the nulls that its columns put into turns which lack a key that others have."""
    if not isinstance(value, dict):
        return value
    return {key: list(map(turn, held)) if isinstance(held, list) else held for key, held in value.items()}


def turn(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {key: held for key, held in value.items() if held is not None or key in SAID}


def read_arrow(path: Path) -> Iterator[dict[str, object]]:
    """The rows of an Arrow file, as `datasets` saves them. Raises SourceError."""
    import pyarrow as pa

    try:
        with pa.memory_map(str(path)) as source:
            try:
                batches = iter(pa.ipc.open_stream(source))
            except pa.ArrowInvalid:
                file = pa.ipc.open_file(source)
                batches = map(file.get_batch, range(file.num_record_batches))
            for batch in batches:
                batch.validate(full=True)  # places beyond the data, in a damaged file, would end this process
                yield from batch.to_pylist()
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        cause = (str(error).splitlines() or [type(error).__name__])[0]
        raise SourceError(f"{path}: is no readable Arrow file: {cause}; fetch it again") from None
