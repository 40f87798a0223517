"""The page and the figures, from made-up results: what it says, how it is escaped, and how it looks in a browser."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import toy_experiment
from toy_experiment import HOSTILE

from pipelines.experiments.outputs import is_experiment, write_experiment
from pipelines.experiments.verdict import sentence

PAIR = ("curated", "raw")  # judged, against


def write(folder: Path, *, leave_out: str = "", failed: dict[str, str] | None = None) -> dict[str, Any]:
    jobs = toy_experiment.jobs(folder)
    for job in jobs:
        if job.name != leave_out and not job.finished():
            toy_experiment.finish(job)
    return write_experiment(
        folder,
        about=toy_experiment.about(),
        arms=toy_experiment.arms(),
        jobs=jobs,
        failed=failed or {},
        total_seconds=431.0,
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    write(folder)
    return folder


@pytest.fixture(scope="module")
def facts(place: Path) -> dict[str, Any]:
    return json.loads((place / "experiment.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def page(place: Path) -> str:
    return (place / "experiment.html").read_text("utf-8")


def text_of(page: str) -> str:
    """What a person reads: all texts but the style's."""
    reader = HTMLParser(convert_charrefs=True)
    said: list[str] = []
    inside: list[str] = []
    reader.handle_starttag = lambda tag, attrs: inside.append(tag)  # type: ignore[method-assign]
    reader.handle_data = lambda data: said.append(data) if inside[-1:] != ["style"] else None  # type: ignore[method-assign]
    reader.feed(page)
    return " ".join(" ".join(said).split())


def test_the_verdict_says_first_what_became_better_worse_and_what_did_not_change(facts: dict[str, Any]) -> None:
    said = facts["verdict"]["sentence"]
    better, _, rest = said.partition("; worse at ")
    worse, _, same = rest.partition("; no significant difference was seen in ")
    assert better == "Curated data made the model better at held-out clean definitions (NLL) and healthy answers"
    assert worse == "general answers (NLL)"
    assert same == "explaining slang in sentences."


def test_what_got_worse_is_told_even_of_a_metric_that_is_not_among_those_told(facts: dict[str, Any]) -> None:
    untold = next(metric["name"] for metric in facts["metrics"] if not metric["told"])
    rows = [row for row in facts["differences"] if (row["metric"], row["column"], row["against"]) != (untold, *PAIR)]
    rows.append({**rows[0], "metric": untold, "column": PAIR[0], "against": PAIR[1], "verdict": "worse"})
    title = next(metric["title"] for metric in facts["metrics"] if metric["name"] == untold)
    assert title in sentence({**facts, "differences": rows})


def test_a_difference_is_paired_and_has_an_interval_around_it(facts: dict[str, Any]) -> None:
    row = next(
        row
        for row in facts["differences"]
        if (row["column"], row["against"], row["metric"]) == ("curated", "raw", "held_out_nll")
    )
    assert row["low"] < row["value"] < row["high"] < 0
    assert row["value"] == pytest.approx(1.3 - 2.1, abs=0.1)
    assert row["verdict"] == "better"
    assert row["p_value"] <= row["p_corrected"] < 0.05


def test_a_metric_that_is_neither_good_nor_bad_is_not_judged(facts: dict[str, Any]) -> None:
    said = {row["verdict"] for row in facts["differences"] if row["metric"] == "answer_tokens"}
    assert said == {"lower", "higher"}
    lines = [line["text"] for group in facts["verdict"]["groups"] for line in group["lines"]]
    assert not any("length of an answer" in line for line in lines)


def test_every_column_is_compared_with_raw_the_step_before_and_the_base(facts: dict[str, Any]) -> None:
    found = {(row["column"], row["kind"], row["against"]) for row in facts["differences"]}
    assert found == {
        ("raw", "before", "untrained"),
        ("raw", "untrained", "untrained"),
        ("curated", "raw", "raw"),
        ("curated", "before", "raw"),
        ("curated", "untrained", "untrained"),
    }


def test_what_is_not_run_is_shown_as_such(page: str) -> None:
    assert "not run: no decisions in data/reviews yet" in text_of(page)


def test_marks_loss_masks_tokens_and_the_command_are_on_the_page(page: str) -> None:
    said = text_of(page)
    for text in ("learning rate carried over to 4.5 M parameters", "responses only", "48,000", "2.3 min",
                 "python -m pipelines.experiment toy.toml"):  # fmt: skip
        assert text in said, text


def test_the_same_results_give_the_same_bytes(place: Path, tmp_path: Path) -> None:
    write(tmp_path)
    for name in ("experiment.json", "experiment.html", "README.md"):
        assert (tmp_path / name).read_bytes() == (place / name).read_bytes()


def test_a_failed_job_stands_on_the_page_and_the_other_seeds_still_count(tmp_path: Path) -> None:
    facts = write(tmp_path, leave_out="curated, seed 3408", failed={"curated, seed 3408": "out of memory"})
    assert len(facts["values"]["held_out_nll"]["curated"]["seeds"]) == 2
    assert "curated, seed 3408: out of memory" in text_of((tmp_path / "experiment.html").read_text("utf-8"))
    assert facts["unfinished"] == []


def test_a_job_without_its_last_file_is_no_result(tmp_path: Path) -> None:
    write(tmp_path, leave_out="")
    (tmp_path / "models" / "raw" / "3407" / "job.json").unlink()
    jobs = toy_experiment.jobs(tmp_path)
    facts = write_experiment(
        tmp_path, about=toy_experiment.about(), arms=toy_experiment.arms(), jobs=jobs, failed={}, total_seconds=1
    )
    assert facts["unfinished"] == ["raw, seed 3407"]
    assert len(facts["values"]["held_out_nll"]["raw"]["seeds"]) == 2


def test_an_experiment_folder_is_known_by_its_facts(place: Path, tmp_path: Path) -> None:
    assert is_experiment(place)
    assert not is_experiment(tmp_path)


def test_the_readme_tells_the_headline_with_the_command_that_makes_it(place: Path) -> None:
    said = (place / "README.md").read_text("utf-8")
    assert "| NLL of held-out clean definitions, nats per byte | " in said
    assert "```bash\npython -m pipelines.experiment toy.toml\n```" in said


def test_nothing_that_a_model_said_becomes_an_element(page: str) -> None:
    assert "<img" not in page
    assert "<script" not in page
    assert HOSTILE in text_of(page)
    assert not re.search(
        r"\son\w+=|style=", re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL).replace("src=x onerror=", "")
    )


def test_every_link_inside_the_page_leads_somewhere(page: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
    assert not re.search(r'(?:href|src)="(?!#)', page)


# In a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("Chromium is absent: the page is not opened")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=program, args=flags)
        yield opened
        opened.close()


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_opens_from_a_file_in_silence_and_does_not_scroll_sideways(
    browser: Any, place: Path, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900})
    tab = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto((place / "experiment.html").as_uri())
    tab.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true })")
    assert tab.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert tab.title() == "toy <experiment>: experiment"
    assert tab.locator("polyline.loss").count() == 6
    levels = [int(name[1]) for name in tab.eval_on_selector_all("h1, h2, h3", "all => all.map(one => one.tagName)")]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert (said, asked) == ([], [(place / "experiment.html").as_uri()])
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_the_contrast_that_wcag_asks_for(browser: Any, place: Path, scheme: str) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1 for text of normal size."""
    context = browser.new_context(color_scheme=scheme)
    tab = context.new_page()
    tab.goto((place / "experiment.html").as_uri())
    worst = tab.evaluate(
        """() => {
          const light = (c) => { const [r, g, b] = c.map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
                                 return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
          const parse = (text) => text.match(/[\\d.]+/g).map(Number);
          const under = (one) => { for (; one; one = one.parentElement) { const c = parse(getComputedStyle(one).backgroundColor);
                                   if (c.length < 4 || c[3] > 0) return c.slice(0, 3); } };
          const all = [...document.querySelectorAll("h1, h2, h3, p, b, dt, dd, td, th, li, span, pre, code, figcaption")];
          return all.filter((one) => one.checkVisibility() && one.textContent.trim()).map((one) => {
            const [a, b] = [light(parse(getComputedStyle(one).color).slice(0, 3)), light(under(one))].sort((x, y) => y - x);
            return [(a + 0.05) / (b + 0.05), one.outerHTML.slice(0, 80)];
          }).sort((x, y) => x[0] - y[0])[0];
        }"""
    )
    context.close()
    assert worst[0] >= 4.5, worst


def test_a_job_whose_files_were_damaged_later_is_done_again(tmp_path: Path) -> None:
    first, second, *_ = toy_experiment.jobs(tmp_path)
    for job in (first, second):
        toy_experiment.finish(job)
        (job.folder / "begun").write_text(job.key)
        assert job.finished()
    (first.folder / "evaluation" / "items.jsonl").write_text("{", encoding="utf-8")
    assert not first.finished()
    first.make_room()
    assert [file.name for file in first.folder.iterdir()] == ["begun"]
    assert second.finished()
