"""What a person should look at, most useful first: the questions that the stages left open, each asked once.

A question is worth its uncertainty times the rows that the answer decides on. A task is complete: whoever shows it
needs nothing else, and an answer with the task's id applies to any later build that holds the same content.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from curation.agreement import active_scores
from curation.entry import content_hash
from curation.people.known_answers import known_answers
from curation.people.questions import ASKED, Question, Row, Rows, all_questions, cells, number
from curation.privacy import find_private
from curation.stage import Given

if TYPE_CHECKING:
    import pandas as pd

    from curation.people.decisions import Settled

TEXTS = ("term", "definition", "example", "context", "plain", "label")  # of a side, masked
FACTS = ("kind", "part_of_speech", "category", "language", "date", "offensive")  # of a side, as they are
CONTENT = ("kind", "term_key", "definition", "example", "plain", "label")  # what an answer is about
OTHER_EXAMPLES = 3  # shown of a row, besides its own
PAIRS = ("same_sense", "contradiction")  # kinds of question about two rows
GOLD_EVERY = 20  # tasks of a budget for one whose answer is known
NAME_PAIR = re.compile(r"(?<!\w)[^\W\d_a-z][^\W\d_]+(?: [^\W\d_a-z][^\W\d_]+)+(?!\w)")


def review_queue(
    table: pd.DataFrame, ledger: pd.DataFrame, budget: int, given: Given | None = None
) -> list[dict[str, Any]]:
    """At most `budget` tasks from the rows that stayed and those that left on a model's word, most useful first.

    A task is {"id", "question", "ask", "answers", "suggestion", "score", "evidence", "data", "uncertainty",
    "rows_affected", "priority"}: a key of the content that is asked about, the kind of question, the question in words
    and its answers, the machine's answer with its probability, pairs of what and value that speak for it. `data` holds
    `sides` (one row or two: id, content hash, texts, sources, votes), `ids` of all rows that the answer decides on, and
    what is needed to apply it. Private text is masked. The order does not depend on the order of rows.

    What people have settled (`given.decisions`) is not asked again, nor another question of the same kind about such a
    row. Once there are answers (`given.answers`), ActiveLab says how uncertain a task is: people have shown how far the
    build's own word goes. One task in GOLD_EVERY has a known answer, under "gold": not for the eyes of who answers.
    """
    given = given or Given()
    kept, left = _rows(table), _rows(ledger)
    asked: dict[str, list[Question]] = {}
    for question in all_questions(kept, left, given):
        if not is_settled(question, given.decisions):
            asked.setdefault(question.key, []).append(question)
    tasks = [_task(key, sorted(questions, key=_first_told)) for key, questions in asked.items()]
    _learn_from_answers(tasks, given)
    wanted = min(budget, len(tasks)) // GOLD_EVERY
    hidden = gold_tasks(kept, left, {task["question"] for task in tasks}, wanted, given)
    open_tasks = [task for task in tasks if task["id"] not in {gold["id"] for gold in hidden}]
    chosen = _shared(sorted(open_tasks, key=_most_useful), max(budget - len(hidden), 0))
    chosen = sorted([*chosen, *hidden], key=_most_useful)
    for task in chosen:
        _show(task)
    return chosen


def is_settled(question: Question, settled: Mapping[str, Settled]) -> bool:
    """Whether people have settled this question, be it in other words: its rows know what was decided of them."""
    if not settled:
        return False
    if question.key in settled and settled[question.key].answer:
        return True
    met = set.intersection(*({*cells(row, "decided")} for row in question.rows[: asked_of(question.kind)]))
    return any(_same_question(question, settled[key]) for key in met if key in settled)


def _same_question(question: Question, one: Settled) -> bool:
    if asked_of(question.kind) == 2:
        return one.question in PAIRS
    return one.question == question.kind and one.facts.get("column") == dict(question.facts).get("column")


def asked_of(kind: str) -> int:
    """Of how many of the rows that are shown a kind of question asks."""
    return 2 if kind in PAIRS else 1


def _learn_from_answers(tasks: list[dict[str, Any]], given: Given) -> None:
    """Once people have answered, a task is as uncertain as ActiveLab finds it."""
    if not given.answers:
        return
    scores = active_scores(given.answers, tasks)
    for task in tasks:
        if task["id"] in scores:
            classes = len(task["answers"])
            task["uncertainty"] = round(min((1 - scores[task["id"]]) * classes / (classes - 1), 1.0), 6)
            task["priority"] = round(task["uncertainty"] * task["rows_affected"], 6)


def gold_tasks(kept: Rows, left: Rows, kinds: set[str], wanted: int, given: Given) -> list[dict[str, Any]]:
    """Up to `wanted` tasks of these kinds whose answer is known, each with it under "gold"; not those answered before.

    What they suggest is right or wrong as their key decides, so that who takes every suggestion is found out.
    """
    answered = {one.id for one in given.answers}
    known: dict[str, tuple[Question, str]] = {}
    for question, answer in known_answers(kept, left, kinds):
        if question.key not in answered and not is_settled(question, given.decisions):
            known.setdefault(question.key, (question, answer))
    by_answer: dict[tuple[str, str], list[str]] = {}
    for key in sorted(known, key=lambda key: content_hash("gold", key)):
        by_answer.setdefault((known[key][0].kind, known[key][1]), []).append(key)
    turns = [key for turn in zip_longest(*(by_answer[name] for name in sorted(by_answer))) for key in turn if key]
    return [{**_task(key, [known[key][0]]), "gold": known[key][1]} for key in sorted(turns[: max(wanted, 0)])]


def _rows(table: pd.DataFrame) -> Rows:
    return {str(row["id"]): {"term_key": row["term"], **row} for row in table.to_dict("records")}


def _first_told(question: Question) -> tuple[float, tuple[str, ...]]:
    return (-question.uncertainty, tuple(row["id"] for row in question.rows))


def _most_useful(task: dict[str, Any]) -> tuple[float, str, str]:
    return (-task["priority"], task["question"], task["id"])


def _task(key: str, questions: list[Question]) -> dict[str, Any]:
    """The task of one question that was met once or more often; the most doubtful meeting is the one shown."""
    first = questions[0]
    ids = sorted({row["id"] for question in questions for row in question.rows[: asked_of(first.kind)]})
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
        "content": content_hash(*(row.get("asked_row", row)[name] for name in CONTENT)),
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
