"""Ours beside the peers on every kind of formatting fault: `python -m benchmarks.format_faults`; README.md explains."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.format_faults import ours, peers
from benchmarks.format_faults.make import BAD, GOOD
from benchmarks.format_faults.score import Score, score
from benchmarks.format_faults.sets import LAYOUTS, Made, Scene
from benchmarks.format_faults.tables import by_kind, summary, write_between
from benchmarks.format_faults.targets import FAMILIES, target

Look = Callable[[Path], ours.Seen]  # folder of one kind → what a tool made of it
PLAIN = next(kind for kind in GOOD if kind.name == "plain")


def main(argv: list[str] | None = None) -> int:
    options = parse(argv)
    try:
        with TemporaryDirectory() as scratch:
            scores = measure(options, Path(scratch))
    except (OSError, ValueError) as error:
        print(f"benchmarks.format_faults: {error}", file=sys.stderr)
        return 2
    tell(options, scores)
    return 0


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.format_faults", description=__doc__.split(":")[0])
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="other seed, other rows (1)")
    parser.add_argument("--families", nargs="+", default=FAMILIES, metavar="MODEL", help="names in data/models.toml")
    parser.add_argument("--kinds", nargs="+", default=(), metavar="KIND", help="only these; README.md has their names")
    parser.add_argument("--rows", type=int, default=20, metavar="N", help="faulty rows of a kind (20)")
    parser.add_argument("--peers", type=Path, metavar="DIR", help="environments of the peers: DIR/<name>/bin/…")
    parser.add_argument("--write", action="store_true", help="put the tables into README.md")
    return parser.parse_args(argv)


def measure(options: argparse.Namespace, scratch: Path) -> dict[str, dict[str, Score] | str]:
    """{tool: {kind: its scores of all families added up}}; a text where a tool is not there."""
    scores: dict[str, Any] = {"ours": {}}
    for name in peers.PEERS if options.peers else ():
        scores[name] = {} if peers.version(name, options.peers) else "not installed"
    for place, family in enumerate(options.families):
        tools = {name: told for name, told in scores.items() if isinstance(told, dict)}
        looks = {name: looker(name, family, options, scratch / family) for name in tools}
        for number, kind in enumerate((*BAD, *GOOD)):
            wanted = not options.kinds or kind.name in options.kinds
            if wanted and kind.fits(target(family)):
                random = Random(f"{options.seed} {family} {kind.name}")
                scene = Scene(target(family), random, options.seed + place + number, options.rows, 2 * options.rows)
                made = kind.make(scene)
                folder = write_files(made, scratch / family / "sets" / kind.name)
                for name, told in tools.items():
                    told[kind.name] = told.get(kind.name, Score()) + score(family, kind, made, looks[name](folder))
    return scores


def looker(name: str, family: str, options: argparse.Namespace, scratch: Path) -> Look:
    """How a tool looks at a folder of files for one model."""
    if name == "ours":
        return partial(ours.look, model=family)
    tokenizer, good = scratch / "tokenizer", scratch / "good"
    if not good.exists():
        target(family).tokenizer.save_pretrained(tokenizer, save_jinja_files=False)  # peers read one file
        for turn in range(len(LAYOUTS)):
            scene = Scene(target(family), Random(f"{options.seed} good"), turn, options.rows, 2 * options.rows)
            write_files(PLAIN.make(scene), good / scene.layout(LAYOUTS))
    usual = peers.usual(name, options.peers, good, tokenizer)
    return partial(peers.look, name, options.peers, tokenizer=tokenizer, usual=usual)


def write_files(made: list[Made], folder: Path) -> Path:
    folder.mkdir(parents=True)
    for file in made:
        (folder / file.name).write_bytes(file.data)
    return folder


def tell(options: argparse.Namespace, scores: dict[str, dict[str, Score] | str]) -> None:
    """The tables: of ours kind by kind, or of all tools beside each other."""
    mine = scores["ours"]
    assert isinstance(mine, dict)
    drawn = f"Seed {options.seed}, {options.rows} faulty rows of a kind for each of: {', '.join(options.families)}."
    tables = {"peers" if options.peers else "summary": f"{drawn}\n\n{summary(scores)}"}
    if not options.peers:
        tables["kinds"] = by_kind(mine)
    for name, text in tables.items():
        print(f"{text}\n")
        if options.write:
            write_between(name, text)
    for one in mine.values():
        print("\n".join(one.examples[:1]), end="\n" if one.examples else "")


if __name__ == "__main__":
    sys.exit(main())
