"""The folder of one training: claimed before it begins, whole when run.json stands in it, which is written last."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any

from train.errors import TrainError
from train.faults import in_one_line, one_line

FACTS, CLAIM, ADAPTER, CHECKPOINTS = "run.json", "training.json", "adapter", "checkpoints"
WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
HISTORY = "history.jsonl"
OWN = (FACTS, CLAIM, ADAPTER, CHECKPOINTS, HISTORY, f".{ADAPTER}", "loss.svg", "loss.png", "timings.json", "export")


@dataclass(frozen=True)
class Run:
    """A finished training."""

    folder: Path
    facts: dict[str, Any]  # run.json
    adapter: Path  # folder of the adapter, with the tokenizer's files


def read_run(folder: Path | str) -> Run:
    """The run in a folder. Raises TrainError where there is none, where it is half-written, or its adapter damaged."""
    folder = Path(folder)
    if not folder.is_dir():
        raise TrainError(f"{folder}: no such run; make one: python -m train.lora --data BUILD --out {folder}")
    facts = facts_of(folder)
    if facts is None and (folder / CLAIM).exists():
        raise TrainError(f"{folder}: half-written, the training did not finish; the same command goes on")
    if facts is None:
        raise TrainError(f"{folder}: is no run, it has no {FACTS}; give a folder that train.lora wrote")
    adapter = folder / ADAPTER
    check_adapter(adapter, facts.get("adapter_sha256", ""))
    return Run(folder, facts, adapter)


def check_adapter(adapter: Path, expected: str = "") -> dict[str, Any]:
    """The adapter's configuration. Raises TrainError where files are missing or damaged, or the hash is another."""
    from safetensors import SafetensorError, safe_open

    try:
        config = json.loads((adapter / CONFIG).read_text(encoding="utf-8"))
        with safe_open(str(adapter / WEIGHTS), framework="np") as tensors:
            whole = bool(tensors.keys())
        sound = whole and isinstance(config, dict) and expected in ("", digest(adapter / WEIGHTS))
    except FileNotFoundError as error:
        raise TrainError(f"{adapter}: the adapter is missing ({CONFIG}, {WEIGHTS}); train it again") from error
    except (OSError, ValueError, SafetensorError) as error:
        raise TrainError(f"{adapter}: the adapter is damaged ({one_line(error)}); train it again") from error
    if not sound:
        raise TrainError(
            f"{adapter}: the adapter is damaged, its weights are not those that were written; train it again"
        )
    return dict(config)


def digest(file: Path) -> str:
    with file.open("rb") as content:
        return file_digest(content, "sha256").hexdigest()


def read_history(folder: Path) -> list[dict[str, Any]]:
    """For each step: step, loss (nats a trained token), learning_rate, trained_tokens (so far). Raises TrainError."""
    try:
        return [json.loads(line) for line in (folder / HISTORY).read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise TrainError(f"{folder / HISTORY}: is missing or damaged; train it again with --fresh") from error


@contextmanager
def claimed(folder: Path, key: str, *, resume: bool) -> Iterator[bool]:
    """Holds a folder for one training. Gives True where that training's run is in it already, whole.

    `key` says which training it is. A half-written one of the same key stays, to be gone on with; of another key it is
    cleared away. Raises TrainError where another process writes the folder, where it cannot be written, holds other
    files than a run's, or (with `resume`) a finished run of another key.
    """
    from filelock import FileLock, Timeout

    folder = folder.resolve()
    check_replaceable(folder)
    with in_one_line("making the run's folder", folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder.with_name(f".{folder.name}.lock"), blocking=False)
        try:
            lock.acquire()
        except Timeout as error:
            raise TrainError(f"{folder}: another training is writing it; wait for it, or give --out another") from error
    try:
        if resume and (facts := facts_of(folder)):
            same_training(folder, facts, key)
            yield True
        else:
            claim(folder, key, resume=resume)
            yield False
    finally:
        lock.release()


def check_replaceable(folder: Path) -> None:
    if folder == Path(folder.anchor) or Path.cwd().is_relative_to(folder):
        raise TrainError(
            f"{folder}: the folder that you stand in, or one above it, is never written anew; give another"
        )
    if folder.exists() and not folder.is_dir():
        raise TrainError(f"{folder}: is a file; give a folder")
    if folder.is_dir() and any(folder.iterdir()) and not any((folder / name).is_file() for name in (FACTS, CLAIM)):
        raise TrainError(f"{folder}: holds other files than a run's, which would be lost; give a new or empty folder")


def same_training(folder: Path, facts: Mapping[str, Any], key: str) -> None:
    if facts.get("key") != key:
        raise TrainError(
            f"{folder}: holds a finished run of other data, base or settings; give --fresh to train anew in its place, "
            "or --out another folder"
        )
    read_run(folder)


def claim(folder: Path, key: str, *, resume: bool) -> None:
    """Mark the folder as this training's; what another one left in it is cleared away."""
    (folder / FACTS).unlink(missing_ok=True)  # first: without it nothing in the folder counts as a run
    try:
        before = json.loads((folder / CLAIM).read_text(encoding="utf-8"))["key"]
    except (OSError, ValueError, TypeError, KeyError):
        before = ""
    if not resume or before != key:
        for name in set(OWN) - {CLAIM}:
            remove(folder / name)
    write_json(folder / CLAIM, {"key": key})


def finish(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write run.json, and take away what only a half-written run needs."""
    write_json(folder / FACTS, facts)
    remove(folder / CHECKPOINTS)
    remove(folder / CLAIM)


def facts_of(folder: Path) -> dict[str, Any] | None:
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise TrainError(f"{folder / FACTS}: is damaged; train it again with --fresh") from error
    if not isinstance(facts, dict) or not facts:
        raise TrainError(f"{folder / FACTS}: is damaged; train it again with --fresh")
    return facts


def write_json(file: Path, content: object) -> None:
    write_text(file, json.dumps(content, indent=2, ensure_ascii=False, sort_keys=True) + "\n")


def write_text(file: Path, content: str) -> None:
    draft = file.with_name(f".{file.name}")
    draft.write_text(content, encoding="utf-8")
    draft.replace(file)


def remove(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
