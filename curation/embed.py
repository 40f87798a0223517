"""Text to vectors, behind a Protocol, so that a test can hand in its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

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


@runtime_checkable
class ContextEmbedder(Embedder, Protocol):
    """An embedder that also tells what a word means where it stands: the same word in another sentence is elsewhere."""

    def in_context(self, texts: Sequence[str], spans: Sequence[Sequence[tuple[int, int]]]) -> npt.NDArray[np.float32]:
        """Vectors of shape (len(texts), 2, dimensions), float32: of the text, and of the words in its `spans`.

        `spans` are (start, end) in characters. Each vector has length 1. Where no span falls on what the model reads,
        the second vector is the first; a blank text has zero vectors.
        """
        ...
