"""What a definition says, made comparable: without its frame, its stars and its endings; the initialism it spells.

`Short for: Hello.` says `hello`, `a** b**` hides two known words, and `Oh my gosh` spells OMG with another word for the
same. What is prepared here is compared in `curation.sense.score`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache

LONGEST = 1_000  # characters that are looked at: no definition that has a sense to tell is longer
FIRST = 12  # words of a definition that say what it is

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
_SENTENCE = re.compile(r"[.;!?]+\s")
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

# A word with stars or signs for letters, and the words that are written so, the likelier first.
_CENSORED = re.compile(r"(?<![\w*])[a-z](?=\w*[*@#$!%&])(?:[a-z]|[*#$]|[@!%&](?=[*@#$!%&]*[a-z]))*[a-z*$#](?![\w*])")
_HIDDEN_WORDS = """
    ass fuck shit damn bitch dick hell cock cunt slut crap piss pussy whore asses asshole assholes fucks fucked fucker
    fuckin fucking fuckers shitty shits shitting bullshit bitches bitching bitchy pissed damned goddamn dicks bastard
    bastards motherfucker motherfuckers motherfucking nigga nigger faggot
"""
_HIDDEN = tuple(_HIDDEN_WORDS.split())
# Milder words that say the same inside an initialism: `Oh my gosh`, `What the heck`, `Pain in the butt`.
_MILD_WORDS = {
    "fuck": "freak freakin frick frickin frig friggin flip flippin foul fudge eff effin",
    "god": "gosh goodness gawd",
    "ass": "butt arse behind bum",
    "shit": "stuff crap",
    "hell": "heck",
    "damn": "darn dang",
    "piss": "pee",
}
_MILD = {mild: strong for strong, words in _MILD_WORDS.items() for mild in words.split()}
_PERSON = re.compile(r"\b(?:s?he|his|hers?|him|girls?|guys?|boys?|friends?|person|wom[ae]n|m[ae]n)\b")
_ADDS = re.compile(
    r"\b(?:also|in some cases|sometimes|another meaning|can be|either|alternatively|two meanings|depending)\b|\b2[.)]"
)
_NUMBERED = re.compile(r"(?:^|\s)\(?([1-9])\s?[.):]\s?(?=\D)")


@dataclass(frozen=True, slots=True)
class Described:
    """What is compared of one definition, computed once."""

    core: str  # the definition without its frame, folded: what is embedded
    text: str  # the words of that, one blank between them
    length: int  # of that text, in words
    stems: frozenset[str]  # of its content words; of all its words where it has no other
    expansion: tuple[str, ...]  # the words that spell the term, () where none do
    names_itself: bool  # it starts with its own term: `Emma is …`, the way of vanity entries and jokes
    person: float  # how much it speaks of one person (he, her, girl, …), 0 to 1: one word in six or more
    senses: int  # senses that it numbers, at least 1
    negates: bool  # in the first words of its first sentence: what comes later seldom turns the sense round
    numbers: frozenset[str]
    adds: bool  # it goes on to another sense: also, sometimes, 2.
    letters: int  # of the term
    is_name: bool  # the term is a first name


def describe(term: str, definition: str, first_names: AbstractSet[str] = frozenset()) -> Described:
    """Prepares one definition of a term for comparison; `first_names` in lower case."""
    folded = fold(definition)
    text = _unframed(folded)
    words = _WORD.findall(text) or [text]  # emoji only: it is all there is to compare
    content = [word for word in words if word not in _COMMON] or words
    own = term.casefold()
    return Described(
        core=text,
        text=" ".join(words),
        length=len(words),
        stems=frozenset(map(_stem, content)),
        expansion=_expansion(own, text) or (() if text == folded else _expansion(own, folded)),
        names_itself=f" {own}" in f" {text[: len(own) + 12]}",
        person=min(1.0, 6 * len(_PERSON.findall(folded)) / max(3, folded.count(" ") + 1)),
        senses=_senses(folded),
        negates=not _NEGATIONS.isdisjoint(_WORD.findall(_SENTENCE.split(text, 1)[0])[:FIRST]),
        numbers=frozenset(re.findall(r"\d+", text)),
        adds=_ADDS.search(folded) is not None,
        letters=len(term),
        is_name=own in first_names,
    )


def fold(definition: str) -> str:
    """The text in one spelling: case, quotes, and words that hide some of their letters."""
    folded = unicodedata.normalize("NFKC", definition[:LONGEST]).casefold().replace("’", "'")
    return _CENSORED.sub(lambda found: _uncensored(found[0]), folded)


def core(definition: str) -> str:
    """What a definition says, folded, without the frame it says it in: `Acronym for "I love you"` is `i love you`."""
    return _unframed(fold(definition))


def _unframed(folded: str) -> str:
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


@lru_cache(maxsize=10_000)
def same_expansion(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether two spellings of one initialism are the same, up to inflection, slips of the pen and milder words."""
    return len(a) == len(b) and all(map(_same_word, a, b))


def unlike_words(a: tuple[str, ...], b: tuple[str, ...]) -> float:
    """The share of the words of one spelling that are other words in the other."""
    return sum(not _same_word(one, other) for one, other in zip(a, b, strict=False)) / max(1, min(len(a), len(b)))


@lru_cache(maxsize=10_000)
def _uncensored(word: str) -> str:
    """`f**k` is a word that everybody reads; one that nobody lists stays as it is."""
    signs = r"[*@#$!%&]"
    exact = re.compile("".join("." if re.match(signs, letter) else letter for letter in word))
    loose = re.compile(".+".join(map(re.escape, re.split(rf"{signs}+", word))))
    for pattern in (exact, loose):
        for hidden in _HIDDEN:
            if pattern.fullmatch(hidden):
                return hidden
    return word


def _senses(text: str) -> int:
    """How many senses a definition numbers: `1. … 2. …` is 2; 1 where it numbers none."""
    count = 0
    for number in map(int, _NUMBERED.findall(text)):
        if number == count + 1:
            count = number
    return max(1, count)


@lru_cache(maxsize=100_000)
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
    pieces = re.split(r"[\s/-]+", _SPELLING.sub(" ", text[: 30 * len(letters) + 100]))
    words = [word for piece in pieces if (word := piece.strip("'*"))]
    for start, word in enumerate(words[:12]):
        if _stands_for(letters[0], word) and (chosen := _spelled(letters, words[start:])):
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
    return letter in _may_stand_for(word) or _DIGITS_SAID.get(letter, letter) == word[:1]


@lru_cache(maxsize=100_000)
def _may_stand_for(word: str) -> frozenset[str]:
    """Its own first letter, that of the word it is milder than, and the letter that it says (`you`: u)."""
    return frozenset((word[:1], _LETTER_SAYS.get(word, word[:1]), _strong(word)[:1]))


@lru_cache(maxsize=100_000)
def _strong(word: str) -> str:
    """The stem of the word that a milder one stands in for: `freaking` and `fucking` both give `fuck`."""
    stem = _stem(word)
    return _MILD.get(word) or _MILD.get(stem, stem)


def _same_word(a: str, b: str) -> bool:
    """Equal up to inflection, a slip of the pen, a milder word, or a letter for a word (4, u)."""
    from rapidfuzz.fuzz import ratio

    short, long = sorted((a, b), key=len)
    if _strong(a) == _strong(b) or (len(short) == 1 and _stands_for(short, long)):
        return True
    return ratio(a, b) >= 80 or (min(len(a), len(b)) >= 5 and a[:5] == b[:5] and abs(len(a) - len(b)) <= 4)
