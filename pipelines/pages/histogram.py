"""The sense decision as a picture: how many pairs of definitions have which score, and where the thresholds stand.

Geometry only; the template draws it as SVG.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

ANSWERS = ("merge", "ask", "keep")  # from the bottom of a bar upwards
WIDTH, HEIGHT = 720, 300  # of the picture, in SVG units
LEFT, RIGHT, TOP, FLOOR = 60, 12, 56, 256  # its margins, and the y of the axis
LINE = 22  # height of a threshold's label
BINS = 40


@dataclass(frozen=True, slots=True)
class Bar:
    answer: str
    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Threshold:
    at: float
    label: str
    label_y: float  # each label has a line of its own, so that near thresholds do not write over each other
    anchor: str  # the side of its line on which there is room


@dataclass(frozen=True, slots=True)
class Histogram:
    width: int
    height: int
    left: int
    right: int
    top: int
    floor: int  # y of the axis
    bars: list[Bar]
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    thresholds: list[Threshold]
    counts: dict[str, int]  # pairs by answer


@dataclass(frozen=True, slots=True)
class Axes:
    """From scores and counts to places in the picture."""

    low: float
    step: float  # width of a bin, as a score
    top: int  # count at the upper edge

    def x(self, score: float) -> float:
        return round(LEFT + (score - self.low) / (self.step * BINS) * (WIDTH - LEFT - RIGHT), 2)

    def height(self, count: int) -> float:
        return round(count / self.top * (FLOOR - TOP), 2)


def histogram(pairs: Iterable[tuple[float, str]], thresholds: Mapping[str, float]) -> Histogram:
    """Bars of the pairs' (score, answer), stacked by answer. Scores that are not finite are left out."""
    pairs = [(score, answer) for score, answer in pairs if math.isfinite(score)]
    marks = sorted((value, name) for name, value in thresholds.items() if math.isfinite(value))
    low, step = scale([score for score, _ in pairs] + [value for value, _ in marks])
    bins = Counter((bin_of(score, low, step), answer) for score, answer in pairs)
    top, tick_step = axis_ticks(max(Counter(place for place, _ in bins.elements()).values(), default=1))
    axes = Axes(low, step, top)
    edges = [low + step * BINS * n / 5 for n in range(6)]
    return Histogram(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=WIDTH - RIGHT,
        top=TOP,
        floor=FLOOR,
        bars=stacked_bars(bins, axes),
        x_ticks=[Tick(axes.x(edge), f"{edge:.1f}") for edge in edges],
        y_ticks=[Tick(FLOOR - axes.height(n), f"{n:,}") for n in range(0, top + 1, tick_step)],
        thresholds=[
            Threshold(axes.x(value), f"{name} ≥ {value:.2f}", TOP - 10 - LINE * place, side(axes.x(value)))
            for place, (value, name) in enumerate(marks)
        ],
        counts={name: sum(answer == name for _, answer in pairs) for name in ANSWERS},
    )


def side(x: float) -> str:
    return "end" if x > WIDTH / 2 else "start"


def scale(values: list[float]) -> tuple[float, float]:
    """(lowest edge, width of a bin) so that BINS bins hold every value: 0 to 1 where the values allow it."""
    low = min(0.0, math.floor(min(values, default=0.0) * 5) / 5)
    high = max(1.0, math.ceil(max(values, default=1.0) * 5) / 5)
    return low, (high - low) / BINS


def bin_of(score: float, low: float, step: float) -> int:
    return min(max(int((score - low) / step + 1e-9), 0), BINS - 1)


def axis_ticks(highest: int) -> tuple[int, int]:
    """(upper edge, distance of ticks) for counts: about four ticks, at 1, 2 or 5 times a power of ten."""
    power = 10 ** max(math.floor(math.log10(max(highest, 1) / 4)), 0)
    step = next((power * n for n in (1, 2, 5) if power * n * 4 >= highest), power * 10)
    return step * math.ceil(max(highest, 1) / step), step


def stacked_bars(bins: Counter[tuple[int, str]], axes: Axes) -> list[Bar]:
    bars = []
    for place in sorted({place for place, _ in bins}):
        start, end = axes.low + place * axes.step, axes.low + (place + 1) * axes.step
        floor = float(FLOOR)
        for answer in (name for name in ANSWERS if bins[place, name]):
            count = bins[place, answer]
            floor = round(floor - axes.height(count), 2)
            width = round(axes.x(end) - axes.x(start) - 1, 2)
            title = f"{start:.3f} to {end:.3f}: {count:,} {answer}"
            bars.append(Bar(answer, axes.x(start) + 0.5, floor, width, axes.height(count), title))
    return bars
