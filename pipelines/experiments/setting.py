"""Sets an experiment up: base model, sources, steps, and the jobs that follow from them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.experiments.arms import Arm, make_arms, raw_tokens, read_lines, write_lines
from pipelines.experiments.columns import Column, fact_columns, ladder_columns, varied_columns
from pipelines.experiments.ground import lay_ground, untouchable, write_curated
from pipelines.experiments.jobs import Job, Plan, make_jobs, training_code
from pipelines.experiments.steps import CURATED, LADDER, RAW, REPLAY, ExperimentError, Step, in_order
from pipelines.terminal import Terminal

if TYPE_CHECKING:
    from pipelines.experiments.replay import Replayed
    from train.base_models import LoadedTokenizer
    from train.base_weights import BaseWeights

LAB = "lab"
CHOICES = 4  # definitions that a question offers
SMALL = 100_000_000  # parameters; below it one thread a model and several models at once finish soonest


@dataclass(frozen=True)
class Base:
    """The base model that every column starts from."""

    name: str  # of data/models.toml, or a folder
    loaded: LoadedTokenizer
    weights: BaseWeights

    @property
    def small(self) -> bool:
        return self.weights.parameters < SMALL

    @property
    def version(self) -> str:
        return self.weights.sha256 or self.weights.revision


@dataclass(frozen=True)
class Setting:
    """All that is known before the first model is trained."""

    base: Base
    arms: list[Arm]
    jobs: list[Job]
    about: dict[str, Any]  # what experiment.json says of it all


def set_up(options: argparse.Namespace, place: Path, first_seed: int, terminal: Terminal) -> Setting:
    """Read, build, write what each step trains on, and plan the jobs. Raises ValueError with one line."""
    from pipelines.experiments.replay import find_replay
    from pipelines.recipe import load_recipe

    recipe = load_recipe(options.recipe, options.source)
    base = load_base(options.base)
    ground = lay_ground(recipe, base.name, base.loaded, cache=options.cache, limit=options.limit, terminal=terminal)
    curated = write_curated(ground, place / "build")
    never = untouchable(ground, curated)
    replay = find_replay(recipe, base.name, ground.given.evaluation, terminal)
    arms = make_arms(wanted_steps(options), ground, curated, never, replay=replay, folder=place / "steps")
    taught, few = facts_arms(arms, place, recipe.settings.seed) if options.facts else ((), [])
    columns = [
        *ladder_columns(arms, matched=options.matched or options.ladder),
        *varied_columns(options.vary),
        *(fact_columns(len(taught)) if taught else ()),
    ]
    plan = make_plan(base, place / "build", taught, matched_tokens(columns, arms, base), options.backend)
    seeds = list(range(first_seed, first_seed + options.seeds))
    jobs = make_jobs(columns, [*arms, *few], seeds, plan, place / "models")
    about = {
        "name": recipe.settings.name,
        "base": base.weights.name,
        "seeds": seeds,
        "made_with": made_with(base, plan),
    }
    return Setting(base, [*arms, *few], jobs, about | {"cautions": cautions(options, arms, replay)})


def wanted_steps(options: argparse.Namespace) -> list[Step]:
    """The steps that are asked for, and those that the other options cannot do without."""
    needed = [CURATED] if options.vary else []
    needed += [RAW, CURATED] if options.facts else []
    needed += [RAW] if options.matched else []
    return list(LADDER) if options.ladder else in_order([*options.arms, *needed])


def load_base(named: str) -> Base:
    """A folder, a name of data/models.toml, or the one name that begins so.

    Raises ValueError with the nearest names, and where only a stand-in of the tokenizer can be had.
    """
    from train.base_models import base_models, find_base_model, load_tokenizer
    from train.base_weights import find_weights
    from train.examples import refuse_stand_in

    if Path(named).is_dir():
        name = str(Path(named).resolve())
    else:
        begins = [name for name in base_models() if name.startswith(named.lower())]
        name = find_base_model(begins[0] if len(begins) == 1 else named).name
    loaded = load_tokenizer(name)
    refuse_stand_in(loaded)
    return Base(name, loaded, find_weights(name, loaded))


def matched_tokens(columns: Sequence[Column], arms: Sequence[Arm], base: Base) -> int:
    """The trained tokens of raw's epoch, 0 where nothing is matched to them."""
    from train.recipe import load_recipe

    if all(column.mode != "matched" for column in columns):
        return 0
    raw = next(arm for arm in arms if arm.step.name == RAW)
    return raw_tokens(raw, base.loaded, load_recipe().max_length)


def make_plan(base: Base, build: Path, taught: tuple[str, ...], matched: int, backend: Any) -> Plan:
    from pipelines.experiments.items import fact_items
    from train.build_folder import read_build
    from train.evaluation.items import make_items
    from train.recipe import carried_learning_rate, load_recipe

    lora = load_recipe()
    return Plan(
        base=base.name,
        base_sha256=base.version,
        recipe_sha256=lora.sha256,
        build=build,
        items_sha256=make_items(read_build(build), "experiment").sha256,
        facts_sha256=fact_items(build, taught).sha256 if taught else "",
        matched_tokens=matched,
        learning_rate=carried_learning_rate(base.weights.parameters, lora) if base.name == LAB else None,
        backend=backend,
        fact_terms=taught,
    )


def facts_arms(arms: Sequence[Arm], place: Path, seed: int) -> tuple[tuple[str, ...], list[Arm]]:
    """The lines of raw and curated that teach the same few terms, and those terms' keys.

    Raises ExperimentError where there are too few.
    """
    from curation.normalize import term_key
    from pipelines.experiments.items import fact_terms

    lines = {arm.step: read_lines(arm.file) for arm in arms if arm.file and arm.step.name in (RAW, CURATED)}
    keys = [frozenset(term_key(line["term"]) for line in rows) for rows in lines.values()]
    taught = fact_terms(place / "build", seed, frozenset.intersection(*keys))
    if len(taught) < CHOICES:
        raise ExperimentError(
            f"--facts: only {len(taught)} terms can be asked about, {CHOICES} are needed; read more rows"
        )
    few = []
    for step, rows in lines.items():
        chosen = [line for line in rows if term_key(line["term"]) in taught]
        named = replace(step, name=f"facts-{step.name}", title=f"{step.name}, {len(taught)} terms only")
        few.append(write_lines(named, chosen, {"terms": len(taught), "examples": len(chosen)}, place / "steps"))
    return taught, few


def made_with(base: Base, plan: Plan) -> dict[str, str]:
    """Hashes and versions: what two experiments must share to give the same figures."""
    from pipelines.engine import code_version, library_versions

    return {
        "base model": f"{base.weights.name}, {base.weights.parameters:,} parameters, {base.version}",
        "training recipe": plan.recipe_sha256,
        "evaluation items": plan.items_sha256,
        "curation code": code_version(),
        "training code": training_code(),
        "backend": plan.backend,
        **({"matched at": f"{plan.matched_tokens:,} trained tokens"} if plan.matched_tokens else {}),
        **{f"version of {library}": version for library, version in library_versions().items()},
    }


def cautions(options: argparse.Namespace, arms: Sequence[Arm], replay: Replayed) -> list[str]:
    """What a reader must know of all figures of the page."""
    limited = [f"only {options.limit:,} records of each source were read"] if options.limit else []
    mixed = replay.source and any(arm.step.name == REPLAY for arm in arms)
    return limited + ([f"replay: {replay.share:.0%} of the training, {replay.source}"] if mixed else [])
