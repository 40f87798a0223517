"""One row as the model sees it: the text of its ids, what is trained coloured, the tokens one by one, what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.doctoring.showing import TRAINED, numbers, pieces_of, spoken, visible
from pipelines.doctoring.terminal import COLOURS, console

if TYPE_CHECKING:
    from rich.console import Console

    from curation.doctor.row import Finding, Row
    from pipelines.doctoring.dataset import Dataset
    from pipelines.doctoring.visit import Visit

MOST_TOKENS = 400  # shown one by one


def find_row(dataset: Dataset, number: int, file: str | None) -> list[Row]:
    """The row of that number (several where one record holds repeated keys). Raises ValueError."""
    names = [name for name in dataset.files if file is None or name == file or name.endswith("/" + file)]
    if not names:
        raise ValueError(f"--file {file}: {dataset.name} has {', '.join(dataset.files[:10])}")
    if len(names) > 1:
        raise ValueError(f"{dataset.name} has {len(names)} files: name one with --file, such as --file {names[0]}")
    found = [row for row in dataset.rows if row.file == names[0] and row.row == number]
    if found:
        return found
    unread = [one for one in dataset.events if one.file == names[0] and one.row == number and not one.mended]
    if unread:
        raise ValueError(f"{names[0]}: row {number} (line {unread[0].line}) cannot be read: {unread[0].detail}")
    last = max((row.row for row in dataset.rows if row.file == names[0]), default=-1)
    raise ValueError(f"{names[0]}: has no row {number}; rows are counted from 0, the last is {last}")


def show(rows: list[Row], visit: Visit) -> None:
    """Print the rows."""
    from pipelines.doctoring.visit import diagnosed

    out = console()
    examined = diagnosed(visit)
    for row in rows:
        line = f", line {row.line}" if row.line else ""
        out.print(f"{visible(row.file)} row {row.row}{line}, for {visit.target.name}", style="bold", markup=False)
        as_seen(row, visit, out)
    for found in examined.by_row.get((rows[0].file, rows[0].row), []):
        tell(found, out)
    if (rows[0].file, rows[0].row) not in examined.by_row:
        out.print("Nothing is wrong with it.")


def as_seen(row: Row, visit: Visit, out: Console) -> None:
    """The ids of a row with its loss mask: its own, or those that the one encode function makes of it."""
    from curation.doctor.diagnosis import encode, opened
    from curation.templates import Encoded

    own = numbers(row.value, "input_ids")
    if own:
        tokens(own, numbers(row.value, "labels"), visit, out)
        return
    cases = opened(row, visit.target)
    encode(cases, visit.target)
    for case in cases:
        if isinstance(case.encoded, Encoded):
            tokens(case.encoded.input_ids, case.encoded.labels, visit, out)
        else:
            out.print(visible(spoken(row.value, visit.target)), markup=False)
            why = str(case.encoded) if case.encoded else "no template of ours takes it back to turns, or it has tools"
            out.print(visible(f"Not encoded: {why}"), style="dim", markup=False)


def tokens(ids: list[int], labels: list[int], visit: Visit, out: Console) -> None:
    """The text of ids: coloured where it is trained, between marks where the output has no colour; then the ids."""
    from rich.text import Text

    text = Text()
    for piece, trained in pieces_of(ids, labels, visit.target):
        said = visible(piece).replace("⏎", "⏎\n")
        if out.is_terminal:
            text.append(said, style="black on green" if trained else "")
        else:
            text.append(said.join(TRAINED) if trained else said)
    out.print(text, soft_wrap=True)
    on = [label >= 0 for label in labels] if len(labels) == len(ids) else [False] * len(ids)
    out.print(f"{len(ids):,} tokens, {sum(on):,} of them trained", style="dim")
    out.print(numbered(ids, on), style="dim", soft_wrap=True, markup=False)


def numbered(ids: list[int], trained: list[bool]) -> str:
    """The ids, those that are trained with a star."""
    pairs = zip(ids[:MOST_TOKENS], trained, strict=False)
    shown = " ".join(f"{number}*" if on else str(number) for number, on in pairs) + " …" * (len(ids) > MOST_TOKENS)
    return f"ids (* trained): {shown}"


def tell(found: Finding, out: Console) -> None:
    """One fault."""
    from rich.text import Text

    text = Text(f"{found.fault} ", style=COLOURS[found.severity])
    text.append(visible(found.detail), style="default")
    if found.repair:
        text.append(visible(f" → {found.repair}"), style="dim")
    out.print(text)
