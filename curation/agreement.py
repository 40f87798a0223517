"""Several annotators → one answer and how sure; how well they agree; whose answers to trust; what to ask next.

Consensus and annotator quality are CROWDLAB's (Goh, Tkachenko and Mueller 2022, "CROWDLAB: Supervised learning to infer
consensus labels and quality scores for data with multiple annotators"), what to ask next is ActiveLab's (Goh and
Mueller 2023), both by cleanlab. The model that they weigh beside the people is the build's own suggestion with its
score. Every kind of question is judged by itself; `skip` is no answer.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from statistics import median
from typing import TYPE_CHECKING, Any, TypeAlias
from warnings import catch_warnings, simplefilter

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from curation.people.decisions import Decision

    Floats: TypeAlias = npt.NDArray[np.float64]

SKIP = "skip"
CAREFUL = 0.9  # how often a lone person is right; assumed, until several people answer the same questions
GOLD = 0.98  # probability of an answer that was known beforehand
MAJORITY = (
    0.5  # people who disagree have settled a question when more than half say so, and CROWDLAB gives it this much
)
HELP_BELOW = 0.7  # share of right gold answers, or of agreement with others, below which a person needs help
FEW = 3  # gold questions, or answers beside another's, on which nobody is judged yet
GIVEN_OR_NOT = ("given", "suggested", "neither")  # labels differ from question to question, their parts do not


@dataclass(frozen=True, slots=True)
class Annotator:
    """How one person answers, over all kinds of questions."""

    who: str
    answered: int  # skips aside
    skipped: int
    seconds: float  # the median of an answer
    beside: int  # answers to questions that somebody else answered too
    agreed: int  # of them, in which most of the others say the same
    gold_asked: int
    gold_right: int
    quality: float  # CROWDLAB's, 0 … 1, over the kinds they answered; NaN where nobody else answered the same

    @property
    def needs_help(self) -> bool:
        """Whether enough answers are wrong that guidelines should be gone through together."""
        return any(
            asked >= FEW and right < HELP_BELOW * asked
            for right, asked in ((self.gold_right, self.gold_asked), (self.agreed, self.beside))
        )


def consensus(decisions: Iterable[Decision]) -> dict[str, tuple[str, float]]:
    """Task id → (answer, probability that it is right) for every task that has an answer; "" for a disputed one.

    What one person says, or all say, is the answer. Where they differ, it is what more than half of them say, if
    CROWDLAB, which weighs the people by how they agree elsewhere, gives it an even chance at least.
    """
    found: dict[str, tuple[str, float]] = {}
    for answers in _by_kind(decisions).values():
        table = _Table(answers)
        likely = table.likely()
        for place, name in enumerate(table.ids):
            votes = Counter(table.answers[name].values())
            answer, count = votes.most_common(1)[0]
            sure = round(float(likely[place]), 6)
            clear = len(votes) == 1 or (2 * count > votes.total() and sure >= MAJORITY)
            found[name] = (answer if clear else "", sure)
    return found


def disputed(decisions: Sequence[Decision]) -> list[str]:
    """Tasks on which people disagree and that want one more opinion, the ones it would tell most about first.

    Not gold questions: their answer is known.
    """
    gold = {one.id for one in decisions if "gold" in one.asked}
    open_tasks = {name for name, (answer, _) in consensus(decisions).items() if not answer and name not in gold}
    scores = active_scores(decisions, ())
    return sorted(open_tasks, key=lambda name: (scores.get(name, 1.0), name))


def active_scores(decisions: Iterable[Decision], tasks: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """ActiveLab's score of each answered task and of each task of a queue: the lower, the more one answer would tell.

    Kinds of question that nobody has answered yet are judged by the build's own word alone.
    """
    import numpy as np
    from cleanlab.multiannotator import get_active_learning_scores

    asked: dict[str, list[Mapping[str, Any]]] = {}
    for task in tasks:
        asked.setdefault(task["question"], []).append(task)
    found: dict[str, float] = {}
    answered = _by_kind(decisions)
    for kind in sorted({*asked} - {*answered}):
        roles = list(dict.fromkeys(role(kind, task, answer) for task in asked[kind] for answer in task["answers"]))
        beliefs = np.array([belief(kind, roles, task) for task in asked[kind]])
        scores = get_active_learning_scores(pred_probs_unlabeled=beliefs)[1]
        found |= dict(zip([task["id"] for task in asked[kind]], scores.tolist(), strict=True))
    for kind, answers in answered.items():
        table = _Table(answers)
        fresh = [task for task in asked.get(kind, ()) if task["id"] not in table.answers]
        beliefs = np.array([belief(kind, table.roles, task) for task in fresh]).reshape(-1, len(table.roles))
        with np.errstate(all="ignore"), catch_warnings(), redirect_stdout(StringIO()):  # cautions about rare answers
            simplefilter("ignore", UserWarning)
            known, unknown = get_active_learning_scores(table.codes, table.beliefs, beliefs if fresh else None)
        found |= dict(zip(table.ids, known.tolist(), strict=True))
        found |= dict(zip([task["id"] for task in fresh], unknown.tolist(), strict=True))
    return {name: round(score, 6) for name, score in found.items() if math.isfinite(score)}


def annotators(decisions: Sequence[Decision]) -> list[Annotator]:
    """Everybody who was asked, by pseudonym."""
    by_person: dict[str, list[Decision]] = {}
    by_task: dict[str, dict[str, str]] = {}
    for one in decisions:
        by_person.setdefault(one.who, []).append(one)
        if one.answer != SKIP:
            by_task.setdefault(one.id, {})[one.who] = one.answer
    quality = _quality(decisions)
    return [_annotator(who, by_person[who], by_task, quality.get(who, math.nan)) for who in sorted(by_person)]


def _annotator(who: str, own: list[Decision], by_task: Mapping[str, Mapping[str, str]], quality: float) -> Annotator:
    answered = [one for one in own if one.answer != SKIP]
    beside = agreed = 0
    for one in answered:
        others = Counter(answer for person, answer in by_task[one.id].items() if person != who)
        beside += bool(others)
        agreed += bool(others) and others[one.answer] == max(others.values())
    gold = [one for one in answered if "gold" in one.asked]
    return Annotator(
        who=who,
        answered=len(answered),
        skipped=len(own) - len(answered),
        seconds=round(median(one.seconds for one in own), 1),
        beside=beside,
        agreed=agreed,
        gold_asked=len(gold),
        gold_right=sum(one.answer == one.asked["gold"] for one in gold),
        quality=quality,
    )


def _quality(decisions: Iterable[Decision]) -> dict[str, float]:
    """CROWDLAB's quality of each person, averaged over the kinds by the number of their answers."""
    import numpy as np

    seen: dict[str, list[tuple[float, int]]] = {}
    for answers in _by_kind(decisions).values():
        table = _Table(answers)
        judged = table.crowdlab()
        if judged is None:
            continue
        for who, column, stat in zip(table.people, table.codes.T, judged[1], strict=True):
            if math.isfinite(stat):
                seen.setdefault(who, []).append((float(stat), int((~np.isnan(column)).sum())))
    return {
        who: round(sum(stat * count for stat, count in told) / sum(count for _, count in told), 6)
        for who, told in seen.items()
    }


def alpha_by_kind(decisions: Iterable[Decision]) -> dict[str, float]:
    """Krippendorff's alpha of each kind of question, sorted by kind; NaN where it cannot be told."""
    found = {}
    for kind, answers in sorted(_by_kind(decisions).items()):
        units: dict[str, list[str]] = {}
        for one in answers:
            units.setdefault(one.id, []).append(role(kind, one.asked, one.answer))
        found[kind] = krippendorff_alpha(units.values())
    return found


def krippendorff_alpha(units: Iterable[Sequence[Hashable]]) -> float:
    """Agreement beyond chance of any number of people on nominal answers, some missing; 1 is full agreement, 0 chance.

    `units` holds, for each thing asked, the answers that were given. Krippendorff 2011, "Computing Krippendorff's
    Alpha-Reliability". NaN where nothing was answered twice, or only one answer was ever given: then there is no chance
    agreement to compare with.
    """
    totals: Counter[Hashable] = Counter()
    differing = 0.0
    for answers in units:
        counts = Counter(answers)
        given = counts.total()
        if given < 2:
            continue
        totals += counts
        differing += sum(count * (given - count) for count in counts.values()) / (given - 1)
    paired = totals.total()
    expected = sum(count * (paired - count) for count in totals.values())
    return round(1 - (paired - 1) * differing / expected, 6) if expected else math.nan


class _Table:
    """The answers to one kind of question as cleanlab reads them: tasks down, people across, classes as numbers."""

    def __init__(self, answers: Sequence[Decision]) -> None:
        import numpy as np

        kind = answers[0].question
        asked = {one.id: one.asked for one in answers}
        self.ids = sorted(asked)
        self.people = sorted({one.who for one in answers})
        self.roles = _roles(answers)
        self.answers: dict[str, dict[str, str]] = {name: {} for name in self.ids}
        places = {name: place for place, name in enumerate(self.ids)}
        self.codes = np.full((len(self.ids), len(self.people)), np.nan)
        for one in answers:
            self.answers[one.id][one.who] = one.answer
            self.codes[places[one.id], self.people.index(one.who)] = self.roles.index(role(kind, one.asked, one.answer))
        self.beliefs = np.array([belief(kind, self.roles, asked[name]) for name in self.ids])

    def crowdlab(self) -> tuple[Floats, list[float]] | None:
        """The quality of the majority's answer of each task, and of each person; None where all stand alone."""
        import numpy as np
        from cleanlab.multiannotator import get_label_quality_multiannotator

        if np.nanmax((~np.isnan(self.codes)).sum(axis=1)) < 2:
            return None
        with np.errstate(all="ignore"), catch_warnings():
            simplefilter("ignore", UserWarning)  # that people agree on nothing is no news to those who look
            told = get_label_quality_multiannotator(
                self.codes, self.beliefs, consensus_method="majority_vote", return_detailed_quality=False, verbose=False
            )
        stats = told["annotator_stats"]["annotator_quality"].sort_index()
        return told["label_quality"]["consensus_quality_score"].to_numpy(dtype=np.float64), stats.tolist()

    def likely(self) -> Floats:
        """The probability of the majority's answer of each task, shape (tasks,)."""
        import numpy as np

        judged = self.crowdlab()
        found = judged[0].copy() if judged else np.full(len(self.ids), np.nan)
        for place in np.flatnonzero(~np.isfinite(found)):
            found[place] = self._beside_the_build(int(place))
        return found

    def _beside_the_build(self, place: int) -> float:
        """By Bayes' rule, of people who are right CAREFUL of the time and the build's own belief."""
        codes = self.codes[place]
        said = Counter(int(code) for code in codes if code == code)  # noqa: PLR0124 (NaN)
        wrong = (1 - CAREFUL) / max(len(self.roles) - 1, 1)
        weights = [
            prior * CAREFUL ** said[code] * wrong ** (said.total() - said[code])
            for code, prior in enumerate(self.beliefs[place])
        ]
        return float(weights[said.most_common(1)[0][0]] / sum(weights))


def _by_kind(decisions: Iterable[Decision]) -> dict[str, list[Decision]]:
    grouped: dict[str, list[Decision]] = {}
    for one in decisions:
        if one.answer != SKIP:
            grouped.setdefault(one.question, []).append(one)
    return grouped


def _roles(answers: Iterable[Decision]) -> list[str]:
    """Every answer that the questions of one kind offer, in their own order."""
    offered = (role(one.question, one.asked, answer) for one in answers for answer in one.asked["answers"])
    return list(dict.fromkeys(offered))


def role(kind: str, asked: Mapping[str, Any], answer: str) -> str:
    """What an answer means in any question of its kind: the label that was given, the other one, or the answer."""
    answers: list[str] = asked["answers"]
    return GIVEN_OR_NOT[min(answers.index(answer), 2)] if kind == "label" and answer != "neither" else answer


def belief(kind: str, roles: Sequence[str], asked: Mapping[str, Any]) -> list[float]:
    """The build's own probability of each role: its score for what it suggests, the rest shared by the others.

    A gold answer is all but certain. `asked` is a decision's, or a task of the queue.
    """
    answer, score = (asked["gold"], GOLD) if "gold" in asked else (asked.get("suggestion", ""), asked.get("score", 0.5))
    if len(roles) == 1 or answer not in asked["answers"]:
        return [1 / len(roles)] * len(roles)
    score = min(max(float(score), 0.01), 0.99)
    expected = role(kind, asked, answer)
    return [score if name == expected else (1 - score) / (len(roles) - 1) for name in roles]
