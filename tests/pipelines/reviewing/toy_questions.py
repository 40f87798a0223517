"""Builds that ask people questions: what review reads of a build, made by the real review queue from small tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from curation.entry import Entry, to_table
from curation.people.queue import review_queue
from pipelines.tables import write_json, write_table

HOSTILE = "</text><img src=x onerror=\"document.title='PWNED'\"> {{7*7}} {term} ${x}"
LISTS = ("sense_with", "sense_score", "sense_answer")
TEXTS = {"definition_owner": "", "example_owner": "", "label_column": "", "label_suggested": "", "offensive": ""}


def write_toy_build(folder: Path, name: str, questions: int, *, changed: int = 0, score: float = 0.6) -> Path:
    """A build with that many questions, a third each about senses, labels and offence; `changed` of the first definitions
    are another text than before, `score` is what the machine believes of the pairs."""
    rows = []
    for number in range((questions + 2) // 3):
        first = f"charm number {number}" + (", said anew" if number < changed else "")
        rows.append({"term": f"rizz{number}", "definition": first, "example": HOSTILE, "pair": number})
        rows.append({"term": f"rizz{number}", "definition": f"how somebody wins people over, {number}", "pair": number})
    rows += [{"term": f"cap{number}", "kind": "sentence", "example": f"no cap, number {number}", "label": "hat",
              "label_suggested": "lie", "flags": ["label_issue"]} for number in range((questions + 1) // 3)]  # fmt: skip
    rows += [{"term": f"dork{number}", "definition": f"a fool, number {number}", "offensive_score": 0.7}
             for number in range(questions // 3)]  # fmt: skip
    table = _table(rows, score)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "review").mkdir(exist_ok=True)
    write_table(folder / "entries.parquet", table)
    write_table(folder / "ledger.parquet", table.head(0).assign(reason="", survivor="", score=0.0))
    write_json(folder / "review" / "tasks.json", review_queue(table, table.head(0).assign(reason=""), 10 * questions))
    write_json(folder / "manifest.json", {"name": name, "recipe_sha256": "0" * 64})
    return folder


def _table(rows: list[dict], score: float) -> pd.DataFrame:
    fields = set(Entry.__dataclass_fields__)
    entries = [
        Entry("toy", "toy.csv", place, **{key: value for key, value in row.items() if key in fields})
        for place, row in enumerate(rows)
    ]
    table = to_table(entries)
    table["flags"] = pd.Series([row.get("flags", []) for row in rows], dtype=object)
    for name, empty in TEXTS.items():
        column = "label" if name == "label_column" else empty
        table[name] = pd.Series([row.get(name, column) for row in rows], dtype="str")
    table["label_score"] = 0.3
    table["offensive_score"] = [row.get("offensive_score", 0.0) for row in rows]
    pairs: dict[int, list[int]] = {}
    for place, row in enumerate(rows):
        if "pair" in row:
            pairs.setdefault(row["pair"], []).append(place)
    other = {one: two for both in pairs.values() for one, two in (both, both[::-1])}
    ids = list(table["id"])
    for name, value in zip(LISTS, (lambda place: ids[other[place]], lambda _: score, lambda _: "ask"), strict=True):
        cells = [[value(place)] if place in other else [] for place in range(len(rows))]
        table[name] = pd.Series(cells, dtype=object)
    return table.assign(term_key=table["term"].str.casefold())
