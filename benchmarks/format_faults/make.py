"""Writes the sets to a folder: `python -m benchmarks.format_faults.make --out DIR --seed N`.

DIR/<model>/<kind>/<file> for every kind that fits the model, and DIR/truth.jsonl: one line for each faulty row,
{model, kind, fault, also, file, row, or_row, twin}; `row` from 0, -1 for the whole file; `twin` is the row without its
fault, null where nothing leads back to it. Good files have no line there. DIR must not exist.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from benchmarks.format_faults import crowd, files, good, rendered, said, tokens, turns
from benchmarks.format_faults.sets import Kind, Made, Scene
from benchmarks.format_faults.targets import FAMILIES, target

BAD: tuple[Kind, ...] = tuple(kind for part in (tokens, rendered, turns, files, said, crowd) for kind in part.KINDS)
GOOD: tuple[Kind, ...] = good.KINDS


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.format_faults.make", description=__doc__.split(":")[0])
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write; must not exist")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="other seed, other rows (1)")
    parser.add_argument("--families", nargs="+", default=FAMILIES, metavar="MODEL", help="names in data/models.toml")
    parser.add_argument(
        "--rows", type=int, default=20, metavar="N", help="faulty rows of a kind (20), beside twice as many"
    )
    options = parser.parse_args(argv)
    try:
        count = write(options.out, options.seed, options.families, options.rows)
    except (OSError, ValueError) as error:
        print(f"benchmarks.format_faults.make: {error}", file=sys.stderr)
        return 2
    print(f"{count} files in {options.out}")
    return 0


def write(out: Path, seed: int, families: Sequence[str] = FAMILIES, faulty: int = 20) -> int:
    """All sets of these families; how many files. Raises FileExistsError, and ValueError for an unknown model."""
    out.mkdir(parents=True)
    count = 0
    with (out / "truth.jsonl").open("w", encoding="utf-8") as truth:
        for family, kind, made in drawn(seed, families, faulty):
            folder = out / family / kind.name
            folder.mkdir(parents=True, exist_ok=True)
            (folder / made.name).write_bytes(made.data)
            count += 1
            for one in made.truth:
                record = {"model": family, "kind": kind.name, "fault": kind.fault, "also": kind.also, "file": made.name}
                told = {"row": one.row, "or_row": one.or_row, "twin": one.twin}
                truth.write(json.dumps(record | told, ensure_ascii=False) + "\n")
    return count


def drawn(seed: int, families: Sequence[str] = FAMILIES, faulty: int = 20) -> Iterator[tuple[str, Kind, Made]]:
    """Every file of every kind that fits a family; the layouts of a kind take turns from family to family."""
    for place, family in enumerate(families):
        aim = target(family)
        for number, kind in enumerate((*BAD, *GOOD)):
            if kind.fits(aim):
                random = Random(f"{seed} {family} {kind.name}")
                scene = Scene(aim, random, seed + place + number, faulty, 2 * faulty)
                yield from ((family, kind, made) for made in kind.make(scene))


if __name__ == "__main__":
    sys.exit(main())
