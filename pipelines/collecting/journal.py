"""Every page that was read, one JSON line each, appended in one piece before anything else is asked for.

Scrapy's own JOBDIR is not used for this: it writes its queue only when a crawl ends in good order, so that a killed
one forgets what was in flight and what it had not asked for yet. From these lines a killed crawl knows what it has and
what those pages led to.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.collecting.source import Ask, Record

Line = dict[str, Any]  # key, ask, at, records, next


class Journal:
    """The append-only file of one crawl, kept over kills until the snapshot is sealed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.done: dict[str, list[Line]] = {}  # key → what the page led to
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        self._cut_torn_end()
        self.crawl = next((line["crawl"] for line in whole_lines(path) if "crawl" in line), "")
        if not self.crawl:
            self.crawl = secrets.token_hex(8)
            self._append({"crawl": self.crawl})
        for line in pages(path):
            self.done[line["key"]] = line["next"]

    def write(self, ask: Ask, at: str, records: list[Record], asks: list[Ask]) -> None:
        """Keep a page: its records and what it leads to."""
        following = [following.as_json() for following in asks]
        self._append({"key": ask.key, "ask": ask.as_json(), "at": at, "records": records, "next": following})
        self.done[ask.key] = following

    def sync(self) -> None:
        os.fsync(self.file)

    def close(self) -> None:
        os.close(self.file)

    def _append(self, line: Line) -> None:
        data = (json.dumps(line, ensure_ascii=False) + "\n").encode("utf-8", "replace")
        try:
            while data:  # one call as a rule; a full disk leaves a torn end, which the next run cuts
                data = data[os.write(self.file, data) :]
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.path)) from None

    def _cut_torn_end(self) -> None:
        """A kill inside a write leaves a line without its end: its page counts as never read."""
        content = self.path.read_bytes()
        if content and not content.endswith(b"\n"):
            os.ftruncate(self.file, content.rfind(b"\n") + 1)


def whole_lines(path: Path) -> Iterator[Line]:
    """The JSON lines of a file; one that a power cut garbled is passed over, and its page is asked for again."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                value = json.loads(line)
            except ValueError:
                continue
            if isinstance(value, dict):
                yield value


def pages(path: Path) -> Iterator[Line]:
    return (line for line in whole_lines(path) if "key" in line)
