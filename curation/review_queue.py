"""What a person should look at, most useful first: the questions that the stages left open, each asked once.

A question is worth its uncertainty times the rows that the answer decides on. A task is complete: whoever shows it
needs nothing else, and an answer with the task's id applies to any later build that holds the same content.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from curation.entry import content_hash
from curation.privacy import find_private
from curation.questions import ASKED, Question, Row, Rows, all_questions, cells, number
from curation.stage import Given

if TYPE_CHECKING:
    import pandas as pd

TEXTS = ("term", "definition", "example", "context", "plain", "label")  # of a side, masked
FACTS = ("kind", "part_of_speech", "category", "language", "date", "offensive")  # of a side, as they are
CONTENT = ("kind", "term_key", "definition", "example", "plain", "label")  # what an answer is about
OTHER_EXAMPLES = 3  # shown of a row, besides its own
NAME_PAIR = re.compile(r"(?<!\w)[^\W\d_a-z][^\W\d_]+(?: [^\W\d_a-z][^\W\d_]+)+(?!\w)")


def review_queue(table: pd.DataFrame, ledger: pd.DataFrame, budget: int) -> list[dict[str, Any]]:
    """At most `budget` tasks from the rows that stayed and those that left on a model's word, most useful first.

    A task is {"id", "question", "ask", "answers", "suggestion", "score", "evidence", "data", "uncertainty",
    "rows_affected", "priority"}: a key of the content that is asked about, the kind of question, the question in words
    and its answers, the machine's answer with its probability, pairs of what and value that speak for it. `data` holds
    `sides` (one row or two: id, content hash, texts, sources, votes), `ids` of all rows that the answer decides on, and
    what is needed to apply it. Private text is masked. The order does not depend on the order of rows.
    """
    asked: dict[str, list[Question]] = {}
    for question in all_questions(_rows(table), _rows(ledger)):
        asked.setdefault(question.key, []).append(question)
    tasks = [_task(key, sorted(questions, key=_first_told)) for key, questions in asked.items()]
    chosen = _shared(sorted(tasks, key=_most_useful), max(budget, 0))
    for task in chosen:
        _show(task)
    return chosen


def _rows(table: pd.DataFrame) -> Rows:
    return {str(row["id"]): {"term_key": row["term"], **row} for row in table.to_dict("records")}


def _first_told(question: Question) -> tuple[float, tuple[str, ...]]:
    return (-question.uncertainty, tuple(row["id"] for row in question.rows))


def _most_useful(task: dict[str, Any]) -> tuple[float, str, str]:
    return (-task["priority"], task["question"], task["id"])


def _task(key: str, questions: list[Question]) -> dict[str, Any]:
    """The task of one question that was met once or more often; the most doubtful meeting is the one shown."""
    first = questions[0]
    decided = 2 if first.kind in ("same_sense", "contradiction") else 1
    ids = sorted({row["id"] for question in questions for row in question.rows[:decided]})
    return {
        "id": key,
        "question": first.kind,
        "ask": ASKED[first.kind][0],
        "answers": list(first.answers or ASKED[first.kind][1]),
        "suggestion": first.suggestion,
        "score": round(first.score, 6),
        "evidence": [list(pair) for pair in first.evidence],
        "data": {**dict(first.facts), "sides": list(first.rows), "ids": ids},
        "uncertainty": round(first.uncertainty, 6),
        "rows_affected": len(ids),
        "priority": round(first.uncertainty * len(ids), 6),
    }


def _shared(tasks: list[dict[str, Any]], budget: int) -> list[dict[str, Any]]:
    """The first tasks, of which one kind of question takes more than half only where the others have run out."""
    asked: Counter[str] = Counter()
    first: list[dict[str, Any]] = []
    rest: list[dict[str, Any]] = []
    for task in tasks:
        (first if asked[task["question"]] < math.ceil(budget / 2) else rest).append(task)
        asked[task["question"]] += 1
    return sorted((first + rest)[:budget], key=_most_useful)


def _show(task: dict[str, Any]) -> None:
    """Put what a person may see in the place of the whole rows."""
    rows = task["data"]["sides"]
    task["data"]["sides"] = [_side(row) for row in rows]
    task["ask"] = task["ask"].format(term=task["data"]["sides"][0]["term"])
    named = any("full_name" in cells(row, "flags") for row in rows)
    task["evidence"] = [[what, mask_private(value, names=named)] for what, value in task["evidence"]]


def _side(row: Row) -> dict[str, Any]:
    """What a person sees of a row: its texts with private parts masked, and where it comes from."""
    named = "full_name" in cells(row, "flags")
    texts = {name: mask_private(row[name], names=named and name not in ("term", "label")) for name in TEXTS}
    others = [text for text in cells(row, "examples") if text != row["example"]][:OTHER_EXAMPLES]
    return {
        "id": row["id"],
        "content": content_hash(*(row[name] for name in CONTENT)),
        **texts,
        "other_examples": [mask_private(text, names=named) for text in others],
        **{name: row.get(name, "") for name in FACTS},
        "votes": [int(number(row.get(name))) for name in ("votes_up", "votes_down")],
        "sources": sorted(cells(row, "sources") or [row["source"]]),
    }


def mask_private(text: str, *, names: bool) -> str:
    """The text with addresses, handles and numbers blacked out, and with `names` all of a name but its initials."""
    for start, end, _ in sorted(find_private(text, Given()), reverse=True):
        text = text[:start] + "█" * min(end - start, 8) + text[end:]
    return (
        NAME_PAIR.sub(lambda found: " ".join(word[0] + "█" * 5 for word in found.group().split()), text)
        if names
        else text
    )
