"""Arms: what each step of the ladder trains on, written to one file a step so that anyone can read it.

A line of `steps/NAME.jsonl` is a conversation {"messages", "id", "term", "task"}, or {"text", …} for the step without
a template. No row of a held-out term and no evaluation sentence is in any of them; what that keeps out is counted.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.engine import Result
from pipelines.experiments.glue import Messages, glued_messages, running_text
from pipelines.experiments.ground import Ground, Untouchable, run_step
from pipelines.experiments.replay import Replayed
from pipelines.experiments.steps import CURATED, DECIDED, RAW, REPLAY, ExperimentError, Step
from pipelines.tables import write_text

if TYPE_CHECKING:
    import pandas as pd

    from train.examples import Example

Line = dict[str, Any]
FIELDS = ("messages", "id", "term", "task")


@dataclass(frozen=True)
class Arm:
    """One step, ready to be trained on, or why it is not run."""

    step: Step
    file: Path | None = None
    sha256: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    not_run: str = ""

    def facts(self) -> dict[str, Any]:
        """What experiment.json says of it."""
        told = asdict(self.step) | {"stages": sorted(self.step.stages or ())}
        return {**told, "counts": self.counts, "sha256": self.sha256, "not_run": self.not_run}


def make_arms(
    steps: Sequence[Step], ground: Ground, curated: Result, never: Untouchable, *, replay: Replayed, folder: Path
) -> list[Arm]:
    """Write what each step trains on into `folder`.

    Raises ExperimentError for a step that has nothing to train on, or that would train on evaluation sentences.
    """
    folder.mkdir(parents=True, exist_ok=True)
    arms = []
    for step in steps:
        reason = not_run(step, ground, replay)
        if reason:
            arms.append(Arm(step, not_run=reason))
            continue
        lines, counts = lines_of(step, ground, curated, never, replay)
        arms.append(write_lines(step, lines, counts, folder))
        ground.terminal.say(f"  {step.name:<20} {len(lines):>7,} {'texts' if step.glued else 'conversations'}")
    return arms


def not_run(step: Step, ground: Ground, replay: Replayed) -> str:
    if step.name == DECIDED and not any(one.answer for one in ground.people.decisions.values()):
        return "no decisions in data/reviews yet"
    if step.name == DECIDED:
        return ""
    return replay.not_run if step.name == REPLAY else ""


def lines_of(
    step: Step, ground: Ground, curated: Result, never: Untouchable, replay: Replayed
) -> tuple[list[Line], dict[str, int]]:
    """What a step trains on, and what was kept out of it."""
    if step.glued:
        lines, counts = glued_lines(ground, never)
    else:
        result = curated if step.name in (CURATED, REPLAY) else run_step(step, ground)
        lines, counts = conversation_lines(result, ground, never)
    if step.name == REPLAY:
        general = replay.lines(len(lines))
        lines, counts = lines + general, counts | {"replayed": len(general)}
    fit = carried(lines, ground)
    if not fit:
        raise ExperimentError(f"step {step.name}: nothing to train on: {ground.recipe.path} gave no conversation")
    if step.mask == "every token":
        fit = [{"text": running_text(one["messages"]), **{name: one[name] for name in FIELDS[1:]}} for one in fit]
    return fit, counts | {"refused_by_the_template": len(lines) - len(fit), "examples": len(fit)}


def glued_lines(ground: Ground, never: Untouchable) -> tuple[list[Line], dict[str, int]]:
    """Every row that was read, glued, but for those that nobody trains on."""
    rows = ground.read.table
    usable = rows[~rows["id"].isin(never.held_out | never.overlapping)]
    made = [(row, glued_messages(row)) for row in usable.to_dict("records")]
    lines = [line(messages, row["id"], row["term"], "glued") for row, messages in made if messages]
    return lines, kept_out(rows, never) | {"rows_without_text": len(made) - len(lines)}


def conversation_lines(result: Result, ground: Ground, never: Untouchable) -> tuple[list[Line], dict[str, int]]:
    """The training conversations of a step's build, its split being the curated build's."""
    import numpy as np

    from pipelines.chat import make_conversations

    kept = result.kept
    held = kept["id"].isin(never.held_out) | kept["term_key"].isin(never.terms)
    kept = kept.assign(split=np.where(held, "test", "train"))
    training = [one for one in make_conversations(kept, ground.recipe.settings, []) if one["split"] == "train"]
    check_decontaminated(training, never, ground)
    lines = [{name: one[name] for name in FIELDS} for one in training]  # type: ignore[literal-required]
    return lines, {"rows_removed": len(result.ledger)} | kept_out(kept, never)


def check_decontaminated(training: Sequence[Any], never: Untouchable, ground: Ground) -> None:
    """Fail closed on evaluation sentences in what is trained on."""
    found = [one for one in training if not never.overlapping.isdisjoint(one["entry_ids"])]
    if found and all(stage.name != "decontaminate" for stage in ground.recipe.stages):
        raise ExperimentError(
            f"{ground.recipe.path}: evaluation sentences stand in {len(found):,} training conversations (the first: "
            f'{found[0]["id"]}). Add the stage use = "decontaminate" after split'
        )


def kept_out(rows: pd.DataFrame, never: Untouchable) -> dict[str, int]:
    held = rows["id"].isin(never.held_out)
    return {
        "rows": len(rows),
        "rows_of_held_out_terms": int(held.sum()),
        "rows_overlapping_the_evaluation": int((rows["id"].isin(never.overlapping) & ~held).sum()),
    }


def line(messages: Messages, name: str, term: str, task: str) -> Line:
    return {"messages": messages, "id": f"{name}-{task}", "term": term, "task": task}


def carried(lines: list[Line], ground: Ground) -> list[Line]:
    """The lines that the base model's template can carry."""
    from pipelines.chat import faults

    found = faults([one["messages"] for one in lines], ground.loaded)
    return [one for one, fault in zip(lines, found, strict=True) if not fault]


def write_lines(step: Step, lines: list[Line], counts: dict[str, int], folder: Path) -> Arm:
    text = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in lines)
    path = folder / f"{step.name}.jsonl"
    write_text(path, text)
    return Arm(step, path, sha256(text.encode()).hexdigest(), counts)


def read_lines(path: Path) -> list[Line]:
    # not splitlines: cells as they were read may hold U+2028 and its kin, which JSON leaves as they are
    return [json.loads(text) for text in path.read_text(encoding="utf-8").split("\n") if text]


def encode_lines(lines: Sequence[Line], loaded: Any, max_length: int) -> list[Example]:
    """Token ids and labels of an arm's lines, by the one encode function; too long ones are left out."""
    from train.examples import encode_conversations, encode_text

    if lines and "text" in lines[0]:
        return encode_text([one["text"] for one in lines], loaded, max_length)
    return encode_conversations(lines, loaded, max_length)


def raw_tokens(arm: Arm, loaded: Any, max_length: int) -> int:
    """How many tokens the raw step trains on in its one epoch: what "matched" runs stop at."""
    if arm.step.name != RAW or arm.file is None:
        raise ValueError(f"matched runs follow the step {RAW}, not {arm.step.name}")
    return sum(one.trained_tokens for one in encode_lines(read_lines(arm.file), loaded, max_length))
