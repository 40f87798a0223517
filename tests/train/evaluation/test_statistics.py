"""The intervals and tests agree with scipy's, with what can be counted by hand, and with chance itself."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, false_discovery_control

from train.errors import TrainError
from train.evaluation.statistics import Interval, holm, mcnemar_exact, mean_interval, paired_bootstrap, wilson

COUNTS = st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def terms(count: int, each: int = 1) -> list[str]:
    return [f"term {number}" for number in range(count) for _ in range(each)]


@given(COUNTS, st.sampled_from([0.8, 0.95, 0.99]))
def test_wilsons_interval_is_scipys(counted: tuple[int, int], confidence: float) -> None:
    successes, n = counted
    ours = wilson(successes, n, confidence)
    theirs = binomtest(successes, n).proportion_ci(confidence, method="wilson")
    assert ours.value == successes / n
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
    assert 0 <= ours.low <= ours.value <= ours.high <= 1


@pytest.mark.parametrize(("successes", "n", "confidence"), [(0, 0, 0.95), (3, 2, 0.95), (-1, 2, 0.95), (1, 2, 95)])
def test_what_is_no_share_is_refused(successes: int, n: int, confidence: float) -> None:
    with pytest.raises(TrainError):
        wilson(successes, n, confidence)


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemars_exact_test_is_the_binomial_one(only_a: int, only_b: int) -> None:
    a = [True] * only_a + [False] * only_b + [True, False]
    b = [False] * only_a + [True] * only_b + [True, False]
    found = mcnemar_exact(a, b)
    assert (found.only_a, found.only_b) == (only_a, only_b)
    expected = binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1.0
    assert found.p_value == pytest.approx(expected, rel=1e-9)


def test_mcnemar_can_count_thousands() -> None:
    found = mcnemar_exact([True] * 3000 + [False] * 2000, [False] * 3000 + [True] * 2000)
    assert found.p_value == pytest.approx(binomtest(3000, 5000).pvalue, rel=1e-6)


def test_mcnemar_wants_the_same_questions() -> None:
    with pytest.raises(TrainError, match="not the same questions"):
        mcnemar_exact([True], [True, False])


@given(st.lists(st.floats(0, 1), max_size=30))
def test_holms_correction_keeps_the_order_and_makes_nothing_smaller(p_values: list[float]) -> None:
    corrected = holm(p_values)
    assert all(before <= after <= 1 for before, after in zip(p_values, corrected, strict=True))
    ranked = sorted(zip(p_values, corrected, strict=True))
    assert [after for _, after in ranked] == sorted(after for _, after in ranked)
    if p_values:  # never stricter than Bonferroni, never milder than Benjamini and Hochberg
        milder = false_discovery_control(p_values)
        assert all(low - 1e-12 <= one for one, low in zip(corrected, milder, strict=True))
        assert all(one <= min(1, p * len(p_values)) + 1e-12 for one, p in zip(corrected, p_values, strict=True))


def test_holms_own_steps() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


# ---------------------------------------------------------------- the bootstrap


def test_the_bootstrap_is_near_the_normal_interval_where_that_holds() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(2, 800))
    found = paired_bootstrap(a, b, terms(800), seed=1)
    error = (b - a).std(ddof=1) / math.sqrt(800)
    assert found.value == pytest.approx((b - a).mean())
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * error, rel=0.05)
    assert found.low < found.value < found.high


def test_the_order_of_items_and_the_names_of_terms_do_not_matter_much_and_the_seed_decides() -> None:
    rng = np.random.default_rng(5)
    a, b = rng.normal(size=(2, 60))
    once = paired_bootstrap(a, b, terms(20, 3), seed=7)
    assert once == paired_bootstrap(list(a), list(b), terms(20, 3), seed=7)
    assert once != paired_bootstrap(a, b, terms(20, 3), seed=8)
    backwards = paired_bootstrap(a[::-1], b[::-1], terms(20, 3)[::-1], seed=7)
    assert (once.low, once.high) == pytest.approx((backwards.low, backwards.high))


def test_items_of_one_term_count_as_one_voice() -> None:
    values = np.random.default_rng(9).normal(size=25)
    alone = mean_interval(values, terms(25), seed=1)
    echoed = mean_interval(values.repeat(8), terms(25, 8), seed=1)
    assert (echoed.low, echoed.high) == pytest.approx((alone.low, alone.high))
    blind = mean_interval(values.repeat(8), terms(200), seed=1)  # as if the 200 items were 200 terms
    assert blind.high - blind.low < 0.5 * (echoed.high - echoed.low)


def test_terms_with_more_items_weigh_more() -> None:
    assert mean_interval([1, 1, 1, 0], ["a", "a", "a", "b"], seed=1).value == 0.75


def test_a_difference_in_every_item_is_significant_and_none_in_any_is_not() -> None:
    a = np.random.default_rng(1).normal(size=50)
    better = paired_bootstrap(a, a + 0.1, terms(50), seed=1)
    assert better.low == pytest.approx(0.1)
    assert better.p_value < 0.001
    same = paired_bootstrap(a, a, terms(50), seed=1)
    assert same == Interval(0.0, 0.0, 0.0, 1.0)


def test_the_other_way_round_the_signs_change() -> None:
    a, b = np.random.default_rng(1).normal(size=(2, 40))
    there, back = (paired_bootstrap(x, y, terms(40), seed=2, resamples=4000) for x, y in ((a, b), (b, a)))
    assert (back.low, back.value, back.high) == pytest.approx((-there.high, -there.value, -there.low), abs=1e-12)
    assert back.p_value == pytest.approx(there.p_value)


def test_one_term_alone_tells_nothing() -> None:
    found = mean_interval([0.2, 0.4], ["a", "a"], seed=1)
    assert (found.low, found.high) == (-math.inf, math.inf)
    assert found.facts() == {"value": pytest.approx(0.3), "low": None, "high": None}
    assert paired_bootstrap([0.0], [1.0], ["a"], seed=1).p_value == 1.0


def test_seeds_that_disagree_widen_the_interval() -> None:
    rng = np.random.default_rng(4)
    term = rng.normal(size=100)
    a = np.stack([term, term, term])
    agreeing = paired_bootstrap(a, a + 0.3, terms(100), seed=1)
    disagreeing = paired_bootstrap(a, a + np.array([[-0.3], [0.3], [0.9]]), terms(100), seed=1)
    assert agreeing.value == pytest.approx(disagreeing.value) == pytest.approx(0.3)
    assert agreeing.p_value < 0.001
    assert disagreeing.low < 0 < disagreeing.high


def test_sides_may_have_different_numbers_of_seeds() -> None:
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=(1, 40)), rng.normal(1, 1, size=(3, 40))
    assert paired_bootstrap(a, b, terms(40), seed=1).value == pytest.approx(b.mean() - a.mean())


@pytest.mark.parametrize(
    ("a", "clusters", "said"),
    [([1.0, 2.0], ["x"], "shape"), ([], [], "no item"), ([1.0, math.nan], ["x", "y"], "finite")],
)
def test_values_that_cannot_be_compared_are_refused(a: list[float], clusters: list[str], said: str) -> None:
    with pytest.raises(TrainError, match=said):
        paired_bootstrap(a, a, clusters, seed=1)


def coverage(seeds: int, between_seeds: float, tries: int = 200, count: int = 40) -> float:
    """Share of made-up evaluations, two items a term, whose interval holds the true difference, which is 0."""
    rng = np.random.default_rng(11)
    held = 0
    for number in range(tries):
        a, b = (
            rng.normal(size=(1, count)).repeat(2, axis=1)
            + rng.normal(0, 0.5, size=(seeds, 2 * count))
            + rng.normal(0, between_seeds, size=(seeds, 1))
            for _ in "ab"
        )
        found = paired_bootstrap(a, b, terms(count, 2), seed=number, resamples=500)
        held += found.low <= 0 <= found.high
    return held / tries


@pytest.mark.parametrize(("seeds", "between_seeds", "least"), [(1, 0.0, 0.90), (3, 0.0, 0.90), (3, 0.3, 0.88)])
def test_the_interval_holds_the_truth_about_as_often_as_it_says(seeds: int, between_seeds: float, least: float) -> None:
    assert least <= coverage(seeds, between_seeds) <= 0.995


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(-5, 5), st.sampled_from("abcdef")), min_size=1, max_size=40), st.integers(0, 99))
def test_the_mean_lies_in_its_interval_or_near(rows: list[tuple[float, str]], seed: int) -> None:
    values, clusters = zip(*rows, strict=True)
    found = mean_interval(values, clusters, seed, resamples=200)
    assert found.low <= found.high
    assert found.value == pytest.approx(np.mean(values))
    assert found.low >= min(values) - 1e-9 or math.isinf(found.low)
