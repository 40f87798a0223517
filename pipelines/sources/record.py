"""What readers yield: a record as its source has it, or a bad record. And the one error that stops a build."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from curation.entry import BadRecord
from pipelines.sources.columns_known import is_personal

NAMED = re.compile(r'"([^"\\]{1,40})"\s*:\s*(?:"(?:[^"\\]|\\.)*"?|[^,}\]]*)')  # "key": value, the value perhaps cut off
RAW_CHARACTERS = 2_000  # of a bad record's text are kept


class SourceError(ValueError):
    """A source that cannot be read at all. Its text is one line: the file, what is wrong, what to do."""


@dataclass(slots=True)
class Record:
    """One record of a file, not yet an entry: its values by the source's own column names, in the source's order."""

    row: int  # record in the file, counted from 0
    line: int  # line in the file where it begins, counted from 1; 0 where the format has no lines
    fields: dict[str, object]


Records: TypeAlias = Iterator[Record | BadRecord]


def bad_record(row: int, line: int, reason: str, detail: str, raw: str = "") -> BadRecord:
    """A bad record without its source and file, which `read_source` fills in.

    `raw` is cut, made valid Unicode, and rid of what stands under an author's key, as far as broken JSON tells.
    """
    text = (
        NAMED.sub(lambda found: "" if is_personal(found[1]) else found[0], raw[:RAW_CHARACTERS])
        .encode("utf-8", "replace")
        .decode("utf-8")
    )
    return BadRecord(source="", file="", row=row, line=line, reason=reason, detail=detail, raw=text)
