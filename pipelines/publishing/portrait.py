"""What the rows of a build say of themselves: splits, sources, languages, dates, offence, privacy, known limits."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from statistics import median
from typing import TYPE_CHECKING, Any

from curation.offensive import Offensive
from curation.privacy import Privacy
from pipelines.publishing.leaks import POLICIES
from pipelines.publishing.licences import REPLAY, replay_source, why_restricted
from pipelines.publishing.markdown import code

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.publishing.conservation import Files

_YEAR = re.compile(r"^\D{0,4}((?:18|19|20)\d\d)(?!\d)")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
# Flags that tell what is still wrong, or may be, in rows that stayed.
DOUBTS = (
    "same_sense_doubt", "contradiction", "voted_down", "label_issue", "definition_of_another_term",
    "example_of_another_term", "example_lacks_term", "copied_across_terms", "full_name",
)  # fmt: skip
SAID = ("term", "definition", "example", "plain", "messages")
MOST_LANGUAGES = 12  # lines of the table
SHOWN = 3  # conversations on the card
MOSTLY = 0.8  # a source or language with more of the rows than this is told


def share(part: int, whole: int) -> str:
    """`12 %`, `0.4 %`, `below 0.1 %`."""
    percent = 100 * part / whole if whole else 0.0
    if 0 < percent < 0.1:
        return "below 0.1 %"
    return f"{percent:.0f} %" if percent >= 10 or percent == 0 else f"{percent:.1f} %"


def stage_of(recipe: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """What the recipe sets for a stage; None where it has no such stage."""
    found = next((one for one in recipe.get("stages", []) if one.get("use") == name), None)
    return None if found is None else {key: value for key, value in found.items() if key != "use"}


# ---------------------------------------------------------------- where it is from


def sources(files: Files, conversations: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """For each source of the recipe, and for [replay], what was read, what was kept and under which terms."""
    kept = Counter(files.entries["source"])
    told = {str(one.get("name")): one for one in files.recipe.get("sources", [])}
    found = []
    for name, facts in files.manifest["sources"].items():
        own = files.entries[files.entries["source"] == name]
        found.append(
            {
                "name": name,
                "read": f"{facts['read'] + facts['bad_records']:,}",
                "kept": f"{kept[name]:,}",
                "share": share(kept[name], len(files.entries)),
                "licence": facts["licence"],
                "attribution": sorted({text for text in (*own["attribution"], facts["attribution"]) if text}),
                "place": place_of(told.get(name, {})),
                "free": not why_restricted(facts["licence"], redistributable=facts["redistributable"]),
            }
        )
    general = sum(one["task"] == REPLAY for one in conversations)
    return [*found, *_replay(replay_source(files.recipe), general)]


def _replay(source: Mapping[str, Any], conversations: int) -> Iterator[dict[str, Any]]:
    if not source or not conversations:
        return
    licence = str(source.get("licence", ""))
    yield {
        "name": str(source.get("name", REPLAY)),
        "read": "",
        "kept": f"{conversations:,} general conversations",
        "share": "",
        "licence": licence,
        "attribution": [str(source["attribution"])] if source.get("attribution") else [],
        "place": place_of(source),
        "free": not why_restricted(licence, redistributable=bool(source.get("redistributable", True))),
    }


def place_of(source: Mapping[str, Any]) -> str:
    """Where others find a source: its address, or its name on the Hub; never a path of this machine."""
    return str(source.get("url") or source.get("hub") or "")


# ---------------------------------------------------------------- what it is like


def languages(files: Files) -> list[tuple[str, int, str]]:
    """(language as a code span or words, entries, share), the commonest first; rare ones together in the last line."""
    counts = Counter(files.entries["language"]).most_common()
    rows = [(code(name) or "not declared", count) for name, count in counts[:MOST_LANGUAGES]]
    rest = counts[MOST_LANGUAGES:]
    rows += [(f"{len(rest)} others", sum(count for _, count in rest))] if rest else []
    return [(name, count, share(count, len(files.entries))) for name, count in rows]


def language_codes(files: Files) -> list[str]:
    """The two or three letters of each language, for the metadata; what is no such code is left out."""
    names = (str(name).split("-")[0].lower() for name in files.entries["language"])
    return sorted({name for name in names if _LANGUAGE.fullmatch(name)})


def dates(files: Files) -> str:
    """From when the entries are, as far as their sources say it."""
    years = sorted(int(found[1]) for date in files.entries["date"] if (found := _YEAR.match(date)))
    if not years:
        return "No entry carries a date: nothing in the data tells when a term was in use."
    undated = len(files.entries) - len(years)
    rest = f" The other {undated:,} carry none." if undated else ""
    span = f"from {years[0]} to {years[-1]}, half of them by {median(years):.0f}" if len(years) > 1 else f"{years[0]}"
    return f"{len(years):,} of {len(files.entries):,} entries carry the date at which they were written: {span}.{rest}"


def offence(files: Files) -> dict[str, Any]:
    """The policy for each class, and how many rows of it stayed."""
    told = stage_of(files.recipe, "offensive")
    if told is None:
        return {"looked": False}
    stage = Offensive(**told)
    kept = Counter(files.entries["offensive"])
    policies = {name: getattr(stage, name) for name in ("slur", "sexual", "profanity")}
    left = int((files.ledger["reason"] == "offensive").sum())
    return {"looked": True, "classes": [(name, policy, kept[name]) for name, policy in policies.items()], "left": left}


def for_adults(files: Files) -> bool:
    """Whether texts with slurs or sexual words go out, which the Hub asks to be told of."""
    rude = files.entries["offensive"].isin(("slur", "sexual")) if "offensive" in files.entries else None
    return rude is not None and says_something(files.entries[rude])


def says_something(entries: pd.DataFrame) -> bool:
    """Whether a row of the table has a text, and not its annotations only."""
    return any(bool((entries[name] != "").any()) for name in SAID)


def privacy(files: Files) -> dict[str, Any]:
    """The policy for each kind, and how many rows it met."""
    told = stage_of(files.recipe, "privacy")
    if told is None:
        return {"looked": False}
    given: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}
    stage = Privacy(**given)
    met = Counter(kind for kinds in files.entries["private"] for kind in kinds)
    policies = [(kind, getattr(stage, setting), met[kind]) for kind, setting in POLICIES.items()]
    left = int((files.ledger["reason"] == "private_text").sum())
    return {"looked": True, "kinds": policies, "left": left}


def limits(files: Files, meanings: Mapping[str, Mapping[str, str]], *, conversations: bool) -> Iterator[str]:
    """What is known to be wrong, doubtful or one-sided, as Markdown sentences; counts are those of this build.

    `conversations`: whether any go out.
    """
    flags = Counter(flag for cell in files.entries["flags"] for flag in cell)
    for name in DOUBTS:
        if flags[name]:
            told = meanings["flags"].get(name, "")
            yield f"{flags[name]:,} {'entries are' if flags[name] > 1 else 'entry is'} flagged `{name}`. {told}"
    if waiting := files.manifest.get("review_tasks", 0):
        yield f"{waiting:,} questions about doubtful rows wait for a person."
    for column, what in (("source", "source"), ("language", "language")):
        name, count = Counter(files.entries[column]).most_common(1)[0] if len(files.entries) else ("", 0)
        if len(set(files.entries[column])) > 1 and count > MOSTLY * len(files.entries):
            part = share(count, len(files.entries))
            yield f"{part} of the entries are of one {what}: {code(name) or 'not declared'}."
    if not conversations:
        return
    asked = files.manifest.get("evaluation_terms_trained_on", {})
    if taught := sum(bool(terms) for terms in asked.values()):
        yield (
            f"No sentence of the toolkit's evaluation is in the training split, but for {taught:,} of its "
            f"{len(asked):,} items the training split teaches a term that they use."
        )
    base = files.manifest["base_model"]
    own = "its own tokenizer" if base["tokenizer"] != "stand-in" else "a stand-in with its control tokens"
    proved = f"The conversations are proved against the chat template of {code(base['name'])}"
    yield f"{proved}, with {own}; others were not tried."
    yield (
        "Questions, and the frames of answers, are written by a program; what stands in the frames was found. No "
        "definition was checked against the world: it tells what its source says."
    )


# ---------------------------------------------------------------- what it looks like


def samples(files: Files, conversations: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """One training conversation of each of the first tasks, the same each time; none from rows marked offensive."""
    marked = {chat for flags, made in zip(files.entries["flags"], files.entries["conversations"], strict=True)
              if set(flags) & {"offensive", "full_name"} for chat in made}  # fmt: skip
    training = {str(one["id"]) for one in files.chat["train"]} - marked
    rows = [one for one in conversations if one["id"] in training and one["task"] != REPLAY]
    rows.sort(key=lambda one: sha256(str(one["id"]).encode()).digest())
    first: dict[str, Mapping[str, Any]] = {}
    for one in rows:
        first.setdefault(str(one["task"]), one)
    return [first[task] for task in sorted(first)][:SHOWN]


def terms(files: Files) -> int:
    """Different headwords."""
    return len(set(files.entries["term_key"]) - {""})


def crossing(files: Files) -> int:
    """Headwords that stand in more than one split."""
    splits: dict[str, set[str]] = {}
    for key, split in zip(files.entries["term_key"], files.entries["split"], strict=True):
        splits.setdefault(key, set()).add(split)
    return sum(len(found) > 1 for key, found in splits.items() if key)
