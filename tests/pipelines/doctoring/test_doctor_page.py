"""The doctor's page: self-contained, every row in it, nothing of the dataset becomes HTML."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser

import patients
import pytest

from pipelines import doctor

pytestmark = pytest.mark.xdist_group("doctor")
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>&amp;"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    bad = {"messages": [{"role": "user", "content": HOSTILE}, {"role": "assistant", "content": None}]}
    data = patients.write(folder / "<b>train.jsonl", [*patients.ROWS, bad])
    words = [str(data), "--for", "lab", "--fix", str(folder / "mended"), "--format", "html", "--quiet"]
    assert doctor.main([*words, "--out", str(folder / "doctor.html")]) == 0
    return folder / "doctor.html"


class Reader(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.links, self.words = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data):
        self.words.append(data)


def index(page):
    found = re.search(r'<script type="application/json" id="rows">(.*?)</script>', page.read_text("utf-8"), re.DOTALL)
    return json.loads(found[1])


def test_the_page_asks_the_network_for_nothing_and_holds_no_foreign_element(page):
    read = Reader(page.read_text("utf-8"))
    assert all(link.startswith("#") for link in read.links)
    assert read.tags.count("script") == 2
    assert "img" not in read.tags
    assert "b" not in read.tags[: read.tags.index("nav")][1:2]


def test_every_row_with_a_fault_is_in_the_page_with_what_became_of_it(page):
    rows = index(page)
    assert rows["row"] == [1, 3, 4, 5, 10]
    what = [rows["what"]["names"][code] for code in rows["what"]["codes"]]
    assert what == ["quarantined", "mended", "mended", "quarantined", "quarantined"]
    assert HOSTILE in rows["before"][-1]


def test_the_same_findings_give_the_same_bytes(page, tmp_path):
    words = [str(page.parent / "<b>train.jsonl"), "--for", "lab", "--fix", str(page.parent / "mended")]
    doctor.main([*words, "--format", "html", "--quiet", "--out", str(tmp_path / "again.html")])
    assert (tmp_path / "again.html").read_bytes() == page.read_bytes()


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("Chromium is absent: the page is not opened")
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_a_person_finds_rows_by_fault_and_by_words(page, browser, width, scheme):
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    tab = context.new_page()
    said = []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    tab.goto(page.as_uri())
    assert tab.locator("#results > li").count() == 5
    tab.locator("[data-find=KEY-SCHEMA]").click()
    assert tab.locator("#results > li").count() == 1
    assert "row 4" in tab.locator("#results").inner_text()
    tab.select_option("#among", "")
    tab.fill("#query", "onerror=alert")
    tab.locator("#query").press("Enter")
    assert tab.locator("#results > li").count() == 1
    assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert said == []
    context.close()
