"""From the finished jobs to figures: every metric of every column, paired differences, answers, losses, tokens.

A metric's value for a column is the mean over its items and seeds, with an interval around it. What was not finished is
not there: no figure is made up.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.experiments.columns import UNTRAINED, Column
from pipelines.experiments.jobs import Job
from pipelines.experiments.steps import CURATED, RAW

if TYPE_CHECKING:
    from train.evaluation.comparison import Compared
    from train.evaluation.results import Results

SEED = 3407  # of every bootstrap
# Beside the headline of train.evaluation.comparison: what a reader of an experiment needs to believe it. Held-out
# definitions as the entry has them stand in no answer's frame, so that a model is not praised for a way of speaking.
TOLD = (
    "held_out_nll",
    "plain_definition_nll",
    "general_nll",
    "healthy_answers",
    "distinct_answers",
    "question_explained",
    "choice_acc_mutual_info",
    "choice_acc_mutual_info_trained",
    "unseen_wording_acc_mutual_info_trained",
    "general_without_slang",
)
SHOWN = {"case": 2, "question": 8, "general": 4}  # answers side by side, of each group


@dataclass(frozen=True)
class Finished:
    """A column with what its seeds gave, in the order of the seeds."""

    column: Column
    results: list[Results]
    runs: list[dict[str, Any]]  # run.json of each seed; [] for the untrained base
    losses: list[list[tuple[float, float]]]  # of each seed: (trained tokens so far, loss)
    seconds: list[dict[str, float]]


def gather(jobs: Sequence[Job]) -> list[Finished]:
    """Columns of which at least one seed is finished, in the order of the jobs."""
    from train.evaluation.results import read_results

    columns: dict[str, Finished] = {}
    for job in jobs:
        if not job.finished():
            continue
        one = columns.setdefault(job.column.name, Finished(job.column, [], [], [], []))
        one.results.append(read_results(job.folder / "evaluation"))
        one.seconds.append(json.loads((job.folder / "timings.json").read_text(encoding="utf-8")))
        if job.file:
            one.runs.append(json.loads((job.folder / "run" / "run.json").read_text(encoding="utf-8")))
            one.losses.append(list(read_losses(job.folder / "run" / "history.jsonl")))
    return list(columns.values())


def read_losses(path: Path) -> Iterator[tuple[float, float]]:
    for text in path.read_text(encoding="utf-8").splitlines():
        step = json.loads(text)
        if step.get("loss") is not None:
            yield float(step["trained_tokens"]), float(step["loss"])


def metrics_of(finished: Sequence[Finished]) -> list[dict[str, Any]]:
    """What is known of each metric that some column has: first those that are told, then the rest."""
    known: dict[str, Any] = {}
    for one in finished:
        for results in one.results:
            known |= {name: metric for name, metric in results.metrics.items() if name not in known}
    order = [*(name for name in TOLD if name in known), *(name for name in known if name not in TOLD)]
    names = ("title", "unit", "better", "note")
    return [
        {"name": name, "told": name in TOLD} | {part: getattr(known[name], part) for part in names} for name in order
    ]


def values_of(finished: Sequence[Finished], metrics: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """metric → column → {"value", "low", "high", "n", "seeds": each seed's own value}."""
    values: dict[str, dict[str, Any]] = {}
    for metric in metrics:
        name = metric["name"]
        for one in finished:
            table, clusters = table_of(one.results, name)
            if not clusters:
                continue
            seeds = [round(sum(row) / len(row), 6) for row in table]
            told = value_of(table, clusters, share=metric["unit"] == "share")
            values.setdefault(name, {})[one.column.name] = {**told, "n": len(clusters), "seeds": seeds}
    return values


def value_of(table: Sequence[Sequence[float]], clusters: Sequence[str], *, share: bool) -> dict[str, float | None]:
    """Mean of (seeds, items) with its 95 % interval: Wilson's of the items for a share, else a bootstrap."""
    from train.evaluation.statistics import mean_interval, wilson

    found = mean_interval(table, clusters, SEED)
    if share:  # a bootstrap of all yes or all no would claim to be sure; seeds make no item more
        around = wilson(round(found.value * len(clusters)), len(clusters))
        found = replace(found, low=min(around.low, found.value), high=max(around.high, found.value))
    return {key: rounded(part) for key, part in found.facts().items()}


def table_of(results: Sequence[Results], metric: str) -> tuple[list[list[float]], list[str]]:
    """(seeds, items) of one metric, and each item's term; only items that every seed has."""
    rows = [{item.id: item for item in one.items if item.metric == metric} for one in results]
    ids = [name for name in rows[0] if all(name in row for row in rows)] if rows else []
    return [[row[name].value for name in ids] for row in rows], [rows[0][name].cluster for name in ids]


def comparisons(finished: Sequence[Finished]) -> list[tuple[str, Finished, Finished]]:
    """(kind, with, against): every column against raw, against the step before it, and against the untrained base."""
    named = {one.column.name: one for one in finished}
    found = []
    for one in [trained for trained in finished if trained.column.step]:
        for kind, other in (
            ("raw", raw_of(one, named)),
            ("before", before(one, finished)),
            (UNTRAINED, base_of(one, named)),
        ):
            if other is not None and other is not one:
                found.append((kind, one, other))
    return found


def raw_of(one: Finished, named: Mapping[str, Finished]) -> Finished | None:
    return named.get(f"facts-{RAW}" if one.column.mode == "facts" else RAW)


def base_of(one: Finished, named: Mapping[str, Finished]) -> Finished | None:
    return named.get(f"facts-{UNTRAINED}" if one.column.mode == "facts" else UNTRAINED)


def before(one: Finished, finished: Sequence[Finished]) -> Finished | None:
    """The step before in the same mode; raw before the first matched step; curated before what varies it."""
    named = {other.column.name: other for other in finished}
    if one.column.mode == "varied":
        return named.get(CURATED)
    same = [other for other in finished if other.column.mode in (one.column.mode, UNTRAINED)]
    earlier = same[: same.index(one)]
    if one.column.mode == "matched" and (not earlier or not earlier[-1].column.step):
        return named.get(RAW)
    return earlier[-1] if earlier else None


def differences_of(finished: Sequence[Finished]) -> list[dict[str, Any]]:
    """Paired differences of every metric, with verdicts that are corrected for the number of metrics."""
    from train.evaluation.comparison import compare

    found, known = [], {}
    for kind, one, other in comparisons(finished):
        pair = (one.column.name, other.column.name)
        if pair not in known:
            known[pair] = compare(other.results, one.results, seed=SEED).metrics
        found += [difference(row) | {"kind": kind, "column": pair[0], "against": pair[1]} for row in known[pair]]
    return found


def difference(row: Compared) -> dict[str, Any]:
    """One metric of one comparison."""
    return {
        "metric": row.name,
        **{name: rounded(part) for name, part in row.difference.facts().items()},
        "p_value": rounded(row.p_value) if row.test else None,
        "p_corrected": rounded(row.p_corrected) if row.test else None,
        "verdict": row.verdict if row.test else "not tested",
        "test": row.test,
    }


def answers_of(finished: Sequence[Finished]) -> list[dict[str, Any]]:
    """The first seeds' answers to the same prompts: the case's two, then some questions and general prompts."""
    first = {one.column.name: {answer.id: answer for answer in one.results[0].answers} for one in finished}
    prompts = {answer.id: answer for answers in first.values() for answer in answers.values()}
    groups = {group: [one for one in prompts.values() if one.group == group] for group in SHOWN}
    chosen = [one for group, most in SHOWN.items() for one in sorted(groups[group], key=lambda one: one.id)[:most]]
    return [
        {
            "prompt": one.prompt,
            "group": one.group,
            "said": [
                {"column": name, "text": answers[one.id].text, "faults": list(answers[one.id].faults)}
                for name, answers in first.items()
                if one.id in answers
            ],
        }
        for one in chosen
    ]


def rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
