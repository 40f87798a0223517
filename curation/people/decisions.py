"""What people decided: one line of JSON for each answer of each person, and what they settle together.

The file is text, so that git shows who decided what: sorted, one decision a line, keys in one order. A decision speaks
of content (its id is the key of the question, a hash of what was asked), so it holds in every later build that has the
same content, whatever its snapshot, its ids and its order of rows.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from curation.agreement import consensus

SKIP = "skip"  # the person was asked and would not say
KEYS = ("id", "question", "answer", "who", "when", "seconds", "comment", "asked")
SHOWN = ("term", "definition", "example", "context", "plain", "label")  # of a side, in this order, where it says any
_ID = re.compile(r"[0-9a-f]{16}")
_WHO = re.compile(r"a-[0-9a-f]{8}")
_CONFLICT = re.compile(r"<{7}|\|{7}|={7}|>{7}")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Decision:
    """One answer of one person to one question."""

    id: str  # of the task: the key of its question
    question: str  # its kind
    answer: str  # one of asked["answers"], or SKIP
    who: str  # a pseudonym: "a-" and 8 hex digits
    when: str  # ISO 8601 in UTC, seconds
    seconds: float  # that the person took
    comment: str
    asked: Mapping[str, Any] = field(hash=False)  # see `asked_of`; with "gold" where the answer was known beforehand


@dataclass(frozen=True, slots=True)
class Settled:
    """What the answers to one question come to."""

    question: str
    answer: str  # "" where people disagree, or skipped it: nothing is applied
    probability: float  # that the answer is right
    votes: tuple[tuple[str, int], ...]  # (answer, people), most first; skips aside
    asked: Mapping[str, Any] = field(hash=False, default_factory=dict)

    @property
    def facts(self) -> Mapping[str, str]:
        """What applies the answer: the column, the owner, what was given."""
        found: Mapping[str, str] = self.asked.get("facts", {})
        return found

    @property
    def people(self) -> int:
        return sum(count for _, count in self.votes)

    @property
    def disputed(self) -> bool:
        return not self.answer and len(self.votes) > 1

    def told(self) -> str:
        """For the ledger: how many people said so."""
        agreed = dict(self.votes).get(self.answer, 0)
        if self.people == 1:
            return f"a person says: {self.answer}"
        return f"{agreed} of {self.people} people say: {self.answer}"


def asked_of(task: Mapping[str, Any]) -> dict[str, Any]:
    """What a decision keeps of a task of the review queue: {"ask", "answers", "suggestion", "score", "facts", "sides"}.

    Texts are masked, as they are in the task. `facts` holds what the answer needs to be applied.
    """
    data = task["data"]
    return {
        "ask": task["ask"],
        "answers": list(task["answers"]),
        "suggestion": task["suggestion"],
        "score": task["score"],
        "facts": {name: value for name, value in sorted(data.items()) if isinstance(value, str)},
        "sides": [{name: side[name] for name in SHOWN if side.get(name)} for side in data["sides"]],
    }


def read_decisions(lines: Iterable[str]) -> list[Decision]:
    """The decisions of a file's lines; empty lines are passed over.

    Raises ValueError "line N: …" for the first line that is no decision.
    """
    return [_decision(line, number) for number, line in enumerate(lines, start=1) if line.strip()]


def write_decisions(decisions: Iterable[Decision]) -> str:
    """The file's text: a line for each decision, sorted by (id, who, when), exact repeats once."""
    lines = {_order(one): _line(one) for one in decisions}
    return "".join(f"{lines[key]}\n" for key in sorted(lines))


def united(known: Iterable[Decision], pulled: Iterable[Decision]) -> list[Decision]:
    """Both, each person's last answer to a question only; sorted as in the file.

    None is lost: what is known and was not pulled stays. What was asked is told as it was first written down, so that a
    second pull changes no line; only a gold answer learned since is added.
    """
    asked: dict[str, Mapping[str, Any]] = {}
    last: dict[tuple[str, str], Decision] = {}
    for one in (*known, *pulled):
        asked[one.id] = {**one.asked, **asked.get(one.id, {})}
        before = last.get((one.id, one.who))
        if before is None or one.when >= before.when:
            last[one.id, one.who] = one
    return sorted((replace(one, asked=asked[one.id]) for one in last.values()), key=_order)


def settle(decisions: Iterable[Decision]) -> dict[str, Settled]:
    """For each question that anyone was asked, what the answers come to. Gold questions settle nothing: left out.

    Each person's last answer counts. One person's answer settles a question; where people disagree, the answer of
    `agreement.consensus` does, which weighs each person by how well they agree with the others, if it is sure enough.
    """
    real = [one for one in united((), decisions) if "gold" not in one.asked]
    agreed = consensus(real)
    by_id: dict[str, list[Decision]] = {}
    for one in real:
        by_id.setdefault(one.id, []).append(one)
    found = {}
    for name, answers in by_id.items():
        counts = Counter(one.answer for one in answers if one.answer != SKIP)
        votes = tuple(sorted(counts.items(), key=lambda vote: (-vote[1], vote[0])))
        answer, probability = agreed.get(name, ("", 0.0))
        found[name] = Settled(answers[0].question, answer, probability, votes, answers[0].asked)
    return found


def _order(one: Decision) -> tuple[str, str, str]:
    return one.id, one.who, one.when


def _line(one: Decision) -> str:
    values = {name: getattr(one, name) for name in KEYS}
    text = json.dumps(values, ensure_ascii=False, allow_nan=False)
    return _LONE_SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _decision(line: str, number: int) -> Decision:
    try:
        cells = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"line {number}: {_why_no_json(line, error)}") from None
    wrong = _what_is_wrong(cells)
    if wrong:
        raise ValueError(f"line {number}: {wrong}")
    return Decision(**{**cells, "seconds": float(cells["seconds"])})


def _why_no_json(line: str, error: Exception) -> str:
    if _CONFLICT.match(line):
        return (
            "git left a merge conflict here; keep the decisions of both sides, and delete the lines that begin with "
            "<<<<<<<, |||||||, ======= or >>>>>>> (of two answers of one person the later one counts)"
        )
    return f"is no JSON: {error}; mend the line, or take it from git again"


def _what_is_wrong(cells: Any) -> str:
    """Why a line's cells are no decision; "" where they are one."""
    if not isinstance(cells, dict) or set(cells) != set(KEYS):
        return f"expected an object with the keys {', '.join(KEYS)}"
    texts = [
        name for name in ("id", "question", "answer", "who", "when", "comment") if not isinstance(cells[name], str)
    ]
    if texts:
        return f"{texts[0]} is {cells[texts[0]]!r}; expected text"
    if not _ID.fullmatch(cells["id"]):
        return f"id is {cells['id'][:40]!r}; expected 16 hex digits"
    if not _WHO.fullmatch(cells["who"]):
        return "who is no pseudonym; expected a- and 8 hex digits"  # not shown: it may be somebody's name
    if not _is_moment(cells["when"]):
        return f"when is {cells['when'][:40]!r}; expected a moment in UTC, such as 2026-01-31T09:30:00+00:00"
    if not _is_duration(cells["seconds"]):
        return f"seconds is {str(cells['seconds'])[:40]!r}; expected a number, 0 or more"
    return _what_is_wrong_with(cells["answer"], cells["asked"])


def _what_is_wrong_with(answer: str, asked: Any) -> str:
    answers = asked.get("answers") if isinstance(asked, dict) else None
    if not isinstance(answers, list) or not isinstance(asked.get("facts", {}), dict):
        return 'asked holds no "answers" to choose from, or "facts" that are no object'
    if answer not in (*answers, SKIP):
        return f"answer is {answer[:40]!r}; expected one of {', '.join(map(str, answers))}, {SKIP}"
    return ""


def _is_moment(text: str) -> bool:
    try:
        offset = datetime.fromisoformat(text).utcoffset()
    except ValueError:
        return False
    return offset is not None and not offset


def _is_duration(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
