"""What goes in and what comes out: records as their files have them, findings, and rows that left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["fatal", "warning", "advice"]
SEVERITIES: tuple[Severity, ...] = ("fatal", "warning", "advice")  # most harmful first
WHOLE_FILE = -1  # row of a finding about a file as a whole


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a chat or text dataset, parsed and otherwise untouched: a null stays None, a number a number."""

    file: str  # as the user knows it: the path given, or the path inside the folder given
    row: int  # record in the file, counted from 0; a record that could not be read is counted too
    line: int  # line in the file where it begins, counted from 1; 0 where the format has no lines
    value: object  # dict, list or str as the parser gave it
    split: str = ""  # train, validation or test, where the file's name or folder tells


@dataclass(frozen=True, slots=True)
class FileEvent:
    """What a reader met that is no record: a byte order mark, another encoding, a repeated key, a broken line."""

    file: str
    row: int  # WHOLE_FILE, or the record it concerns
    line: int
    fault: Literal["FILE-READ", "DUP-KEY", "KEY-SCHEMA"]
    detail: str
    mended: bool  # whether the reader gave the record all the same; False: nothing of it could be read
    raw: str = ""  # what was not read, for the quarantine, cut to 2,000 characters


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of one row."""

    file: str
    row: int
    fault: str  # an id of curation.doctor.faults
    severity: Severity
    detail: str  # one line: what was found, and where in the row
    repair: str = ""  # what was done or would be done; "" where nothing is to do


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A row that cannot be repaired honestly, with the reason."""

    row: Row
    fault: str
    reason: str
