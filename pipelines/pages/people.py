"""What the report tells of people's decisions: what they changed, and how the build's own word stands beside theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.pages.calibration import calibration

LISTED = 8  # questions of each list
LISTS = (
    ("disputed", "People disagree: nothing was done"),
    ("orphans", "Of content that this build does not hold"),
    ("unmet", "Not done, since other answers say the contrary"),
)


def told_of_people(effect: Mapping[str, Any]) -> dict[str, Any]:
    """The section's words and figures; {} where nobody has decided anything."""
    if not effect:
        return {}
    bins = [(float(low), float(high), int(n), int(right)) for low, high, n, right in effect["calibration"]]
    return {
        "people": effect["people"],
        "answers": effect["answers"],
        "settled": sum(effect["settled"].values()),
        "gold": effect["gold"],
        "changed": [
            (kind, of_effect, rows)
            for kind, found in effect["rows_changed"].items()
            for of_effect, rows in found.items()
        ],
        "as_it_was": effect["as_it_was"],
        "right": [(kind, one["asked"], one["right"], one["hoped"]) for kind, one in effect["build_was_right"].items()],
        "alpha": [(kind, one) for kind, one in effect["alpha"].items() if one is not None],
        "proposed": effect["proposed"],
        "lists": [
            (title, len(effect[name]), [_line(one) for one in effect[name][:LISTED]])
            for name, title in LISTS
            if effect[name]
        ],
        "calibration": calibration(bins, "answers were what the build had suggested"),
    }


def _line(one: Mapping[str, Any]) -> str:
    votes = ", ".join(f"{answer} {count}" for answer, count in one["votes"].items())
    return f"{one['ask']} {votes}"
