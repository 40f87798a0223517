"""The report's table of judged labels: its figures are those of the rows, and every sentence says what to do."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import toy_build

from curation.entry import Entry, to_table
from pipelines.pages.labels import MOST_CLASSES, judged_columns
from pipelines.report import render


def table_of(*rows: tuple[str, str, dict[str, object]]):
    """(label, text, verdict) of each row."""
    entries = [Entry("toy", kind="sentence", term="tea", example=text, label=label) for label, text, _ in rows]
    verdicts = [json.dumps({"label": said} if said else {}) for *_, said in rows]
    return to_table(entries).assign(label_verdicts=verdicts)


def said(score: float, suggested: str, *also: str) -> dict[str, object]:
    return {"score": score, "suggested": suggested, "issue": score < 0.5, "also": list(also)}


@pytest.fixture(scope="module")
def table():
    good = [("slang", f"spill it {n}", said(0.9, "slang")) for n in range(7)]
    return table_of(
        *good,
        ("slang", "a cup of it", said(0.2, "plain", "outlier")),
        ("slang", "a pot of it", said(0.2, "plain", "near_duplicate")),
        ("plain", "two cups of it", said(0.8, "plain", "non_iid")),
        ("plain", "hot, with news", said(0.4, "slang")),
        ("<b>odd</b>", "it", {}),
        ("", "no label", {}),
    )


def test_each_class_has_its_rows_its_doubts_and_the_share_that_is_likely_wrong(table):
    (column,) = judged_columns(table)
    lines = {line["name"]: line for line in column["lines"]}
    assert (column["column"], column["others"]) == ("label", 0)
    assert lines["slang"] == {
        "name": "slang", "rows": 9, "judged": 9, "doubted": 2, "wrong": "26 %", "rather": "plain (2)",
    }  # fmt: skip
    assert (lines["plain"]["doubted"], lines["plain"]["rather"]) == (1, "slang (1)")
    assert (lines["<b>odd</b>"]["wrong"], lines["<b>odd</b>"]["rather"]) == ("not judged", "–")


def test_the_advice_names_what_is_in_doubt_what_is_mixed_up_and_what_was_not_judged(table):
    advice = " ".join(judged_columns(table)[0]["advice"])
    assert "Read the 3 rows in doubt: about 3 of all labels" in advice
    assert "“slang” should rather be “plain” (2; the other way 1)" in advice
    assert "1 row of classes too small to judge (“<b>odd</b>”)" in advice
    assert "1 row without a label" in advice
    assert "split by term, never by position" in advice


def test_the_page_shows_it_escaped_and_a_build_without_labels_shows_no_table(table):
    facts = toy_build.facts()
    assert "Likely wrong" not in render(facts)
    labels = ["<i>slang</i>" if label else "" for label in facts.entries["label"]]
    verdicts = [table["label_verdicts"].iloc[0] if label else "{}" for label in labels]
    page = render(replace(facts, entries=facts.entries.assign(label=labels, label_verdicts=verdicts)))
    assert "Likely wrong" in page
    assert "&lt;i&gt;slang&lt;/i&gt;" in page
    assert "<i>slang" not in page


def test_a_column_of_many_classes_is_cut_and_says_so():
    rows = [(f"class {n}", f"text {n}", said(0.9, f"class {n}")) for n in range(MOST_CLASSES + 2)]
    (column,) = judged_columns(table_of(*rows))
    assert (len(column["lines"]), column["others"]) == (MOST_CLASSES, 2)
