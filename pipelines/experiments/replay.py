"""General conversations for the replay step: the recipe's own, or those that come with the lab's base model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.experiments.steps import ExperimentError
from pipelines.recipe import Recipe

if TYPE_CHECKING:
    from pipelines.terminal import Terminal

ROOT = Path(__file__).resolve().parents[2]
LAB_REPLAY = ROOT / "train" / "lab" / "replay.jsonl"
LAB_SHARE = 0.3  # of the training conversations; the share that a model this small was seen to need
EVALUATION = ROOT / "data" / "evaluation"
GENERAL = ("general_prompts.json", "general_answers.json")


@dataclass(frozen=True)
class Replayed:
    """General conversations that may be mixed in, or why there are none."""

    chats: list[list[dict[str, str]]] = field(default_factory=list)
    share: float = 0.1
    seed: int = 3407
    source: str = ""
    not_run: str = ""

    def lines(self, training: int) -> list[dict[str, Any]]:
        """As many as make `share` of all, replay included, chosen by a hash as a build with [replay] chooses."""
        from curation.chat.replay import mix_replay

        counted: Any = [{"split": "train"}] * training
        mixed = mix_replay(counted, self.chats, self.share, self.seed)[training:]
        return [{name: one[name] for name in ("messages", "id", "term", "task")} for one in mixed]


def find_replay(recipe: Recipe, base: str, evaluation: Mapping[str, str], terminal: Terminal) -> Replayed:
    """The replay of a recipe, else the lab's own for the lab. Chats that overlap the evaluation are left out."""
    from pipelines.reading import read_replay

    seed = recipe.settings.seed
    if recipe.settings.replay:
        named = recipe.settings.replay
        found = Replayed(read_replay(recipe, terminal), named.share, seed, named.source.name)
    elif base == "lab" and LAB_REPLAY.is_file():
        found = Replayed(lab_chats(LAB_REPLAY), LAB_SHARE, seed, "general answers that come with the lab")
    else:
        return Replayed(not_run="the recipe names no replay")
    return Replayed(without_evaluation(found.chats, evaluation, terminal), found.share, seed, found.source)


def lab_chats(path: Path) -> list[list[dict[str, str]]]:
    try:
        return [json.loads(text)["messages"] for text in path.read_text(encoding="utf-8").split("\n") if text.strip()]
    except (ValueError, KeyError, TypeError) as error:
        raise ExperimentError(f"{path}: damaged ({error}); make it again with the script beside it") from None


def without_evaluation(
    chats: list[list[dict[str, str]]], evaluation: Mapping[str, str], terminal: Terminal
) -> list[list[dict[str, str]]]:
    """The chats that share no sentence with the evaluation, its general questions and answers included."""
    from pipelines.chat import uncontaminated

    return uncontaminated(chats, {**evaluation, **general_texts()}, terminal.say)


def general_texts() -> dict[str, str]:
    """Every text of the general prompts and answers, by file and place."""
    texts: dict[str, str] = {}
    for name in GENERAL:
        path = EVALUATION / name
        items = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
        for number, item in enumerate(items):
            said = [item[key] for key in ("text", "prompt", "answer") if isinstance(item.get(key), str)]
            texts |= {f"{name}-{number}-{part}": text for part, text in enumerate(said)}
    return texts
