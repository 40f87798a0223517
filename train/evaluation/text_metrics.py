"""How like a reference a text is, from 0 (nothing shared) to 1 (the same), in words, characters and meaning."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import regex

from train.evaluation.format_health import words

if TYPE_CHECKING:
    from curation.embed import Embedder

_ARTICLES = frozenset({"a", "an", "the"})
_MARKS = regex.compile(r"[\p{P}`^~$+<=>|]")  # ASCII's punctuation, which SQuAD takes out, and its kin: “ ” ’ …


def token_f1(text: str, reference: str) -> float:
    """F1 of the words both hold, as SQuAD counts: small letters, no marks, no articles (Rajpurkar et al. 2016).

    Two texts without a word are the same (1), one without is nothing (0).
    """
    left, right = _squad_tokens(text), _squad_tokens(reference)
    if not left or not right:
        return float(left == right)
    shared = (Counter(left) & Counter(right)).total()
    return 2 * shared / (len(left) + len(right))


def _squad_tokens(text: str) -> list[str]:
    return [word for word in _MARKS.sub("", text.lower()).split() if word not in _ARTICLES]


def chrf(text: str, reference: str, *, order: int = 6, beta: float = 2.0) -> float:
    """chrF2: F-score of character n-grams up to six, blanks left out, recall twice as weighty (Popović 2015).

    As sacrebleu's sentence_chrf ÷ 100, which would bring four more dependencies: precision and recall are averaged over
    the lengths of which both texts have n-grams.
    """
    left, right = "".join(text.split()), "".join(reference.split())
    precision = recall = 0.0
    orders = min(order, len(left), len(right))
    for length in range(1, orders + 1):
        said, wanted = _grams(left, length), _grams(right, length)
        shared = (said & wanted).total()
        precision += shared / said.total() / orders
        recall += shared / wanted.total() / orders
    if precision + recall == 0:
        return 0.0
    return (1 + beta**2) * precision * recall / (beta**2 * precision + recall)


def _grams(text: str, length: int) -> Counter[str]:
    return Counter(text[place : place + length] for place in range(len(text) - length + 1))


def rouge_l(text: str, reference: str) -> float:
    """F1 of the longest common subsequence of words, without stemming (Lin 2004); 0 where a text has no word."""
    from rapidfuzz.distance import LCSseq

    left, right = words(text), words(reference)
    if not left or not right:
        return 0.0
    return 2 * LCSseq.similarity(left, right) / (len(left) + len(right))


def cosine(text: str, reference: str, embedder: Embedder) -> float:
    """Cosine of the two texts' vectors, from −1 to 1; 0 for a blank text."""
    left, right = embedder([text, reference]) if text != reference else embedder([text]).repeat(2, axis=0)
    return float(left @ right)
