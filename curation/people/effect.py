"""What people's decisions did to a build, and how the build's own word stands beside theirs.

How often the build was right is told of the questions that were asked: it was in doubt there, so elsewhere it is right
more often. New thresholds are proposed from that, never applied.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from curation.agreement import alpha_by_kind, annotators
from curation.people.decided import AS_IT_WAS, UNMET
from curation.people.decisions import Settled
from curation.stage import Given

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

Judged: TypeAlias = tuple[float, bool]  # the build's probability of something, and whether people say so

BINS = 10
FEWEST = 30  # answers from which thresholds are proposed, and FEWEST_OF_EACH of either kind among them
FEWEST_OF_EACH = 5
DRAWS = 200  # of the bootstrap
REACH = (0.05, 0.95)  # of it


def review_effect(
    kept: pd.DataFrame, ledger: pd.DataFrame, given: Given, thresholds: Mapping[str, float]
) -> dict[str, Any]:
    """All that is to be told of the decisions of `given`; {} where nobody has answered anything.

    "rows_changed" counts rows by kind of question and effect, "as_it_was" those that nobody's answer changed.
    "disputed" lists questions on which people disagree, "orphans" those settled of which this build holds no content,
    or has no stage that obeys, and "unmet" those that other decisions forbid. `thresholds` are the same-sense stage's,
    by name.
    """
    if not given.answers:
        return {}
    met = _met(kept, ledger)
    found, unmet = {key for key, _, _ in met}, {key for key, effect, _ in met if effect == UNMET}
    settled = {key: one for key, one in sorted(given.decisions.items()) if one.answer}
    people = annotators(given.answers)
    return {
        "people": len(people),
        "answers": sum(one.answered for one in people),
        "skipped": sum(one.skipped for one in people),
        "gold": {"asked": sum(one.gold_asked for one in people), "right": sum(one.gold_right for one in people)},
        "settled": dict(sorted(Counter(one.question for one in settled.values()).items())),
        "rows_changed": _rows_changed(met, settled),
        "as_it_was": _as_it_was(met, settled),
        "disputed": [_told(key, one) for key, one in sorted(given.decisions.items()) if one.disputed],
        "orphans": [_told(key, one) for key, one in settled.items() if key not in found],
        "unmet": [_told(key, settled[key]) for key in sorted(unmet & {*settled})],
        "alpha": {kind: None if math.isnan(one) else one for kind, one in alpha_by_kind(given.answers).items()},
        "build_was_right": build_was_right(settled.values()),
        "calibration": calibration_bins(agreed(settled.values())),
        "proposed": proposed_thresholds(one_sense(settled.values()), thresholds, given.seed),
    }


def _met(kept: pd.DataFrame, ledger: pd.DataFrame) -> list[tuple[str, str, str]]:
    """(key, effect, row) of every decision that was met."""
    found = []
    for table in (kept, ledger):
        if "decided" in table.columns:
            for row, keys, effects in zip(table["id"], table["decided"], table["decided_effect"], strict=True):
                found += [(str(key), str(effect), str(row)) for key, effect in zip(keys, effects, strict=True)]
    return found


def _rows_changed(met: Iterable[tuple[str, str, str]], settled: Mapping[str, Settled]) -> dict[str, dict[str, int]]:
    rows: dict[str, dict[str, set[str]]] = {}
    for key, effect, row in met:
        if key in settled and effect not in (AS_IT_WAS, UNMET):
            rows.setdefault(settled[key].question, {}).setdefault(effect, set()).add(row)
    return {
        kind: {effect: len(of_effect) for effect, of_effect in sorted(effects.items())}
        for kind, effects in sorted(rows.items())
    }


def _as_it_was(met: Iterable[tuple[str, str, str]], settled: Mapping[str, Settled]) -> int:
    """Rows that decisions speak of and of which each stage would have thought the same by itself."""
    effects: dict[str, set[str]] = {}
    for key, effect, row in met:
        if key in settled:
            effects.setdefault(row, set()).add(effect)
    return sum(of_row == {AS_IT_WAS} for of_row in effects.values())


def _told(key: str, one: Settled) -> dict[str, Any]:
    return {"id": key, "question": one.question, "answer": one.answer, "votes": dict(one.votes),
            "ask": str(one.asked.get("ask", ""))}  # fmt: skip


def _has_word(one: Settled) -> bool:
    """Whether the build's own word was kept beside the answer."""
    return isinstance(one.asked.get("score"), int | float) and isinstance(one.asked.get("suggestion"), str)


def agreed(settled: Iterable[Settled]) -> list[Judged]:
    """For each settled question the build's probability of its suggestion, and whether people answered so."""
    return [(float(one.asked["score"]), one.answer == one.asked["suggestion"]) for one in settled if _has_word(one)]


def one_sense(settled: Iterable[Settled]) -> list[Judged]:
    """For each settled pair of definitions the build's probability of one sense, and whether people say that it is."""
    found = []
    for one in settled:
        if one.question == "same_sense" and _has_word(one):
            score = float(one.asked["score"])
            found.append((score if one.asked["suggestion"] == "same" else 1 - score, one.answer == "same"))
    return found


def build_was_right(settled: Iterable[Settled]) -> dict[str, dict[str, float]]:
    """For each kind: questions settled, how many the build's suggestion answered, the share that it had hoped for."""
    by_kind: dict[str, list[Settled]] = {}
    for one in settled:
        by_kind.setdefault(one.question, []).append(one)
    found = {}
    for kind, of_kind in sorted(by_kind.items()):
        judged = agreed(of_kind)
        if judged:
            hoped = sum(score for score, _ in judged) / len(judged)
            found[kind] = {"asked": len(judged), "right": sum(right for _, right in judged), "hoped": round(hoped, 4)}
    return found


def calibration_bins(judged: Sequence[Judged]) -> list[list[float]]:
    """[from, to, questions, of them as the build thought] for each tenth of the scores that holds any."""
    placed = [(min(int(score * BINS), BINS - 1), right) for score, right in judged]
    counts, right = Counter(place for place, _ in placed), Counter(place for place, so in placed if so)
    return [[place / BINS, (place + 1) / BINS, counts[place], right[place]] for place in sorted(counts)]


def proposed_thresholds(judged: Sequence[Judged], thresholds: Mapping[str, float], seed: int) -> list[dict[str, Any]]:
    """For each threshold the score at which, by people's answers, the probability is what the threshold means.

    The scores are recalibrated by a logistic curve (Platt 1999); "from" and "to" hold nine tenths of the bootstrap's
    values, and "worth_it" says whether today's value lies outside. [] where too few have answered.
    """
    import numpy as np

    truth = np.array([so for _, so in judged], dtype=bool)
    if len(truth) < FEWEST or min(truth.sum(), (~truth).sum()) < FEWEST_OF_EACH:
        return []
    odds = _logit(np.array([score for score, _ in judged]))
    chance = np.random.default_rng(seed)
    draws = [_curve(odds[chosen], truth[chosen]) for chosen in chance.integers(0, len(truth), (DRAWS, len(truth)))]
    curve, curves = _curve(odds, truth), [one for one in draws if one]
    if curve is None or len(curves) < DRAWS / 2:
        return []
    found = []
    for name, now in thresholds.items():
        low, high = np.quantile([_where(one, now) for one in curves], REACH)
        at = _where(curve, now)
        reach = {"from": round(float(low), 2), "to": round(float(high), 2), "worth_it": not low <= now <= high}
        told = {"threshold": f"same_sense.{name}", "now": now, "proposed": round(at, 2), "answers": len(truth)}
        found.append(told | reach)
    return found


def _logit(share: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    import numpy as np

    kept = np.clip(share, 0.001, 0.999)
    return np.asarray(np.log(kept / (1 - kept)))


def _curve(odds: npt.NDArray[np.float64], truth: npt.NDArray[np.bool_]) -> tuple[float, float] | None:
    """Slope and offset; None where the scores do not tell the two apart, or there is only one to tell."""
    from sklearn.linear_model import LogisticRegression

    if truth.all() or not truth.any() or odds.min() == odds.max():
        return None
    fit = LogisticRegression(C=100.0).fit(odds[:, None], truth)
    slope, offset = float(fit.coef_[0, 0]), float(fit.intercept_[0])
    return (slope, offset) if slope > 0.05 else None


def _where(curve: tuple[float, float], probability: float) -> float:
    """The score at which the curve gives this probability."""
    odds = math.log(probability / (1 - probability)) if 0 < probability < 1 else math.copysign(9, probability - 0.5)
    return 1 / (1 + math.exp(-min(max((odds - curve[1]) / curve[0], -9), 9)))
