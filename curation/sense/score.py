"""How likely two definitions of one term give the same sense: exact comparisons beside the cosine, joined by a fit.

A cosine alone mistakes `Boss Ass Bitch` for `broke ass bitch`, misses that `Short for: Hello.` is `hello`, and finds
two eulogies of one first name alike. So what a definition says (`curation.sense.text`) is compared word by word, the
spelling of an initialism letter by letter, and its place among a few `TOPICS`. A logistic regression joins the
FEATURES; `benchmarks/same_sense` holds the labelled pairs, the script that fits the numbers, and what they are worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import TYPE_CHECKING

from curation.sense.opposites import turned_round
from curation.sense.text import Described, core, describe, same_expansion, unlike_words

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Places = npt.NDArray[np.int64]

__all__ = ["FEATURES", "TOPICS", "Described", "contradict", "core", "describe", "features", "score"]

TOPICS = ("money", "a woman", "an insult", "a greeting", "sex", "a body part", "the internet", "a drug")
"""Texts that a definition is near to or far from: two of one sense are as near to each of them."""

FEATURES = (
    "cosine",
    "overlap",
    "shared",
    "same_expansion",
    "other_expansion",
    "other_words",
    "cut_off",
    "names_itself",
    "shorter",
    "longer",
    "is_name",
    "person",
    "numbered",
    "letters",
    "adds",
    "adds_to_expansion",
    *(f"topic: {topic}" for topic in TOPICS),
)
COEFFICIENTS = (
    *(5.2, -0.126, 1.297, 2.175, -1.162, -2.633, -4.239, -1.008, -0.29, -0.017, -1.246, -0.719, -0.867, 0.089, -0.123),
    *(-3.053, -2.954, -2.893, -2.287, -1.449, -0.895, -0.862, -0.466, 0.083),
)
INTERCEPT = -1.957


def features(described: Sequence[Described], left: Places, right: Places, cosines: Floats, topics: Floats) -> Floats:
    """FEATURES of each pair, shape (pairs, len(FEATURES)); the same for (a, b) and (b, a).

    `left` and `right` are places in `described`, `cosines` that of each pair, and `topics` the cosines of each of
    `described` with the TOPICS, shape (len(described), len(TOPICS)).
    """
    import numpy as np

    pairs = zip(left.tolist(), right.tolist(), cosines.tolist(), strict=True)
    compared = [_compared(described[a], described[b], cosine) for a, b, cosine in pairs]
    words = np.array(compared, dtype=np.float64).reshape(len(left), len(FEATURES) - len(TOPICS))
    return np.hstack([words, np.abs(topics[left] - topics[right])])


def _compared(a: Described, b: Described, cosine: float) -> tuple[float, ...]:
    """All FEATURES but those of the topics."""
    shared = len(a.stems & b.stems)
    spelled = bool(a.expansion) + bool(b.expansion)
    agree = spelled == 2 and same_expansion(a.expansion, b.expansion)
    adds = a.adds or b.adds
    return (
        cosine,
        shared / len(a.stems | b.stems),
        shared / min(len(a.stems), len(b.stems)),
        agree,
        spelled == 2 and not agree,
        unlike_words(a.expansion, b.expansion) if spelled == 2 and not agree else 0.0,
        spelled == 1 and (_begins(a, b) if a.expansion else _begins(b, a)),
        a.names_itself or b.names_itself,
        log(min(a.length, b.length)),
        log(max(a.length, b.length)),
        a.is_name,
        max(a.person, b.person),
        (a.senses > 1) != (b.senses > 1),
        min(15, a.letters),
        adds,
        agree and adds,
    )


def _begins(whole: Described, part: Described) -> bool:
    """`no picture` is what a source kept of `No Picture, No Talk`: it does not spell NPNT any more."""
    return whole.text != part.text and f"{whole.text} ".startswith(f"{part.text} ")


def score(values: Floats) -> Floats:
    """The probability, 0 to 1, that each pair with these FEATURES is one sense; four digits, so that it is stable."""
    import numpy as np

    logits = values @ np.array(COEFFICIENTS) + INTERCEPT
    likely: Floats = np.round(1 / (1 + np.exp(-logits)), 4)
    return likely


def contradict(a: Described, b: Described) -> bool:
    """True where one denies and the other does not, both name numbers and not one number is in both, or one thing is
    told with opposite words (an insult, a compliment).

    No likeness of the other words outweighs that: such a pair is never merged without a person. Where both spell their
    term alike, the rest is remarks; `never mind` and `nevermind` are one text.
    """
    if a.expansion and b.expansion and same_expansion(a.expansion, b.expansion):
        return False
    if a.text.replace(" ", "") == b.text.replace(" ", ""):
        return False
    if a.negates != b.negates or (a.numbers and b.numbers and a.numbers.isdisjoint(b.numbers)):
        return True
    return turned_round(a.core, b.core)
