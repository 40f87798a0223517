"""The page of an experiment: plain verdict first, then every figure. One self-contained file without any script.

`render(facts)` takes what experiment.json and timings.json hold. Texts of models and data are escaped by the template.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.experiments.curves import pictures
from pipelines.experiments.numbers import difference, interval, number, share_of_axis, signed

HERE = Path(__file__).parent
STYLE = HERE.parent / "pages" / "report.css"

Facts = Mapping[str, Any]


def render(facts: Facts) -> str:
    """The page as text."""
    style = STYLE.read_text(encoding="utf-8") + (HERE / "experiment.css").read_text(encoding="utf-8")
    columns = {column["name"]: column for column in facts["columns"]}
    return str(
        environment()
        .get_template("experiment.html.jinja")
        .render(
            facts=facts,
            style=style,
            policy=content_policy(style),
            columns=columns,
            headline=[metric_table(facts, metric) for metric in facts["metrics"] if metric["told"]],
            others=[metric_table(facts, metric) for metric in facts["metrics"] if not metric["told"]],
            overview=overview(facts),
            curves=pictures({column["title"]: facts["curves"].get(column["name"], []) for column in facts["columns"]}),
        )
    )


def environment() -> Any:
    """Templates that escape every value and fail on a name that is not there."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {"number": "{:,}".format, "words": lambda name: str(name).replace("_", " "), "seconds": seconds}
    return made


def content_policy(style: str) -> str:
    """A Content-Security-Policy that allows this style by its hash, and nothing else."""
    known = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{known}'; base-uri 'none'; form-action 'none'"


def seconds(value: float | None) -> str:
    if value is None:
        return "not known"
    return f"{value:.0f} s" if value < 120 else f"{value / 60:.1f} min"


def metric_table(facts: Facts, metric: Facts) -> dict[str, Any]:
    """One metric: a row for each column that has a value, with its interval drawn, and its paired differences."""
    values = facts["values"].get(metric["name"], {})
    bounds = [part for one in values.values() for part in (one["low"], one["high"], one["value"]) if part is not None]
    low, high = (min(bounds), max(bounds)) if bounds else (0.0, 1.0)
    rows = []
    for column in facts["columns"]:
        one = values.get(column["name"])
        if one is None:
            continue
        drawn = [share_of_axis(part, low, high) for part in (one["low"], one["value"], one["high"])]
        rows.append(
            {
                "column": column,
                "value": number(one["value"], metric["unit"]),
                "interval": interval(one["low"], one["high"], metric["unit"]),
                "drawn": drawn,
                "differences": differences_of(facts, metric, column["name"]),
            }
        )
    return {"metric": metric, "rows": rows}


def differences_of(facts: Facts, metric: Facts, column: str) -> dict[str, dict[str, str]]:
    """Paired differences of one value, by what it is compared with: "raw", "before", "untrained"."""
    return {
        one["kind"]: {
            "text": signed(one["value"], metric["unit"]),
            "interval": difference(one["low"], one["high"], metric["unit"]),
            "verdict": one["verdict"],
            "against": one["against"],
        }
        for one in facts["differences"]
        if one["column"] == column and one["metric"] == metric["name"]
    }


def overview(facts: Facts) -> list[dict[str, Any]]:
    """Metrics down, columns across: every value in one table."""
    return [
        {
            "metric": metric,
            "cells": [
                cell(facts["values"].get(metric["name"], {}).get(column["name"]), metric) for column in facts["columns"]
            ],
        }
        for metric in facts["metrics"]
    ]


def cell(value: Facts | None, metric: Facts) -> dict[str, str] | None:
    if value is None:
        return None
    unit = metric["unit"]
    return {"value": number(value["value"], unit), "interval": interval(value["low"], value["high"], unit)}
