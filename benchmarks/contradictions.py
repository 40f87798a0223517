"""Prints what the contradictions stage finds in a build, kind by kind, to be read by eye: is it a contradiction?

    python -m benchmarks.contradictions data/builds/everything --each 50

The stage is run again over the rows that stayed, so a change to it shows without a new build. Which findings are shown
where there are more is drawn by a fixed seed.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import defaultdict
from pathlib import Path

from curation.contradictions import KINDS, Conflict, Contradictions
from curation.stage import Given
from pipelines.embedding import find_embedder
from pipelines.tables import read_table


def main() -> int:
    options = parse()
    table = read_table(options.build / "entries.parquet").reset_index(drop=True)
    stage = Contradictions()
    found: dict[str, list[Conflict]] = defaultdict(list)
    for one in stage.without_synonyms(list(stage.conflicts(table)), Given(embedder=find_embedder(cache=None))):
        found[one.kind].append(one)
    definitions = list(zip(table["term"], table["source"], table["definition"], strict=True))
    for kind in KINDS:
        print(f"\n{kind}: {len(found[kind]):,} found, taken for right with {KINDS[kind]:.2f}")
        for one in random.Random(0).sample(found[kind], min(options.each, len(found[kind]))):
            term, source, left = definitions[one.left]
            _, other, right = definitions[one.right]
            print(f"  {term}: {one.words}\n    {source}: {left[:200]!r}\n    {other}: {right[:200]!r}")
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.contradictions", description="What the stage finds")
    parser.add_argument("build", type=Path, help="a build that ran the same_sense stage")
    parser.add_argument("--each", type=int, default=50, help="findings of each kind (default: %(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
