"""Wrong answers for a choice: what belongs to other terms, of about the same length, and not of a similar sense.

They are taken from the right answers of the same questions, so that every text is right once and wrong elsewhere: its
own likelihood, which mutual information takes away, is then computed once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from curation.decontaminate import words_of

CHOICES = 4
ALIKE = 0.2  # share of common words (Jaccard) from which two texts may say the same
LENGTHS = (1.5, 2.5, 4.0)  # how many times as long one text may be as the other: the narrowest that gives enough
# Words that say nothing about the sense.
_EMPTY_TEXT = """
a an and are as at be by for from i in is it its me my of on one or so somebody someone something sth that the this to
used very when who with you your
"""
_EMPTY = frozenset(_EMPTY_TEXT.split())


@dataclass(frozen=True)
class Candidate:
    """A term, its right answer, and every text that would be right too."""

    id: str
    cluster: str  # the term's key
    text: str
    also_right: tuple[str, ...] = ()
    shape: object = None  # only candidates of one shape are mixed
    words: frozenset[str] = field(init=False)
    all_words: tuple[frozenset[str], ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", content_words(self.text))
        object.__setattr__(self, "all_words", tuple(content_words(text) for text in (self.text, *self.also_right)))


def content_words(text: str) -> frozenset[str]:
    """Lower-case words that carry sense; all of them where none does."""
    words = frozenset(words_of(text))
    return words - _EMPTY or words


def rank(*key: object) -> str:
    """Sorts by chance that is the same on every machine."""
    return sha256("\x1f".join(map(str, key)).encode("utf-8", "replace")).hexdigest()


def choices(item: Candidate, others: Sequence[Candidate], seed: int) -> tuple[tuple[str, ...], int] | None:
    """Four texts and the place of the right one, or None where too few wrong ones can be had."""
    wrong: list[Candidate] = []
    order = sorted(others, key=lambda other: rank(seed, item.id, other.id))
    for longest in LENGTHS:
        for other in order:
            if len(wrong) < CHOICES - 1 and _fits(item, other, wrong, longest):
                wrong.append(other)
    if len(wrong) < CHOICES - 1:
        return None
    gold = int(rank(seed, item.id)[:8], 16) % CHOICES
    texts = [other.text for other in wrong]
    return (*texts[:gold], item.text, *texts[gold:]), gold


def _fits(item: Candidate, other: Candidate, taken: Sequence[Candidate], longest: float) -> bool:
    """Whether `other` is wrong beyond doubt, and cannot be told by its length."""
    lengths = sorted((len(item.text), len(other.text)))
    if other.cluster == item.cluster or other.shape != item.shape or lengths[1] > longest * lengths[0]:
        return False
    if any(_alike(right, wrong) for right in item.all_words for wrong in other.all_words):
        return False
    return all(one.cluster != other.cluster and not _alike(one.words, other.words) for one in taken)


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return one == other or len(one & other) >= ALIKE * len(one | other) > 0
