"""Stages annotate, the engine sweeps: the only framework of this project.

A stage is a frozen dataclass. Its fields are its settings (what a recipe may set), `__call__` does the work on the
table, and it never removes, adds or reorders a row: it adds columns, calls `mark` on rows that must leave and `flag` on
rows that stay but are worth knowing about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import ConfigDict

if TYPE_CHECKING:
    from typing import TypeAlias

    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from curation.embed import Embedder
    from curation.judge import Judge
    from curation.people.decisions import Decision, Settled

    Mask: TypeAlias = pd.Series[bool] | npt.NDArray[np.bool_] | list[bool]
    Messages: TypeAlias = list[dict[str, str]]


@dataclass(frozen=True)
class Given:
    """What a stage may need from outside: models, word lists, the evaluation's texts.

    `pipelines` fills it; tests hand in their own.
    """

    embedder: Embedder | None = None
    judge: Judge | None = None  # a second opinion on doubtful pairs, where a recipe names one
    first_names: frozenset[str] = frozenset()  # lower case
    family_names: frozenset[str] = frozenset()  # lower case
    offensive_words: dict[str, str] = field(default_factory=dict)  # lower case → "slur" | "sexual" | "profanity"
    evaluation: dict[str, str] = field(default_factory=dict)  # evaluation item id → its sentence or prompt
    control_tokens: frozenset[str] = frozenset()  # of the base model: a text that holds one would stop the training
    # Conversations → for each, why the base model's chat template cannot carry it; "" where it can.
    chat_faults: Callable[[list[Messages]], list[str]] = lambda chats: [""] * len(chats)
    decisions: Mapping[str, Settled] = field(default_factory=dict)  # key of a question → what people settled
    answers: tuple[Decision, ...] = ()  # the same, answer by answer: for the review queue
    template: str = ""  # fingerprint of that chat template: part of every cache key
    seed: int = 3407
    progress: Callable[[str, int, int], None] = lambda what, done, total: None


@dataclass(frozen=True)
class Stage:
    """Base of all stages: one level of inheritance, settings as fields, no state."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: ClassVar[str]
    reasons: ClassVar[tuple[str, ...]] = ()  # why a row may leave here
    flags: ClassVar[tuple[str, ...]] = ()  # what a row that stays may be marked with
    scope: ClassVar[Literal["row", "term", "table"]] = "row"  # the largest group of rows that one decision looks at
    needs: ClassVar[tuple[str, ...]] = ()  # columns that must be there
    adds: ClassVar[tuple[str, ...]] = ()  # columns that are there afterwards
    number_lists: ClassVar[tuple[str, ...]] = ()  # those of them whose cells are lists of numbers, not of text
    embeds: ClassVar[bool] = False  # whether it asks for given.embedder
    obeys: ClassVar[tuple[str, ...]] = ()  # kinds of question whose decisions it carries out

    def __call__(self, table: pd.DataFrame, given: Given) -> pd.DataFrame:
        raise TypeError(f"{type(self).__name__} has no __call__")


def mark(
    table: pd.DataFrame,
    mask: Mask,
    reason: str,
    *,
    survivor: object = "",
    score: object = float("nan"),
    detail: object = "",
) -> pd.DataFrame:
    """Mark the rows of a boolean mask to leave.

    `survivor`, `score` and `detail` are one value, or a Series on the table's index. A row already marked keeps its
    first reason.
    """
    import pandas as pd

    empty: dict[str, object] = {"reason": "", "survivor": "", "score": float("nan"), "detail": ""}
    table = table.assign(**{name: value for name, value in empty.items() if name not in table.columns})
    fresh = pd.Series(mask, index=table.index).astype(bool) & (table["reason"] == "")
    for name, value in {"reason": reason, "survivor": survivor, "score": score, "detail": detail}.items():
        table.loc[fresh, name] = value.loc[fresh] if isinstance(value, pd.Series) else value
    return table


def flag(table: pd.DataFrame, mask: Mask, name: str) -> pd.DataFrame:
    """Append `name` to the `flags` of the rows of a boolean mask (once)."""
    import pandas as pd

    chosen = pd.Series(mask, index=table.index).astype(bool)
    flags = table["flags"].copy()
    flags.loc[chosen] = pd.Series(
        [[*old, name] if name not in old else list(old) for old in flags[chosen]],
        index=flags.index[chosen],
        dtype=object,
    )
    return table.assign(flags=flags)
