"""What the stages of a build are handed from outside: the embedding model, word lists, the evaluation's texts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from curation.stage import Given
from pipelines.chat import faults
from pipelines.embedding import find_embedder
from pipelines.judging import find_judge
from pipelines.recipe import Recipe, RecipeError
from pipelines.word_lists import family_names, first_names, offensive_words

if TYPE_CHECKING:
    from typing import Any

    from train.base_models import LoadedTokenizer


def gather(recipe: Recipe, tokenizer: LoadedTokenizer, cache: Path, progress: Callable[[str, int, int], None]) -> Given:
    """Everything that the stages of `recipe` may ask for.

    Raises ValueError with one line where something cannot be had.
    """
    from curation.people.decisions import settle
    from curation.templates import control_tokens
    from pipelines.reviewing import decision_file

    settings = recipe.settings
    answers = tuple(decision_file.read(recipe.reviews))
    embeds = any(stage.embeds for stage in recipe.stages)
    judge = next((name for stage in recipe.stages if (name := getattr(stage, "judge", ""))), "")
    return Given(
        embedder=find_embedder(settings.embedding_model, cache=cache / "vectors", progress=progress)
        if embeds
        else None,
        judge=find_judge(judge) if judge else None,
        first_names=first_names(),
        family_names=family_names(),
        offensive_words=offensive_words(),
        evaluation={item["id"]: item["text"] for item in evaluation_items(recipe)},
        control_tokens=control_tokens(tokenizer.tokenizer),
        chat_faults=lambda chats: faults(chats, tokenizer),
        decisions=settle(answers),
        answers=answers,
        template=tokenizer.fingerprint,
        seed=settings.seed,
        progress=progress,
    )


class Expression(BaseModel):
    """A slang expression of an evaluation item, and what an answer that understands it mentions."""

    model_config = ConfigDict(extra="forbid")
    term: str
    ideas: list[str] = []


class EvaluationItem(BaseModel):
    """A prompt or sentence of the evaluation."""

    model_config = ConfigDict(extra="forbid")
    id: str
    text: str  # what must not be trained on
    prompt: str = ""  # what a general answer answers
    plain: str = ""  # a slang sentence in plain English
    expressions: list[Expression] = []


def evaluation_items(recipe: Recipe) -> list[dict[str, Any]]:
    """The items of the recipe's evaluation files: [{"id", "text", "expressions"}, …].

    Raises RecipeError naming the file that is missing or not of this shape.
    """
    items: list[EvaluationItem] = []
    for name in recipe.settings.evaluation:
        path = recipe.root / name
        try:
            items += TypeAdapter(list[EvaluationItem]).validate_json(path.read_bytes())
        except OSError as error:
            raise RecipeError(
                f"{recipe.path}: evaluation file {path}: {error.strerror}. Correct or remove it"
            ) from None
        except ValidationError as error:
            fault = error.errors()[0]
            where = ".".join(str(part) for part in fault["loc"]) or "the file"
            raise RecipeError(f"{recipe.path}: evaluation file {path}: {where}: {fault['msg']}") from None
    return [item.model_dump() for item in items]
