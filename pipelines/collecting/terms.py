"""Which terms to look up: from the command line, from files, from a build; and which are refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from pipelines.collecting.source import CollectError

LONGEST = 200  # characters of a term
PATH_PIECE = re.compile(r"(?:^|[/\\])\.{1,2}(?:[/\\]|$)|^[/\\]{2}|://")
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
DEFINING = ("definition", "sentence")  # kinds of entries whose term is one that people look up


def gather(
    given: Iterable[str], files: Iterable[Path], builds: Iterable[str], builds_folder: Path, say: Callable[[str], None]
) -> list[str]:
    """The terms to look up, each once, in the order given; `say` is told of those refused. Raises CollectError."""
    terms = [*given, *(term for file in files for term in lines_of(file))]
    terms += [term for build in builds for term in terms_of_build(build, builds_folder)]
    return list(kept(terms, say))


def kept(terms: Iterable[str], say: Callable[[str], None]) -> Iterator[str]:
    for term in dict.fromkeys(text.strip() for text in terms):
        fault = refusal(term)
        if fault:
            say(f"term {term[:60]!r} refused: {fault}")
        elif term:
            yield term


def refusal(term: str) -> str:
    """Why a term is not looked up, "" where it is. `24/7` and `w/` are words; `../../x` is a path."""
    if CONTROL.search(term):
        return "it holds control characters"
    if PATH_PIECE.search(term):
        return "it is a path or an address, not a term"
    if len(term) > LONGEST:
        return f"it has {len(term):,} characters, more than {LONGEST}"
    return ""


def lines_of(file: Path) -> list[str]:
    """The terms of a file, one a line; nothing is a comment, since #tags are terms. Raises CollectError."""
    try:
        return file.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise CollectError(f"{file}: not UTF-8 (byte {error.start}); save the list of terms as UTF-8") from None
    except OSError as error:
        raise CollectError(f"{file}: {error.strerror}; expected a list of terms, one a line") from None


def entries_file(build: str, builds: Path) -> Path:
    """The table of a build's entries, named or by its folder. Raises CollectError."""
    places = (Path(build), builds / build)
    file = next((found for place in places if (found := place / "entries.parquet").is_file()), None)
    if file is None:
        raise CollectError(f"{build}: no build there, nor in {builds} (no entries.parquet). Make one: pipelines.build")
    return file


def terms_of_build(build: str, builds: Path) -> list[str]:
    """The terms of a build's entries, sorted. Raises CollectError."""
    import pyarrow.parquet as pq

    file = entries_file(build, builds)
    try:
        table = pq.read_table(file, columns=["term", "kind"])
    except (OSError, ValueError) as error:  # pyarrow's own errors are both
        raise CollectError(f"{file}: cannot be read: {str(error).splitlines()[0]}") from None
    rows = zip(table["term"].to_pylist(), table["kind"].to_pylist(), strict=True)
    return sorted({term for term, kind in rows if term and kind in DEFINING})
