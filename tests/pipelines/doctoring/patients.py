"""A small dataset with one fault of a kind on a row each, and good rows between them."""

from __future__ import annotations

import json
from pathlib import Path

MEANINGS = {
    "rizz": "Charm that wins people over without much effort.",
    "mid": "Of middling quality, neither good nor bad.",
    "salty": "Bitter about something small that went wrong.",
    "drip": "Clothes that look expensive and well chosen.",
    "lowkey": "A little, or in secret; said to soften a statement.",
    "goated": "Better at something than anybody else.",
}


def chat(term, answer=None):
    asked = {"role": "user", "content": f"What does “{term}” mean?"}
    return {"messages": [asked, {"role": "assistant", "content": answer or MEANINGS[term]}], "term": term}


GOOD = [chat(term) for term in MEANINGS]
NULL = {
    "messages": [{"role": "user", "content": "What is cap?"}, {"role": "assistant", "content": None}],
    "term": "cap",
}
PARTS = chat("bussin", [{"type": "text", "text": "Very tasty, "}, {"type": "text", "text": "said of food."}])
CAPITALS = {"Messages": chat("yeet", "To throw something with force.")["messages"], "term": "yeet"}
BROKEN = '{"messages": [{"role": "user", "content": "What is a ship'
ROWS = [GOOD[0], NULL, GOOD[1], PARTS, CAPITALS, BROKEN, *GOOD[2:]]  # faults in rows 1, 3, 4 and 5
FAULTS = [(1, "NON-STRING"), (3, "NON-STRING"), (4, "KEY-SCHEMA"), (5, "FILE-READ")]


def write(path: Path, rows=ROWS) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
