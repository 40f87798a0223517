"""Datalab's other issue types: what stands alone, what is nearly said twice, what is rare, what stands in order."""

from __future__ import annotations

import numpy as np
import pytest

from curation.labels.surroundings import SURROUNDINGS, surroundings

ROWS = 60


@pytest.fixture(scope="module")
def vectors():
    """Two bundles of directions, far from each other; one row far from both, and one row twice."""
    chance = np.random.default_rng(0)
    centres = np.repeat(np.eye(2, 40), ROWS // 2, axis=0)
    made = centres + chance.normal(scale=0.05, size=(ROWS, 40))
    made[7] = -np.ones(40)
    made[11] = made[10]
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


CODES = np.array([0] * (ROWS - 2) + [1] * 2)


def test_a_row_alone_a_row_said_twice_and_a_rare_class_are_found(vectors):
    found = surroundings(vectors, CODES, np.arange(ROWS))
    assert "outlier" in found[7]
    assert [row for row, names in enumerate(found) if "near_duplicate" in names] == [10, 11]
    assert [row for row, names in enumerate(found) if "class_imbalance" in names] == [ROWS - 2, ROWS - 1]
    assert {name for names in found for name in names} <= set(SURROUNDINGS)


def test_rows_that_stand_in_the_order_of_their_texts_are_told_from_shuffled_ones(vectors):
    shuffled = np.random.default_rng(1).permutation(ROWS)
    in_order, mixed = (surroundings(vectors, CODES, order) for order in (np.arange(ROWS), shuffled))
    assert any("non_iid" in names for names in in_order)
    assert not any("non_iid" in names for names in mixed)


def test_without_vectors_the_labels_alone_are_looked_at():
    found = surroundings(None, CODES, np.arange(ROWS))
    assert found[-2:] == [["class_imbalance"]] * 2
    assert not any(found[:-2])


def test_texts_that_are_all_alike_do_not_stop_it():
    assert len(surroundings(np.ones((ROWS, 3), dtype=np.float32), CODES, np.arange(ROWS))) == ROWS


def test_the_shared_random_generator_is_left_as_it_was(vectors):
    np.random.seed(5)  # noqa: NPY002
    wanted = np.random.rand()  # noqa: NPY002
    np.random.seed(5)  # noqa: NPY002
    surroundings(vectors, CODES, np.arange(ROWS))
    assert np.random.rand() == wanted  # noqa: NPY002
