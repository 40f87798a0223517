"""Faults of files: repeated keys (16) and files that plain readers misread (17)."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.format_faults.sets import Kind, Made, Row, Scene, Truth, laid_out, lines


def rows_of(scene: Scene, count: int = 0) -> list[Row]:
    return [laid_out(talk.messages, "messages", scene.target) for talk in scene.talks(count)]


def encoded(name: str, write: Any) -> Any:
    """A whole file written in another way; every row of it must come through."""

    def make(scene: Scene) -> list[Made]:
        rows = rows_of(scene)
        rows[0]["messages"][-1]["content"] += " It’s “fine” – a naïve café word."
        return [Made(name, write(rows), [Truth(-1)], rows)]

    return make


def broken_lines(scene: Scene) -> list[Made]:
    """Lines that end before their record does."""
    rows = rows_of(scene)
    broken = set(scene.random.sample(range(len(rows)), scene.faulty))
    whole = [lines([row]).decode().rstrip("\n") for row in rows]
    cut = [text[: -scene.random.randint(3, 12)] if row in broken else text for row, text in enumerate(whole)]
    good = [row for number, row in enumerate(rows) if number not in broken]
    return [Made("messages.jsonl", "\n".join([*cut, ""]).encode(), [Truth(row) for row in sorted(broken)], good)]


def one_key(scene: Scene) -> list[Made]:
    """One JSON object with one key for all conversations."""
    rows = rows_of(scene, scene.faulty)
    pairs = ",\n".join(f' "messages": {json.dumps(row["messages"])}' for row in rows)
    return [Made("repeated.json", f"{{\n{pairs}\n}}".encode(), [Truth(row, twin) for row, twin in enumerate(rows)])]


def two_outputs(scene: Scene) -> list[Made]:
    """Records with two answers under one key, of which a plain load keeps the second."""
    drawn = scene.talks()
    rows = [laid_out(talk.messages, "alpaca", scene.target) for talk in drawn]
    text = [json.dumps(row) for row in rows]
    chosen = sorted(scene.random.sample(range(len(rows)), scene.faulty))
    for row in chosen:
        text[row] = f'{text[row][:-1]}, "output": {json.dumps(drawn[row].entry.example)}}}'
    return [Made("alpaca.jsonl", "\n".join([*text, ""]).encode(), [Truth(row) for row in chosen])]


def cp1252(rows: list[Row]) -> bytes:
    return lines(rows).decode().encode("cp1252")


KINDS = (
    Kind("one_key_for_all", "DUP-KEY", one_key),
    Kind("two_outputs", "DUP-KEY", two_outputs),
    Kind("byte_order_mark", "FILE-READ", encoded("bom.jsonl", lambda rows: b"\xef\xbb\xbf" + lines(rows))),
    Kind("utf_16", "FILE-READ", encoded("utf16.jsonl", lambda rows: lines(rows).decode().encode("utf-16"))),
    Kind("cp1252", "FILE-READ", encoded("cp1252.jsonl", cp1252)),
    Kind("array_in_jsonl", "FILE-READ",
         encoded("array.jsonl", lambda rows: json.dumps(rows, indent=1, ensure_ascii=False).encode())),
    Kind("broken_lines", "FILE-READ", broken_lines),
)  # fmt: skip
