"""Which terms of a list a text uses, in one pass over its words, however long the list is."""

from __future__ import annotations

import re
from collections.abc import Iterable

WORD = re.compile(r"\w+(?:['’.-]\w+)*", re.UNICODE)


class TermFinder:
    """Finds whole words, whatever their case. A term without a letter (an emoji) is found wherever it stands."""

    def __init__(self, terms: Iterable[str]) -> None:
        self.by_words: dict[tuple[str, ...], str] = {}
        self.signs: list[str] = []
        for term in terms:
            words = words_of(term)
            if words:
                self.by_words.setdefault(words, term)
            else:
                self.signs.append(term)
        self.longest = max(map(len, self.by_words), default=0)
        self.first = {words[0] for words in self.by_words}

    def find(self, text: str) -> list[str]:
        """The terms that the text uses, each once, in the order of the text; the longest where several begin."""
        words, found = words_of(text), [sign for sign in self.signs if sign in text]
        place = 0
        while place < len(words):
            length = self.match(words, place)
            if length:
                found.append(self.by_words[words[place : place + length]])
            place += length or 1
        return list(dict.fromkeys(found))

    def match(self, words: tuple[str, ...], place: int) -> int:
        """How many words the longest term that begins here has; 0 for none."""
        if words[place] not in self.first:
            return 0
        most = min(self.longest, len(words) - place)
        return next((n for n in range(most, 0, -1) if words[place : place + n] in self.by_words), 0)


def words_of(text: str) -> tuple[str, ...]:
    """Words in lower case, with one kind of apostrophe."""
    return tuple(word.replace("’", "'") for word in WORD.findall(text.casefold()))
