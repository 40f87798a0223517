"""When two texts are the same but for their typography."""

from __future__ import annotations

import unicodedata

import regex

EMOTICON = r"[:;=][-'^]?[()\[\]{}|/\\<>*]+"  # :) is not :(
FIGURE = r"(?<=\d)[.,:/\-](?=\d)|(?<!\w)[-+](?=\d)"  # 0.02 is not 002
APOSTROPHE = r"(?<=\w)['’ʼ](?=\w)"  # don't is dont, not "don t"
SIGNS = "#@&%*"  # C#, @ me, R&B, 100%, f**k
PUNCTUATION = regex.compile(rf"(?V1)(?P<keep>{EMOTICON}|{FIGURE})|(?P<drop>{APOSTROPHE})|[\p{{P}}--[{SIGNS}]]")


def comparison_key(text: str) -> str:
    """The text without case, punctuation and runs of blanks; numbers, symbols and emoji stay.

    Two texts with the same key are the same but for their typography. Words stay apart: `a lot` is not `alot`.
    """
    folded = unicodedata.normalize("NFC", text).replace("\ufe0f", "").casefold()  # U+FE0F only chooses a glyph
    key = " ".join(PUNCTUATION.sub(lambda found: found["keep"] or ("" if found["drop"] else " "), folded).split())
    return key or "".join(folded.split())  # punctuation only: it is all there is to compare
