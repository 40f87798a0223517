"""All sources of a recipe into one table, and what each of them gave."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from curation.entry import BadRecord, to_table
from pipelines.recipe import Recipe
from pipelines.report import SourceFacts
from pipelines.sources import SourceError, SourceSettings, fingerprint, read_source

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.terminal import Terminal


@dataclass(frozen=True)
class Read:
    """Everything that was read."""

    table: pd.DataFrame
    bad: list[BadRecord]
    sources: list[SourceFacts]
    fingerprints: dict[str, str]  # source → SHA-256 of its files and settings


def read_sources(recipe: Recipe, limit: int | None, terminal: Terminal) -> Read:
    """Read every source in the order of the recipe, at most `limit` records each.

    Raises SourceError with one line for a source that cannot be read or holds no entry.
    """
    import pandas as pd

    tables, bad, facts, prints = [], [], [], {}
    for source in recipe.settings.sources:
        entries, broken = read_source(source, root=recipe.root, limit=limit, progress=terminal.advance)
        if not entries:
            raise SourceError(
                f"source {source.name!r}: no entry in it, {len(broken):,} bad records{first_cause(broken)}. "
                "Check its path, format and columns"
            )
        tables.append(to_table(entries))
        bad += broken
        facts.append(source_facts(source, len(entries), len(broken)))
        prints[source.name] = fingerprint(source, recipe.root)
        terminal.source(source.name, len(entries), broken)
    return Read(pd.concat(tables, ignore_index=True), bad, facts, prints)


def first_cause(broken: list[BadRecord]) -> str:
    return f" (the first: {broken[0].file}, line {broken[0].line}: {broken[0].detail})" if broken else ""


def source_facts(source: SourceSettings, read: int, bad: int) -> SourceFacts:
    return {
        "name": source.name,
        "read": read,
        "bad_records": bad,
        "licence": source.licence,
        "redistributable": source.redistributable,
        "attribution": source.attribution,
    }


def read_replay(recipe: Recipe, terminal: Terminal) -> list[list[dict[str, str]]]:
    """The general conversations that the recipe mixes in; none where it has no [replay]."""
    replay = recipe.settings.replay
    if not replay:
        return []
    entries, broken = read_source(replay.source, root=recipe.root, limit=None, progress=terminal.advance)
    if not entries:
        raise SourceError(f"replay {replay.source.name!r}: no conversation in it{first_cause(broken)}")
    return [json.loads(entry.messages) for entry in entries if entry.messages]
