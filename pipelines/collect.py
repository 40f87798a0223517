"""Fetches raw slang from where it is written, slowly and by its rules, into a snapshot that a build reads.

    python -m pipelines.collect                                              which sources there are
    python -m pipelines.collect urban_dictionary --terms terms.txt --contact you@example.org
    python -m pipelines.collect urban_dictionary --terms-from sample --contact you@example.org
    python -m pipelines.collect urban_dictionary --gaps sample --contact you@example.org
    python -m pipelines.collect --gaps sample                                terms that have no entry of their own
    python -m pipelines.collect wiktionary --category "Spanish slang" --contact you@example.org

Writes data/snapshots/NAME; a recipe reads it with `snapshot = "NAME"`. Stopped or killed at any moment, the same
command goes on where it was. Run again later, it fetches only what is new; --refresh DAYS also fetches what is older
than that, and records what has changed or vanished. Exit status: 0 collected, 1 some pages or all could not be had,
2 a wrong argument, 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from train.command_line import fail, folder, positive

if TYPE_CHECKING:
    from pipelines.collecting.source import Source, WebSource

ROOT = Path(__file__).resolve().parents[1]
SNAPSHOTS = ROOT / "data" / "snapshots"
BUILDS = ROOT / "data" / "builds"


def main(argv: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if argv is None else argv
    try:
        if not arguments:
            return show_sources()
        options = parse(arguments)
        return collect(options) if options.source else show_gaps(options.gaps)
    except KeyboardInterrupt:
        return fail("interrupted. What was fetched is kept: the same command goes on from there", 130)
    except ModuleNotFoundError as error:
        return fail(f"{error.name} is not installed: pip install '.[collect]'")
    except OSError as error:
        return fail(f"{error.filename or 'file'}: {error.strerror or error}")
    except ValueError as error:  # every error of ours that a user can cause is one
        return fail(str(error))


def show_sources() -> int:
    """What can be collected."""
    from pipelines.collecting.sources import SOURCES, find_source

    for name in sorted(SOURCES):
        source = find_source(name)
        rights = source.licence or "no licence declared"
        print(f"{name:<20} {source.title}; {rights}{'' if source.redistributable else '; not for redistribution'}")
    print("\npython -m pipelines.collect SOURCE --help")
    return 0


def show_gaps(build: str) -> int:
    """The terms that a build lacks, one a line, with where each was met and how often."""
    from pipelines.collecting.gaps import gaps_of_build

    try:
        for gap in gaps_of_build(build, BUILDS):
            print(f"{gap.term}\t{gap.where}\t{gap.count}", flush=True)
    except BrokenPipeError:  # `| head` has seen enough
        sys.stdout = None  # nothing is left to flush
    return 0


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options of one source. Raises CollectError for a source that is not known."""
    from pipelines.collecting.sources import SOURCES, find_source

    parser = argparse.ArgumentParser(
        prog="python -m pipelines.collect", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    if arguments[0].startswith("-"):
        parser.add_argument("source", metavar="SOURCE", nargs="?", choices=sorted(SOURCES), help=", ".join(SOURCES))
        parser.add_argument("--gaps", metavar="BUILD", required=True, help="list the terms that a build lacks")
        return parser.parse_args(arguments)
    source = find_source(arguments[0])
    parser.prog += f" {source.name}"
    parser.description = (sys.modules[source.__module__].__doc__ or "").strip()
    add_options(parser, source)
    options = parser.parse_args(arguments[1:])
    options.source = source
    return options


def add_options(parser: argparse.ArgumentParser, source: type[Source]) -> None:
    from pipelines.collecting.source import WebSource

    source.arguments(parser)
    parser.add_argument("--term", action="append", default=[], metavar="TERM", help="look up this term")
    parser.add_argument("--terms", action="append", default=[], type=Path, metavar="FILE", help="… the terms of a list")
    parser.add_argument("--terms-from", action="append", default=[], metavar="BUILD", help="… of a build's entries")
    parser.add_argument("--gaps", action="append", default=[], metavar="BUILD", help="… that a build lacks")
    parser.add_argument("--name", default=source.name, help=f"of the snapshot ({source.name})")
    parser.add_argument("--out", type=folder, default=SNAPSHOTS, metavar="DIR", help="where snapshots lie")
    parser.add_argument("--limit", type=positive, metavar="N", help="at most N pages this time")
    parser.add_argument("--refresh", type=days, metavar="DAYS", help="fetch again what is older than that (0: all)")
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    if issubclass(source, WebSource):
        parser.add_argument("--contact", default="", help="your mail address or web page, for the site (SLANG_CONTACT)")
        parser.add_argument("--delay", type=days, metavar="S", help=f"seconds between requests ({source.delay:g})")
        parser.add_argument("--timeout", type=days, default=30.0, metavar="S", help="for one page (30)")
        parser.add_argument("--base-url", default="", metavar="URL", help=f"another address of it ({source.base_url})")
        parser.add_argument("--by-api-policy", action="store_true", help=policy_help(source))


def policy_help(source: type[WebSource]) -> str:
    """What --by-api-policy means for a source; hidden where the source has no policy."""
    if not source.api_policy:
        return argparse.SUPPRESS
    return (
        "ask the API even where robots.txt keeps crawlers from it: its owners open it to programs that name a contact "
        f"and ask slowly, one request after the other. You say that you have read {source.api_policy} and keep to it"
    )


def days(text: str) -> float:
    """A number from 0, of days or seconds."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e6:
        raise argparse.ArgumentTypeError(f"expected a number from 0, not {text!r}")
    return value


def collect(options: argparse.Namespace) -> int:
    """The main job: terms, crawl, seal."""
    from filelock import FileLock, Timeout

    from pipelines.collecting import terms
    from pipelines.collecting.gaps import gaps_of_build
    from pipelines.collecting.run import check, run
    from pipelines.terminal import Terminal

    def warn(line: str) -> None:
        print(f"warning: {line}", file=sys.stderr)

    terminal = Terminal(quiet=options.quiet)
    options.contact = getattr(options, "contact", "") or os.environ.get("SLANG_CONTACT", "")
    missing = [gap.term for build in options.gaps for gap in gaps_of_build(build, BUILDS)]
    options.terms_wanted = terms.gather([*options.term, *missing], options.terms, options.terms_from, BUILDS, warn)
    source = options.source(options)
    check(source)
    if (status := source.instead()) is not None:
        return int(status)
    place = (options.out / options.name).resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(place.with_name(f".{place.name}.lock"), blocking=False):
            return int(run(source, place, terminal))
    except Timeout:
        raise ValueError(f"{place}: another collect is writing it. Wait for it, or give another --name") from None


if __name__ == "__main__":
    sys.exit(main())
