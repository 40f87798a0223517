"""The score of a label is a probability: checked where the truth is known, and where nothing can be known."""

from __future__ import annotations

import numpy as np
import pytest

from curation.labels.trust import calibrate, noise_matrix, trust

ROWS = 6_000


def world(noise: float, separation: float, seed: int = 0, classes: int = 2):
    """Scores of a model that sees `separation` standard deviations, the given codes, and which of them are wrong."""
    rng = np.random.default_rng(seed)
    true = rng.integers(classes, size=ROWS)
    scores = rng.normal(size=(ROWS, classes)) + separation * np.eye(classes)[true]
    scores -= scores.mean(axis=1, keepdims=True)  # what one class gains the others lose, as with any classifier
    wrong = rng.random(ROWS) < noise
    codes = np.where(wrong, (true + rng.integers(1, classes, size=ROWS)) % classes, true)
    return scores, codes, wrong


def judged(scores, codes):
    probabilities = calibrate(scores, codes, np.arange(len(codes)) % 5)
    noise = noise_matrix(probabilities, codes)
    return probabilities, noise, trust(scores, probabilities, codes, noise)


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.2])
def test_the_share_of_right_labels_is_what_the_score_says(rate):
    scores, codes, wrong = world(rate, 1.5)
    _, noise, right = judged(scores, codes)
    assert noise[0, 1] == pytest.approx(rate, abs=0.03)
    assert (1 - right).mean() == pytest.approx(rate, abs=0.03)
    for low, high in ((0, 0.3), (0.3, 0.7), (0.7, 0.95), (0.95, 1.01)):
        inside = (right >= low) & (right < high)
        if inside.sum() >= 60:
            assert (~wrong[inside]).mean() == pytest.approx(right[inside].mean(), abs=0.2)


def test_several_classes_are_told_apart_too():
    scores, codes, wrong = world(0.1, 4.0, classes=4)
    probabilities, noise, right = judged(scores, codes)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_allclose(noise.sum(axis=1), 1)
    assert wrong[right < 0.5].mean() > 0.7
    assert wrong[right > 0.95].mean() < 0.03


def test_what_a_model_calls_otherwise_is_rarely_wrong_where_labels_are_good():
    scores, codes, _ = world(0.0, 1.5)
    probabilities, _, right = judged(scores, codes)
    own = probabilities[np.arange(ROWS), codes]
    assert (own < 0.4).sum() > 200  # it errs itself, and often
    assert right[own < 0.4].mean() > 0.7


def test_a_model_that_knows_nothing_doubts_nobody():
    rng = np.random.default_rng(1)
    codes = (rng.random(ROWS) < 0.1).astype(int)  # a rare class, and scores that have nothing to do with it
    _, noise, right = judged(rng.normal(size=(ROWS, 2)), codes)
    assert noise[0, 1] < 0.02
    assert right.min() > 0.7
    _, _, right = judged(np.zeros((ROWS, 2)), codes)
    assert right.min() > 0.9


def test_probabilities_ignore_the_rows_own_label():
    scores, codes, _ = world(0.1, 2.0)
    folds = np.arange(ROWS) % 5
    told = codes.copy()
    told[7] = 1 - told[7]
    same_fold = folds == folds[7]
    first, second = calibrate(scores, codes, folds), calibrate(scores, told, folds)
    np.testing.assert_array_equal(first[same_fold], second[same_fold])
    assert (first[~same_fold] != second[~same_fold]).any()
