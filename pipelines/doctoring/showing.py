"""A record on one line, and where two records differ: what a person needs to see of a repair."""

from __future__ import annotations

import json
import re
from itertools import takewhile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from curation.doctor.target import Target
    from pipelines.doctoring.visit import After

# Control characters, direction marks and half characters: nothing from a dataset steers a terminal.
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
LONGEST = 20_000  # characters of one record that are looked at
LEAD = 30  # characters shown before a difference
TRAINED = "⟦", "⟧"  # around what is trained, where there is no colour


def visible(text: str) -> str:
    """Text on one line in which every hidden character shows."""
    text = text.replace("\n", "⏎").replace("\t", "⇥")
    return HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def spoken(value: object, target: Target) -> str:
    """A record on one line: token ids as text with the trained stretches marked, anything else as JSON."""
    ids = numbers(value, "input_ids")
    if ids:
        pieces = pieces_of(ids, numbers(value, "labels"), target)
        return visible("".join(text.join(TRAINED) if trained else text for text, trained in pieces)[:LONGEST])
    if isinstance(value, str):
        return visible(value[:LONGEST])
    try:
        return visible(json.dumps(value, ensure_ascii=False)[:LONGEST])
    except (RecursionError, ValueError, TypeError):
        return "(a record that cannot be shown)"


def numbers(value: object, name: str) -> list[int]:
    """A column of token ids, [] where the record has none."""
    held: Any = value.get(name) if isinstance(value, dict) else None
    return held if isinstance(held, list) and all(type(one) is int for one in held) else []


def pieces_of(ids: list[int], labels: list[int], target: Target) -> list[tuple[str, bool]]:
    """Token ids as (text, whether its tokens are trained), neighbours of a kind joined."""
    known = len(target.tokenizer)
    trained = [label >= 0 for label in labels] if len(labels) == len(ids) else [False] * len(ids)
    pieces: list[tuple[list[int], bool]] = []
    for number, on in zip(ids, trained, strict=True):
        if not pieces or pieces[-1][1] != on:
            pieces.append(([], on))
        pieces[-1][0].append(number)
    return [("".join(decoded(run, known, target)), on) for run, on in pieces]


def decoded(ids: list[int], known: int, target: Target) -> str:
    if all(0 <= number < known for number in ids):
        return str(target.tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False))
    return "".join(decoded([one], known, target) if 0 <= one < known else f"(no token {one})" for one in ids)


def outcome(after: After, before: object, target: Target) -> tuple[str, str]:
    """(what became of a row, its new text): ("mended", …), ("quarantined", reason), ("as it is", "")."""
    if after.reason:
        return ("merged" if after.merged else "quarantined"), visible(after.reason)
    if after.values == [before]:
        return "as it is", ""
    if len(after.values) == 1:
        return "mended", spoken(after.values[0], target)
    return f"mended: {len(after.values)} rows", "  ".join(spoken(value, target) for value in after.values)


def windows(before: str, after: str, width: int) -> tuple[str, str]:
    """The stretch around the first difference of two texts, cut to a width; all of both where they fit."""
    if max(len(before), len(after)) <= width:
        return before, after
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))
    start = max(0, same - LEAD) if after and same < max(len(before), len(after)) else 0
    return cut(before, start, width), cut(after, start, width)


def cut(text: str, start: int, width: int) -> str:
    shown = text[start : start + width]
    return ("…" if start else "") + shown + ("…" if start + width < len(text) else "")
