"""The two hard decisions, ours beside the peers: `python -m benchmarks.decisions`; README.md tells what it measures."""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.decisions.rows import ROOT

PARTS = ("same_sense", "label_issues")


def main(argv: list[str] | None = None) -> int:
    options = parse(argv)
    if options.measure:
        part, _, number = options.measure.partition(":")
        print(json.dumps(module(part).measure(int(number), options.prepared, options.cache)))
        return 0
    try:
        for part in options.parts:
            text = module(part).run(options)
            print(f"\n{text}\n", flush=True)
            if options.write:
                write(part, text, options.engine)
    except (OSError, ValueError) as error:
        print(f"benchmarks.decisions: {error}", file=sys.stderr)
        return 2
    return 0


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.decisions", description=__doc__.split(":")[0])
    parser.add_argument("--data", type=Path, metavar="DIR",
                        help="published data, laid out as README.md tells; without it, the bundled sample")  # fmt: skip
    parser.add_argument("--pairs", type=Path, metavar="FILE", help="other labelled pairs than DIR's, as JSON lines")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, metavar="PART",
                        help=f"{' or '.join(PARTS)}; both when not given")  # fmt: skip
    parser.add_argument("--engine", default="", metavar="NAME",
                        help="only engines with NAME in their name; --write then keeps all other lines")  # fmt: skip
    parser.add_argument("--runs", type=positive, default=1, metavar="N", help="runs of each engine; 1 when not given")
    parser.add_argument("--limit", type=positive, metavar="N", help="at most N rows beside those of the pairs")
    parser.add_argument("--cache", type=Path, default=ROOT / "data" / "cache", metavar="DIR", help="for vectors")
    parser.add_argument("--write", action="store_true", help="put the tables into README.md")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--prepared", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def module(part: str) -> Any:
    """The module of a part: `run` for the command, `measure` in the process of an engine."""
    return import_module(f"benchmarks.decisions.{part}")


def write(part: str, text: str, engine: str) -> None:
    from benchmarks.decisions.tables import write_between, write_lines

    if engine:
        write_lines(part, text)
    else:
        write_between(part, text)


if __name__ == "__main__":
    sys.exit(main())
