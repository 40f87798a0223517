"""Sentences of the evaluation in what is trained on: the project's own, those that the recipe names, and those given.

A build keeps the ids of its recipe's evaluation items, and not their texts, which must not be published with it. So its
files are looked for where a recipe usually lies; what cannot be found is told, and meanwhile the rows that the build
itself took for sentences of the evaluation stand for it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.decontaminate import SHORTEST, Decontaminate, EvaluationIndex, compared_texts, words_of
from pipelines.publishing.problem import Problem
from train.contamination import spaced

if TYPE_CHECKING:
    from pipelines.publishing.conservation import Files

DATA = Path(__file__).parents[2] / "data"
EVALUATION, RECIPES = DATA / "evaluation", DATA / "recipes"
MEASURED = "Whoever trains on it cannot be measured: build with decontaminate"


@dataclass(frozen=True)
class Asked:
    """Sentences that must not be trained on."""

    texts: Mapping[str, str]  # item → text
    found: frozenset[str]  # ids of all items that were read
    lacking: tuple[str, ...]  # files that the recipe names and that are not here


def evaluation_problems(files: Files, given: Sequence[Path] = (), folder: Path = EVALUATION) -> Iterator[Problem]:
    """Training conversations that say a sentence of an evaluation, compared as the stage does it.

    `given`: files of items beside those of the project (`folder`) and of the recipe. Raises ValueError, one line, where
    one of them cannot be read.
    """
    asked = evaluation(files, given, folder)
    index = EvaluationIndex(asked.texts, *strictness(files))
    found: Counter[str] = Counter()
    first: dict[str, str] = {}
    for ident, turns in training(files):
        if item := index.item_of(turns):
            found[item] += 1
            first.setdefault(item, ident)
    for item, count in sorted(found.items()):
        what = f"{count:,} conversations say the evaluation's sentence {item} (the first: {first[item]})"
        yield Problem(what, "chat/train.jsonl", MEASURED)
    yield from recorded_problems(files, asked)


def strictness(files: Files) -> tuple[int, float]:
    """What the recipe's stage calls an overlap: words in a row, and share of word trigrams."""
    stages = {one.get("use"): one for one in files.recipe.get("stages", [])}
    told: Mapping[str, Any] = stages.get(Decontaminate.name, {})
    stage = Decontaminate(**{key: value for key, value in told.items() if key != "use"})
    return stage.run, stage.near


def training(files: Files) -> Iterator[tuple[str, list[str]]]:
    """(id, what is said) of each conversation that is trained on."""
    for row in files.chat.get("train", ()):
        yield str(row["id"]), [str(turn["content"]) for turn in row["messages"]]


# ---------------------------------------------------------------- which sentences


def evaluation(files: Files, given: Sequence[Path], folder: Path) -> Asked:
    """All that can be had of the project, the recipe and the caller."""
    named = [str(name) for name in files.recipe.get("evaluation", [])]
    places = {name: place_of(name, files.folder) for name in named}
    paths = [*sorted(folder.glob("*.json")), *(path for path in places.values() if path), *given]
    texts: dict[str, str] = {}
    found: set[str] = set()
    for path in dict.fromkeys(path.resolve() for path in paths):
        for item, text in items_of(path).items():
            found.add(item)
            texts[item if texts.get(item, text) == text else f"{path.name} {item}"] = text
    return Asked(texts, frozenset(found), tuple(name for name, path in places.items() if path is None))


def place_of(name: str, build: Path) -> Path | None:
    """Where a file of the recipe lies: beside the build, by the project's recipes, or from where one stands."""
    return next((root / name for root in (build, RECIPES, Path()) if (root / name).is_file()), None)


def items_of(path: Path) -> dict[str, str]:
    """Item id → text of one file of an evaluation. Raises ValueError, one line."""
    try:
        items: list[Mapping[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        return {str(item["id"]): str(item["text"]) for item in items}
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}; give a JSON list of items with id and text") from None
    except (ValueError, TypeError, KeyError):
        raise ValueError(f"{path}: is no evaluation; give a JSON list of items with id and text") from None


# ---------------------------------------------------------------- what the build itself says


def recorded_problems(files: Files, asked: Asked) -> Iterator[Problem]:
    """What the build found to be the evaluation's, and what of its evaluation is not here to be compared."""
    overlaps = files.entries[files.entries["evaluation_item"] != ""] if "evaluation_item" in files.entries else None
    if overlaps is not None and (told := sum(map(bool, overlaps["conversations"]))):
        yield Problem(f"{told:,} rows that overlap the evaluation gave conversations", "entries.parquet", MEASURED)
    unread = set(files.manifest.get("evaluation_terms_trained_on", {})) - asked.found
    if not unread:
        return
    if overlaps is not None:
        yield from said_again(files, compared_texts(overlaps[overlaps["evaluation_item"].isin(unread)]))
    kept_out = overlaps is not None
    names = f": {', '.join(asked.lacking)}" if asked.lacking else ""
    yield Problem(
        f"{len(unread):,} items of the recipe's evaluation are not here to be compared with{names}",
        "recipe.toml",
        f"{'The build kept them out' if kept_out else 'No stage compared them'}: to look again, give --prompts FILE",
        fatal=not kept_out,
    )


def said_again(files: Files, recorded: Iterator[list[str]]) -> Iterator[Problem]:
    """Training conversations in which a sentence stands, word for word, that the build took for the evaluation's."""
    wanted = {spaced(words) for texts in recorded for words in map(words_of, texts) if len(words) >= SHORTEST}
    saying = [ident for ident, turns in training(files) if says(turns, wanted)]
    if saying:
        what = f"{len(saying):,} conversations say what was found to be the evaluation's (the first: {saying[0]})"
        yield Problem(what, "chat/train.jsonl", f"{MEASURED}, or give the evaluation with --prompts FILE")


def says(turns: Sequence[str], wanted: set[str]) -> bool:
    said = [spaced(words_of(turn)) for turn in turns] if wanted else []
    return any(run in text for text in said for run in wanted)
