"""A second opinion on doubtful pairs of definitions, behind a Protocol, so that a test can hand in its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class Judge(Protocol):
    """Says of two texts how likely they mean the same. Slower than vectors: it reads both texts together."""

    @property
    def fingerprint(self) -> str:
        """Names the model and its weights; part of every cache key."""
        ...

    def __call__(self, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float64]:
        """A probability for each pair, 0 to 1, the same for (a, b) and (b, a)."""
        ...
