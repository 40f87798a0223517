"""The metrics: what each is called, which way is better, and its value with a 95 % interval.

Shares have Wilson's interval, means a bootstrap over terms (see statistics.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from train.evaluation.results import ItemValue, Metric
from train.evaluation.statistics import mean_interval, wilson


@dataclass(frozen=True)
class Spec:
    """What a metric is, whatever its value."""

    title: str
    unit: str
    better: Literal["higher", "lower", "neither"]
    kind: Literal["share", "mean"]
    note: str = ""


def _share(title: str, note: str = "") -> Spec:
    return Spec(title, "share", "higher", "share", note)


def _score(title: str) -> Spec:
    return Spec(title, "", "higher", "mean")


def _nats(title: str, per: str, note: str = "") -> Spec:
    return Spec(title, f"nats per {per}", "lower", "mean", note)


SIDES = {"": "", "_held_out": ", held-out terms", "_trained": ", trained terms"}
CHOICES = {
    "choice": "choice of 4",
    "choice_bare": "choice of 4, bare definitions",
    "unseen_wording": "choice of 4, unseen wording",
    "cloze": "cloze",
}
MEASURES = ("acc_mutual_info", "acc", "acc_norm")
LIKENESS = {"f1": "token F1", "chrf": "chrF", "rouge_l": "ROUGE-L", "cosine": "cosine"}
COMPARED = {
    "definition_held_out": "definition, held-out terms",
    "definition_trained": "definition, trained terms",
    "plain": "plain English",
}

# In the order in which people read them.
SPECS: dict[str, Spec] = {
    "case_explained": _share("prompt 1: expressions explained"),
    "question_explained": _share("questions: expressions explained"),
    **{
        f"{choice}_{measure}{side}": _share(f"{title}{said}: {measure}", "guessing gives 25 %")
        for choice, title in CHOICES.items()
        for measure in MEASURES
        for side, said in SIDES.items()
    },
    "held_out_nll": _nats("NLL of held-out clean definitions", "byte", "answers of the build, end of turn included"),
    "held_out_nll_per_token": _nats("NLL of held-out clean definitions", "token"),
    "plain_definition_nll": _nats(
        "NLL of held-out definitions, bare", "byte", "as the entry has them, in no answer's frame"
    ),
    "plain_definition_nll_per_token": _nats("NLL of held-out definitions, bare", "token"),
    "general_nll": _nats("NLL of general answers", "byte"),
    "general_nll_per_token": _nats("NLL of general answers", "token"),
    **{
        f"{what}_{measure}": _score(f"{title}: {how}")
        for what, title in COMPARED.items()
        for measure, how in LIKENESS.items()
    },
    "plain_explained": _share("plain English: ideas kept"),
    "general_without_slang": _share("general answers without slang"),
    "healthy_answers": _share("healthy answers"),
    "ended_answers": _share("answers that ended"),
    "distinct_answers": _share("distinct answers", "the first of answers that say the same counts"),
    "answer_tokens": Spec("length of an answer", "tokens", "neither", "mean"),
    "answer_characters": Spec("length of an answer", "characters", "neither", "mean"),
    "general_answer_characters": Spec("length of a general answer", "characters", "neither", "mean"),
}


def measured(values: Iterable[ItemValue], seed: int) -> dict[str, Metric]:
    """Every metric that has a value, in the order of SPECS."""
    groups: dict[str, list[ItemValue]] = defaultdict(list)
    for value in values:
        groups[value.metric].append(value)
    return {name: _metric(SPECS[name], groups[name], seed) for name in SPECS if name in groups}


def _metric(spec: Spec, values: list[ItemValue], seed: int) -> Metric:
    numbers = [one.value for one in values]
    if spec.kind == "share":
        interval = wilson(int(sum(numbers)), len(numbers))
    else:
        interval = mean_interval(numbers, [one.cluster for one in values], seed)
    facts = interval.facts()
    return Metric(
        round(interval.value, 6),
        _rounded(facts["low"]),
        _rounded(facts["high"]),
        len(values),
        spec.unit,
        spec.better,
        spec.kind,
        spec.title,
        spec.note,
    )


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 6)
