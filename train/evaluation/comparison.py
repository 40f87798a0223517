"""Two models beside each other, over the same items: what is better, what is worse, what cannot be told.

Each side is one evaluation a seed. A difference counts when its interval leaves zero out and its p-value, corrected for
looking at several metrics, is below 0.05.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from train.errors import TrainError
from train.evaluation.metrics import SPECS
from train.evaluation.results import ItemValue, Metric, Results
from train.evaluation.statistics import Interval, McNemar, holm, mcnemar_exact, paired_bootstrap

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Verdict = Literal["better", "worse", "higher", "lower", "no significant difference"]

LEVEL = 0.05
SEED = 3407

# What people decide by, one metric a question. These are corrected among themselves, so that other readings of the
# same answers (acc_norm beside acc, a token beside a byte) do not hide them; all others are details.
HEADLINE = (
    "case_explained",
    "question_explained",
    "choice_acc_mutual_info",
    "unseen_wording_acc_mutual_info",
    "cloze_acc_mutual_info",
    "held_out_nll",
    "general_nll",
    "definition_held_out_chrf",
    "plain_explained",
    "general_without_slang",
    "healthy_answers",
)
# Each value hangs on the other answers, so no test of single answers holds for it.
UNTESTED = {"distinct_answers": "whether an answer is distinct hangs on the others: no test"}


@dataclass(frozen=True)
class Side:
    """One model: its name, every mark of its runs, and how many seeds it was trained with."""

    name: str
    marks: list[str]
    seeds: int
    engine: str


@dataclass(frozen=True)
class Compared:
    """One metric: the mean of both sides over the same items, and b − a."""

    name: str
    title: str
    unit: str
    better: str  # "higher", "lower" or "neither"
    kind: str  # "share" or "mean"
    headline: bool
    n: int  # items both sides have
    terms: int  # clusters that were resampled
    a: float
    b: float
    difference: Interval  # b − a, 95 %
    test: str  # what the p-value comes from; "" where there is none
    p_value: float
    p_corrected: float  # Holm's, among the headline metrics or among the details
    verdict: Verdict  # of b, seen from a
    mcnemar: McNemar | None = None
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Comparison:
    """All metrics that both sides have, headline first; what was left out; what to know before believing it."""

    a: Side
    b: Side
    suite: str
    items_sha256: str
    metrics: list[Compared]
    left_out: dict[str, str]  # metric → why it is not compared
    notes: list[str]

    def facts(self) -> dict[str, Any]:
        """For JSON."""
        rows = [asdict(row) | {"difference": row.difference.facts()} for row in self.metrics]
        return asdict(self) | {"metrics": rows}


def compare(a: Sequence[Results], b: Sequence[Results], *, seed: int = SEED) -> Comparison:
    """b seen from a; each is one evaluation a seed of the same model.

    Raises TrainError where a side is empty or holds one evaluation twice, and where suites or items differ.
    """
    _check(a, b)
    names = [name for name in in_order(a[0].metrics) if all(name in one.metrics for one in [*a, *b])]
    rows, left_out = [], _missing(a, b)
    for name in names:
        try:
            rows.append(_compared(name, a, b, seed))
        except TrainError as error:
            left_out[name] = str(error)
    if not rows:
        raise TrainError(f"{a[0].name} and {b[0].name}: no metric that both have; evaluate both with the same command")
    return Comparison(
        _side(a), _side(b), str(a[0].meta.get("suite", "")), a[0].items_sha256, _judged(rows), left_out, _notes(a, b)
    )


def in_order(names: Iterable[str]) -> list[str]:
    """As people read them: headline first, then as metrics.py lists them, then what it does not know."""
    rank = {name: place for place, name in enumerate(dict.fromkeys([*HEADLINE, *SPECS]))}
    return sorted(names, key=lambda name: (rank.get(name, len(rank)), name))


# ---------------------------------------------------------------- may they be compared?


def _check(a: Sequence[Results], b: Sequence[Results]) -> None:
    if not a or not b:
        raise TrainError("a comparison needs an evaluation on each side")
    first = a[0]
    for one in [*a, *b]:
        if one.meta.get("suite") != first.meta.get("suite"):
            raise TrainError(
                f"{_where(one)} is the suite {one.meta.get('suite')}, {_where(first)} the suite "
                f"{first.meta.get('suite')}: evaluate both with the same --suite"
            )
        if one.items_sha256 != first.items_sha256:
            raise TrainError(
                f"{_where(one)} and {_where(first)} were asked different items: evaluate both with the same --data, "
                "--suite, --seed and --limit"
            )
    for side in (a, b):
        _check_distinct([one.folder.resolve() for one in side if one.folder])


def _check_distinct(folders: Sequence[object]) -> None:
    twice = next((one for number, one in enumerate(folders) if one in folders[:number]), None)
    if twice:
        raise TrainError(f"{twice} is given twice on one side: a seed counts once")


def _where(one: Results) -> str:
    return str(one.folder or one.name)


def _missing(a: Sequence[Results], b: Sequence[Results]) -> dict[str, str]:
    every = [*a, *b]
    known = dict.fromkeys(name for one in every for name in one.metrics)
    lacking = {name: [_where(one) for one in every if name not in one.metrics] for name in known}
    return {name: f"missing in {', '.join(dict.fromkeys(names))}" for name, names in lacking.items() if names}


def _side(results: Sequence[Results]) -> Side:
    return Side(
        name=" + ".join(dict.fromkeys(one.name for one in results)),
        marks=list(dict.fromkeys(mark for one in results for mark in one.marks)),
        seeds=len(results),
        engine=", ".join(dict.fromkeys(str(one.meta.get("engine", "")) for one in results)),
    )


def _notes(a: Sequence[Results], b: Sequence[Results]) -> list[str]:
    notes = []
    if _side(a).engine != _side(b).engine:
        notes.append(f"the engines differ ({_side(a).engine}; {_side(b).engine}): a difference may be theirs")
    if len(a) == len(b) == 1:
        notes.append("one seed each: another seed may give another result; train and evaluate with three or more")
    if len({str(one.meta.get("weights", "")) for one in [*a, *b]}) > 1:
        notes.append("the base models differ, not only what they were trained on")
    return notes


# ---------------------------------------------------------------- one metric


def _compared(name: str, a: Sequence[Results], b: Sequence[Results], seed: int) -> Compared:
    """Raises TrainError where the items of the two sides cannot be paired."""
    tables = [[_by_id(name, one) for one in side] for side in (a, b)]
    ids = sorted(set.intersection(*(set(table) for side in tables for table in side)))
    if not ids:
        raise TrainError("no item that both sides have a value for")
    clusters = [tables[0][0][one].cluster for one in ids]
    left, right = (_values(side, ids) for side in tables)
    difference = paired_bootstrap(left, right, clusters, seed=seed)
    mcnemar = _mcnemar(left, right, clusters)
    lost = max(len(table) for side in tables for table in side) - len(ids)
    metric = a[0].metrics[name]
    p_value = mcnemar.p_value if mcnemar else difference.p_value
    test = "McNemar, exact" if mcnemar else "bootstrap over terms"
    untested = UNTESTED.get(name) or ("all items belong together: no test" if len(set(clusters)) < 2 else "")
    if untested:
        p_value, test, mcnemar = 1.0, "", None
    return Compared(
        name=name,
        title=metric.title or name,
        unit=metric.unit,
        better=metric.better,
        kind=metric.kind,
        headline=name in HEADLINE,
        n=len(ids),
        terms=len(set(clusters)),
        a=float(left.mean()),
        b=float(right.mean()),
        difference=difference,
        test=test,
        p_value=p_value,
        p_corrected=p_value,
        verdict="no significant difference",
        mcnemar=mcnemar,
        notes=_notes_on(metric, untested, lost),
    )


def _notes_on(metric: Metric, untested: str, lost: int) -> list[str]:
    left_out = f"{lost} items left out that one side has no value for" if lost else ""
    return [note for note in (metric.note, untested, left_out) if note]


def _by_id(name: str, results: Results) -> dict[str, ItemValue]:
    values = [one for one in results.items if one.metric == name]
    found = {one.id: one for one in values}
    if len(found) < len(values):
        raise TrainError(f"{_where(results)} has two values for one item: evaluate again with --fresh")
    return found


def _values(side: Sequence[dict[str, ItemValue]], ids: Sequence[str]) -> npt.NDArray[np.float64]:
    """(seeds, items)"""
    import numpy as np

    return np.array([[table[one].value for one in ids] for table in side], dtype=np.float64)


def _mcnemar(left: npt.NDArray[np.float64], right: npt.NDArray[np.float64], clusters: Sequence[str]) -> McNemar | None:
    """Only for yes and no, one seed each, and one item a term: the test takes items for independent."""
    import numpy as np

    yes_or_no = bool(np.isin(left, (0, 1)).all() and np.isin(right, (0, 1)).all())
    if not yes_or_no or len(left) > 1 or len(right) > 1 or len(set(clusters)) < len(clusters):
        return None
    return mcnemar_exact([one == 1 for one in left[0]], [one == 1 for one in right[0]])


# ---------------------------------------------------------------- all of them


def _judged(rows: list[Compared]) -> list[Compared]:
    """Headline metrics first, each family corrected for its size, every row with its verdict."""
    judged = []
    for family in (True, False):
        group = [row for row in rows if row.headline is family]
        tested = [row for row in group if row.test]
        corrected = dict(zip((row.name for row in tested), holm([row.p_value for row in tested]), strict=True))
        judged += [_with_verdict(row, corrected.get(row.name, 1.0)) for row in group]
    return judged


def _with_verdict(row: Compared, p_corrected: float) -> Compared:
    return replace(row, p_corrected=p_corrected, verdict=_verdict(row, p_corrected))


def _verdict(row: Compared, p_corrected: float) -> Verdict:
    change = row.difference.value
    if p_corrected >= LEVEL or row.difference.low <= 0 <= row.difference.high:
        return "no significant difference"
    if row.better == "neither":
        return "higher" if change > 0 else "lower"
    return "better" if (change > 0) == (row.better == "higher") else "worse"
