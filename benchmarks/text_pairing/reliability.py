"""Is a stated probability true? Texts of which it is known whether they stand under their own term, by their fit.

The fit is a probability for as many true pairs as shuffled ones, so the few that changed places are weighed up until
they count as much as the others.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]

EDGES = (0.0, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0)


class Bin(NamedTuple):
    low: float
    high: float
    rows: int
    said: float  # the mean fit
    seen: float  # the share that stands under its own term
    weight: float  # of the bin in all


def reliability(fit: Floats, wrong: Bools) -> list[Bin]:
    """The bins of EDGES that hold rows. `fit` and `wrong` have shape (n,); NaN is not judged and not counted."""
    import numpy as np

    judged = ~np.isnan(fit)
    fit, wrong = fit[judged], wrong[judged]
    weights = np.where(wrong, (~wrong).sum() / max(int(wrong.sum()), 1), 1.0)
    found = []
    for low, high in itertools.pairwise(EDGES):
        inside = (fit >= low) & ((fit < high) | (high == EDGES[-1]))
        if inside.any():
            own = weights[inside]
            said, seen = (float(np.average(what[inside], weights=own)) for what in (fit, ~wrong))
            found.append(Bin(low, high, int(inside.sum()), said, seen, float(own.sum() / weights.sum())))
    return found


def calibration_error(bins: list[Bin]) -> float:
    """The expected calibration error (Naeini et al. 2015): how far said and seen are apart, on average."""
    return sum(one.weight * abs(one.said - one.seen) for one in bins)
