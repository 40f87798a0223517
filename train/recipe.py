"""The one LoRA recipe, locked, and what departs from it.

`recipe.toml` holds the values; the hash of its content stands here, so that a changed value cannot pass unseen. Field
names are those of peft, trl and transformers.
"""

from __future__ import annotations

import difflib
import json
import math
import tomllib
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from train.errors import TrainError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

RECIPE_FILE = Path(__file__).with_name("recipe.toml")
LOCKED = "94233eacb6e06528d5ca5b92ac4eee7182159123ca6b75173b04adc9777fb8bd"
CARRIED_FROM = 1.24e9  # parameters of Llama 3.2 1B, for which the recipe's learning rate was chosen

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class LoraRecipe(BaseModel):
    """What a training does, apart from its data, its base and its seed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    lora_r: Count
    lora_alpha: Count
    lora_dropout: Annotated[float, Field(ge=0, lt=1)]
    target_modules: Annotated[tuple[str, ...], Field(min_length=1, strict=False)]
    optim: str
    learning_rate: Positive
    lr_scheduler_type: str
    warmup_steps: Annotated[int, Field(ge=0)]
    weight_decay: Annotated[float, Field(ge=0)]
    num_train_epochs: Count
    per_device_train_batch_size: Count
    gradient_accumulation_steps: Count
    max_length: Count  # tokens
    packing: bool
    seed: Annotated[int, Field(ge=0)]
    gradient_checkpointing: bool
    load_in_4bit: bool

    @property
    def batch(self) -> int:
        """Conversations of one optimiser step."""
        return self.per_device_train_batch_size * self.gradient_accumulation_steps

    @property
    def sha256(self) -> str:
        """Hash of the values, whatever their order and spelling in a file."""
        return sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()


def load_recipe(path: Path = RECIPE_FILE) -> LoraRecipe:
    """A recipe from its file. Raises TrainError for a faulty file, and for the locked one where it was changed."""
    try:
        recipe = checked(tomllib.loads(path.read_text(encoding="utf-8")), str(path))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TrainError(f"{path}: cannot be read as TOML: {error}") from error
    if path == RECIPE_FILE and recipe.sha256 != LOCKED:
        raise TrainError(
            f"{path}: the recipe is locked, and its values changed (sha256 {recipe.sha256[:12]}, not {LOCKED[:12]}). "
            "Put them back; to try others, give them to the command: the run is then marked off recipe"
        )
    return recipe


def changed(recipe: LoraRecipe, **values: Any) -> LoraRecipe:
    """The recipe with other values. Raises TrainError for an unknown field or a wrong value."""
    return checked(recipe.model_dump() | values, "recipe")


def departures(recipe: LoraRecipe) -> list[str]:
    """Where a recipe differs from the locked one: "learning_rate 0.0001, the recipe has 0.0002". Empty: on recipe."""
    fixed, own = load_recipe().model_dump(), recipe.model_dump()
    return [
        f"{name} {said(own[name])}, the recipe has {said(fixed[name])}" for name in fixed if own[name] != fixed[name]
    ]


def carried_learning_rate(parameters: int, recipe: LoraRecipe) -> float:
    """The recipe's learning rate for a base of another size: by one over the square root of its parameters.

    An Adam step of the same size moves a narrow layer's output less, so that small models are trained with larger
    rates (Kaplan et al. 2020, appendix D.6, fit a rate that falls with size); this law leaves 1.24 B as it is.
    """
    return recipe.learning_rate * math.sqrt(CARRIED_FROM / parameters)


def checked(values: dict[str, Any], where: str) -> LoraRecipe:
    try:
        recipe = LoraRecipe.model_validate(values)
    except ValidationError as error:
        raise TrainError("\n".join(f"{where}: {fault(detail)}" for detail in error.errors())) from error
    if recipe.packing:
        raise TrainError(f"{where}: packing: several conversations in one row see each other; expected false")
    return recipe


def fault(detail: ErrorDetails) -> str:
    """One fault in words, with the nearest known name for an unknown one."""
    name = ".".join(map(str, detail["loc"]))
    if detail["type"] != "extra_forbidden":
        return f"{name}: {detail['msg']}"
    near = difflib.get_close_matches(name, LoraRecipe.model_fields, 1)
    return f"unknown field {name!r}, {f'nearest: {near[0]}' if near else 'see train/recipe.toml'}"


def said(value: object) -> str:
    return (
        " ".join(map(str, value))
        if isinstance(value, tuple)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )
