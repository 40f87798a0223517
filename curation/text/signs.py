"""What a text looks like from outside: one thing said again and again, keys struck at random, which language."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import regex

WORDS = regex.compile(r"[\p{L}\p{M}'’]+")
_NO_LANGUAGE = ("zxx", "und", "la")  # Latin is what the classifier takes unknown words for
_SENTENCE_END = regex.compile(r"(?<=[.!?])\s+|\n+")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_KEYBOARD = {row[i : i + 3] for line in _ROWS for row in (line, line[::-1]) for i in range(len(line) - 2)}
_NO_VOWELS = regex.compile(r"[bcdfghjklmnpqrstvwxz]{5,}")
_NEVER = regex.compile(
    r"q(?![uia])|[jqvxz][jqvxz]|[fghk]j|j[dfghklmnprstwcb]|x[kmnrdgj]|[kgpbmw]x|[vkz]q|wp|zm|mz|vk|vm|vb|bv|fv"
)
_TWICE = regex.compile(r"(\p{L})\1+")
_ENGLISH_TEXT = """
the a an and or of to in is are was be it that this you i he she they we for with on as at by from not but have
has had do does who when what so if your my his her their me can will would just like all out up about get
"""
_ENGLISH = frozenset(_ENGLISH_TEXT.split())


def repeated_share(text: str) -> float:
    """Share of a text's words that stand in its most repeated sentence (three times or more), 0 to 1."""
    words = text.split()
    if len(words) < 20:
        return 0.0  # "NA NA NA … BATMAN" is a song
    sentences = [part.strip().casefold() for part in _SENTENCE_END.split(text) if part.strip()]
    units = sentences if len(sentences) > 2 else [word.casefold() for word in words]
    if len(set(units)) == len(units):
        return 0.0
    most = max(sorted(set(units)), key=units.count)
    times = units.count(most)
    return times * len(most.split()) / len(words) if times > 2 else 0.0


def gibberish_share(text: str) -> float:
    """Share of an English text's words of three letters or more that no one can say, from 0 to 1.

    0 for texts with another script, and where fewer than ten letters are in such words: `brb` is no gibberish.
    """
    words = [word for word in WORDS.findall(text) if len(word) > 2] if text.isascii() else []
    strange = [word for word in words if _is_gibberish(word)]
    return len(strange) / len(words) if sum(map(len, strange)) >= 10 else 0.0


@lru_cache(maxsize=65536)
def _is_gibberish(word: str) -> bool:
    """Keys in a row (`sdfg`), letters that never meet (`qp`), many consonants, no vowel, or one letter only."""
    low = _TWICE.sub(r"\1", word.lower())
    if len(low) == 1:
        return len(word) > 9
    if word.isupper() and len(low) < 9:
        return False  # it may be an initialism
    walks = sum(low[i : i + 3] in _KEYBOARD for i in range(len(low) - 2))
    run = max((len(found) for found in _NO_VOWELS.findall(low)), default=0)
    vowels = sum(letter in "aeiouy" for letter in low)
    return (
        walks >= max(1, (len(low) - 2) / 2)
        or run >= 7
        or vowels == 0
        or len(_NEVER.findall(low)) / len(low) > 0.1
        or (run >= 5 and vowels / len(low) < 0.25)
    )


def english_share(text: str) -> float:
    """Share of a text's words that are the commonest small words of English."""
    words = text.lower().split()
    return len([word for word in words if word in _ENGLISH]) / len(words) if words else 0.0


def language_of(text: str, letters: int, sure: float) -> str:
    """Code of a text's language by py3langid; "" below that many letters or that probability (0 to 1)."""
    if sum(map(str.isalpha, text)) < letters:
        return ""
    language, probability = _identifier().classify(text.lower())
    return str(language) if probability >= sure and language not in _NO_LANGUAGE else ""


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
