"""One training as a value: all that decides what an adapter becomes, and what is said of it afterwards."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from typing import Any

from train.backends import Backend, Computing, computing
from train.base_models import BaseModelSpec, LoadedTokenizer
from train.base_weights import BaseWeights, find_weights
from train.errors import TrainError
from train.examples import Example
from train.recipe import LoraRecipe, carried_learning_rate, departures
from train.schedule import plan_steps


@dataclass(frozen=True)
class Job:
    """All that decides what an adapter becomes."""

    base: BaseWeights
    loaded: LoadedTokenizer
    recipe: LoraRecipe
    backend: Backend
    how: Computing
    seed: int
    learning_rate: float
    steps: list[list[Example]]
    marks: list[str]

    @property
    def rows(self) -> list[Example]:
        """All rows in the order of training; with several epochs a row comes several times."""
        return [row for step in self.steps for row in step]

    @property
    def key(self) -> str:
        """Hash of everything that decides what the adapter becomes: two jobs of one key give the same adapter."""
        decides = (
            [self.base.name, self.base.revision, self.base.sha256, self.loaded.fingerprint],
            [self.recipe.sha256, self.backend, self.how.facts, self.seed, self.learning_rate],
            [[row.input_ids, row.labels] for row in self.rows],
        )
        return sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()


def make_job(
    examples: Sequence[Example],
    base: BaseModelSpec | str,
    loaded: LoadedTokenizer,
    recipe: LoraRecipe,
    backend: Backend,
    *,
    seed: int | None = None,
    learning_rate: float | None = None,
    max_trained_tokens: int | None = None,
) -> Job:
    """The job that a call of `train_adapter` describes. Raises TrainError."""
    weights = find_weights(base, loaded)
    seed = recipe.seed if seed is None else seed
    if not 0 <= seed < 2**32:
        raise TrainError(f"seed {seed}: expected a whole number from 0 to {2**32 - 1}")
    rate, about_rate = learning_rate_for(weights, recipe, learning_rate)
    steps = plan_steps(
        examples, batch=recipe.batch, epochs=recipe.num_train_epochs, seed=seed, max_trained_tokens=max_trained_tokens
    )
    off = [f"off recipe: {line}" for line in departures(recipe)]
    matched = [f"matched: trained on {max_trained_tokens:,} tokens"] if max_trained_tokens else []
    how = computing(weights.parameters, recipe)
    return Job(weights, loaded, recipe, backend, how, seed, rate, steps, off + about_rate + matched)


def learning_rate_for(base: BaseWeights, recipe: LoraRecipe, wanted: float | None) -> tuple[float, list[str]]:
    """The learning rate, and what must be said of it."""
    carried = carried_learning_rate(base.parameters, recipe)
    rate = wanted if wanted is not None else carried if base.name == "lab" else recipe.learning_rate
    if not (math.isfinite(rate) and rate > 0):
        raise TrainError(f"learning_rate {rate}: expected a number above 0")
    if rate == recipe.learning_rate:
        return rate, []
    if math.isclose(rate, carried, rel_tol=1e-6):
        return rate, [f"learning rate carried over to {base.parameters / 1e6:.1f} M parameters: {rate:.3g}"]
    return rate, [f"off recipe: learning_rate {rate:g}, the recipe has {recipe.learning_rate:g}"]


def facts_of(job: Job, history: Sequence[Mapping[str, Any]], note: Mapping[str, Any]) -> dict[str, Any]:
    """What run.json says; the same job gives the same facts."""
    every = all(row.labels == row.input_ids for row in job.rows)
    libraries = ["torch", "transformers", "peft", "trl"]
    libraries += ["unsloth", "unsloth_zoo"] if job.backend == "unsloth" else []
    libraries += ["bitsandbytes"] if job.how.load_in_4bit or job.how.optim.endswith("8bit") else []
    return {
        **note,
        "key": job.key,
        "base": job.base.name,
        "base_revision": job.base.revision,
        "base_sha256": job.base.sha256,
        "parameters": job.base.parameters,
        "recipe": job.recipe.model_dump(mode="json"),
        "recipe_sha256": job.recipe.sha256,
        "marks": job.marks,
        "backend": job.backend,
        "computed": job.how.facts,
        "learning_rate": job.learning_rate,
        "seed": job.seed,
        "loss_mask": "every token" if every else "responses only",
        "template_fingerprint": job.loaded.fingerprint,
        "counts": {
            "examples": len({id(row) for row in job.rows}),
            "rows": len(job.rows),
            "steps": len(job.steps),
            "tokens": sum(len(row.input_ids) for row in job.rows),
            "trained_tokens": history[-1]["trained_tokens"],
            "left_out_too_long": int(note.get("left_out_too_long", 0)),
        },
        "loss": {"first": history[0]["loss"], "last": history[-1]["loss"]},
        "versions": {"python": platform.python_version()} | {name: version(name) for name in libraries},
    }
