"""What is published of a trained adapter: which files, and its model card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.publishing.base_terms import asking, check_name
from pipelines.publishing.card import citation_of, licence_text, rendered
from pipelines.publishing.checks import read_files
from pipelines.publishing.licences import Licence, LicenceError, licence_of, restricted, resulting_licence, terms_of
from pipelines.publishing.markdown import code, plain
from pipelines.publishing.measured import RESULTS, of_results

if TYPE_CHECKING:
    from train.base_models import BaseModelSpec
    from train.run_folder import Run

ROOT = Path(__file__).parents[2]
BUILDS, EVALUATIONS = ROOT / "data" / "builds", ROOT / "data" / "evaluations"
BESIDE = ("run.json", "history.jsonl", "loss.png")  # timings.json is of this machine; loss.svg is the same image


@dataclass(frozen=True)
class AdapterFacts:
    """What the card must be told that does not stand in the run."""

    repository: str  # OWNER/NAME
    version: str  # the tag of this publish
    dataset: str = ""  # OWNER/NAME of the published dataset it was trained on, "" where it is not published
    dataset_version: str = ""  # its tag
    build: Path | None = None  # the build it was trained on; None: data/builds/NAME of run.json, where it is the same
    evaluations: Sequence[Path] = ()  # folders of train.evaluate; () looks in data/evaluations
    rights: str = ""  # --rights: on what ground the weights are passed on
    private: bool = False
    endpoint: str = "https://huggingface.co"


def adapter_files(run: Path, facts: AdapterFacts) -> Mapping[str, Path]:
    """Name in the repository → file here: adapter, tokenizer, run.json, loss, results, and the recipe of the data.

    Checkpoints, training texts, answers and timings stay. Raises TrainError (a ValueError) where the run is
    half-written or its weights are not those it wrote.
    """
    from train.run_folder import read_run

    read = read_run(run)
    found = {path.name: path for path in sorted(read.adapter.iterdir()) if path.is_file() and path.name != "README.md"}
    found |= {name: run / name for name in BESIDE if (run / name).is_file()}
    for folder in evaluations_of(read, facts):
        # of the others answers.jsonl and results.md hold what a model said, items.jsonl the terms it was asked about
        found[f"evaluation/{folder.name}/{RESULTS}"] = folder / RESULTS
    if build := build_of(read, facts):
        found |= {f"data/{name}": build / name for name in ("recipe.toml", "manifest.json")}
    return found


def adapter_card(run: Path, facts: AdapterFacts) -> str:
    """The model card as Markdown with YAML front matter: base_model, datasets, library_name, licence, tags.

    The licence follows from the base model's and the data's. Raises LicenceError, TrainError or ValueError, one line.
    """
    from train.run_folder import read_run

    read = read_run(run)
    spec = spec_of(str(read.facts["base"]))
    if not (facts.rights or facts.private):
        check_name(spec, facts.repository)
    licence, limits = licence_told(read, spec, facts)
    try:
        body = rendered("adapter.md.jinja", told(read, spec, licence, limits, facts))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{run / 'run.json'}: was written by another version, it has no {error}; train again"
        ) from error
    return f"---\n{front_matter(read, spec, licence, facts)}\n---\n\n{body}"


def base_of(run: Path) -> BaseModelSpec | None:
    """What data/models.toml says of the base model of a run. Raises TrainError."""
    from train.run_folder import read_run

    return spec_of(str(read_run(run).facts["base"]))


def spec_of(base: str) -> BaseModelSpec | None:
    """What data/models.toml says of a base model; None for a folder, or another model of the Hub."""
    from train.base_models import find_base_model

    try:
        return find_base_model(base)
    except ValueError:
        return None


# ---------------------------------------------------------------- what it was made from


def build_of(run: Run, facts: AdapterFacts) -> Path | None:
    """The build it was trained on. Raises ValueError where the one that was given is another."""
    wanted = str(run.facts.get("build_sha256", ""))
    if facts.build is not None:
        if manifest_hash(facts.build) != wanted:
            raise ValueError(
                f"{facts.build}: {run.folder} was not trained on this build (its manifest has another hash); "
                "name the one it was trained on, or none"
            )
        return facts.build
    usual = BUILDS / str(run.facts.get("build") or "-")
    return usual if wanted and manifest_hash(usual) == wanted else None


def manifest_hash(build: Path) -> str:
    file = build / "manifest.json"
    return sha256(file.read_bytes()).hexdigest() if file.is_file() else ""


def evaluations_of(run: Run, facts: AdapterFacts) -> list[Path]:
    """Folders of results: those given, else those of data/evaluations whose adapter is this one. Raises ValueError."""
    if facts.evaluations:
        missing = [str(folder) for folder in facts.evaluations if not (folder / RESULTS).is_file()]
        if missing:
            raise ValueError(f"{missing[0]}: holds no {RESULTS}; give a folder that train.evaluate wrote")
        return list(facts.evaluations)
    found = sorted(path.parent for path in EVALUATIONS.glob(f"*/{RESULTS}"))
    return [folder for folder in found if is_of(folder, run)]


def is_of(folder: Path, run: Run) -> bool:
    import json

    try:
        meta = json.loads((folder / RESULTS).read_text(encoding="utf-8"))["meta"]
        return bool(meta["training"]["adapter_sha256"] == run.facts["adapter_sha256"])
    except (OSError, ValueError, TypeError, KeyError):
        return False


# ---------------------------------------------------------------- licence


def licence_told(run: Run, spec: BaseModelSpec | None, facts: AdapterFacts) -> tuple[Licence, list[str]]:
    """The licence of the weights and what to know about it. Raises LicenceError where nobody answers for it."""
    limits: list[str] = []
    try:
        parts, limits = licences_of(run, spec, facts)
        return combined(parts), limits
    except LicenceError as error:
        if not (facts.rights or facts.private):
            raise
        reason = str(error).partition(". ")[0]
        metadata = {"license": "other", "license_name": "see-card", "license_link": "README.md#licence"}
        return Licence((), f"{reason[:1].upper()}{reason[1:]}.", metadata), limits


def licences_of(run: Run, spec: BaseModelSpec | None, facts: AdapterFacts) -> tuple[dict[str, str], list[str]]:
    """Part → declared licence, of base model and data. Raises LicenceError with one line."""
    base = str(run.facts["base"])
    if spec is None or not terms_of(spec.licence):
        known = f" ({spec.licence})" if spec else ""
        raise LicenceError(
            f"the licence of the base model {base}{known} is not known. Add it to data/models.toml and licences.toml, "
            "publish with --private, or say with --rights on what ground"
        )
    build = build_of(run, facts)
    if build is None:
        raise LicenceError(
            f"the build {run.facts.get('build') or ''} that {run.folder.name} was trained on is not here as it was, so "
            "that the licence of its texts is not known. Name it with --build, publish with --private, or say with "
            "--rights on what ground"
        )
    files = read_files(build)
    found = restricted(files.entries, files.every(), files.recipe)
    if found and not (facts.rights or facts.private):
        raise LicenceError(
            f"it was trained on texts that may not be passed on: {'; '.join(map(str, found))}. Train on a build "
            "without them, publish with --private, or say with --rights on what ground"
        )
    limits = [f"Trained on texts that may not be passed on themselves: {plain(one)}." for one in found]
    everything = len({ident for one in found for ident in one.ids}) == len(files.entries)
    data = "" if everything else resulting_licence(files.entries, files.recipe).expression
    return {f"base model {base}": spec.licence} | ({"data": data} if data else {}), limits


def combined(parts: Mapping[str, str]) -> Licence:
    """The base model's licence, and the data's beside it where that asks more than to be named.

    Whether weights are an adaptation of the texts they were trained on is not settled; so what a licence of texts asks
    of adaptations is passed on. Raises LicenceError where the two exclude each other.
    """
    base, *data = parts.values()
    asked = {terms.family for text in data for terms in terms_of(text)}
    if asked <= {"free", "notice", "by"}:
        told = licence_of({"base model": base})
        named = (
            f" The texts that it learned from are under {' and '.join(data)}; their sources are named." if data else ""
        )
        return Licence(told.ids, f"The weights follow the base model, which is under {base}.{named}", told.metadata)
    return licence_of(parts)


# ---------------------------------------------------------------- card


def front_matter(run: Run, spec: BaseModelSpec | None, licence: Licence, facts: AdapterFacts) -> str:
    from huggingface_hub import ModelCardData

    hub = spec.hub if spec and not spec.path else str(run.facts["base"])
    data = ModelCardData(
        base_model=hub if "/" in hub else None,  # only a repository of the Hub can be linked
        datasets=[facts.dataset] if facts.dataset else None,
        library_name="peft",
        pipeline_tag="text-generation",
        tags=["lora", "slang", "chat", *([f"base_model:adapter:{hub}"] if "/" in hub else [])],
        **dict(licence.metadata),
    )
    return str(data.to_yaml(line_break="\n")).strip()


def told(
    run: Run, spec: BaseModelSpec | None, licence: Licence, limits: list[str], facts: AdapterFacts
) -> dict[str, Any]:
    """Everything that the page shows."""
    base = str(run.facts["base"])
    hub = spec.hub if spec and not spec.path else base
    folders = evaluations_of(run, facts)
    return {
        "name": facts.repository.partition("/")[2] or run.folder.name,
        "repository": facts.repository,
        "version": facts.version,
        "base": base,
        "base_id": hub,
        "local_base": "/" not in hub,
        "revision": f" at {code(run.facts['base_revision'])}" if run.facts.get("base_revision") else "",
        "shown": [terms.shown for terms in asking(spec) if terms.shown],
        "base_terms": asking(spec),
        "data_link": data_link(run, facts),
        "run": run.facts,
        "versions": plain(", ".join(f"{name} {one}" for name, one in sorted(run.facts["versions"].items()))),
        "recipe": list(recipe_rows(run.facts["recipe"])),
        "marks": list(run.facts.get("marks", ())),
        "loss_image": "loss.png" if (run.folder / "loss.png").is_file() else "",
        "evaluation": of_results(folders, build_of(run, facts)) if folders else "",
        "licence": licence_text(licence),
        "rights": facts.rights,
        "limits": limits,
        "citation": citation_of(facts.repository, facts.version, facts.repository, facts.endpoint),
    }


def data_link(run: Run, facts: AdapterFacts) -> str:
    """The data it was trained on, by repository and version, or by the build's name and hash."""
    if facts.dataset:
        tag = f", {plain(facts.dataset_version)}" if facts.dataset_version else ""
        return f"[{plain(facts.dataset)}]({facts.endpoint.rstrip('/')}/datasets/{facts.dataset}){tag}"
    digest = str(run.facts.get("build_sha256") or "")[:12]
    return f"the build {code(run.facts.get('build') or 'of unknown name')}" + (f" ({code(digest)})" if digest else "")


def recipe_rows(recipe: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The settings of the LoRA recipe that readers look for."""
    for name in ("lora_r", "lora_alpha", "lora_dropout", "num_train_epochs", "lr_scheduler_type", "weight_decay"):
        if name in recipe:
            yield f"`{name}`", plain(recipe[name])
    batch = recipe.get("per_device_train_batch_size", 1) * recipe.get("gradient_accumulation_steps", 1)
    yield "rows a step", str(batch)
    yield "`target_modules`", plain(", ".join(recipe.get("target_modules", ())))
