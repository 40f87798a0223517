"""Real crawls of Wiktionary's shape on loopback."""

from __future__ import annotations

import pytest

from tests.pipelines.collecting.crawling import collect, manifest, records
from tests.pipelines.collecting.site import Site, entry

FORM = '<span class="form-of-definition">plural of <a href="/wiki/rizz">rizz</a></span>'


@pytest.fixture
def site():
    with Site() as site:
        site.categories = {
            "English slang": ["rizz", "drip", "no cap", "AC/DC", "gone", "../../x"],
            "Spanish slang": ["guay"],
        }
        site.entries = {
            "rizz": entry("Charm.", FORM.replace("rizz", "riz")),
            "drip": {**entry("A drop.", label="physics"), "fr": entry("Perfusion.", language="French")["en"]},
            "no cap": entry("No lie.", "For real."),
            "AC/DC": entry("Bisexual.", label="slang, dated"),
            "guay": {**entry("Cool.", language="Spanish", code="es"), "en": entry("A quay.")["en"]},
        }
        yield site


def wiktionary(site, out, *more):
    return collect(site, "wiktionary", out, *more)


def test_members_are_followed_to_the_end_and_slang_senses_are_taken(site, tmp_path):
    done = wiktionary(site, tmp_path)
    assert done.returncode == 0, done.stderr
    assert [(record["term"], record["definition"]) for record in records(tmp_path, "wiktionary")] == [
        ("AC/DC", "Bisexual."),
        ("no cap", "No lie."),
        ("no cap", "For real."),
        ("rizz", "Charm."),
    ]
    assert "/api/rest_v1/page/definition/AC%2FDC" in site.seen
    assert sum("cmcontinue" in path for path in site.seen) == 2
    assert not any("x" in path.rpartition("/")[2] for path in site.pages_seen() if "definition" in path), (
        "no path is asked"
    )


def test_a_record_has_its_language_its_page_and_its_labels(site, tmp_path):
    wiktionary(site, tmp_path, "--category", "Spanish slang")
    (guay,) = records(tmp_path, "wiktionary")
    assert (guay["term"], guay["language"], guay["definition"]) == ("guay", "es", "Cool.")
    assert guay["url"] == f"{site.url}/wiki/guay"
    assert (guay["tags"], guay["example"], guay["part_of_speech"]) == ("slang", ["Cool.!"], "Noun")
    assert manifest(tmp_path, "wiktionary")["licence"] == "CC-BY-SA-4.0"


def test_a_second_collect_lists_the_category_anew_and_asks_for_new_members_only(site, tmp_path):
    wiktionary(site, tmp_path)
    site.seen.clear()
    site.categories["English slang"] = ["rizz", "yeet", "drip", "AC/DC"]
    site.entries["yeet"] = entry("To throw.")
    done = wiktionary(site, tmp_path)
    asked = [path for path in site.seen if "definition" in path]
    assert asked == ["/api/rest_v1/page/definition/yeet"]
    assert "1 new, 0 changed, 2 vanished" in done.stdout, "both senses of no cap"
    assert {record["term"] for record in records(tmp_path, "wiktionary")} == {"AC/DC", "rizz", "yeet"}


def test_a_category_read_beside_another_makes_nothing_vanish(site, tmp_path):
    wiktionary(site, tmp_path)
    done = wiktionary(site, tmp_path, "--category", "Spanish slang")
    assert "1 new, 0 changed, 0 vanished" in done.stdout
    assert len(records(tmp_path, "wiktionary")) == 5


def test_other_labels_do_not_silently_leave_the_known_pages_as_they_are(site, tmp_path):
    wiktionary(site, tmp_path)
    again = wiktionary(site, tmp_path, "--label", "dated")
    assert "labels is ['dated'] now and was ['slang']: pages that are known are not read again" in again.stderr
    assert len(records(tmp_path, "wiktionary")) == 4
    anew = wiktionary(site, tmp_path, "--label", "dated", "--refresh", "0")
    assert anew.stderr == ""
    assert [record["term"] for record in records(tmp_path, "wiktionary")] == ["AC/DC"]


def test_a_refresh_asks_whether_a_page_has_changed_and_takes_it_from_the_cache_if_not(site, tmp_path):
    site.etags = True
    wiktionary(site, tmp_path)
    site.entries["rizz"] = entry("Charisma.")
    done = wiktionary(site, tmp_path, "--refresh", "0")
    assert "0 new, 1 changed, 0 vanished" in done.stdout
    assert site.unchanged >= 4


def test_an_api_that_robots_txt_forbids_is_asked_only_by_its_published_policy(site, tmp_path):
    site.robots = "User-agent: *\nDisallow: /w/\nDisallow: /api/\n"
    done = wiktionary(site, tmp_path)
    assert done.returncode == 1
    assert "https://www.mediawiki.org/wiki/API:Etiquette" in done.stderr
    assert site.seen == ["/robots.txt"]
    assert wiktionary(site, tmp_path, "--by-api-policy").returncode == 0
    assert "API:Etiquette" in manifest(tmp_path, "wiktionary")["collects"][0]["robots_txt"]


def test_a_category_that_does_not_exist_leaves_no_snapshot(site, tmp_path):
    done = wiktionary(site, tmp_path, "--category", "Klingon slang")
    assert done.returncode == 2
    assert "1 pages and no record in them" in done.stderr
    assert not (tmp_path / "wiktionary").exists()
