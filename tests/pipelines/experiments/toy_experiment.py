"""A small experiment with made-up numbers: what workers would have left, without any training."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from pipelines.experiments.arms import Arm
from pipelines.experiments.columns import UNTRAINED, Column, ladder_columns
from pipelines.experiments.jobs import JOB, Job, Plan, left_files, make_jobs
from pipelines.experiments.steps import CURATED, RAW, find_step
from train.evaluation.metrics import measured
from train.evaluation.results import Answer, ItemValue, Results, write_results

SEEDS = [3407, 3408, 3409]
TERMS = [f"term {number}" for number in range(40)]
HOSTILE = "<img src=x onerror=alert(1)>{{ 7 * 7 }}"
# metric → column → its mean: curated is better at three, worse at one, and no different in one
MEANS = {
    "held_out_nll": {UNTRAINED: 1.6, RAW: 2.1, CURATED: 1.3},
    "general_nll": {UNTRAINED: 1.2, RAW: 1.3, CURATED: 1.6},
    "healthy_answers": {UNTRAINED: 1.0, RAW: 0.0, CURATED: 1.0},
    "distinct_answers": {UNTRAINED: 0.9, RAW: 0.5, CURATED: 0.5},
    "question_explained": {UNTRAINED: 0.0, RAW: 0.0, CURATED: 0.0},
    "answer_tokens": {UNTRAINED: 9.0, RAW: 29.0, CURATED: 7.0},
}


def arms() -> list[Arm]:
    counts = {"rows": 1779, "rows_of_held_out_terms": 178, "examples": 1601}
    run = [Arm(find_step(name), Path(f"steps/{name}.jsonl"), "0" * 64, counts) for name in (RAW, CURATED)]
    return [*run, Arm(find_step("decided"), not_run="no decisions in data/reviews yet")]


def plan(folder: Path) -> Plan:
    return Plan("lab", "1" * 64, "2" * 64, folder / "build", "3" * 64, "", 0, 0.003, "trl")


def jobs(folder: Path) -> list[Job]:
    return make_jobs(ladder_columns(arms(), matched=False), arms(), SEEDS, plan(folder), folder / "models")


def finish(job: Job) -> None:
    """Leave what a worker leaves."""
    for name in ("run", "evaluation"):
        (job.folder / name).mkdir(parents=True, exist_ok=True)
    write_results(job.folder / "evaluation", results(job.column, job.seed))
    (job.folder / "timings.json").write_text(json.dumps({"training": 140.0, "evaluation": 9.5}))
    if job.file:
        counts = {"examples": 1601, "trained_tokens": 48_000, "steps": 201}
        marks = ["learning rate carried over to 4.5 M parameters: 0.0033"]
        (job.folder / "run" / "run.json").write_text(json.dumps({"counts": counts, "marks": marks}))
        (job.folder / "run" / "history.jsonl").write_text("".join(map(step, range(1, 202))))
    (job.folder / JOB).write_text(json.dumps({"key": job.key, "files": left_files(job.folder)}))


def step(number: int) -> str:
    facts = {"step": number, "loss": 6 / number + 2, "learning_rate": 0.003, "trained_tokens": 240 * number}
    return json.dumps(facts) + "\n"


def results(column: Column, seed: int) -> Results:
    values = [value for metric in MEANS for value in item_values(metric, column.name, seed)]
    said = answers(column.name)
    return Results(
        {"name": column.title, "seed": 3407, "suite": "experiment"}, "3" * 64, measured(values, 3407), {}, values, said
    )


def item_values(metric: str, column: str, seed: int) -> list[ItemValue]:
    """Values of 40 terms about the column's mean; a share's are 0 and 1. Terms vary more than seeds do."""
    mean = MEANS[metric][column]
    made = []
    for number, term in enumerate(TERMS):
        chance = random.Random(f"{metric} {term}").gauss(0, 0.2) + random.Random(f"{column} {term} {seed}").gauss(
            0, 0.05
        )
        yes = random.Random(f"{metric} {term} {column}").random() < mean
        share = metric.endswith(("answers", "explained"))
        made.append(ItemValue(metric, f"q-{number}", term, float(yes) if share else mean + chance))
    return made


def answers(column: str) -> list[Answer]:
    texts = {UNTRAINED: "A meal.", RAW: "This is a A term used on social media.. The concept of ..", CURATED: HOSTILE}
    faults = ["doubled_article", "doubled_stop"] if column == RAW else []
    prompts = {"case-1": ("case", "What is the meaning of this sentence?"), "g-1": ("general", "Why is the sky blue?")}
    return [
        Answer(name, group, prompt, texts[column], 9, True, 128, faults) for name, (group, prompt) in prompts.items()
    ]


def about() -> dict[str, Any]:
    return {
        "name": "toy <experiment>",
        "base": "lab",
        "seeds": SEEDS,
        "made_with": {"training recipe": "2" * 64},
        "cautions": [],
        "command": "python -m pipelines.experiment toy.toml",
    }
