"""TRL's trainer, fed with ready rows: nothing is rendered, tokenised, packed, cut or put in another order by it."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.templates import IGNORED
from train.checkpoints import seal
from train.errors import TrainError
from train.job import Job

if TYPE_CHECKING:
    import torch
    from peft import PeftModel

Progress = Callable[[int, int, float], None]  # rows done, rows in all, loss of the last step


@dataclass(frozen=True)
class PadRight:
    """Rows of a micro-batch to tensors, all as long as the longest: pad token, label IGNORED, attention mask 0."""

    pad: int

    def __call__(self, rows: Sequence[Mapping[str, list[int]]]) -> dict[str, torch.Tensor]:
        import torch

        longest = max(len(row["input_ids"]) for row in rows)
        gaps = [longest - len(row["input_ids"]) for row in rows]
        return {
            "input_ids": torch.tensor(
                [row["input_ids"] + [self.pad] * gap for row, gap in zip(rows, gaps, strict=True)]
            ),
            "labels": torch.tensor([row["labels"] + [IGNORED] * gap for row, gap in zip(rows, gaps, strict=True)]),
            "attention_mask": torch.tensor([[1] * (longest - gap) + [0] * gap for gap in gaps]),
        }


def make_trainer(
    model: PeftModel, job: Job, checkpoints: Path, checkpoint_steps: int, progress: Progress | None = None
) -> Any:
    """A trainer that goes through the job's steps once, in their order; the schedule is computed for as many."""
    from datasets import Dataset
    from transformers import PrinterCallback

    rows = job.rows
    own = copy.deepcopy(job.loaded.tokenizer)  # the trainer changes it
    own.pad_token = own.pad_token or own.eos_token  # never seen: padding has neither loss nor attention
    trained = [(parameter, parameter.data) for parameter in model.parameters() if parameter.requires_grad]
    trainer = trainer_class(on_cpu=job.how.device == "cpu")(
        model=model,
        processing_class=own,
        args=settings(job, checkpoints, checkpoint_steps),
        train_dataset=Dataset.from_dict(
            {"input_ids": [row.input_ids for row in rows], "labels": [row.labels for row in rows]}
        ),
        data_collator=PadRight(own.pad_token_id),
        callbacks=[watcher(len(rows), job.recipe.batch, progress)],
    )
    trainer.remove_callback(PrinterCallback)
    for parameter, values in trained:  # on a 4-bit base TRL rounds them to bfloat16, which a GPU may not have
        parameter.data = values.to(parameter.device)  # and small steps would vanish in
    return trainer


def settings(job: Job, checkpoints: Path, checkpoint_steps: int) -> Any:
    """The recipe in the words of TRL."""
    trl: Any = import_module("trl")
    recipe, how = job.recipe, job.how
    config = trl.SFTConfig(
        output_dir=str(checkpoints),
        per_device_train_batch_size=recipe.per_device_train_batch_size,
        gradient_accumulation_steps=recipe.gradient_accumulation_steps,
        num_train_epochs=1,  # the steps hold all epochs
        learning_rate=job.learning_rate,
        lr_scheduler_type=recipe.lr_scheduler_type,
        warmup_steps=recipe.warmup_steps,
        weight_decay=recipe.weight_decay,
        optim=how.optim,
        seed=job.seed,
        max_length=recipe.max_length,
        packing=False,
        gradient_checkpointing=how.gradient_checkpointing,
        bf16=how.dtype == "bfloat16",
        fp16=how.dtype == "float16",
        use_cpu=how.device == "cpu",
        dataset_kwargs={"skip_prepare_dataset": True},
        remove_unused_columns=False,
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_strategy="steps",
        save_steps=checkpoint_steps,
        save_total_limit=2,
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=how.device == "cuda",
    )
    config._n_gpu = min(1, config.n_gpu)  # noqa: SLF001  # several GPUs would make steps larger than the recipe's
    return config


def trainer_class(*, on_cpu: bool) -> Any:
    """TRL's SFTTrainer, or what Unsloth put in its place, without what costs time here and is used by nobody."""
    from torch.utils.data import SequentialSampler

    trl: Any = import_module("trl")  # looked up now: Unsloth replaces the class

    class InOrder(trl.SFTTrainer):  # type: ignore[misc]
        def _get_train_sampler(self, train_dataset: Any = None) -> Any:
            return SequentialSampler(self.train_dataset if train_dataset is None else train_dataset)

        def floating_point_ops(self, inputs: Any) -> int:
            return 0

        def create_model_card(self, *args: Any, **kwargs: Any) -> None:
            """No card in every checkpoint."""

    if not on_cpu:
        return InOrder

    class InOrderOnCpu(InOrder):
        def compute_loss(
            self, model: Any, inputs: Mapping[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            loss, outputs = trained_loss(model, inputs, num_items_in_batch)
            return (loss, outputs) if return_outputs else loss

    return InOrderOnCpu


def trained_loss(model: Any, inputs: Mapping[str, Any], trained: Any = None) -> tuple[torch.Tensor, Any]:
    """Cross-entropy, summed over the trained tokens of a micro-batch, divided by `trained`: those of the whole step.

    Both trainers' own losses are the same sum. TRL's needs a GPU's kernel (Triton); Unsloth's for the CPU multiplies
    every position with the vocabulary, while here only the columns are that some row trains, about half of them.
    """
    from torch.nn.functional import cross_entropy

    targets = inputs["labels"][:, 1:]
    columns = (targets != IGNORED).any(dim=0).nonzero().squeeze(1)
    ids, mask = inputs["input_ids"], inputs["attention_mask"]
    outputs = model(input_ids=ids, attention_mask=mask, logits_to_keep=columns, use_cache=False)
    logits = outputs.logits.flatten(0, 1).float()
    loss = cross_entropy(logits, targets[:, columns].flatten(), ignore_index=IGNORED, reduction="sum")
    return loss / ((targets != IGNORED).sum() if trained is None else trained), outputs


def watcher(rows: int, batch: int, progress: Progress | None) -> Any:
    """Looks at each step's loss, tells progress, and seals each checkpoint once it is whole."""
    from transformers import TrainerCallback

    class Watcher(TrainerCallback):
        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
            if "loss" not in (logs or {}):
                return
            loss = float(logs["loss"])
            if not math.isfinite(loss):
                raise TrainError(f"the loss became {loss} in step {state.global_step:,}: take a lower learning rate")
            if progress:
                progress(min(state.global_step * batch, rows), rows, loss)

        def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            seal(Path(args.output_dir) / f"checkpoint-{state.global_step}")

    return Watcher()
