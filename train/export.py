"""A trained adapter in the forms that people use, with a proof that each is fed the ids of training.

    python -m train.export --run data/runs/NAME
    python -m train.export --run data/runs/NAME --as gguf --quantisation q4_k_m --out DIR

adapter: PEFT files and tokenizer. merged: base and adapter as one model of 16 bits. gguf: for llama.cpp and Ollama,
with a Modelfile. Killed at any moment it leaves the old folder or the new one. Exit status: 0 done, 2 a wrong argument,
run or disk, 130 interrupted.
"""

from __future__ import annotations

import argparse
import difflib
import json
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import file_digest
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.errors import TrainError
from train.faults import in_one_line
from train.merging import check_room, merge

if TYPE_CHECKING:
    from train.base_models import LoadedTokenizer
    from train.run_folder import Run

__all__ = ["export", "main", "merge"]

FORMS = ("adapter", "merged", "gguf")
QUANTISATIONS = ("q8_0", "q4_k_m")  # those of train.quantise, which is not loaded for --help
WRITTEN_WITH = ("gguf", "peft", "safetensors", "tokenizers", "torch", "transformers", "xllamacpp")
CONTEXT = 2048  # tokens that Ollama keeps room for: max_length of the recipe


def main(argv: list[str] | None = None) -> int:
    options = parse(argv)
    try:
        folder = export(options.run, options.forms, options.quantisation, options.out, say=print, base=options.base)
    except KeyboardInterrupt:
        return fail("interrupted. What stood there before still stands", 130)
    except OSError as error:
        return fail(f"{error.filename or options.run}: {error.strerror or error}", 2)
    except ValueError as error:  # every error of ours that a user can cause is one
        if options.debug:
            raise
        return fail(str(error), 2)
    print(f"Wrote {folder}; {folder / 'README.md'} tells how to load it")
    return 0


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m train.export", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=folder_name, required=True, metavar="DIR", help="a finished run")
    form, quantisation = one_of(FORMS, "form"), one_of(QUANTISATIONS, "quantisation")
    parser.add_argument(
        "--as", nargs="+", dest="forms", default=list(FORMS), type=form, metavar="FORM",
        help=f"any of {', '.join(FORMS)} (default: all)",
    )  # fmt: skip
    parser.add_argument(
        "--quantisation", nargs="+", default=list(QUANTISATIONS), type=quantisation, metavar="TYPE",
        help=f"any of {', '.join(QUANTISATIONS)} (default: both)",
    )  # fmt: skip
    parser.add_argument("--out", type=folder_name, metavar="DIR", help="folder to write (default: export, in the run)")
    parser.add_argument("--base", default="", metavar="MODEL", help="where the base is, if it is a folder of yours")
    parser.add_argument("--debug", action="store_true", help="show where in the code an error came from")
    return parser.parse_args(argv)


def one_of(known: tuple[str, ...], what: str) -> Callable[[str], str]:
    """For argparse: one of the known names, or an error with the nearest."""

    def check(text: str) -> str:
        if text.lower() in known:
            return text.lower()
        near = (difflib.get_close_matches(text.lower(), known, n=1, cutoff=0.3) or [", ".join(known)])[0]
        raise argparse.ArgumentTypeError(f"unknown {what} {text!r}, nearest: {near}")

    return check


def folder_name(text: str) -> Path:
    if not text.strip():
        raise argparse.ArgumentTypeError("expected a folder, not an empty name")
    return Path(text)


def fail(message: str, status: int) -> int:
    for line in message.splitlines():
        print(f"error: {line}", file=sys.stderr)
    return status


# ---------------------------------------------------------------- one export


@dataclass
class _Export:
    """An export as it comes into being, in a folder that is not yet in its place."""

    run: Run
    name: str
    folder: Path
    forms: list[str]
    quantisations: list[str]
    say: Callable[[str], object]
    base: str = ""  # where the base is, for one that is a folder
    facts: dict[str, Any] = field(default_factory=dict)  # what export.json will say


def export(
    run_folder: Path,
    forms: list[str],
    quantisations: list[str],
    out: Path | None,
    *,
    say: Callable[[str], object],
    base: str = "",
) -> Path:
    """Write the run in the given forms to `out` (default: `export` in the run's folder), which is returned.

    Raises TrainError for a run that is not whole, an adapter of another base, an architecture that is not converted,
    ids that differ from training's, a full disk, or an `out` that holds anything but an export.
    """
    from filelock import FileLock, Timeout

    from train.run_folder import read_run

    run = read_run(run_folder)
    place = (out or run.folder / "export").resolve()
    check_replaceable(place)
    place.parent.mkdir(parents=True, exist_ok=True)
    new = place.with_name(f".{place.name}.new")
    try:
        with FileLock(place.with_name(f".{place.name}.lock"), blocking=False):
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir()
            try:
                with in_one_line("exporting", place):
                    write(_Export(run, plain_name(run.folder.resolve().name), new, forms, quantisations, say, base))
                    put_in_place(new, place)
            finally:
                shutil.rmtree(new, ignore_errors=True)
    except Timeout:
        raise TrainError(f"{place}: another export is writing it. Wait for it, or give --out another folder") from None
    return place


def write(job: _Export) -> None:
    """Everything that an export is made of."""
    if "adapter" in job.forms:
        write_adapter(job)
    if {"merged", "gguf"} & set(job.forms):
        loaded = write_merged(job)
        if "gguf" in job.forms:
            write_gguf_files(job, loaded)
        if "merged" not in job.forms:
            shutil.rmtree(job.folder / "merged")
    write_readme(job)
    write_facts(job)


def write_adapter(job: _Export) -> None:
    shutil.copytree(job.run.adapter, job.folder / "adapter")
    job.say("adapter: copied, with its tokenizer")


def write_merged(job: _Export) -> LoadedTokenizer:
    """The merged folder, proved; the tokenizer that training used."""
    from train.base_models import LoadedTokenizer, load_tokenizer
    from train.modelfile import turn_texts
    from train.proof import asks_as_trained, prove_folder

    folder = job.folder / "merged"
    loaded = merge(job.run, folder, base=job.base)
    exported = LoadedTokenizer(load_tokenizer(str(folder)).tokenizer, loaded.settings, "path", "")
    proof = prove_folder(folder, exported, loaded, system=turn_texts(loaded).system is not None)
    job.facts["chat_template_asks_as_trained"] = asks_as_trained(exported, loaded)
    job.facts["same_ids"] = {"merged": {"conversations": proof.conversations, "tokens": proof.tokens}}
    job.say(f"merged: base and adapter in 16 bits; {proof.conversations} conversations get the ids of training")
    return LoadedTokenizer(exported.tokenizer, loaded.settings, loaded.source, loaded.revision)


def write_gguf_files(job: _Export, loaded: LoadedTokenizer) -> None:
    """One GGUF file for each quantisation, each proved, and a Modelfile for the last."""
    from train.gguf import convert, quantise
    from train.modelfile import modelfile, turn_texts
    from train.proof import prove_ids

    merged, folder = job.folder / "merged", job.folder / "gguf"
    check_room(job.folder, 2 * sum(file.stat().st_size for file in merged.iterdir()))
    folder.mkdir()
    whole = convert(
        merged, folder / f"{job.name}-16bit.gguf", loaded=loaded, precision=precision(merged), name=job.name
    )
    texts = turn_texts(loaded)
    for quantisation in job.quantisations:
        file = quantise(whole, folder / f"{job.name}-{quantisation}.gguf", quantisation)
        proof = prove_ids(file, loaded, texts)
        job.facts["same_ids"][quantisation] = {"conversations": proof.conversations, "tokens": proof.tokens}
        size = file.stat().st_size / 1e6
        job.say(f"{quantisation}: {size:,.1f} MB; {proof.conversations} conversations get the ids of training")
    whole.unlink()
    about = (
        f"{job.name}: {job.run.facts['base']} with an adapter. Make it known: ollama create {job.name} -f Modelfile",
        "TEMPLATE writes what the base model's chat template writes, and what was trained",
    )
    text = modelfile(loaded, gguf_file(job), about=about, context=context(merged))
    (folder / "Modelfile").write_text(text, encoding="utf-8")


def gguf_file(job: _Export) -> str:
    """The file that the Modelfile is for: the smallest."""
    return f"{job.name}-{min(job.quantisations, key=QUANTISATIONS[::-1].index)}.gguf"


def precision(merged: Path) -> Any:
    """The GGUF name of the precision in which a merged folder is."""
    return {"bfloat16": "bf16", "float16": "f16"}[config(merged)["dtype"]]


def context(merged: Path) -> int:
    return min(CONTEXT, int(config(merged)["max_position_embeddings"]))


def config(merged: Path) -> dict[str, Any]:
    return dict(json.loads((merged / "config.json").read_text(encoding="utf-8")))


def plain_name(text: str) -> str:
    """A name for files, models and a line of a Modelfile."""
    return re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-.") or "model"


# ---------------------------------------------------------------- what is told


def write_facts(job: _Export) -> None:
    """export.json, last of all: what was made from what, and the hash of every file."""
    files = sorted(path for path in job.folder.rglob("*") if path.is_file())
    known = ("base", "base_revision", "base_sha256", "build", "build_sha256", "recipe_sha256", "marks", "seed")
    facts = {
        "run": job.name,
        "forms": [form for form in FORMS if form in job.forms],
        **{name: job.run.facts[name] for name in known if name in job.run.facts},
        **job.facts,
        "versions": {package: version(package) for package in WRITTEN_WITH},
        "files": {path.relative_to(job.folder).as_posix(): sha256(path) for path in files},
    }
    text = json.dumps(facts, indent=2, ensure_ascii=False, sort_keys=True)
    (job.folder / "export.json").write_text(text + "\n", encoding="utf-8")


def sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


def write_readme(job: _Export) -> None:
    """README.md: how to load each form."""
    from train.export_readme import readme

    text = readme(job.name, job.run.facts, job.facts, job.forms, gguf_file(job) if "gguf" in job.forms else "")
    (job.folder / "README.md").write_text(text, encoding="utf-8")


# ---------------------------------------------------------------- the place


def check_replaceable(place: Path) -> None:
    """Raises TrainError where `place` holds anything that an export did not write."""
    if place == Path(place.anchor) or Path.cwd().is_relative_to(place):
        raise TrainError(
            f"{place}: the folder that you stand in, or one above it, cannot be written anew; give another"
        )
    if place.exists() and not place.is_dir():
        raise TrainError(f"{place}: is a file; give a folder")
    if place.is_dir() and any(place.iterdir()) and not is_export(place):
        raise TrainError(
            f"{place}: holds other files than an export's, which would be lost; give a new or empty folder"
        )


def is_export(folder: Path) -> bool:
    """Whether a folder is what an export left: its export.json says so."""
    try:
        return "forms" in json.loads((folder / "export.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        return False


def put_in_place(new: Path, place: Path) -> None:
    """Move `new` to `place`; the export that stood there is removed afterwards."""
    old = place.with_name(f".{place.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        place.rename(old)
    new.rename(place)
    shutil.rmtree(old, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
