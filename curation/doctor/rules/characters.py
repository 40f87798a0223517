"""24 MOJIBAKE: wrongly decoded text, control characters, escapes that were never undone.

Text is taken for wrongly decoded where ftfy can decode it rightly. Joiners of emoji, marks of direction in scripts that
need them, and text in any script stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import regex

from curation.doctor.case import Case
from curation.doctor.row import Finding
from curation.doctor.rule import CannotMendError, finding
from curation.doctor.spoken import outside_code, reworded, spoken, without_code
from curation.doctor.survey import Survey
from curation.doctor.target import Target

# What nobody types: controls (tab and line ends apart), a byte order mark, non-characters, half characters; and joiners
# and marks of direction beside Latin letters, where they do nothing.
_JUNK = re.compile(
    r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff\ufff9-\ufffb]|"
    r"(?<=[\x20-\u024f])[\u200b\u2060\u00ad\u202a-\u202e\u2066-\u2069]+(?=[\x20-\u024f])"
)
_HALF = re.compile(r"[\ud800-\udfff]")
_PAIR = re.compile(r"[\ud800-\udbff][\udc00-\udfff]")
_RTL = regex.compile(r"[\p{Hebrew}\p{Arabic}\p{Syriac}\p{Thaana}]")
# The first byte of a UTF-8 character and the one behind it, read in an encoding of one byte a character.
_SUSPECT = re.compile(
    r"[Â-ô][\x80-\xbfŒœŠšŸŽžƒˆ˜‘’‚“”„†‡•…‰‹›€™–—]|[‚вРСпв†˘√Γ╨╤Ã][\x80-\u2600]|ï¿½|[\x80-\x9f]|ﾃ|縺|繧|锟|鈥|銆"
)
_ODD = (
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}\x{ad}Â-ô\x{200b}\x{202a}-\x{202e}\x{2060}-\x{2069}\x{feff}\x{fff9}-\x{ffff}"
    r"‚вРСпв†˘√Γ╨╤ﾃ縺繧锟鈥銆]"
)
_HINTS = (_ODD, r"\\[uxnrt]|[A-Za-z]\?[A-Za-z]")  # or an escape, or a question mark inside a word
_LOST = re.compile(
    r"\b[a-z]{1,12}\?(?:s|t|re|ve|ll|d|m)\b(?![=&?/\w])", re.IGNORECASE
)  # "don?t": a character that could not be written
_ESCAPES = re.compile(
    r"\\u(?:[0-9a-fA-F]{4})|\\x(?:[0-9a-fA-F]{2})|(?<![A-Za-z]:)(?<!\\)\\n(?=[A-Z\s\\\"“•*#-]|\d+[.)]|\Z)|"
    r"(?<!\\)\\r\\n|(?<!\\)\\t(?=[A-Z\s])"
)
_SHORT = {"\\n": "\n", "\\r\\n": "\n", "\\t": "\t"}
# ” without its third byte, which cp1252 has not; ftfy would take a blank behind it for that byte.
_HALF_QUOTE = re.compile(r"â€(?![\x80-\xbfŒœŠšŸŽžƒˆ˜‘’‚“”„†‡•…‰‹›€™–—])")
LOST = "\ufffd"


@dataclass(frozen=True)
class Mojibake:
    """Wrongly decoded or control characters."""

    fault: str = "MOJIBAKE"
    needs_ids: bool = False
    hints: tuple[str, ...] = _HINTS

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        said = spoken(case)
        if said.speaks_of("encoding"):
            return
        for number, (role, part) in enumerate(said.turns):
            if wrong := what_is_wrong(part):
                yield finding(
                    case, self.fault, "warning", f"turn {number} ({role}): {wrong}", "decoded rightly, or taken out"
                )

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        return [reworded(case, lambda role, text: repaired(text) if what_is_wrong(text) else text)]


def what_is_wrong(text: str) -> str:
    """What is wrong with the characters of a text, in words; "" for nothing."""
    if _HALF.search(text):
        return "half a character (a lone surrogate)"
    if (junk := idle(text)) and not (junk >= "\x80" and _SUSPECT.search(text) and decoded(text) != text):
        return f"control character {junk!a}"
    if LOST in text:
        return f"a character that could not be read, {LOST!r}"
    if not text.isascii() and _SUSPECT.search(text) and (decoded(text) != text or is_bad(text)):
        return f"wrongly decoded: {around(text)!r}"
    if lost := _LOST.search(text):
        return f"a question mark in place of another character: {lost.group()!r}"
    if "\\" in text and (escape := _ESCAPES.search(without_code(text))):
        return f"an escape that was never undone: {escape.group()!r}"
    return ""


def idle(text: str) -> str:
    """The first character that should not be there; "" where there is none."""
    for found in _JUNK.finditer(text):
        if not ("\u2000" <= found.group()[0] < "\u2070" and _RTL.search(text)):
            return found.group()
    return ""


def decoded(text: str) -> str:
    """The text as ftfy decodes it; as it is where nothing is wrong."""
    import ftfy

    return str(ftfy.fix_encoding(text))


def is_bad(text: str) -> bool:
    """Whether ftfy takes the text for wrongly decoded, though it cannot tell what it was."""
    import ftfy.badness

    return bool(ftfy.badness.is_bad(text))


def around(text: str) -> str:
    """What is wrongly decoded, with a little around it."""
    found = _SUSPECT.search(text)
    return text[max(found.start() - 10, 0) : found.end() + 10] if found else text[:20]


def repaired(text: str) -> str:
    """The text with the right characters. Raises CannotMendError where nobody can tell which those are."""
    if _HALF.search(text):
        text = _PAIR.sub(lambda pair: pair.group().encode("utf-16", "surrogatepass").decode("utf-16"), text)
        if _HALF.search(text):
            raise CannotMendError("half a character (a lone surrogate), and the other half is lost")
    if _HALF_QUOTE.search(text):
        if "â€œ" not in text:
            raise CannotMendError("wrongly decoded, and a part of a character is lost")
        text = _HALF_QUOTE.sub("â€\x9d", text)
    text = decoded(text)
    if LOST in text:
        raise CannotMendError("a character that could not be read when the file was made; it is lost")
    if idle(text):
        text = _JUNK.sub("", text)
    if _SUSPECT.search(text) and (is_bad(text) or decoded(text) != text):
        raise CannotMendError(f"wrongly decoded, and ftfy cannot tell what it was: {around(text)!r}")
    text = _LOST.sub(lambda word: word.group().replace("?", "'"), text)
    return outside_code(text, lambda part: _ESCAPES.sub(lambda escape: unescaped(escape.group()), part))


def unescaped(escape: str) -> str:
    """The character that an escape stands for; half a character as it is."""
    if escape in _SHORT:
        return _SHORT[escape]
    character = chr(int(escape[2:], 16))  # noqa: FURB166 - base 0 does not read \u and \x
    return escape if _HALF.match(character) or (not character.isprintable() and character not in "\n\t") else character
