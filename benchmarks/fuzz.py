"""Throws broken files, texts and rows at the readers, the un-renderer and the doctor, for as long as you like.

    python -m benchmarks.fuzz --minutes 20                          all properties in turn
    python -m benchmarks.fuzz --minutes 20 --only unrender repair   some of them
    python -m benchmarks.fuzz --guided reader --minutes 20          led by coverage, where atheris is installed

Not part of the tests: it finds what nobody thought of, and what it finds becomes a test. Each property is run by
hypothesis in rounds of new seeds. A failure is told with its smallest example and kept in --found; the search goes on.
Exit status 1 where something was found.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROUND = 50  # examples between two looks at the clock
Property = Callable[..., None]


def main(argv: list[str] | None = None) -> int:
    options = parse(argv)
    from benchmarks.fuzz_properties import PROPERTIES

    if unknown := set(options.only) - set(PROPERTIES):
        print(f"benchmarks.fuzz: no property {min(unknown)!r}; known: {', '.join(PROPERTIES)}", file=sys.stderr)
        return 2
    if options.guided:
        return guided(PROPERTIES[options.only[0] if options.only else "reader"], options)
    found = search({name: PROPERTIES[name] for name in options.only or PROPERTIES}, options)
    return int(bool(found))


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=5.0, metavar="M", help="how long to search (5)")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="properties to try; all without it")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="other seed, other examples (1)")
    parser.add_argument("--found", type=Path, metavar="FILE", help="where failures are added, besides the terminal")
    parser.add_argument("--guided", action="store_true", help="let atheris choose the bytes, for one property")
    return parser.parse_args(argv)


def search(properties: dict[str, Property], options: argparse.Namespace) -> dict[str, int]:
    """Try the properties in turn until the time is up; {property: failures of different kinds}."""
    tried: Counter[str] = Counter()
    found: dict[str, set[str]] = {}
    properties = {name: quietly(test) for name, test in properties.items()}
    end, turn = time.monotonic() + 60 * options.minutes, 0
    while time.monotonic() < end:
        for name, test in properties.items():
            failure = one_round(test, options.seed + 1_000 * turn, tried, name)
            if failure and (place := where(failure)) not in found.setdefault(name, set()):
                found[name].add(place)
                report(name, place, failure, options.found)
            if time.monotonic() > end:
                break
        turn += 1
    for name in properties:
        print(f"{name}: about {tried[name]:,} examples, {len(found.get(name, ()))} kinds of failure")
    return {name: len(places) for name, places in found.items() if places}


def quietly(test: Property) -> Property:
    """A property with the settings of a search: no examples kept, no limits on an example's time."""
    from hypothesis import HealthCheck, settings

    health = list(HealthCheck)
    return settings(max_examples=ROUND, deadline=None, database=None, suppress_health_check=health, print_blob=False)(
        test
    )


def one_round(test: Property, seed: int, tried: Counter[str], name: str) -> BaseException | None:
    """Run a property on some examples; the failure of its smallest counterexample, or None."""
    from hypothesis import seed as seeded

    try:
        seeded(seed)(test)()
    except Exception as failure:  # noqa: BLE001 - any failure is what is looked for
        return failure
    finally:
        tried[name] += ROUND
    return None


def where(failure: BaseException) -> str:
    """The kind of a failure: its type and the last line of ours that it came through."""
    frames = [frame for frame in traceback.extract_tb(failure.__traceback__) if "site-packages" not in frame.filename]
    last = frames[-1] if frames else None
    return f"{type(failure).__name__} at {Path(last.filename).name}:{last.lineno}" if last else type(failure).__name__


def report(name: str, place: str, failure: BaseException, file: Path | None) -> None:
    """Tell a failure with its example, which hypothesis adds as a note."""
    notes = "\n".join(getattr(failure, "__notes__", ()))
    text = f"=== {name}: {place}\n{''.join(traceback.format_exception(failure))[-3000:]}\n{notes}\n"
    print(text, flush=True)
    if file:
        with file.open("a", encoding="utf-8", errors="backslashreplace") as out:
            out.write(text)


def guided(test: Any, options: argparse.Namespace) -> int:
    """Have atheris choose the bytes that hypothesis reads its choices from. Needs `pip install atheris`."""
    try:
        import atheris
    except ImportError:
        print("benchmarks.fuzz: --guided needs atheris: pip install atheris", file=sys.stderr)
        return 2
    atheris.Setup([sys.argv[0], f"-max_total_time={int(60 * options.minutes)}"], test.hypothesis.fuzz_one_input)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
