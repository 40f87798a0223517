"""Which files a source names, and which format each is in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from glob import glob as path_glob
from glob import has_magic
from pathlib import Path

from pipelines.sources.json_files import decode
from pipelines.sources.record import SourceError
from pipelines.sources.settings import FORMATS, SourceSettings
from pipelines.sources.text_files import head_of

ENDINGS = {
    "csv": "csv",
    "tsv": "tsv",
    "tab": "tsv",
    "json": "json",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "parquet": "parquet",
    "pq": "parquet",
    "sqlite": "sqlite",
    "sqlite3": "sqlite",
    "db": "sqlite",
    "txt": "list",
    "list": "list",
    "index": "dictd",
}
PACKED = (".gz", ".zst", ".dz")
BODY = (".dict", ".dict.dz")  # read through their .index


def find_files(settings: SourceSettings, root: Path) -> list[tuple[str, Path]]:
    """(name for people, path) of each file of a source, once: in the recipe's order, folders and globs sorted.

    A folder gives its files with a known ending, at any depth, and none that is hidden. Raises SourceError.
    """
    paths = [settings.path] if isinstance(settings.path, str) else settings.path
    found = list(dict.fromkeys(path for given in paths for path in expand(given, root)))
    if len(found) == 1:
        return [(found[0].name, found[0])]
    common = os.path.commonpath([path.parent for path in found])
    return [(path.relative_to(common).as_posix(), path) for path in found]


def expand(given: str, root: Path) -> Iterator[Path]:
    """The files that one path of a recipe means."""
    path = Path(os.path.normpath(root.absolute() / os.path.expanduser(given)))  # noqa: PTH111 - Path.expanduser fails on ~nobody
    try:
        if path.is_dir():
            yield from in_folder(path)
        elif path.exists() or not has_magic(given):
            yield index_of(path)  # whether it can be read is told when it is opened
        else:
            matches = sorted(Path(match) for match in path_glob(str(path), recursive=True))  # noqa: PTH207 - Path.glob refuses absolute patterns
            yield from require([index_of(match) for match in matches if match.is_file()], path, "matches no file")
    except (OSError, ValueError) as error:
        if isinstance(error, SourceError):
            raise
        cause = error.strerror if isinstance(error, OSError) else error
        raise SourceError(f"{given[:200]!r}: is no path: {cause}; check the source's path") from None


def in_folder(folder: Path) -> list[Path]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    shown = [path for path in paths if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    known = [path for path in shown if ending(path) in ENDINGS]
    return require(known, folder, f"has no file that ends in one of .{', .'.join(ENDINGS)}")


def require(paths: list[Path], where: Path, otherwise: str) -> list[Path]:
    if not paths:
        raise SourceError(f"{where}: {otherwise}; check the source's path")
    return paths


def index_of(path: Path) -> Path:
    """The .index that belongs to a dictd .dict or .dict.dz, otherwise the path itself."""
    for end in BODY:
        if path.name.endswith(end):
            return path.with_name(path.name.removesuffix(end) + ".index")
    return path


def ending(path: Path) -> str:
    """The last part of a file's name, without those that say how it is packed."""
    name = path.name.lower()
    for packed in PACKED:
        name = name.removesuffix(packed)
    return name.rpartition(".")[2]


def format_of(path: Path, settings: SourceSettings) -> str:
    """The format of a file: what the recipe says, or by its ending and its first bytes. Raises SourceError."""
    if settings.format:
        return settings.format
    known = ENDINGS.get(ending(path))
    if known in ("dictd", "parquet", "sqlite", "csv", "tsv"):
        return known
    head = head_of(path)
    if head.startswith(b"SQLite format 3\0"):
        return "sqlite"
    if head.startswith(b"PAR1"):
        return "parquet"
    if known in ("json", "jsonl") or (known != "list" and head.lstrip()[:1] in (b"{", b"[")):
        return json_format(head, known or "json")
    if known is None:
        raise SourceError(f"{path}: its format is not known by its name; say format = one of {', '.join(FORMATS)}")
    return known


def json_format(head: bytes, known: str) -> str:
    """Tell JSON, JSON Lines and wiktextract apart: the first filled line of the latter two is a whole value.

    A file that is called JSON Lines is, unless its first line only opens a list or an object.
    """
    text = head.decode("utf-8-sig", "replace") if head.count(0) * 4 < len(head) else ""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if not lines:
        return known
    try:
        value = decode(lines[0])
    except ValueError:
        return "json" if lines[0].endswith(("[", "{", ",")) else known
    if isinstance(value, dict) and isinstance(value.get("senses"), list) and "word" in value:
        return "wiktextract"
    return "jsonl" if len(lines) > 1 else known
