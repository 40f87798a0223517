"""The doctor's page: one self-contained HTML file in the style of the build report, with every row that has a fault.

It asks the network for nothing and runs no script but its own; nothing from a dataset becomes HTML. The same findings
give the same bytes.
"""

from __future__ import annotations

from collections import Counter
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.doctoring.lines import write_bytes
from pipelines.doctoring.showing import cut, outcome, spoken, visible, windows
from pipelines.doctoring.terminal import first_of_each, harm
from pipelines.pages.search_index import BUDGET, LENGTHS, numbered, script_json
from pipelines.report import content_policy

if TYPE_CHECKING:
    from jinja2 import Environment

    from curation.doctor.row import Finding
    from pipelines.doctoring.visit import Examined, Place

HERE = Path(__file__).parent
PAGES = HERE.parent / "pages"
EXAMPLE = 600  # characters of a row before and after
DETAIL = 400


def write(path: Path, examined: Examined) -> None:
    """Write the page, atomically."""
    write_bytes(path, render(examined).encode("utf-8", "replace"))


def render(examined: Examined, budget: int = BUDGET) -> str:
    """The page as text; its list of rows takes at most `budget` bytes."""
    style = (PAGES / "report.css").read_text(encoding="utf-8") + (HERE / "doctor.css").read_text(encoding="utf-8")
    script = (PAGES / "search.js").read_text(encoding="utf-8") + (HERE / "doctor.js").read_text(encoding="utf-8")
    visit, made = examined.visit, examined.repaired
    return (
        environment()
        .get_template("doctor.html.jinja")
        .render(
            style=style,
            script=script,
            policy=content_policy(style, script),
            name=visible(visit.dataset.place.name if visit.dataset.place else visit.dataset.name),
            dataset=visible(visit.dataset.name),
            visit=visit,
            total=examined.diagnosis.rows,
            worst=worst(examined),
            faults=faults(examined),
            whole=[visible_finding(one) for (_, row), found in examined.by_row.items() if row < 0 for one in found],
            made=made,
            written=len(set(made.origins)) if made else 0,
            index=index(examined, budget),
            ids=visit.ids,
        )
    )


def environment() -> Environment:
    """Templates that escape every value and fail on a name that is not there."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {"number": "{:,}".format}
    return made


def worst(examined: Examined) -> dict[str, int]:
    """Rows by the severity of their worst fault."""
    from curation.doctor.row import SEVERITIES

    counts = Counter(SEVERITIES[min(map(harm, found))] for (_, row), found in examined.by_row.items() if row >= 0)
    return {severity: counts[severity] for severity in SEVERITIES}


def faults(examined: Examined) -> list[dict[str, Any]]:
    """Every fault that was found, the most harmful first, with a row before and after."""
    from curation.doctor.faults import FAULTS

    first = first_of_each(examined)
    return [
        {
            "fault": FAULTS[name],
            "severity": first[name].severity,
            "count": count,
            "found": visible_finding(first[name]),
            "example": example(first[name], examined),
        }
        for name, count in examined.diagnosis.counts.items()
    ]


def visible_finding(found: Finding) -> dict[str, Any]:
    return {
        "fault": found.fault,
        "severity": found.severity,
        "where": f"{visible(found.file)} row {found.row}" if found.row >= 0 else visible(found.file),
        "detail": visible(found.detail)[:DETAIL],
        "repair": visible(found.repair)[:DETAIL],
    }


def example(found: Finding, examined: Examined) -> dict[str, str]:
    """A row before, what became of it, and after; {} where it is no row that was read."""
    place = (found.file, found.row)
    if place not in examined.rows:
        return {}
    before, what, after = told(place, examined)
    if what in ("quarantined", "merged"):
        return {"before": cut(before, 0, EXAMPLE), "what": what, "after": after[:EXAMPLE]}
    before, after = windows(before, after, EXAMPLE)
    return {"before": before, "what": what, "after": after}


def told(place: Place, examined: Examined) -> tuple[str, str, str]:
    """(before, what became of it, after) of one row."""
    value, target = examined.rows[place].value, examined.visit.target
    what, after = outcome(examined.after(place), value, target)
    return spoken(value, target), what, after


# ---------------------------------------------------------------- every row


def index(examined: Examined, budget: int) -> dict[str, Any]:
    """All rows with a fault, column by column, within `budget` bytes: texts are cut, then the last rows left out."""
    records = [record(place, found, examined) for place, found in examined.by_row.items()]
    total = len(records)
    length = next((one for one in reversed(LENGTHS) if size(columns(records, one)) <= budget), 0)
    while records and (bytes_now := size(columns(records, length))) > budget:
        records = records[: int(len(records) * 0.98 * budget / bytes_now)]
    whole = all(len(one["before"]) <= length and len(one["after"]) <= length for one in records)
    data = script_json(columns(records, length))
    return {"data": data, "left_out": total - len(records), "cut_at": None if whole else length, "rows": len(records)}


def size(value: object) -> int:
    return len(script_json(value).encode("utf-8", "replace"))


def record(place: Place, found: list[Finding], examined: Examined) -> dict[str, Any]:
    """One row of the list; what becomes of it is only told where it was repaired."""
    before, what, after = "", "", ""
    if place in examined.rows:
        if examined.repaired:
            before, what, after = told(place, examined)
        else:
            before = spoken(examined.rows[place].value, examined.visit.target)
    elif place[1] >= 0:
        what = "quarantined" if examined.repaired else ""
        raws = (one.raw for one in examined.visit.dataset.events if (one.file, one.row) == place)
        before = visible(next(raws, ""))
    return {
        "file": visible(place[0]),
        "row": place[1],
        "found": [(one.fault, one.severity, visible(one.detail)[:DETAIL], visible(one.repair)[:80]) for one in found],
        "before": before,
        "what": what,
        "after": after,
    }


def columns(records: list[dict[str, Any]], length: int) -> dict[str, Any]:
    """The records column by column; names that repeat are written once."""
    pairs = [shortened(one, length) for one in records]
    codes = numbered(chain.from_iterable([(f[0], f[1]) for f in one["found"]] for one in records))
    return {
        "file": numbered([one["file"] for one in records]),
        "row": [one["row"] for one in records],
        "faults": {"names": codes["names"], "each": [len(one["found"]) for one in records], "codes": codes["codes"]},
        "details": [[cut(f[2], 0, max(80, length)) for f in one["found"]] for one in records],
        "what": numbered([one["what"] for one in records]),
        "before": [before for before, _ in pairs],
        "after": [after for _, after in pairs],
    }


def shortened(one: dict[str, Any], length: int) -> tuple[str, str]:
    """The texts of a row, cut around where they differ."""
    if not length:
        return "", ""
    if one["what"] in ("quarantined", "merged"):
        return cut(one["before"], 0, length), cut(one["after"], 0, length)
    return windows(one["before"], one["after"], length)
