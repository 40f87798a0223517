"""What a source is: whose text it is, how it wants to be treated, which pages to ask for, and what they hold."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

from curation.entry import Kind, content_hash

Record: TypeAlias = dict[str, Any]  # one entry by the names of its fields, and `source_id`, unique within the source


class CollectError(ValueError):
    """Why nothing can be collected. Its text is one line."""


class UnreadableError(ValueError):
    """A page that is not what its source gives: cut off, or something else altogether. It is asked for again."""


@dataclass(frozen=True)
class Ask:
    """One page to ask a source for. A page and what it leads to are remembered by `key`."""

    url: str
    group: str  # whose records it holds, such as a term: what a group held before and holds no more has vanished
    what: str = ""  # tells the source's kinds of pages apart
    data: dict[str, Any] = field(default_factory=dict)  # what `read` has to know besides, as JSON has it
    again: bool = False  # asked for by every collect: a list that grows
    number: int = 0  # for addresses that give something else each time
    parent: str = ""  # the group of the page that led here; the crawl fills it in

    @property
    def key(self) -> str:
        """The fingerprint of the request: 16 hex digits."""
        return content_hash(self.url, str(self.number))

    def as_json(self) -> dict[str, Any]:
        """What differs from an ask without anything special."""
        return {name: value for name, value in asdict(self).items() if value or name in ("url", "group")}


@dataclass(frozen=True)
class Page:
    """One answer."""

    ask: Ask
    status: int
    body: bytes
    encoding: str = "utf-8"  # as its headers, byte order mark or markup declare it

    def json(self) -> Any:
        """The body as JSON, which is UTF-8 whatever the headers say. Raises UnreadableError."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            start = self.body[:40].decode("utf-8", "replace")
            raise UnreadableError(f"no whole JSON ({type(error).__name__}); it begins {start!r}") from None

    @property
    def text(self) -> str:
        """The body as text: as UTF-8 where it is valid, whatever was declared, otherwise as declared."""
        for encoding in ("utf-8-sig", self.encoding):
            try:
                return self.body.decode(encoding)
            except (UnicodeDecodeError, LookupError):
                continue
        return self.body.decode("cp1252", "replace")


class Source:
    """Whose text it is. Every source says these of itself, or of one collect; they travel to every entry."""

    name: str  # on the command line, and the snapshot's folder
    title: str  # for people
    licence: str = ""  # SPDX name, or "" where none is declared
    attribution: str = ""  # who must be named
    terms: str  # the terms of use, or what is known of them
    redistributable: bool = False  # whether its text may be passed on
    language: str = ""  # BCP 47, of records that say none themselves
    kind: Kind = "definition"  # what its records are
    home: str  # where people find it

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options

    @classmethod
    def arguments(cls, parser: argparse.ArgumentParser) -> None:
        """Add the source's own options to the command line."""

    def instead(self) -> int | None:
        """Do something else than collect, such as show a preview; gives the exit status. None: collect."""
        return None

    def how(self) -> dict[str, Any]:
        """The settings that decide what is collected, for the manifest."""
        return {}


@dataclass
class Whole:
    """What is read from its beginning to its end, such as a file: who has read it knows all that it holds."""

    name: str  # the same from one collect to the next: what stood in it before and stands there no more has vanished
    version: str  # another one where the content is another
    parts: Iterator[Iterator[Record]]  # a part that is known is passed over without reading its records
    cut_short: bool = False  # set while it is read: it breaks off, and what is missing has not vanished


class LocalSource(Source):
    """A source that is read as a stream and not as pages, mostly of files that are already here, such as a dump."""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(options)
        self.versions: dict[str, str] = {}  # of what was read, for the manifest

    def wholes(self) -> Iterator[Whole]:
        """What there is to read. Raises CollectError for what cannot be read."""
        raise NotImplementedError


class WebSource(Source):
    """A site: which pages to ask for first, and what each page holds and leads to."""

    base_url: str  # --base-url gives another
    delay: float = 1.0  # seconds between requests, at least
    largest: int = 8 << 20  # bytes of a page, unpacked; a longer one is refused
    holds_people: bool = True  # pages name their authors: they are never stored, not even in a cache
    nothing_there: tuple[int, ...] = (404, 410)  # statuses that mean: a page without records
    api_policy: str = ""  # where the site opens `api_paths` to programs, whatever robots.txt says to crawlers
    api_paths: tuple[str, ...] = ()
    decisive: tuple[str, ...] = ()  # what of `how` decides which records a page gives

    @property
    def base(self) -> str:
        return str(self.options.base_url or self.base_url).rstrip("/")

    def asks(self) -> Iterator[Ask]:
        """The first pages. Raises CollectError where the options leave nothing to ask for."""
        raise NotImplementedError

    def read(self, page: Page) -> Iterator[Record | Ask]:
        """The records of a page, and the pages it leads to. Raises UnreadableError."""
        raise NotImplementedError
