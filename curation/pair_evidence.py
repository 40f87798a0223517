"""What speaks for a text being the text of a row: its words, the letters it spells, the headwords it names."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from curation.entry import content_hash
from curation.headwords import Headwords, expansions, letters_of, spells, tokens, uses, variants

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    from scipy.sparse import csr_matrix

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

MAX_CHARACTERS = 2_000  # of a text that are read
STEM = 6  # leading characters of a word that count: a stemmer for every alphabet
SAYS_MUCH = 3  # letters of a headword that is worth finding: shorter ones are met by chance
SAYS_ALL = 4  # letters of an initialism that no definition spells by chance
OWNER_WANTS = 0.5  # a row whose own text fits it less well may be where a misplaced text comes from
TOPICS = 100  # dimensions of the latent semantic space
FEATURES = (
    "words_partner",  # cosine of TF-IDF vectors: with the row's other text,
    "words_context",  # with its context,
    "words_others",  # with the same kind of text in the term's other rows
    "topics_partner",  # the same three in the latent semantic space
    "topics_context",
    "topics_others",
    "capitals",  # whether the headword is written in capitals
    "letters",  # how many letters it has
    "spells",  # how the definition spells them: 0 … 3
    "mentions_own",  # whether the text uses its term
    "points_elsewhere",  # whether it names another headword by mentioning or spelling it
)
SPEAKS_FOR = (1, 1, 1, 1, 1, 1, 0, 0, 1, 1, -1)  # more of each feature speaks for the pair, against it (-1), or neither


class Corpus:
    """The rows of all terms as vectors. Rows are numbered in the order of their content, from 0.

    `terms` and `groups` (a number a term key) have shape (n,); `words[column]` and `topics[column]` are unit vectors of
    shape (n, vocabulary) and (n, at most TOPICS), zero where the text is empty. A row's own term is masked in its
    texts.
    """

    def __init__(self, rows: pd.DataFrame, folds: int, seed: int) -> None:
        import numpy as np

        self.size = len(rows)
        self.ids = rows["id"].to_numpy(dtype=object)
        self.terms = rows["term"].to_numpy(dtype=object)
        self.text = {
            name: rows[name].str.slice(0, MAX_CHARACTERS).tolist() for name in ("definition", "example", "context")
        }
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
        self.words = tfidf({name: [words for words, _ in texts] for name, texts in masked.items()})
        self.topics = latent(self.words, seed)
        self.letters = [letters_of(term) for term in self.terms]
        self.capitals = np.array([term.isupper() for term in self.terms], dtype=np.float64)


def mask(words: list[str], spellings: list[list[str]]) -> tuple[list[str], bool]:
    """The words of a text in lower case without its term, and whether the term was there, also run together."""
    words = [word.casefold() for word in words]
    hidden = {at for spelling in spellings for place in uses(words, spelling) for at in place}
    together = "".join(filter(str.isalnum, "".join(spellings[0]))) if spellings else ""
    there = bool(hidden) or (len(together) >= 4 and together in "".join(filter(str.isalnum, "".join(words))))
    return [word for at, word in enumerate(words) if at not in hidden], there


def tfidf(texts: dict[str, list[list[str]]]) -> dict[str, csr_matrix]:
    """Unit TF-IDF vectors over the stems of all columns together."""
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import TfidfVectorizer

    stems = {
        name: [[word[:STEM] for word in words if word.isalnum()] for words in column] for name, column in texts.items()
    }
    everything = [words for column in stems.values() for words in column]
    if not any(everything):
        return {name: csr_matrix((len(column), 1)) for name, column in stems.items()}
    vectorizer = TfidfVectorizer(analyzer=list, sublinear_tf=True).fit(everything)
    return {name: vectorizer.transform(column) for name, column in stems.items()}


def latent(words: dict[str, csr_matrix], seed: int) -> dict[str, Floats]:
    """Unit vectors of latent semantic analysis (Deerwester et al. 1990), fitted on definitions and examples."""
    from scipy.sparse import vstack
    from sklearn.decomposition import TruncatedSVD
    from sklearn.preprocessing import normalize

    fitted = vstack([words["definition"], words["example"]]).tocsr()
    size = min(TOPICS, fitted.shape[1] - 1, fitted.shape[0] - 1)
    if size < 2:
        return {name: matrix.toarray()[:, :1] for name, matrix in words.items()}
    svd = TruncatedSVD(size, n_iter=3, random_state=seed).fit(fitted)
    return {name: normalize(svd.transform(matrix)) for name, matrix in words.items()}


class View:
    """The corpus seen from one column: which text is judged, and beside which."""

    def __init__(self, corpus: Corpus, column: str, *, mentions: bool) -> None:
        import numpy as np
        from scipy.sparse import csr_matrix

        self.corpus, self.column, self.size, self.mentions = corpus, column, corpus.size, mentions
        self.partner = "example" if column == "definition" else "definition"
        n, terms = corpus.size, len(corpus.headwords.keys)
        member = csr_matrix((np.ones(n), (corpus.groups, np.arange(n))), shape=(terms, n))
        self.word_sums = (member @ corpus.words[column]).tocsr()
        self.topic_sums = member @ corpus.topics[column]
        self.named = self._named()
        self.wanting = self._wanting()
        self.outspelled = self._outspelled() if column == "definition" else {}

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
                and (text[self.partner][row] or text["context"][row] or several[row] or row in self.outspelled)
            ],
            dtype=np.int64,
        )

    def _named(self) -> list[list[int]]:
        """For each text the headwords that it names as its own, the rarest first.

        A definition names those whose letters are its initials. An example names those it mentions, unless other
        terms' examples mention them too: "alcohol" in passing says nothing.
        """
        groups, headwords = self.corpus.groups, self.corpus.headwords
        if self.column == "definition":
            return [
                sorted(
                    {
                        n
                        for letters in expansions(text)
                        if len(letters) >= SAYS_MUCH
                        for n in headwords.spelled.get(letters, [])
                    }
                )
                for text in self.corpus.text["definition"]
            ]
        short = {n for n, key in enumerate(headwords.keys) if sum(map(str.isalnum, key)) < SAYS_MUCH}
        mentioned = [headwords.mentioned(words) for words in self.corpus.tokens[self.column]]
        own: Counter[int] = Counter()
        foreign: Counter[int] = Counter()
        for group, found in zip(groups, mentioned, strict=True):
            own.update(found & {group})
            foreign.update(found - {group})
        return [
            sorted(found - short - {n for n in found if foreign[n] > 1 + own[n]}, key=lambda n: (foreign[n], n))
            for found in mentioned
        ]

    def _wanting(self) -> set[int]:
        """The headwords with a row whose text does not name them: somebody else may hold that row's true text."""
        return {
            group for group, named in zip(self.corpus.groups.tolist(), self.named, strict=True) if group not in named
        }

    def _outspelled(self) -> dict[int, int]:
        """Definitions that spell another term's initialism and no letter of their own: row → a row of that term.

        The other is known to be an initialism: one of its own definitions spells it. Headwords that begin alike may be
        two spellings of one (ROFFLE, ROTFL), and in small letters any word may be spelled by chance ("food of the gods"
        under `cookie` gives fotg), so neither counts.
        """
        corpus, capitals = self.corpus, self.corpus.capitals
        proven = {int(group): row for row, group in enumerate(corpus.groups) if group in self.named[row]}
        found = {}
        for row, letters in enumerate(corpus.letters):
            if len(letters) >= SAYS_MUCH and self.named[row] and spells(letters, corpus.text["definition"][row]) == 0:
                spelled = [proven[n] for n in self._elsewhere(row, row) if n in proven]
                owners = [
                    at
                    for at in spelled
                    if len(corpus.letters[at]) >= SAYS_ALL
                    and corpus.letters[at][0] != letters[0]
                    and capitals[at]
                    and capitals[row]
                ]
                if owners:
                    found[row] = owners[0]
        return found

    def _elsewhere(self, row: int, text: int) -> list[int]:
        """The headwords that a text names when it stands in a row; none if it names the row's own or a relative."""
        own, named, keys = self.corpus.groups[row], self.named[text], self.corpus.headwords.keys
        return [] if own in named or any(related(keys[n], keys[own]) for n in named) else named

    def features(self, rows: Ints, texts: Ints) -> Floats:
        """What speaks for text `texts[k]` being the text of row `rows[k]`: shape (pairs, FEATURES), NaN for unknown."""
        import numpy as np

        corpus, own = self.corpus, self.corpus.groups[rows]
        words, topics = corpus.words[self.column][texts], corpus.topics[self.column][texts]
        columns = [_cosine(words, corpus.words[name][rows]) for name in (self.partner, "context")]
        columns.append(_cosine(words, self.word_sums[own] - corpus.words[self.column][rows]))
        columns += [_cosine(topics, corpus.topics[name][rows]) for name in (self.partner, "context")]
        columns.append(_cosine(topics, self.topic_sums[own] - corpus.topics[self.column][rows]))
        columns += [corpus.capitals[rows], np.array([len(corpus.letters[row]) for row in rows], dtype=np.float64)]
        columns += [self._spells(rows, texts), self._mentions(own, rows, texts), self._points(rows, texts)]
        return np.column_stack(columns)

    def _spells(self, rows: Ints, texts: Ints) -> Floats:
        import numpy as np

        if self.column != "definition":
            return np.full(len(rows), np.nan)
        found = [
            spells(self.corpus.letters[row], self.corpus.text["definition"][text])
            if self.corpus.letters[row]
            else np.nan
            for row, text in zip(rows, texts, strict=True)
        ]
        return np.array(found, dtype=np.float64)

    def _mentions(self, own: Ints, rows: Ints, texts: Ints) -> Floats:
        """Whether a text uses the row's term: 1 or 0."""
        import numpy as np

        if not self.mentions:
            return np.full(len(own), np.nan)
        found = [
            self.corpus.uses_term[self.column][text] if row == text else group in self.named[text]
            for group, row, text in zip(own, rows, texts, strict=True)
        ]
        return np.array(found, dtype=np.float64)

    def _points(self, rows: Ints, texts: Ints) -> Floats:
        """Whether a text names another headword: 2 if that one wants a text, 1 if not, 0 if it names none.

        A text in another row than its own leaves its own term wanting.
        """
        import numpy as np

        found = []
        for row, text in zip(rows, texts, strict=True):
            named = self._elsewhere(row, text) if self.mentions else []
            wanted = any(n in self.wanting or (row != text and n == self.corpus.groups[text]) for n in named)
            found.append(2 if wanted else min(len(named), 1))
        return np.array(found, dtype=np.float64)

    def owner(self, row: int, fit: Floats) -> int:
        """The row of another headword that a text names, whose own text does not name it and fits badly; -1 for none.

        A definition spells some initialism by chance, so only that of an initialism which it does not spell counts.
        """
        corpus = self.corpus
        if row in self.outspelled:
            return self.outspelled[row]
        if self.column == "definition" and not (corpus.capitals[row] and corpus.letters[row]):
            return -1
        for number in self._elsewhere(row, row):
            own = range(corpus.first_row[number], corpus.first_row[number] + corpus.sizes[number])
            wanting = [at for at in own if number not in self.named[at] and not fit[at] >= OWNER_WANTS]
            if wanting:
                return wanting[0]
        return -1


def related(key: str, other: str) -> bool:
    """Whether two headwords are forms of one: communist, communism; jk, j/k; colin, colin macharie."""
    from rapidfuzz import fuzz

    first, second = ("".join(filter(str.isalnum, text)) for text in (key, other))
    return (
        first in second
        or second in first
        or (len(first) > 3 and first[:4] == second[:4])
        or fuzz.ratio(first, second) >= 75
    )


def _cosine(left: csr_matrix | Floats, right: csr_matrix | Floats) -> Floats:
    """Row by row, of two matrices of one shape, sparse or dense; NaN where a row is zero."""
    import numpy as np

    dot, *squares = (_row_products(a, b) for a, b in ((left, right), (left, left), (right, right)))
    sizes = np.sqrt(squares[0] * squares[1])
    cosine: Floats = np.where(sizes > 1e-9, dot / np.maximum(sizes, 1e-9), np.nan)
    return cosine


def _row_products(left: csr_matrix | Floats, right: csr_matrix | Floats) -> Floats:
    import numpy as np

    if isinstance(left, np.ndarray):
        return (left * right).sum(axis=1)  # type: ignore[no-any-return] # numpy's sum is Any here
    return np.asarray(left.multiply(right).sum(axis=1), dtype=np.float64).ravel()
