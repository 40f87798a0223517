"""Glossary pages built in five ways: found by their structure, shown, confirmed by a person, collected."""

from __future__ import annotations

import json
import tomllib

import pytest

from pipelines.collecting.glossary import Layout, LayoutError, find_glossaries, next_page, read_glossary
from tests.pipelines.collecting.crawling import collect, everything, records
from tests.pipelines.collecting.shapes import GlossaryPages

MENU = '<nav><ul><li><a href="/">Home – start</a></li><li><a href="/a">About us – who we are</a></li></ul></nav>'
TABLE = f"""<html><body>{MENU}<h1>Slang</h1><p>All the words you need.</p>
<table class="wikitable sortable"><thead><tr><th>Meaning</th><th>Word</th><th>Year</th><th>Example</th></tr></thead>
<tr><td>Charm that draws people in.</td><td>rizz</td><td>2022</td><td>He has <b>rizz</b>.</td></tr>
<tr><td>A lie.</td><td>cap<sup class="reference">[1]</sup></td><td>2017</td><td>No cap!</td></tr>
<tr><td>All day,<br>every day.</td><td>24/7</td><td>1990</td><td></td></tr></table>
<table><tr><th>Year</th><th>Visits</th></tr><tr><td>2020</td><td>10</td></tr><tr><td>2021</td><td>20</td></tr>
<tr><td>2022</td><td>40</td></tr></table></body></html>"""
DEFINITIONS = """<html><body><h2>A</h2><dl><dt>arvo<dt>afternoon tea<dd>The afternoon, or what is eaten in it.
<dt>bogan<dd>An uncouth person.<dd>Someone in a flannel shirt.</dl><h2>C</h2><dl><dt>chook<dd>A chicken.</dl></body></html>"""
HEADINGS = """<html><body><h1>Patter</h1><h2>Words</h2><h3>1. Braw</h3><p>Fine or excellent.</p><p>Example: It's a braw day.</p>
<h3>Dreich</h3><p>Dull and wet, of weather.</p><blockquote>E.g. What a dreich morning.</blockquote>
<h3>Wee</h3><p>Small.</p><p>Said of everything.</p></body></html>"""
BULLETS = """<html><body><ul class="terms"><li><b>Bet</b> – yes, certainly. Example: Bet, see you there.</li>
<li>No cap — honestly, without a lie</li><li>mid: mediocre, of no great worth</li><li>check-in = to arrive somewhere</li></ul>
<ul><li>Share</li><li>Print</li><li>Save</li><li>Report</li></ul></body></html>"""
PARAGRAPHS = """<html><body><p>This list grew over years.</p><p><strong>Drip</strong>: an outfit with style.</p>
<p><strong>Fit</strong> - what somebody wears, the outfit.</p><p><strong>Ick:</strong> a sudden dislike of a person.</p></body></html>"""
PAGES = {"table": TABLE, "definitions": DEFINITIONS, "headings": HEADINGS, "bullets": BULLETS, "paragraphs": PARAGRAPHS}


def best(html):
    return find_glossaries(html)[0]


def test_a_table_is_read_by_the_names_of_its_columns():
    assert best(TABLE).layout == Layout("table", "table.wikitable.sortable", 1, 0, 3)
    assert best(TABLE).rows == [
        ("rizz", "Charm that draws people in.", "He has rizz."),
        ("cap", "A lie.", "No cap!"),
        ("24/7", "All day, every day.", ""),
    ]


def test_a_definition_list_gives_every_term_each_of_its_meanings():
    assert best(DEFINITIONS).layout == Layout("definition list", "dl")
    assert best(DEFINITIONS).rows == [
        ("arvo", "The afternoon, or what is eaten in it.", ""),
        ("afternoon tea", "The afternoon, or what is eaten in it.", ""),
        ("bogan", "An uncouth person.", ""),
        ("bogan", "Someone in a flannel shirt.", ""),
        ("chook", "A chicken.", ""),
    ]


def test_headings_mean_the_text_below_them():
    assert best(HEADINGS).layout == Layout("headings", "h3")
    assert best(HEADINGS).rows == [
        ("Braw", "Fine or excellent.", "It's a braw day."),
        ("Dreich", "Dull and wet, of weather.", "What a dreich morning."),
        ("Wee", "Small. Said of everything.", ""),
    ]


def test_items_with_a_dash_are_terms_and_menus_are_not():
    assert best(BULLETS).layout == Layout("list", "ul.terms")
    assert best(BULLETS).rows == [
        ("Bet", "yes, certainly.", "Bet, see you there."),
        ("No cap", "honestly, without a lie", ""),
        ("mid", "mediocre, of no great worth", ""),
        ("check-in", "to arrive somewhere", ""),
    ]


def test_paragraphs_that_begin_in_bold_are_terms_and_prose_is_not():
    assert best(PARAGRAPHS).layout == Layout("paragraphs", "p")
    assert [row[:2] for row in best(PARAGRAPHS).rows] == [
        ("Drip", "an outfit with style."),
        ("Fit", "what somebody wears, the outfit."),
        ("Ick", "a sudden dislike of a person."),
    ]


@pytest.mark.parametrize(
    "html", ["", "no markup", "<p>Prose only.</p>" * 9, "<table><tr><td>1<td>2</table>", MENU, "\x00<<<"]
)
def test_what_is_no_glossary_gives_nothing(html):
    assert find_glossaries(html) == []


def test_a_layout_that_is_none_is_one_line():
    with pytest.raises(LayoutError, match="expected one of table"):
        read_glossary(TABLE, Layout("poem", "p"))
    with pytest.raises(LayoutError, match="no CSS selector"):
        read_glossary(TABLE, Layout("table", "table[["))


def test_the_next_page_is_what_the_page_calls_so():
    assert next_page('<a rel="next nofollow" href="/b">More</a>') == "/b"
    assert next_page("<a href='/b'>next</a>") == ""


@pytest.fixture
def site():
    with GlossaryPages(PAGES) as site:
        yield site


def confirm(out, **changes):
    file = out / "glossary.toml"
    text = file.read_text("utf-8").replace("confirmed = false", "confirmed = true")
    for name, value in changes.items():
        text = "\n".join(
            f"{name} = {json.dumps(value)}" if line.startswith(f"{name} = ") else line for line in text.split("\n")
        )
    file.write_text(text, encoding="utf-8")


def test_from_the_preview_to_the_snapshot(site, tmp_path):
    url = f"{site.url}/table"
    shown = collect(site, "glossary", tmp_path, "--url", url, "--preview")
    assert shown.returncode == 0, shown.stderr
    assert "1. table at table.wikitable.sortable: 3 rows, 3 plausible" in shown.stdout
    assert "Charm that draws people in." in shown.stdout
    assert not (tmp_path / "glossary").exists()
    refused = collect(site, "glossary", tmp_path)
    assert refused.returncode == 2
    assert "glossary.toml: not confirmed yet; read it, correct it, and set confirmed = true" in refused.stderr
    confirm(tmp_path, licence="CC-BY-4.0", attribution="The table's makers", redistributable=True, language="en")
    done = collect(site, "glossary", tmp_path)
    assert done.returncode == 0, done.stderr
    assert [(one["term"], one["example"], one["url"]) for one in records(tmp_path, "glossary")] == [
        ("24/7", "", url), ("cap", "No cap!", url), ("rizz", "He has rizz.", url)]  # fmt: skip
    manifest = json.loads((tmp_path / "glossary" / "manifest.json").read_text("utf-8"))
    assert (manifest["licence"], manifest["attribution"], manifest["redistributable"], manifest["home"]) == (
        "CC-BY-4.0", "The table's makers", True, url)  # fmt: skip


def test_a_glossary_of_several_pages_is_followed_and_a_change_is_noticed(site, tmp_path):
    site.pages["/one"] = HEADINGS.replace("</body>", '<a rel="next" href="two">Next</a></body>')
    site.pages["/two"] = HEADINGS.replace("Braw", "Bairn").replace("Dreich", "Ken").replace("Wee", "Aye")
    assert collect(site, "glossary", tmp_path, "--url", f"{site.url}/one", "--preview").returncode == 0
    confirm(tmp_path)
    assert collect(site, "glossary", tmp_path).returncode == 0
    assert {one["term"] for one in records(tmp_path, "glossary")} == {"Braw", "Dreich", "Wee", "Bairn", "Ken", "Aye"}
    site.pages["/two"] = site.pages["/two"].replace("Small.", "Little.").replace("<h3>Ken</h3>", "<h3>Haar</h3>")
    assert collect(site, "glossary", tmp_path, "--refresh", "0").returncode == 0
    counts = json.loads((tmp_path / "glossary" / "manifest.json").read_text("utf-8"))["collects"][-1]["counts"]
    assert {name: counts[name] for name in ("new", "changed", "vanished")} == {"new": 1, "changed": 1, "vanished": 1}


def test_hostile_cells_stay_text(site, tmp_path):
    site.pages["/odd"] = TABLE.replace("rizz", "{{ 7 * 7 }}").replace(
        "A lie.", "&lt;script&gt;alert(1)&lt;/script&gt; \x1b[31m he said"
    )
    shown = collect(site, "glossary", tmp_path, "--url", f"{site.url}/odd", "--preview")
    assert shown.returncode == 0, shown.stderr
    assert "{{ 7 * 7 }}" in shown.stdout
    assert "\x1b[31m he" not in shown.stdout
    assert tomllib.loads((tmp_path / "glossary.toml").read_text("utf-8"))["confirmed"] is False


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda text: text.replace("confirmed = false", "confirmed = maybe"), "cannot be read"),
        (lambda text: text.replace("redistributable = false", "redistributable = true"), "under which licence?"),
        (lambda text: text.replace('where = "table', 'wher = "table'), "wher"),
        (lambda text: text.replace("urls = [", "urls = [] #"), "urls: "),
    ],
)
def test_a_wrong_toml_is_one_line(site, tmp_path, change, line):
    file = tmp_path / "glossary.toml"
    file.write_text(
        change(
            f'confirmed = false\nurls = ["{site.url}/table"]\nlicence = ""\nredistributable = false\n[layout]\nshape = "table"\nwhere = "table"\n'
        )
    )
    done = collect(site, "glossary", tmp_path)
    assert done.returncode == 2
    assert line in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_page_without_a_glossary_or_that_is_not_there_is_one_line(site, tmp_path):
    site.pages["/prose"] = "<p>Prose only.</p>"
    for path, line in (("prose", "no table, definition list"), ("absent", "the page could not be had")):
        done = collect(site, "glossary", tmp_path, "--url", f"{site.url}/{path}", "--preview")
        assert done.returncode == 2
        assert line in done.stderr
    assert b"Prose" not in everything(tmp_path)
