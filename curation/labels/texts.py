"""What a label is predicted from: the text, the words around its term, and n-grams of both."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

NEAR = 6  # words on each side of the term that count as its neighbourhood
STEM = 4  # a longer last word of a term may lose its last letter: salty, saltier
TOKEN = re.compile(r"\w+|[^\w\s]")


def uses(text: str, term: str) -> list[tuple[int, int]]:
    """Where `text` uses `term`, also inflected, as character spans in order."""
    tokens = list(TOKEN.finditer(text))
    parts = [part.casefold() for part in TOKEN.findall(term)]
    starts = _starts([token.group().casefold() for token in tokens], parts)
    return [(tokens[start].start(), tokens[start + len(parts) - 1].end()) for start in starts]


def _starts(words: list[str], parts: list[str]) -> list[int]:
    """Indices at which `words` use `parts`; the last word may have another ending."""
    if not parts:
        return []
    stem = parts[-1][:-1] if len(parts[-1]) > STEM else parts[-1]
    last = len(parts) - 1
    return [
        start
        for start in range(len(words) - last)
        if words[start + last].startswith(stem) and words[start : start + last] == parts[:-1]
    ]


def neighbourhood(text: str, term: str) -> str:
    """The term, and the words around each place where the text uses it (also inflected), as one string of features."""
    words = [word.casefold() for word in TOKEN.findall(text)]
    parts = [word.casefold() for word in TOKEN.findall(term)]
    features = ["term=" + "_".join(parts)]
    for start in _starts(words, parts):
        features.append("form=" + words[start + len(parts) - 1])
        for offset in range(-NEAR, len(parts) + NEAR):
            if 0 <= start + offset < len(words) and not 0 <= offset < len(parts):
                word = words[start + offset]
                features += [f"near={word}", f"{'_'.join(parts)}~{word}"]
                features += [f"{offset:+d}={word}"] if -2 <= offset < len(parts) + 2 else []
    return " ".join(features)


def sparse_views(texts: list[str], terms: list[str]) -> csr_matrix:
    """TF-IDF of words and word pairs, of characters, and of the term's neighbourhood, side by side, a row a text.

    Each view has rows of length 1, or of 0 where it sees nothing.
    """
    from scipy.sparse import hstack

    near = [neighbourhood(text, term) for text, term in zip(texts, terms, strict=True)]
    views = [
        _tfidf(texts, tokenizer=TOKEN.findall, ngram_range=(1, 2), min_df=2),
        _tfidf(texts, analyzer="char_wb", ngram_range=(2, 5), min_df=3),
        _tfidf(near, analyzer=str.split),
    ]
    return hstack([view for view in views if view is not None]).tocsr()


def _tfidf(texts: list[str], **settings: object) -> csr_matrix | None:
    """Unit TF-IDF rows, or None where no n-gram is frequent enough, as with texts of one emoji each."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    try:
        return TfidfVectorizer(sublinear_tf=True, token_pattern=None, **settings).fit_transform(texts)
    except ValueError as error:
        if "vocabulary" not in str(error) and "no terms remain" not in str(error).lower():
            raise
        return None
