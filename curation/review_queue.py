"""What a person should look at, most useful first: the questions that the stages left open, each asked once.

A question is worth its uncertainty times the rows that the answer decides on. Its key is a hash of what is asked, so
an answer outlives the ids of one build, and texts that come twice are asked once.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from curation.entry import content_hash
from curation.privacy import find_private
from curation.stage import Given

if TYPE_CHECKING:
    import pandas as pd

    Row = dict[str, Any]

SIDE_TEXTS = ("term", "definition", "example", "context", "plain", "label")
MISPLACED_SHARE = 0.03  # of real texts stand under a wrong term; the pairing's own scores are learned at one half
ASK_FIT = 0.05  # a text that fits its term with at most this probability is asked about, flagged or not
SURE_MERGE = 0.85  # rows merged with a smaller probability of one sense are shown to a person
OFFENSIVE_DOUBT = (0.5, 0.98)  # scores of unlisted words between these are in doubt
NAME_PAIR = re.compile(r"(?<!\w)[^\W\d_a-z][^\W\d_]+(?: [^\W\d_a-z][^\W\d_]+)+(?!\w)")
BLANKS = re.compile(r"\s+")


@dataclass(frozen=True)
class Question:
    """One question about one or two rows. `score` is the machine's probability for its own `suggestion`."""

    kind: str
    asked: tuple[str, ...]  # the content that the answer speaks of: the same content is the same question
    rows: tuple[Row, ...]
    suggestion: str
    score: float
    uncertainty: float  # 0 … 1
    facts: tuple[tuple[str, str], ...] = ()  # more for the person to see

    @property
    def key(self) -> str:
        return content_hash(self.kind, *(BLANKS.sub(" ", part).strip().casefold() for part in self.asked))


def review_queue(table: pd.DataFrame, ledger: pd.DataFrame, budget: int) -> list[dict[str, Any]]:
    """At most `budget` tasks from the rows that stayed and those that left on a model's word, most useful first.

    A task is {"key", "question", "data", "suggestion", "score", "priority", "rows_affected"}. `data` holds `sides` (one
    row or two: id, term, texts, sources), `ids` of all rows that the answer decides on, and what else is known. Private
    text is masked. The order does not depend on the order of rows.
    """
    kept, left = _rows(table), _rows(ledger)
    asked: dict[str, list[Question]] = {}
    for question in (*same_sense(kept, left), *misplaced(kept), *labels(kept), *offensive(kept), *private(kept)):
        asked.setdefault(question.key, []).append(question)
    tasks = [_task(key, sorted(questions, key=_first_told)) for key, questions in asked.items()]
    chosen = _shared(sorted(tasks, key=_most_useful), max(budget, 0))
    for task in chosen:
        task["data"]["sides"] = [_side(row) for row in task["data"]["sides"]]
    return chosen


def _most_useful(task: dict[str, Any]) -> tuple[float, str, str]:
    return (-task["priority"], task["question"], task["key"])


def _shared(tasks: list[dict[str, Any]], budget: int) -> list[dict[str, Any]]:
    """The first tasks, of which one kind of question takes more than half only where the others have run out."""
    asked: Counter[str] = Counter()
    first: list[dict[str, Any]] = []
    rest: list[dict[str, Any]] = []
    for task in tasks:
        (first if asked[task["question"]] < math.ceil(budget / 2) else rest).append(task)
        asked[task["question"]] += 1
    return sorted((first + rest)[:budget], key=_most_useful)


def same_sense(kept: dict[str, Row], left: dict[str, Row]) -> Iterator[Question]:
    """Pairs of one term that the stage left to a person, and merges that it was not sure of."""
    for row in kept.values():
        for other, score, answer in zip(
            *(_cells(row, f"sense_{name}") for name in ("with", "score", "answer")), strict=True
        ):
            if answer == "ask" and other in kept and row["id"] < other:
                yield _pair(row, kept[other], float(score))
    for row in left.values():
        if row["reason"] == "same_sense_duplicate" and row["score"] < SURE_MERGE and row["survivor"] in kept:
            yield _pair(row, kept[row["survivor"]], float(row["score"]))


def _pair(row: Row, other: Row, score: float) -> Question:
    first, second = sorted((row, other), key=lambda side: (side["definition"], side["id"]))
    asked = (first["term_key"], first["definition"], second["definition"])
    same = score >= 0.5
    return Question(
        "same_sense",
        asked,
        (first, second),
        "same" if same else "different",
        score if same else 1 - score,
        _doubt(score),
    )


def misplaced(kept: dict[str, Row]) -> Iterator[Question]:
    """Definitions and examples that may belong to another term, beside a row of the suggested owner."""
    by_term: dict[str, Row] = {}
    for row in sorted(kept.values(), key=lambda row: row["id"], reverse=True):
        by_term[row["term"]] = row
    for row in kept.values():
        for column in ("definition", "example"):
            kind, fit, owner = (
                f"{column}_of_another_term",
                row.get(f"{column}_fit", float("nan")),
                row.get(f"{column}_owner", ""),
            )
            if not (kind in _cells(row, "flags") or fit <= ASK_FIT):
                continue
            likely = misplaced_probability(fit)
            sides = (row, by_term[owner]) if owner in by_term else (row,)
            facts = (("column", column), ("owner", owner))
            yield Question(
                kind, (row["term_key"], row[column]), sides, owner or "another term", likely, _doubt(likely), facts
            )


def misplaced_probability(fit: float) -> float:
    """The probability that a text stands under a wrong term, by Bayes' rule from its fit.

    The fit comes from as many shuffled pairs as true ones, while few real texts are misplaced (MISPLACED_SHARE).
    """
    if math.isnan(fit):
        return 0.5
    wrong, right = (1 - fit) * MISPLACED_SHARE, fit * (1 - MISPLACED_SHARE)
    return wrong / (wrong + right)


def labels(kept: dict[str, Row]) -> Iterator[Question]:
    """Labels that another class fits better."""
    for row in kept.values():
        if "label_issue" in _cells(row, "flags"):
            score = 1 - float(row["label_score"])
            texts = tuple(row[name] for name in ("term", "definition", "example", "context", "plain", "label"))
            facts = (("column", row["label_column"]),)
            yield Question(
                "label", (row["label_column"], *texts), (row,), row["label_suggested"], score, _doubt(score), facts
            )


def offensive(kept: dict[str, Row]) -> Iterator[Question]:
    """Rows where the word list and the classifier disagree."""
    for row in kept.values():
        found, score = row.get("offensive", ""), float(row.get("offensive_score", float("nan")))
        listed = bool(found)
        if score < 0.5 if listed else OFFENSIVE_DOUBT[0] <= score < OFFENSIVE_DOUBT[1]:
            asked = (row["term_key"], row["definition"], row["example"])
            yield Question("offensive", asked, (row,), found or "not offensive", max(score, 1 - score), _doubt(score))


def private(kept: dict[str, Row]) -> Iterator[Question]:
    """Full names that stayed: a public figure, or somebody's neighbour?"""
    for row in kept.values():
        if "full_name" in _cells(row, "flags"):
            asked = (row["term_key"], row["definition"], row["example"])
            yield Question("private", asked, (row,), "public figure", 0.5, 1.0)


def _doubt(probability: float) -> float:
    """1 at one half, 0 at certainty."""
    return 1 - abs(2 * probability - 1)


def _first_told(question: Question) -> tuple[float, tuple[str, ...]]:
    return (-question.uncertainty, tuple(row["id"] for row in question.rows))


def _task(key: str, questions: list[Question]) -> dict[str, Any]:
    """The task of one question that was met once or more often; the most doubtful meeting is the one shown."""
    first = questions[0]
    decided = 1 if first.kind != "same_sense" else 2
    ids = sorted({row["id"] for question in questions for row in question.rows[:decided]})
    return {
        "key": key,
        "question": first.kind,
        "data": {**dict(first.facts), "sides": list(first.rows), "ids": ids},
        "suggestion": first.suggestion,
        "score": round(first.score, 6),
        "priority": round(first.uncertainty * len(ids), 6),
        "rows_affected": len(ids),
    }


def _side(row: Row) -> dict[str, Any]:
    """What a person sees of a row: its texts with private parts masked, and where it comes from."""
    named = "full_name" in _cells(row, "flags")
    texts = {name: mask_private(row[name], names=named and name not in ("term", "label")) for name in SIDE_TEXTS}
    return {"id": row["id"], **texts, "sources": sorted(_cells(row, "sources") or [row["source"]])}


def mask_private(text: str, *, names: bool) -> str:
    """The text with addresses, handles and numbers blacked out, and with `names` all of a name but its initials."""
    for start, end, _ in sorted(find_private(text, Given()), reverse=True):
        text = text[:start] + "█" * min(end - start, 8) + text[end:]
    return (
        NAME_PAIR.sub(lambda found: " ".join(word[0] + "█" * 5 for word in found.group().split()), text)
        if names
        else text
    )


def _cells(row: Row, name: str) -> list[Any]:
    """A list column's cell as a list; [] where the column is absent or holds nothing."""
    cell: Any = row.get(name)
    return list(cell) if isinstance(cell, (list, tuple)) or hasattr(cell, "tolist") else []


def _rows(table: pd.DataFrame) -> dict[str, Row]:
    return {str(row["id"]): {"term_key": row["term"], **row} for row in table.to_dict("records")}
