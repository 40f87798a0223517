"""The texts behind benchmarks/same_sense/labels.jsonl, which holds ids and labels only.

An id is the one that a build gives a row (curation/entry.py): a hash of its source's name and content. So the texts are
found again wherever the published files lie, as long as their content is what it was.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from curation.entry import to_table
from curation.normalize import Normalize
from curation.stage import Given
from pipelines.sources import SourceSettings
from pipelines.sources.read import read_source

if TYPE_CHECKING:
    import pandas as pd

LABELS = Path(__file__).with_name("labels.jsonl")
# Where each published file lies under the data folder, and how it is read.
SOURCES = (
    {"name": "urbanarchive", "path": "urbanarchive", "format": "entry_map"},
    {"name": "genz", "path": "genz/all_slangs.csv"},
    {"name": "kaspercools", "path": "kaspercools/genz_slang.csv"},
    {"name": "noslang", "path": "abbreviations/noslang.json", "format": "term_map"},
    {"name": "backtick", "path": "abbreviations/backtick_slang.txt", "format": "list", "separator": "`", "header": True}
    | {"meaning_separator": "|"},
    {"name": "sms", "path": "abbreviations/sms_slang.txt", "format": "list", "separator": "="},
)


def read_texts(data: Path) -> pd.DataFrame:
    """One row a definition of the sources above, normalised as a build does, with its id, term_key and source."""
    import pandas as pd

    tables = [to_table(read_source(SourceSettings.model_validate(source), root=data)[0]) for source in SOURCES]
    table = Normalize(line_breaks="space")(pd.concat(tables, ignore_index=True), Given())
    return table[table["definition"].str.strip() != ""]


def read_labelled(data: Path, labels: Path = LABELS) -> list[dict[str, str]]:
    """The labelled pairs with their texts: [{"term_a", "definition_a", "term_b", "definition_b", "label"}, …].

    Raises ValueError where a text is not in `data` any more.
    """
    table = read_texts(data).set_index("id")
    texts = {ident: (term, definition) for ident, term, definition in table[["term", "definition"]].itertuples()}
    pairs = []
    for line in labels.read_text(encoding="utf-8").splitlines():
        label = json.loads(line)
        pair = {"label": label["label"]}
        for side in "ab":
            ident = label[f"id_{side}"]
            if ident not in texts:
                raise ValueError(f"{labels}: no row {ident} in {data}: is {label[f'source_{side}']} what it was?")
            pair[f"term_{side}"], pair[f"definition_{side}"] = texts[ident]
        pairs.append(pair)
    return pairs
