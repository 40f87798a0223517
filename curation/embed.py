"""Text to vectors, behind a Protocol, so that a test can hand in its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class Embedder(Protocol):
    """Turns texts into unit vectors. The same set of texts always gives the same bits, whatever their order."""

    @property
    def fingerprint(self) -> str:
        """Names the model and its weights; part of every cache key."""
        ...

    def __call__(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Vectors of shape (len(texts), dimensions), float32, each of length 1.

        Repeats are encoded once; a blank text gets the zero vector.
        """
        ...
