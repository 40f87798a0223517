"""One job, from its file of conversations to its results. Runs in a worker process and may be repeated there."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.experiments.arms import encode_lines, read_lines
from pipelines.experiments.items import fact_items
from pipelines.experiments.jobs import JOB, Job, left_files
from pipelines.experiments.steps import ExperimentError
from pipelines.tables import write_json

if TYPE_CHECKING:
    from train.base_models import LoadedTokenizer
    from train.evaluation.items import Items
    from train.run_folder import Run

Tell = Callable[[str, int, int], None]
CONVERTED = "converted"  # what a quantised engine reads


def do(job: Job, tell: Tell) -> None:
    """Train, evaluate, and say last that both are whole. Raises ValueError with one line for what a person can mend."""
    from train.backends import choose_backend

    choose_backend(job.plan.backend)  # before anything imports transformers: Unsloth replaces parts of it
    loaded = tokenizer_of(job.plan.base)
    check_base(job, loaded)
    begin = time.perf_counter()
    run = train(job, loaded, tell) if job.file else None
    trained = time.perf_counter()
    evaluate(job, run, loaded, tell)
    seconds = {"training": trained - begin, "evaluation": time.perf_counter() - trained}
    write_json(job.folder / "timings.json", {name: round(value, 2) for name, value in seconds.items()})
    write_json(
        job.folder / JOB,
        {
            "key": job.key,
            "depends": job.depends,
            "column": job.column.facts(),
            "seed": job.seed,
            "files": left_files(job.folder),
        },
    )


def check_base(job: Job, loaded: LoadedTokenizer) -> None:
    """All models of an experiment start from the same weights. Raises ExperimentError where these are others."""
    from train.base_weights import find_weights

    weights = find_weights(job.plan.base, loaded)
    if job.plan.base_sha256 not in (weights.sha256, weights.revision):
        raise ExperimentError(f"{weights.folder}: the base model changed while the experiment ran: run it again")


@lru_cache(maxsize=1)
def tokenizer_of(base: str) -> LoadedTokenizer:
    from train.base_models import load_tokenizer

    return load_tokenizer(base)


@lru_cache(maxsize=2)
def items_of(build: Path, fact_terms: tuple[str, ...]) -> Items:
    """The items of the experiment, or of its fact columns; the same in every worker."""
    from train.build_folder import read_build
    from train.evaluation.items import make_items

    if fact_terms:
        return fact_items(build, fact_terms)
    return make_items(read_build(build), "experiment")


def train(job: Job, loaded: LoadedTokenizer, tell: Tell) -> Run:
    """The fixed recipe over the job's file. Resumes from the last checkpoint of the same job."""
    from train.recipe import changed, load_recipe
    from train.training import train_adapter

    assert job.file is not None
    recipe = changed(load_recipe(), **job.column.changes)
    rate = None if "learning_rate" in job.column.changes else job.plan.learning_rate
    lines = read_lines(job.file)
    examples = encode_lines(lines, loaded, recipe.max_length)
    return train_adapter(
        examples,
        job.plan.base,
        loaded,
        recipe,
        job.folder / "run",
        backend=job.plan.backend,
        seed=job.seed,
        max_trained_tokens=job.max_trained_tokens,
        learning_rate=rate,
        progress=lambda done, total, *_: tell("training", done, total),
        note={
            "step": job.column.step,
            "data_sha256": job.depends["data"],
            "left_out_too_long": len(lines) - len(examples),
        },
        resume=True,
    )


def evaluate(job: Job, run: Run | None, loaded: LoadedTokenizer, tell: Tell) -> None:
    """The CPU evaluation of the trained model, or of the base as it is."""
    from train.evaluation.suite import evaluate as evaluate_model

    items = items_of(job.plan.build, job.plan.fact_terms if job.column.mode == "facts" else ())
    engine = open_model(job, run, loaded)
    marks = list(run.facts.get("marks", ())) if run else []
    meta = {"name": job.column.title, "model": job.plan.base, "marks": marks, "seed": job.seed}
    try:
        evaluate_model(
            engine,
            loaded,
            items,
            job.folder / "evaluation",
            suite="experiment",
            progress=tell,
            meta=meta,
        )
    finally:
        engine.close()
        shutil.rmtree(job.folder / CONVERTED, ignore_errors=True)  # a large model's is as large as the model


def open_model(job: Job, run: Run | None, loaded: LoadedTokenizer) -> Any:
    from train.engines.open_engine import open_engine

    adapter = run.adapter if run else None
    return open_engine("auto", job.plan.base, adapter, loaded, cache=job.folder / CONVERTED)
