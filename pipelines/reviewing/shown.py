"""A task of the review queue as a task of Label Studio: flat texts to show, what a decision keeps, and a prediction."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from curation.people.decisions import asked_of
from pipelines.reviewing.labelling import Kind, kind_of

Task: TypeAlias = Mapping[str, Any]

MACHINE = "slang-curation"  # the model version under which predictions stand
STALE = "Stale: the row has changed since this was asked. You may skip it."
DAY = re.compile(r"^(\d{4}-\d\d-\d\d)T.*")
MORE = {  # column → how it is called below what is shown large
    "definition": "Definition",
    "example": "Example",
    "context": "Context",
    "plain": "In plain words",
    "label": "Label",
    "part_of_speech": "Part of speech",
    "category": "Category",
    "date": "Date",
}


def studio_task(task: Task) -> dict[str, Any]:
    """{"data", "meta", "predictions"}, ready to be imported.

    `data` holds only what is shown; `meta` what a decision keeps, so that it can be pulled when the build is long gone.
    An answer that is known beforehand (a gold question's) is in neither: people can see both.
    """
    asked = asked_of(task)
    asked.pop("gold", None)
    contents = [side["content"] for side in task["data"]["sides"]]
    meta = {"question": task["question"], "asked": asked, "contents": contents}
    return {"data": shown(task), "meta": meta, "predictions": [prediction(task)]}


def shown(task: Task) -> dict[str, Any]:
    """What a person sees, as flat texts; the keys are those of the labelling configuration."""
    kind = kind_of(task["question"])
    facts = _facts(task)
    sides = task["data"]["sides"]
    left, right = sides[0], sides[1] if len(sides) > 1 else None
    data = {
        "ask": task["ask"],
        "state": "",
        "left_title": _filled(kind.left, facts),
        **dict(zip(("left", "left_more"), _side(left, kind.said), strict=True)),
        "answers": [
            {"value": words, "alias": answer, "hotkey": str(key)}
            for key, (answer, words) in enumerate(_answers(kind, task, facts), start=1)
        ],
        "evidence": "\n".join(_evidence(kind, task, facts)),
        "priority": task["priority"],
        "key": task["id"],
    }
    if kind.layout == "two_sides":
        other = _side(right, kind.said) if right and right["id"] != left["id"] else ("(no other row to show)", "")
        title = kind.right if right or "{owner}" not in kind.right else "No other term that would fit is known"
        data |= {"right_title": _filled(title, facts), "right": other[0], "right_more": other[1]}
    return data


def prediction(task: Task) -> dict[str, Any]:
    """The machine's suggestion with its score."""
    choice = {"choices": [task["suggestion"]]}
    result = [{"from_name": "answer", "to_name": "left", "type": "choices", "value": choice}]
    return {"model_version": MACHINE, "score": task["score"], "result": result}


def _facts(task: Task) -> dict[str, str]:
    given = {name: value for name, value in task["data"].items() if isinstance(value, str)}
    suggested = next((answer for answer in task["answers"] if answer != given.get("given")), "")
    return {"owner": "", "given": "", "suggested": suggested, **given,
            "term": task["data"]["sides"][0]["term"]}  # fmt: skip


def _filled(words: str, facts: Mapping[str, str]) -> str:
    """The words with {term}, {owner} … filled in, in one pass: braces in a dataset's text mean nothing."""
    parts = words.split("{")
    return parts[0] + "".join(
        facts.get(name, "") + rest for name, _, rest in (part.partition("}") for part in parts[1:])
    )


def _answers(kind: Kind, task: Task, facts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for answer in task["answers"]:
        yield answer, _filled(kind.answers[answer], facts) if answer in kind.answers else answer


def _side(side: Mapping[str, Any], said: tuple[str, ...]) -> tuple[str, str]:
    """What is shown large, and the lines below it."""
    large = next((name for name in said if side.get(name)), "term")
    lines = [f"{words}: {_short(name, side[name])}" for name, words in MORE.items() if side.get(name) and name != large]
    lines += [f"Example: {text}" for text in side.get("other_examples", ())]
    if any(side.get("votes") or ()):
        lines.append("Votes: {:,} up, {:,} down".format(*side["votes"]))
    lines.append("Source: " + ", ".join(side.get("sources", ())))
    return str(side[large]), "\n".join(lines)


def _short(name: str, cell: str) -> str:
    return DAY.sub(r"\1", cell) if name == "date" else cell  # the day is enough


def _evidence(kind: Kind, task: Task, facts: Mapping[str, str]) -> Iterator[str]:
    words = dict(_answers(kind, task, facts)).get(task["suggestion"], task["suggestion"])
    yield f"Its answer: {words} ({task['score']:.0%} sure)"
    yield from (f"{what}: {value}" for what, value in task["evidence"])
    yield f"Rows that the answer decides on: {task['rows_affected']}"
