"""Finds every formatting fault of a chat dataset, row by row, against the chat template of the model to be trained.

    python -m pipelines.doctor train.jsonl --for llama-3.2-1b-instruct            what is wrong, and what it does
    python -m pipelines.doctor train.jsonl --for llama-3.2-1b-instruct --fix mended    a repaired copy, each row proved
    python -m pipelines.doctor train.jsonl --for my-model/ --row 17               one row as the model sees it
    python -m pipelines.doctor --list                                             every fault, explained

DATASET is a file (.jsonl .json .csv .tsv .parquet .arrow .txt, also .gz and .zst), a folder of them, a build, or a
dataset of the Hub. Exit status: 0 well, 1 a fault at or above --fail-on, 2 a wrong argument or file, 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from train.command_line import fail, folder, positive

if TYPE_CHECKING:
    from pipelines.doctoring.visit import Examined


def main(argv: list[str] | None = None) -> int:
    options = parse(argv)
    try:
        if options.list is not None:
            return explain(options)
        return show_row(options) if options.row is not None else examine(options)
    except KeyboardInterrupt:
        return fail("interrupted; nothing was written", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader went away; say no more
        return 141
    except OSError as error:
        return fail(f"{error.filename or 'file'}: {error.strerror or error}")
    except ValueError as error:  # every error of ours that a user can cause is one
        if options.debug:
            raise
        return fail(str(error))


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.doctor", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dataset", nargs="?", metavar="DATASET", help="file, folder, build or Hub dataset")
    parser.add_argument("--for", dest="model", metavar="MODEL", help="name in data/models.toml, Hub id, or folder")
    parser.add_argument("--fix", type=folder, metavar="OUT", help="write a repaired copy to this folder")
    parser.add_argument("--format", choices=("table", "json", "html"), default="table", help="how findings are shown")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where json or html goes (json: stdout without it)")
    parser.add_argument("--fail-on", choices=("fatal", "warning", "never"), default="fatal", help="exit 1 at (fatal)")
    parser.add_argument("--row", type=row_number, metavar="N", help="show row N (from 0) as the model sees it")
    parser.add_argument("--file", metavar="F", help="with --row: the file of it, where there are several")
    parser.add_argument("--list", nargs="?", const="", metavar="FAULT", help="explain every fault, or one")
    parser.add_argument("--split", default="", metavar="S", help="look at one split only")
    parser.add_argument("--max-length", type=positive, default=2048, metavar="N", help="tokens of a row (2048)")
    parser.add_argument("--no-ids", action="store_true", help="skip what needs a tokenizer: faster, finds less")
    parser.add_argument("--workers", type=positive, default=min(os.cpu_count() or 1, 4), metavar="N", help="processes")
    parser.add_argument("--debug", action="store_true", help="show where in the code an error came from")
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    options = parser.parse_args(argv)
    check(parser, options)
    return options


def check(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Refuse what does not go together."""
    if options.list is not None:
        return
    if not options.dataset or not options.model:
        parser.error("expected DATASET and --for MODEL (or --list)")
    if options.fix and options.no_ids:
        parser.error("--fix proves each repair on token ids: leave --no-ids out")
    if options.row is not None and (options.fix or options.format != "table"):
        parser.error("--row shows one row in the terminal: leave --fix and --format out")
    if options.format == "html" and not options.out:
        options.out = Path("doctor.html")
    if options.out and options.format == "table":
        parser.error("--out needs --format json or html")


def row_number(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number from 0, not {text!r}")
    return int(text)


def explain(options: argparse.Namespace) -> int:
    """--list: what the faults are."""
    from pipelines.doctoring.terminal import list_faults

    return list_faults(options.list)


def show_row(options: argparse.Namespace) -> int:
    """--row: one row, as the model sees it."""
    from pipelines.doctoring.one_row import find_row, show
    from pipelines.doctoring.visit import arrive

    visit = arrive(options)
    show(find_row(visit.dataset, options.row, options.file), visit)
    return 0


def examine(options: argparse.Namespace) -> int:
    """The main job: read, diagnose, repair if asked, show, and say how it went."""
    from pipelines.doctoring.lines import check_file
    from pipelines.doctoring.visit import arrive, diagnosed, repaired
    from pipelines.doctoring.writing import check_place, write_repaired

    if options.out:
        check_file(options.out, options.dataset)
    if options.fix:
        check_place(options.fix, options.dataset)
    visit = arrive(options)
    examined = repaired(visit) if options.fix else diagnosed(visit)
    if examined.repaired:
        write_repaired(options.fix, visit, examined.repaired)
    show(options, examined)
    return status(examined, options.fail_on)


def show(options: argparse.Namespace, examined: Examined) -> None:
    """The findings, in the way that was asked for."""
    from pipelines.doctoring import lines, terminal

    if options.format == "json":
        lines.write(examined.diagnosis, options.out)
    elif options.format == "html":
        from pipelines.doctoring import page

        page.write(options.out, examined)
    if options.format != "json" and not options.quiet:
        terminal.tell(examined, page=options.out, fix=options.fix)


def status(examined: Examined, fail_on: str) -> int:
    """1 where a fault at or above `fail_on` is there; after a repair, where one is left."""
    if fail_on == "never":
        return 0
    left = examined.repaired.after if examined.repaired else examined.diagnosis
    bad = ("fatal",) if fail_on == "fatal" else ("fatal", "warning")
    return int(any(found.severity in bad for found in left.findings))


if __name__ == "__main__":
    sys.exit(main())
