"""Real crawls of Urban Dictionary's shape on loopback: what is kept, what never is, and what a second collect does."""

from __future__ import annotations

import signal
import subprocess
import time

import pytest

from tests.pipelines.collecting.crawling import (
    PROJECT,
    collect,
    command,
    environment,
    everything,
    lines,
    manifest,
    records,
)
from tests.pipelines.collecting.site import AUTHOR, Site, definition


@pytest.fixture
def site():
    with Site() as site:
        yield site


def test_terms_are_read_page_after_page_until_one_is_empty(site, tmp_path):
    site.define("rizz", 23)
    site.define("no cap", 2)
    done = collect(site, "urban_dictionary", tmp_path, "--term", "rizz", "--term", "No cap", "--term", "unknown")
    assert done.returncode == 0, done.stderr
    assert len(records(tmp_path)) == 25
    asked = [path for path in site.pages_seen() if "rizz" in path]
    assert asked == [f"/v0/define?term=rizz&page={page}" for page in (1, 2, 3, 4)]
    assert site.seen[0] == "/robots.txt"
    assert site.agents == {"slang-curation/0.1.0 (+tests@example.org)"}


def test_votes_and_links_are_kept_and_the_author_is_stored_nowhere(site, tmp_path):
    site.define("rizz", 1)
    site.random = [definition("yeet", 3)]
    collect(site, "urban_dictionary", tmp_path, "--term", "rizz", "--random", "1")
    rizz, yeet = records(tmp_path)
    assert (rizz["votes_up"], rizz["votes_down"]) == (10, 0)
    assert rizz["linked_terms"] == ["rizz", "cool kids"]
    assert yeet["term"] == "yeet"
    assert AUTHOR.encode() not in everything(tmp_path)
    assert b"tests@example.org" not in everything(tmp_path), "whoever collects is told to the site, not to the reader"


def test_the_manifest_says_where_from_whose_and_how_many(site, tmp_path):
    site.define("rizz", 2)
    collect(site, "urban_dictionary", tmp_path, "--term", "rizz")
    told = manifest(tmp_path)
    assert told["redistributable"] is False
    assert (told["licence"], told["attribution"]) == ("", "Urban Dictionary and its writers")
    assert (told["records"], told["terms_collected"], told["failed"]) == (2, 1, 0)
    assert told["collects"][0]["from"] == site.url
    assert told["collects"][0]["robots_txt"] == "obeyed"


def test_a_site_that_gives_the_same_page_for_ever_is_left(site, tmp_path):
    site.define("rizz", 3)
    same = site.answer("/v0/define?term=rizz&page=1")
    site.answer = lambda path: same
    assert collect(site, "urban_dictionary", tmp_path, "--term", "rizz").returncode == 0
    assert len(site.pages_seen()) == 2
    assert len(records(tmp_path)) == 3


def test_a_second_collect_asks_only_for_what_is_new(site, tmp_path):
    site.define("rizz", 2)
    site.define("drip", 2)
    collect(site, "urban_dictionary", tmp_path, "--term", "rizz")
    site.seen.clear()
    collect(site, "urban_dictionary", tmp_path, "--term", "rizz", "--term", "drip")
    assert all("drip" in path for path in site.pages_seen())
    assert len(records(tmp_path)) == 4
    site.seen.clear()
    done = collect(site, "urban_dictionary", tmp_path, "--term", "rizz", "--term", "drip")
    assert "Nothing new" in done.stdout
    assert site.seen == []


def test_a_refresh_records_what_changed_and_what_vanished(site, tmp_path):
    site.define("rizz", 13)
    collect(site, "urban_dictionary", tmp_path, "--term", "rizz")
    first = {record["source_id"]: record for record in records(tmp_path)}
    words = site.words["rizz"]
    gone, edited, voted = words.pop(12), words[3], words[4]
    edited["definition"] = "Charm, edited."
    voted["thumbs_up"] = 999
    words.append(definition("rizz", 77))
    time.sleep(1.1)
    done = collect(site, "urban_dictionary", tmp_path, "--term", "rizz", "--refresh", "0")
    assert "13 records of Urban Dictionary: 1 new, 1 changed, 1 vanished" in done.stdout
    now = {record["source_id"]: record for record in records(tmp_path)}
    assert str(gone["defid"]) not in now
    assert now[str(voted["defid"])]["votes_up"] == 999
    again, before = now[str(edited["defid"])], first[str(edited["defid"])]
    assert again["first_seen_at"] == before["first_seen_at"] < again["collected_at"] == again["last_seen_at"]
    same, before = now[str(voted["defid"])], first[str(voted["defid"])]
    assert same["collected_at"] == before["collected_at"] < same["last_seen_at"]
    changes = lines(tmp_path / "urban_dictionary" / ".changes.jsonl")
    assert sorted(change["what"] for change in changes) == ["changed", "vanished"]
    assert len(manifest(tmp_path)["collects"]) == 2


def test_ctrl_c_keeps_what_was_fetched_and_the_same_command_goes_on(site, tmp_path):
    terms = tmp_path / "terms.txt"
    terms.write_text("\n".join(f"word{number}" for number in range(30)), encoding="utf-8")
    for number in range(30):
        site.define(f"word{number}", 1)
    site.pause = 0.05
    more = ["--base-url", site.url, "--delay", "0", "--terms", terms]
    running = subprocess.Popen(
        command("urban_dictionary", tmp_path, *more), cwd=PROJECT, env=environment(), stderr=subprocess.PIPE, text=True
    )
    while len(site.pages_seen()) < 12:
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    said = running.communicate(timeout=60)[1]
    assert running.returncode == 130
    assert "interrupted" in said
    assert "Traceback" not in said
    assert not (tmp_path / "urban_dictionary").exists(), "half a crawl is no snapshot"
    done = collect(site, "urban_dictionary", tmp_path, "--terms", terms)
    assert "Going on from" in done.stdout
    assert len(records(tmp_path)) == 30
    assert len(site.pages_seen()) == len(set(site.pages_seen())) == 60, "none was asked for twice"


def test_two_collects_into_one_snapshot_do_not_run_at_once(site, tmp_path):
    site.define("rizz", 1)
    site.manners["/v0/define?term=rizz&page=1"] = ["hang 4"]
    first = subprocess.Popen(
        command("urban_dictionary", tmp_path, "--base-url", site.url, "--delay", "0", "--term", "rizz"),
        cwd=PROJECT, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while not site.pages_seen():
        time.sleep(0.05)
    second = collect(site, "urban_dictionary", tmp_path, "--term", "rizz")
    first.kill()
    first.wait()
    assert second.returncode == 2
    assert "another collect is writing it" in second.stderr
