from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import toy_build
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_build import EMAIL, HOSTILE

from curation.entry import READ_REASONS
from pipelines.pages.calibration import FLOOR as AXIS
from pipelines.pages.calibration import TOP as WHOLE
from pipelines.pages.calibration import asked_share, calibration, shipped_bins
from pipelines.pages.evidence import Rows, cell_text, clipped, meanings
from pipelines.pages.histogram import ANSWERS, BINS, FLOOR, TOP, axis_ticks, histogram
from pipelines.pages.life import hear
from pipelines.pages.search_index import LENGTHS, script_json, search_index
from pipelines.report import percent, render, write_report


@pytest.fixture(scope="module")
def page() -> str:
    return render(toy_build.facts())


def index_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="rows">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


class Reader(HTMLParser):
    """The elements, attributes and visible texts that a browser would find."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.inside: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside[: -self.inside[::-1].index(tag) - 1] if tag in self.inside else self.inside

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.inside):
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def test_every_reason_and_flag_that_a_stage_declares_has_a_sentence() -> None:
    from curation.stages import STAGES

    for stage in STAGES.values():
        assert set(stage.reasons) <= set(meanings()["reasons"]), stage.name
        assert set(stage.flags) <= set(meanings()["flags"]), stage.name
    assert set(READ_REASONS) <= set(meanings()["reasons"])


def test_the_headline_shows_a_sum_that_comes_out_even(page: str) -> None:
    kept, ledger = toy_build.tables()
    text = Reader(page).text
    assert f"{len(kept)} of {len(kept) + len(ledger)} records stay" in text
    assert (
        f"{len(kept) + len(ledger) - 1} entries read + 1 bad record = {len(kept)} kept + {len(ledger)} in the ledger"
        in text
    )
    assert "✓ comes out even" in text


def test_a_sum_that_does_not_come_out_even_is_shown_as_such() -> None:
    facts = toy_build.facts()
    assert "✗ does not come out even" in Reader(render(replace(facts, entries=facts.entries.iloc[1:]))).text


def test_the_same_build_gives_the_same_bytes(tmp_path: Path) -> None:
    one, two = (tmp_path / name for name in ("one", "two"))
    for folder in (one, two):
        folder.mkdir()
        write_report(folder, toy_build.facts())
    assert (one / "report.html").read_bytes() == (two / "report.html").read_bytes()


def test_nothing_from_the_data_becomes_an_element_or_an_attribute(page: str) -> None:
    reader = Reader(page)
    tags = [tag for tag, _ in reader.elements]
    assert "img" not in tags
    assert tags.count("script") == 2
    assert not [name for _, attributes in reader.elements for name in attributes if name.startswith("on")]
    assert not [attributes for _, attributes in reader.elements if "style" in attributes]


def test_the_page_names_no_other_address_and_forbids_all_others(page: str) -> None:
    reader = Reader(page)
    policy = next(a["content"] for tag, a in reader.elements if tag == "meta" and "http-equiv" in a)
    assert policy
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    links = [value for _, a in reader.elements for name, value in a.items() if name in ("href", "src")]
    assert all(value and value.startswith("#") for value in links)


def test_every_link_inside_the_page_leads_somewhere(page: str) -> None:
    reader = Reader(page)
    ids = [attributes["id"] for _, attributes in reader.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for _, a in reader.elements if a.get("href")} <= set(ids)


def test_private_text_stands_nowhere_in_the_page(page: str) -> None:
    assert EMAIL not in page
    assert "janeroe" not in page.lower()
    assert "holds an e-mail address" in Reader(page).text


def test_full_names_are_not_put_on_show(page: str) -> None:
    assert "Jane Roe" not in Reader(page).text
    assert "Not shown: it holds a full name." in Reader(page).text


def test_without_a_privacy_stage_early_rows_are_shown_as_they_are() -> None:
    facts = toy_build.facts()
    stages = [stage for stage in facts.stages if stage["name"] != "privacy"]
    assert EMAIL in render(replace(facts, stages=stages))


def test_offensive_text_stands_behind_a_veil(page: str) -> None:
    before, _, after = page.partition("A very rude meaning indeed.")
    assert before.rindex('<details class="veil">') > before.rindex("</details>")
    assert "</details>" in after


def test_the_search_index_holds_every_row_and_what_became_of_it(page: str) -> None:
    index = index_of(page)
    kept, ledger = toy_build.tables()
    assert sorted(index["id"]) == sorted([*kept["id"], *ledger["id"]])
    outcomes = [tuple(index["outcome"]["names"][code]) for code in index["outcome"]["codes"]]
    assert outcomes[index["term"].index("Kevin")] == ("quality", "vanity_name")
    assert outcomes[index["term"].index("rizz")] == ("", "")
    assert index["id"][index["survivor"][str(index["term"].index("Rizz"))]] == index["id"][index["term"].index("rizz")]


def test_merged_definitions_stand_side_by_side_with_their_score(page: str) -> None:
    section = page[page.index('id="merged"') : page.index('id="senses"')]
    assert toy_build.RIZZ.definition in section
    assert toy_build.RIZZ_AGAIN.definition in section
    assert "0.93" in section


def test_label_issues_and_texts_of_another_term_come_with_suggestions(page: str) -> None:
    text = Reader(page).text
    assert re.search(r"label: slang → non-slang trust in the given label 0.08", text)
    assert re.search(r"The definition fits mrw better; fit to its own term 0.03", text)


def test_what_is_trained_is_marked_and_what_is_read_is_not(page: str) -> None:
    assert "<mark>“Rizz” is charm.&lt;|end|&gt;</mark>" in page
    assert "&lt;|user|&gt;What is &lt;b&gt;rizz&lt;/b&gt;?&lt;|end|&gt;<mark>" in page


def test_an_empty_build_gives_a_page_too() -> None:
    facts = toy_build.facts()
    text = Reader(render(replace(facts, entries=facts.entries.iloc[:0], ledger=facts.ledger.iloc[:0], stages=[], sources=[],
                                 conversations=[], chat_counts={}, thresholds={}, review_tasks=0))).text  # fmt: skip
    assert "0 of 0 records stay" in text
    assert "Every row stayed." in text


def test_a_table_without_stage_columns_gives_a_page_too() -> None:
    from curation.entry import COLUMNS, EVIDENCE

    facts = toy_build.facts()
    bare = replace(facts, entries=facts.entries[list(COLUMNS)], ledger=facts.ledger[[*COLUMNS, *EVIDENCE]])
    assert "No two definitions of one term were compared." in Reader(render(bare)).text


def test_the_index_is_cut_to_its_budget_and_says_so() -> None:
    rows = Rows(*toy_build.tables())
    whole = search_index(rows)
    assert (whole.left_out, whole.cut_at) == (0, 1000)  # one text has 10,000 characters
    budget = len(whole.data.encode()) - 600
    cut = search_index(rows, budget)
    assert len(cut.data.encode()) <= budget
    assert cut.left_out == 0
    assert cut.cut_at in LENGTHS[1:-1]
    tiny = search_index(rows, budget=1_500)
    assert len(tiny.data.encode()) <= 1_500
    assert tiny.rows + tiny.left_out == whole.rows
    assert tiny.left_out > 0


@given(st.text())
def test_json_in_the_page_comes_back_whole_and_cannot_end_its_element(text: str) -> None:
    written = script_json([text])
    assert json.loads(written) == [text]
    assert not set(written) & set("<>&\u2028\u2029")


@given(st.text(), st.integers(1, 400))
def test_a_clipped_text_says_how_much_is_missing(text: str, limit: int) -> None:
    short = clipped(text, limit)
    assert short == text or (
        short.startswith(text[:limit].rstrip()) and f"({len(text) - limit:,} characters more)" in short
    )


@given(st.lists(st.tuples(st.floats(-1, 1.2), st.sampled_from(ANSWERS)), max_size=60))
@settings(max_examples=60, deadline=None)
def test_the_histogram_counts_every_pair_once_inside_its_frame(pairs: list[tuple[float, str]]) -> None:
    picture = histogram([*pairs, (float("nan"), "keep")], {"merge": 0.9, "ask": 0.7})
    assert sum(int(bar.title.split(": ")[1].split()[0].replace(",", "")) for bar in picture.bars) == len(pairs)
    assert sum(picture.counts.values()) == len(pairs)
    assert len({bar.x for bar in picture.bars}) <= BINS
    for bar in picture.bars:
        assert bar.y >= TOP - 0.1
        assert bar.y + bar.height <= FLOOR + 0.1
        assert picture.left <= bar.x
        assert bar.x + bar.width <= picture.right + 0.1
    assert [mark.at for mark in picture.thresholds] == sorted(mark.at for mark in picture.thresholds)


counts = st.integers(0, 900).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))


@given(st.lists(counts, min_size=1, max_size=10))
@settings(max_examples=60, deadline=None)
def test_each_bin_with_labelled_pairs_is_a_dot_inside_its_interval(pairs: list[tuple[int, int]]) -> None:
    bins = [(place / 10, (place + 1) / 10, n, same) for place, (n, same) in enumerate(pairs)]
    picture = calibration(bins)
    assert picture.pairs == sum(n for n, _ in pairs)
    assert len(picture.dots) == sum(n > 0 for n, _ in pairs)
    for dot, (n, same) in zip(picture.dots, [pair for pair in pairs if pair[0]], strict=True):
        assert WHOLE <= dot.high <= dot.low <= AXIS
        assert (dot.y - WHOLE) / (AXIS - WHOLE) == pytest.approx(1 - same / n, abs=1e-3)
        assert picture.left < dot.x < picture.right
        assert f"{same:,} of {n:,} labelled pairs" in dot.title


def test_the_bins_that_come_with_the_score_are_whole_and_in_order() -> None:
    bins = shipped_bins()
    assert bins
    assert (bins[0][0], bins[-1][1]) == (0, 1)
    assert all(one[1] == other[0] for one, other in pairwise(bins))
    assert all(0 <= same <= n for _, _, n, same in bins)


def test_the_page_says_what_share_of_the_pairs_is_asked_and_draws_the_calibration(page: str) -> None:
    assert "0 of 1 pairs (0.0 %) are left to a person; the aim is under 15 %." in Reader(page).text
    section = page[page.index('id="senses"') : page.index('id="labels"')]
    assert section.count("<circle") == sum(n > 0 for _, _, n, _ in shipped_bins())
    assert "1 of 2 pairs (50.0\u00a0%)" in asked_share({"merge": 1, "ask": 1, "keep": 0})
    assert "0 of 0 pairs (0.0\u00a0%)" in asked_share({})


def test_without_labelled_pairs_the_histogram_stands_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.report.shipped_bins", list)
    page = render(toy_build.facts())
    assert 'id="chart-title"' in page
    assert 'id="calibration-title"' not in page


def test_contradictions_and_rejected_rows_are_shown_with_their_evidence() -> None:
    import pandas as pd

    facts = toy_build.facts()
    rizz, drip = (facts.entries.index[facts.entries["term"] == term][0] for term in ("rizz", "drip"))
    entries = facts.entries.copy()
    for name, cell in {"contradicts": entries["id"][drip], "contradiction_words": "charm ≠ clothes"}.items():
        entries[name] = pd.Series([[cell] if place == rizz else [] for place in entries.index], dtype=object)
    marks = {rizz: ["contradiction"], drip: ["voted_down"]}
    entries["flags"] = pd.Series([marks.get(place, []) for place in entries.index], dtype=object)
    entries["approval_high"] = [0.19 if place == drip else float("nan") for place in entries.index]
    entries["approval_low"] = entries["approval_high"] - 0.13
    text = Reader(render(replace(facts, entries=entries))).text
    assert f"charm ≠ clothes {toy_build.DRIP.definition}" in text
    assert "at most agree 0.19" in text
    rows = Rows(entries, facts.ledger)
    said = [hear("contradictions", rows.entries.loc[place].to_dict(), rows) for place in (rizz, drip)]
    assert said == [
        [f"contradicted, charm ≠ clothes: {toy_build.DRIP.definition} [{entries['id'][drip]}]"],
        ["between 0.06 and 0.19 of the voters agree"],
    ]


@given(st.integers(0, 10**9))
def test_an_axis_reaches_over_its_highest_bar_in_a_few_steps(highest: int) -> None:
    top, step = axis_ticks(highest)
    assert top >= highest
    assert top % step == 0
    assert 1 <= top // step <= 5


def test_a_share_never_rounds_a_part_to_nothing_or_to_all() -> None:
    assert [percent(part, 48_000) for part in (0, 1, 24_000, 47_999, 48_000)] == [
        "0.0 %",
        "< 0.1 %",
        "50.0 %",
        "> 99.9 %",
        "100.0 %",
    ]
    assert percent(0, 0) == "0.0 %"


def test_cells_become_text_whatever_they_hold() -> None:
    import pandas as pd

    row = {
        "text": "NaN",
        "number": 0.5,
        "none": None,
        "missing": float("nan"),
        "list": ["a", "b"],
        "votes": pd.NA,
        "whole": 3,
    }
    assert {name: cell_text(row, name) for name in (*row, "absent")} == {
        "text": "NaN", "number": "0.50", "none": "", "missing": "", "list": "a, b", "votes": "", "whole": "3", "absent": "",
    }  # fmt: skip


# In a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("Chromium is absent: the page is not opened")
    flags = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
    ]
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=program, args=flags)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(tmp_path_factory.mktemp("toy"), toy_build.facts())


@pytest.fixture(params=[1280, 390])
def tab(request: pytest.FixtureRequest, browser: Any, file: Path) -> Iterator[Any]:
    """The page at one width; fails when it says anything in the console or asks for anything."""
    context = browser.new_context(viewport={"width": request.param, "height": 900})
    tab = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(file.as_uri())
    yield tab
    assert said == []
    assert asked == [file.as_uri()]
    context.close()


def overflow(tab: Any) -> int:
    return int(tab.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def ask(tab: Any, words: str) -> None:
    tab.fill("#query", words)
    tab.press("#query", "Enter")


@pytest.mark.browser
def test_the_page_opens_from_a_file_without_scrolling_sideways(tab: Any) -> None:
    tab.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true })")
    assert overflow(tab) <= 0
    assert tab.title() == "toy <build>: build report"


@pytest.mark.browser
def test_the_search_finds_a_term_first_and_says_what_became_of_it(tab: Any) -> None:
    ask(tab, "RIZZ")
    first = tab.locator("#results > li").first
    assert first.locator(".term").inner_text() == "rizz"
    assert first.locator(".outcome").inner_text() == "kept"
    merged = tab.locator("#results > li", has_text="same sense duplicate")
    merged.get_by_role("button", name="See the row that stays").click()
    assert toy_build.RIZZ.definition in merged.inner_text()


@pytest.mark.browser
def test_hostile_texts_appear_as_text(tab: Any) -> None:
    for term, definition in HOSTILE.items():
        ask(tab, term)
        card = tab.locator("#results > li").first
        assert card.locator(".term").text_content() == term
        shown, wanted = card.locator(".said dd").first.text_content(), " ".join(definition.split())
        assert shown == wanted or (shown.endswith("…") and wanted.startswith(shown[:-1]))
        assert overflow(tab) <= 0
    assert tab.locator("img").count() == 0


@pytest.mark.browser
def test_every_link_to_the_search_lists_as_many_rows_as_it_says(tab: Any) -> None:
    for link in tab.locator("[data-find]").all():
        count = re.sub(r"\D", "", link.inner_text()) or "1"
        link.click()
        assert tab.locator("#found").inner_text().startswith(f"{count} of "), link.inner_text()


@pytest.mark.browser
def test_a_link_beside_a_reason_lists_its_rows(tab: Any) -> None:
    tab.locator('[data-find="reason:vanity_name"]').click()
    assert tab.locator("#found").inner_text().startswith("1 of ")
    assert tab.locator("#results .term").all_inner_texts() == ["Kevin"]


@pytest.mark.browser
def test_private_rows_are_found_by_reason_and_show_no_text(tab: Any) -> None:
    tab.select_option("#among", "reason:private_text")
    assert tab.locator("#results .term").count() == 0
    assert "Not shown: it holds an e-mail address." in tab.locator("#results").inner_text()
    tab.select_option("#among", "")
    ask(tab, EMAIL)
    assert tab.locator("#found").inner_text().startswith("0 of ")


@pytest.mark.browser
def test_offensive_results_open_only_when_asked(tab: Any) -> None:
    ask(tab, "rude word")
    text = tab.locator("#results dd", has_text="A very rude meaning indeed.")
    assert not text.is_visible()
    tab.locator("#results summary").click()
    assert text.is_visible()


@pytest.mark.browser
def test_the_page_has_landmarks_named_fields_and_headings_in_order(tab: Any) -> None:
    assert [tab.get_by_role(role).count() for role in ("main", "navigation", "search")] == [1, 1, 1]
    assert tab.get_by_label("Words").count() == 1
    levels = [int(name[1]) for name in tab.eval_on_selector_all("h1, h2, h3", "all => all.map(one => one.tagName)")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_the_contrast_that_wcag_asks_for(browser: Any, file: Path, scheme: str) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1 for text of normal size."""
    context = browser.new_context(color_scheme=scheme)
    tab = context.new_page()
    tab.goto(file.as_uri())
    ask(tab, "rizz")
    worst = tab.evaluate(
        """() => {
          const light = (c) => { const [r, g, b] = c.map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
                                 return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
          const parse = (text) => text.match(/[\\d.]+/g).map(Number);
          const under = (one) => { for (; one; one = one.parentElement) { const c = parse(getComputedStyle(one).backgroundColor);
                                   if (c.length < 4 || c[3] > 0) return c.slice(0, 3); } };
          const all = [...document.querySelectorAll("h1, h2, h3, p, a, b, dt, dd, td, th, summary, span, code, mark, pre, del, ins, label, li")];
          return all.filter((one) => one.checkVisibility() && one.textContent.trim()).map((one) => {
            const [a, b] = [light(parse(getComputedStyle(one).color).slice(0, 3)), light(under(one))].sort((x, y) => y - x);
            return [(a + 0.05) / (b + 0.05), one.outerHTML.slice(0, 80)];
          }).sort((x, y) => x[0] - y[0])[0];
        }"""
    )
    context.close()
    assert worst[0] >= 4.5, worst


@pytest.mark.browser
def test_the_printed_page_leaves_the_search_out(browser: Any, file: Path) -> None:
    context = browser.new_context()
    tab = context.new_page()
    tab.goto(file.as_uri())
    tab.emulate_media(media="print")
    assert not tab.locator("#search").is_visible()
    assert tab.locator("#funnel").is_visible()
    context.close()
