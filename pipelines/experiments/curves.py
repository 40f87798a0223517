"""Loss curves as small pictures, all on one scale: trained tokens across, loss down. One line a seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 320, 190
LEFT, RIGHT, TOP, FLOOR = 44, 308, 14, 150
POINTS = 60  # of a line: more than a picture of this size can show are averaged

Line = Sequence[tuple[float, float]]  # (trained tokens so far, loss)


@dataclass(frozen=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True)
class Picture:
    """One column's curves, ready for the template."""

    title: str
    lines: list[str]  # the points of each polyline
    ends: str  # first and last loss, in words
    x_ticks: list[Tick]
    y_ticks: list[Tick]


def pictures(curves: Mapping[str, Sequence[Line]]) -> list[Picture]:
    """A picture for each title that has a line of at least two points."""
    smooth = {title: [averaged(line) for line in lines if len(line) > 1] for title, lines in curves.items()}
    points = [point for lines in smooth.values() for line in lines for point in line]
    if not points:
        return []
    most = max(tokens for tokens, _ in points)
    top, step = round_axis(max(loss for _, loss in points))
    y_ticks = [Tick(down(step * number, top), f"{step * number:g}") for number in range(round(top / step) + 1)]
    x_ticks = [Tick(across(share * most, most), thousands(share * most)) for share in (0, 0.5, 1)]
    return [
        Picture(title, [polyline(line, most, top) for line in lines], ends_of(lines), x_ticks, y_ticks)
        for title, lines in smooth.items()
        if lines
    ]


def averaged(line: Line) -> list[tuple[float, float]]:
    """At most POINTS points, each the mean of its neighbours."""
    size = -(-len(line) // POINTS)
    blocks = [line[start : start + size] for start in range(0, len(line), size)]
    return [(sum(x for x, _ in block) / len(block), sum(y for _, y in block) / len(block)) for block in blocks]


def polyline(line: Line, most: float, top: float) -> str:
    return " ".join(f"{across(tokens, most):.1f},{down(loss, top):.1f}" for tokens, loss in line)


def across(tokens: float, most: float) -> float:
    return LEFT + (RIGHT - LEFT) * tokens / (most or 1)


def down(loss: float, top: float) -> float:
    return FLOOR - (FLOOR - TOP) * loss / (top or 1)


def round_axis(highest: float) -> tuple[float, float]:
    """The end of the axis and the distance of its ticks: round numbers, at most six ticks."""
    for step in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100):
        if highest / step <= 5:
            return step * max(1, -(-highest // step)), step
    return highest, highest


def thousands(tokens: float) -> str:
    return f"{tokens / 1000:.0f} k" if tokens >= 1000 else f"{tokens:.0f}"


def ends_of(lines: Sequence[Line]) -> str:
    first, last = (sum(line[place][1] for line in lines) / len(lines) for place in (0, -1))
    return f"loss {first:.2f} to {last:.2f}"
