"""The summary of a judged column adds up, and names what a person can act on."""

from __future__ import annotations

import pytest

from curation.entry import Entry, to_table
from curation.label_issues import LabelIssues
from curation.labels.summary import summarize_labels
from curation.stage import Given

FOOD, MONEY = "fries soup lunch", "cash loan bank"


@pytest.fixture(scope="module")
def table():
    entries = [
        Entry("toy", kind="sentence", term="bread", example=f"{FOOD if place % 2 else MONEY} {place}", label="ab"[place % 2])
        for place in range(120)
    ]  # fmt: skip
    entries[7].label = "a"  # food, where b is food
    twice = entries[20]
    entries.append(Entry("toy", kind="sentence", term="Bread", example=twice.example.upper(), label="b"))
    entries += [Entry("toy", kind="sentence", term="bread", example="cash", label="c"), Entry("toy", example="cash")]
    return LabelIssues()(to_table(entries), Given())


def test_rows_judged_rows_and_flagged_rows_are_counted_class_by_class(table):
    (summary,) = summarize_labels(table)
    assert summary.column == "label"
    assert [(one.name, one.rows, one.judged, one.rare) for one in summary.classes] == [
        ("a", 61, 61, False),
        ("b", 60, 60, False),
        ("c", 1, 0, True),
    ]
    assert summary.unlabelled == 1
    assert summary.classes[0].suggested == {"b": summary.classes[0].flagged}
    expected = (1 - table["label_score"]).sum()
    assert sum(one.expected_wrong for one in summary.classes) == pytest.approx(expected)


def test_a_text_with_two_labels_is_a_contradiction(table):
    (summary,) = summarize_labels(table)
    assert [(text.casefold(), labels) for _, text, labels in summary.contradictions] == [
        ("cash loan bank 20", ["a", "b"])
    ]


def test_the_terms_whose_labels_are_trusted_least_are_named(table):
    (summary,) = summarize_labels(table)
    ((term, trusted, rows),) = summary.least_trusted
    assert (term, rows) == ("bread", 121)
    assert 0.5 < trusted < 1


def test_a_table_that_was_not_judged_has_no_summary():
    assert summarize_labels(LabelIssues()(to_table([Entry("toy", label="a")]), Given())) == []
