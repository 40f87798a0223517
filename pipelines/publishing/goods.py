"""What a build or a run has to give: its files, laid out in a folder as the repository will hold them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.publishing.changes import Seen, row_hashes, to_table
from pipelines.publishing.hub import Kind
from pipelines.publishing.record import ROWS
from pipelines.publishing.tables import paths, read_conversations, tables, write, write_parquet

if TYPE_CHECKING:
    import pyarrow as pa

    from pipelines.publishing.checks import Problem
    from pipelines.publishing.licences import Restricted


TOLD = 20  # problems that are told one by one


class RefusedError(ValueError):
    """Something speaks against publishing: a line each, with what to do about it."""


@dataclass(frozen=True)
class Wishes:
    """What the person at the terminal asked for."""

    private: bool = False
    replace: bool = False  # what stands there may be overwritten, after it was shown
    merge_card: bool = False  # keep what hands made of the card
    without_restricted: bool = False
    rights: str = ""
    version: str = ""  # "" takes the number that follows
    evaluations: tuple[Path, ...] = ()
    prompts: tuple[Path, ...] = ()  # files of sentences that must not be trained on, beside those that are known
    dataset: str = ""  # for an adapter: OWNER/NAME of the data it was trained on
    dataset_version: str = ""
    build: Path | None = None  # for an adapter: the build it was trained on
    licence: Path | None = None  # for an adapter: the text of the base model's licence


@dataclass(frozen=True)
class Goods:
    """All that leaves but card, changelog and record."""

    source: Path  # the build or the run
    kind: Kind
    name: str  # of the recipe, or of the run
    made_from: str  # sha256 of manifest.json or run.json
    files: Mapping[str, Path]  # name in the repository → file here
    schemas: Mapping[str, pa.Schema] = field(default_factory=dict)  # configuration → columns
    configs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # configuration → split → file
    rows: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # configuration → split → rows
    seen: Seen = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def columns(self) -> dict[str, dict[str, str]]:
        """Configuration → column → type."""
        return {name: {one.name: str(one.type) for one in schema} for name, schema in self.schemas.items()}


def goods_of(source: Path, wishes: Wishes, folder: Path) -> Goods:
    """Lay out a build or a run in `folder`. Raises RefusedError, or ValueError where it is neither."""
    from pipelines.swap import is_build

    if is_build(source):
        return from_build(source, wishes, folder)
    if (source / "run.json").is_file() or (source / "training.json").is_file():
        return from_run(source, wishes, folder)
    raise ValueError(f"{source}: is neither a build nor a run; give what pipelines.build or train.lora wrote")


def from_build(build: Path, wishes: Wishes, folder: Path) -> Goods:
    from pipelines.publishing.checks import check_build
    from pipelines.recipe import read_toml
    from pipelines.tables import read_table

    warnings = checked(check_build(build, wishes.prompts))
    _, recipe = read_toml(build / "recipe.toml")
    every = read_table(build / "entries.parquet"), read_conversations(build)
    entries, conversations, notes = allowed(*every, recipe, wishes)
    made = tables(entries, read_table(build / "ledger.parquet"), conversations)
    write(made, folder)
    seen = row_hashes(made)
    write_parquet(to_table(seen), folder / ROWS)
    for name in ("recipe.toml", "manifest.json"):
        shutil.copyfile(build / name, folder / name)
    manifest = (build / "manifest.json").read_bytes()
    return Goods(
        source=build,
        kind="dataset",
        name=str(recipe.get("name", build.name)),
        made_from=sha256(manifest).hexdigest(),
        files={path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()},
        schemas={name: next(iter(splits.values())).schema for name, splits in made.items()},
        configs=paths(made),
        rows={name: {split: len(table) for split, table in splits.items()} for name, splits in made.items()},
        seen=seen,
        warnings=(*warnings, *notes),
    )


def allowed(
    entries: Any, conversations: Mapping[str, list[dict[str, Any]]], recipe: Mapping[str, Any], wishes: Wishes
) -> tuple[Any, Mapping[str, list[Any]], tuple[str, ...]]:
    """Entries and conversations that may be passed on, and what to say about it. Raises RefusedError with the list."""
    from pipelines.publishing.licences import restricted, without_conversations, without_texts

    every = [one for split in conversations.values() for one in split]
    found = restricted(entries, every, recipe)
    if not found:
        return entries, conversations, ()
    if wishes.without_restricted:
        left = {split: without_conversations(rows, found) for split, rows in conversations.items()}
        gone = len(every) - sum(len(rows) for rows in left.values())
        note = f"left out: {gone:,} of {len(every):,} conversations, and the texts of {count(found)} entries"
        return without_texts(entries, found), left, (note, *map(str, found))
    if wishes.rights or wishes.private:
        ground = f"on the ground of: {wishes.rights}" if wishes.rights else "into a private repository"
        return entries, conversations, (f"texts that may not be passed on go {ground}", *map(str, found))
    ways = (
        "leave these texts out with --without-restricted, publish into a private repository with --private, or state "
        'on what ground you may pass them on with --rights "…"'
    )
    raise RefusedError("\n".join([*(str(one) for one in found), ways]))


def count(found: list[Restricted]) -> str:
    return f"{len(set().union(*(one.ids for one in found))):,}"


def from_run(run: Path, wishes: Wishes, folder: Path) -> Goods:
    from pipelines.publishing.adapter import AdapterFacts, adapter_files, base_of
    from pipelines.publishing.base_terms import lacking, papers
    from pipelines.publishing.checks import check_run

    warnings = checked(check_run(run))
    facts = AdapterFacts("", "", build=wishes.build, evaluations=wishes.evaluations)
    base = base_of(run)
    files = {**adapter_files(run, facts), **papers(base, wishes.licence, folder)}
    return Goods(
        source=run,
        kind="model",
        name=run.resolve().name,
        made_from=sha256((run / "run.json").read_bytes()).hexdigest(),
        files=dict(sorted(files.items())),
        warnings=(*warnings, *(() if wishes.private else lacking(base, files))),
    )


def checked(problems: list[Problem]) -> tuple[str, ...]:
    """The warnings among the problems. Raises RefusedError with every fatal one."""
    fatal = [str(problem) for problem in problems if problem.fatal]
    if fatal:
        raise RefusedError("\n".join(at_most(fatal)))
    return tuple(at_most([str(problem) for problem in problems]))


def at_most(lines: list[str]) -> list[str]:
    """Lines for a person, the rest as a number."""
    return lines if len(lines) <= TOLD else [*lines[:TOLD], f"and {len(lines) - TOLD:,} more of this kind"]
