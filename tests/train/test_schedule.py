"""Which rows are trained in which step."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from train.errors import TrainError
from train.examples import Example
from train.schedule import plan_steps

ROWS = [Example([1] * (3 + number % 7), [-100] + [1] * (2 + number % 7), str(number)) for number in range(21)]


def ids(steps):
    return [[row.id for row in step] for step in steps]


def test_an_epoch_has_every_row_once_and_only_the_last_step_is_smaller():
    steps = plan_steps(ROWS, batch=8, epochs=1, seed=1)
    assert [len(step) for step in steps] == [8, 8, 5]
    assert Counter(row.id for step in steps for row in step) == Counter(row.id for row in ROWS)


def test_each_epoch_has_its_own_order():
    steps = plan_steps(ROWS[:16], batch=8, epochs=2, seed=1)
    first, second = ({row.id for row in step} for step in (steps[0], steps[2]))
    assert len(steps) == 4
    assert first != second
    assert {row.id for step in steps[2:] for row in step} == {row.id for row in ROWS[:16]}


def test_rows_of_a_step_stand_by_length_so_that_less_is_padded():
    for step in plan_steps(ROWS, batch=8, epochs=1, seed=1):
        lengths = [len(row.input_ids) for row in step]
        assert lengths == sorted(lengths)


def test_the_order_depends_on_the_seed_alone():
    assert ids(plan_steps(ROWS, batch=8, epochs=1, seed=1)) == ids(plan_steps(ROWS, batch=8, epochs=1, seed=1))
    assert ids(plan_steps(ROWS, batch=8, epochs=1, seed=1)) != ids(plan_steps(ROWS, batch=8, epochs=1, seed=2))


def test_another_process_has_the_same_order(project):
    code = (
        "from train.examples import Example\nfrom train.schedule import plan_steps\n"
        "rows = [Example([1] * (3 + n % 7), [-100] + [1] * (2 + n % 7), str(n)) for n in range(21)]\n"
        "print([[row.id for row in step] for step in plan_steps(rows, batch=8, epochs=1, seed=1)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=project)
    assert done.stdout.strip() == str(ids(plan_steps(ROWS, batch=8, epochs=1, seed=1)))


@pytest.mark.parametrize("wanted", [1, 30, 1000])
def test_training_ends_with_the_step_that_reaches_the_wanted_tokens(wanted):
    steps = plan_steps(ROWS, batch=8, epochs=1, seed=1, max_trained_tokens=wanted)
    trained = [sum(row.trained_tokens for row in step) for step in steps]
    assert sum(trained) >= wanted > sum(trained[:-1])
    assert all(len(step) == 8 for step in steps)


@pytest.mark.parametrize("wanted", [0, -5])
def test_less_than_one_token_is_refused(wanted):
    with pytest.raises(TrainError, match=f"max_trained_tokens {wanted}: expected 1 or more"):
        plan_steps(ROWS, batch=8, epochs=1, seed=1, max_trained_tokens=wanted)


def test_no_row_is_refused():
    with pytest.raises(TrainError, match="nothing to train on"):
        plan_steps([], batch=8, epochs=1, seed=1, max_trained_tokens=5)
