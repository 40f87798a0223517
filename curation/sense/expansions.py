"""Two expansions of one initialism: the same words, two senses, or one phrase that two sources spell out differently.

`In my humble opinion` and `in my honest opinion` cannot both be what IMHO stands for, `be back later` and `Brazilian
butt lift` can both be BBL. The first kind differs in one word, which is no other form of the same one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

MIN_LENGTH = 3  # words of an expansion: of `kiss me` and `kill me` only one half is the same
ONE_SENSE = 0.4  # least probability of one sense where the words alone do not show that one thing is spoken of
LOOSE_SENSE = 0.25  # and where they nearly do
_SMALL_WORDS = """
    a an and are as at be but by can cant did do does dont for get go going gonna got gotta had has have he i im if in
    is it its just let made make making me my no not now of off oh on or our out she so that the they this to too u up
    us want wanna was we were will with ya you your youre
"""
_SMALL = frozenset(_SMALL_WORDS.split())
_SOFTER_WORDS = """
    fuck fucking fucked fucks fouled freaking freakin freak frick fricking flipping fudge effing messed
    shit stuff sugar crap shoot
    hell heck
    god gosh goodness
    ass butt arse heiny tush bum
    bitch biatch
    damn darn dang
"""
_SOFTER = tuple(frozenset(line.split()) for line in _SOFTER_WORDS.strip().splitlines())


def other_expansion(a: Sequence[str], b: Sequence[str], sense: float) -> str:
    """The two words ("humble ≠ honest") in which two expansions of one initialism differ; "" where they differ more.

    What carries the phrase must be the same: of `not a chance` and `not a chain`, nothing is.
    """
    if len(a) != len(b) or len(a) < MIN_LENGTH:
        return ""
    pairs = [(one.strip("'"), other.strip("'")) for one, other in zip(a, b, strict=True)]
    different = [pair for pair in pairs if not _alike(*pair)]
    same = [one for one, other in pairs if (one, other) not in different]
    carries = sum(word.replace("'", "") not in _SMALL for word in same) + (len(a) > MIN_LENGTH)
    if len(different) != 1 or not carries or sense < (LOOSE_SENSE if carries > 1 else ONE_SENSE):
        return ""
    return " ≠ ".join(different[0])


def _alike(one: str, other: str) -> bool:
    """The same word in another form, misspelled, starred out, shortened or softened: no two different words."""
    from rapidfuzz.fuzz import ratio

    one, other = one.replace("'", ""), other.replace("'", "")
    if "*" in one and "*" in other:
        return one[:1] == other[:1]
    if "*" in one + other:
        return any(
            _is_starred(a, word) for a, b in ((one, other), (other, one)) for word in (*softer(b), a[:1] + b[1:])
        )
    short, long = sorted((one, other), key=len)
    if sorted(short) == sorted(long) or {one, other} <= _SMALL or other in softer(one):
        return True
    same_start = long.startswith(short) and len(short) != 2  # a… for ass, but not me for meet
    return same_start or (len(short) > 3 and (long.startswith(short[:-1]) or ratio(one, other) >= 75))


def softer(word: str) -> frozenset[str]:
    """The word and those said in its place in polite company: of `heck`, `hell`."""
    return next((group for group in _SOFTER if word in group), frozenset([word]))


def _is_starred(stars: str, word: str) -> bool:
    return "*" in stars and bool(re.fullmatch(".+".join(map(re.escape, re.split(r"\*+", stars))), word))
