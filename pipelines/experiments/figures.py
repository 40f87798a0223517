"""From the finished jobs to figures: every metric of every column, paired differences, answers, losses, tokens.

A metric's value for a column is the mean over its items and seeds, with an interval from a bootstrap over terms and
seeds. What was not finished is not there: no figure is made up.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.experiments.columns import UNTRAINED, Column
from pipelines.experiments.jobs import Job
from pipelines.experiments.steps import CURATED, RAW

if TYPE_CHECKING:
    from train.evaluation.results import Results

SEED = 3407  # of every bootstrap
HEADLINE = (
    "held_out_nll",
    "plain_definition_nll",
    "general_nll",
    "healthy_answers",
    "distinct_answers",
    "question_explained",
    "choice_acc_mutual_info_held_out",
    "choice_acc_mutual_info_trained",
    "unseen_wording_acc_mutual_info_trained",
)
# Metrics that say nearly the same as another one; shown, but no verdict is taken from them.
SHADOWS = (
    "_per_token",
    "_acc_held_out",
    "_acc_trained",
    "_acc_norm_held_out",
    "_acc_norm_trained",
    "_characters",
    "_tokens",
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
    """What is known of each metric that some column has: the headline first."""
    known: dict[str, Any] = {}
    for one in finished:
        for results in one.results:
            known |= {name: metric for name, metric in results.metrics.items() if name not in known}
    order = [*(name for name in HEADLINE if name in known), *(name for name in known if name not in HEADLINE)]
    return [
        {
            "name": name,
            "title": known[name].title or name,
            "unit": known[name].unit,
            "better": known[name].better,
            "note": known[name].note,
            "headline": name in HEADLINE,
            "judged": known[name].better != "neither" and not name.endswith(SHADOWS),
        }
        for name in order
    ]


def values_of(finished: Sequence[Finished], metrics: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """metric → column → {"value", "low", "high", "n", "seeds": each seed's own value}."""
    from train.evaluation.statistics import mean_interval

    values: dict[str, dict[str, Any]] = {}
    for metric in metrics:
        name = metric["name"]
        for one in finished:
            table, clusters = table_of(one.results, name)
            if not clusters:
                continue
            found = mean_interval(table, clusters, SEED)
            seeds = [round(sum(row) / len(row), 6) for row in table]
            told = {key: rounded(part) for key, part in found.facts().items()}
            values.setdefault(name, {})[one.column.name] = {**told, "n": len(clusters), "seeds": seeds}
    return values


def table_of(results: Sequence[Results], metric: str) -> tuple[list[list[float]], list[str]]:
    """(seeds, items) of one metric, and each item's term; only items that every seed has."""
    rows = [{item.id: item for item in one.items if item.metric == metric} for one in results]
    ids = [name for name in rows[0] if all(name in row for row in rows)] if rows else []
    return [[row[name].value for name in ids] for row in rows], [rows[0][name].cluster for name in ids]


def comparisons(finished: Sequence[Finished]) -> list[tuple[str, Finished, Finished]]:
    """(kind, with, against): every column against raw, against the step before it, and against the untrained base."""
    named = {one.column.name: one for one in finished}
    found = []
    for one in finished:
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


def differences_of(finished: Sequence[Finished], metrics: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Paired differences of every metric, p-values corrected over the judged metrics of each comparison (Holm)."""
    found = []
    for kind, one, other in comparisons(finished):
        rows = [row for metric in metrics if (row := difference(one, other, metric))]
        correct(rows, {metric["name"] for metric in metrics if metric["judged"]})
        found += [{"kind": kind, "column": one.column.name, "against": other.column.name, **row} for row in rows]
    return found


def difference(one: Finished, other: Finished, metric: Mapping[str, Any]) -> dict[str, Any] | None:
    """one − other over the same items; None where they share none."""
    from train.evaluation.statistics import paired_bootstrap

    check_same_items(one, other)
    (with_, clusters), (against, others) = (table_of(side.results, metric["name"]) for side in (one, other))
    if not clusters or clusters != others:
        return None
    found = paired_bootstrap(against, with_, clusters, seed=SEED)
    told = {key: rounded(part) for key, part in found.facts().items()}
    return {"metric": metric["name"], "better": metric["better"], **told, "p_value": rounded(found.p_value)}


def check_same_items(one: Finished, other: Finished) -> None:
    """Nothing is compared that was not asked the same."""
    asked = {results.items_sha256 for side in (one, other) for results in side.results}
    if len(asked) > 1:
        raise ValueError(f"{one.column.name} and {other.column.name} were asked different items: run with --fresh")


def correct(rows: Sequence[dict[str, Any]], judged: set[str]) -> None:
    """Add the corrected p-value and the verdict to each row; a metric that is not judged keeps its own p-value."""
    from train.evaluation.statistics import holm

    family = [row for row in rows if row["metric"] in judged]
    corrected = dict(zip([row["metric"] for row in family], holm([row["p_value"] for row in family]), strict=True))
    for row in rows:
        row["p_corrected"] = rounded(corrected.get(row["metric"]))
        row["verdict"] = verdict(row)


def verdict(row: Mapping[str, Any]) -> str:
    """Better or worse where the corrected p-value is below 0.05, else "no significant difference"."""
    p_value = row["p_corrected"]
    if p_value is None or row["better"] == "neither" or row["low"] is None:
        return "not judged"
    if p_value >= 0.05 or row["low"] <= 0 <= row["high"]:
        return "no significant difference"
    return "better" if (row["value"] > 0) == (row["better"] == "higher") else "worse"


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
