"""The whole life of one row: where it came from, what each stage said, what it was merged with, what it became.

Everything is plain text and numbers, so that it can be printed or written as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pipelines.pages.evidence import (
    Rows,
    cell_list,
    cell_text,
    meaning,
    one_line,
    private_kinds,
    sense_pairs,
    spoken,
)

SPLITS = ("train", "validation", "test")
ORIGIN = ("source", "file", "row", "licence", "redistributable", "attribution", "url", "date", "votes_up", "votes_down")
Row = Mapping[str, Any]


def tell_life(row: Row, rows: Rows, stages: list[str], chat: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The life of `row`. `stages`: their names in the build's order; `chat`: conversations by id."""
    reason = cell_text(row, "reason")
    hidden = rows.is_private(row)
    return {
        "id": row["id"],
        "kind": row["kind"],
        "term": "" if hidden else row["term"],
        "outcome": "left" if reason else "kept",
        "origin": {name: plain(row.get(name)) for name in ORIGIN},
        "hidden": f"Not shown: it holds {private_kinds(row)}." if hidden else "",
        "texts": {} if hidden else spoken(row),
        "stages": [
            {"stage": name, "said": said} for name in stages_seen(row, stages) if (said := hear(name, row, rows))
        ],
        **({"people": people} if (people := from_people(row)) else {}),
        "left": why_it_left(row, rows, hidden=hidden) if reason else None,
        "absorbed": [summary(other, rows) for other in absorbed(row, rows)],
        "conversations": [chat[key] for key in cell_list(row, "conversations") if key in chat],
    }


def plain(value: object) -> str | int | bool | None:
    """A cell as JSON knows it."""
    if value is None or isinstance(value, (str, bool)):
        return value
    text = str(value)
    return int(text) if text.isdecimal() else None if text in ("nan", "<NA>") else text


def stages_seen(row: Row, stages: list[str]) -> list[str]:
    """The stages that saw the row: up to the one where it left."""
    left_at = cell_text(row, "stage")
    if left_at == "read":
        return []
    return stages[: stages.index(left_at) + 1] if left_at in stages else stages


def why_it_left(row: Row, rows: Rows, *, hidden: bool) -> dict[str, Any]:
    survivor = rows.get(cell_text(row, "survivor"))
    return {
        "stage": cell_text(row, "stage"),
        "reason": row["reason"],
        "means": meaning("reasons", row["reason"]),
        "detail": "" if hidden else cell_text(row, "detail"),
        "score": cell_text(row, "score"),
        "survivor": summary(survivor, rows) if survivor else None,
    }


def absorbed(row: Row, rows: Rows) -> list[dict[str, Any]]:
    """The rows whose sources, votes and examples this one took over, at whatever remove."""
    merged = {*cell_list(row, "merged_ids"), *rows.merged_into(row["id"])} - {row["id"]}
    found = (rows.get(key) for key in sorted(merged))
    return [other for other in found if other is not None]


def summary(row: Row, rows: Rows) -> dict[str, str]:
    """A row in a line."""
    hidden = rows.is_private(row)
    text = next(iter(spoken(row).values()), "")
    return {
        "id": row["id"],
        "term": "" if hidden else row["term"],
        "text": f"not shown: it holds {private_kinds(row)}" if hidden else one_line(text),
        "source": row["source"],
    }


def hear(stage: str, row: Row, rows: Rows) -> list[str]:
    """What a stage said of a row, in short sentences; [] when it said nothing."""
    if stage == "same_sense":
        return from_same_sense(row, rows)
    if stage == "contradictions":
        return from_contradictions(row, rows)
    return HEARD[stage](row) if stage in HEARD else []


def from_people(row: Row) -> list[str]:
    """What people's decisions did to the row, each with its key in data/reviews; [] where nobody spoke of it."""
    columns = (cell_list(row, name) for name in ("decided", "decided_effect"))
    return [f"{effect} [{key}]" for key, effect in zip(*columns, strict=False)]


def from_normalize(row: Row) -> list[str]:
    repairs = [repair.replace("_", " ").replace(":", ": ") for repair in cell_list(row, "repairs")]
    return [f"repaired {', '.join(repairs)}"] if repairs else []


def from_privacy(row: Row) -> list[str]:
    masked = "masked_private" in cell_list(row, "flags")
    return [f"found {private_kinds(row)}{', masked it' if masked else ''}"] if cell_list(row, "private") else []


def from_offensive(row: Row) -> list[str]:
    kind = cell_text(row, "offensive")
    return [f"{kind}, score {cell_text(row, 'offensive_score')}"] if kind else []


def from_exact_duplicates(row: Row) -> list[str]:
    sources = cell_list(row, "sources")
    return [f"stands in {', '.join(sources)}"] if len(sources) > 1 else []


def from_text_pairing(row: Row) -> list[str]:
    said = []
    for what in ("definition", "example"):
        fit, owner = cell_text(row, f"{what}_fit"), cell_text(row, f"{what}_owner")
        if fit:
            said.append(f"{what} fits its term {fit}" + (f", fits “{owner}” better" if owner else ""))
    return said


def from_quality(row: Row) -> list[str]:
    said = [meaning("flags", "example_lacks_term")] if "example_lacks_term" in cell_list(row, "flags") else []
    if language := cell_text(row, "language_detected"):
        said.append(f"language looks like {language}")
    if score := cell_text(row, "quality_score"):
        said.append(f"score {score}")
    return said


def from_label_issues(row: Row) -> list[str]:
    column, suggested = cell_text(row, "label_column"), cell_text(row, "label_suggested")
    doubted = "label_issue" in (*cell_list(row, "flags"), cell_text(row, "reason"))
    if not (doubted and suggested):
        return []
    return [f"{column}: suggests “{suggested}”, trust in the given label {cell_text(row, 'label_score')}"]


def from_same_sense(row: Row, rows: Rows) -> list[str]:
    said = []
    for key, score, answer in sense_pairs(row):
        other = rows.get(key)
        text = summary(other, rows)["text"] if other else ""
        said.append(f"{float(score):.2f} {meaning('answers', answer).removesuffix('.')}: {text} [{key}]")
    return said


def from_contradictions(row: Row, rows: Rows) -> list[str]:
    said = []
    columns = (cell_list(row, name) for name in ("contradicts", "contradiction_words"))
    for key, words in zip(*columns, strict=False):
        other = rows.get(key)
        said.append(f"contradicted, {words}: {summary(other, rows)['text'] if other else ''} [{key}]")
    if high := cell_text(row, "approval_high"):
        said.append(f"between {cell_text(row, 'approval_low')} and {high} of the voters agree")
    return said


def from_copies(row: Row) -> list[str]:
    others = cell_list(row, "copied_terms")
    return [f"the same text stands under {', '.join(others)}"] if others else []


def from_split(row: Row) -> list[str]:
    split = cell_text(row, "split")
    return [split] if split else []


def from_decontaminate(row: Row) -> list[str]:
    item = cell_text(row, "evaluation_item")
    return [f"overlaps {item} of the evaluation: no conversation to train on"] if item else []


HEARD: dict[str, Callable[[Row], list[str]]] = {
    "normalize": from_normalize,
    "privacy": from_privacy,
    "offensive": from_offensive,
    "exact_duplicates": from_exact_duplicates,
    "text_pairing": from_text_pairing,
    "quality": from_quality,
    "label_issues": from_label_issues,
    "copies_across_terms": from_copies,
    "split": from_split,
    "decontaminate": from_decontaminate,
}


def read_chat(folder: Path, wanted: set[str]) -> dict[str, dict[str, Any]]:
    """The wanted conversations of a build, by id, with their split.

    Raises ValueError for a line that is not JSON.
    """
    found: dict[str, dict[str, Any]] = {}
    for split in SPLITS:
        path = folder / "chat" / f"{split}.jsonl"
        for number, line in enumerate(path.open("rb") if wanted and path.is_file() else (), start=1):
            try:
                conversation = json.loads(line)
                if conversation["id"] in wanted:
                    found[conversation["id"]] = {**conversation, "split": split}
            except (ValueError, KeyError, TypeError):
                raise ValueError(f"{path}, line {number}: not a conversation. Build again") from None
    return found
