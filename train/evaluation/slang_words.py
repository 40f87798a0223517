"""Slang in an answer that should have none: the style leaking into general answers is a sign of forgetting."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

SLANG_FILE = Path(__file__).parents[2] / "data/evaluation/slang_in_general.txt"
_BETWEEN = "[ -]?"  # "glow up", "glow-up", "glowup"


def slang_in(text: str) -> list[str]:
    """The slang of `slang_in_general.txt` that `text` holds as whole words, in order of appearance, once each."""
    found = _slang().finditer(text.lower().replace("’", "'"))
    by_letters = {_letters(term): term for term in slang_terms()}
    return list(dict.fromkeys(by_letters[_letters(hit.group())] for hit in found))


@cache
def slang_terms(file: Path = SLANG_FILE) -> tuple[str, ...]:
    """The terms of the list, in lower case, as they stand; lines that begin with # are notes."""
    lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


@cache
def _slang() -> re.Pattern[str]:
    """One pattern for all terms; the longest first, so that "main character energy" is not found as less."""
    longest_first = sorted(slang_terms(), key=lambda term: (-len(term), term))
    terms = (_BETWEEN.join(map(re.escape, term.split(" "))) for term in longest_first)
    return re.compile(rf"(?<!\w)(?:{'|'.join(terms)})(?!\w)")


def _letters(term: str) -> str:
    return term.replace(" ", "").replace("-", "")
