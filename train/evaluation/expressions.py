"""Whether an answer explains a slang expression: a key idea of it is said, without a judge model.

An idea is said when its words stand in the answer: the last one in any inflection (`lie`: lies, lied, not believe) or,
from five letters, as the beginning of a word (`exaggerat`: exaggerating). Words of the question do not count, so an
answer that repeats it explains nothing. Where an answer names several expressions, an idea belongs to the expression
that was named last before it: one word of praise cannot explain all nine. An expression that is nowhere named (the
answer puts the sentence in other words) may be explained anywhere.

A right word in a wrong sentence still counts. That is the price of having no judge; format faults stand beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import regex

STEM = 5  # letters from which an idea is taken as the beginning of a word
_ENDINGS = "(?:s|es|d|ed|ing|ly|n?er)?"


def explained(answer: str, prompt: str, expressions: Sequence[Mapping[str, Any]]) -> list[str]:
    """The terms of `expressions` ({"term", "ideas"}) that the answer explains, in their order."""
    text, asked = _plain(answer), _plain(prompt)
    named = [(hit.start(), hit.end(), place) for place, one in enumerate(expressions) for hit in _named(one, text)]
    named = _longest(named)
    return [
        str(one["term"])
        for place, one in enumerate(expressions)
        if any(
            _belongs(hit.start(), place, named)
            for idea in one["ideas"]
            if not _said(idea).search(asked)
            for hit in _said(idea).finditer(text)
        )
    ]


def _belongs(start: int, place: int, named: Sequence[tuple[int, int, int]]) -> bool:
    """Whether what is said at `start` may explain the expression of that place."""
    if any(begin <= start < end for begin, end, _ in named):
        return False  # the name of an expression is no explanation
    if all(place != other for _, _, other in named):
        return True
    before = [other for begin, _, other in named if begin <= start]
    return bool(before) and before[-1] == place


def _longest(named: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """In order, without names inside longer ones ("cap" in "no cap")."""
    kept = [one for one in named if not any(_inside(one, other) for other in named)]
    return sorted(kept)


def _inside(one: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    return other[0] <= one[0] and one[1] <= other[1] and other[1] - other[0] > one[1] - one[0]


def _named(expression: Mapping[str, Any], text: str) -> list[regex.Match[str]]:
    return list(_whole(_plain(str(expression["term"]))).finditer(text))


@cache
def _whole(term: str) -> regex.Pattern[str]:
    return regex.compile(rf"(?<!\w){regex.escape(term, literal_spaces=True)}(?!\w)")


@cache
def _said(idea: str) -> regex.Pattern[str]:
    idea = _plain(idea)
    last = idea.split()[-1]
    end = r"\w*" if len(last) >= STEM else rf"{_ENDINGS}(?!\w)"
    return regex.compile(rf"(?<!\w){regex.escape(idea, literal_spaces=True)}{end}")


def _plain(text: str) -> str:
    """Small letters, straight apostrophes, single blanks; hyphens are blanks."""
    return " ".join(text.casefold().replace("’", "'").replace("-", " ").split())
