"""What a text says about headwords by its letters alone: which ones it mentions, and which initialism it spells."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

TOKEN = re.compile(r"\w+|[^\w\s]")
WORD = re.compile(r"\w+(?:'\w+)*")
PARENTHESIS = re.compile(r"\([^()]*\)")
CLAUSE = re.compile(r"[;,.(\n\"]")
QUOTED = re.compile(r'"([^"]+)"')
QUOTES = str.maketrans("“”„", '"""')
LITTLE_WORDS = {"a", "an", "and", "are", "at", "for", "in", "is", "it", "of", "on", "or", "the", "to"}
MOST_LETTERS = 10  # a longer headword is no initialism
# Letters and digits that stand for a spoken word: see you, are, why, for, to, ate.
SPOKEN = {
    "1": ("one", "won"),
    "2": ("to", "too", "two"),
    "3": ("three",),
    "4": ("for", "four"),
    "8": ("ate",),
    "9": ("nine",),
    "b": ("be",),
    "c": ("see", "sea"),
    "i": ("eye",),
    "k": ("ok",),
    "m": ("am",),
    "n": ("and", "in"),
    "o": ("oh",),
    "q": ("cue",),
    "r": ("are", "our"),
    "t": ("tea",),
    "u": ("you",),
    "x": ("ex", "kiss", "cross"),
    "y": ("why",),
}


def tokens(text: str) -> list[str]:
    """Words and single signs, as they are written, with one kind of apostrophe."""
    return TOKEN.findall(text.replace("’", "'"))


def letters_of(term: str) -> str:
    """The letters and digits of a headword that can be an initialism, in lower case; "" for any other headword."""
    letters = "".join(char for char in term if char.isalnum()).casefold()
    return letters if 2 <= len(letters) <= MOST_LETTERS and not re.search(r"\w\s+\w\w", term) else ""


def initials(definition: str) -> str:
    """The first letter of every word, in lower case, parentheses left out: "As far as I know" gives "afaik"."""
    words = WORD.findall(PARENTHESIS.sub(" ", definition.replace("’", "'")).casefold())
    return "".join(word if word.isdigit() else word[0] for word in words)


def expansions(definition: str) -> set[str]:
    """The initialisms that a definition may spell out: as a whole, in its first clause, in quotes, with and without
    its little words ("what are you doing" gives wayd and wyd).
    """
    straight = definition.replace("’", "'").translate(QUOTES)
    clauses = [straight, CLAUSE.split(straight.lstrip('" '), maxsplit=1)[0], *QUOTED.findall(straight)]
    found = set()
    for clause in dict.fromkeys(clauses):
        found.add(initials(clause))
        words = clause.casefold().split()
        for little in LITTLE_WORDS & set(words):
            found.add(initials(" ".join(word for word in words if word != little)))
        found.add(initials(" ".join(word for word in words if word not in LITTLE_WORDS)))
    return found - {""}


def spells(letters: str, definition: str, expanded: set[str] | None = None) -> int:
    """How the letters stand in the definition: 3 its initials, 2 at starts of words, 1 in this order, 0 not at all.

    Letters may stand for a spoken word (`cu`: see you). 1 is weak: a long text has most letters in most orders.
    `expanded` are the definition's expansions, where the caller has them.
    """
    if letters in (expansions(definition) if expanded is None else expanded):
        return 3
    words = WORD.findall(definition.replace("’", "'").casefold())
    if _in_order(letters, " " + " ".join(words), " "):
        return 2
    return 1 if _in_order(letters, " ".join(words), "") else 0


def _in_order(letters: str, text: str, before: str) -> bool:
    """Whether each letter, or a word it stands for, follows the one before; `before` must stand in front of each."""
    place = 0
    for letter in letters:
        ends = [
            found + len(before) + len(part)
            for part in (letter, *SPOKEN.get(letter, ()))
            if (found := text.find(before + part, place)) >= 0
        ]
        if not ends:
            return False
        place = min(ends)
    return True


class Headwords:
    """The headwords of a table, to be found inside texts. Numbers of keys stand for the keys, in sorted order.

    A headword written in capitals only (IT, OR) is found only in capitals: else every "it" would mention it.
    """

    def __init__(self, keys: Iterable[str], terms: Iterable[str]) -> None:
        pairs = sorted(set(zip(keys, terms, strict=True)))
        self.keys = sorted({key for key, _ in pairs})
        self.number = {key: at for at, key in enumerate(self.keys)}
        self._by_first: defaultdict[str, set[tuple[tuple[str, ...], int]]] = defaultdict(set)
        spelled: defaultdict[str, list[int]] = defaultdict(list)
        for key, term in pairs:
            words = tokens(term)
            words = words if term.isupper() else [word.casefold() for word in words]
            if words:
                self._by_first[words[0]].add((tuple(words), self.number[key]))
            if letters := letters_of(term):
                spelled[letters].append(self.number[key])
        self.spelled = {letters: sorted(set(numbers)) for letters, numbers in spelled.items()}

    def mentioned(self, words: list[str]) -> set[int]:
        """The numbers of the headwords that stand in a text, given as its tokens."""
        small = [word.casefold() for word in words]
        found = set()
        for start, (word, lower) in enumerate(zip(words, small, strict=True)):
            for first in {word, lower}:
                for parts, number in self._by_first.get(first, ()):
                    end = start + len(parts)
                    if tuple(words[start:end]) == parts or tuple(small[start:end]) == parts:
                        found.add(number)
        return found


def variants(term: str) -> list[list[str]]:
    """The spellings that one headword gives, as tokens in lower case: "JK (J/K)" is jk and j/k, "1TG, 2TG" two."""
    parts = [term, PARENTHESIS.sub(" ", term), *re.split(r"[(),;]| or ", term)]
    spelled = [[word.casefold() for word in tokens(part.rstrip(" .…!?"))] for part in parts]
    return [words for at, words in enumerate(spelled) if words and words not in spelled[:at]]


def uses(words: list[str], term: list[str]) -> list[range]:
    """Where tokens use the term's tokens (both in lower case); its last word may have another ending."""
    if not term:
        return []
    *head, last = term
    stem = last[:-1] if len(last) > 4 else last
    return [
        range(start, start + len(term))
        for start in range(len(words) - len(head))
        if words[start : start + len(head)] == head and _inflected(words[start + len(head)], last, stem)
    ]


def _inflected(word: str, last: str, stem: str) -> bool:
    return word == last or (len(last) > 2 and word.startswith(stem) and len(word) <= len(last) + 4)
