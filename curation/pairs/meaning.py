"""The meaning of whole texts by a sentence embedder, for the rows that are worth its time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from curation.entry import content_hash
from curation.pairs.corpus import COLUMNS
from curation.pairs.correspondence import Correspondence

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from curation.pairs.corpus import Corpus, Floats, Ints

MOST_WORDS = 48  # of a text that are embedded


class Meanings:
    """Sentence embeddings of some rows' texts with their own term masked, and of their terms.

    `rows` are the corpus's numbers; `vectors[name]` has shape (len(rows), dimensions), zero for an empty text.
    """

    def __init__(
        self, corpus: Corpus, rows: Ints, embedder: Callable[[Sequence[str]], npt.NDArray[np.float32]]
    ) -> None:
        import numpy as np

        self.rows = rows
        self.place = np.full(corpus.size, -1, dtype=np.int64)
        self.place[rows] = np.arange(len(rows))
        self.fold = corpus.fold[rows]
        texts = [" ".join(corpus.masked[name][row][:MOST_WORDS]) for name in COLUMNS for row in rows]
        texts += [str(corpus.terms[row]) for row in rows]
        vectors = embedder(texts).astype(np.float64)
        self.vectors = dict(zip((*COLUMNS, "term"), np.split(vectors, len(COLUMNS) + 1), strict=True))

    def correspondences(self, column: str) -> list[Correspondence]:
        """The column's texts against their partner, context and term."""
        partner = "example" if column == "definition" else "definition"
        own = self.vectors[column]
        return [Correspondence(own, self.vectors[name], self.fold, alike=True) for name in (partner, "context", "term")]


def worth_embedding(corpus: Corpus, fits: list[Floats], most: int) -> tuple[Ints, Ints]:
    """At most `most` rows: a third chosen by their hash alone, to learn from, the rest the worst of each column's fit.

    Returns those to learn from, and all; both sorted. All rows, where there are no more.
    """
    import numpy as np

    if corpus.size <= most:
        return np.arange(corpus.size), np.arange(corpus.size)
    order = sorted(range(corpus.size), key=lambda row: content_hash("reference", str(corpus.ids[row])))
    reference = np.array(sorted(order[: most // 3]), dtype=np.int64)
    share = (most - len(reference)) // len(fits)
    worst = [np.argsort(np.where(np.isnan(fit), np.inf, fit), kind="stable")[:share] for fit in fits]
    return reference, np.unique(np.concatenate([reference, *worst]))
