"""The report's table of judged labels: class by class how many are likely wrong, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from curation.labels.summary import ClassSummary, LabelSummary, summarize_labels
from pipelines.pages.evidence import clipped

if TYPE_CHECKING:
    import pandas as pd

NAME_LENGTH = 60  # characters of a label that are shown
MOST_CLASSES = 30  # lines of a table; the rest is summed up in one sentence


def judged_columns(entries: pd.DataFrame) -> list[dict[str, Any]]:
    """One table for each judged column: its lines, how many classes are not in it, and sentences of what to do."""
    if "label_verdicts" not in entries.columns:
        return []
    return [
        {
            "column": one.column,
            "lines": [class_line(found) for found in one.classes[:MOST_CLASSES]],
            "others": max(0, len(one.classes) - MOST_CLASSES),
            "advice": advice(one),
        }
        for one in summarize_labels(entries)
    ]


def class_line(one: ClassSummary) -> dict[str, Any]:
    other, count = next(iter(one.suggested.items()), ("", 0))
    share = one.wrong_share
    return {
        "name": shown(one.name),
        "rows": one.rows,
        "judged": one.judged,
        "doubted": one.flagged,
        "wrong": "not judged" if share is None else f"{100 * share:.0f} %",
        "rather": f"{shown(other)} ({count:,})" if count else "–",
    }


def advice(one: LabelSummary) -> list[str]:
    """What to do, the most useful first: read what is in doubt, draw the border, mind what misleads the judge."""
    return [sentence for sentence in (*_about_doubt(one), *_about_rows(one)) if sentence]


def _about_doubt(one: LabelSummary) -> list[str]:
    doubted, wrong = sum(found.flagged for found in one.classes), sum(found.expected_wrong for found in one.classes)
    given, rather, count = one.confused[0] if one.confused else ("", "", 0)
    back = next((turned for a, b, turned in one.confused if (a, b) == (rather, given)), 0)
    settle = f"Read the {_rows(doubted)} in doubt: about {wrong:.0f} of all labels here are likely wrong."
    border = (
        f"Most often “{shown(given)}” should rather be “{shown(rather)}” ({count:,}"
        + (f"; the other way {back:,}" if back else "")
        + "): write down where the border between the two runs."
    )
    term, trust, rows = one.least_trusted[0] if one.least_trusted else ("", 1.0, 0)
    look = f"The labels of “{shown(term)}” are trusted least ({trust:.2f} on average over {rows:,} rows)."
    return [settle if doubted else "", border if count else "", look if doubted and term else ""]


def _about_rows(one: LabelSummary) -> list[str]:
    few = [found for found in one.classes if not found.judged]
    rare = [found.name for found in one.classes if found.rare and found.judged]
    labelled = sum(found.rows for found in one.classes)
    outliers, alike = (sum(getattr(found, name) for found in one.classes) for name in ("outliers", "near_duplicates"))
    return [
        f"{_texts(len(one.contradictions))} under one term with different labels: one of them is wrong."
        if one.contradictions
        else "",
        f"{_rows(sum(found.rows for found in few))} of classes too small to judge "
        f"({_names([found.name for found in few])}): collect more, or join such classes."
        if few
        else "",
        f"Rare beside the others: {_names(rare)}. A model that never says it would hardly be noticed." if rare else "",
        f"{_rows(one.unlabelled)} without a label."
        if 0 < one.unlabelled < labelled
        else "",  # else: another kind of row
        f"Nearly the same as another row: {_rows(alike)}, which vouch for each other’s label." if alike else "",
        f"Like no other row: {_rows(outliers)}, judged from afar." if outliers else "",
        "The rows stand in an order that their texts tell: split by term, never by position." if one.in_order else "",
    ]


def shown(label: str) -> str:
    return clipped(label, NAME_LENGTH)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _texts(count: int) -> str:
    return "1 text stands twice" if count == 1 else f"{count:,} texts stand twice"


def _names(labels: list[str]) -> str:
    more = f" and {len(labels) - 3:,} more" if len(labels) > 3 else ""
    return ", ".join(f"“{shown(label)}”" for label in labels[:3]) + more
