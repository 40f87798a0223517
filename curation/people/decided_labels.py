"""How the label-issue stage obeys people: the label that they chose is written, and the old one is kept."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from curation.people.decided import AS_IT_WAS, RELABELLED, change, decided_rows, note, settled_of
from curation.stage import Given

if TYPE_CHECKING:
    import pandas as pd

TEXTS = ("term", "definition", "example", "context", "plain")  # what a label is asked about, as questions.py asks
NEITHER = "neither"  # neither the given label nor the suggested one: the row is left without


def obey_labels(table: pd.DataFrame, columns: Iterable[str], given: Given) -> tuple[pd.DataFrame, dict[str, list[int]]]:
    """The table with the labels that people chose, and for each column the positions that they have spoken of."""
    known = {one.facts.get("column", "") for one in settled_of(given, "label").values()}
    settled: dict[str, list[int]] = {}
    effects: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    for column in columns:
        values = _labels(table, column) if column in known else []
        asked = table.assign(**{_GIVEN: values}) if values else table
        said = decided_rows(asked, given, "label", (_GIVEN, *TEXTS), first=(column,)) if values else {}
        chosen = {place: "" if one.answer == NEITHER else one.answer for place, (_, one) in said.items()}
        new = {place: label for place, label in chosen.items() if label != values[place]}
        for place, (key, _) in said.items():
            effects[place].append((key, RELABELLED if place in new else AS_IT_WAS))
        table = change(table, column, new)
        settled[column] = sorted(said)
    return note(table, effects), settled


_GIVEN = "label that was given"  # a column for the time of asking


def _labels(table: pd.DataFrame, column: str) -> list[str]:
    """The labels of a column of the table, or of a key of `extra`."""
    if column in table.columns:
        return [str(cell) for cell in table[column]]
    return [str(json.loads(text).get(column, "")) if text else "" for text in table["extra"]]
