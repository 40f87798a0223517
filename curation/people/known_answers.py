"""Gold questions: of which the build is as good as certain, hidden among the others to see how well people answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from curation.entry import content_hash
from curation.people.decided import question_key
from curation.people.questions import ASKED, Question, Row, Rows, cells, pair_question, said_first
from curation.text.comparison import comparison_key

SURE = 0.99  # a probability from which on the build is taken for certain
SHOWN = 0.6  # what a gold question pretends that the build thinks of its suggestion, so that it looks like any other


def known_answers(kept: Rows, left: Rows, kinds: set[str]) -> Iterator[tuple[Question, str]]:
    """(question, its answer) of these kinds, some perhaps twice."""
    if "same_sense" in kinds:
        yield from _same(kept, left)
        yield from _different(kept)
    if "definition_of_another_term" in kinds:
        yield from _in_its_place(kept)
    if "label" in kinds:
        yield from _rightly_labelled(kept)


def _same(kept: Rows, left: Rows) -> Iterator[tuple[Question, str]]:
    """Merged rows of all but certainly one sense that are not the same but for a comma."""
    for row in left.values():
        survivor = kept.get(row["survivor"])
        sure = row["reason"] == "same_sense_duplicate" and row["score"] >= SURE and not cells(row, "decided")
        if survivor and sure and comparison_key(row["definition"]) != comparison_key(survivor["definition"]):
            yield _disguised(pair_question(row, survivor, SHOWN, "not said"), "same")


def _different(kept: Rows) -> Iterator[tuple[Question, str]]:
    for row in kept.values():
        for other, score in zip(*(cells(row, f"sense_{name}") for name in ("with", "score")), strict=True):
            if score <= 1 - SURE and other in kept and row["id"] < other:
                yield _disguised(pair_question(row, kept[other], SHOWN, "not said"), "different")


def _in_its_place(kept: Rows) -> Iterator[tuple[Question, str]]:
    kind = "definition_of_another_term"
    for row in kept.values():
        if row.get("definition_fit", 0.0) >= SURE and not cells(row, "flags"):
            asked = said_first(row, "term_key", "definition")
            facts = (("column", "definition"), ("owner", ""))
            yield _disguised(_question(kind, asked, row, facts, ("here", "elsewhere")), "here")


def _rightly_labelled(kept: Rows) -> Iterator[tuple[Question, str]]:
    """Labels that all who are like the row share, beside another class of the column."""
    for row in kept.values():
        for column, one in sorted(json.loads(row.get("label_verdicts") or "{}").items()):
            given = str(row[column] if column in row else json.loads(row.get("extra") or "{}").get(column, ""))
            other = next((label for label in _labels(kept, column) if label != given), "")
            if one["score"] >= SURE and not one["issue"] and given and other:
                texts = said_first(row, "term", "definition", "example", "context", "plain")
                facts = (("column", column), ("given", given))
                yield _disguised(
                    _question("label", (column, given, *texts), row, facts, (given, other, "neither")), given
                )


def _labels(kept: Rows, column: str) -> list[str]:
    return sorted({str(row[column]) for row in kept.values() if row.get(column)})


def _question(
    kind: str, asked: tuple[str, ...], row: Row, facts: tuple[tuple[str, str], ...], answers: tuple[str, ...]
) -> Question:
    return Question(kind, asked, (row,), answers[0], SHOWN, 2 * (1 - SHOWN), (), facts, answers)


def _disguised(question: Question, answer: str) -> tuple[Question, str]:
    """The question, suggesting its right answer or another one: half of the keys each."""
    answers = question.answers or ASKED[question.kind][1]
    others = [one for one in answers if one != answer]
    right = int(content_hash("suggests", question_key(question.kind, question.asked)), 16) % 2
    evidence = (("the build’s guess", f"{SHOWN:.2f}"),)
    return replace(question, suggestion=answer if right else others[0], score=SHOWN, evidence=evidence), answer
