"""How well texts under a wrong term are found: a tenth of the definitions, then of the examples, changes places.

    python -m benchmarks.text_pairing.run --genz all_slangs.csv --urbanarchive FOLDER [--entries 4000] [--seeds 3]

Before they change places every term is masked in its own texts, or it would be a substring test. Initialisms, whose
definition spells them, are also shown apart: they are found by their letters. Printed for each table, column and seed:
average precision over all rows, the share of wrong ones among the first hundred, of those flagged, and how often the
suggested owner is the right one; beside it the average precision of the plain cosine of definition and example. Then,
by bins of the fit, whether it is true (reliability.py).
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.text_pairing.reliability import calibration_error, reliability
from curation.deduplicate import ExactDuplicates
from curation.entry import to_table
from curation.normalize import Normalize
from curation.pairing import TextPairing
from curation.stage import Given
from curation.text.headwords import expansions, letters_of, uses, variants
from pipelines.embedding import find_embedder
from pipelines.engine import run_stage
from pipelines.sources import SourceSettings, read_source

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]

GENZ = {"Slang": "term", "Description": "definition", "Example": "example", "Context": "context"}
LETTERS = ("A.json", "B.json", "C.json")
SHARE = 0.1  # of the rows whose text changes places
FIRST = 100
PIECE = re.compile(r"\w+|[^\w\s]|\s+")
MASK = "it"


def main() -> int:
    args = parser().parse_args()
    embedder = Remembering()
    print("| table | column | rows | seed | average precision | first 100 | flagged | right | owner right | cosine |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    told: list[tuple[str, list[tuple[Floats, Bools]]]] = []
    for name, table in tables(args):
        for column in ("definition", "example"):
            runs = [measure(table, column, seed, embedder) for seed in range(args.seeds)]
            for kind in runs[0]:
                for seed, run in enumerate(runs):
                    print(f"| {name}, {kind} | {column} | {run[kind].rows} | {seed} | {run[kind].line()} |", flush=True)
                mean = sum(run[kind].precision for run in runs) / len(runs)
                first = sum(run[kind].first for run in runs) / len(runs)
                print(f"| {name}, {kind} | {column} | | mean | **{mean:.3f}** | **{first:.2f}** | | | | |", flush=True)
            told.append((f"{name} {column}", [(run["all"].fit, run["all"].wrong) for run in runs]))
    for title, judged in told:
        print_reliability(title, judged)
    return 0


def print_reliability(title: str, judged: Sequence[tuple[Floats, Bools]]) -> None:
    import numpy as np

    bins = reliability(*(np.concatenate(parts) for parts in zip(*judged, strict=True)))
    errors = " · ".join(f"{calibration_error(reliability(fit, wrong)):.3f}" for fit, wrong in judged)
    print(f"\n| {title} | rows | said | seen |\n|---|---|---|---|")
    for one in bins:
        print(f"| {one.low}–{one.high} | {one.rows} | {one.said:.2f} | {one.seen:.2f} |")
    print(f"\nExpected calibration error of each seed: {errors}")


def parser() -> argparse.ArgumentParser:
    known = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known.add_argument("--genz", type=Path, help="the published CSV")
    known.add_argument("--urbanarchive", type=Path, help="a folder with A.json, B.json and C.json")
    known.add_argument("--entries", type=int, default=0, help="so many entries of the archive; 0: all")
    known.add_argument("--seeds", type=int, default=3)
    return known


def tables(args: argparse.Namespace) -> list[tuple[str, pd.DataFrame]]:
    """The tables as the stage meets them: normalised, exact duplicates gone, nothing else swept; their terms masked."""
    found = []
    if args.genz:
        settings = SourceSettings(name="genz", path=args.genz.name, columns=GENZ, language="en")
        found.append(("genz", prepared(settings, args.genz.parent)))
    if args.urbanarchive:
        settings = SourceSettings(name="archive", path=list(LETTERS), format="entry_map", language="en")
        table = prepared(settings, args.urbanarchive)
        found.append(("archive", table.sample(args.entries, random_state=0) if args.entries else table))
    return [(name, masked(table).reset_index(drop=True)) for name, table in found]


def prepared(settings: SourceSettings, root: Path) -> pd.DataFrame:
    table = to_table(read_source(settings, root=root)[0])
    for stage in (Normalize(), ExactDuplicates()):
        table = run_stage(stage, table, Given())[0]
    return table


def masked(table: pd.DataFrame) -> pd.DataFrame:
    names = ("definition", "example", "context")
    return table.assign(
        **{name: [hide(text, term) for text, term in zip(table[name], table["term"], strict=True)] for name in names}
    )


def hide(text: str, term: str) -> str:
    """The text with MASK in the place of its term, inflected or inside a longer word too."""
    pieces = PIECE.findall(text.replace("’", "'"))
    places = [at for at, piece in enumerate(pieces) if not piece.isspace()]
    words = [pieces[at].casefold() for at in places]
    hidden = {at for spelling in variants(term) for place in uses(words, spelling) for at in place}
    together = "".join(filter(str.isalnum, term)).casefold()
    if len(together) >= 4:
        hidden |= {at for at, word in enumerate(words) if together in word}
    for at in sorted(hidden, reverse=True):
        follows = at - 1 in hidden
        pieces[places[at - 1] + 1 if follows else places[at] : places[at] + 1] = [] if follows else [MASK]
    return "".join(pieces)


def swapped(table: pd.DataFrame, column: str, seed: int) -> tuple[pd.DataFrame, dict[int, int]]:
    """The table with a tenth of one column's texts moved on among themselves, and row → the row its text came from."""
    import numpy as np

    chance = np.random.default_rng(seed)
    whole = np.flatnonzero((table["definition"] != "") & (table["example"] != ""))
    rows = chance.choice(whole, round(SHARE * len(table)), replace=False)
    keys = table["term_key"].to_numpy()
    while (keys[rows] == keys[np.roll(rows, 1)]).any():
        chance.shuffle(rows)
    texts = table[column].to_numpy(dtype=object).copy()
    texts[rows] = texts[np.roll(rows, 1)]
    return table.assign(**{column: texts}), dict(zip(rows.tolist(), np.roll(rows, 1).tolist(), strict=True))


@dataclass(frozen=True)
class Found:
    """How one kind of row was judged."""

    rows: int
    precision: float  # average precision
    first: float  # the share of swapped ones among the first hundred
    flagged: int
    right: int
    owners: int
    cosine: float
    fit: Floats  # of each row; NaN: not judged
    wrong: Bools

    def line(self) -> str:
        owner = f"{self.owners} of {self.right}" if self.right else "–"
        return f"{self.precision:.3f} | {self.first:.2f} | {self.flagged} | {self.right} | {owner} | {self.cosine:.3f}"


def measure(table: pd.DataFrame, column: str, seed: int, embedder: Remembering) -> dict[str, Found]:
    """Kind of row → how it was judged, when a tenth of the column's texts have changed places."""
    import numpy as np

    moved, came_from = swapped(table, column, seed)
    judged = TextPairing()(moved, Given(embedder=embedder))
    fit = judged[f"{column}_fit"].to_numpy(dtype=np.float64)
    cosine = (embedder(moved["definition"].tolist()) * embedder(moved["example"].tolist())).sum(axis=1)
    flags = np.array([f"{column}_of_another_term" in flags for flags in judged["flags"]], dtype=bool)
    terms, owners = table["term"].tolist(), judged[f"{column}_owner"].tolist()
    right_owner = np.array(
        [at in came_from and terms[came_from[at]] == owner for at, owner in enumerate(owners)], dtype=bool
    )
    wrong = np.isin(np.arange(len(table)), list(came_from))
    spelled = initialisms(table)
    kinds = {"all": np.ones(len(table), dtype=bool), "initialisms": spelled, "other terms": ~spelled}
    return {
        kind: found(rows, wrong, {"fit": fit, "cosine": cosine}, flags, right_owner)
        for kind, rows in kinds.items()
        if kind == "all" or 0.05 < spelled.mean() < 0.95
    }


def found(rows: Bools, wrong: Bools, scores: dict[str, Floats], flags: Bools, right_owner: Bools) -> Found:
    import numpy as np
    from sklearn.metrics import average_precision_score

    ranked = {name: np.nan_to_num(score[rows], nan=1.0) for name, score in scores.items()}
    precision = {name: float(average_precision_score(wrong[rows], -score)) for name, score in ranked.items()}
    order = np.flatnonzero(rows)[np.argsort(ranked["fit"], kind="stable")]
    hits = flags & wrong & rows
    return Found(
        rows=int(rows.sum()),
        precision=precision["fit"],
        first=float(wrong[order[:FIRST]].mean()),
        flagged=int((flags & rows).sum()),
        right=int(hits.sum()),
        owners=int((hits & right_owner).sum()),
        cosine=precision["cosine"],
        fit=scores["fit"][rows],
        wrong=wrong[rows],
    )


def initialisms(table: pd.DataFrame) -> Bools:
    """The rows whose true definition spells the term's letters."""
    import numpy as np

    return np.array(
        [letters_of(term) in expansions(text) for term, text in zip(table["term"], table["definition"], strict=True)],
        dtype=bool,
    )


@dataclass
class Remembering:
    """The project's embedder, which is asked for every text once in all seeds."""

    fingerprint: str = "remembering"
    known: dict[str, npt.NDArray[np.float32]] = field(default_factory=dict)

    def __call__(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        import numpy as np

        fresh = sorted({text for text in texts if text not in self.known})
        if fresh:
            vectors = find_embedder(cache=None)(fresh)
            self.known.update(zip(fresh, vectors, strict=True))
        return np.array([self.known[text] for text in texts], dtype=np.float32)


if __name__ == "__main__":
    sys.exit(main())
