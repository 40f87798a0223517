"""Reasoning tags in what somebody says: where they stand, whether they pair, and what stands between them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from curation.doctor.spoken import without_code

TAG = re.compile(
    r"<(?P<close>/?)(?P<name>think|thinking|thought|thoughts|reasoning|reflection|scratchpad)>|"
    r"(?-i:\[(?P<closing>/?)(?P<mark>THINK)\])|<\|?(?P<ends>begin|end)_of_(?P<word>thought|thinking)\|?>",
    re.IGNORECASE,
)
MOST_DOUBLED = 50  # tags of one text; more are no slip, and each costs a copy of the text


def marks(text: str) -> list[tuple[str, bool, re.Match[str]]]:
    """(name, whether it closes, where) of each tag outside of code."""
    found = []
    for tag in TAG.finditer(without_code(text)):
        name = tag["name"] or tag["mark"] or tag["word"]
        found.append((name.lower(), bool(tag["close"] or tag["closing"] or (tag["ends"] or "").lower() == "end"), tag))
    return found


def disorder(text: str) -> str:
    """What is wrong with the reasoning tags of a text; "" for nothing."""
    open_tag = ""
    blocks = 0
    found = marks(text)
    for name, closes, tag in found:
        if closes and not open_tag:
            return f"{tag.group()} closes what was never opened"
        if closes and name != open_tag:
            return f"{tag.group()} closes <{open_tag}>"
        if not closes and open_tag:
            return f"{tag.group()} opens twice"
        open_tag = "" if closes else name
        blocks += closes
    if open_tag:
        return f"{found[-1][2].group()} is never closed"
    if found and not text[found[-1][2].end() :].strip():
        return f"nothing is answered behind {found[-1][2].group()}"
    return ""


def in_order(text: str) -> str:
    """The text with balanced tags, where one reading is possible; else ""."""
    found = marks(text)
    places: list[re.Match[str]] = []
    for (_, closes, tag), before in zip(found, [None, *found], strict=False):
        if before and before[1] == closes and not text[before[2].end() : tag.start()].strip():
            places.append(tag)  # the same tag twice, nothing between them
    if len(places) > MOST_DOUBLED:
        return ""
    for tag in reversed(places):
        text = (
            text[: tag.start()].rstrip() + text[tag.end() :]
            if tag.group().startswith("</")
            else (text[: tag.start()] + text[tag.end() :].lstrip())
        )
    found = marks(text)
    if len(found) == 1 and found[0][1] and text[: found[0][2].start()].strip():
        opening = found[0][2].group().replace("/", "", 1).replace("end_of", "begin_of")
        text = f"{opening}\n{text.lstrip()}"
    if len(found) == 2 and found[0][1] and not found[1][1]:
        return ""
    return "" if disorder(text) else text


def leads(text: object) -> bool:
    """Whether a text begins with an opening tag, or has tags that do not pair: rule 27's to judge, however it ends."""
    if not isinstance(text, str) or not (found := marks(text)):
        return False
    return not text[: found[0][2].start()].strip() or bool(disorder(text))


def without_reasoning(text: str) -> str:
    """What is said behind the reasoning that a text begins with; the whole text where it begins with none."""
    found = marks(text) if leads(text) else []
    return text if not found or disorder(text) else text[found[-1][2].end() :].lstrip()


def reasoning_in(text: object) -> str:
    """What stands between the tags of a text, in order; "" where there are none."""
    if not isinstance(text, str) or not (found := marks(text)) or disorder(text):
        return ""
    return text[found[0][2].end() : found[-1][2].start()].strip()


def lost(turns: Sequence[dict[str, Any]], written: str) -> list[int]:
    """Turns of the assistant whose reasoning is not in what a template wrote."""
    return [
        number
        for number, turn in enumerate(turns)
        if turn["role"] == "assistant" and (inside := reasoning_in(turn["content"])) and inside not in written
    ]
