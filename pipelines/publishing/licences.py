"""Under which licence a dataset goes out, derived from the sources whose texts are in it, and what may not go out.

A build changes, merges and retells its texts, so it counts as an adaptation of them and not as a collection. What may
become of a Creative Commons licence is the table of adapter's licences in their FAQ ("If I derive or adapt material
offered under a Creative Commons license, which CC license(s) can I use?") and compatibility chart; ShareAlike licences
from 2.0 on may be followed by a later version of themselves. The facts of each licence stand in licences.toml.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

TABLE = Path(__file__).with_name("licences.toml")
# Family → what something adapted from it may be put under, the one that asks least first.
ADAPTED = {
    "by": ("by", "by-nc", "by-sa", "by-nc-sa"),
    "by-nc": ("by-nc", "by-nc-sa"),
    "by-sa": ("by-sa",),
    "by-nc-sa": ("by-nc-sa",),
}
ALIASES = {
    "cc0": "CC0-1.0",
    "public-domain": "CC-PDM-1.0",
    "wordnet": "WordNet-3.0",
    "odbl": "ODbL-1.0",
    "odc-by": "ODC-By-1.0",
    "pddl": "PDDL-1.0",
    "gfdl": "GFDL-1.3-or-later",
    "gpl-2.0": "GPL-2.0-or-later",
    "gpl-3.0": "GPL-3.0-or-later",
}
_OF_CREATIVE_COMMONS = re.compile(r"https?://creativecommons\.org/licenses/([a-z-]+)/(\d\.\d)/?\S*", re.IGNORECASE)
REPLAY = "replay"  # the task of conversations that come from [replay], and of no entry
# Columns of text that hold none of the source's words: where a row is found again, and what was said about it here.
_OURS_TEXT = """
id kind source file language url licence attribution flags repairs private offensive sources merged_ids
language_detected label_column sense_with sense_answer contradicts contradiction_kind copy_group
split evaluation_item conversations stage reason survivor
"""
OURS = frozenset(_OURS_TEXT.split())
THEIR_NUMBERS = ("votes_up", "votes_down")  # the source counted them; shares and scores are our own


class LicenceError(ValueError):
    """Texts that no one licence can carry together, or none at all; one line: which, why, what to do."""


@dataclass(frozen=True)
class Terms:
    """What one licence asks: a line of licences.toml; of base models' also what an adapter must carry."""

    id: str  # SPDX id, or the name that it is known by
    family: str
    hub: str
    url: str
    name: str = ""  # how the name of a model begins that was trained from it
    shown: str = ""  # what is displayed
    notice: str = ""  # what a text file "Notice" beside it says
    policy: str = ""  # address of what nobody may use it for


@dataclass(frozen=True)
class Licence:
    """What the whole may be passed on under."""

    ids: tuple[str, ...]  # SPDX ids that all hold at once; () where no licence could be derived
    why: str  # one sentence: from which sources it follows
    metadata: Mapping[str, Any] = field(default_factory=dict)  # for the YAML: license, license_name, license_link

    @property
    def expression(self) -> str:
        """An SPDX expression, such as CC-BY-SA-4.0 or Apache-2.0 AND CC-BY-4.0."""
        return " AND ".join(self.ids)


@dataclass(frozen=True)
class Restricted:
    """Texts of one source that may not be passed on."""

    source: str
    licence: str  # as the source declared it
    why: str  # "declares no licence", …
    ids: frozenset[str]  # entries that hold its text; [replay] has none
    conversations: frozenset[str]  # ids of the conversations made of them

    def __str__(self) -> str:
        holds = f"{len(self.ids):,} entries and " if self.ids else ""
        return f"source {self.source}: {self.why} ({holds}{len(self.conversations):,} conversations)"


# ---------------------------------------------------------------- single licences


@cache
def known_licences(file: Path = TABLE) -> Mapping[str, Terms]:
    """All licences that the table knows, by their lower-case id."""
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    return {name.lower(): Terms(name, **line) for name, line in table.items()}


def terms_of(declared: str) -> tuple[Terms, ...]:
    """What a declared licence asks, all of it at once; () where it is not known.

    `declared` is an SPDX id or a flat SPDX expression in any case (`Apache-2.0 AND WordNet-3.0`; of `A OR B` the first
    that is known), a Creative Commons address, "public domain", or several of these with ";" between them, as on rows
    that were united.
    """
    parts = [part for part in re.split(r";|\s+and\s+", declared.strip(), flags=re.IGNORECASE) if part.strip()]
    found = [next(filter(None, map(_one, re.split(r"\s+or\s+", part, flags=re.IGNORECASE))), None) for part in parts]
    return tuple(dict.fromkeys(terms for terms in found if terms)) if all(found) else ()


def _one(name: str) -> Terms | None:
    name = _OF_CREATIVE_COMMONS.sub(r"cc-\1-\2", name.strip())
    key = re.sub(r"[\s_]+", "-", name.strip(" .()").lower())
    return known_licences().get(ALIASES.get(key, key).lower())


# ---------------------------------------------------------------- what may not go out


def why_restricted(licence: str, *, redistributable: bool) -> str:
    """Why a text of this licence may not be passed on, changed as it is; "" where it may."""
    terms = terms_of(licence)
    if not redistributable:
        return f"the recipe says that it may not be passed on (licence: {licence or 'none declared'})"
    if not licence.strip() or licence.strip().lower() in ("none declared", "none", "unknown"):
        return "declares no licence"
    if not terms:
        return f"its licence {licence!r:.80} is none that licences.toml knows"
    if any(one.family == "unchanged" for one in terms):
        return f"{licence} forbids to pass on changed texts"
    return ""


def restricted(
    entries: pd.DataFrame, conversations: Iterable[Mapping[str, Any]], recipe: Mapping[str, Any]
) -> list[Restricted]:
    """What may not be passed on, source by source; [] where everything may.

    `entries`: entries.parquet with its column `conversations`. `conversations`: rows of chat/*.jsonl. `recipe`: the
    build's recipe.toml as read by tomllib, for the licence of [replay].
    """
    found: dict[tuple[str, str, str], tuple[set[str], set[str]]] = {}
    columns = (entries[name] for name in ("id", "source", "licence", "redistributable", "conversations"))
    for ident, source, licence, free, made in zip(*columns, strict=True):
        if why := why_restricted(licence, redistributable=bool(free)):
            ids, chats = found.setdefault((source, licence, why), (set(), set()))
            ids.add(ident)
            chats.update(made)
    listed = [
        Restricted(*key, ids=frozenset(ids), conversations=frozenset(chats))
        for key, (ids, chats) in sorted(found.items())
    ]
    return [*listed, *_restricted_replay(conversations, recipe)]


def _restricted_replay(conversations: Iterable[Mapping[str, Any]], recipe: Mapping[str, Any]) -> Iterator[Restricted]:
    ids = frozenset(str(one["id"]) for one in conversations if one.get("task") == REPLAY)
    source = replay_source(recipe)
    why = why_restricted(str(source.get("licence", "")), redistributable=bool(source.get("redistributable", True)))
    if ids and why:
        name = str(source.get("name", "")) or REPLAY
        yield Restricted(name, str(source.get("licence", "")), why, frozenset(), ids)


def replay_source(recipe: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a recipe says of the source of its general conversations; empty where it mixes none in."""
    source: Mapping[str, Any] = (recipe.get("replay") or {}).get("source") or {}
    return source


def without_texts(entries: pd.DataFrame, found: Iterable[Restricted]) -> pd.DataFrame:
    """The same rows; of restricted ones ids, flags and scores stay, and every text of the source is empty.

    A column of text that is not known to hold our own words is emptied too, and the source's votes are unknown.
    Nobody's `conversations` name one that leaves.
    """
    import pandas as pd

    found = list(found)
    ids = frozenset[str]().union(*(one.ids for one in found))
    gone = frozenset[str]().union(*(one.conversations for one in found))
    leaves = entries["id"].isin(ids).tolist()
    emptied: dict[str, pd.Series[Any]] = {}
    for name in entries.columns:
        if name in OURS or not _holds_text(entries[name]):
            continue
        blank = [([] if isinstance(cell, (list, tuple)) else "") for cell in entries[name]]
        cells = [none if out else cell for cell, none, out in zip(entries[name], blank, leaves, strict=True)]
        emptied[name] = pd.Series(cells, index=entries.index, dtype=entries[name].dtype)
    for name in THEIR_NUMBERS:
        if name in entries:
            emptied[name] = entries[name].astype("Int64").mask(pd.Series(leaves, index=entries.index))
    kept = [[chat for chat in made if chat not in gone] for made in entries["conversations"]]
    emptied["conversations"] = pd.Series(kept, index=entries.index, dtype=object)
    return entries.assign(**emptied)


def _holds_text(column: pd.Series[Any]) -> bool:
    """Whether cells are texts, or lists of texts."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return False
    return not any(isinstance(part, float) for cell in column if isinstance(cell, (list, tuple)) for part in cell)


def without_conversations(
    conversations: Iterable[Mapping[str, Any]], found: Iterable[Restricted]
) -> list[Mapping[str, Any]]:
    """The conversations in which nothing restricted is said, in their order."""
    gone = frozenset[str]().union(*(one.conversations for one in found))
    return [one for one in conversations if one["id"] not in gone]


# ---------------------------------------------------------------- what the whole goes out under


def resulting_licence(entries: pd.DataFrame, recipe: Mapping[str, Any] | None = None) -> Licence:
    """The licence of a dataset with these entries' texts; `recipe` where its [replay] goes out too.

    Texts that may not be passed on are passed over: see `restricted`. Raises LicenceError where nothing remains, or
    the licences of what remains exclude each other, such as CC BY-SA and CC BY-NC.
    """
    used: Counter[tuple[str, str]] = Counter()
    for source, licence, free in zip(entries["source"], entries["licence"], entries["redistributable"], strict=True):
        if not why_restricted(licence, redistributable=bool(free)):
            used[source, licence] += 1
    replay = replay_source(recipe or {})
    declared = str(replay.get("licence", ""))
    if replay and not why_restricted(declared, redistributable=bool(replay.get("redistributable", True))):
        used[str(replay.get("name", REPLAY)), declared] += 1
    return licence_of({f"source {source}": licence for source, licence in sorted(used)})


def licence_of(parts: Mapping[str, str]) -> Licence:
    """The licence of something made from all parts: name of a part → its declared licence. Raises LicenceError."""
    unknown = [name for name, declared in parts.items() if not terms_of(declared)]
    if unknown or not parts:
        told = ", ".join(unknown) or "no licence of a source allows to pass its texts on"
        raise LicenceError(f"no licence can be derived: {told}. Declare licence = in the recipe, or use --rights")
    asked = {terms: name for name, declared in parts.items() for terms in terms_of(declared)}
    commons = _adapted({terms: name for terms, name in asked.items() if terms.family in ADAPTED})
    alone = [terms for terms in asked if terms.family == "alone"]
    if len(alone) + len(commons) > 1 and alone:
        raise LicenceError(_clash({terms: asked[terms] for terms in asked if terms.family in (*ADAPTED, "alone")}))
    bound = [*commons, *alone, *(terms for terms in asked if terms.family == "notice")]
    result = sorted(bound, key=lambda terms: terms.id) or [known_licences()["cc0-1.0"]]
    return Licence(tuple(terms.id for terms in result), _why(asked, result), _metadata(result))


def _adapted(asked: Mapping[Terms, str]) -> list[Terms]:
    """The one Creative Commons licence that all of these may be adapted to, in its latest version among them."""
    if not asked:
        return []
    allowed = [set(ADAPTED[terms.family]) for terms in asked]
    family = next((family for family in ADAPTED["by"] if all(family in one for one in allowed)), "")
    if not family:
        raise LicenceError(_clash(asked))
    newest = max(terms.id.rpartition("-")[2] for terms in asked)
    later = sorted(terms.id for terms in known_licences().values() if terms.family == family)
    return [known_licences()[next(name for name in later if name.rpartition("-")[2] >= newest).lower()]]


def _clash(asked: Mapping[Terms, str]) -> str:
    told = ", ".join(f"{terms.id} ({name})" for terms, name in sorted(asked.items(), key=lambda one: one[0].id))
    return (
        f"these licences exclude each other: {told}. Publish without one of these sources, privately, or say with "
        "--rights on what ground you pass them on together"
    )


def _why(asked: Mapping[Terms, str], result: list[Terms]) -> str:
    ids = sorted({terms.id for terms in asked})
    if not any(terms.family in (*ADAPTED, "alone", "notice") for terms in asked):
        return f"Everything in it is free of conditions ({', '.join(ids)}); the compilation is given away with CC0."
    if len(asked) == 1:
        return f"Everything in it is under {ids[0]}."
    out = " and ".join(terms.id for terms in result)
    return f"Its texts are under {', '.join(ids)}; what is made from all of them may be passed on under {out}."


def _metadata(result: list[Terms]) -> dict[str, Any]:
    """The card's fields: the Hub's name; `other` with a name and an address where the Hub has none."""
    names = [terms.hub for terms in result]
    if "other" not in names:
        return {"license": names[0] if len(names) == 1 else names}
    other = next(terms for terms in result if terms.hub == "other")
    name = "-and-".join(terms.id.lower() for terms in result)
    return {"license": "other", "license_name": name, "license_link": other.url}
