"""How a text is written, whatever it says: two texts by one hand share their commas, capitals and swearwords."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

SIGNS = ",.!?'\"():;-*\n/"  # each is counted for itself
STOPS = frozenset(".!?\"')")
WORDS = (  # of each group a text is asked whether it has any
    frozenset({"he", "him", "his"}),
    frozenset({"she", "her", "hers"}),
    frozenset({"you", "your"}),
    frozenset({"we", "us", "our"}),
    frozenset({"my", "me"}),
    frozenset({"dont", "cant", "im", "wont", "didnt", "thats", "ur", "u", "r", "n", "cuz", "gonna"}),
    frozenset({"lol", "omg", "dude", "bro", "yo", "bruh", "lmao"}),
    frozenset({"fuck", "fucking", "shit", "bitch", "ass", "damn", "hell"}),
    frozenset({"sex", "dick", "cock", "pussy", "cum", "penis", "vagina", "tits"}),
)


def styles(texts: list[str], words: list[list[str]]) -> Floats:
    """Counts and signs of each text, standardised, shape (n, features); zero for an empty text.

    `words` are the same texts as words in lower case.
    """
    import numpy as np

    raw = np.array([_style(text, own) for text, own in zip(texts, words, strict=True)], dtype=np.float64)
    raw = raw.reshape(len(texts), len(SIGNS) + len(WORDS) + 11)
    there = np.array([bool(text) for text in texts], dtype=bool)
    if not there.any():
        return np.zeros_like(raw)
    scaled = (raw - raw[there].mean(axis=0)) / (raw[there].std(axis=0) + 1e-9)
    standard: Floats = np.clip(scaled, -4, 4) * there[:, None]
    return standard


def _style(text: str, words: list[str]) -> list[float]:
    from math import log1p

    size, known = max(len(text), 1), set(words)
    letters = sum(map(str.isalpha, text)) or 1
    first, last = text[:1], text[-1:]
    return [
        log1p(len(text)),
        log1p(len(words)),
        letters / max(len(words), 1),
        first.isupper(),
        first.islower(),
        last in STOPS,
        sum(map(str.isupper, text)) / letters,
        sum(map(str.isdigit, text)) / size,
        sum(char > "\u2000" for char in text) / size,
        " i " in f" {text} ",
        ". " not in text and "," not in text,
        *(text.count(sign) / size for sign in SIGNS),
        *(not known.isdisjoint(group) for group in WORDS),
    ]
