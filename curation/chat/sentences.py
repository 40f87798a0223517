"""The craft of a proper sentence: blanks, capitals, full stops and quotation marks, for any text in any script."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

import regex

T = TypeVar("T")

_EMOJI = regex.compile(r"[\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F\u200D\U0001F1E6-\U0001F1FF]")
_EAST_ASIAN = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]")
_CLOSERS = "”’\"'»)]*_~"
_AROUND = (('"', '"'), ("“", "”"), ("‘", "’"), ("«", "»"))
_PAIRED_MARKS = regex.compile(r"[\"“”()\[\]{}«»]")
_INNER_QUOTES = regex.compile(r'"([^"]*)"')
_WORD = regex.compile(r"[\w'’]*")
_SENTENCE_START = regex.compile(r"(^\W*|[.!?…]\s+)(\w)")
_LONE_I = regex.compile(r"\bi\b(?!\.)")
_STOP_TWICE = regex.compile(r"([.!?…][”\"’])\.(?=\s|$)")  # the full stop inside and outside of quotation marks
_STOP_AFTER_MARK = regex.compile(r"(?<=[^\W_][?!])\.(?=\s|$)")  # "really?." but not "?!." drawn for fun
_TERMINAL = ".!?…。！？।؟‽"
_ELLIPSIS = regex.compile(r"(?:\.\s?){2,}\.|(?<=\w{3}|\s|^)\.\.(?=\s|$)|…\.+")
_EMOTICON = regex.compile(r"(?:^|\s)(?:[>]?[:;=xX8]['’]?[-^]?[)(\[\]DPpOo3/|*>]+|<+3+|\^_*\^|[xX]D+|;-;|:'\()$")
_DOUBLE_STOP = regex.compile(r"(?<=[\w)”\"'’]{3}|[!?…])\s*\.\s*\.(?=\s|$)")

# First words that keep their capital inside a sentence.
_PROPER_TEXT = """
i i'm i’m i'll i’ll i'd i’d i've i’ve english british american african asian australian aussie canadian chinese
japanese korean indian indonesian spanish french german italian irish scottish russian mexican jewish christian
muslim arabic latin greek dutch brazilian european jamaican hawaiian swahili ukrainian swedish turkish polish
filipino vietnamese black-american monday tuesday wednesday thursday friday saturday sunday january february
april june july august september october november december christmas halloween easter america britain england
london google twitter instagram facebook tiktok youtube snapchat reddit discord tinder netflix microsoft apple
minecraft fortnite roblox twitch pokemon jesus god satan donald trump obama elon disney marvel nintendo xbox
playstation texas california florida chicago detroit boston australia canada mexico china japan korea india
russia africa millennials
"""
_PROPER = frozenset(_PROPER_TEXT.split())


def choose(options: Sequence[T], *key: str) -> T:
    """One of the options by a hash of the key: the same for the same key, on every machine."""
    return options[
        int.from_bytes(hashlib.sha256("\x1f".join(key).encode("utf-8", "replace")).digest()[:4]) % len(options)
    ]


def tidy(text: str) -> str:
    """One line: blanks collapsed, a run of full stops as one ellipsis; censored words ("A..", "Sh.. up") are kept."""
    text = _STOP_AFTER_MARK.sub("", _STOP_TWICE.sub(r"\1", " ".join(text.split())))
    if ".." not in text and ". ." not in text and "…" not in text:
        return text
    return str(_DOUBLE_STOP.sub(".", _ELLIPSIS.sub(_ellipsis, text)))


def tidy_lines(text: str) -> str:
    """The same for a text whose lines mean something, such as a dialogue: one line break between lines."""
    return "\n".join(line for line in map(tidy, text.splitlines()) if line)


def _ellipsis(found: regex.Match[str]) -> str:
    return "… " if found[0].endswith(" ") else "…"


def is_symbol(term: str) -> bool:
    """Whether a headword has no letter, digit or ASCII mark, so that it needs no quotation marks: 💀, not :D."""
    return not term[:1].isascii() and not any(mark.isalnum() or mark.isascii() for mark in term)


def balanced(text: str) -> bool:
    """Whether double quotation marks and brackets pair up."""
    if not _PAIRED_MARKS.search(text):
        return True
    pairs = (("“", "”"), ("(", ")"), ("[", "]"), ("{", "}"), ("«", "»"))
    return text.count('"') % 2 == 0 and all(_paired(text, left, right) for left, right in pairs)


def _paired(text: str, left: str, right: str) -> bool:
    return text.count(left) == text.count(right) and text.find(left) <= text.find(right)


def quote(text: str) -> str:
    """The text in curly quotation marks; its own double ones become single ones, when they pair up."""
    if "“" in text or "”" in text or '"' in text:
        text = _INNER_QUOTES.sub(r"‘\1’", text.replace("“", "‘").replace("”", "’"))
    return f"“{text}”"


def unquoted(text: str) -> str:
    """The text without one pair of quotation marks around all of it."""
    inner = text[1:-1]
    wrapped = len(text) > 2 and (text[0], text[-1]) in _AROUND and not any(mark in inner for mark in text[0] + text[-1])
    return inner.strip() if wrapped else text


def quote_term(term: str) -> str:
    """A headword as an answer shows it: in quotation marks, an emoji bare."""
    return term if is_symbol(term) else quote(term)


def stop(text: str) -> str:
    """The text as a sentence's end: a full stop where none, and no other terminal mark or emoji, stands."""
    text = text.rstrip(",;:–—- \n") or text
    bare = text.rstrip(_CLOSERS)
    if not bare or _EMOJI.match(bare[-1]) or _EMOTICON.search(text):
        return text
    if bare == text and _EAST_ASIAN.match(bare[-1]):
        return text + "。"
    closed_inside = bare[-1] in _TERMINAL and not (")" in text[len(bare) :] and text[0] != "(")
    return text if closed_inside else text + "."


def capital(text: str) -> str:
    """The text with a capital at its start; a word with its own capitals (iPhone) stays."""
    for at, mark in enumerate(text[:4]):
        if mark.isalpha():
            word = _WORD.match(text, pos=at)
            own = word is not None and any(letter.isupper() for letter in word[0][1:])
            return text if own else text[:at] + mark.upper() + text[at + 1 :]
        if mark.isalnum():
            return text
    return text


def lower(text: str) -> str:
    """The text as it continues a sentence: a small letter at its start, unless a name or an initialism is there."""
    first = text.split(" ", 1)[0].rstrip(",.;:!?…")
    second = text.split(" ", 2)[1] if text.count(" ") else ""
    if (
        not first[:1].isupper()
        or first.lower() in _PROPER
        or first.lower().removesuffix("’s").removesuffix("'s") in _PROPER
    ):
        return text
    if any(mark.isupper() for mark in first[1:]) or (
        second[:1].isupper() and len(second) > 1 and first.lower() not in ("a", "an", "the", "to")
    ):
        return text
    return first[0].lower() + text[1:]


def quiet(text: str, term: str) -> str:
    """A text of three words or more that is all in capitals, in sentence case; its headword is written as ever."""
    capitals = sum(map(str.isupper, text))
    if capitals < 11 or len(text.split()) < 3 or capitals < 0.9 * sum(map(str.isalpha, text)):
        return text
    text = _SENTENCE_START.sub(lambda found: found[1] + found[2].upper(), text.lower())
    text = _LONE_I.sub("I", text)
    return str(regex.sub(rf"(?<!\w){regex.escape(term)}(?!\w)", lambda _: term, text, flags=regex.IGNORECASE))
