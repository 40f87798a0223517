"""A LoRA training, from rows to a run folder; and what was trained, loaded again.

Killed at any moment, the same call goes on from the last checkpoint, and on a CPU ends with the same adapter, byte for
byte, as if nothing had happened.
"""

from __future__ import annotations

import json
import math
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from train import run_folder
from train.backends import Backend, Computing, adapted_model, choose_backend, computing, hushed, load_base
from train.base_models import BaseModelSpec, LoadedTokenizer, load_tokenizer
from train.base_weights import BaseWeights, base_name, find_weights
from train.errors import TrainError
from train.examples import Example, refuse_stand_in
from train.faults import in_one_line, one_line
from train.recipe import LoraRecipe, carried_learning_rate, departures
from train.run_folder import Run
from train.schedule import plan_steps

if TYPE_CHECKING:
    from train.trainer import Progress

CHECKPOINT_STEPS = 100


def to_stderr(line: str) -> None:
    print(line, file=sys.stderr)


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


def train_adapter(
    examples: Sequence[Example],
    base: BaseModelSpec | str,
    loaded: LoadedTokenizer,
    recipe: LoraRecipe,
    out: Path,
    *,
    backend: Literal["auto", "unsloth", "trl"] = "auto",
    seed: int | None = None,
    max_trained_tokens: int | None = None,
    learning_rate: float | None = None,
    progress: Progress | None = None,
    note: Mapping[str, Any] | None = None,
    resume: bool = True,
    say: Callable[[str], None] = to_stderr,
    checkpoint_steps: int = CHECKPOINT_STEPS,
) -> Run:
    """Train an adapter of `base` on `examples` and write the run folder `out`.

    `learning_rate`: the recipe's, for the lab carried over to its size. `max_trained_tokens` ends the training with the
    step that reaches it, however many epochs that takes. `note` goes into run.json as it is (the build's name and hash).
    A finished run of the same job is given back as it is, a half-written one gone on with, unless `resume` is False.
    Raises TrainError for everything that can go wrong outside the code; a KeyboardInterrupt keeps the checkpoints.
    """
    refuse_stand_in(loaded)
    chosen = choose_backend(backend, say)
    job = make_job(examples, base, loaded, recipe, chosen, seed, learning_rate, max_trained_tokens)
    with run_folder.claimed(out, job.key, resume=resume) as finished:
        if finished:
            say(f"{out}: was trained already")
        else:
            with in_one_line("training", out):
                carry_out(job, out, progress, note or {}, say, checkpoint_steps)
    return run_folder.read_run(out)


def make_job(
    examples: Sequence[Example],
    base: BaseModelSpec | str,
    loaded: LoadedTokenizer,
    recipe: LoraRecipe,
    backend: Backend,
    seed: int | None,
    learning_rate: float | None,
    max_trained_tokens: int | None,
) -> Job:
    weights = find_weights(base, loaded)
    seed = recipe.seed if seed is None else seed
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


def carry_out(
    job: Job, out: Path, progress: Progress | None, note: Mapping[str, Any], say: Callable[[str], None], every: int
) -> None:
    """Train, and write all of the run folder, run.json last."""
    from train.checkpoints import newest_whole
    from train.loss_curve import draw_loss
    from train.trainer import make_trainer

    began = time.perf_counter()
    checkpoints = out / run_folder.CHECKPOINTS
    model = adapted_model(job.backend, job.base, job.recipe, job.how, seed=job.seed)
    check_vocabulary(model, job)
    with hushed():
        trainer = make_trainer(
            model,
            job.loaded.tokenizer,
            job.steps,
            job.recipe,
            job.how,
            learning_rate=job.learning_rate,
            seed=job.seed,
            checkpoints=checkpoints,
            checkpoint_steps=every,
            progress=progress,
        )
    checkpoint = newest_whole(checkpoints, say)
    if checkpoint:
        say(f"going on from {checkpoint.name}")
    loaded_after = time.perf_counter()
    with hushed():
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    trained_after = time.perf_counter()
    history = history_of(trainer.state.log_history, job)
    save_adapter(trainer.model, job, out)
    run_folder.write_text(out / "history.jsonl", "".join(json.dumps(row) + "\n" for row in history))
    draw_loss(history, out, f"{job.base.name}, {len(job.rows):,} rows, seed {job.seed}")
    seconds = {"load": loaded_after - began, "train": trained_after - loaded_after, "all": time.perf_counter() - began}
    run_folder.write_json(out / "timings.json", {name: round(value, 2) for name, value in seconds.items()})
    run_folder.finish(out, facts_of(job, history, note) | {"adapter_sha256": adapter_hash(out)})


def check_vocabulary(model: Any, job: Job) -> None:
    """Raises TrainError where the tokenizer has ids that the model does not know."""
    highest = max(max(row.input_ids) for row in job.rows)
    known = model.get_input_embeddings().num_embeddings
    if highest >= known:
        raise TrainError(f"{job.base.name}: the tokenizer gives the id {highest}, the model knows {known}: not of one model")


def history_of(logs: Sequence[Mapping[str, Any]], job: Job) -> list[dict[str, Any]]:
    """{"step", "loss", "learning_rate", "trained_tokens"} for each step; trained tokens so far, loss in nats a token."""
    history, trained = [], 0
    losses = {row["step"]: row for row in logs if "loss" in row}
    for number, step in enumerate(job.steps, 1):
        trained += sum(row.trained_tokens for row in step)
        loss, rate = float(losses[number]["loss"]), float(losses[number]["learning_rate"])
        history.append({"step": number, "loss": round(loss, 6), "learning_rate": rate, "trained_tokens": trained})
    return history


def save_adapter(model: Any, job: Job, out: Path) -> None:
    """The adapter as peft writes it, with the base's name for its path, and the tokenizer that it was trained with."""
    draft, place = out / f".{run_folder.ADAPTER}", out / run_folder.ADAPTER
    run_folder.remove(draft)
    with hushed():
        model.save_pretrained(str(draft), save_embedding_layers=False)
        job.loaded.tokenizer.save_pretrained(str(draft))
    run_folder.remove(draft / "README.md")
    config = json.loads((draft / run_folder.CONFIG).read_text(encoding="utf-8"))
    config["base_model_name_or_path"] = job.base.name
    config["revision"] = job.base.revision or None
    config["target_modules"] = sorted(config["target_modules"])  # a set: its order changes from process to process
    run_folder.write_json(draft / run_folder.CONFIG, config)
    run_folder.remove(place)
    draft.rename(place)


def adapter_hash(out: Path) -> str:
    return run_folder.digest(out / run_folder.ADAPTER / run_folder.WEIGHTS)


def facts_of(job: Job, history: Sequence[Mapping[str, Any]], note: Mapping[str, Any]) -> dict[str, Any]:
    """What run.json says; the same job gives the same facts."""
    every = all(row.labels == row.input_ids for row in job.rows)
    libraries = ["torch", "transformers", "peft", "trl"] + (["unsloth", "unsloth_zoo"] if job.backend == "unsloth" else [])
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


def load_trained(
    base: BaseModelSpec | str, adapter: Path | None, device: Literal["cpu", "cuda"] = "cpu"
) -> tuple[Any, LoadedTokenizer]:
    """The base in fp32, with its adapter if one is given (a run's `adapter`), ready to answer; and its tokenizer.

    Raises TrainError for an adapter of another base, a damaged one, and a base that cannot be had.
    """
    config = run_folder.check_adapter(adapter) if adapter else {}
    name, trained_on = base_name(base), config.get("base_model_name_or_path")
    if adapter and trained_on != name:
        raise TrainError(f"{adapter}: an adapter of another base: it was trained on {trained_on}, and {name} was asked for")
    try:
        loaded = load_tokenizer(base)
    except ValueError as error:
        raise TrainError(str(error)) from error
    refuse_stand_in(loaded)
    weights = find_weights(base, loaded)
    plain = Computing(device, "float32", load_in_4bit=False, gradient_checkpointing=False, optim="")
    with in_one_line(f"loading {name}", weights.folder), hushed():
        model = load_base(weights.folder, plain)
        return (with_adapter(model, adapter) if adapter else model).eval(), loaded


def with_adapter(model: Any, adapter: Path) -> Any:
    from peft import PeftModel

    try:
        return PeftModel.from_pretrained(model, str(adapter))
    except (RuntimeError, ValueError, KeyError) as error:
        raise TrainError(f"{adapter}: the adapter does not fit its base: {one_line(error)}") from error
