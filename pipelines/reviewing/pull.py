"""Answers from the server: every annotation of every person becomes a decision; what cannot is told, never dropped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from curation.people.decisions import SKIP, Decision
from pipelines.reviewing.people import pseudonym
from pipelines.reviewing.questions_of_build import Task, asked_in
from pipelines.reviewing.studio import Stored

KEY = re.compile(r"[0-9a-f]{16}")


@dataclass
class Pulled:
    """The decisions found, and what was found that is none: (task number, why)."""

    decisions: list[Decision] = field(default_factory=list)
    odd: list[tuple[int, str]] = field(default_factory=list)


def decisions_in(tasks: Iterable[Stored], server: str, queue: Mapping[str, Task]) -> Pulled:
    """All decisions in the tasks of a server or of one of its files.

    `queue` are the tasks of the build by id, if it is there: it knows the gold answers, which are not sent to a server,
    and what was asked where a file has lost it.
    """
    pulled = Pulled()
    for task in tasks:
        known = queue.get(task.key)
        asked = {**asked_in(task.meta, known), **({"gold": known["gold"]} if known and "gold" in known else {})}
        question = str(task.meta.get("question") or (known or {}).get("question", ""))
        ours = bool(KEY.fullmatch(task.key) and question and asked.get("answers"))
        for annotation in task.answers:
            answer = answer_of(annotation, task.data, asked["answers"]) if ours else ""
            if ours and answer in (*asked["answers"], SKIP):
                pulled.decisions.append(_decision(task.key, question, answer, annotation, asked, server))
            else:
                pulled.odd.append(
                    (task.id, _why_odd(answer, annotation) if ours else "was not asked by a push of ours")
                )
    return pulled


def _why_odd(answer: str, annotation: Mapping[str, Any]) -> str:
    if answer:
        return f"has another answer than those to choose from: {answer[:60]}"
    chosen = {region.get("from_name") for region in annotation.get("result") or () if region.get("type") == "choices"}
    return "was answered in a field that is not ours" if chosen - {"answer"} else "was submitted empty"


def _decision(  # noqa: PLR0917
    key: str, question: str, answer: str, annotation: Mapping[str, Any], asked: Mapping[str, Any], server: str
) -> Decision:
    return Decision(
        id=key,
        question=question,
        answer=answer,
        who=pseudonym(server, person(annotation)),
        when=moment(annotation),
        seconds=round(max(float(annotation.get("lead_time") or 0), 0), 1),
        comment=" ".join(" ".join(_values(annotation, "comment", "text")).split()),
        asked=asked,
    )


def answer_of(annotation: Mapping[str, Any], data: Mapping[str, Any], answers: Iterable[str]) -> str:
    """The answer that was chosen, by its own name even where the words shown for it were stored; "" for none."""
    if annotation.get("was_cancelled"):
        return SKIP
    chosen = next(iter(_values(annotation, "answer", "choices")), "")
    if chosen in answers:
        return chosen
    shown = {str(one.get("value")): str(one.get("alias")) for one in data.get("answers", ()) if isinstance(one, dict)}
    return shown.get(chosen, chosen)


def _values(annotation: Mapping[str, Any], control: str, kind: str) -> list[str]:
    found: list[str] = []
    for region in annotation.get("result") or ():
        if region.get("from_name") == control:
            values = region.get("value", {}).get(kind, ())
            found += [values] if isinstance(values, str) else [str(one) for one in values]
    return found


def person(annotation: Mapping[str, Any]) -> int | str:
    """The number of the person who answered: it stands alone, or in a record with name and mail, which stay behind."""
    by = annotation.get("completed_by")
    number: int | str = by.get("id", "") if isinstance(by, Mapping) else (by if by is not None else "")
    return number


def moment(annotation: Mapping[str, Any]) -> str:
    """When the answer was given last, in UTC, to the second."""
    text = str(annotation.get("updated_at") or annotation.get("created_at") or "1970-01-01T00:00:00Z")
    return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="seconds")
