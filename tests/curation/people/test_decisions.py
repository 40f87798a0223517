"""Decisions: the file's text and back, each person's last word, and what several of them settle."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.people.decisions import Decision, asked_of, read_decisions, settle, united, write_decisions

ASKED = {"ask": "same?", "answers": ["same", "different"], "suggestion": "same", "score": 0.6, "facts": {}, "sides": []}


def decision(
    task: int = 1, said: str = "same", who: int = 1, when: str = "2026-01-31T09:30:00+00:00", **more
) -> Decision:
    return Decision(f"{task:016x}", "same_sense", said, f"a-{who:08x}", when, 2.0, "", {**ASKED, **more})


def test_what_is_written_is_read_back_whatever_the_order():
    decisions = [decision(task, "same", who) for task in range(3) for who in range(3)]
    turned = random.Random(3).sample(decisions, len(decisions))
    text = write_decisions(turned)
    assert text == write_decisions(decisions)
    assert read_decisions(text.split("\n")) == united((), decisions)
    assert [json.loads(line)["id"] for line in text.splitlines()] == sorted(one.id for one in decisions)


@pytest.mark.parametrize("mark", ["<<<<<<< HEAD", "||||||| 1a2b3c4", "=======", ">>>>>>> theirs"])
def test_what_git_leaves_of_a_merge_is_told_with_what_to_do(mark):
    lines = write_decisions([decision(1), decision(2)]).splitlines()
    with pytest.raises(ValueError, match="line 2: git left a merge conflict here; keep the decisions of both sides"):
        read_decisions([lines[0], mark, lines[1]])
    assert read_decisions([*lines, *lines]) == 2 * [decision(1), decision(2)], "both sides may stay"


def test_a_line_has_its_keys_in_one_order_and_no_escapes_that_nobody_can_read():
    odd = Decision(
        f"{1:016x}", "same_sense", "same", "a-00000001", "2026-01-31T09:30:00Z", 1.5, "größer \u2028 \ud83d!", ASKED
    )
    text = write_decisions([odd])
    assert list(json.loads(text)) == ["id", "question", "answer", "who", "when", "seconds", "comment", "asked"]
    assert "größer" in text
    assert text.encode("utf-8").decode("utf-8") == text
    assert text.count("\n") == 1
    assert read_decisions(text.split("\n")) == [odd]


@settings(deadline=None, max_examples=50)
@given(comment=st.text(), facts=st.dictionaries(st.text(), st.text()))
def test_any_text_survives_the_file(comment: str, facts: dict[str, str]):
    one = Decision(
        f"{7:016x}", "label", "same", "a-00000001", "2026-01-31T09:30:00+00:00", 0.0, comment, {**ASKED, "facts": facts}
    )
    assert read_decisions(write_decisions([one]).encode().decode().split("\n")) == [one]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": "xyz"}, "16 hex digits"),
        ({"answer": "perhaps"}, "expected one of same, different, skip"),
        ({"who": "Jane Roe"}, "who is no pseudonym"),
        ({"when": "yesterday"}, "a moment in UTC"),
        ({"when": "2026-01-31T09:30:00+02:00"}, "a moment in UTC"),
        ({"seconds": -1}, "a number, 0 or more"),
        ({"seconds": True}, "a number, 0 or more"),
        ({"comment": 3}, "expected text"),
        ({"asked": {}}, 'no "answers"'),
        ({"extra": 1}, "expected an object with the keys"),
    ],
)
def test_a_wrong_line_is_told_with_its_number_and_never_shows_a_name(change: dict[str, object], said: str):
    good = json.loads(write_decisions([decision()]))
    lines = [json.dumps(good), "", json.dumps(good | change)]
    with pytest.raises(ValueError, match="line 3: ") as caught:
        read_decisions(lines)
    assert said in str(caught.value)
    assert "Jane" not in str(caught.value)


@pytest.mark.parametrize("line", ["{", "[1]", "null", "[" * 100_000, '{"id": NaN}', "<<<<<<< HEAD"])
def test_what_is_no_decision_at_all_is_one_line(line: str):
    with pytest.raises(ValueError, match="line 1: ") as caught:
        read_decisions([line])
    assert "\n" not in str(caught.value)


def test_each_persons_last_answer_counts_and_a_second_pull_changes_nothing():
    first = [decision(1, "same", 1), decision(2, "same", 1)]
    later = decision(1, "different", 1, when="2026-02-01T09:30:00+00:00", score=0.9)
    both = united(first, [later])
    assert [one.answer for one in both] == ["different", "same"]
    assert both[0].asked["score"] == 0.6, "what was asked is told as it was first written down"
    assert united(both, [later]) == both
    assert united(both, first) == both, "an old answer does not come back"


def test_a_gold_answer_learned_later_is_added_to_what_was_asked():
    assert united([decision()], [decision(gold="same")])[0].asked["gold"] == "same"


def test_one_person_settles_a_question_and_two_who_disagree_do_not():
    settled = settle([decision(1, "same"), decision(2, "same", 1), decision(2, "different", 2), decision(3, "skip")])
    assert settled[f"{1:016x}"].answer == "same"
    assert settled[f"{1:016x}"].told() == "a person says: same"
    assert settled[f"{2:016x}"].disputed
    assert settled[f"{2:016x}"].votes == (("different", 1), ("same", 1))
    assert (settled[f"{3:016x}"].answer, settled[f"{3:016x}"].disputed) == ("", False)


def test_a_majority_settles_and_says_how_many():
    votes = [decision(task, "same", who) for task in range(5) for who in (1, 2, 3)]
    votes[0] = decision(0, "different", 1)
    one = settle(votes)[f"{0:016x}"]
    assert one.answer == "same"
    assert one.told() == "2 of 3 people say: same"
    assert 0.5 <= one.probability <= 1


def test_gold_questions_settle_nothing():
    assert settle([decision(gold="same")]) == {}


def test_what_a_decision_keeps_of_a_task_holds_its_facts_and_masked_sides_only():
    task = {"ask": "a?", "answers": ["a", "b"], "suggestion": "a", "score": 0.5, "evidence": [], "gold": "b",
            "data": {"column": "label", "ids": ["1"], "sides": [{"id": "1", "term": "t", "plain": "", "label": "x"}]}}  # fmt: skip
    kept = asked_of(task)
    assert kept["facts"] == {"column": "label"}
    assert kept["sides"] == [{"term": "t", "label": "x"}]
    assert "gold" not in kept
