"""One collect from its options to the sealed snapshot, and what a person is told of it."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from curation.entry import content_hash
from pipelines.collecting.source import CollectError, LocalSource, Source, WebSource

if TYPE_CHECKING:
    from pipelines.collecting.snapshot import Snapshot
    from pipelines.terminal import Terminal

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
ROBOTS = "Forbidden by robots.txt"


def check(source: Source) -> None:
    """Refuse what must not be tried. Raises CollectError."""
    options = source.options
    if not NAME.fullmatch(options.name):
        raise CollectError(f"--name {options.name!r}: expected letters, digits, dots, dashes, at most 64")
    if not isinstance(source, WebSource):
        return
    from pipelines.collecting.settings import user_agent

    user_agent(options.contact)
    check_base(options.base_url)
    own_place = bool(options.base_url)
    if options.delay is not None and options.delay < source.delay and not own_place:
        raise CollectError(f"--delay {options.delay:g}: {source.name} is asked every {source.delay:g} s at most")
    if options.by_api_policy and not source.api_policy:
        raise CollectError(f"--by-api-policy: {source.name} publishes no policy that opens its API to programs")


def check_base(url: str) -> None:
    try:
        parts = urlsplit(url)
        fine = not url or (parts.scheme in ("http", "https") and parts.hostname and parts.port != 0)
        fine = fine and not (parts.query or parts.fragment or parts.username)
    except ValueError:
        fine = False
    if not fine:
        raise CollectError(f"--base-url {url}: expected http:// or https://, a host and perhaps a path")


def run(source: Source, place: Path, terminal: Terminal) -> int:
    """Collect and seal; gives the exit status."""
    from pipelines.collecting.snapshot import Snapshot

    snapshot = Snapshot(place, source.options.refresh)
    if warning := other_settings(source, snapshot):
        print(f"warning: {warning}", file=sys.stderr)
    if snapshot.resumed:
        terminal.say(f"Going on from {snapshot.resumed:,} pages that were fetched before")
    with terminal.working():
        ended = fetch(source, snapshot, terminal)
    if ended:
        return tell_unfinished(snapshot, ended)
    if not snapshot.journal.done:
        return tell_nothing(snapshot, place, terminal)
    manifest = snapshot.seal(source, how(source))
    tell(manifest, place, terminal)
    return 1 if snapshot.failed else 0


def other_settings(source: Source, snapshot: Snapshot) -> str:
    """What to tell a person who asks for other records of pages that are known, "" where it is not so."""
    collects = snapshot.manifest.get("collects", [])
    if not isinstance(source, WebSource) or not collects or source.options.refresh is not None:
        return ""
    before, today = collects[-1].get("settings", {}), source.how()
    name = next((name for name in source.decisive if before.get(name) != today.get(name)), "")
    said = f"{name} is {today.get(name)} now and was {before.get(name)}: pages that are known are not read again"
    return f"{said}; --refresh 0 reads them anew, --name makes another snapshot" if name else ""


def fetch(source: Source, snapshot: Snapshot, terminal: Terminal) -> str:
    """Get every page that is not known; gives why it ended early, or ""."""

    def speak(line: str) -> None:
        hint = f" ({hint_of(source)})" if ROBOTS in line and hint_of(source) else ""
        terminal.progress.console.print(f"{line}{hint}", markup=False, highlight=False, soft_wrap=True)

    snapshot.on_page = Watch(snapshot, terminal, source.title).page
    if isinstance(source, LocalSource):
        from pipelines.collecting.local import take

        return take(source, snapshot)
    assert isinstance(source, WebSource)
    from pipelines.collecting.crawl import crawl
    from pipelines.collecting.settings import scrapy_settings

    options = source.options
    delay = source.delay if options.delay is None else options.delay
    cache = snapshot.folder.with_name(f".{snapshot.folder.name}.http")
    settings = scrapy_settings(source, options.contact, delay, options.timeout, cache)
    settings["COLLECT_BASE_URL"] = options.base_url
    return crawl(source, snapshot, settings, options.limit, speak)


class Watch:
    """Progress on a terminal: pages fetched, and the last one's group."""

    def __init__(self, snapshot: Snapshot, terminal: Terminal, title: str) -> None:
        self.snapshot, self.progress, self.title = snapshot, terminal.progress, title
        self.task = terminal.progress.add_task(title, total=None)

    def page(self, group: str) -> None:
        shown = "".join(c for c in group[:30] if c.isprintable())
        self.progress.update(self.task, description=f"{self.title}: {self.snapshot.fetched:,} pages, {shown}")


def how(source: Source) -> dict[str, Any]:
    """What was asked for and in which way, without the contact."""
    from importlib.metadata import version

    from pipelines.collecting.settings import our_version

    options = source.options
    terms = options.terms_wanted
    said: dict[str, Any] = {"version": our_version(), "settings": source.how()}
    if terms:
        said["terms_asked"] = {"count": len(terms), "hash": content_hash(*terms)}
    said |= {"refresh_days": options.refresh, "limit": options.limit}
    if isinstance(source, LocalSource):
        said["read"] = source.versions
    if isinstance(source, WebSource):
        said |= {"from": source.base, "scrapy": version("scrapy")}
        said["seconds_between"] = source.delay if options.delay is None else options.delay
        said["robots_txt"] = f"not for {source.api_paths}: {source.api_policy}" if options.by_api_policy else "obeyed"
    return {name: value for name, value in said.items() if value not in (None, {})}


def hint_of(source: Source) -> str:
    """What may be done where robots.txt forbids a page of a published API."""
    if not isinstance(source, WebSource) or not source.api_policy or source.options.by_api_policy:
        return ""
    return f"its API is open to programs that keep to {source.api_policy}; read it, and give --by-api-policy"


def tell_unfinished(snapshot: Snapshot, ended: str) -> int:
    """A crawl that did not come to its end is not sealed."""
    kept = f"{len(snapshot.journal.done):,} pages are kept: the same command goes on from there"
    snapshot.journal.close()
    if ended == "shutdown":
        print(f"error: interrupted. {kept}", file=sys.stderr)
        return 130
    print(f"error: {ended}. {kept}", file=sys.stderr)
    return 1


def tell_nothing(snapshot: Snapshot, place: Path, terminal: Terminal) -> int:
    """No page was read: either all was known, or nothing could be had."""
    snapshot.forget_crawl()
    if snapshot.failed:
        print(f"error: none of the {len(snapshot.failed):,} pages could be had; {place} is as it was", file=sys.stderr)
        return 1
    terminal.say(f"Nothing new: every page is in {place} (--refresh DAYS fetches older ones again)")
    return 0


def tell(manifest: dict[str, Any], place: Path, terminal: Terminal) -> None:
    counts = manifest["collects"][-1]["counts"]
    said = ", ".join(f"{counts.get(name, 0):,} {name}" for name in ("new", "changed", "vanished"))
    terminal.say(f"{counts.get('pages', 0):,} pages; {manifest['records']:,} records of {manifest['title']}: {said}")
    if manifest["failed"]:
        terminal.say(f"{manifest['failed']:,} pages could not be had; the same command asks for them again")
    rights = manifest["licence"] or "no licence declared"
    passing = "" if manifest["redistributable"] else "; its text is not for redistribution"
    terminal.say(f"Wrote {place} ({rights}{passing})")
    terminal.say(f'Read it in a recipe with: snapshot = "{place.name}"')
