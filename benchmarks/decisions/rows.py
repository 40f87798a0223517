"""What the engines are given: one table of definitions, the labelled pairs in it, and vectors made beforehand.

Without data of your own it is the bundled sample, whose planted duplicates and controls are its labelled pairs. With
`--data DIR` it is what published.toml names in DIR, and the pairs of DIR/gold/same_sense_pairs.jsonl. The texts are
normalised first, for every engine the same way.
"""

from __future__ import annotations

import csv
import json
import tomllib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from curation.entry import Entry, to_table
from curation.normalize import Normalize
from curation.stage import Given

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from curation.embed import Embedder

    Floats = npt.NDArray[np.float32]

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = Path(__file__).with_name("published.toml")
SAMPLE = ROOT / "data" / "recipes" / "sample.toml"
PLANTED = ROOT / "data" / "raw" / "PLANTED.tsv"
PAIRS = Path("gold") / "same_sense_pairs.jsonl"
LABELS = ("same", "related", "different")
PLANTED_LABELS = {
    "same_sense_duplicate": "same",
    "same_sense_doubt": "related",
    "control:same_sense_duplicate": "different",
}
TABLE_FILE, PAIRS_FILE, DEFINITIONS_FILE, TERMS_FILE = "rows.parquet", "pairs.json", "definitions.npy", "terms.npy"


class Pair(NamedTuple):
    """Two rows of one term, by position, and what people called them: same, related or different."""

    left: int
    right: int
    label: str


@dataclass(frozen=True)
class Rows:
    """What an engine is given. Vectors are of length 1, float32, of shape (rows, dimensions), a row a definition."""

    table: pd.DataFrame
    folder: Path  # where the vectors lie
    given: Given  # for our own stages
    places: tuple[int, ...] | None = None  # of the rows in the whole table; None: they are the whole table

    @cached_property
    def definitions(self) -> list[str]:
        return [str(text) for text in self.table["definition"]]

    @cached_property
    def terms(self) -> list[str]:
        return [str(text) for text in self.table["term"]]

    @cached_property
    def vectors(self) -> Floats:
        return self._read(DEFINITIONS_FILE)

    @cached_property
    def vectors_with_terms(self) -> Floats:
        """Vectors of terms and of definitions side by side, the two weighing the same; of length 1."""
        import numpy as np

        return np.hstack([self._read(TERMS_FILE), self.vectors]) / np.float32(2**0.5)

    def only(self, places: list[int]) -> Rows:
        """The rows at these positions alone."""
        return replace(self, table=self.table.iloc[places].reset_index(drop=True), places=tuple(places))

    def _read(self, name: str) -> Floats:
        import numpy as np

        vectors: Floats = np.load(self.folder / name)
        return vectors if self.places is None else vectors[list(self.places)]


def read_rows(data: Path | None, pairs: Path | None, limit: int | None) -> tuple[pd.DataFrame, list[Pair]]:
    """The normalised definitions, at most `limit` of them beside those of the pairs, and the labelled pairs.

    Raises OSError or ValueError where `data` or `pairs` is not what README.md describes.
    """
    import pandas as pd

    tables = _tables(data)
    labelled_file = pairs or (data / PAIRS if data else None)
    gold = _gold(labelled_file) if labelled_file else []
    if gold:
        tables.append(to_table([entry for _, *both in gold for entry in both]))
    table = Normalize()(pd.concat(tables, ignore_index=True), Given())
    useful = (table["kind"] == "definition") & (table["definition"].str.strip() != "") & (table["term_key"] != "")
    table = table[useful].reset_index(drop=True)
    labelled = _gold_pairs(table, gold) if gold else _planted_pairs(table)
    return _shortened(table, labelled, limit)


def _tables(data: Path | None) -> list[pd.DataFrame]:
    from pydantic import TypeAdapter

    from pipelines.sources import SourceSettings, read_source

    named = PUBLISHED if data else SAMPLE
    raw = tomllib.loads(named.read_text(encoding="utf-8"))["sources"]
    sources = TypeAdapter(list[SourceSettings]).validate_python(raw)
    return [to_table(read_source(source, root=data or named.parent)[0]) for source in sources]


def _gold(path: Path) -> list[tuple[str, Entry, Entry]]:
    """Label and both sides of each labelled pair, as entries of a source `gold`."""
    found = []
    for row, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
        try:
            pair = json.loads(line)
            label = LABELS[LABELS.index(pair["label"])]
            found.append((label, _side(pair, "a", row), _side(pair, "b", row)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(
                f"{path}, line {row + 1}: {error}; a line is an object with term_a, definition_a, term_b, "
                f"definition_b, and a label that is one of {', '.join(LABELS)}"
            ) from None
    return found


def _side(pair: dict[str, object], side: str, row: int) -> Entry:
    """One definition of a labelled pair; `file` and `row` say which, so that it is found again in the table."""
    term, definition, example = (str(pair.get(f"{name}_{side}", "")) for name in ("term", "definition", "example"))
    if not term.strip() or not definition.strip():
        raise ValueError(f"no term_{side} or definition_{side}")
    return Entry("gold", file=side, row=row, term=term, definition=definition, example=example)


def _gold_pairs(table: pd.DataFrame, gold: list[tuple[str, Entry, Entry]]) -> list[Pair]:
    """The positions of the pairs.

    A side that another row gives word for word is that row, so that the table has it once; but two sides of one pair
    are never one row.
    """
    columns = [table[name].tolist() for name in ("source", "file", "row", "term", "definition", "example")]
    first: dict[tuple[str, ...], int] = {}
    place_of: dict[tuple[str, int], int] = {}
    for place, (source, file, row, *text) in enumerate(zip(*columns, strict=True)):
        known = first.setdefault(tuple(text), place)
        if source == "gold":
            taken = place_of.get(("a", row)) if file == "b" else None
            place_of[file, row] = known if known != taken else place
    sides = [(label, place_of.get(("a", row)), place_of.get(("b", row))) for row, (label, *_) in enumerate(gold)]
    return [Pair(left, right, label) for label, left, right in sides if left is not None and right is not None]


def _planted_pairs(table: pd.DataFrame) -> list[Pair]:
    spots = zip(table["file"].tolist(), table["row"].tolist(), strict=True)
    place_of = {spot: place for place, spot in enumerate(spots)}
    with PLANTED.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    found = []
    for line in lines:
        other, _, row = line["related"].rpartition(":")
        left, right = place_of.get((line["file"], int(line["row"]))), place_of.get((other, int(row or -1)))
        if line["fault"] in PLANTED_LABELS and left is not None and right is not None:
            found.append(Pair(left, right, PLANTED_LABELS[line["fault"]]))
    return found


def _shortened(table: pd.DataFrame, pairs: list[Pair], limit: int | None) -> tuple[pd.DataFrame, list[Pair]]:
    """The table without gold rows that stand in it already, and its first `limit` rows beside those of the pairs."""
    wanted = {place for pair in pairs for place in pair[:2]}
    others = [place for place, source in enumerate(table["source"]) if source != "gold" and place not in wanted]
    kept = sorted([*wanted, *others[: len(others) if limit is None else limit]])
    new = {place: number for number, place in enumerate(kept)}
    moved = [Pair(new[pair.left], new[pair.right], pair.label) for pair in pairs]
    return table.iloc[kept].reset_index(drop=True), moved


def prepare(folder: Path, table: pd.DataFrame, pairs: list[Pair], embedder: Embedder) -> None:
    """Writes what the processes of the engines read: rows, pairs, and the vectors of definitions and terms."""
    import numpy as np

    from pipelines.tables import write_table

    write_table(folder / TABLE_FILE, table)
    (folder / PAIRS_FILE).write_text(json.dumps(pairs), encoding="utf-8")
    for name, column in ((DEFINITIONS_FILE, "definition"), (TERMS_FILE, "term")):
        np.save(folder / name, embedder(table[column].tolist()))


def load(folder: Path, given: Given) -> tuple[Rows, list[Pair]]:
    """What `prepare` wrote. Vectors are read when an engine first asks for them."""
    from pipelines.tables import read_table

    pairs = [Pair(*pair) for pair in json.loads((folder / PAIRS_FILE).read_text(encoding="utf-8"))]
    return Rows(read_table(folder / TABLE_FILE), folder, given), pairs
