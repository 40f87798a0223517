"""The parts of an export: each form with its proof, and the files that tell about them."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import file_digest
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.exporting.merging import check_room, exported_tokenizer, merge
from train.exporting.readme import readme

if TYPE_CHECKING:
    from train.base_models import LoadedTokenizer
    from train.run_folder import Run

FORMS = ("adapter", "merged", "gguf")
QUANTISATIONS = ("q8_0", "q4_k_m")  # those of train.exporting.quantise, the smallest last
# what export.json takes over from run.json
ORIGIN = ("base", "base_revision", "base_sha256", "adapter_sha256", "build", "build_sha256", "recipe_sha256", "marks")
WRITTEN_WITH = ("gguf", "peft", "safetensors", "tokenizers", "torch", "transformers", "xllamacpp")
CONTEXT = 2048  # tokens that Ollama keeps room for: max_length of the recipe


@dataclass
class Export:
    """An export as it comes into being, in a folder that is not yet in its place."""

    run: Run
    name: str
    folder: Path
    forms: list[str]
    quantisations: list[str]
    say: Callable[[str], object]
    base: str = ""  # where the base is, for one that is a folder
    facts: dict[str, Any] = field(default_factory=dict)  # what export.json will say


def write(job: Export) -> None:
    """Everything that an export is made of."""
    if "adapter" in job.forms:
        write_adapter(job)
    if {"merged", "gguf"} & set(job.forms):
        trained, exported = write_merged(job)
        if "gguf" in job.forms:
            write_gguf_files(job, trained, exported)
        if "merged" not in job.forms:
            shutil.rmtree(job.folder / "merged")
    write_readme(job)
    write_facts(job)


def write_adapter(job: Export) -> None:
    """The adapter's files as they are, and a tokenizer that asks as training did, whatever the day."""
    from train.base_models import load_tokenizer

    folder = job.folder / "adapter"
    shutil.copytree(job.run.adapter, folder)
    exported_tokenizer(load_tokenizer(str(folder))).save_pretrained(folder)
    job.say("adapter: copied, with its tokenizer")


def write_merged(job: Export) -> tuple[LoadedTokenizer, LoadedTokenizer]:
    """The merged folder, proved; gives the tokenizer that training used, and the folder's."""
    from train.base_models import LoadedTokenizer, load_tokenizer
    from train.exporting.modelfile import turn_texts
    from train.exporting.proof import asks_as_trained, prove_folder

    folder = job.folder / "merged"
    trained = merge(job.run, folder, base=job.base)
    exported = LoadedTokenizer(load_tokenizer(str(folder)).tokenizer, trained.settings, "path", "")
    proof = prove_folder(folder, exported, trained, system=turn_texts(trained).system is not None)
    job.facts["chat_template_asks_as_trained"] = asks_as_trained(exported, trained)
    job.facts["same_ids"] = {"merged": {"conversations": proof.conversations, "tokens": proof.tokens}}
    job.say(f"merged: base and adapter in 16 bits; {proof.conversations} conversations get the ids of training")
    return trained, exported


def write_gguf_files(job: Export, trained: LoadedTokenizer, exported: LoadedTokenizer) -> None:
    """One GGUF file for each quantisation, each proved, and a Modelfile for the smallest."""
    from train.exporting.gguf import convert, quantise
    from train.exporting.modelfile import modelfile, turn_texts
    from train.exporting.proof import prove_ids

    merged, folder = job.folder / "merged", job.folder / "gguf"
    check_room(job.folder, 2 * sum(file.stat().st_size for file in merged.iterdir()))
    folder.mkdir()
    whole = folder / f"{job.name}-16bit.gguf"
    convert(merged, whole, loaded=exported, precision=precision(merged), name=job.name)
    texts = turn_texts(trained)
    for quantisation in job.quantisations:
        file = quantise(whole, folder / f"{job.name}-{quantisation}.gguf", quantisation)
        proof = prove_ids(file, trained, texts)
        job.facts["same_ids"][quantisation] = {"conversations": proof.conversations, "tokens": proof.tokens}
        size = file.stat().st_size / 1e6
        job.say(f"{quantisation}: {size:,.1f} MB; {proof.conversations} conversations get the ids of training")
    whole.unlink()
    about = (
        f"{job.name}: {job.run.facts['base']} with an adapter; licence of the base: {licence(job.run)}",
        f"Make it known to Ollama: ollama create {job.name} -f Modelfile",
        "TEMPLATE writes what the base model's chat template writes, and what was trained",
    )
    text = modelfile(trained, gguf_file(job), about=about, context=context(merged))
    (folder / "Modelfile").write_text(text, encoding="utf-8")


def licence(run: Run) -> str:
    """The base's licence, from data/models.toml."""
    from train.base_models import base_models

    known = {key: spec.licence for spec in base_models().values() for key in (spec.name, spec.hub)}
    return known.get(run.facts["base"], "the base model's own")


def gguf_file(job: Export) -> str:
    """The file that the Modelfile is for: the smallest."""
    return f"{job.name}-{min(job.quantisations, key=QUANTISATIONS[::-1].index)}.gguf"


def precision(merged: Path) -> Any:
    """The GGUF name of the precision in which a merged folder is."""
    facts = config(merged)
    return {"bfloat16": "bf16", "float16": "f16"}[facts.get("dtype") or facts["torch_dtype"]]


def context(merged: Path) -> int:
    return min(CONTEXT, int(config(merged)["max_position_embeddings"]))


def config(merged: Path) -> dict[str, Any]:
    return dict(json.loads((merged / "config.json").read_text(encoding="utf-8")))


def plain_name(text: str) -> str:
    """A name for files, models and a line of a Modelfile."""
    return re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-.") or "model"


# ---------------------------------------------------------------- what is told


def write_facts(job: Export) -> None:
    """export.json, last of all: what was made from what, and the hash of every file."""
    files = sorted(path for path in job.folder.rglob("*") if path.is_file())
    facts = {
        "run": job.name,
        "forms": [form for form in FORMS if form in job.forms],
        **{name: job.run.facts[name] for name in ORIGIN if name in job.run.facts},
        **job.facts,
        "versions": {package: found for package in WRITTEN_WITH if (found := installed(package))},
        "files": {path.relative_to(job.folder).as_posix(): sha256(path) for path in files},
    }
    text = json.dumps(facts, indent=2, ensure_ascii=False, sort_keys=True)
    (job.folder / "export.json").write_text(text + "\n", encoding="utf-8")


def installed(package: str) -> str:
    """The version of a package, "" where it is not there: an adapter alone needs no GGUF."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


def write_readme(job: Export) -> None:
    """README.md: how to load each form."""
    text = readme(
        job.name,
        {"licence": licence(job.run), **job.run.facts},
        job.facts,
        job.forms,
        gguf_file(job) if "gguf" in job.forms else "",
    )
    (job.folder / "README.md").write_text(text, encoding="utf-8")
