"""A small table built by the real stages, and people who answer what it asks: for the tests of decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from curation.contradictions import Contradictions
from curation.deduplicate import ExactDuplicates
from curation.entry import Entry, to_table
from curation.normalize import Normalize
from curation.offensive import Offensive
from curation.people.decisions import Decision, asked_of, settle
from curation.people.queue import review_queue
from curation.privacy import Privacy
from curation.same_sense import SameSense
from curation.stage import Given
from curation.text.comparison import comparison_key
from pipelines.engine import Result, run_stages, table_key


class ToyEmbedder:
    """Bags of words: texts that share words have a cosine."""

    fingerprint = "toy"

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        vectors = np.zeros((len(texts), 512), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in comparison_key(text).split():
                vectors[row, sum(map(ord, word)) * 31 % 512] += 1
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1)


ROWS: list[dict[str, Any]] = [
    {"term": "finna", "definition": "going to do something soon", "example": "I'm finna go"},
    {"term": "Finna", "definition": "about to do something at once", "example": "finna eat"},
    {"term": "cap", "definition": "to tell a lie", "example": "that is cap"},
    {"term": "cap", "definition": "a hat with a stiff peak worn by players"},
    {"term": "PTO", "definition": "Paid time off", "votes_up": 12},
    {"term": "PTO", "definition": "personal time off"},
    {"term": "yeet", "definition": "to throw", "part_of_speech": "verb"},
    {"term": "yeet", "definition": "To throw.", "part_of_speech": "noun"},
    {"term": "drip", "definition": "my cat Bob does it all day", "votes_up": 12, "votes_down": 95},
    {"term": "drip", "definition": "stylish clothes", "votes_up": 412, "votes_down": 33},
    {"term": "stan", "definition": "what Mary Sample does for her idol"},
    {"term": "dang", "definition": "a mild word", "example": "dang it, mild as milk"},
]
STAGES = [Normalize(), Privacy(), Offensive(), ExactDuplicates(), SameSense(), Contradictions()]
TOOLS = Given(
    embedder=ToyEmbedder(),
    first_names=frozenset({"mary"}),
    family_names=frozenset({"sample"}),
    offensive_words={"dang": "profanity"},
)
CHAT = [{"role": "user", "content": "What is rizz?"}, {"role": "assistant", "content": "Charm."}]


def given_by(decisions: Iterable[Decision], tools: Given = TOOLS) -> Given:
    told = tuple(decisions)
    return replace(tools, decisions=settle(told), answers=told)


def build(cache: Path, given: Given = TOOLS, rows: Sequence[dict[str, Any]] = ROWS, source: str = "toy") -> Result:
    """The rows through the stages, by the real engine, which checks that none is lost."""
    table = to_table([Entry(source, row=place, language="en", **row) for place, row in enumerate(rows)])
    return run_stages(table, list(STAGES), given, key=table_key(table), cache=cache)


def asked(result: Result, given: Given = TOOLS, budget: int = 100) -> list[dict[str, Any]]:
    return [task for task in review_queue(result.kept, result.ledger, budget, given) if "gold" not in task]


def about(tasks: Iterable[dict[str, Any]], kind: str, term: str = "") -> dict[str, Any]:
    """The one task of this kind, of this term where several have one."""
    (task,) = [
        one
        for one in tasks
        if one["question"] == kind and term.casefold() in ("", one["data"]["sides"][0]["term"].casefold())
    ]
    return task


def answer(task: dict[str, Any], said: str, who: int = 1, when: str = "2026-01-31T09:30:00+00:00") -> Decision:
    asked_then = asked_of(task) | ({"gold": task["gold"]} if "gold" in task else {})
    return Decision(task["id"], task["question"], said, f"a-{who:08x}", when, 4.5, "", asked_then)


def answers(tasks: Iterable[dict[str, Any]], choose: Callable[[dict[str, Any]], str]) -> list[Decision]:
    return [answer(task, choose(task)) for task in tasks]


def left(result: Result) -> pd.DataFrame:
    return result.ledger[result.ledger["reason"] != ""]


def of(table: pd.DataFrame, definition: str) -> dict[str, Any]:
    """The one row of a table with this definition."""
    (row,) = table[table["definition"] == definition].to_dict("records")
    return row
