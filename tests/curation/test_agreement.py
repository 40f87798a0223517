"""Agreement: consensus by real cleanlab, Krippendorff's alpha as published, and who needs help."""

from __future__ import annotations

import math
import random

import pytest

from curation.agreement import active_scores, alpha_by_kind, annotators, consensus, disputed, krippendorff_alpha
from tests.curation.people.test_decisions import decision

# Four observers, twelve units, five categories: the example of Krippendorff 2011, "Computing Krippendorff's
# Alpha-Reliability", whose nominal alpha is 0.743.
OBSERVERS = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")


def crowd(tasks: int = 60) -> list:
    """Three people: two careful, one who throws a coin; the truth is even or odd."""
    chance = random.Random(1)
    answers = []
    for task in range(tasks):
        truth, other = ("same", "different") if task % 2 else ("different", "same")
        answers += [
            decision(task, truth if chance.random() < share else other, who)
            for who, share in ((1, 0.95), (2, 0.9), (3, 0.5))
        ]
    return answers


def test_alpha_is_the_published_one():
    units = [[value for value in unit if value != "."] for unit in zip(*OBSERVERS, strict=True)]
    assert krippendorff_alpha(units) == pytest.approx(0.743, abs=0.0005)


@pytest.mark.parametrize(
    ("one", "other", "alpha"),
    [("0100000010", "1110010000", 0.095), ("aabbdcccedda", "babbbccceddd", 0.692)],
)
def test_alpha_of_two_observers_is_the_published_one(one, other, alpha):
    """The same paper's worked examples of two observers: binary data (A), and nominal data (B)."""
    assert krippendorff_alpha(zip(one, other, strict=True)) == pytest.approx(alpha, abs=0.0005)


def test_how_often_each_of_the_published_observers_agrees_with_the_others():
    """Counted by hand: most others differ from the first two and the last in unit 6 alone, from the third in 2, 6, 8."""
    values = "12345"
    said = [
        decision(unit, value, who, answers=list(values))
        for who, observer in enumerate(OBSERVERS, start=1)
        for unit, value in enumerate(observer, start=1)
        if value != "."
    ]
    told = annotators(said)
    assert [(one.agreed, one.beside, one.answered) for one in told] == [
        (8, 9, 9),
        (9, 10, 11),
        (7, 10, 10),
        (10, 11, 11),
    ]
    assert min(told, key=lambda one: one.quality).who == "a-00000003"
    assert not any(one.needs_help for one in told[:2])


def test_alpha_is_one_where_all_agree_and_unknown_where_nothing_can_be_compared():
    assert krippendorff_alpha([["a", "a"], ["b", "b"]]) == 1
    assert math.isnan(krippendorff_alpha([["a", "a"], ["a", "a"]])), "only one answer was ever given"
    assert math.isnan(krippendorff_alpha([["a"], ["b"]]))
    assert math.isnan(krippendorff_alpha([]))
    assert krippendorff_alpha([["a", "b"], ["b", "a"]]) < 0


def test_consensus_is_mostly_the_truth_and_tells_how_sure_it_is():
    found = consensus(crowd())
    clear = {name: answer for name, (answer, _) in found.items() if answer}
    right = sum((answer == "same") == (int(name, 16) % 2 == 1) for name, answer in clear.items())
    assert len(found) == 60
    assert right >= 0.85 * len(clear)
    assert all(0 <= sure <= 1 for _, sure in found.values())


def test_who_answers_by_chance_is_found_and_the_careful_are_not():
    by_who = {one.who: one for one in annotators(crowd())}
    assert by_who["a-00000003"].needs_help
    assert not by_who["a-00000001"].needs_help
    assert by_who["a-00000003"].quality < by_who["a-00000001"].quality
    assert 0 < alpha_by_kind(crowd())["same_sense"] < 1


def test_gold_answers_show_who_takes_every_suggestion():
    golden = [decision(task, "same", 1, gold="different" if task % 2 else "same") for task in range(6)]
    (person,) = annotators(golden)
    assert (person.gold_asked, person.gold_right) == (6, 3)
    assert person.needs_help


def test_one_person_two_who_disagree_one_class_and_nobody():
    assert consensus([decision()])[f"{1:016x}"][0] == "same"
    assert annotators([decision()])[0].beside == 0
    two = [decision(1, "same", 1), decision(1, "different", 2)]
    assert consensus(two)[f"{1:016x}"][0] == ""
    assert disputed(two) == [f"{1:016x}"]
    same = [decision(task, "same", who) for task in range(4) for who in (1, 2)]
    assert {answer for answer, _ in consensus(same).values()} == {"same"}
    assert [consensus([]), annotators([]), disputed([]), active_scores([], []), alpha_by_kind([])] == [
        {},
        [],
        [],
        {},
        {},
    ]
    assert consensus([decision(1, "skip")]) == {}
    assert annotators([decision(1, "skip")])[0].skipped == 1


def test_a_gold_question_is_never_disputed_since_its_answer_is_known():
    open_one = [decision(1, "same", 1), decision(1, "different", 2)]
    golden = [decision(2, "same", 1, gold="same"), decision(2, "different", 2, gold="same")]
    assert disputed([*open_one, *golden]) == [f"{1:016x}"]


def test_the_order_of_answers_does_not_matter():
    answers = crowd(20)
    turned = random.Random(5).sample(answers, len(answers))
    assert consensus(answers) == consensus(turned)
    assert annotators(answers) == annotators(turned)


def test_answers_teach_which_question_to_ask_next():
    fresh = {"answers": ["same", "different"], "suggestion": "same", "question": "same_sense"}
    tasks = [{**fresh, "id": "doubtful", "score": 0.51}, {**fresh, "id": "sure", "score": 0.99}]
    scores = active_scores(crowd(), [*tasks, {**tasks[1], "id": "other", "question": "voted_down"}])
    assert scores["doubtful"] < scores["sure"]
    assert "other" in scores
    assert all(f"{task:016x}" in scores for task in range(60))


def test_labels_are_judged_by_what_part_they_play_not_by_their_names():
    def label(task: int, said: str, who: int):
        one = decision(task, "same", who, answers=[f"old{task}", f"new{task}", "neither"], suggestion=f"new{task}")
        return type(one)(one.id, "label", said, one.who, one.when, one.seconds, "", one.asked)

    said = [label(task, f"{'new' if task % 2 else 'old'}{task}", who) for task in range(6) for who in (1, 2)]
    assert consensus(said)[f"{1:016x}"][0] == "new1"
    assert alpha_by_kind(said) == {"label": 1.0}
