"""A source in files that somebody has downloaded, such as a dump: read part by part, so that a kill loses one part."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

from pipelines.collecting.source import CollectError, LocalSource, Record, Whole
from pipelines.sources.record import SourceError

ENDS = 1 << 20  # bytes at either end of a file that are hashed: a dump of 30 GB is not read twice


class FileSource(LocalSource):
    """Read from `--file`; a part is `part` items (lines, mostly), and a part that is known is not parsed again."""

    part: ClassVar[int] = 1_000

    @classmethod
    def arguments(cls, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--file", action="append", type=Path, required=True, metavar="FILE", help=f"of {cls.title}; packed or not"
        )
        parser.add_argument(
            "--as", dest="called", metavar="NAME", help="what the file was called when it was collected before"
        )

    def wholes(self) -> Iterator[Whole]:
        """Each file, known again by its name. Raises CollectError for one that cannot be read."""
        files, called = self.options.file, self.options.called
        names = [called or file.name for file in files]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise CollectError(f"two files are called {twice}, by which a file is known again; collect them one by one")
        for file, name in zip(files, names, strict=True):
            whole = Whole(name, self.version(file), iter(()))
            whole.parts = self.parts(file, whole)
            yield whole

    def version(self, file: Path) -> str:
        """What tells the file's content from another day's."""
        return fingerprint(file)

    def parts(self, file: Path, whole: Whole) -> Iterator[Iterator[Record]]:
        try:
            for items in in_parts(self.items(file, whole), self.part):
                yield self.records(items)
        except SourceError as error:
            raise CollectError(str(error)) from None

    def items(self, file: Path, whole: Whole) -> Iterable[Any]:
        """What the file is made of, cheap to get: a part that is known is passed over without more."""
        from pipelines.sources.text_files import TextLines

        lines = TextLines(file)
        yield from lines
        if lines.broken:
            whole.cut_short = True
            self.warn(f"{file.name}: {lines.broken}; what came before it is kept")

    def records(self, items: list[Any]) -> Iterator[Record]:
        """The records of a part."""
        raise NotImplementedError

    def warn(self, line: str) -> None:
        """Tell a person of what could not be read; the rest is."""
        import sys

        print(f"warning: {line}", file=sys.stderr)


def fingerprint(file: Path) -> str:
    """16 hex digits for the file as it is: SHA-256 of its size and both ends. Raises CollectError."""
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            digest = hashlib.sha256(b"%d:" % size + stream.read(ENDS))
            if size > 2 * ENDS:
                stream.seek(-ENDS, 2)
            digest.update(stream.read())
    except OSError as error:
        raise CollectError(f"{file}: {error.strerror}; give a file that lies here") from None
    return digest.hexdigest()[:16]


def in_parts(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Lists of `size` items, the last one shorter."""
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part
