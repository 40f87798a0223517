"""Text of others inside our Markdown: shown as it is, never read as Markdown, HTML, a formula or a name to notify."""

from __future__ import annotations

import re
import unicodedata

# What GFM reads as more than itself anywhere in a line, and what HTML, formulas ($) and mentions (@) begin with.
_ESCAPED = frozenset("\\`*_[]|~")
_ENTITIES = frozenset("<>&$@{}")
_AT_START = re.compile(r"[-+#=]|\d{1,9}[.)]")  # lists, headings, underlines
LONGEST = 300  # characters of a text in a sentence or a cell


def plain(text: object, longest: int = LONGEST) -> str:
    """A text in one line, none of whose characters Markdown or HTML reads."""
    line = cut(" ".join(visible(str(text)).split()), longest)
    begins = _AT_START.match(line) is not None
    return "".join(
        f"&#{ord(letter)};"
        if letter in _ENTITIES or (place == 0 and begins)
        else f"\\{letter}"
        if letter in _ESCAPED
        else letter
        for place, letter in enumerate(line)
    )


def code(text: object, longest: int = LONGEST) -> str:
    """A code span, also inside a table; "" for an empty text."""
    line = cut(" ".join(visible(str(text)).split()), longest)
    fence = "`" * (longest_run(line) + 1)
    blank = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{blank}{line}{blank}{fence}".replace("|", "\\|") if line else ""


def block(text: str, language: str = "") -> str:
    """A fenced block whose fence no line of the text can close."""
    body = "\n".join(visible(line) for line in text.split("\n"))
    fence = "`" * max(3, longest_run(body) + 1)
    return f"{fence}{language}\n{body}\n{fence}"


def longest_run(text: str) -> int:
    """How many backticks stand side by side at most."""
    most = run = 0
    for letter in text:
        run = run + 1 if letter == "`" else 0
        most = max(most, run)
    return most


def cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def visible(text: str) -> str:
    """Control characters, and those that turn the direction of reading, as their names; blanks stay."""
    return "".join(
        f"\\u{ord(letter):04x}" if hidden(letter) else letter for letter in text.expandtabs(4).replace("\r\n", "\n")
    )


def hidden(letter: str) -> bool:
    """Whether a character acts without being seen; the joiners that emoji and some scripts need do not count."""
    kind = unicodedata.category(letter)
    return (kind in ("Cc", "Cs", "Co") and letter != "\n") or (kind == "Cf" and letter not in "\u200c\u200d")
