"""A trained adapter in the forms that people use, with a proof that each is fed the ids of training.

    python -m train.export --run data/runs/NAME
    python -m train.export --run data/runs/NAME --as gguf --quantisation q4_k_m --out DIR

adapter: PEFT files and tokenizer. merged: base and adapter as one model of 16 bits. gguf: for llama.cpp and Ollama,
with a Modelfile. Killed at any moment it leaves the old folder or the new one. Exit status: 0 done, 2 a wrong argument,
run or disk, 130 interrupted.
"""

from __future__ import annotations

import argparse
import difflib
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from train.command_line import fail, folder
from train.errors import TrainError
from train.exporting.merging import merge
from train.exporting.parts import FORMS, QUANTISATIONS, Export, plain_name, write
from train.faults import in_one_line

__all__ = ["export", "main", "merge"]


def main(argv: list[str] | None = None) -> int:
    options = parse(argv)
    try:
        folder = export(options.run, options.forms, options.quantisation, options.out, say=print, base=options.base)
    except KeyboardInterrupt:
        return fail("interrupted. What stood there before still stands", 130)
    except OSError as error:
        return fail(f"{error.filename or options.run}: {error.strerror or error}", 2)
    except ValueError as error:  # every error of ours that a user can cause is one
        if options.debug:
            raise
        return fail(str(error), 2)
    print(f"Wrote {folder}; {folder / 'README.md'} tells how to load it")
    return 0


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m train.export", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=folder, required=True, metavar="DIR", help="a finished run")
    form, quantisation = one_of(FORMS, "form"), one_of(QUANTISATIONS, "quantisation")
    parser.add_argument(
        "--as", nargs="+", dest="forms", default=list(FORMS), type=form, metavar="FORM",
        help=f"any of {', '.join(FORMS)} (default: all)",
    )  # fmt: skip
    parser.add_argument(
        "--quantisation", nargs="+", default=list(QUANTISATIONS), type=quantisation, metavar="TYPE",
        help=f"any of {', '.join(QUANTISATIONS)} (default: both)",
    )  # fmt: skip
    parser.add_argument("--out", type=folder, metavar="DIR", help="folder to write (default: export, in the run)")
    parser.add_argument("--base", default="", metavar="MODEL", help="where the base is, if it is a folder of yours")
    parser.add_argument("--debug", action="store_true", help="show where in the code an error came from")
    return parser.parse_args(argv)


def one_of(known: tuple[str, ...], what: str) -> Callable[[str], str]:
    """For argparse: one of the known names, or an error with the nearest."""

    def check(text: str) -> str:
        if text.lower() in known:
            return text.lower()
        near = (difflib.get_close_matches(text.lower(), known, n=1, cutoff=0.3) or [", ".join(known)])[0]
        raise argparse.ArgumentTypeError(f"unknown {what} {text!r}, nearest: {near}")

    return check


# ---------------------------------------------------------------- one export


def export(
    run_folder: Path,
    forms: list[str],
    quantisations: list[str],
    out: Path | None,
    *,
    say: Callable[[str], object],
    base: str = "",
) -> Path:
    """Write the run in the given forms to `out` (default: `export` in the run's folder), which is returned.

    Raises TrainError for a run that is not whole, an adapter of another base, an architecture that is not converted,
    ids that differ from training's, a full disk, or an `out` that holds anything but an export.
    """
    from filelock import FileLock, Timeout

    from train.run_folder import read_run

    run = read_run(run_folder)
    place = (out or run.folder / "export").resolve()
    check_replaceable(place)
    place.parent.mkdir(parents=True, exist_ok=True)
    new = place.with_name(f".{place.name}.new")
    try:
        with FileLock(place.with_name(f".{place.name}.lock"), blocking=False):
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir()
            try:
                with in_one_line("exporting", place):
                    write(Export(run, plain_name(run.folder.resolve().name), new, forms, quantisations, say, base))
                    put_in_place(new, place)
            finally:
                shutil.rmtree(new, ignore_errors=True)
    except Timeout:
        raise TrainError(f"{place}: another export is writing it. Wait for it, or give --out another folder") from None
    return place


# ---------------------------------------------------------------- the place


def check_replaceable(place: Path) -> None:
    """Raises TrainError where `place` holds anything that an export did not write."""
    if place == Path(place.anchor) or Path.cwd().is_relative_to(place):
        raise TrainError(
            f"{place}: the folder that you stand in, or one above it, cannot be written anew; give another"
        )
    if place.exists() and not place.is_dir():
        raise TrainError(f"{place}: is a file; give a folder")
    if place.is_dir() and any(place.iterdir()) and not is_export(place):
        raise TrainError(
            f"{place}: holds other files than an export's, which would be lost; give a new or empty folder"
        )


def is_export(folder: Path) -> bool:
    """Whether a folder is what an export left: its export.json says so."""
    try:
        return "forms" in json.loads((folder / "export.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        return False


def put_in_place(new: Path, place: Path) -> None:
    """Move `new` to `place`; the export that stood there is removed afterwards."""
    old = place.with_name(f".{place.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        place.rename(old)
    new.rename(place)
    shutil.rmtree(old, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
