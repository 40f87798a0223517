"""Seconds of the decision for 56,000 pairs, once vectors are there: `python -m benchmarks.same_sense.speed`.

    python -m benchmarks.same_sense.speed --data urbanarchive      entries by letter, {word: [{definition, …}]}

Real definitions; where they give fewer pairs, their terms are repeated under other keys. What is counted is all that
the stage does for a pair: reading both definitions, comparing them, scoring, answering. Vectors are drawn at random
beforehand, since only their number costs time.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROUNDS, PAIRS = 3, 56_000
SAMPLE = Path(__file__).resolve().parents[2] / "data" / "raw"


class ReadyVectors:
    """Every text's vector, drawn when it is first asked for."""

    fingerprint = "random"

    def __init__(self) -> None:
        self.known: dict[str, Any] = {}

    def __call__(self, texts: list[str]) -> Any:
        import numpy as np

        for number, text in enumerate(texts):
            if text not in self.known:
                drawn = np.random.default_rng([number, len(text)]).standard_normal(384, dtype="float32")
                self.known[text] = drawn / np.linalg.norm(drawn)
        return np.stack([self.known[text] for text in texts])


def main() -> int:
    from curation.same_sense import SameSense
    from curation.stage import Given

    options = parse()
    given, stage = Given(embedder=ReadyVectors()), SameSense()
    table = repeated(entries(options.data), stage, given)
    for _ in range(ROUNDS):
        wall, cpu = time.perf_counter(), time.process_time()
        pairs = len(stage.compare(table, given))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(f"{len(table):,} rows, {pairs:,} pairs: {wall:.2f} s, {cpu:.2f} s of the processor")
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.same_sense.speed", description=__doc__.split(":")[0])
    parser.add_argument("--data", type=Path, default=SAMPLE / "street_dictionary.json", metavar="PATH")
    return parser.parse_args()


def entries(path: Path) -> Any:
    """The rows that share a term with another, normalised."""
    from curation.entry import to_table
    from curation.normalize import Normalize
    from curation.stage import Given
    from pipelines.sources import SourceSettings, read_source

    settings = SourceSettings(name="data", path=path.name, format="entry_map", language="en")
    found, _ = read_source(settings, root=path.absolute().parent)
    table = Normalize()(to_table(found), Given())
    shared = Counter(table["term_key"])
    return table[[shared[key] > 1 for key in table["term_key"]]]


def repeated(table: Any, stage: Any, given: Any) -> Any:
    """The table as often as PAIRS wants it, cut after a term."""
    import pandas as pd

    times = PAIRS / len(stage.compare(table, given))
    copies = [
        table.assign(term_key=table["term_key"] + f" {n}", id=table["id"] + f"-x{n}") for n in range(int(times) + 1)
    ]
    keys = sorted(set(table["term_key"]))
    cut = frozenset(f"{key} {int(times)}" for key in keys[int(len(keys) * (times % 1)) :])
    whole = pd.concat(copies, ignore_index=True)
    return whole[[key not in cut for key in whole["term_key"]]].reset_index(drop=True)


if __name__ == "__main__":
    sys.exit(main())
