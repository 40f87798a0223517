"""What a person sees in the terminal: the faults by harm, an example of each before and after, and what was written."""

from __future__ import annotations

import difflib
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.doctoring.showing import cut, outcome, spoken, visible, windows
from train.command_line import fail

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.table import Table

    from curation.doctor.faults import Fault
    from curation.doctor.row import Finding
    from pipelines.doctoring.visit import Examined, Visit

COLOURS = {"fatal": "red", "warning": "yellow", "advice": "cyan"}
WIDTH = 110  # where the output is no terminal


def console() -> Console:
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)


def tell(examined: Examined, *, page: Path | None, fix: Path | None) -> None:
    """Everything there is to say."""
    out = console()
    about(examined.visit, out)
    table(examined, out)
    out.print(summary(examined), markup=False)
    if fix and examined.repaired:
        written(examined, fix, out)
    if page:
        out.print(f"Open  {page.resolve().as_uri()}", style="bold", markup=False, soft_wrap=True)


def about(visit: Visit, out: Console) -> None:
    """What is looked at, against what."""
    data, loaded = visit.dataset, visit.loaded
    files = "1 file" if len(data.files) == 1 else f"{len(data.files)} files"
    line = f"{data.name}: {len(data.rows):,} rows in {files}, for {visit.target.name} ({loaded.source} tokenizer)"
    out.print(visible(line), markup=False)
    if loaded.note:
        note = f"{loaded.note}. The stand-in writes the same text as the real tokenizer, with other ids"
        out.print(visible(note), style="dim", markup=False)


def table(examined: Examined, out: Console) -> None:
    """One line a fault, the most harmful first."""
    from rich import box
    from rich.table import Table

    from curation.doctor.faults import FAULTS

    counts = examined.diagnosis.counts
    if not counts:
        return
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_header=True, header_style="dim", show_lines=False)
    grid.add_column("rows", justify="right", vertical="top", no_wrap=True)
    grid.add_column("fault", overflow="fold")
    room = max(40, out.width - 24)
    first = first_of_each(examined)
    for name, count in counts.items():
        grid.add_row(f"{count:,}", block(FAULTS[name], first[name], examined, room))
    out.print(grid)


def first_of_each(examined: Examined) -> dict[str, Finding]:
    """An example of each fault: in a row with little else wrong; a file as a whole only for want of one."""
    first: dict[str, tuple[tuple[bool, int], Finding]] = {}
    for (_, row), all_found in examined.by_row.items():
        worth = (row < 0, len({found.fault for found in all_found}))
        for found in all_found:
            if found.fault not in first or worth < first[found.fault][0]:
                first[found.fault] = worth, found
    return {fault: found for fault, (_, found) in first.items()}


def block(fault: Fault, found: Finding, examined: Examined, room: int) -> Group:
    """A fault with its harm, and one row before and after."""
    from rich.console import Group
    from rich.text import Text

    text = Text(fault.id, style=f"bold {COLOURS[found.severity]}")
    text.append(f"  {found.severity}: {fault.title}", style="default not bold")
    where = "the file" if found.row < 0 else f"row {found.row}"
    seen = Text(visible(f"{found.file} {where}: {found.detail}")[: 4 * room], style="dim")
    lines = [hanging(label, said, 6) for label, said in example(found, examined, room)]
    return Group(text, Text(fault.harm), seen, *lines, "")


def example(found: Finding, examined: Examined, room: int) -> list[tuple[str, str]]:
    """(label, text) for a row before and after."""
    place = (found.file, found.row)
    row = examined.rows.get(place)
    if row is None:
        return []
    target = examined.visit.target
    what, after = outcome(examined.after(place), row.value, target)
    before = spoken(row.value, target)
    if what in ("quarantined", "merged"):
        return [("before", cut(before, 0, 2 * room)), ("after", f"({what}: {after[: 2 * room]})")]
    if not after:
        return [("row", cut(before, 0, 2 * room))]
    before, after = windows(before, after, room)
    return [("before", before), ("after", after)]


def summary(examined: Examined) -> str:
    """`12 of 1,779 rows have a fatal fault, 30 a warning.` Each row counts once, by its worst fault."""
    worst = Counter(min(map(harm, found)) for (_, row), found in examined.by_row.items() if row >= 0)
    whole = sum(len(found) for (_, row), found in examined.by_row.items() if row < 0)
    parts = [f"{worst[at]:,} {words}" for at, words in enumerate(("a fatal fault", "a warning", "advice")) if worst[at]]
    total = f"{examined.diagnosis.rows:,} rows"
    files = f"; {whole:,} about files as a whole" * bool(whole)
    if not parts:
        return f"{total}, none with a fault{files}."
    count, words = parts[0].split(" ", 1)
    have = "has" if count == "1" else "have"
    return f"{', '.join([f'{count} of {total} {have} {words}', *parts[1:]])}{files}."


def harm(found: Finding) -> int:
    from curation.doctor.row import SEVERITIES

    return SEVERITIES.index(found.severity)


def written(examined: Examined, fix: Path, out: Console) -> None:
    """What the repair left, and the sum."""
    made = examined.repaired
    assert made is not None
    kept = len(set(made.origins))
    parts = [f"{kept:,} records written as {len(made.rows):,} rows"]
    parts += [f"{len(made.quarantined):,} quarantined"] * bool(made.quarantined)
    parts += [f"{len(made.merged):,} merged into others"] * bool(made.merged)
    out.print(f"{made.before.rows:,} records read = {' + '.join(parts)}", markup=False)
    mended = "1 mended row" if len(made.proofs) == 1 else f"{len(made.proofs):,} mended rows, each"
    proved = f"{mended} encoded again and checked" if made.proofs else "No row had to be mended"
    left = ", ".join(f"{name} {count:,}" for name, count in made.after.counts.items()) or "nothing"
    out.print(f"{proved}; still found: {left}", markup=False)
    out.print(f"Wrote {visible(str(fix))}", style="bold", markup=False, soft_wrap=True)


def list_faults(asked: str) -> int:
    """Explain every fault, or the one that is named by id or number."""
    from rich.text import Text

    from curation.doctor.faults import FAULTS

    wanted = [fault for fault in FAULTS.values() if asked.upper() in ("", fault.id, str(fault.number))]
    if not wanted:
        near = difflib.get_close_matches(asked.upper(), FAULTS, 1, 0.5)
        return fail(f"{asked}: no such fault{f', did you mean {near[0]}?' if near else ''}; --list names all")
    out = console()
    for fault in wanted:
        text = Text(f"{fault.number:>2} ")
        text.append(fault.id, style=f"bold {COLOURS[fault.severity]}")
        text.append(f"  {fault.severity}: {fault.title}")
        out.print(text)
        for label, said in (
            ("does", fault.harm),
            ("found by", fault.decided),
            ("repair", fault.repair),
            ("source", fault.source),
        ):
            if said:
                out.print(hanging(label, said, 11))
        out.print()
    return 0


def hanging(label: str, said: str, width: int) -> Table:
    """A label and a text whose further lines stand under its first."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=width, justify="right", style="dim")
    grid.add_column(overflow="fold")
    grid.add_row(label, Text(said))
    return grid
