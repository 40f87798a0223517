"""What an engine found, and the two small rules by which every engine is read the same way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Found:
    """Rows by position: those that leave, each with the row that it goes into."""

    removed: dict[int, int]
    asked: set[tuple[int, int]] = field(default_factory=set)  # pairs (smaller, larger) that a person is asked about
    compared: int = 0  # pairs that were looked at; 0: not said
    texts: int = 0  # distinct texts whose vectors were asked for; 0: all definitions, or none


def first_stays(alike: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Pairs that an engine calls alike → who leaves: in the order of the rows, one leaves that is like one that stayed.

    So nobody leaves through a chain of likenesses: the kindest reading of an engine that only names pairs.
    """
    earlier: dict[int, list[int]] = {}
    for left, right in alike:
        if left != right:
            earlier.setdefault(max(left, right), []).append(min(left, right))
    removed: dict[int, int] = {}
    for place in sorted(earlier):
        stayed = [other for other in earlier[place] if other not in removed]
        if stayed:
            removed[place] = min(stayed)
    return removed


def together(removed: Mapping[int, int], left: int, right: int) -> bool:
    """Whether two rows became one: one of them left for the other, or both for the same row."""
    return _last(removed, left) == _last(removed, right)


def _last(removed: Mapping[int, int], place: int) -> int:
    """The row that a row went into in the end: a survivor of one stage may leave in the next."""
    while place in removed:
        place = removed[place]
    return place
