"""Rows of a build as a person may see them: their text, where they came from, and the evidence for what was decided.

Here alone is settled what is not shown: the text of rows that left as private, or that such a row survives in, and
offensive text, which stands behind a veil.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

MEANINGS = Path(__file__).with_name("meanings.toml")
SPOKEN = (  # column → what it is called beside its text; which of them a kind uses shows in which are filled
    ("definition", "means"),
    ("plain", "plainly"),
    ("example", "example"),
    ("context", "context"),
    ("label", "label"),
    ("messages", "conversation"),
)
FLAG_EVIDENCE = {  # flag → the columns that hold its evidence
    "offensive": ("offensive_score",),
    "definition_of_another_term": ("definition_owner", "definition_fit"),
    "example_of_another_term": ("example_owner", "example_fit"),
    "label_issue": ("label_column", "label_suggested", "label_score"),
    "voted_down": ("votes_up", "votes_down", "approval_high"),
    "copied_across_terms": ("copied_terms",),
    "overlaps_evaluation": ("evaluation_item",),
}
NAMES = {
    "definition_owner": "fits better",
    "example_owner": "fits better",
    "definition_fit": "own fit",
    "example_fit": "own fit",
    "offensive_score": "score",
    "label_column": "column",
    "label_suggested": "suggested",
    "label_score": "trust",
    "votes_up": "up votes",
    "votes_down": "down votes",
    "approval_high": "at most agree",
    "copied_terms": "also under",
    "evaluation_item": "evaluation item",
}


@cache
def meanings() -> dict[str, dict[str, str]]:
    """Plain sentences for reasons, flags, answers and kinds of private text."""
    return tomllib.loads(MEANINGS.read_text(encoding="utf-8"))


def meaning(table: str, name: str) -> str:
    return meanings()[table].get(name, name.replace("_", " ").capitalize() + ".")


def clipped(text: str, limit: int) -> str:
    """`text`, or its beginning and how much more there is; a tail shorter than that note is not worth cutting."""
    return text if len(text) <= limit + 25 else f"{text[:limit].rstrip()} … ({len(text) - limit:,} characters more)"


def cell_text(row: Mapping[str, Any], name: str) -> str:
    """A cell as text: "" where the column is absent or says nothing, two decimals, lists joined by commas."""
    value = row.get(name, "")
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.2f}"
    if value is None or type(value).__name__ == "NAType":
        return ""
    return ", ".join(str(item) for item in value) if isinstance(value, Iterable) else str(value)


def cell_list(row: Mapping[str, Any], name: str) -> list[Any]:
    """A list cell; [] where the column is absent or the row left before it was added."""
    value = row.get(name)
    return list(value) if isinstance(value, Iterable) and not isinstance(value, str) else []


@dataclass(frozen=True, slots=True)
class Example:
    """One row, ready for the page. All fields are text from data: the template escapes them."""

    id: str
    term: str
    origin: str  # source, file and record
    lines: list[tuple[str, str]] = field(default_factory=list)  # (what it is, text)
    evidence: list[tuple[str, str]] = field(default_factory=list)  # (what it is, value)
    veil: str = ""  # "profanity", "sexual" or "slur": show only when asked
    hidden: str = ""  # why no text is shown; then term and lines are empty


class Rows:
    """Every row of a build, kept and left, found by id."""

    def __init__(self, entries: pd.DataFrame, ledger: pd.DataFrame, unchecked: Iterable[str] = ()) -> None:
        """`unchecked`: stages whose rows left before private text was looked for; it is looked for here."""
        self.entries, self.ledger = entries, ledger
        self._places = {key: (ledger, place) for place, key in enumerate(ledger["id"])}
        self._places |= {key: (entries, place) for place, key in enumerate(entries["id"])}
        self._private = private_ids(ledger, list(unchecked))

    def get(self, key: str) -> dict[str, Any] | None:
        found = self._places.get(key) if key else None
        return None if found is None else found[0].iloc[found[1]].to_dict()

    def merged_into(self, key: str) -> list[str]:
        """Ids of the rows that were merged into this one directly."""
        return list(self.ledger["id"][self.ledger["survivor"] == key])

    def is_private(self, row: Mapping[str, Any]) -> bool:
        """Whether the row left as private, or was merged into one that did."""
        return row["id"] in self._private

    def gist(self, key: str) -> str:
        """What another row says, in a line; nothing of a private one."""
        row = self.get(key)
        if row is None or self.is_private(row):
            return "a row that is not shown"
        return clipped(one_line(next(iter(spoken(row).values()), "")), 200)

    def example(
        self, row: Mapping[str, Any], evidence: list[tuple[str, str]], *, hide: bool = False, limit: int = 260
    ) -> Example:
        origin = f"{row['source']} · {row['file']} · record {int(row['row']):,}"
        if hide or self.is_private(row):
            return Example(row["id"], "", origin, hidden=f"Not shown: it holds {private_kinds(row)}.")
        lines = [(label, clipped(one_line(text), limit)) for label, text in spoken(row).items()]
        return Example(row["id"], clipped(row["term"], 120), origin, lines, evidence, cell_text(row, "offensive"))


def spoken(row: Mapping[str, Any]) -> dict[str, str]:
    """What a row says: each text under the word for it. A bad record says what stands in its file."""
    said = {label: cell_text(row, name) for name, label in SPOKEN}
    if cell_text(row, "stage") == "read":
        said["record"] = str(json.loads(cell_text(row, "extra") or "{}").get("raw", ""))
    return {label: text for label, text in said.items() if text}


def one_line(text: str) -> str:
    return " ".join(text.split())


def private_ids(ledger: pd.DataFrame, unchecked: list[str]) -> set[str]:
    """Ids of the rows that left as private or would have, and of those merged into them, however far back."""
    found = set(ledger["id"][ledger["reason"] == "private_text"])
    early = ledger[ledger["stage"].isin(unchecked)].to_dict("records")
    found |= {row["id"] for row in early if looks_private(row)}
    fresh = found
    while fresh:
        fresh = set(ledger["id"][ledger["survivor"].isin(fresh)]) - found
        found |= fresh
    return found


def looks_private(row: Mapping[str, Any]) -> bool:
    from curation.privacy import find_private
    from curation.stage import Given

    return bool(find_private("\n".join([row["term"], cell_text(row, "detail"), *spoken(row).values()]), Given()))


def private_kinds(row: Mapping[str, Any]) -> str:
    kinds = [meaning("private", kind) for kind in cell_list(row, "private")]
    return ", ".join(kinds) or "private text"


def why_left(row: Mapping[str, Any], survivor: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """The evidence columns of a ledger row; where another row stays in its place, that row instead of the detail."""
    score = "" if row["score"] == 1 else cell_text(row, "score")  # exactly the same: no news
    shown = [("score", score), ("because", clipped(cell_text(row, "detail"), 400))]
    if survivor:
        name = survivor["term"] or one_line(next(iter(spoken(survivor).values()), ""))
        shown[1] = ("stays", f"{clipped(name, 120)} · {survivor['source']} · {survivor['id']}")
    return [(label, value) for label, value in shown if value]


def why_flagged(row: Mapping[str, Any], flag: str, rows: Rows) -> list[tuple[str, str]]:
    """What the stage wrote beside a flag."""
    if flag in ("masked_private", "full_name"):
        return [("holds", private_kinds(row))]
    if flag == "same_sense_doubt":
        return [(f"or {score:.2f}", rows.gist(key)) for key, score, answer in sense_pairs(row) if answer == "ask"]
    if flag == "contradiction":
        columns = (cell_list(row, name) for name in ("contradicts", "contradiction_words"))
        return [(words, rows.gist(key)) for key, words in zip(*columns, strict=False)]
    shown = [(NAMES[name], clipped(cell_text(row, name), 200)) for name in FLAG_EVIDENCE.get(flag, ())]
    return [(label, value) for label, value in shown if value]


def sense_pairs(row: Mapping[str, Any]) -> list[tuple[str, float, str]]:
    """(id of the other row, score, answer) for each row of its term that this one was compared with."""
    columns = (cell_list(row, name) for name in ("sense_with", "sense_score", "sense_answer"))
    return list(zip(*columns, strict=False))
