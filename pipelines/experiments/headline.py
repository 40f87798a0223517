"""The few figures that tell whether the data got better, as a table for a README and a dataset card.

It stands between two comments, so that the next experiment replaces it and leaves the rest of the page alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.experiments.columns import UNTRAINED
from pipelines.experiments.numbers import interval, number
from pipelines.experiments.steps import CURATED, RAW, REPLAY
from pipelines.tables import write_text

BEGIN, END = "<!-- headline: begin -->", "<!-- headline: end -->"
COLUMNS = {UNTRAINED: "untrained base", RAW: "raw", CURATED: "curated", REPLAY: "curated + replay"}
ROWS = ("held_out_nll", "general_nll", "healthy_answers", "distinct_answers")
CHOICE = "choice_acc_mutual_info"  # asked about the terms that were learned by heart


def headline(facts: Mapping[str, Any]) -> str:
    """The table, what must be known before it is read, and the command that makes it again."""
    known = {column["name"] for column in facts["columns"]}
    columns = [name for name in COLUMNS if name in known]
    titles = " | ".join(COLUMNS[name] for name in columns)
    rows = [row(facts, metric, [(name, name) for name in columns]) for metric in ROWS]
    if f"facts-{CURATED}" in known:
        by_heart = next(column["title"] for column in facts["columns"] if column["name"] == f"facts-{CURATED}")
        told = by_heart.partition(", ")[2]
        rows.append(row(facts, CHOICE, [(name, f"facts-{name}") for name in columns], f" of {told} (off recipe)"))
    seeds = len(facts["seeds"])
    return (
        f"| base {facts['base']}, {seeds} seed{'s' if seeds > 1 else ''} | {titles} |\n|---|{'---|' * len(columns)}\n"
        f"{''.join(rows)}\nIn brackets the 95 % interval. {facts['verdict']['sentence']}\n\n"
        f"```bash\n{facts['command']}\n```\n"
    )


def row(facts: Mapping[str, Any], metric: str, cells: list[tuple[str, str]], beside: str = "") -> str:
    """One metric; `cells` are (column of the table, column of the experiment)."""
    about = next((one for one in facts["metrics"] if one["name"] == metric), None)
    if about is None:
        return ""
    unit = about["unit"]
    values = [facts["values"].get(metric, {}).get(column) for _, column in cells]
    told = [
        f"{number(one['value'], unit)} ({interval(one['low'], one['high'], unit)})" if one else "–" for one in values
    ]
    return f"| {about['title']}{beside}, {unit} | {' | '.join(told)} |\n"


def put_on(card: Path, text: str) -> None:
    """Write the headline into a Markdown file: in place of the last one, or at its end. No file, nothing is done."""
    if not card.is_file():
        return
    page = card.read_text(encoding="utf-8")
    before, begin, rest = page.partition(BEGIN)
    after = rest.partition(END)[2] if begin else ""
    head = before if begin else f"{before.rstrip()}\n\n## Did the data get better?\n\n"
    write_text(card, f"{head}{BEGIN}\n{text}{END}{after or chr(10)}")
