"""What people's answers say of the build's own word: calibration, and thresholds proposed only where it is worth it."""

from __future__ import annotations

import random

import pytest

from curation.people.decisions import Settled
from curation.people.effect import agreed, calibration_bins, one_sense, proposed_thresholds


def judged(count: int, bend: float) -> list[tuple[float, bool]]:
    """Scores between 0.3 and 0.95, of which as many are true as the score raised to `bend`."""
    chance = random.Random(7)
    scores = [chance.uniform(0.3, 0.95) for _ in range(count)]
    return [(score, chance.random() < score**bend) for score in scores]


def test_a_score_that_keeps_its_word_needs_no_other_threshold():
    (merge,) = proposed_thresholds(judged(600, 1.0), {"merge": 0.75}, 3407)
    assert merge["threshold"] == "same_sense.merge"
    assert not merge["worth_it"]
    assert merge["from"] <= 0.75 <= merge["to"]


def test_a_score_that_promises_too_much_gets_a_higher_threshold_proposed():
    (merge,) = proposed_thresholds(judged(600, 3.0), {"merge": 0.75}, 3407)
    assert merge["worth_it"]
    assert merge["from"] > 0.75
    assert merge == proposed_thresholds(judged(600, 3.0), {"merge": 0.75}, 3407)[0], (
        "the same answers, the same numbers"
    )


@pytest.mark.parametrize("answers", [[], [(0.6, True)] * 29, [(0.6, True)] * 100, [(0.6, True), (0.6, False)] * 50])
def test_few_answers_or_answers_of_one_kind_propose_nothing(answers):
    assert proposed_thresholds(answers, {"merge": 0.75, "ask": 0.5}, 3407) == []


def test_the_bins_count_every_answer_once():
    bins = calibration_bins([(0.0, False), (0.05, True), (0.61, True), (1.0, True)])
    assert bins == [[0.0, 0.1, 2, 1], [0.6, 0.7, 1, 1], [0.9, 1.0, 1, 1]]


def test_a_suggestion_of_two_senses_is_a_small_probability_of_one():
    asked = {"answers": ["same", "different"], "suggestion": "different", "score": 0.8}
    one = Settled("same_sense", "different", 0.9, (("different", 1),), asked)
    assert one_sense([one]) == [(pytest.approx(0.2), False)]
    assert agreed([one]) == [(0.8, True)]
    assert agreed([Settled("same_sense", "same", 0.9, (("same", 1),), {"answers": ["same"]})]) == []
