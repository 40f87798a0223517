"""What must not stand in published texts: what points at a person, credentials."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from curation.offensive import spoken
from curation.privacy import REGIONS, TEXTS, Privacy, find_private
from curation.stage import Given
from pipelines.publishing.credentials import find_credentials
from pipelines.publishing.licences import REPLAY
from pipelines.publishing.problem import Problem

if TYPE_CHECKING:
    from pipelines.publishing.conservation import Files

SHOWN = 5  # places named in one line
POLICIES = {"handle": "handles", "link": "links", "email": "emails", "phone": "phones", "full_name": "names"}
Place = tuple[str, str, str, str]  # file, id of the row, its headword, text


def texts_of(files: Files) -> Iterator[Place]:
    """Every text of kept rows and conversations; the published ledger has none."""
    columns = [name for name in (*TEXTS, "examples", "linked_terms", "messages") if name in files.entries]
    for row in zip(*(files.entries[name] for name in ("id", "term", *columns)), strict=True):
        ident, term, *cells = row
        for name, cell in zip(columns, cells, strict=True):
            texts = spoken(cell) if name == "messages" else [cell] if isinstance(cell, str) else list(cell)
            yield from (("entries.parquet", ident, term, text) for text in dict.fromkeys(texts) if text)
    for split, rows in files.chat.items():
        for conversation in rows:
            for turn in conversation["messages"]:
                yield f"chat/{split}.jsonl", conversation["id"], conversation["term"], str(turn["content"])


# ---------------------------------------------------------------- persons


def privacy_problems(files: Files) -> Iterator[Problem]:
    """What the privacy stage's own detectors find, kind by kind: fatal unless the recipe says `keep`."""
    stages = {stage.get("use"): stage for stage in files.recipe.get("stages", [])}
    given = {name: value for name, value in stages.get("privacy", {}).items() if name != "use"}
    stage = Privacy(**given | {"phone_regions": tuple(given.get("phone_regions", Privacy.phone_regions))})
    kept = {kind for kind, setting in POLICIES.items() if getattr(stage, setting) == "keep"}
    found = private_places(files, stage.phone_regions)
    general = {str(row["id"]) for row in files.every() if row["task"] == REPLAY}
    for kind, places in sorted(found.items()):
        in_replay = [place for place in places if place.partition(" row ")[2] in general]
        ours = [place for place in places if place not in in_replay]
        yield from (_private(kind, some, kept, replay=some is in_replay) for some in (ours, in_replay) if some)


def private_places(files: Files, regions: tuple[str, ...]) -> dict[str, list[str]]:
    """Kind → `FILE row ID` of each row in which it was found. Headwords are nobody's."""
    from pipelines.word_lists import family_names, first_names

    given = Given(first_names=first_names(), family_names=family_names())
    search = cache(lambda text, language: find_private(text, given, (*REGIONS.get(language, ()), *regions)))
    languages = languages_of(files)
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for file, ident, term, text in texts_of(files):
        for start, end, kind in search(text, languages.get(ident, "")):
            if text[start:end].casefold() != term.casefold():
                found[kind][f"{file} row {ident}"] = None
    return {kind: list(places) for kind, places in found.items()}


def languages_of(files: Files) -> dict[str, str]:
    """Id of an entry, and of each conversation made of it → the two letters of its language."""
    found: dict[str, str] = {}
    columns = (files.entries[name] for name in ("id", "language", "conversations"))
    for ident, language, made in zip(*columns, strict=True):
        found |= dict.fromkeys((ident, *made), language[:2].lower())
    return found


def _private(kind: str, places: list[str], kept: set[str], *, replay: bool) -> Problem:
    what = f"{kind.replace('_', ' ')} in {rows(places)}"
    if kind in kept or (replay and kind == "link"):
        why = "the recipe keeps them" if kind in kept else "general conversations may cite pages"
        return Problem(what, _file(places), f"Published, since {why}; look at them once", fatal=False)
    advice = "take the conversation out of the replay source" if replay else "build with the stage privacy, or mend it"
    return Problem(what, _file(places), f"Nothing that points at a person is published: {advice}")


def rows(places: list[str]) -> str:
    """`3 rows (12ab, 34cd, …)`: ids, never the text."""
    ids = list(dict.fromkeys(place.partition(" row ")[2] for place in places))
    more = ", …" if len(ids) > SHOWN else ""
    return f"{len(ids):,} row{'s' if len(ids) > 1 else ''} ({', '.join(ids[:SHOWN])}{more})"


def _file(places: list[str]) -> str:
    return ", ".join(sorted({place.partition(" row ")[0] for place in places}))


# ---------------------------------------------------------------- credentials


def credential_problems(places: Iterable[tuple[str, str]], known: str = "") -> Iterator[Problem]:
    """`places`: (where, text). One problem for each place and kind; the text itself is never told."""
    for where, text in places:
        for kind in dict.fromkeys(kind for _, kind in find_credentials(text, known)):
            advice = "Revoke it where it was made, take it out of the source, and build again"
            yield Problem(kind, where, advice)
