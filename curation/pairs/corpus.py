"""The rows of a table as vectors: words, topics, the meaning of single words, and the hand that wrote each text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from curation.entry import content_hash
from curation.pairs.correspondence import there
from curation.pairs.writing_style import styles
from curation.text.headwords import Headwords, letters_of, tokens, uses, variants

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    from scipy.sparse import csr_matrix

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

COLUMNS = ("definition", "example", "context")
MAX_CHARACTERS = 2_000  # of a text that are read
MASK = "it"  # stands where the row's own term stood: an ordinary word, which a language model takes in its stride
STEM = 6  # leading characters of a word that count: a stemmer for every alphabet
TOPICS = 100  # dimensions of the latent semantic space
MOST_WORDS = 15_000  # different words, the most frequent, that are embedded one by one
WORD_AXES = 128  # dimensions that the vectors of single words keep


class Corpus:
    """The rows of all terms as vectors. Rows are numbered in the order of their content, from 0.

    `terms` and `groups` (a number a term key) have shape (n,); `words[column]` and `topics[column]` are unit vectors of
    shape (n, vocabulary) and (n, at most TOPICS), `styles[column]` standardised counts, all zero where the text is
    empty. A row's own term is masked in its texts.
    """

    def __init__(self, rows: pd.DataFrame, folds: int, seed: int) -> None:
        import numpy as np

        self.size = len(rows)
        self.ids = rows["id"].to_numpy(dtype=object)
        self.terms = rows["term"].to_numpy(dtype=object)
        self.text = {name: rows[name].str.slice(0, MAX_CHARACTERS).tolist() for name in COLUMNS}
        self.headwords = Headwords(rows["term_key"], rows["term"])
        self.groups = np.array([self.headwords.number[key] for key in rows["term_key"]], dtype=np.int64)
        self.sizes = np.bincount(self.groups)
        self.first_row = np.searchsorted(self.groups, np.arange(len(self.headwords.keys)))
        fold = [int(content_hash(key), 16) % folds for key in self.headwords.keys]
        self.fold = np.array(fold, dtype=np.int64)[self.groups]
        self.tokens = {name: [tokens(text) for text in texts] for name, texts in self.text.items()}
        spellings = [variants(term) for term in self.terms]
        masked = {
            name: [mask(words, own) for words, own in zip(texts, spellings, strict=True)]
            for name, texts in self.tokens.items()
        }
        self.uses_term = {name: np.array([found for _, found in texts], dtype=bool) for name, texts in masked.items()}
        self.masked = {name: [words for words, _ in texts] for name, texts in masked.items()}
        self.masked["term"] = [[word.casefold() for word in tokens(term)] for term in self.terms]
        self.words = tfidf(self.masked)
        self.topics = latent(self.words, seed)
        self.styles = {name: styles(self.text[name], self.masked[name]) for name in ("definition", "example")}
        self.letters = [letters_of(term) for term in self.terms]
        self.capitals = np.array([term.isupper() for term in self.terms], dtype=np.float64)

    def others(self, vectors: Floats) -> Floats:
        """The sum of the term's other rows, as unit vectors; zero where a term has one row only."""
        import numpy as np

        sums = np.zeros((len(self.headwords.keys), vectors.shape[1]), dtype=vectors.dtype)
        np.add.at(sums, self.groups, vectors)
        rest: Floats = (sums[self.groups] - vectors) * (self.sizes[self.groups] > 1)[:, None]
        return unit(rest)

    @cached_property
    def other_words(self) -> dict[str, csr_matrix]:
        """The sum of the TF-IDF vectors of the term's other rows."""
        import numpy as np
        from scipy.sparse import csr_matrix

        member = csr_matrix((np.ones(self.size), (np.arange(self.size), self.groups)))
        return {name: (member @ (member.T @ self.words[name]) - self.words[name]).tocsr() for name in COLUMNS}


def mask(words: list[str], spellings: list[list[str]]) -> tuple[list[str], bool]:
    """The words of a text in lower case, MASK in the place of its term, and whether the term was there.

    A word that has the term's letters inside (`choruspondence` under `choruspond`) is masked too; letters that are
    spread over several words are seen, and stay.
    """
    words = [word.casefold() for word in words]
    hidden = {at for spelling in spellings for place in uses(words, spelling) for at in place}
    together = "".join(filter(str.isalnum, "".join(spellings[0]))) if spellings else ""
    there = bool(hidden)
    if len(together) >= 4:
        hidden |= {at for at, word in enumerate(words) if together in word}
        there = there or together in "".join(filter(str.isalnum, "".join(words)))
    shown = (
        MASK if at in hidden else word for at, word in enumerate(words) if at not in hidden or at - 1 not in hidden
    )
    return list(shown) if hidden else words, there


def tfidf(texts: dict[str, list[list[str]]]) -> dict[str, csr_matrix]:
    """Unit TF-IDF vectors over the stems of all columns together."""
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import TfidfVectorizer

    stems = {
        name: [[word[:STEM] for word in words if word.isalnum()] for words in column] for name, column in texts.items()
    }
    vectorizer = TfidfVectorizer(analyzer=_as_they_are, sublinear_tf=True)
    together = [words for column in stems.values() for words in column]
    if not any(together):
        return {name: csr_matrix((len(column), 1)) for name, column in stems.items()}
    vectorizer.fit(together)
    return {name: vectorizer.transform(column) for name, column in stems.items()}


def _as_they_are(words: list[str]) -> list[str]:
    return words


def latent(words: dict[str, csr_matrix], seed: int) -> dict[str, Floats]:
    """Unit vectors of latent semantic analysis (Deerwester et al. 1990), fitted on definitions and examples."""
    from scipy.sparse import vstack
    from sklearn.decomposition import TruncatedSVD

    fitted = vstack([words["definition"], words["example"]]).tocsr()
    size = min(TOPICS, fitted.shape[1] - 1, fitted.shape[0] - 1)
    if size < 2:
        return {name: matrix.toarray()[:, :1] for name, matrix in words.items()}
    svd = TruncatedSVD(size, n_iter=3, random_state=seed).fit(fitted)
    return {name: unit(svd.transform(matrix)) for name, matrix in words.items()}


def word_meanings(
    texts: dict[str, list[list[str]]], embedder: Callable[[Sequence[str]], npt.NDArray[np.float32]]
) -> dict[str, Floats]:
    """Unit vectors of the mean of a text's words, embedded one by one: the meaning of a text without its order, cheap.

    Rare words weigh more (inverse document frequency); only words that more than one text has are embedded. The common
    mean is taken away (Arora, Liang and Ma 2017).
    """
    import numpy as np
    from scipy.sparse import diags
    from sklearn.feature_extraction.text import CountVectorizer

    together = [words for column in texts.values() for words in column]
    met = Counter(word for words in together for word in set(words) if word.isalnum())
    known = sorted((word for word in met if met[word] > 1), key=lambda word: (-met[word], word))[:MOST_WORDS]
    if len(known) < 2:
        return {name: np.zeros((len(column), 1)) for name, column in texts.items()}
    vectors = embedder(known).astype(np.float64)
    vectors -= vectors.mean(axis=0)
    _, axes = np.linalg.eigh(vectors.T @ vectors)
    rarity = np.log(len(together) / np.array([met[word] for word in known])) + 0.1
    weighed = diags(rarity) @ (vectors @ axes[:, -WORD_AXES:])
    counter = CountVectorizer(analyzer=_as_they_are, vocabulary=known)
    return {name: _about_zero(unit(counter.transform(column) @ weighed)) for name, column in texts.items()}


def _about_zero(vectors: Floats) -> Floats:
    """Unit vectors without their common mean; zero stays zero."""
    known = there(vectors)
    return unit(vectors - vectors[known].mean(axis=0) * known[:, None]) if known.any() else vectors


def unit(vectors: Floats) -> Floats:
    """Vectors of length 1; what is (nearly) zero becomes zero."""
    import numpy as np

    sizes = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Floats = np.where(sizes > 1e-9, vectors / np.maximum(sizes, 1e-9), 0)
    return scaled
