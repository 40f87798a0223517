"""What speaks for a text being the text of a row: words, meaning, the hand that wrote it, letters and names."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from curation.pairs.correspondence import Correspondence
from curation.pairs.names import Names
from curation.text.headwords import spells

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from curation.pairs.corpus import Corpus, Floats, Ints

GRAM = 4  # letters of a headword that a text shares with it seldom by chance
SPELLINGS = 4  # what `spells` may answer


class View:
    """The corpus seen from one column: which text is judged, and beside which.

    `meanings[name]` are vectors of the mean of a text's words (`corpus.word_meanings`), where a model is given.
    """

    def __init__(
        self, corpus: Corpus, column: str, *, mentions: bool, meanings: dict[str, Floats] | None = None
    ) -> None:
        self.corpus, self.column, self.size, self.mentions = corpus, column, corpus.size, mentions
        self.partner = "example" if column == "definition" else "definition"
        self.meanings = meanings or {}
        self.names = Names(corpus, column)

    def judgeable(self) -> Ints:
        """The rows that have this text and anything to hold it against."""
        import numpy as np

        text = self.corpus.text
        several = self.corpus.sizes[self.corpus.groups] > 1
        return np.array(
            [
                row
                for row in range(self.size)
                if text[self.column][row]
                and (text[self.partner][row] or text["context"][row] or several[row] or row in self.names.outspelled)
            ],
            dtype=np.int64,
        )

    @cached_property
    def correspondences(self) -> list[Correspondence]:
        """What the texts' vectors are held against: partner, context, the term's other rows, the term itself."""
        corpus, own = self.corpus, self.column
        found = [
            Correspondence(corpus.styles[own], corpus.styles[self.partner], corpus.fold, alike=False),
            Correspondence(corpus.topics[own], corpus.others(corpus.topics[own]), corpus.fold, alike=True, learn=False),
        ]
        found += [self._against(corpus.topics, name) for name in (self.partner, "context")]
        if self.meanings:
            found += [self._against(self.meanings, name) for name in (self.partner, "context", "term")]
            others = corpus.others(self.meanings[own])
            found.append(Correspondence(self.meanings[own], others, corpus.fold, alike=True, learn=False))
        return found

    def _against(self, vectors: dict[str, Floats], name: str) -> Correspondence:
        return Correspondence(vectors[self.column], vectors[name], self.corpus.fold, alike=True)

    def features(self, rows: Ints, texts: Ints) -> Floats:
        """What speaks for text `texts[k]` being the text of row `rows[k]`: shape (pairs, features), NaN for unknown."""
        import numpy as np

        corpus = self.corpus
        words = corpus.words[self.column][texts]
        columns = [_cosine(words, corpus.words[name][rows]) for name in (self.partner, "context")]
        columns.append(_cosine(words, corpus.other_words[self.column][rows]))
        blocks = [part.columns(rows, texts) for part in self.correspondences]
        blocks += [self._letters(rows, texts)] if self.column == "definition" else []
        blocks += [self._mentions(rows, texts)] if self.mentions else []
        return np.hstack([np.column_stack(columns), *blocks])

    def _letters(self, rows: Ints, texts: Ints) -> Floats:
        """How a definition spells an initialism, which is worth more in capitals, and what it shares with any term.

        Shape (pairs, 2 · SPELLINGS + 2): one of the first is 1 where the term can be an initialism; the last two are
        the share of the term's runs of GRAM letters that stand in the definition, and whether one does.
        """
        import numpy as np

        found = np.zeros((len(rows), 2 * SPELLINGS + 2))
        low = self._low
        for at, (row, text) in enumerate(zip(rows.tolist(), texts.tolist(), strict=True)):
            if letters := self.corpus.letters[row]:
                how = spells(letters, self.corpus.text["definition"][text], self.names.spelled[text])
                found[at, SPELLINGS * int(self.corpus.capitals[row]) + how] = 1
            if grams := self._grams[row]:
                share = sum(gram in low[text] for gram in grams) / len(grams)
                found[at, -2:] = share, share > 0
            else:
                found[at, -2:] = np.nan
        return found

    @cached_property
    def _low(self) -> list[str]:
        return [" ".join(words) for words in self.corpus.masked[self.column]]

    @cached_property
    def _grams(self) -> list[list[str]]:
        """The runs of GRAM letters of each row's term."""
        letters = ["".join(filter(str.isalnum, term.casefold())) for term in self.corpus.terms]
        return [sorted({term[at : at + GRAM] for at in range(len(term) - GRAM + 1)}) for term in letters]

    def _mentions(self, rows: Ints, texts: Ints) -> Floats:
        """Whether a text uses the row's term, and whether it names another headword. Shape (pairs, 2)."""
        import numpy as np

        names, groups = self.names, self.corpus.groups
        uses = self.corpus.uses_term[self.column]
        found = np.zeros((len(rows), 2))
        for at, (row, text) in enumerate(zip(rows.tolist(), texts.tolist(), strict=True)):
            found[at, 0] = uses[text] if row == text else groups[row] in names.named[text]
            found[at, 1] = bool(names.elsewhere(row, text))
        return found


def _cosine(left: csr_matrix, right: csr_matrix) -> Floats:
    """Row by row, of two matrices of one shape; NaN where a row is zero."""
    import numpy as np

    dot, *squares = (_row_products(a, b) for a, b in ((left, right), (left, left), (right, right)))
    sizes = np.sqrt(squares[0] * squares[1])
    cosine: Floats = np.where(sizes > 1e-9, dot / np.maximum(sizes, 1e-9), np.nan)
    return cosine


def _row_products(left: csr_matrix, right: csr_matrix) -> Floats:
    import numpy as np

    return np.asarray(left.multiply(right).sum(axis=1), dtype=np.float64).ravel()
