"""Stopped at random moments: nothing is lost, nothing stored twice, and only what was in flight is asked for again."""

from __future__ import annotations

import os
import random
import re
import resource
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.pipelines.collecting.crawling import PROJECT, collect, command, environment, lines, records
from tests.pipelines.collecting.shapes import GlossaryPages, RowsService, chained
from tests.pipelines.collecting.site import Site, entry

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


def urban(out: Path, size: int) -> tuple[Site, list[object], int]:
    """(site, arguments, how many records there are)."""
    site = Site()
    for number in range(size):
        site.define(f"word{number}", 1 + number % 11)
    (out / "terms.txt").write_text("\n".join(site.words), encoding="utf-8")
    return site, ["--terms", out / "terms.txt"], sum(map(len, site.words.values()))


def wiktionary(out: Path, size: int) -> tuple[Site, list[object], int]:
    site = Site()
    site.per_call, site.etags = 7, True
    site.categories = {"English slang": [f"word{number}" for number in range(size)]}
    site.entries = {title: entry("Charm.", "A river.") for title in site.categories["English slang"]}
    return site, [], 2 * size


def glossary(out: Path, size: int) -> tuple[Site, list[object], int]:
    return GlossaryPages(chained(size)), [], 4 * size


def rows(out: Path, size: int) -> tuple[Site, list[object], int]:
    site = RowsService()
    site.total = 100 * size
    return site, ["--dataset", "someone/slang"], site.total


SITES = {"urban_dictionary": urban, "wiktionary": wiktionary, "glossary": glossary, "hub_rows": rows}


def stop_at(site: Site, running: subprocess.Popen, number: int, later: float, how: signal.Signals) -> None:
    """Send a signal `later` seconds after the site has been asked `number` more times."""
    until = len(site.pages_seen()) + number

    def look(path: str) -> None:
        if len(site.pages_seen()) >= until and running.poll() is None:
            threading.Timer(later, lambda: os.kill(running.pid, how)).start()
            site.on_request = lambda path: None

    site.on_request = look


def crawl_with_stops(out: Path, source: str, stops: int, size: int, chance: random.Random) -> None:
    site, more, expected = SITES[source](out, size)
    pages = 2 * size if source == "urban_dictionary" else size
    with site:
        site.pause = 0.005
        if source == "glossary":
            (out / "glossary.toml").write_text(
                f'confirmed = true\nurls = ["{site.url}/p0"]\n[layout]\nshape = "table"\nwhere = "table"\n'
            )
        last, so_far = set(), 0
        for _ in range(stops):
            args = ["--base-url", site.url, "--delay", "0", "--quiet", *more]
            how = chance.choice(SIGNALS)
            running = subprocess.Popen(
                command(source, out, *args), cwd=PROJECT, env=environment(), stderr=subprocess.PIPE, text=True
            )
            stop_at(site, running, chance.randrange(2, pages // stops - 1), chance.random() * 0.03, how)
            said = running.communicate(timeout=120)[1]
            assert running.returncode in ((-how,) if how == signal.SIGKILL else (-how, 130)), said
            assert said.count("\n") <= 1, said
            time.sleep(0.05)  # what was on its way arrives
            last |= set(site.pages_seen()[so_far:][-2:])  # one in flight, and the next where it ended in good order
            so_far = len(site.pages_seen())
        done = collect(site, source, out, *more)
        assert done.returncode == 0, done.stderr
        seen = site.pages_seen()
        assert {path for path in seen if seen.count(path) > 1} <= last, "only what was in flight is asked for again"
        assert len(seen) - len(set(seen)) <= stops
    kept = [record["source_id"] for record in records(out, source)]
    assert len(kept) == len(set(kept)) == expected


def test_a_crawl_killed_at_random_moments_loses_and_repeats_nothing(tmp_path):
    crawl_with_stops(tmp_path, "urban_dictionary", 3, 40, random.Random(1))


@pytest.mark.slow
@pytest.mark.parametrize("source", SITES)
def test_every_crawl_stopped_five_times_loses_and_repeats_nothing(tmp_path, source):
    crawl_with_stops(tmp_path, source, 5, 60, random.Random(source))


def in_little_room(out: Path, source: str, room: int, *more: object) -> subprocess.CompletedProcess[str]:
    """A collect that cannot make a file longer than `room` bytes, as on a full disk."""
    return subprocess.run(
        command(source, out, "--delay", "0", *more), capture_output=True, text=True, cwd=PROJECT, env=environment(),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)), timeout=120,
    )  # fmt: skip


@pytest.mark.parametrize("source", ["urban_dictionary", pytest.param("wiktionary", marks=pytest.mark.slow)])
def test_a_disk_that_is_full_is_one_line_and_with_room_it_goes_on(tmp_path, source):
    site, more, expected = SITES[source](tmp_path, 20)
    with site:
        full = in_little_room(tmp_path, source, 6_000, "--base-url", site.url, *more)
        assert full.returncode == 2
        assert re.fullmatch(rf"error: \S*/\.{source}\.crawl/journal\.jsonl: File too large\n", full.stderr)
        assert not (tmp_path / source).exists()
        done = collect(site, source, tmp_path, *more)
        assert "Going on from" in done.stdout
        seen = site.pages_seen()
        assert len(seen) - len(set(seen)) <= 2, "the page that found no room, and the one behind it"
    assert len(records(tmp_path, source)) == expected


@pytest.mark.slow
def test_a_disk_that_is_full_at_the_seal_leaves_the_old_snapshot(tmp_path):
    with Site() as site:
        for number in range(8):
            site.define(f"word{number}", 9)
        terms = [part for term in site.words for part in ("--term", term)]
        assert collect(site, "urban_dictionary", tmp_path, *terms[:8]).returncode == 0
        sealed = tmp_path / "urban_dictionary" / "records.jsonl"
        before = sealed.read_bytes()
        full = in_little_room(tmp_path, "urban_dictionary", len(before) * 3 // 2, "--base-url", site.url, *terms)
        assert (full.returncode, full.stderr.count("\n")) == (2, 1)
        assert "sealed/records.jsonl: File too large" in full.stderr
        assert sealed.read_bytes() == before
        site.seen.clear()
        assert collect(site, "urban_dictionary", tmp_path, *terms).returncode == 0
        assert site.seen == []
    assert len(records(tmp_path)) == 72


def test_a_collect_killed_between_its_seal_and_its_end_is_not_counted_twice(tmp_path):
    with Site() as site:
        site.define("rizz", 3)
        site.pause = 0.3
        args = ["--base-url", site.url, "--delay", "0", "--term", "rizz"]
        running = subprocess.Popen(command("urban_dictionary", tmp_path, *args), cwd=PROJECT, env=environment(),
                                   stdout=subprocess.DEVNULL)  # fmt: skip
        journal = tmp_path / ".urban_dictionary.crawl" / "journal.jsonl"
        while len(site.pages_seen()) < 2:
            time.sleep(0.02)
        kept = journal.read_bytes()
        assert running.wait() == 0
        journal.parent.mkdir()
        journal.write_bytes(kept)
        site.seen.clear()
        done = collect(site, "urban_dictionary", tmp_path, "--term", "rizz")
        assert "Nothing new" in done.stdout
        assert site.seen == []
        assert len(lines(tmp_path / "urban_dictionary" / "records.jsonl")) == 3


def memory_of(pid: int) -> int:
    """The most that a process has held so far, in KiB; its `ru_maxrss` begins at what the tests' own process holds."""
    with suppress(OSError):
        found = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text("utf-8"), re.MULTILINE)
        return int(found[1]) if found else 0
    return 0


@pytest.mark.slow
def test_ten_thousand_pages_take_little_memory_and_none_is_asked_for_twice(tmp_path, capsys):
    terms = tmp_path / "terms.txt"
    terms.write_text("\n".join(f"word{number}" for number in range(5_000)), encoding="utf-8")
    with Site() as site:
        for number in range(5_000):
            site.define(f"word{number}", 1)
        args = ["--base-url", site.url, "--delay", "0", "--terms", terms]
        begin = time.monotonic()
        running = subprocess.Popen(command("urban_dictionary", tmp_path, *args), cwd=PROJECT, env=environment())
        most = 0
        while running.poll() is None:
            most = max(most, memory_of(running.pid))
            time.sleep(0.5)
        seconds = time.monotonic() - begin
        pages = site.pages_seen()
    with capsys.disabled():
        print(f"\n10,000 pages: {len(pages) / seconds:.0f} a second, {most / 1024:.0f} MiB, "
              f"asked for twice: {len(pages) - len(set(pages))}")  # fmt: skip
    assert len(pages) == len(set(pages)) == 10_000
    assert len(records(tmp_path)) == 5_000
    assert 0 < most < 400 * 1024
