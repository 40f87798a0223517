"""The review queue: one task a question, most useful first, keys that outlive a build, private text masked."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.entry import Entry, to_table
from curation.people.questions import ASKED, doubt, misplaced_probability
from curation.people.queue import mask_private, review_queue

EMPTY = to_table([])


def table_of(*rows: dict[str, object], source: str = "toy") -> pd.DataFrame:
    """Entries of the given fields; what is no field of an entry becomes a column of that cell."""
    fields = set(Entry.__dataclass_fields__)
    table = to_table([Entry(source, **{k: v for k, v in row.items() if k in fields}) for row in rows])
    defaults = {
        "definition_fit": float("nan"), "definition_owner": "", "example_fit": float("nan"), "example_owner": "",
        "label_column": "", "label_score": float("nan"), "label_suggested": "", "offensive": "", "offensive_score": 0.0,
        "flags": [], "sense_with": [], "sense_score": [], "sense_answer": [], "merged_ids": [], "examples": [],
        "contradicts": [], "contradiction_kind": [], "contradiction_words": [], "contradiction_score": [],
        "approval_low": float("nan"), "approval_high": float("nan"),
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
    assert review_queue(first, EMPTY, 1)[0]["id"] == review_queue(other, EMPTY, 1)[0]["id"]


def test_the_same_question_from_two_rows_is_one_task_that_decides_on_both():
    row = {"kind": "sentence", "term": "cap", "example": "no cap", "label": "hat", "flags": ["label_issue"],
           "label_column": "label", "label_score": 0.2, "label_suggested": "lie"}  # fmt: skip
    (task,) = review_queue(table_of(row, {**row, "example": "No  cap"}), EMPTY, 10)
    assert task["rows_affected"] == len(task["data"]["ids"]) == 2
    assert task["suggestion"] == "lie"


def test_each_doubted_column_of_a_row_is_a_question_of_its_own():
    said = {"label": {"score": 0.2, "suggested": "lie", "issue": True},
            "Register": {"score": 0.7, "suggested": "vulgar", "issue": True},
            "category": {"score": 0.9, "suggested": "food", "issue": False}}  # fmt: skip
    row = {"kind": "sentence", "term": "cap", "example": "no cap", "label": "hat", "flags": ["label_issue"],
           "label_column": "label", "label_score": 0.2, "label_suggested": "lie", "extra": {"Register": "formal"}}  # fmt: skip
    tasks = review_queue(table_of(row).assign(label_verdicts=json.dumps(said)), EMPTY, 10)
    assert {task["data"]["column"]: (task["suggestion"], task["score"], task["answers"]) for task in tasks} == {
        "label": ("lie", 0.8, ["hat", "lie", "neither"]),
        "Register": ("formal", 0.7, ["formal", "vulgar", "neither"]),
    }


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
    assert [task["suggestion"] for task in tasks] == ["lie", "lie"]
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
    assert task["data"]["owner"] == "MRW"
    assert task["suggestion"] == "owner"
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
    assert {task["data"]["sides"][0]["term"]: task["suggestion"] for task in tasks} == {
        "a": "profanity",
        "c": "not offensive",
    }


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


def disputing(**more: object) -> pd.DataFrame:
    """Two expansions of one initialism; a stage said that they contradict each other and left them to a person."""
    rows = [{"term": "PTO", "definition": "Paid time off", **more}, {"term": "PTO", "definition": "personal time off"}]
    table = table_of(*rows)
    other = [[table["id"][1]], [table["id"][0]]]
    cells = {
        "sense_with": other, "sense_score": [[0.5], [0.5]], "sense_answer": [["ask"], ["ask"]],
        "contradicts": other, "contradiction_kind": [["expansion"]] * 2, "contradiction_score": [[0.6]] * 2,
        "contradiction_words": [["paid ≠ personal"], ["personal ≠ paid"]],
    }  # fmt: skip
    return table.assign(**{name: pd.Series(cell, dtype=object) for name, cell in cells.items()})


def test_a_pair_that_contradicts_itself_is_asked_once_with_what_differs():
    (task,) = review_queue(disputing(), EMPTY, 10)
    assert task["question"] == "contradiction"
    assert [side["definition"] for side in task["data"]["sides"]] == ["Paid time off", "personal time off"]
    assert ["they differ in expansion", "paid ≠ personal"] in task["evidence"]
    assert task["data"]["words"] == "paid ≠ personal"
    assert task["score"] == pytest.approx(0.3)
    assert task["rows_affected"] == 2


def test_of_two_rows_that_contradict_each_other_the_one_with_the_votes_is_suggested():
    (task,) = review_queue(disputing(votes_up=90, votes_down=10), EMPTY, 10)
    assert task["suggestion"] == "first"
    assert task["score"] == pytest.approx(0.6 * 81 / 82, abs=1e-6)
    assert ["votes", "90 up, 10 down / 0 up, 0 down"] in task["evidence"]


def test_a_row_is_in_one_contradiction_at_most():
    texts = ["the best game", "the worst game", "an awful game"]
    table = table_of(*({"term": "Tetris", "definition": text} for text in texts))
    best, worst, awful = table["id"]
    others = [[worst, awful], [best], [best]]
    table["contradicts"] = pd.Series(others, dtype=object)
    for name, cell in {"kind": "judgement", "words": "best ≠ worst", "score": 0.6}.items():
        table[f"contradiction_{name}"] = pd.Series([[cell] * len(found) for found in others], dtype=object)
    assert [task["question"] for task in review_queue(table, EMPTY, 10)] == ["contradiction"]


def test_merged_rows_whose_columns_differ_are_asked_about():
    kept = table_of({"term": "yeet", "definition": "to throw", "part_of_speech": "verb"})
    left = table_of({"term": "yeet", "definition": "To throw.", "part_of_speech": "noun"}, source="x")
    left = left.assign(stage="exact_duplicates", reason="exact_duplicate", survivor=kept["id"][0], score=1.0, detail="")
    (task,) = review_queue(kept, left, 10)
    assert task["question"] == "contradiction"
    assert task["data"]["differs"] == "column"
    assert "noun" in task["data"]["words"]
    assert review_queue(kept, left.assign(part_of_speech="v."), 10) == []


def test_what_voters_reject_is_shown_beside_what_they_like():
    rows = [
        {"term": "drip", "definition": "my cat Bob", "votes_up": 12, "votes_down": 95, "flags": ["voted_down"],
         "approval_low": 0.06, "approval_high": 0.19},
        {"term": "drip", "definition": "stylish clothes", "votes_up": 412, "votes_down": 33, "approval_low": 0.9,
         "approval_high": 0.95},
        {"term": "drip", "definition": "a leak", "votes_up": 4, "votes_down": 5},
    ]  # fmt: skip
    (task,) = review_queue(table_of(*rows), EMPTY, 10)
    assert task["question"] == "voted_down"
    assert [side["votes"] for side in task["data"]["sides"]] == [[12, 95], [412, 33]]
    assert task["suggestion"] == "wrong"
    assert task["score"] == pytest.approx(95.5 / 108, abs=1e-6)
    assert ["votes of the other", "412 up, 33 down"] in task["evidence"]
    assert task["data"]["ids"] == [task["data"]["sides"][0]["id"]]


def test_every_task_brings_all_that_a_person_and_a_second_build_need():
    tables = [asking(), disputing().assign(example="what about PTO"), table_of(
        {"term": "MFW", "example": "MRW I see rain", "example_fit": 0.02},
        {"kind": "sentence", "term": "cap", "example": "no cap", "label": "hat", "flags": ["label_issue"],
         "label_column": "label", "label_score": 0.2, "label_suggested": "lie"},
        {"term": "a", "definition": "mild", "offensive": "profanity", "offensive_score": 0.1, "flags": ["full_name"]},
    )]  # fmt: skip
    tasks = review_queue(pd.concat(tables, ignore_index=True), EMPTY, 20)
    assert {task["question"] for task in tasks} == set(ASKED) - {
        "voted_down",
        "definition_of_another_term",
        "conversation",
    }
    assert json.loads(json.dumps(tasks)) == tasks
    for task in tasks:
        assert task["suggestion"] in task["answers"]
        assert 0 <= task["uncertainty"] <= 1
        assert task["priority"] == pytest.approx(task["uncertainty"] * task["rows_affected"], abs=1e-5)
        assert task["data"]["sides"][0]["term"] in task["ask"]
        assert all(len(side["content"]) == 16 for side in task["data"]["sides"])
        assert task["evidence"]


def test_the_same_question_in_other_typography_is_asked_once():
    rows = [{"term": "Jane", "definition": "The best!", "flags": ["full_name"]},
            {"term": "Jane", "definition": "the  best", "flags": ["full_name"]}]  # fmt: skip
    (task,) = review_queue(table_of(*rows), EMPTY, 10)
    assert task["rows_affected"] == 2


def test_a_term_with_braces_is_no_template():
    (task,) = review_queue(table_of({"term": "{0.__class__}", "definition": "d", "flags": ["full_name"]}), EMPTY, 1)
    assert "{0.__class__}" in task["ask"]


def test_a_text_whose_owner_is_unknown_stands_alone():
    rows = [{"term": "MFW", "example": "MRW I see rain", "example_fit": 0.001, "flags": ["example_of_another_term"]},
            {"kind": "chat", "term": "", "messages": "[]"}]  # fmt: skip
    (task,) = review_queue(table_of(*rows), EMPTY, 10)
    assert len(task["data"]["sides"]) == 1
    assert task["suggestion"] == "elsewhere"
    assert task["answers"] == ["here", "elsewhere"]


@settings(deadline=None)
@given(st.lists(st.floats(0.001, 1), min_size=2, max_size=5))
def test_doubt_is_between_certainty_and_no_idea(weights: list[float]):
    likely = [weight / sum(weights) for weight in weights]
    assert -1e-9 <= doubt(*likely) <= 1 + 1e-9
    assert doubt(*([1 / len(weights)] * len(weights))) == pytest.approx(1)
    assert doubt(1.0, *([0.0] * (len(weights) - 1))) == 0


@settings(deadline=None)
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
