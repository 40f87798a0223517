"""A last look before training: no sentence of the evaluation stands in what is trained on.

The build's `decontaminate` stage finds near copies too and leaves them out; here only what stands word for word is
looked for, in whatever data comes, so that a data set made without that stage is not measured on its own sentences.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from curation.decontaminate import SHORTEST, sentences, words_of
from train.errors import TrainError

EVALUATION = Path(__file__).parents[1] / "data" / "evaluation"
FILES = ("prompts.json", "questions.json")


def check_uncontaminated(conversations: Iterable[Mapping[str, Any]], where: str, folder: Path = EVALUATION) -> None:
    """Raises TrainError that names the first conversation holding an evaluation sentence; `where` is its file.

    Sentences of fewer than five words are too common to count. Case, punctuation and apostrophes do not matter.
    """
    wanted = [(run, name, item) for name in FILES for item, text in items_of(folder / name) for run in runs_of(text)]
    for row in conversations:
        for turn in row["messages"]:
            said = spaced(words_of(str(turn.get("content", "")) if isinstance(turn, Mapping) else ""))
            found = next(((name, item) for run, name, item in wanted if run in said), None)
            if found:
                raise TrainError(
                    f"{where}: conversation {row['id']} holds a sentence of the evaluation ({found[0]}, {found[1]}): "
                    "its answer would be remembered, not understood. Build with the stage decontaminate"
                )


def items_of(file: Path) -> list[tuple[str, str]]:
    """(id, text) of each item of a file. Raises TrainError where it cannot be read."""
    try:
        return [(str(item["id"]), str(item["text"])) for item in json.loads(file.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TrainError(f"{file}: cannot be read as evaluation items with id and text") from error


def runs_of(text: str) -> list[str]:
    return [spaced(words) for words in sentences(text) if len(words) >= SHORTEST]


def spaced(words: Sequence[str]) -> str:
    """Words between blanks, so that one is never found inside another."""
    return f" {' '.join(words)} "
