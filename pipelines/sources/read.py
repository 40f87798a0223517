"""One source of a recipe → entries and bad records; and the fingerprint of what it was read from.

Every record of a file becomes an entry, several entries, or a bad record.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from curation.entry import BadRecord, Entry
from pipelines.sources import chat
from pipelines.sources.columns import UNKNOWN, Columns
from pipelines.sources.columns_known import key_of
from pipelines.sources.delimited import find_delimiter, one_sign, read_delimited
from pipelines.sources.dictd import body_of, read_dictd
from pipelines.sources.files import find_files, format_of
from pipelines.sources.hub import hub_parts
from pipelines.sources.json_files import read_json, read_json_lines
from pipelines.sources.lists import read_list
from pipelines.sources.parquet import read_parquet
from pipelines.sources.record import Record, Records, SourceError, bad_record
from pipelines.sources.settings import SourceSettings, near
from pipelines.sources.sqlite import read_sqlite
from pipelines.sources.text_files import TextLines, open_file
from pipelines.sources.wiktextract import read_wiktextract

Progress = Callable[[str, int, int], None]
TextReader = Callable[[TextLines, Columns, Counter[str]], Records]

TEXT_READERS: dict[str, TextReader] = {
    "csv": lambda lines, columns, _: read_delimited(lines, columns, find_delimiter(lines, columns)),
    "tsv": lambda lines, columns, _: read_delimited(
        lines, columns, one_sign(columns.settings.separator or "\t", columns)
    ),
    "json": lambda lines, columns, _: read_json(lines, columns),
    "jsonl": lambda lines, columns, _: read_json_lines(lines, columns),
    "list": lambda lines, columns, _: read_list(lines, columns),
    "entry_map": lambda lines, columns, _: read_json(lines, columns, as_map=True),
    "term_map": lambda lines, columns, _: read_json(lines, columns, as_map=True),
    "wiktextract": read_wiktextract,
    "dictd": lambda lines, columns, _: read_dictd(lines),
}


def quiet(what: str, done: int, total: int) -> None:
    """Report nothing."""


def read_source(
    settings: SourceSettings, *, root: Path, limit: int | None = None, progress: Progress = quiet
) -> tuple[list[Entry], list[BadRecord]]:
    """Read one source, at most `limit` records of it.

    `root` is where relative paths begin. `progress` is told (what, files done, files in all), and at the end how many
    senses a stated selection passed over. Raises SourceError, one line, when a file cannot be read at all.
    """
    passed_over: Counter[str] = Counter()
    reading = Reading(Columns(settings), limit)
    for name, records in parts(settings, root, reading.columns, passed_over, progress):
        reading.take(name, records)
        if reading.left == 0:
            break
    reading.check_mapping()
    for what, count in sorted(passed_over.items()):
        progress(f"{settings.name}: {count:,} {what} passed over", count, count)
    return reading.entries, reading.bad


@dataclass
class Reading:
    """What has been read of a source so far."""

    columns: Columns
    left: int | None  # records that may still be read
    entries: list[Entry] = field(default_factory=list)
    bad: list[BadRecord] = field(default_factory=list)

    def take(self, name: str, records: Records) -> None:
        """Add what one file gives. Raises SourceError when no column of any of its records is known."""
        entries, bad, unknown = len(self.entries), len(self.bad), 0
        row = -1
        for record in chat.gather(records):
            if self.left is not None and record.row != row:
                if self.left == 0:
                    break
                self.left -= 1
            row = record.row
            found = self.columns.entries(record) if isinstance(record, Record) else record
            if isinstance(found, BadRecord):
                unknown += found.detail.startswith(UNKNOWN)
                found.source, found.file = self.columns.settings.name, name
                self.bad.append(found)
            else:
                for entry in found:
                    entry.file = name
                self.entries += found
        if unknown and len(self.entries) == entries and unknown == len(self.bad) - bad:
            source = self.columns.settings.name
            raise SourceError(f"{name} of {source!r}: {self.bad[-1].detail}; say what they are with columns = {{…}}")

    def check_mapping(self) -> None:
        """Raise SourceError when the recipe maps a column that nothing read has: it is misspelt."""
        seen = {key_of(name) for name in self.columns.seen}
        names = list(dict.fromkeys(name for plan in self.columns.plans for name in plan))
        for name in self.columns.settings.columns:
            if names and self.left is None and key_of(name) not in seen:
                source = self.columns.settings.name
                raise SourceError(f"source {source!r}: columns: there is no column {name!r}{near(name, names[:50])}")


def parts(
    settings: SourceSettings, root: Path, columns: Columns, passed_over: Counter[str], progress: Progress
) -> Iterator[tuple[str, Records]]:
    """(name, records) of each file of a source, or of each split of a Hub dataset."""
    if settings.hub:
        progress(f"{settings.name}: {settings.hub}", 0, 1)
        yield from hub_parts(settings, root)
        return
    files = find_files(settings, root)
    for number, (name, path) in enumerate(files):
        progress(f"{settings.name}: {name}", number, len(files))
        yield name, read_file(path, columns, passed_over)
    progress(settings.name, len(files), len(files))


def read_file(path: Path, columns: Columns, passed_over: Counter[str]) -> Records:
    """The records of one file, in whatever format it is."""
    settings = columns.settings
    name = format_of(path, settings)
    if name == "parquet":
        yield from read_parquet(path)
    elif name == "sqlite":
        yield from read_sqlite(path, settings.table)
    else:
        lines = TextLines(path, settings.encoding)
        row = -1
        for record in TEXT_READERS[name](lines, columns, passed_over):
            row = max(row, record.row)
            yield record
        if lines.broken and name not in ("json", "entry_map", "term_map"):  # these report it where their text ends
            yield bad_record(row + 1, lines.number + 1, "broken_record", lines.broken)


def fingerprint(settings: SourceSettings, root: Path) -> str:
    """SHA-256 over the settings and the names and bytes of all files; of a Hub dataset, its revision's commit."""
    digest = hashlib.sha256(settings.model_dump_json().encode())
    if settings.hub and not (root / settings.hub).is_dir():
        digest.update(commit_of(settings).encode())
        return digest.hexdigest()
    place = settings.model_copy(update={"path": settings.hub}) if settings.hub else settings
    for name, path in find_files(place, root):
        for file in (path, body_of(path)) if path.name.endswith(".index") else (path,):
            with open_file(file) as stream:
                content = hashlib.file_digest(stream, "sha256").hexdigest()
            digest.update(f"{name}\0{content}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def commit_of(settings: SourceSettings) -> str:
    """The commit that a dataset's revision names now, "" where the Hub cannot say."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    try:
        return HfApi().dataset_info(settings.hub, revision=settings.revision).sha or ""
    except (HfHubHTTPError, OfflineModeIsEnabled, OSError, ValueError):
        return ""
