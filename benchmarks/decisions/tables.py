"""What was measured as Markdown, and its place in README.md between two markers."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.decisions.found import Found, together
from benchmarks.decisions.rows import LABELS, Pair
from benchmarks.decisions.same_sense import Measured

if TYPE_CHECKING:
    import pandas as pd

README = Path(__file__).with_name("README.md")
Z = 1.96  # of a 95 % interval


def pairs_table(measured: Sequence[Measured], pairs: Sequence[Pair], unseen: Sequence[bool] = ()) -> str:
    """The labelled pairs and no other rows: the bare decision, a line an engine.

    `unseen` says which pairs our score merges when it was fitted on other terms.
    """
    heads = ("engine", "compares", "same merged", "related", "different", "precision", "recall")
    cells = [decision(one_row(one.alone, pairs), pairs) if one.alone else None for one in measured]
    lines = [line(one, said, len(heads)) for one, said in zip(measured, cells, strict=True)]
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
        if one.among:
            texts = one.among.texts or distinct(table, one.peer.reads)
            pairs_merged = " · ".join(map(str, by_label(one_row(one.among, pairs), pairs)))
            cost = [f"{texts:,} texts" if texts else "–", f"{one.seconds:.1f}", f"{one.memory / 2**30:.2f}"]
            lines.append(line(one, [*removals(one.among, keys, copies), pairs_merged, *cost], len(heads)))
        else:
            lines.append(line(one, None, len(heads)))
    return markdown(heads, lines)


def line(one: Measured, cells: list[str] | None, width: int) -> list[str]:
    """One engine's line; an engine without figures says why."""
    said = [one.fault] if cells is None else cells
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
    ours = next((one for one in measured if one.alone and one.alone.compared), None)
    if not ours or not ours.alone or not ours.among:
        return ""
    counts = by_label([(min(pair[:2]), max(pair[:2])) in ours.alone.asked for pair in pairs], pairs)
    asked, compared = len(ours.among.asked), ours.among.compared
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
        f"a process of its own; {os.cpu_count()} cores, Python {sys.version.split()[0]}, {versions()}."
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
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    whole = path.read_text(encoding="utf-8")
    before, opening, rest = whole.partition(begin)
    _, closing, after = rest.partition(end)
    if not opening or not closing:
        raise ValueError(f"{path}: no lines {begin} and {end} in it; put them where the table belongs")
    path.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
