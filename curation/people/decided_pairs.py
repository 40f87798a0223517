"""How the stages obey people on pairs of rows of one term: what is one sense, what is not, and which of two is right.

Nobody's answer merges a row with a third that it was not compared with: what a person keeps apart stays apart in every
group, and what a person joins goes where its partner went.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Literal, TypeAlias

from curation.people.decided import (
    AS_IT_WAS,
    KEPT,
    KEPT_APART,
    LEFT,
    MERGED,
    UNMET,
    at,
    note,
    question_key,
    settled_of,
    side_order,
    texts_at,
)
from curation.stage import Given, mark
from curation.text.comparison import comparison_key

if TYPE_CHECKING:
    import pandas as pd

    from curation.people.decisions import Settled
    from curation.same_sense import Compared

Look: TypeAlias = tuple[str, ...]  # what a row says of itself

DECIDED = "decided_by_person"  # the reason of rows that leave on a person's word


@dataclass(frozen=True, slots=True)
class Verdict:
    """What people say of one pair, by position."""

    key: str
    settled: Settled
    first: int  # the two rows in the order in which they were shown
    second: int

    @property
    def together(self) -> Literal["same", "apart"]:
        return "same" if self.settled.answer == "same" else "apart"

    @property
    def losers(self) -> tuple[int, ...]:
        """The rows that are wrong."""
        wrong = {"first": (self.second,), "second": (self.first,), "neither": (self.first, self.second)}
        return wrong.get(self.settled.answer, ())


class Pairs:
    """The decisions that speak of pairs of rows of a table. False where there are none."""

    def __init__(self, table: pd.DataFrame, given: Given, differ: Callable[[int, int], str]) -> None:
        """`differ` tells for two positions how their columns differ ("part of speech: noun ≠ verb")."""
        self._settled = settled_of(given, "same_sense", "contradiction")
        self._differ = differ
        names = ("term_key", "definition", "part_of_speech", "category")
        self._cells = list(zip(*(table[name].tolist() for name in names), strict=True)) if self._settled else []
        self._found: dict[tuple[int, int], Verdict | None] = {}

    def __bool__(self) -> bool:
        return bool(self._settled)

    def look(self, place: int) -> Look:
        """All that the verdicts of a row with others depend on; nothing where nobody decided anything."""
        if not self._settled:
            return ()
        _, definition, *columns = self._cells[place]
        return (comparison_key(definition), *columns)

    def verdict(self, a: int, b: int) -> Verdict | None:
        """What people say of the rows at two positions; a contradiction is asked after a sense, so it is told first."""
        if not self._settled:
            return None
        pair = (min(a, b), max(a, b))
        if pair not in self._found:
            self._found[pair] = self._look_up(*pair)
        return self._found[pair]

    def _look_up(self, a: int, b: int) -> Verdict | None:
        first, second = sorted((a, b), key=lambda place: (*side_order(*self._cells[place][1:]), place))
        asked = (self._cells[first][0], self._cells[first][1], self._cells[second][1])
        words = self._differ(first, second)
        tried = [("contradiction", (*asked, words))] if words else []
        for kind, parts in (*tried, ("contradiction", asked), ("same_sense", asked)):
            key = question_key(kind, parts)
            if key in self._settled and self._settled[key].question == kind:
                return Verdict(key, self._settled[key], first, second)
        return None

    def apart(self, places: Iterable[int], others: Sequence[int]) -> bool:
        """Whether people keep any of these rows apart from any of the others."""
        if not self._settled:
            return False
        verdicts = (self.verdict(a, b) for a in places for b in others if a != b)
        return any(one is not None and one.together == "apart" for one in verdicts)


def group_exact(groups: Iterable[Sequence[int]], people: Pairs) -> tuple[dict[int, list[int]], list[Verdict]]:
    """Survivor → the rows that go into it, for groups of rows that say the same, best first; and the verdicts met.

    Rows that look alike have the same verdicts, so one of them stands for all, however many copies there are.
    """
    merges: dict[int, list[int]] = {}
    met: dict[str, Verdict] = {}
    for group in groups:
        homes: dict[int, dict[Look, int]] = {}  # survivor → one of the rows of each look that went into it
        for place in group:
            look = people.look(place)
            home = next((one for one, looks in homes.items() if not people.apart([place], [*looks.values()])), place)
            homes.setdefault(home, {}).setdefault(look, place)
            merges.setdefault(home, []).extend([place] if home != place else [])
        told = [place for looks in homes.values() for place in looks.values()] if people else []
        for one in (people.verdict(a, b) for a, b in combinations(told, 2)):
            met |= {one.key: one} if one and one.key not in met else {}
    return {survivor: rest for survivor, rest in merges.items() if rest}, list(met.values())


def obey_senses(compared: Sequence[Compared], people: Pairs) -> tuple[list[Compared], dict[frozenset[int], Verdict]]:
    """The compared pairs with what people say of them for an answer, and those verdicts by their two positions."""
    verdicts: dict[frozenset[int], Verdict] = {}
    obeyed = list(compared)
    for place, pair in enumerate(compared if people else ()):
        verdict = people.verdict(pair.left, pair.right)
        if verdict:
            verdicts[frozenset((pair.left, pair.right))] = verdict
            obeyed[place] = replace(pair, answer="merge" if verdict.together == "same" else "keep")
    return obeyed, verdicts


def best_first_with_people(
    compared: Sequence[Compared], rank: Sequence[int], verdicts: dict[frozenset[int], Verdict]
) -> tuple[dict[int, list[int]], dict[int, float]]:
    """As `same_sense.best_first`; but what people join goes into one row, and what they keep apart never meets in one.

    A row that a person joins with another goes where that one went, if nobody keeps it apart from a row there.
    """
    scores = {frozenset((pair.left, pair.right)): pair.score for pair in compared}
    joined, likes = _joined(verdicts), defaultdict(list)
    for pair in compared:
        if pair.answer == "merge":
            likes[pair.left].append(pair.right)
            likes[pair.right].append(pair.left)
    apart = {pair for pair, verdict in verdicts.items() if verdict.together == "apart"}
    home: dict[int, int] = {}  # row → the survivor it went into, or itself
    merges: defaultdict[int, list[int]] = defaultdict(list)
    for place in sorted(likes, key=rank.__getitem__):
        open_homes: dict[int, tuple[bool, float, int]] = {}
        for other in likes[place]:
            survivor = home.get(other)
            by_person = other in joined[place]
            if survivor is None or (survivor != other and not by_person):
                continue
            unit = {place, *(row for row in joined[place] if row not in home)}
            if not any(frozenset((a, b)) in apart for a in unit for b in (survivor, *merges[survivor])):
                likely = scores.get(frozenset((place, survivor)), scores[frozenset((place, other))])
                open_homes[survivor] = max(
                    open_homes.get(survivor, (False, 0.0, 0)), (by_person, likely, -rank[survivor])
                )
        home[place] = max(open_homes, key=lambda one: open_homes[one], default=place)
        if home[place] != place:
            merges[home[place]].append(place)
    found = {place: scores.get(frozenset((place, to)), float("nan")) for place, to in home.items() if place != to}
    return dict(merges), found


def _joined(verdicts: dict[frozenset[int], Verdict]) -> defaultdict[int, set[int]]:
    found: defaultdict[int, set[int]] = defaultdict(set)
    for pair, verdict in verdicts.items():
        if verdict.together == "same":
            a, b = pair
            found[a].add(b)
            found[b].add(a)
    return found


def note_senses(
    table: pd.DataFrame,
    compared: Sequence[Compared],
    verdicts: dict[frozenset[int], Verdict],
    merges: dict[int, list[int]],
) -> pd.DataFrame:
    """Write down what people's answers did, and whose word it was that merged a row. `compared`: without people."""
    if not verdicts:
        return table
    home = {place: survivor for survivor, places in merges.items() for place in places}
    effects: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    told: dict[int, str] = {}
    for pair in compared:
        verdict = verdicts.get(frozenset((pair.left, pair.right)))
        if verdict is None:
            continue
        met = home.get(pair.left, pair.left) == home.get(pair.right, pair.right)
        effect = (MERGED if met else KEPT_APART) if met != (pair.answer == "merge") else AS_IT_WAS
        for place in (pair.left, pair.right):
            effects[place].append((verdict.key, effect if (verdict.together == "same") == met else UNMET))
            if met and place in home:
                told[place] = verdict.settled.told()
    details = texts_at(table, told)
    if "detail" in table.columns:
        table = table.assign(detail=table["detail"].where(details == "", details + "; " + table["detail"]))
    return note(table, effects)


def obey_contradictions(table: pd.DataFrame, pairs: Iterable[tuple[int, int]], people: Pairs) -> pd.DataFrame:
    """Rows that people say are wrong leave; of a pair that both of are right, each stays."""
    effects: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    told: dict[int, str] = {}
    ids = table["id"].tolist()
    for pair in pairs if people else ():
        verdict = people.verdict(*pair)
        if verdict is None or verdict.settled.question != "contradiction":
            continue
        for place in pair:
            lost = place in verdict.losers
            effects[place].append((verdict.key, LEFT if lost else KEPT))
            if lost:
                other = pair[0] if place == pair[1] else pair[1]
                right = "" if other in verdict.losers else f"; right is {ids[other]}"
                told.setdefault(place, verdict.settled.told() + right)
    table = mark(table, at(table, told), DECIDED, detail=texts_at(table, told)) if told else table
    return note(table, effects)
