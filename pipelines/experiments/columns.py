"""Columns: the models that one experiment compares, each trained once for every seed, and what is special about it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from pipelines.experiments.arms import Arm
from pipelines.experiments.steps import CURATED, RAW, ExperimentError

Mode = Literal["untrained", "epoch", "matched", "varied", "facts"]
UNTRAINED = "untrained"
FACT_TERMS, FACT_EPOCHS = 150, 15
SHORT = {  # what people type: the recipe's own name
    "epochs": "num_train_epochs",
    "batch": "per_device_train_batch_size",
    "lr": "learning_rate",
}


@dataclass(frozen=True)
class Column:
    """One column of the table."""

    name: str
    title: str
    step: str  # of the ladder; "" for the untrained base
    mode: Mode
    changes: dict[str, Any] = field(default_factory=dict)  # settings that depart from the recipe

    def facts(self) -> dict[str, Any]:
        return asdict(self)


def ladder_columns(arms: Sequence[Arm], *, matched: bool) -> list[Column]:
    """The untrained base, then each step that is run: one epoch, and matched where it is wanted and not raw itself."""
    columns = [Column(UNTRAINED, "untrained base", "", "untrained")]
    for arm in arms:
        if arm.not_run:
            continue
        name, title = arm.step.name, arm.step.title
        columns.append(Column(name, title, name, "epoch"))
        if matched and name != RAW:
            columns.append(Column(f"{name}-matched", f"{title}; as many trained tokens as raw", name, "matched"))
    return columns


def varied_columns(wanted: Iterable[str], known: Iterable[str] = ()) -> list[Column]:
    """`learning_rate=1e-4,5e-4` to one column of the curated step for each value.

    Raises ExperimentError for text of another shape or a setting that the recipe does not have.
    """
    columns = []
    for text in wanted:
        given, equals, values = text.partition("=")
        name = SHORT.get(given.strip(), given.strip())
        if not equals or not values.strip(", "):
            raise ExperimentError(f"--vary {text}: expected SETTING=VALUE,VALUE, such as learning_rate=1e-4,5e-4")
        if name == "seed":
            raise ExperimentError(f"--vary {text}: every model is trained with the same seeds; give --seeds N")
        if known and name not in known:
            raise ExperimentError(f"--vary {text}: the recipe has no setting {name!r}; it has {', '.join(known)}")
        for value in filter(None, map(str.strip, values.split(","))):
            title = f"curated, {name} {value}"
            safe = re.sub(r"[^\w.+-]", "_", value)  # the name is a folder's too
            columns.append(Column(f"{CURATED}-{name}-{safe}", title, CURATED, "varied", {name: typed(name, value)}))
    return columns


def check_varied(wanted: Iterable[str]) -> None:
    """Raises ValueError with one line for a setting or a value that no training could have."""
    from train.recipe import LoraRecipe, changed, load_recipe

    for column in varied_columns(wanted, LoraRecipe.model_fields):
        changed(load_recipe(), **column.changes)


def typed(name: str, value: str) -> Any:
    """A value as the recipe holds it: `16`, `1e-4`, `q_proj+v_proj`, or a word."""
    if name == "target_modules":
        return tuple(value.split("+"))
    try:
        return json.loads(value)
    except ValueError:
        return float(value) if re.fullmatch(r"[\d.]+e[-+]?\d+", value) else value


def fact_columns(terms: int) -> list[Column]:
    """The same terms, raw and curated, until they are known by heart."""
    changes = {"num_train_epochs": FACT_EPOCHS}
    told = f"{terms} terms × {FACT_EPOCHS} epochs"
    return [
        Column(f"facts-{UNTRAINED}", f"untrained base, asked about {terms} terms", "", "facts"),
        *(Column(f"facts-{name}", f"{name}, {told}", f"facts-{name}", "facts", changes) for name in (RAW, CURATED)),
    ]
