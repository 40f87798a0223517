"""What was measured as Markdown, and its place in README.md between two markers."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.decisions.found import Found, together
from benchmarks.decisions.measuring import LEFT_OUT
from benchmarks.decisions.rows import LABELS, Pair
from benchmarks.decisions.same_sense import Measured

if TYPE_CHECKING:
    import pandas as pd

README = Path(__file__).with_name("README.md")
Z = 1.96  # of a 95 % interval
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


def pairs_table(measured: Sequence[Measured], pairs: Sequence[Pair], unseen: Sequence[bool] = ()) -> str:
    """The labelled pairs and no other rows: the bare decision, a line an engine.

    `unseen` says which pairs our score merges when it was fitted on other terms.
    """
    heads = ("engine", "compares", "same merged", "related", "different", "precision", "recall")
    lines = [
        line(one, span([decision(one_row(found, pairs), pairs) for found in one.alone]), len(heads)) for one in measured
    ]
    if unseen:
        lines.append(["ours: the score of same_sense, fitted on other terms", "definition", *decision(unseen, pairs)])
    return markdown(heads, lines)


def decision(merged: Sequence[bool], pairs: Sequence[Pair]) -> list[str]:
    """Merged pairs by label, the precision of `same` against `different`, and the recall of `same`."""
    same, related, different = by_label(merged, pairs)
    wanted = sum(pair.label == "same" for pair in pairs)
    return [str(same), str(related), str(different), wilson(same, same + different), wilson(same, wanted)]


def one_row(found: Found, pairs: Sequence[Pair]) -> list[bool]:
    """Which pairs became one row."""
    return [together(found.removed, pair.left, pair.right) for pair in pairs]


def by_label(chosen: Sequence[bool], pairs: Sequence[Pair]) -> list[int]:
    """How many of the chosen pairs have each of LABELS."""
    labels = [pair.label for pair, is_chosen in zip(pairs, chosen, strict=True) if is_chosen]
    return [labels.count(label) for label in LABELS]


def rows_table(measured: Sequence[Measured], table: pd.DataFrame, pairs: Sequence[Pair]) -> str:
    """All rows: what leaves, and what it takes, a line an engine."""
    heads = ["engine", "compares", "rows removed", "of another term", "of these, linked as copies by ours"]
    heads += ["labelled pairs merged among them", "vectors of", "seconds", "GiB"]
    keys, copies = table["term_key"].tolist(), copy_groups(table)
    lines = []
    for one in measured:
        cells = span([[*removals(found, keys, copies), merged_pairs(found, pairs)] for found in one.among])
        texts = max((found.texts for found in one.among), default=0) or distinct(table, one.peer.reads)
        cost = [f"{texts:,} texts" if texts else "–", f"{one.seconds:.1f}", f"{one.memory / 2**30:.2f}"]
        lines.append(line(one, cells and [*cells, *cost], len(heads)))
    return markdown(heads, lines)


def merged_pairs(found: Found, pairs: Sequence[Pair]) -> str:
    """How many pairs of each label became one row."""
    return " · ".join(map(str, by_label(one_row(found, pairs), pairs)))


def span(runs: Sequence[Sequence[str]]) -> list[str]:
    """Column by column what every run says or, where runs disagree, the least to the most; [] without runs."""
    return [
        cells[0] if len(set(cells)) == 1 else " to ".join((min(cells, key=numbers), max(cells, key=numbers)))
        for cells in zip(*runs, strict=True)
    ]


def numbers(cell: str) -> list[float]:
    return [float(number.replace(",", "")) for number in NUMBER.findall(cell)]


def line(one: Measured, cells: Sequence[str], width: int) -> list[str]:
    """One engine's line; an engine without figures says why."""
    said = [*cells] or [one.fault]
    return [one.peer.name, one.peer.text, *said, *[""] * (width - 2 - len(said))]


def removals(found: Found, keys: Sequence[str], copies: Sequence[str]) -> tuple[str, str, str]:
    """Rows removed; of them those that went into a row of another term; of these, those that ours links as copies."""
    others = [(gone, stays) for gone, stays in found.removed.items() if keys[gone] != keys[stays]]
    linked = sum(bool(copies[gone]) and copies[gone] == copies[stays] for gone, stays in others)
    share = f" ({len(others) / len(found.removed):.0%})" if found.removed else ""
    return f"{len(found.removed):,}", f"{len(others):,}{share}", f"{linked:,}" if others else ""


def copy_groups(table: pd.DataFrame) -> list[str]:
    """For each row the group of copies across terms that ours puts it in, "" for none: linked, never removed."""
    from curation.copies import CopiesAcrossTerms
    from curation.stage import Given

    return list(CopiesAcrossTerms()(table, Given())["copy_group"])


def distinct(table: pd.DataFrame, reads: str) -> int:
    columns = {"": [], "vectors": ["definition"], "vectors_with_terms": ["term", "definition"]}[reads]
    return sum(int(table[name].nunique()) for name in columns)


def about_ours(measured: Sequence[Measured], table: pd.DataFrame, pairs: Sequence[Pair]) -> str:
    """What only ours has: the middle answer, and copies across terms that are counted apart."""
    ours = next((one for one in measured if one.alone and one.alone[0].compared), None)
    if not ours:
        return ""
    (alone, *_), (among, *_) = ours.alone, ours.among  # all runs agree: a build is the same bytes each time
    counts = by_label([(min(pair[:2]), max(pair[:2])) in alone.asked for pair in pairs], pairs)
    asked, compared = len(among.asked), among.compared
    groups = [group for group in copy_groups(table) if group]
    return (
        f"Ours asks a person about {counts[0]} same, {counts[1]} related and {counts[2]} different of the pairs, and "
        f"about {asked:,} of the {compared:,} pairs of one term among all rows ({asked / max(1, compared):.1%}). "
        f"Copies across terms are counted apart: {len(groups):,} rows in {len(set(groups)):,} groups, linked, none "
        "removed."
    )


def setting(table: pd.DataFrame, pairs: Sequence[Pair], runs: int) -> str:
    """What the figures depend on."""
    labels = [pair.label for pair in pairs]
    counts = ", ".join(f"{labels.count(label)} {label}" for label in LABELS)
    return (
        f"{len(table):,} rows, {len(pairs)} labelled pairs ({counts}); median of {runs} run{'s' * (runs > 1)}, each in "
        "a process of its own, least to most where runs find different rows; "
        f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, {versions()}."
    )


def versions() -> str:
    from importlib.metadata import PackageNotFoundError, version

    found = []
    for name in ("semhash", "datasketch", "rensa", "sentence-transformers", "cleanlab", "scikit-learn"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def wilson(hits: float, total: float) -> str:
    """A share and its 95 % interval (Wilson, 1927)."""
    if not total:
        return "–"
    share = hits / total
    middle = (share + Z * Z / (2 * total)) / (1 + Z * Z / total)
    half = Z * sqrt(share * (1 - share) / total + Z * Z / (4 * total * total)) / (1 + Z * Z / total)
    return f"{share:.2f} ({middle - half:.2f}–{middle + half:.2f})"


def markdown(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rule = ["---" if place < 2 else "---:" for place in range(len(heads))]
    return "\n".join(f"| {' | '.join(line)} |" for line in (heads, rule, *lines))


def write_between(name: str, text: str, path: Path = README) -> None:
    """Puts `text` into a file between `<!-- name -->` and `<!-- end of name -->`.

    Raises ValueError where the markers are not there.
    """
    before, _, after = around(name, path)
    path.write_text(f"{before}\n{text}\n{after}", encoding="utf-8")


def write_lines(name: str, text: str, path: Path = README) -> None:
    """Puts lines of the tables in `text` in the place of those of the same engines between the markers.

    Everything else stays, also where an engine was left out. Raises ValueError where the markers are not there.
    """
    before, old, after = around(name, path)
    new = {engine_of(line): line for line in text.splitlines() if engine_of(line) and f"| {LEFT_OUT} |" not in line}
    lines = [new.get(engine_of(line), line) for line in old.strip("\n").splitlines()]
    path.write_text("\n".join([before, *lines, after]), encoding="utf-8")


def engine_of(line: str) -> tuple[str, ...]:
    """Which table's line of which engine it is: its width and first two cells; () for any other line."""
    cells = line.split(" | ")
    return (str(len(cells)), *cells[:2]) if line.startswith("| ") and not line.startswith("| ---") else ()


def around(name: str, path: Path) -> tuple[str, str, str]:
    """A file up to its marker `<!-- name -->`, between, and from `<!-- end of name -->`."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    whole = path.read_text(encoding="utf-8")
    before, opening, rest = whole.partition(begin)
    between, closing, after = rest.partition(end)
    if not opening or not closing:
        raise ValueError(f"{path}: no lines {begin} and {end} in it; put them where the table belongs")
    return before + opening, between, closing + after
