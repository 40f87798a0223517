"""Scores as Markdown, and their place in README.md between two markers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchmarks.format_faults.make import BAD, GOOD
from benchmarks.format_faults.score import Score

README = Path(__file__).with_name("README.md")
FOUND = 0.9


def by_kind(scores: Mapping[str, Score]) -> str:
    """A line a kind: {kind: scores of all models added up}."""
    lines = ["| fault | kind | rows | named | noticed | good rows named | repaired exactly | wrongly |"]
    lines.append("|---|---|---:|---:|---:|---:|---:|---:|")
    for kind in (*BAD, *GOOD):
        if one := scores.get(kind.name):
            shares = share(one.named, one.faulty), share(one.noticed, one.faulty)
            mended = f"{one.repaired} of {one.twins}" if one.twins else ""
            cells = (kind.fault or "none", kind.name, str(one.faulty or one.good), *shares,
                     str(one.alarms or ""), mended, str(one.wrong or ""))  # fmt: skip
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def summary(tools: Mapping[str, Mapping[str, Score] | str]) -> str:
    """A line a tool; a text instead of scores says why there are none."""
    heads = ("tool", f"kinds named at {FOUND:.0%}", "kinds noticed", "good rows named", "good files named",
             "repaired exactly", "wrongly")  # fmt: skip
    lines = [f"| {' | '.join(heads)} |", "|---|" + "---:|" * (len(heads) - 1)]
    for tool, scores in tools.items():
        cells = [scores, *[""] * 5] if isinstance(scores, str) else summed(scores)
        lines.append(f"| {' | '.join((tool, *cells))} |")
    return "\n".join(lines)


def summed(scores: Mapping[str, Score]) -> list[str]:
    bad = [scores[kind.name] for kind in BAD if kind.name in scores]
    good = [scores[kind.name] for kind in GOOD if kind.name in scores]
    total = sum((*bad, *good), Score())
    return [
        f"{sum(one.recall >= FOUND for one in bad)} of {len(bad)}",
        f"{sum(one.noticed >= FOUND * one.faulty for one in bad)} of {len(bad)}",
        f"{total.alarms} of {total.good:,}",
        f"{sum(one.alarms > 0 for one in good)} of {len(good)}",
        f"{total.repaired:,} of {total.twins:,}" if total.twins else "–",
        str(total.wrong) if total.twins else "–",
    ]


def share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else ""


def write_between(name: str, text: str, path: Path = README) -> None:
    """Puts `text` into a file between `<!-- name -->` and `<!-- end of name -->`. ValueError where they are missing."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, opening, rest = path.read_text(encoding="utf-8").partition(begin)
    _, closing, after = rest.partition(end)
    if not opening or not closing:
        raise ValueError(f"{path}: no lines {begin} and {end} in it; put them where the table belongs")
    path.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
