"""What was collected from one source: a folder that is whole or not there, and the journal of a crawl under way.

NAME/records.jsonl       what a build reads, sorted; with when it was collected, first and last seen
NAME/manifest.json       where from, when, how, whose, how many, SHA-256
NAME/.pages.jsonl        which pages were read when and what they led to
NAME/.changes.jsonl      records as they were before they changed or vanished
.NAME.crawl/journal.jsonl    pages of a crawl that has not come to its end
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines.collecting.freshness import merge
from pipelines.collecting.journal import Journal, pages, whole_lines
from pipelines.collecting.source import Ask, CollectError, Record, Source
from pipelines.sources.snapshots import check_file, looks_sealed, read_manifest
from pipelines.swap import check_replaceable, recover, replace_folder, says

RECORDS, PAGES, CHANGES, MANIFEST = "records.jsonl", ".pages.jsonl", ".changes.jsonl", "manifest.json"


class Snapshot:
    """One source's snapshot, open for a collect. `refresh` is the age in days from which a page is read again."""

    def __init__(self, folder: Path, refresh: float | None = None) -> None:
        recover(folder)
        self.manifest = sealed_manifest(folder)
        check_replaceable(folder, is_snapshot)
        self.folder = folder
        self.work = folder.with_name(f".{folder.name}.crawl")
        self.before = {row["key"]: row for row in whole_lines(folder / PAGES)}
        self.stale = "" if refresh is None else stamp(datetime.now(UTC) - timedelta(days=refresh))
        self.journal = Journal(self.work / "journal.jsonl")
        self.resumed = len(self.journal.done)
        self.failed: dict[str, tuple[str, str]] = {}  # key → (address, why)
        self.fetched = 0
        self.on_page: Callable[[str], None] = lambda group: None  # told of each page that was fetched
        if self.sealed_already():  # killed between the seal and the end
            self.forget_crawl()
            self.journal, self.resumed = Journal(self.work / "journal.jsonl"), 0

    def known(self, ask: Ask) -> list[Ask] | None:
        """What a page that need not be asked for leads to; None where it has to be asked for."""
        found = self.journal.done.get(ask.key)
        row = self.before.get(ask.key)
        if found is None and row and not ask.again and (not self.stale or row["at"] > self.stale):
            found = row["next"]
        return None if found is None else [Ask(**following) for following in found]

    def write(self, ask: Ask, records: list[Record], asks: list[Ask]) -> None:
        """Keep a page that was read just now."""
        self.journal.write(ask, stamp(datetime.now(UTC)), records, asks)
        self.failed.pop(ask.key, None)
        self.fetched += 1
        self.on_page(ask.group)

    def sealed_already(self) -> bool:
        return any(done.get("crawl") == self.journal.crawl for done in self.manifest.get("collects", []))

    def seal(self, source: Source, how: dict[str, Any]) -> dict[str, Any]:
        """Join the journal with what was known, and put the whole folder in place at once; gives the manifest.

        Raises CollectError where there is no record at all.
        """
        self.journal.sync()
        at = stamp(datetime.now(UTC))
        records = {record["source_id"]: record for record in whole_lines(self.folder / RECORDS)}
        merged = merge(self.before, records, pages(self.journal.path), at)
        if not merged.records:
            raise CollectError(
                f"{source.name}: {merged.counts['pages']:,} pages and no record in them: nothing is known there, or "
                "the site has changed its shape. No snapshot is written"
            )
        new = self.work / "sealed"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        ordered = sorted(merged.records.values(), key=lambda record: (record["term"], record["source_id"]))
        write_lines(new / RECORDS, ordered)
        write_lines(new / PAGES, [merged.pages[key] for key in sorted(merged.pages)])
        write_lines(new / CHANGES, [*whole_lines(self.folder / CHANGES), *merged.changes])
        done = {"at": at, "crawl": self.journal.crawl, **how, "counts": dict(sorted(merged.counts.items()))}
        manifest = self.describe(source, done, ordered, new)
        write_text(new / MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=2) + "\n")
        replace_folder(new, self.folder, is_snapshot)
        self.forget_crawl()
        return manifest

    def describe(self, source: Source, done: dict[str, Any], records: list[Record], new: Path) -> dict[str, Any]:
        """The manifest of what stands in the folder `new`."""
        failed = [{"url": url, "why": why} for url, why in sorted(self.failed.values())]
        return {
            "snapshot": source.name,
            "title": source.title,
            "home": source.home,
            "licence": source.licence,
            "attribution": source.attribution,
            "terms": source.terms,
            "redistributable": source.redistributable,
            "language": source.language,
            "kind": source.kind,
            "first_collected_at": self.manifest.get("first_collected_at", done["at"]),
            "collected_at": done["at"],
            "records": len(records),
            "terms_collected": len({record["term"] for record in records}),
            "failed": len(failed),
            "failures": failed[:100],
            "collects": [*self.manifest.get("collects", []), done],
            "files": {RECORDS: {**facts(new / RECORDS), "records": len(records)}},
            "kept": {name: facts(new / name) for name in (PAGES, CHANGES)},
        }

    def forget_crawl(self) -> None:
        self.journal.close()
        shutil.rmtree(self.work, ignore_errors=True)


def is_snapshot(folder: Path) -> bool:
    return says(folder / MANIFEST, "snapshot")


def sealed_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a snapshot, {} where there is none. Raises SourceError, one line, where anything is damaged."""
    if not looks_sealed(folder):
        return {}
    manifest = read_manifest(folder)
    for name, facts in {**manifest["files"], **manifest.get("kept", {})}.items():
        check_file(folder / name, facts["sha256"])
    return manifest


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def write_lines(file: Path, rows: Iterable[dict[str, Any]]) -> None:
    write_text(file, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def write_text(file: Path, text: str) -> None:
    try:
        with file.open("wb") as stream:
            stream.write(text.encode("utf-8", "replace"))
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(file)) from None


def facts(file: Path) -> dict[str, Any]:
    with file.open("rb") as stream:
        return {"sha256": hashlib.file_digest(stream, "sha256").hexdigest(), "bytes": file.stat().st_size}
