"""Where one text of a .txt file ends and the next begins.

Readers of text files take every line for a row. Where chat templates wrote the texts, most run over several lines: they
are told apart by blank lines, or by how the template begins a conversation, if so cut they can be taken back to turns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from curation.doctor.families import unrender
from curation.doctor.row import WHOLE_FILE, FileEvent, Row
from pipelines.sources.chat_rows import Lines

if TYPE_CHECKING:
    from curation.doctor.target import Target
    from pipelines.doctoring.dataset import Dataset

LOOKED_AT = 100_000  # characters that tell how a file is cut
TRIED = 30  # texts of a file that tell how it is cut
ENOUGH = 0.5  # of them must be what a template writes
TOLD = "texts of several lines: readers of text files take each line for a row"


def regroup(dataset: Dataset, target: Target) -> None:
    """Cut the .txt files of a dataset anew where their texts run over several lines."""
    for file, path in dataset.texts.items():
        text = "".join(Lines(path))
        pieces = cut(text, target)
        if pieces:
            split = next((row.split for row in dataset.rows if row.file == file), "")
            rows = [Row(file, number, line, piece, split) for number, (line, piece) in enumerate(pieces)]
            others = [row for row in dataset.rows if row.file != file]
            dataset.rows = sorted([*others, *rows], key=lambda row: dataset.files.index(row.file))
            dataset.events.append(FileEvent(file, WHOLE_FILE, 0, "FILE-READ", TOLD, mended=True))


def cut(text: str, target: Target) -> list[tuple[int, str]]:
    """(line, text) of each text of several lines; [] where every line is a text of its own."""
    ways: list[Callable[[str], list[tuple[int, str]]]] = [at_lines, at_blank_lines, partial(at_beginnings, target)]
    shares = [share([piece for _, piece in way(text[:LOOKED_AT])[:TRIED]], target) for way in ways]
    best = max(shares)
    way = ways[shares.index(best)]  # the first of equals
    if best < ENOUGH or way is at_lines:
        return []
    return [(line, as_written(piece, target)) for line, piece in way(text)]


def share(pieces: list[str], target: Target) -> float:
    """How many of some texts a known template writes."""
    return sum(bool(target.turns_of(as_written(piece, target))) for piece in pieces) / max(1, len(pieces))


def as_written(piece: str, target: Target) -> str:
    """A text without the line ends that divide it from the next; templates may write some of their own."""
    plain = piece.rstrip("\r\n")
    likely = [plain + tail for tail in (("", "\n", "\n\n") if piece != plain else ("",))]
    own = (text for text in likely if unrender(text, target.family))
    others = (text for text in likely if target.turns_of(text))
    return next(chain(own, others), plain)


def at_lines(text: str) -> list[tuple[int, str]]:
    return [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]


def at_blank_lines(text: str) -> list[tuple[int, str]]:
    return list(between(text, [found.end() for found in re.finditer(r"\n(?:[ \t\r]*\n)+", text)]))


def at_beginnings(target: Target, text: str) -> list[tuple[int, str]]:
    """Cut wherever the beginning of the file stands again, as the template that wrote it begins."""
    families = target.families.marked(text[:LOOKED_AT])
    openings = {opening for family in families for opening in family.openings if opening.strip()}
    first = max((opening for opening in openings if text.startswith(opening)), key=len, default="")
    if not first:
        return []
    apart = re.compile(
        rf"(?<=\n)[ \t\r]*\n(?={re.escape(first)})"
    )  # a blank line: the others open a turn in the middle
    borders = [found.end() for found in apart.finditer(text)]
    return list(between(text, borders or [found.start() for found in re.finditer(re.escape(first), text)]))


def between(text: str, borders: list[int]) -> Iterator[tuple[int, str]]:
    """(line, text) between borders; pieces of blanks alone are none."""
    line = 1
    for start, stop in zip([0, *borders], [*borders, len(text)], strict=True):
        piece = text[start:stop]
        if piece.strip():
            yield line, piece
        line += piece.count("\n")
