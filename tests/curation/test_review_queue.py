"""The review queue: one task a question, most useful first, keys that outlive a build, private text masked."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.entry import Entry, to_table
from curation.review_queue import mask_private, misplaced_probability, review_queue

EMPTY = to_table([])


def table_of(*rows: dict[str, object], source: str = "toy") -> pd.DataFrame:
    """Entries of the given fields; what is no field of an entry becomes a column of that cell."""
    fields = set(Entry.__dataclass_fields__)
    table = to_table([Entry(source, **{k: v for k, v in row.items() if k in fields}) for row in rows])
    defaults = {
        "definition_fit": float("nan"), "definition_owner": "", "example_fit": float("nan"), "example_owner": "",
        "label_column": "", "label_score": float("nan"), "label_suggested": "", "offensive": "", "offensive_score": 0.0,
        "flags": [], "sense_with": [], "sense_score": [], "sense_answer": [],
    }  # fmt: skip
    for name, empty in defaults.items():
        table[name] = pd.Series(
            [row.get(name, empty) for row in rows], dtype=object if isinstance(empty, list) else None
        )
    return table.assign(term_key=table["term"].str.casefold())


def asking(score: float = 0.6, source: str = "toy") -> pd.DataFrame:
    """Two definitions of one term, of which each names the other as a doubt."""
    rows = [{"term": "drip", "definition": "stylish clothes"}, {"term": "drip", "definition": "a very good outfit"}]
    table = table_of(*rows, source=source)
    table["sense_with"] = pd.Series([[table["id"][1]], [table["id"][0]]], dtype=object)
    table["sense_score"] = pd.Series([[score], [score]], dtype=object)
    table["sense_answer"] = pd.Series([["ask"], ["ask"]], dtype=object)
    return table


def test_a_pair_in_doubt_is_asked_once_with_both_sides():
    (task,) = review_queue(asking(), EMPTY, 10)
    assert task["question"] == "same_sense"
    assert {side["definition"] for side in task["data"]["sides"]} == {"stylish clothes", "a very good outfit"}
    assert task["suggestion"] == "same"
    assert task["score"] == 0.6
    assert task["rows_affected"] == 2
    assert task["priority"] == pytest.approx(0.8 * 2)


def test_a_key_outlives_ids_sources_and_the_order_of_rows():
    first, other = asking(), asking(score=0.4, source="another snapshot").iloc[::-1]
    assert set(first["id"]).isdisjoint(other["id"])
    assert review_queue(first, EMPTY, 1)[0]["key"] == review_queue(other, EMPTY, 1)[0]["key"]


def test_the_same_question_from_two_rows_is_one_task_that_decides_on_both():
    row = {"kind": "sentence", "term": "cap", "example": "no cap", "label": "hat", "flags": ["label_issue"],
           "label_column": "label", "label_score": 0.2, "label_suggested": "lie"}  # fmt: skip
    (task,) = review_queue(table_of(row, {**row, "example": "No  cap"}), EMPTY, 10)
    assert task["rows_affected"] == len(task["data"]["ids"]) == 2
    assert task["suggestion"] == "lie"


def test_what_is_uncertain_comes_before_what_is_sure_and_the_budget_cuts_the_rest():
    row = {
        "kind": "sentence",
        "term": "cap",
        "label": "hat",
        "flags": ["label_issue"],
        "label_column": "label",
        "label_suggested": "lie",
    }
    scores = [0.05, 0.45, 0.3]
    table = table_of(*({**row, "example": f"cap {score}", "label_score": score} for score in scores))
    tasks = review_queue(table, EMPTY, 2)
    assert [task["score"] for task in tasks] == [0.55, 0.7]
    assert review_queue(table, EMPTY, 0) == []


def test_a_text_of_another_term_is_shown_beside_its_owner():
    rows = [
        {
            "term": "MFW",
            "example": "MRW I see rain",
            "example_fit": 0.001,
            "example_owner": "MRW",
            "flags": ["example_of_another_term"],
        },
        {"term": "MRW", "example": "MFW somebody eats my lunch"},
    ]
    (task,) = review_queue(table_of(*rows), EMPTY, 10)
    assert task["question"] == "example_of_another_term"
    assert [side["term"] for side in task["data"]["sides"]] == ["MFW", "MRW"]
    assert task["suggestion"] == task["data"]["owner"] == "MRW"
    assert task["rows_affected"] == 1
    assert task["score"] == pytest.approx(misplaced_probability(0.001), abs=1e-6)


def test_list_and_classifier_that_disagree_are_asked_about_and_agreement_is_not():
    rows = [
        {"term": "a", "definition": "mild", "offensive": "profanity", "offensive_score": 0.1},
        {"term": "b", "definition": "rude", "offensive": "profanity", "offensive_score": 0.9},
        {"term": "c", "definition": "odd", "offensive_score": 0.6},
        {"term": "d", "definition": "kind", "offensive_score": 0.01},
    ]
    tasks = review_queue(table_of(*rows), EMPTY, 10)
    assert {task["data"]["sides"][0]["term"] for task in tasks} == {"a", "c"}
    assert {task["question"] for task in tasks} == {"offensive"}


def test_a_merge_that_was_not_sure_is_asked_about_from_the_ledger():
    kept = table_of({"term": "drip", "definition": "stylish clothes"})
    left = table_of(
        {"term": "drip", "definition": "a good outfit"}, {"term": "drip", "definition": "fine clothing"}, source="x"
    )
    left = left.assign(
        stage="same_sense", reason="same_sense_duplicate", survivor=kept["id"][0], score=[0.72, 0.99], detail=""
    )
    (task,) = review_queue(kept, left, 10)
    assert task["question"] == "same_sense"
    assert {side["definition"] for side in task["data"]["sides"]} == {"stylish clothes", "a good outfit"}


def test_private_text_never_reaches_a_task():
    row = {
        "term": "Cap",
        "definition": "what Jane Q said, write to jane@example.org",
        "example": "Mary Sample caps",
        "flags": ["full_name"],
    }
    tasks = review_queue(table_of(row), EMPTY, 10)
    assert [task["question"] for task in tasks] == ["private"]
    told = json.dumps(tasks, ensure_ascii=False)
    assert "jane@example.org" not in told
    assert "Mary" not in told
    assert "Sample" not in told
    assert "caps" in told


def test_a_name_keeps_its_initials_and_other_text_stays():
    assert mask_private("Then Mary Sample left.", names=True) == "█████ █████ left.".replace(
        "█████ █████", "T█████ M█████ S█████"
    )
    assert mask_private("plain words, Nothing more", names=True) == "plain words, Nothing more"


def test_tasks_are_the_same_for_any_order_of_rows():
    table = pd.concat(
        [asking(), asking(0.55, "b").assign(definition=["x y", "z"], term_key="other")], ignore_index=True
    )
    turned = table.sample(frac=1, random_state=3)
    assert review_queue(table, EMPTY, 10) == review_queue(turned, EMPTY, 10)


def test_a_build_without_doubts_and_without_optional_columns_has_no_task():
    assert review_queue(EMPTY, EMPTY, 10) == []
    assert review_queue(to_table([Entry("a", term="t", definition="d")]), EMPTY, 10) == []


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_worse_fit_is_never_less_likely_misplaced(one, two):
    low, high = sorted((one, two))
    assert 0 <= misplaced_probability(high) <= misplaced_probability(low) <= 1


def test_one_kind_of_question_takes_more_than_half_of_the_budget_only_where_the_others_run_out():
    doubts = [asking(source=f"toy {number}") for number in range(6)]
    for number, table in enumerate(doubts):
        table["term_key"] = f"drip {number}"
    names = [
        {"term": f"goat {n}", "definition": "the best", "example": f"Jane Doe {n}", "flags": ["full_name"]}
        for n in range(2)
    ]
    table = pd.concat([*doubts, table_of(*names)], ignore_index=True)
    kinds = [task["question"] for task in review_queue(table, EMPTY, 4)]
    assert sorted(kinds) == ["private"] * 2 + ["same_sense"] * 2
    assert [task["question"] for task in review_queue(table, EMPTY, 6)].count("same_sense") == 4
    priorities = [task["priority"] for task in review_queue(table, EMPTY, 6)]
    assert priorities == sorted(priorities, reverse=True)
