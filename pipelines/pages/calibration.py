"""Whether the same-sense score keeps its word: of labelled pairs with a score near 0.7, are seven in ten one sense?

The counts come with `curation` (sense/calibration.json), from pairs of terms that the scoring model never saw. Drawn
under the histogram on the same axis; geometry only, the template draws it as SVG.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TypeAlias

from pipelines.pages.histogram import BINS, LEFT, RIGHT, WIDTH, Axes, Tick

Bin: TypeAlias = tuple[float, float, int, int]  # from score, to score, labelled pairs, of them one sense

HEIGHT = 210  # of the picture, in SVG units
TOP, FLOOR = 14, 166  # y of a share of 1 and of 0
ASKED_AT_MOST = 15  # % of the pairs: more questions than that nobody answers
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    low: float  # y of the interval's lower end
    high: float
    radius: float  # its area grows with the number of pairs
    title: str


@dataclass(frozen=True, slots=True)
class Calibration:
    width: int
    height: int
    left: int
    right: int
    top: int
    floor: int
    dots: list[Dot]
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    pairs: int  # labelled


def shipped_bins() -> list[Bin]:
    """The bins that come with the scoring model; [] where none do."""
    path = files("curation.sense") / "calibration.json"
    if not path.is_file():
        return []
    return [
        (float(low), float(high), int(n), int(same)) for low, high, n, same in json.loads(path.read_bytes())["bins"]
    ]


def calibration(bins: Sequence[Bin], told: str = "labelled pairs were one sense") -> Calibration:
    """A dot for each bin that holds a pair: at the middle of its scores, as high as the share that was one sense."""
    bins = [one for one in bins if one[2]]
    axes = Axes(0.0, 1 / BINS, 1)
    fifths = [n / 5 for n in range(6)]
    return Calibration(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=WIDTH - RIGHT,
        top=TOP,
        floor=FLOOR,
        dots=[dot(one, axes, told) for one in bins],
        x_ticks=[Tick(axes.x(edge), f"{edge:.1f}") for edge in fifths],
        y_ticks=[Tick(height(share), f"{share:.1f}") for share in (0, 0.5, 1)],
        pairs=sum(n for _, _, n, _ in bins),
    )


def height(share: float) -> float:
    return round(FLOOR - share * (FLOOR - TOP), 2)


def dot(one: Bin, axes: Axes, told: str) -> Dot:
    """The share of one bin with Jeffreys' interval (Brown, Cai and DasGupta 2001)."""
    from scipy.stats import beta

    low, high, n, same = one
    tail = (1 - CONFIDENCE) / 2
    worst, best = (float(beta.ppf(share, same + 0.5, n - same + 0.5)) for share in (tail, 1 - tail))
    said = f"scores {low:.2f} to {high:.2f}: {same:,} of {n:,} {told}"
    radius = round(2 + min(n, 400) ** 0.5 / 3, 2)
    return Dot(axes.x((low + high) / 2), height(same / n), height(worst), height(best), radius, said)


def asked_share(counts: Mapping[str, int]) -> str:
    """How many of the compared pairs are left to a person, in a sentence."""
    whole, asked = sum(counts.values()), counts.get("ask", 0)
    share = 100 * asked / whole if whole else 0.0
    said = f"{asked:,} of {whole:,} pairs ({share:.1f} %) are left to a person; the aim is under {ASKED_AT_MOST} %."
    return said.replace(" %", "\u00a0%")  # a number and its sign stay on one line
