"""Reads a definition: without its labels, as a list where it is one, and whether it spells or names its own term."""

from __future__ import annotations

from functools import lru_cache

import regex

from curation.chat.grammar import OWN_VERB, WORDS
from curation.chat.sentences import quiet, stop, tidy
from curation.text.headwords import SPOKEN

_LABEL = regex.compile(
    r"^(?:(?:definition|meaning|description|slang|noun|verb|adjective|adverb|interjection|exclamation|phrase|acronym|"
    r"abbreviation|adj|adv|n|v|vb|vi|vt)\s*[:\-–]\s*(?=\w)|\((?:noun|verb|adjective|adverb|interjection|exclamation|"
    r"phrase|acronym|adj|adv|n|v|vb)\.?\)\s*[:.\-–]?\s*|(?:noun|verb|adjective|adverb|adj|adv|n|v|vb)\.\s+|"
    r"(?:noun|verb|adjective|adverb|interjection|phrase|expression)\.?\s*\n+\s*)+",
    regex.IGNORECASE,
)
# "TERM: …", "TERM = …", "TERM. Slang for …", "TERM, a girl who …"
_TERM_LABEL = regex.compile(
    r"['’]?\s*(?:(?:[:=–—]|-(?=\s))\s*(?=\w)|\.\s+(?=\w)|,\s*(?=(?:an?|the|someone|when|to|one who)\b))",
    regex.IGNORECASE,
)
_LONE_NUMBER = regex.compile(r"^1(?:\.|\))\s+(?=\D)")
_MEANING = regex.compile(r"^meaning\s+(?!of\b|in\b)(?=\w)", regex.IGNORECASE)
_ITEM = regex.compile(r"(?<=^|\s)\(?(\d)(?:\)\.|\. ?\)|[.):])\s*(?=\D)")
_ARTICLE = regex.compile(r"^[\"“]?(?:a|an|the|to)\s+", regex.IGNORECASE)


def clean_definition(term: str, definition: str) -> str:
    """A definition on one line, without labels ("noun:", "Meaning:") and without "TERM:" or "TERM =" before it."""
    text = _LABEL.sub("", definition.strip())
    text = " ".join(_closed_line(line) for line in text.splitlines() if line.strip())
    text = quiet(tidy(text), term)
    after = _after_term(term, text)
    label = _TERM_LABEL.match(after) if after else None
    text = after[label.end() :] if label else text
    text = text.lstrip(".,;:!?-–— ") or text
    text = text if list_items(text) else _LONE_NUMBER.sub("", text)
    return str(_MEANING.sub("", text))


def _closed_line(line: str) -> str:
    line = line.strip().lstrip(".,;") or line.strip()
    return line if line[-1] in ",;:-–—" else stop(line)


def list_items(definition: str) -> list[str]:
    """The items of a definition written as "1. … 2. …", or nothing."""
    if not definition.startswith(("1", "(1")):
        return []
    marks = list(_ITEM.finditer(definition))
    if len(marks) < 2 or [found[1] for found in marks] != [str(number + 1) for number in range(len(marks))]:
        return []
    if marks[0].start() > 0:
        return []
    ends = [found.start() for found in marks[1:]] + [len(definition)]
    items = [_LABEL.sub("", definition[found.end() : end].strip()) for found, end in zip(marks, ends, strict=True)]
    return items if all(items) else []


def is_expansion(term: str, definition: str) -> bool:
    """Whether the definition spells out an initialism: "Laughing out loud" for LOL."""
    letters = "".join(WORDS.findall(term.casefold()))
    if " " in term or not 2 <= len(letters) < len(definition):
        return False
    return letters == initials(definition) or _is_spoken(letters, definition.casefold())


@lru_cache(maxsize=65_536)
def initials(text: str) -> str:
    """First letters or digits of the words, lower case."""
    return "".join(word[0] for word in WORDS.findall(text.casefold().replace("'", "").replace("’", "")))


def _is_spoken(letters: str, definition: str) -> bool:
    """Whether each letter is the first of its word, or sounds like it: "bye for now" for B4N."""
    words = WORDS.findall(definition.replace("'", "").replace("’", ""))
    return len(words) == len(letters) and all(
        letter == word[0] or word in SPOKEN.get(letter, ()) for letter, word in zip(letters, words, strict=True)
    )


def speaks_of_itself(term: str, definition: str) -> bool:
    """Whether the definition is a sentence about its own term: "A snack is a person who …", "Yeet means …"."""
    bare = _ARTICLE.sub("", definition, count=1)
    return bool(OWN_VERB.match(_after_term(term, bare)))


def _after_term(term: str, text: str) -> str:
    """What follows the term at the start of a text, without quotation marks; "" where the text starts otherwise."""
    text = text.lstrip("\"“'‘")
    length = len(term)
    if text[:length].casefold() != term.casefold() or text[length : length + 1].isalnum():
        return ""
    return text[length:].lstrip('"”')
