"""A source in files that somebody has downloaded, such as a dump: read part by part, so that a kill loses one part."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

from pipelines.collecting.source import Ask, CollectError, LocalSource, Record, Source
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

    def how(self) -> dict[str, Any]:
        return {"files": {file.name: fingerprint(file) for file in self.options.file}}

    def pages(self) -> Iterator[tuple[Ask, Iterator[Record]]]:
        """(part, its records). Raises CollectError for a file that cannot be read."""
        for file in self.options.file:
            known = fingerprint(file)
            try:
                for number, items in enumerate(in_parts(self.items(file), self.part)):
                    yield Ask(f"{known}#{number}", group=f"{file.name} {known} {number}"), self.records(items)
            except SourceError as error:
                raise CollectError(str(error)) from None

    def items(self, file: Path) -> Iterable[Any]:
        """What the file is made of, cheap to get: a part that is known is passed over without more."""
        from pipelines.sources.text_files import TextLines

        lines = TextLines(file)
        yield from lines
        if lines.broken:
            self.warn(f"{file.name}: {lines.broken}; what came before it is kept")

    def records(self, items: list[Any]) -> Iterator[Record]:
        """The records of a part."""
        raise NotImplementedError

    def warn(self, line: str) -> None:
        """Tell a person of what could not be read; the rest is."""
        import sys

        print(f"warning: {line}", file=sys.stderr)


def add_rights(parser: argparse.ArgumentParser) -> None:
    """Options for sources whose rights only the person knows who has the text."""
    parser.add_argument("--licence", default="", metavar="SPDX", help="of the text; none declared if left out")
    parser.add_argument("--attribution", default="", metavar="TEXT", help="who must be named")
    parser.add_argument(
        "--redistributable", action="store_true", help="the licence lets the text be passed on; needs --licence"
    )


def take_rights(source: Source) -> None:
    """Put the options of `add_rights` on a source. Raises CollectError for a right without a licence."""
    options = source.options
    if options.redistributable and not options.licence:
        raise CollectError("--redistributable: under which licence? Give --licence as well, such as CC-BY-4.0")
    source.licence = options.licence or source.licence
    source.attribution = options.attribution or source.attribution
    source.redistributable = options.redistributable or source.redistributable


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
