"""The ladder: from glued columns to curated conversations, one step at a time, and which stages belong to which step.

Each step of conversations runs the recipe's own stages, in the recipe's order and with its settings, but only those
named here; what a recipe adds beside them (a stage of yours) belongs to the step that repairs labels.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from curation.stage import Stage

Mask = Literal["every token", "responses only"]

# One spelling, no private text, a note on slurs, the split, and nothing of the evaluation: needed for safety.
SAFE = frozenset({"normalize", "privacy", "offensive", "split", "decontaminate"})
DUPLICATES = frozenset({"exact_duplicates", "same_sense", "copies_across_terms"})


class ExperimentError(ValueError):
    """What a person can mend: what is wrong, where, what was expected and what to do, in one line."""


@dataclass(frozen=True)
class Step:
    """One step of the ladder."""

    name: str
    title: str
    does: str  # what it adds to the step before, in a sentence
    mask: Mask = "responses only"
    stages: frozenset[str] | None = None  # of the recipe; None for all of them
    glued: bool = False  # columns pasted together, instead of conversations

    def chosen(self, stages: Sequence[Stage]) -> list[Stage]:
        """The stages of a recipe that this step runs, in the recipe's order."""
        return [stage for stage in stages if self.stages is None or stage.name in self.stages]


LADDER = (
    Step(
        "glued",
        "glued columns, no template",
        "Columns pasted together as running text: no chat template, no end of turn.",
        mask="every token",
        glued=True,
    ),
    Step(
        "raw",
        "raw: glued columns in the template",
        "The same words in the right chat template: the user asks “What does TERM mean?”, the answer is the glue "
        "“This is a CONTEXT. DEFINITION.”, as in the case.",
        glued=True,
    ),
    Step(
        "conversations",
        "proper conversations",
        "Natural questions and whole sentences for answers; text normalised, private text masked, duplicates kept.",
        stages=SAFE,
    ),
    Step(
        "deduplicated",
        "+ duplicates removed",
        "Exact and same-sense duplicates merged within their term; copies across terms linked.",
        stages=SAFE | DUPLICATES,
    ),
    Step(
        "curated",
        "curated: + label issues removed",
        "Texts of another term, definitions that define nothing and doubted labels removed: the recipe's whole build.",
    ),
    Step("decided", "+ people's decisions", "What people decided about the doubtful rows."),
    Step("replay", "+ replay", "General chat mixed into the curated conversations, against forgetting."),
)
RAW, CURATED, REPLAY, DECIDED = "raw", "curated", "replay", "decided"


def find_step(name: str) -> Step:
    """The step of that name. Raises ExperimentError with the nearest names."""
    for step in LADDER:
        if step.name == name:
            return step
    names = [step.name for step in LADDER]
    near = difflib.get_close_matches(name, names) or names
    raise ExperimentError(f"--arms {name}: no such step of the ladder; nearest: {', '.join(near)}")


def in_order(names: Sequence[str]) -> list[Step]:
    """The steps of these names in the ladder's order, each once. Raises ExperimentError."""
    wanted = {find_step(name).name for name in names}
    return [step for step in LADDER if step.name in wanted]
