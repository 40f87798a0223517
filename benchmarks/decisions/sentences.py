"""Sentences with labels of which it is known which are wrong.

With `--data DIR` they are those of SlangTrack in DIR, a tenth of their labels turned round, with three seeds, as
benchmarks/label_issues does it. Without, they are the bundled sample's, in which a few were turned round by hand.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.decisions.rows import PLANTED, ROOT
from curation.entry import to_table
from curation.normalize import Normalize
from curation.stage import Given

if TYPE_CHECKING:
    import pandas as pd

SLANGTRACK = Path("labelled") / "slangtrack_sentences.csv"
SAMPLE = ROOT / "data" / "raw" / "labelled_sentences.csv"
SAMPLE_COLUMNS = {"Text": "example", "Label": "label", "Keyword": "term"}
SHARE, SEEDS = 0.1, (0, 1, 2)


class Version(NamedTuple):
    """Labelled sentences, and which of the labels are wrong."""

    table: pd.DataFrame
    wrong: list[bool]


def read_versions(data: Path | None, limit: int | None) -> list[Version]:
    """The versions of the labels; `limit` takes that many sentences, evenly spread."""
    if data is None:
        return [_shortened(_planted(), limit)]
    from benchmarks.label_issues.run import read, with_flips

    sentences = read(data / SLANGTRACK)
    chosen = sentences.iloc[_spread(len(sentences), limit)].reset_index(drop=True)
    turned = [with_flips(chosen, SHARE, seed) for seed in SEEDS]
    return [Version(table, [bool(flipped) for flipped in wrong]) for table, wrong in turned]


def _planted() -> Version:
    from pipelines.sources import SourceSettings, read_source

    source = SourceSettings(name="sentences", path=SAMPLE.name, kind="sentence", columns=SAMPLE_COLUMNS)
    table = Normalize()(to_table(read_source(source, root=SAMPLE.parent)[0]), Given())
    with PLANTED.open(encoding="utf-8", newline="") as file:
        lines = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        wrong = {int(line["row"]) for line in lines if line["fault"] == "label_issue" and line["file"] == SAMPLE.name}
    return Version(table, [row in wrong for row in table["row"]])


def _shortened(version: Version, limit: int | None) -> Version:
    places = _spread(len(version.table), limit)
    return Version(version.table.iloc[places].reset_index(drop=True), [version.wrong[place] for place in places])


def _spread(count: int, limit: int | None) -> list[int]:
    """Evenly spread positions, `limit` of them; sentences of one keyword stand together."""
    wanted = min(count, limit or count)
    return [place * count // wanted for place in range(wanted)]


def prepare(folder: Path, versions: list[Version]) -> None:
    """Writes what the processes of the engines read."""
    from pipelines.tables import write_table

    for number, version in enumerate(versions):
        write_table(folder / f"sentences-{number}.parquet", version.table)
        (folder / f"wrong-{number}.json").write_text(json.dumps(version.wrong), encoding="utf-8")


def load(folder: Path) -> list[Version]:
    """What `prepare` wrote."""
    from pipelines.tables import read_table

    tables = sorted(folder.glob("sentences-*.parquet"))
    wrongs = sorted(folder.glob("wrong-*.json"))
    return [
        Version(read_table(table), json.loads(wrong.read_text(encoding="utf-8")))
        for table, wrong in zip(tables, wrongs, strict=True)
    ]
