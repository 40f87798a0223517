"""Plain lists, one term a line: `term=meaning`, `` term`meaning|meaning ``, `term , meaning`, with any separator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice

from pipelines.sources.columns import Columns
from pipelines.sources.record import Record, Records, SourceError, bad_record
from pipelines.sources.text_files import TextLines

SEPARATORS = ("`", "\t", " = ", "=", " , ", " – ", " — ", " - ", ": ", ";", ",")  # the first of the most frequent wins
SAMPLE = 500  # lines looked at to find the separator


def read_list(lines: TextLines, columns: Columns) -> Records:
    """Yield the records of a list: the term stands before the first separator. Raises SourceError if none is found."""
    settings = columns.settings
    found = filled(lines)
    head = list(islice(found, SAMPLE))
    separator = settings.separator or find_separator([text for _, text in head], lines)
    between = settings.meaning_separator or ("|" if separator == "`" else None)
    skip = 0
    if head:
        names = split(head[0][1], separator) or ()
        skip = int(columns.recognises(names) if settings.header is None else settings.header)
    for row, (number, text) in enumerate(islice(chain(head, found), skip, None)):
        parts = split(text, separator)
        if parts is None:
            detail = f"no {separator!r} between a term and its meaning"
            yield bad_record(row, number, "wrong_field_count", detail, text)
        else:
            meanings = [part.strip() for part in parts[1].split(between)] if between else [parts[1]]
            yield Record(row, number, {"term": parts[0], "definition": meanings})


def filled(lines: TextLines) -> Iterator[tuple[int, str]]:
    """(line, text) of the lines that say something."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield number, line.rstrip("\r\n")


def find_separator(texts: list[str], lines: TextLines) -> str:
    """The separator that most lines have."""
    counts = Counter({mark: sum(split(text, mark) is not None for text in texts) for mark in SEPARATORS})
    best, count = max(counts.items(), key=lambda item: (item[1], -SEPARATORS.index(item[0])))
    if not count:
        raise SourceError(
            f"{lines.path}: no separator between terms and meanings is found in its first lines; say separator = …"
        )
    return best


def split(text: str, separator: str) -> tuple[str, str] | None:
    """Term and meaning, without the blanks around the separator.

    A term may begin with the separator (`=)=smile`); it may be empty only where the separator stands once.
    """
    begin = len(separator) if text.startswith(separator) and text.count(separator) > 1 else 0
    position = text.find(separator, begin)
    if position < 0:
        return None
    return text[:position].strip(), text[position + len(separator) :].strip()
