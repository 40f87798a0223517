"""What is looked at before anything leaves this machine.

A build: its sums, its hashes, the format doctor, persons, the evaluation's sentences, credentials. A run: its weights,
credentials. What stands ready to leave: sizes, names, credentials, folders of this machine.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines.publishing.conservation import BUILD_AGAIN, Files, hash_problems, id_problems, sum_problems
from pipelines.publishing.leaks import credential_problems, privacy_problems, texts_of
from pipelines.publishing.problem import Problem
from pipelines.publishing.prompts import evaluation_problems

__all__ = ["Problem", "check_build", "check_files", "check_run"]

SPLITS = ("train", "validation", "test")
NEEDED = ("manifest.json", "recipe.toml", "entries.parquet", "ledger.parquet", *(f"chat/{s}.jsonl" for s in SPLITS))
# The Hub's limits: docs/hub/storage-limits ("Per file: 50GB max, 20GB recommended").
LARGEST, LARGE = 50e9, 20e9  # bytes
BINARY = (".parquet", ".safetensors", ".gguf", ".png", ".jpg")
HOME = re.compile(r"(?:/home|/Users|\b[A-Za-z]:\\{1,2}Users)[/\\]{1,2}[\w.-]+[/\\]")


# ---------------------------------------------------------------- a build


def check_build(build: Path, prompts: Sequence[Path] = ()) -> list[Problem]:
    """A build's folder: whole, its sums even, its hashes those of the files, doctor clean, nothing private, no secret.

    Also: no sentence of the evaluation in the training split; `prompts` are files of more of them. Licences are
    `licences.restricted`'s business. Fatal problems come first. Raises ValueError (one line) where the folder is no
    build, or a file of prompts cannot be read.
    """
    missing = [name for name in NEEDED if not (build / name).is_file()]
    if "manifest.json" in missing:
        raise ValueError(f"{build}: is no build, it has no manifest.json; give a folder of data/builds")
    if missing:
        return [Problem("is missing", name, BUILD_AGAIN) for name in missing]
    files = read_files(build)
    try:
        found = [*hash_problems(build, files.manifest), *sum_problems(files), *id_problems(files)]
        found += [*doctor_problems(files), *privacy_problems(files), *evaluation_problems(files, prompts)]
        found += [*secret_problems(files)]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{build}: was built by another version ({type(error).__name__}: {error}); build it again"
        ) from error
    return sorted(found, key=lambda problem: not problem.fatal)


def read_files(build: Path) -> Files:
    """All that a build's checks and its card are made from. Raises ValueError (one line) where a file is damaged."""
    from pyarrow import ArrowException

    from pipelines.tables import read_table

    name = ""
    try:
        manifest = json.loads((build / (name := "manifest.json")).read_text(encoding="utf-8"))
        recipe = tomllib.loads((build / (name := "recipe.toml")).read_text(encoding="utf-8"))
        entries = read_table(build / (name := "entries.parquet"))
        ledger = read_table(build / (name := "ledger.parquet"))
        chat = {split: read_lines(build / (name := f"chat/{split}.jsonl")) for split in SPLITS}
    except FileNotFoundError:
        raise ValueError(f"{build / name}: is missing. {BUILD_AGAIN}") from None
    except (OSError, ValueError, ArrowException) as error:
        raise ValueError(f"{build / name}: is damaged ({str(error).splitlines()[0]:.120}). {BUILD_AGAIN}") from None
    return Files(build, manifest, recipe, entries, ledger, chat)


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def doctor_problems(files: Files) -> Iterator[Problem]:
    """What the format doctor finds in the conversations: a fatal fault stops, the others are told by their kind."""
    from curation.doctor import diagnose
    from curation.doctor.faults import FAULTS
    from pipelines.doctoring.dataset import read_dataset
    from pipelines.doctoring.target import open_target

    model = str(files.manifest["base_model"]["name"])
    try:
        target, _ = open_target(model)
    except ValueError as error:
        advice = (
            f"It was clean when it was built: look again with python -m pipelines.doctor {files.folder} --for FOLDER"
        )
        yield Problem(f"the format doctor cannot look again ({error})", "chat/", advice, fatal=False)
        return
    data = read_dataset(str(files.folder))
    found = diagnose(data.rows, target, events=data.events, ids=False)
    for fault, count in found.counts.items():
        first = next(one for one in found.findings if one.fault == fault)
        what = f"{fault} in {count:,} row{'s' if count > 1 else ''}: {FAULTS[fault].title}"
        look = f"See every row: python -m pipelines.doctor {files.folder} --for {model}"
        yield Problem(what, f"{first.file} row {first.row}", look, fatal=first.severity == "fatal")


def secret_problems(files: Files) -> Iterator[Problem]:
    """Credentials in the texts that would leave, and in the files about how they were made."""
    token = own_token()
    yield from credential_problems(((f"{file} row {row}", text) for file, row, _, text in texts_of(files)), token)
    for name in ("recipe.toml", "manifest.json"):
        yield from credential_problems([(name, (files.folder / name).read_text(encoding="utf-8"))], token)


def own_token() -> str:
    """The token that this machine would log in with, "" without one: to look for it, never to tell it."""
    from huggingface_hub import get_token

    return get_token() or ""


# ---------------------------------------------------------------- a run


def check_run(run: Path) -> list[Problem]:
    """A trained adapter's folder (data/runs/NAME): whole, weights as run.json says, no secret in any file of text."""
    from train.errors import TrainError
    from train.run_folder import ADAPTER, FACTS, read_run

    try:
        read_run(run)
    except TrainError as error:
        return [Problem(str(error), FACTS, "An adapter is published whole or not at all")]
    files = {FACTS: run / FACTS}
    files |= {f"{ADAPTER}/{path.name}": path for path in sorted((run / ADAPTER).iterdir()) if path.is_file()}
    return check_files(files)


# ---------------------------------------------------------------- what stands ready


def check_files(files: Mapping[str, Path]) -> list[Problem]:
    """What stands ready to leave, name in the repository → file here: sizes, names, credentials, local folders.

    Fatal problems come first.
    """
    token = own_token()
    found = [problem for name, path in sorted(files.items()) for problem in file_problems(name, path, token)]
    return sorted(found, key=lambda problem: not problem.fatal)


def file_problems(name: str, path: Path, token: str) -> Iterator[Problem]:
    if path.is_symlink() or not path.is_file():
        yield Problem("is no file of its own but a link, a folder or missing", name, "Put the file itself there")
        return
    if any(part.startswith(".") for part in Path(name).parts) or Path(name).is_absolute() or ".." in Path(name).parts:
        yield Problem("is a hidden file, or lies outside the repository", name, "Take it out of what is published")
    yield from size_problems(name, path.stat().st_size)
    for where, text in texts_in(name, path):
        yield from credential_problems([(where, text)], token)
        if HOME.search(text) and not name.endswith(".parquet"):
            advice = "Name the source by hub = or by a path relative to the recipe"
            yield Problem("names a personal folder of this machine", where, advice, fatal=False)


def size_problems(name: str, size: int) -> Iterator[Problem]:
    if size == 0:
        yield Problem("is empty", name, BUILD_AGAIN)
    elif size > LARGEST:
        yield Problem(f"has {size / 1e9:,.0f} GB", name, "The Hub takes files of at most 50 GB: split it")
    elif size > LARGE:
        advice = "The Hub recommends files of at most 20 GB: split it"
        yield Problem(f"has {size / 1e9:,.0f} GB", name, advice, fatal=False)


def texts_in(name: str, path: Path) -> Iterator[tuple[str, str]]:
    """(where, text) of everything in a file that can be read as text; each row of a Parquet file."""
    if name.endswith(".parquet"):
        import pyarrow.parquet as pq

        for batch in pq.ParquetFile(path).iter_batches():
            for row in batch.to_pylist():
                yield f"{name} row {row.get('id', '')}", json.dumps(row, ensure_ascii=False, default=str)
    elif not name.endswith(BINARY):
        yield name, path.read_text(encoding="utf-8", errors="replace")
