"""The fit of a text to its term is a true probability, and the benchmark counts right whether it is."""

from __future__ import annotations

import random

import numpy as np
import pytest

from benchmarks.text_pairing.reliability import calibration_error, reliability
from curation.entry import Entry, to_table
from curation.normalize import Normalize
from curation.pairing import TextPairing
from curation.stage import Given

TOPICS, WORDS_OF_A_TOPIC = 20, 15


def test_the_few_that_changed_places_count_as_much_as_the_others():
    fit = np.array([0.15, 0.15, 0.15, 0.15, 0.95, 0.95, np.nan])
    wrong = np.array([True, True, False, False, False, False, False])
    low, high = reliability(fit, wrong)
    assert (low.rows, high.rows) == (4, 2)
    assert low.seen == pytest.approx(2 / (2 + 2 * 2))  # each wrong one counts twice, as there are half as many
    assert high.seen == 1
    assert low.said == pytest.approx(0.15)
    assert calibration_error([low, high]) == pytest.approx(6 / 8 * (1 / 3 - 0.15) + 2 / 8 * 0.05)


def test_the_fit_is_a_true_probability_where_the_evidence_is_vague():
    table, moved = vague_texts(seed=0)
    fit = TextPairing()(table, Given())["example_fit"].to_numpy(dtype=float)
    error = calibration_error(reliability(fit, moved))
    assert error < 0.1
    odds = np.log(fit / (1 - fit))
    for louder in (4, 1 / 4):  # what sounds far surer or far less sure than it is, is told apart
        assert calibration_error(reliability(1 / (1 + np.exp(-louder * odds)), moved)) > error


def vague_texts(seed, count=1_000):
    """Rows whose texts share a topic and few words, a tenth of the examples moved to another row; and which these are."""
    chance = random.Random(seed)
    size = TOPICS * WORDS_OF_A_TOPIC
    words = ["".join(chance.choice("bdfgklmnprst") + chance.choice("aeiou") for _ in range(3)) for _ in range(size)]
    topics = [words[at : at + WORDS_OF_A_TOPIC] for at in range(0, size, WORDS_OF_A_TOPIC)]

    def text(topic):
        return " ".join(chance.choice(topic if chance.random() < 0.5 else words) for _ in range(5))

    entries = [
        Entry("toy", term=f"term {row}", definition=text(topic), example=text(topic))
        for row, topic in enumerate(chance.choices(topics, k=count))
    ]
    moved = chance.sample(range(count), count // 10)
    examples = [entries[row].example for row in moved]
    for row, example in zip(moved, examples[1:] + examples[:1], strict=True):
        entries[row].example = example
    return Normalize()(to_table(entries), Given()), np.isin(np.arange(count), moved)
