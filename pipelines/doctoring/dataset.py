"""What the doctor is pointed at → rows and events: a file, a folder, a build, a dataset of the Hub."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from curation.doctor.row import FileEvent, Row
from curation.doctor.workers import collector_at_rest
from pipelines.sources.chat_rows import Format, Reading, without_nulls
from pipelines.sources.chat_shapes import split_of
from pipelines.sources.record import SourceError

ENDINGS: dict[str, Format] = {
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "json": "json",
    "csv": "csv",
    "tsv": "tsv",
    "parquet": "parquet",
    "pq": "parquet",
    "arrow": "arrow",
    "txt": "txt",
}
PACKED = (".gz", ".zst")
HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")
# What lies beside data in folders that `datasets` and this command write.
NO_DATA = frozenset(("dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json", "doctor.json"))
NO_DATA |= {"quarantine.jsonl", "manifest.json", "timings.json"}


@dataclass(slots=True)
class Dataset:
    """All that was read."""

    name: str  # as the user wrote it
    place: Path | None  # None for a dataset of the Hub
    rows: list[Row] = field(default_factory=list)
    events: list[FileEvent] = field(default_factory=list)
    files: list[str] = field(default_factory=list)  # the names that rows carry
    texts: dict[str, Path] = field(default_factory=dict)  # those of them that are .txt files


def read_dataset(given: str, split: str = "") -> Dataset:
    """Read a path or a Hub dataset, all of it or one split. Raises SourceError, one line."""
    place = Path(os.path.expanduser(given))  # noqa: PTH111 - Path.expanduser fails on ~nobody
    if not os.path.lexists(place):
        return read_hub(given, split)
    dataset = Dataset(given, place)
    found = list(files_of(place, given))
    chosen = [reading for reading in found if not split or reading.split in (split, split_of(split))]
    if not chosen:
        known = ", ".join(sorted({reading.split for reading in found} - {""})) or "none that names tell"
        raise SourceError(f"{given}: has no split {split!r}; its splits: {known}")
    for reading in chosen:
        with collector_at_rest():
            dataset.rows += reading
        dataset.events += reading.events
        dataset.files.append(reading.name)
        if reading.format == "txt":
            dataset.texts[reading.name] = reading.path
    if not dataset.rows and not dataset.events:
        raise SourceError(f"{given}: holds no record")
    return dataset


def files_of(place: Path, given: str) -> Iterator[Reading]:
    """A reader for every file, in order. Raises SourceError."""
    if not place.is_dir():
        if place.is_file() and not place.stat().st_size:
            raise SourceError(f"{given}: is empty")
        yield Reading(given, place, format_of(place), split_of(place.name))
        return
    for path in in_folder(place):
        inside = path.relative_to(place)
        yield Reading(inside.as_posix(), path, format_of(path), split_of("/".join(inside.parts)))


def in_folder(folder: Path) -> list[Path]:
    """The data files of a folder; of a build, its conversations. Texts count only where there is nothing else."""
    chats = folder / "chat"
    if (folder / "manifest.json").is_file() and chats.is_dir():
        folder = chats
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and ending(path) in ENDINGS)
    shown = [path for path in paths if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    data = [path for path in shown if path.name not in NO_DATA and path.stat().st_size]
    tables = [path for path in data if ending(path) != "txt"]
    if not data:
        raise SourceError(f"{folder}: has no file that ends in one of .{', .'.join(ENDINGS)}")
    return tables or data


def ending(path: Path) -> str:
    """The last part of a file's name, without the one that says how it is packed."""
    name = path.name.lower()
    for packed in PACKED:
        name = name.removesuffix(packed)
    return name.rpartition(".")[2]


def format_of(path: Path) -> Format:
    """The format of a file, by its name. Raises SourceError."""
    known = ENDINGS.get(ending(path))
    if known is None:
        raise SourceError(f"{path}: its format is not known by its name; expected one of .{', .'.join(ENDINGS)}")
    return known


def read_hub(given: str, split: str) -> Dataset:
    """Read a dataset of the Hub; a file's name is then its split's. Raises SourceError."""
    if not HUB_ID.fullmatch(given) or ending(Path(given)) in ENDINGS:
        raise SourceError(f"{given}: no such file or folder, and no name of a Hub dataset (owner/dataset)")
    from pipelines.sources.hub import hub_parts
    from pipelines.sources.settings import SourceSettings

    dataset = Dataset(given, None)
    settings = SourceSettings(name="dataset", hub=given, split=split or None)
    for name, records in hub_parts(settings, Path()):
        dataset.files.append(name)
        for record in records:
            value = without_nulls(getattr(record, "fields", record))
            dataset.rows.append(Row(name, record.row, 0, value, split_of(name)))
    if not dataset.rows:
        raise SourceError(f"{given}: holds no record")
    return dataset
