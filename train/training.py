"""A LoRA training, from rows to a run folder; and what was trained, loaded again.

Killed at any moment, the same call goes on from the last checkpoint, and on a CPU ends with the same adapter, byte for
byte, as if nothing had happened.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from train import run_folder
from train.backends import Computing, adapted_model, choose_backend, hushed, load_base
from train.base_models import BaseModelSpec, LoadedTokenizer, load_tokenizer
from train.base_weights import BaseWeights, base_name, find_weights
from train.errors import TrainError
from train.examples import Example, refuse_stand_in
from train.faults import in_one_line, one_line
from train.job import Job, facts_of, make_job
from train.recipe import LoraRecipe
from train.run_folder import Run

if TYPE_CHECKING:
    from train.trainer import Progress

CHECKPOINT_STEPS = 100


def to_stderr(line: str) -> None:
    print(line, file=sys.stderr)


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

    `learning_rate`: the recipe's, for the lab carried over to its size. `max_trained_tokens` ends the training
    with the step that reaches it, however many epochs that takes. `note` goes into run.json as it is (the build's name
    and hash). `say` is given lines for people.
    A finished run of the same job is given back as it is, a half-written one gone on with, unless `resume` is False.
    Raises TrainError for everything that can go wrong outside the code; a KeyboardInterrupt keeps the checkpoints.
    """
    refuse_stand_in(loaded)
    job = make_job(
        examples,
        base,
        loaded,
        recipe,
        choose_backend(backend, say),
        seed=seed,
        learning_rate=learning_rate,
        max_trained_tokens=max_trained_tokens,
    )
    with run_folder.claimed(out, job.key, resume=resume) as finished:
        if finished:
            say(f"{out}: was trained already")
        else:
            with in_one_line("training", out):
                seconds = carry_out(job, out, checkpoint_steps, progress, say)
                write_run(job, out, seconds, note or {})
    return run_folder.read_run(out)


def carry_out(
    job: Job, out: Path, checkpoint_steps: int, progress: Progress | None, say: Callable[[str], None]
) -> dict[str, float]:
    """Train, from the last whole checkpoint if there is one, and write the adapter and the history. Gives seconds."""
    from train.checkpoints import newest_whole
    from train.trainer import make_trainer

    began = time.perf_counter()
    checkpoints, told = out / run_folder.CHECKPOINTS, aloud(progress) if progress else None
    model = adapted_model(job.backend, job.base, job.recipe, job.how, seed=job.seed)
    check_vocabulary(model, job)
    with hushed():
        trainer = make_trainer(model, job, checkpoints, checkpoint_steps, told)
    checkpoint = newest_whole(checkpoints, say)
    if checkpoint:
        say(f"going on from {checkpoint.name}")
    loaded = time.perf_counter()
    with hushed():  # on a GPU Unsloth prints during the first steps
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    trained = time.perf_counter()
    history = history_of(trainer.state.log_history, job)
    run_folder.write_text(out / run_folder.HISTORY, "".join(json.dumps(row) + "\n" for row in history))
    save_adapter(trainer.model, job, out)
    return {"load": loaded - began, "train": trained - loaded}


def aloud(progress: Progress) -> Progress:
    """The same, for a time when libraries are hushed: what it prints is seen."""
    stdout = sys.stdout

    def told(done: int, total: int, loss: float) -> None:
        with redirect_stdout(stdout):
            progress(done, total, loss)

    return told


def write_run(job: Job, out: Path, seconds: Mapping[str, float], note: Mapping[str, Any]) -> None:
    """The loss curve, the timings and, last, run.json."""
    from train.loss_curve import draw_loss

    history = run_folder.read_history(out)
    draw_loss(history, out, f"{job.base.name}, {len(job.rows):,} rows, seed {job.seed}")
    run_folder.write_json(out / "timings.json", {name: round(value, 2) for name, value in seconds.items()})
    weights = run_folder.digest(out / run_folder.ADAPTER / run_folder.WEIGHTS)
    run_folder.finish(out, facts_of(job, history, note) | {"adapter_sha256": weights})


def check_vocabulary(model: Any, job: Job) -> None:
    """Raises TrainError where the tokenizer has ids that the model does not know."""
    highest = max(max(row.input_ids) for row in job.rows)
    known = model.get_input_embeddings().num_embeddings
    if highest >= known:
        raise TrainError(
            f"{job.base.name}: the tokenizer has the id {highest}, the model only {known}: not of one model"
        )


def history_of(logs: Sequence[Mapping[str, Any]], job: Job) -> list[dict[str, Any]]:
    """For each step: step, loss (nats a trained token), learning_rate, trained_tokens (so far)."""
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


def load_trained(
    base: BaseModelSpec | str, adapter: Path | None, device: Literal["cpu", "cuda"] = "cpu"
) -> tuple[Any, LoadedTokenizer]:
    """The base in fp32, with its adapter if one is given (a run's `adapter`), ready to answer; and its tokenizer.

    Raises TrainError for an adapter of another base, a damaged one, and a base that cannot be had.
    """
    config = run_folder.check_adapter(adapter) if adapter else {}
    name, trained_on = base_name(base), config.get("base_model_name_or_path")
    if adapter and trained_on != name:
        raise TrainError(
            f"{adapter}: an adapter of another base: it was trained on {trained_on}, and {name} was asked for"
        )
    try:
        loaded = load_tokenizer(base)
    except ValueError as error:
        raise TrainError(str(error)) from error
    refuse_stand_in(loaded)
    weights = find_weights(base, loaded)
    plain = Computing(device, "float32", load_in_4bit=False, gradient_checkpointing=False, optim="")
    with in_one_line(f"loading {name}", weights.folder), hushed():
        model = loaded_base(weights, plain)
        return (with_adapter(model, adapter) if adapter else model).eval(), loaded


def loaded_base(weights: BaseWeights, how: Computing) -> Any:
    try:
        return load_base(weights.folder, how)
    except TrainError:
        raise
    except (ValueError, KeyError, AttributeError) as error:
        raise TrainError(f"{weights.folder}: the model cannot be loaded: {one_line(error)}") from error


def with_adapter(model: Any, adapter: Path) -> Any:
    from peft import PeftModel

    try:
        return PeftModel.from_pretrained(model, str(adapter))
    except (RuntimeError, ValueError, KeyError) as error:
        raise TrainError(f"{adapter}: the adapter does not fit its base: {one_line(error)}") from error
