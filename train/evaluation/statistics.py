"""Intervals and tests: is a difference more than chance?

Items of one term are not independent, so terms are resampled, never items alone; with several seeds the seeds too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

from train.errors import TrainError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Values = Sequence[float] | Sequence[Sequence[float]] | npt.NDArray[np.float64]

RESAMPLES = 10_000
_CHUNK = 2**21  # indices drawn at once: 16 MiB


@dataclass(frozen=True)
class Interval:
    """A figure and the bounds it lies between; bounds are infinite where nothing can be told (one term alone)."""

    value: float
    low: float
    high: float
    p_value: float = math.nan  # two-sided, that the value is 0; of the bootstrap of a difference

    def facts(self) -> dict[str, float | None]:
        """For JSON, which has no infinity."""
        return {
            name: number if math.isfinite(number) else None
            for name, number in (("value", self.value), ("low", self.low), ("high", self.high))
        }


@dataclass(frozen=True)
class McNemar:
    """The exact test of two models' right and wrong answers to the same questions."""

    only_a: int  # questions that only a has right
    only_b: int
    p_value: float


def wilson(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """Share and score interval of `successes` out of `n` (Wilson 1927); holds for shares near 0 and 1 too.

    Raises TrainError where n is 0 or successes are no count out of n.
    """
    if not 0 <= successes <= n or n == 0:
        raise TrainError(f"{successes} out of {n} is no share")
    z2 = _z(confidence) ** 2
    share = successes / n
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    return Interval(share, low, 1.0 if successes == n else min(1.0, centre + half))


def _z(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise TrainError(f"confidence {confidence}: expected a number between 0 and 1, such as 0.95")
    return NormalDist().inv_cdf((1 + confidence) / 2)


def mean_interval(
    values: Values, clusters: Sequence[str], seed: int, *, resamples: int = RESAMPLES, confidence: float = 0.95
) -> Interval:
    """Mean of values (items,) or (seeds, items) with its bootstrap interval over clusters, and over seeds.

    `clusters` names each item's term. Raises TrainError for shapes that do not fit, no item, or a value that is no
    finite number.
    """
    table = _table(values, clusters)
    return _bootstrap({1.0: table}, clusters, seed, resamples, confidence)


def paired_bootstrap(
    a: Values,
    b: Values,
    clusters: Sequence[str],
    *,
    seed: int,
    resamples: int = RESAMPLES,
    confidence: float = 0.95,
) -> Interval:
    """Mean of b − a over the same items, its percentile interval and two-sided p-value.

    a and b are (items,) or (seeds, items); they may have different numbers of seeds. Terms are drawn once for both, the
    seeds of each by themselves: the pigeonhole bootstrap for crossed factors (Owen 2007), which errs on the wide side.
    One unit fewer than there are is drawn each time, which makes the variance that of the mean without bias (Rao and Wu
    1988); with three seeds that matters. One seed alone says nothing about seeds. Raises TrainError as `mean_interval`.
    """
    return _bootstrap({-1.0: _table(a, clusters), 1.0: _table(b, clusters)}, clusters, seed, resamples, confidence)


def _table(values: Values, clusters: Sequence[str]) -> npt.NDArray[np.float64]:
    """Values as (seeds, items)."""
    import numpy as np

    table = np.atleast_2d(np.asarray(values, dtype=np.float64))
    if table.ndim != 2 or table.shape[1] != len(clusters):
        raise TrainError(f"values of shape {table.shape} for {len(clusters)} items")
    if not table.size:
        raise TrainError("no item to compare")
    if not np.isfinite(table).all():
        raise TrainError("a value that is no finite number: an item was not scored")
    return table


def _bootstrap(
    tables: Mapping[float, npt.NDArray[np.float64]],
    clusters: Sequence[str],
    seed: int,
    resamples: int,
    confidence: float,
) -> Interval:
    """The sum of the tables' means, each times its key; clusters are drawn for all tables together, seeds for each."""
    import numpy as np

    value = float(sum(sign * table.mean() for sign, table in tables.items()))
    names, place = np.unique(np.asarray(clusters, dtype=object).astype(str), return_inverse=True)
    if len(names) < 2:
        return Interval(value, -math.inf, math.inf, 1.0)
    size = np.bincount(place).astype(np.float64)
    sums = {sign: _cluster_sums(table, place) for sign, table in tables.items()}
    rng = np.random.default_rng(seed)
    drawn = []
    step = max(1, _CHUNK // len(names))
    for start in range(0, resamples, step):
        chosen = rng.integers(len(names), size=(min(step, resamples - start), len(names) - 1))
        items = size[chosen].sum(axis=1)
        parts = [sign * _means(total, chosen, items, rng) for sign, total in sums.items()]
        drawn.append(np.sum(parts, axis=0))
    return _percentiles(value, np.concatenate(drawn), confidence)


def _cluster_sums(table: npt.NDArray[np.float64], place: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """(seeds, clusters) of (seeds, items)."""
    import numpy as np

    return np.stack([np.bincount(place, weights=row).astype(np.float64) for row in table])


def _means(
    sums: npt.NDArray[np.float64],
    chosen: npt.NDArray[np.int64],
    items: npt.NDArray[np.float64],
    rng: np.random.Generator,
) -> npt.NDArray[np.float64]:
    """Mean of each resample: the drawn clusters' sums, for drawn seeds, over the drawn clusters' items."""
    import numpy as np

    seeds = len(sums)
    weights = rng.multinomial(max(1, seeds - 1), np.full(seeds, 1 / seeds), size=len(chosen)) / max(1, seeds - 1)
    total = np.zeros(len(chosen))
    for number, row in enumerate(sums):
        total += weights[:, number] * row[chosen].sum(axis=1)
    return total / items


def _percentiles(value: float, drawn: npt.NDArray[np.float64], confidence: float) -> Interval:
    import numpy as np

    _z(confidence)  # refuses what is no confidence
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    beyond = 1 + min(int((drawn <= 0).sum()), int((drawn >= 0).sum()))
    return Interval(value, float(low), float(high), min(1.0, 2 * beyond / (len(drawn) + 1)))


def mcnemar_exact(a: Sequence[bool], b: Sequence[bool]) -> McNemar:
    """McNemar's test (1947) in its exact, binomial form: of the questions on which a and b differ, half go either way.

    Two-sided. Raises TrainError where a and b are not of one length.
    """
    if len(a) != len(b):
        raise TrainError(f"{len(a)} answers beside {len(b)}: not the same questions")
    only_a = sum(bool(one) and not other for one, other in zip(a, b, strict=True))
    only_b = sum(bool(other) and not one for one, other in zip(a, b, strict=True))
    return McNemar(only_a, only_b, _two_sided(min(only_a, only_b), only_a + only_b))


def _two_sided(fewer: int, n: int) -> float:
    """Twice the chance of `fewer` heads or less in n throws of a fair coin, at most 1; in whole numbers, so exact."""
    ways, total = 1, 0
    for heads in range(fewer + 1):
        total += ways
        ways = ways * (n - heads) // (heads + 1)
    return min(1.0, float(2 * total / 2**n)) if n < 1000 else min(1.0, math.exp(math.log(2 * total) - n * math.log(2)))


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values corrected for looking at all of them (Holm 1979), in their order."""
    order = sorted(range(len(p_values)), key=lambda number: p_values[number])
    corrected = [1.0] * len(p_values)
    highest = 0.0
    for rank, number in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[number]))
        corrected[number] = highest
    return corrected
