"""Throws broken files, texts and rows at the readers, the un-renderer and the doctor, for as long as you like.

    python -m benchmarks.fuzz --minutes 20                             all properties in turn
    python -m benchmarks.fuzz --minutes 20 --only unrendered repaired  some of them
    python -m benchmarks.fuzz --minutes 20 --guided reader             one, led by coverage: needs pip install atheris

Not part of the tests: it finds what nobody thought of, and what it finds becomes a test. Each property is run by
hypothesis in rounds of new seeds. A failure is told with its smallest example and kept in --found; the search goes on.
Minutes are CPU time. Exit status 1 where something was found.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import sys
import time
import traceback
from collections import Counter
from contextlib import suppress
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

ROUND = 50  # examples between two looks at the clock
FIRST = (64, 256, 1024, 4096) * 8  # bytes of the inputs that coverage begins with
Property = Any  # a hypothesis test without arguments


def main(argv: list[str] | None = None) -> int:
    options = parse(argv)
    if options.guided and (missing := led_by_coverage()):
        print(f"benchmarks.fuzz: {missing}", file=sys.stderr)
        return 2
    from benchmarks.fuzz_properties import PROPERTIES

    wanted = [options.guided] if options.guided else options.only or list(PROPERTIES)
    if unknown := set(wanted) - set(PROPERTIES):
        print(f"benchmarks.fuzz: no property {min(unknown)!r}; known: {', '.join(PROPERTIES)}", file=sys.stderr)
        return 2
    look = guided if options.guided else search
    return int(bool(look({name: PROPERTIES[name] for name in wanted}, options)))


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=5.0, metavar="M", help="how long to search, in CPU time (5)")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="properties to try; all without it")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="other seed, other examples (1)")
    parser.add_argument("--found", type=Path, metavar="FILE", help="where failures are added, besides the terminal")
    parser.add_argument("--guided", metavar="NAME", help="let atheris lead one property by what code it reaches")
    return parser.parse_args(argv)


def search(properties: dict[str, Property], options: argparse.Namespace) -> dict[str, int]:
    """Try the properties in turn until the time is up; {property: failures of different kinds}."""
    tried: Counter[str] = Counter()
    found: dict[str, set[str]] = {}
    properties = {name: settings_of_a_search(test) for name, test in properties.items()}
    end, turn = time.process_time() + 60 * options.minutes, 0
    with suppress(KeyboardInterrupt):  # who stops the search is told how far it came
        while time.process_time() < end:
            name = list(properties)[turn % len(properties)]
            failure = one_round(properties[name], options.seed + 1_000 * turn, tried, name)
            if failure and (place := where(failure)) not in found.setdefault(name, set()):
                found[name].add(place)
                report(name, place, failure, options.found)
            turn += 1
    for name in properties:
        print(f"{name}: about {tried[name]:,} examples, {len(found.get(name, ()))} kinds of failure")
    return {name: len(places) for name, places in found.items() if places}


def settings_of_a_search(test: Any, database: Any = None) -> Any:
    """A property with the settings of a search: no limits on an example's time, examples kept only if asked to."""
    from hypothesis import HealthCheck, settings

    health = list(HealthCheck)
    return settings(
        max_examples=ROUND, deadline=None, database=database, suppress_health_check=health, print_blob=False
    )(test)


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


# ---------------------------------------------------------------- led by coverage


def led_by_coverage() -> str:
    """Have atheris watch which lines of ours are reached, before any of them is imported; why not, or ""."""
    try:
        import atheris
    except ImportError:
        return "--guided needs atheris: pip install atheris"
    with atheris.instrument_imports(include=["curation.doctor", "pipelines.sources", "pipelines.doctoring"]):
        import benchmarks.fuzz_properties  # noqa: F401
    return ""


def guided(properties: dict[str, Property], options: argparse.Namespace) -> NoReturn:
    """Have atheris choose the bytes that hypothesis makes its choices from; what fails is made small and told.

    libFuzzer ends the process itself: with status 1 where something was found.
    """
    import atheris
    from hypothesis.database import InMemoryExampleDatabase

    [(name, test)] = properties.items()
    test = settings_of_a_search(test, database=InMemoryExampleDatabase())
    found, tried, corpus = set[str](), count(), TemporaryDirectory()

    def one(data: bytes) -> None:
        if time.process_time() > 60 * options.minutes:
            print(f"{name}: {next(tried):,} examples, {len(found)} kinds of failure", flush=True)
            corpus.cleanup()
            os._exit(bool(found))
        try:
            if test.hypothesis.fuzz_one_input(data) is not None:  # None: too few bytes for an example
                next(tried)
        except Exception as failure:  # noqa: BLE001 - any failure is what is looked for
            if (place := where(failure)) not in found:
                found.add(place)
                report(name, place, smallest(test) or failure, options.found)

    for number, size in enumerate(FIRST):
        Path(corpus.name, str(number)).write_bytes(Random(options.seed + number).randbytes(size))
    words = [f"-seed={options.seed}", "-max_len=8192", "-len_control=0", "-verbosity=0", "-timeout=600", corpus.name]
    atheris.Setup([sys.argv[0], *words], one)
    atheris.Fuzz()
    raise SystemExit(bool(found))


def smallest(test: Property) -> BaseException | None:
    """The failure of the smallest example that leads there from those that failed."""
    try:
        test()
    except Exception as failure:  # noqa: BLE001
        return failure
    return None


if __name__ == "__main__":
    faulthandler.enable()  # a library that ends the process does not do it in silence
    sys.exit(main())
