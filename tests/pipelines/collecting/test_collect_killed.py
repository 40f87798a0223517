"""kill -9 at random moments: nothing is lost, nothing is stored twice, and only what was in flight is asked for again."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.pipelines.collecting.crawling import PROJECT, collect, command, environment, lines, records
from tests.pipelines.collecting.site import Site


def kill_at(site: Site, running: subprocess.Popen, number: int, later: float) -> None:
    """Kill the process `later` seconds after the site has been asked `number` more times."""
    until = len(site.pages_seen()) + number

    def look(path: str) -> None:
        if len(site.pages_seen()) >= until and running.poll() is None:
            threading.Timer(later, lambda: os.kill(running.pid, signal.SIGKILL)).start()
            site.on_request = lambda path: None

    site.on_request = look


def crawl_with_kills(out, kills: int, words: int, seed: int) -> None:
    chance = random.Random(seed)
    terms = out / "terms.txt"
    terms.write_text("\n".join(f"word{number}" for number in range(words)), encoding="utf-8")
    with Site() as site:
        for number in range(words):
            site.define(f"word{number}", 1 + number % 11)
        site.pause = 0.005
        last = set()
        for _ in range(kills):
            args = ["--base-url", site.url, "--delay", "0", "--quiet", "--terms", terms]
            running = subprocess.Popen(command("urban_dictionary", out, *args), cwd=PROJECT, env=environment())
            kill_at(site, running, chance.randrange(2, 2 * words // kills), chance.random() * 0.03)
            assert running.wait() == -signal.SIGKILL
            time.sleep(0.05)  # what was on its way arrives
            last.add(site.seen[-1])
        done = collect(site, "urban_dictionary", out, "--terms", terms)
        assert done.returncode == 0, done.stderr
        again = {path for path in site.pages_seen() if site.seen.count(path) > 1}
        assert again <= last, "only what was in flight is asked for again"
        assert len(site.pages_seen()) - len(set(site.pages_seen())) <= kills
        expected = sorted(str(item["defid"]) for found in site.words.values() for item in found)
    assert sorted(record["source_id"] for record in records(out)) == expected


def test_a_crawl_killed_at_random_moments_loses_and_repeats_nothing(tmp_path):
    crawl_with_kills(tmp_path, kills=4, words=60, seed=1)


@pytest.mark.slow
def test_a_crawl_killed_ten_times_loses_and_repeats_nothing(tmp_path):
    crawl_with_kills(tmp_path, kills=10, words=300, seed=2)


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
