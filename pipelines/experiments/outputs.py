"""What an experiment leaves: experiment.json with all figures, the page, README.md, and timings.json for the clocks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines.experiments.arms import Arm
from pipelines.experiments.figures import (
    Finished,
    answers_of,
    differences_of,
    gather,
    metrics_of,
    values_of,
)
from pipelines.experiments.headline import headline, put_on
from pipelines.experiments.jobs import Job
from pipelines.experiments.numbers import interval, number
from pipelines.experiments.page import render
from pipelines.experiments.verdict import verdict
from pipelines.tables import write_json, write_text

MARKER = "experiment.json"


def write_experiment(
    folder: Path,
    *,
    about: Mapping[str, Any],
    arms: Sequence[Arm],
    jobs: Sequence[Job],
    failed: Mapping[str, str],
    total_seconds: float,
) -> dict[str, Any]:
    """Write everything that is known now; called again, it tells more. Returns the facts."""
    finished = gather(jobs)
    metrics = metrics_of(finished)
    facts: dict[str, Any] = {
        **about,
        "arms": [arm.facts() for arm in arms],
        "columns": [column_facts(one, arms) for one in finished],
        "metrics": metrics,
        "values": values_of(finished, metrics),
        "differences": differences_of(finished),
        "answers": answers_of(finished),
        "curves": {one.column.name: one.losses for one in finished if one.losses},
        "failed": [{"job": job, "line": line} for job, line in failed.items()],
        "unfinished": [job.name for job in jobs if not job.finished() and job.name not in failed],
    }
    facts["verdict"] = verdict(facts)
    facts["marks"] = marks_of(facts)
    write_json(folder / MARKER, facts)
    clocks = {
        "total_seconds": round(total_seconds, 1),
        "columns": {one.column.name: seconds_of(one) for one in finished},
    }
    write_json(folder / "timings.json", clocks)
    shown = {**facts, "total_seconds": clocks["total_seconds"]}
    shown["columns"] = [{**column, "seconds": clocks["columns"][column["name"]]} for column in facts["columns"]]  # type: ignore[index]
    write_text(folder / "experiment.html", render(shown))
    write_text(folder / "README.md", readme(facts))
    if facts["columns"]:
        put_on(folder / "build" / "README.md", headline(facts))
    return facts


def column_facts(one: Finished, arms: Sequence[Arm]) -> dict[str, Any]:
    """A column with what its runs say of themselves; counts are the first seed's."""
    run = one.runs[0] if one.runs else {}
    counts = run.get("counts", {})
    masks = {arm.step.name: arm.step.mask for arm in arms}
    return {
        **one.column.facts(),
        "mask": masks.get(one.column.step, ""),
        "marks": list(run.get("marks", [])),
        "seeds": len(one.results),
        "examples": counts.get("examples"),
        "trained_tokens": counts.get("trained_tokens"),
        "steps": counts.get("steps"),
    }


def seconds_of(one: Finished) -> dict[str, float]:
    """The mean of the seeds."""
    names = ("training", "evaluation")
    return {name: round(sum(clock[name] for clock in one.seconds) / len(one.seconds), 1) for name in names}


def marks_of(facts: Mapping[str, Any]) -> list[str]:
    """What must be known before any figure is read."""
    columns = facts["columns"]
    off = [column["title"] for column in columns if any(mark.startswith("off recipe") for mark in column["marks"])]
    carried = {mark for column in columns for mark in column["marks"] if mark.startswith("learning rate carried over")}
    return [
        f"base: {facts['base']}",
        f"{len(facts['seeds'])} seed{'s' if len(facts['seeds']) > 1 else ''}",
        *sorted(carried),
        *(f"off recipe: {title}" for title in off),
        *(f"not run: {arm['title']}: {arm['not_run']}" for arm in facts["arms"] if arm["not_run"]),
        *([f"failed: {len(facts['failed'])} of the jobs"] if facts["failed"] else []),
        *([f"not finished: {len(facts['unfinished'])} jobs"] if facts["unfinished"] else []),
        *facts["cautions"],
    ]


def readme(facts: Mapping[str, Any]) -> str:
    """The verdict and the headline as Markdown."""
    columns = facts["columns"]
    head = f"| metric | {' | '.join(cell(column['title']) for column in columns)} |\n|---|{'---|' * len(columns)}\n"
    body = "".join(row(facts, metric) for metric in facts["metrics"] if metric["told"])
    lines = "".join(
        f"\n### {group['title']}\n\n" + "".join(f"- **{line['word']}**: {line['text']}\n" for line in group["lines"])
        for group in facts["verdict"]["groups"]
    )
    marks = "".join(f"- {mark}\n" for mark in facts["marks"])
    return (
        f"# Experiment {facts['name']}\n\n{facts['verdict']['sentence']}\n\n{marks}\n{head}{body}\n"
        f"In brackets the 95 % interval. {facts['verdict']['how']}\n{lines}\n"
        f"Every figure and the answers side by side: `experiment.html`. Made with\n\n```bash\n{facts['command']}\n```\n"
    )


def row(facts: Mapping[str, Any], metric: Mapping[str, Any]) -> str:
    values = facts["values"].get(metric["name"], {})
    cells = []
    for column in facts["columns"]:
        one = values.get(column["name"])
        told = interval(one["low"], one["high"], metric["unit"]) if one else ""
        cells.append(f"{number(one['value'], metric['unit'])}{f' ({told})' if told else ''}" if one else "–")
    return f"| {cell(metric['title'])}, {metric['unit']} | {' | '.join(cells)} |\n"


def cell(text: str) -> str:
    """Text that cannot end its cell."""
    return text.replace("|", "\\|").replace("\n", " ")


def is_experiment(folder: Path) -> bool:
    """Whether a folder is what an experiment left."""
    try:
        return "verdict" in json.loads((folder / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        return (folder / ".experiment").is_file()
