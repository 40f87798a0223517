"""Dictionaries in dictd's format, as Debian packages them: NAME.index (headword, offset, length) and NAME.dict.dz.

Format: RFC 2229's reference server, man page dictfmt(1); numbers are in base 64, most significant digit first.
"""

from __future__ import annotations

import re
from pathlib import Path

from curation.entry import BadRecord
from pipelines.sources.record import Record, Records, SourceError, bad_record
from pipelines.sources.text_files import UNPACK_ERRORS, TextLines, rescue, uncompressed

DIGITS = {sign: value for value, sign in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")}
ABOUT_ITSELF = re.compile(r"00-?database")  # headwords under which a dictionary describes itself


def read_dictd(index: TextLines) -> Records:
    """Yield a record for each headword of an index."""
    body, broken = read_body(body_of(index.path))
    row = 0
    for number, line in enumerate(index, 1):
        if not line.strip() or ABOUT_ITSELF.match(line):
            continue
        yield to_record(row, number, line, body, broken)
        row += 1


def to_record(row: int, number: int, line: str, body: bytes, broken: str) -> Record | BadRecord:
    cells = line.rstrip("\r\n").split("\t")
    if len(cells) not in (3, 4):
        return bad_record(row, number, "wrong_field_count", f"{len(cells)} fields where 3 are expected", line)
    try:
        start, length = number_of(cells[1]), number_of(cells[2])
    except KeyError as error:
        return bad_record(row, number, "broken_record", f"{error} is no digit of base 64", line)
    if start + length > len(body):
        detail = f"its text would end at byte {start + length:,} of {len(body):,}{broken}"
        return bad_record(row, number, "broken_record", detail, line)
    return Record(
        row, number, {"term": cells[0], "definition": definition_text(cells[0], body[start : start + length])}
    )


def number_of(digits: str) -> int:
    """A number in dictd's base 64. Raises KeyError for a sign that is no digit."""
    value = 0
    for sign in digits[:12]:
        value = value * 64 + DIGITS[sign]
    return value


def definition_text(term: str, data: bytes) -> str:
    """The text of an entry without its headword's line, one paragraph a line."""
    text = rescue(data.decode("utf-8", "surrogateescape"))
    head, _, rest = text.partition("\n")
    if head.strip().casefold().strip(":{}") == term.strip().casefold():
        text = rest
    paragraphs = (" ".join(part.split()) for part in re.split(r"\n[ \t]*\n", text))
    return "\n".join(part for part in paragraphs if part)


def body_of(index: Path) -> Path:
    """The file with the texts beside an index. Raises SourceError when there is none."""
    for ending in (".dict.dz", ".dict"):
        body = index.with_name(index.name.removesuffix(".index") + ending)
        if body.is_file():
            return body
    raise SourceError(f"{index}: {index.name.removesuffix('.index')}.dict.dz is not beside it; put it there")


def read_body(path: Path) -> tuple[bytes, str]:
    """All text of the dictionary, and what broke it off."""
    body = bytearray()
    try:
        for block in uncompressed(path):
            body += block
    except UNPACK_ERRORS as error:
        return bytes(body), f"; {path.name} breaks off: {error}"
    return bytes(body), ""
