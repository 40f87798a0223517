"""What a publish writes down of itself beside the data, so that the next one knows what it stands before.

publication/record.json     version, hashes of files, columns and rows, the versions before
publication/card.md         the card as it was computed, whatever a hand made of README.md since
publication/rows.parquet    for every row its id and the hashes of its text and of the rest
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from hashlib import sha1, sha256
from pathlib import Path
from typing import Any, Literal

FOLDER = "publication"
RECORD, CARD, ROWS = f"{FOLDER}/record.json", f"{FOLDER}/card.md", f"{FOLDER}/rows.parquet"
README, CHANGELOG = "README.md", "CHANGELOG.md"
TOLD_APART = frozenset({README, CHANGELOG, RECORD, CARD})  # follow from the rest, or from what stood there before
TOOL, FORMAT = "slang-curation", 1
VERSION = re.compile(r"(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})")


@dataclass(frozen=True)
class FileFacts:
    """One published file."""

    sha256: str
    blob: str  # git's hash of the content, by which the Hub knows small files
    size: int  # bytes


@dataclass(frozen=True)
class Record:
    """One publish."""

    kind: Literal["dataset", "model"]
    name: str  # of the recipe, or of the run
    version: str  # MAJOR.MINOR.PATCH
    made_from: str  # sha256 of the build's manifest.json or of the run's run.json
    files: dict[str, FileFacts]  # all but those of TOLD_APART
    card_sha256: str  # of the computed card
    changes: str = ""  # this version's entry of the changelog
    columns: dict[str, dict[str, str]] = field(default_factory=dict)  # configuration → column → type
    rows: dict[str, dict[str, int]] = field(default_factory=dict)  # configuration → split → rows
    before: list[tuple[str, str]] = field(default_factory=list)  # (version, made_from), oldest first

    @property
    def tag(self) -> str:
        return f"v{self.version}"

    def content(self) -> str:
        """A hash of all that is published but the version."""
        facts = {"files": {name: one.sha256 for name, one in self.files.items()}, "card": self.card_sha256}
        return sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


class UnknownRecordError(ValueError):
    """The record that stands there is not one that this version of the toolkit can read."""


def parts(version: str) -> tuple[int, int, int]:
    """MAJOR, MINOR and PATCH. Raises ValueError with one line."""
    found = VERSION.fullmatch(version)
    if not found:
        raise ValueError(f"version {version!r}: expected MAJOR.MINOR.PATCH, such as 1.2.0")
    return int(found[1]), int(found[2]), int(found[3])


def to_json(record: Record) -> str:
    facts = {"tool": TOOL, "format": FORMAT, **asdict(record)}
    return json.dumps(facts, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def from_json(data: bytes) -> Record:
    """The record that an earlier publish wrote. Raises UnknownRecordError."""
    from pydantic import TypeAdapter, ValidationError

    try:
        facts: Any = json.loads(data)
        if not isinstance(facts, dict) or facts.pop("tool", "") != TOOL:
            raise UnknownRecordError(f"{RECORD} was not written by this toolkit")
        if facts.pop("format", 0) != FORMAT:
            raise UnknownRecordError(f"{RECORD} was written by a newer version of this toolkit; update it")
        record = TypeAdapter(Record).validate_python(facts)
        parts(record.version)
        return record
    except (ValidationError, ValueError, RecursionError) as error:
        if isinstance(error, UnknownRecordError):
            raise
        raise UnknownRecordError(f"{RECORD} is damaged") from None


def file_facts(path: Path) -> FileFacts:
    """Hashes of a file, read in pieces."""
    size = path.stat().st_size
    whole, blob = sha256(), sha1(b"blob %d\0" % size, usedforsecurity=False)
    with path.open("rb") as content:
        while piece := content.read(1 << 20):
            whole.update(piece)
            blob.update(piece)
    return FileFacts(whole.hexdigest(), blob.hexdigest(), size)
