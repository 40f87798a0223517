"""How likely two definitions of one term give the same sense: a few exact comparisons beside the cosine.

A cosine alone mistakes `Boss Ass Bitch` for `broke ass bitch`, and misses that `Short for: Hello.` is `hello`. So a
definition is first stripped of its frame (`a slang word for …`), then compared word by word. A logistic regression
joins the features; `benchmarks/same_sense/fit.py` fits its coefficients on labelled pairs and prints how good they are.

Judged on 437 labelled pairs of slang definitions by tenfold cross-validation that keeps a term in one fold: from a
probability of 0.75 on, 0.51 of the pairs of one sense merge, 0.11 of the related ones, 0.00 of the others (a cosine of
0.8 merges 0.29, 0.01 and 0.01). The features were chosen with these pairs in sight, so expect a little less elsewhere.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from math import exp, log

FEATURES = ("cosine", "overlap", "likeness", "same_expansion", "other_expansion", "names_itself", "length")
COEFFICIENTS = (3.69, 2.19, 1.59, 0.54, -2.43, -1.04, -0.33)
INTERCEPT = -2.02
LONGEST = 1_000  # characters compared one by one: beyond them two texts are told apart by their words alone

_KIND = (
    r"acronym|abbrev\w*|initialism|short(?:hand|ened)?(?: form)?|long form|slang(?: (?:term|word|version))?|term|word|"
    r"way|name|expression|phrase|meaning|version|form|verb|noun|act|process|feeling"
)
_BEFORE = (
    r"it'?s|is|just|a|an|the|another|different|chat ?speak|internet|text(?:ing)?|online|common(?:ly)?|usually|"
    r"basically|quick(?: and easy)?|nicer|polite|more|general|slang|acronym|abbreviated|short|kpop"
)
_AFTER = r"stands for|means?|meaning|for saying|of saying|to say|to describe|refer+ing to|used for|of the word|for|of|:"
_OFTEN = r"(?:often|usually)"
_PART_OF_SPEECH = r"n|v|vb|adj|adv|noun|verb|adjective|adverb|interj|abbr|acronym|phrase|expression|slang"
_FRAMES = tuple(
    re.compile(frame)
    for frame in (
        rf"\(?(?:{_PART_OF_SPEECH})\.?\)?\s*[.:)-]\s*",
        r"\(?\d{1,2}\s?[.)]\s*",  # 1) of a list of senses
        rf"(?:(?:{_BEFORE}) )*(?:{_KIND})(?: used)?(?: that| that's| which)?(?: {_OFTEN})?(?: ?(?:{_AFTER}))?[:,-]? +",
        r"used (?:to describe|to refer to|to express|in place of|as|for|when|by) +",
        r"(?:means?|meaning|stands? for|refers? to|short for|same as|similar to|usually) +",
        r"when (?:you|someone|one)(?: is| are)? +",
        r"(?:someone who|a person (?:who|that)|something (?:that|who))(?:'s| is)? +",
        r"(?:something|to be|to|is|a|an|the) +",
    )
)
_EDGES = " \n\"':.!?…"
_WORD = re.compile(r"[^\W_]+(?:[*@#$!&]+[^\W_]*)*(?:'[^\W_]+)?|\*{2,}")
_SPELLING = re.compile(r"[^\w\s'*/-]")
_COMMON_WORDS = """
    a an the of to in on at for and or is are was be been it it's its this that you your i my me we us they he she his
    her him with as by from so do does not no can who when what which someone person something used term word slang
    very really just also like
"""
_COMMON = frozenset(_COMMON_WORDS.split())
_NEGATING_WORDS = "not no never without nothing nor neither cannot can't cant don't dont doesn't isn't won't"
_NEGATIONS = frozenset(_NEGATING_WORDS.split())
_UNSPELLED = frozenset(["a", "an", "and", "are", "for", "i", "in", "is", "of", "on", "the", "to"])
_ENDINGS = ("ingly", "edly", "ing", "ies", "ers", "er", "ed", "es", "ly", "'s", "s", "y", "e")
_DIGITS_SAID = {"0": "o", "1": "i", "2": "t", "3": "e", "4": "f", "5": "s", "6": "s", "7": "s", "8": "e"}  # 2 = to
_LETTER_SAYS = {"you": "u", "your": "u", "are": "r", "see": "c", "and": "n", "why": "y"}  # c u = see you


@dataclass(frozen=True, slots=True)
class Described:
    """What is compared of one definition, computed once."""

    text: str  # the definition without its frame, folded
    length: int  # of that text, in words
    stems: frozenset[str]  # of its content words; of all its words where it has no other
    expansion: tuple[str, ...]  # the words that spell the term, () where none do
    names_itself: bool  # it starts with its own term: `Emma is …`, the way of vanity entries and jokes
    negates: bool
    numbers: frozenset[str]


def describe(term: str, definition: str) -> Described:
    """Prepares one definition of a term for comparison."""
    text = core(definition)
    words = _WORD.findall(text) or [text]  # emoji only: it is all there is to compare
    content = [word for word in words if word not in _COMMON] or words
    own = term.casefold()
    return Described(
        text=" ".join(words)[:LONGEST],
        length=len(words),
        stems=frozenset(map(_stem, content)),
        expansion=_expansion(own, text) or _expansion(own, definition.casefold()),
        names_itself=f" {own}" in f" {text[: len(own) + 12]}",
        negates=not _NEGATIONS.isdisjoint(words),
        numbers=frozenset(re.findall(r"\d+", text)),
    )


def core(definition: str) -> str:
    """What a definition says, folded, without the frame it says it in: `Acronym for "I love you"` is `i love you`."""
    folded = unicodedata.normalize("NFKC", definition).casefold().replace("’", "'")
    text = folded.strip(_EDGES) or folded
    for _ in range(4):  # frames stand in a row: `n. a slang term used to describe …`
        for frame in _FRAMES:
            found = frame.match(text)
            rest = text[found.end() :].strip(_EDGES) if found else ""
            if rest:
                text = rest
                break
        else:
            break
    return text


def features(a: Described, b: Described, cosine: float) -> tuple[float, ...]:
    """FEATURES of one pair; the same for (a, b) and (b, a)."""
    from rapidfuzz.fuzz import ratio

    either = len(a.stems | b.stems)
    both_spell = bool(a.expansion and b.expansion)
    agree = both_spell and all(map(_same_word, a.expansion, b.expansion))
    return (
        cosine,
        len(a.stems & b.stems) / either if either else 0.0,
        ratio(min(a.text, b.text), max(a.text, b.text)) / 100,
        float(agree),
        float(both_spell and not agree),
        float(a.names_itself or b.names_itself),
        log(min(a.length, b.length)),  # the longer two texts are, the less their cosine proves
    )


def score(values: tuple[float, ...]) -> float:
    """The probability, 0 to 1, that a pair with these FEATURES is one sense; four digits, so that it is stable."""
    logit = INTERCEPT + sum(weight * value for weight, value in zip(COEFFICIENTS, values, strict=True))
    return round(1 / (1 + exp(-logit)), 4)


def contradict(a: Described, b: Described) -> bool:
    """True where one denies and the other does not, or both name numbers and not one number is in both.

    No likeness of the other words outweighs that: such a pair is never merged without a person.
    """
    return a.negates != b.negates or bool(a.numbers and b.numbers and a.numbers.isdisjoint(b.numbers))


def _stem(word: str) -> str:
    """A crude stem: the word without its ending, at least three letters. It only has to agree with itself."""
    if not word.endswith(_ENDINGS):
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _expansion(term: str, text: str) -> tuple[str, ...]:
    """The first words in a row whose initials spell the term (2 to 10 letters), among the first of the text."""
    letters = [letter for letter in term if letter.isalnum()]
    if not 2 <= len(letters) <= 10:
        return ()
    words = re.split(r"[\s/-]+", _SPELLING.sub(" ", text[:LONGEST]).strip())
    for start in range(min(len(words), 12)):
        chosen = _spelled(letters, words[start:])
        if chosen:
            return chosen
    return ()


def _spelled(letters: list[str], words: list[str]) -> tuple[str, ...]:
    """The words, from the first on, that spell the letters; small words may stand between (Story *of* My Life)."""
    chosen: list[str] = []
    for word in words:
        letter = letters[len(chosen)]
        if _stands_for(letter, word):
            chosen.append(word)
        elif not chosen or word not in _UNSPELLED:
            return ()
        if len(chosen) == len(letters):
            return tuple(chosen)
    return ()


def _stands_for(letter: str, word: str) -> bool:
    return word[:1] in (letter, _DIGITS_SAID.get(letter)) or _LETTER_SAYS.get(word) == letter


def _same_word(a: str, b: str) -> bool:
    """Equal up to inflection, a slip of the pen, stars over some letters, or a letter for a word (4, u)."""
    from rapidfuzz.fuzz import ratio

    short, long = sorted((a, b), key=len)
    if _stem(a) == _stem(b) or (len(short) == 1 and _stands_for(short, long)):
        return True
    if "*" in a or "*" in b:
        return any(
            re.fullmatch(".+".join(map(re.escape, re.split(r"\*+", starred))), plain)
            for starred, plain in ((a, b), (b, a))
        )
    return ratio(a, b) >= 80 or (min(len(a), len(b)) >= 5 and a[:5] == b[:5] and abs(len(a) - len(b)) <= 4)
