"""What a build would do, in lines for a person: `--dry-run`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from curation.stage import Stage
from pipelines.recipe import Recipe
from pipelines.sources import SourceSettings


def plan_lines(recipe: Recipe, folder: Path) -> Iterator[str]:
    settings = recipe.settings
    yield f"Recipe {recipe.path}: {settings.name}"
    yield "Sources"
    for source in settings.sources:
        yield f"  {source.name:<20} {where(source)}, licence: {source.licence or 'none declared'}"
    yield "Stages"
    for number, stage in enumerate(recipe.stages, 1):
        yield f"  {number:>2} {stage.name:<20} {changed_settings(stage)}".rstrip()
    yield f"Conversations: {', '.join(settings.chat.tasks)}; for {settings.base_model}"
    if settings.replay:
        yield f"Replay: {settings.replay.share:.0%} of the training split from {where(settings.replay.source)}"
    yield f"Writes {folder}"


def where(source: SourceSettings) -> str:
    """Where a source is read from, and its format where the recipe says it."""
    paths = [source.path] if isinstance(source.path, str) else source.path
    place = f"Hub dataset {source.hub}" if source.hub else ", ".join(paths)
    return f"{place} ({source.format})" if source.format else place


def changed_settings(stage: Stage) -> str:
    """The settings that the recipe gave other values than their defaults."""
    plain = type(stage)()
    given = {f.name: getattr(stage, f.name) for f in fields(stage) if getattr(stage, f.name) != getattr(plain, f.name)}
    return ", ".join(f"{name} = {value!r}" for name, value in given.items())
