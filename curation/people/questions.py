"""The questions that a build leaves to people: one generator for each kind, from the rows that stayed and that left.

A question holds all that a person needs to answer it: the rows, the machine's suggestion with its probability, and the
evidence. Its key is a hash of what is asked, so an answer outlives the ids of one build.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from curation.chat.beginning import BEGINNING, sound_beginnings
from curation.contradictions import COLUMNS, KINDS, other_value, turned, values_of
from curation.people.decided import question_key, side_order
from curation.privacy import PRIVATE_PERSON, find_private
from curation.stage import Given

if TYPE_CHECKING:
    from curation.stage import Messages

Row: TypeAlias = dict[str, Any]
Rows: TypeAlias = dict[str, Row]  # by id

MISPLACED_SHARE = 0.03  # of real texts stand under a wrong term; the pairing's own scores are learned at one half
ASK_FIT = 0.05  # a text that fits its term with at most this probability is asked about, flagged or not
SURE_MERGE = 0.85  # rows merged with a smaller probability of one sense are shown to a person
OFFENSIVE_DOUBT = (0.5, 0.98)  # scores of unlisted words between these are in doubt
MERGED = ("exact_duplicate", "same_sense_duplicate")

# kind → what is asked (of the term of the first row) and the answers to choose from; () where the question brings them.
# Of a contradiction, `both`: two senses, each right; `same`: they do not contradict each other, it is one sense.
ASKED: dict[str, tuple[str, tuple[str, ...]]] = {
    "same_sense": ("Do these two definitions of “{term}” give the same sense?", ("same", "different")),
    "contradiction": ("These two rows of “{term}” contradict each other. Which is right?",
                      ("first", "second", "both", "same", "neither")),
    "voted_down": ("Most voters reject the first definition of “{term}”. Is it wrong?", ("wrong", "right")),
    "definition_of_another_term": ("Is this what “{term}” means?", ("here", "owner", "elsewhere")),
    "example_of_another_term": ("Does this example belong to “{term}”?", ("here", "owner", "elsewhere")),
    "label": ("Which label is right for “{term}” here?", ()),
    "offensive": ("How offensive is this entry of “{term}”?", ("not offensive", "profanity", "sexual", "slur")),
    "private": ("Whom does this entry of “{term}” name?", ("public figure", PRIVATE_PERSON, "nobody")),
    "conversation": ("The model’s chat template cannot carry all of this conversation. Is its beginning worth keeping?",
                     (BEGINNING, "nothing")),
}  # fmt: skip


@dataclass(frozen=True)
class Question:
    """One question about one or two rows. `score` is the machine's probability for its own `suggestion`."""

    kind: str  # of ASKED
    asked: tuple[str, ...]  # the content that the answer speaks of: the same content is the same question
    rows: tuple[Row, ...]
    suggestion: str  # one of the answers
    score: float
    uncertainty: float  # 0 … 1
    evidence: tuple[tuple[str, str], ...] = ()  # (what, value), for the person to see
    facts: tuple[tuple[str, str], ...] = ()  # what applies the answer: the column, the owner
    answers: tuple[str, ...] = ()  # to choose from; () for those of the kind

    @property
    def key(self) -> str:
        """The same for texts that differ in case, blanks and punctuation only."""
        return question_key(self.kind, self.asked)


def all_questions(kept: Rows, left: Rows, given: Given) -> Iterator[Question]:
    """Every question, some perhaps twice. A pair that contradicts itself is not asked about as a pair of one sense."""
    disputed = set()
    for question in contradictions(kept, left):
        disputed.add(frozenset(row["id"] for row in question.rows))
        yield question
    for question in same_sense(kept, left):
        if frozenset(row["id"] for row in question.rows) not in disputed:
            yield question
    for kind in (voted_down, misplaced, labels, offensive, private):
        yield from kind(kept)
    yield from conversations(left, given)


def same_sense(kept: Rows, left: Rows) -> Iterator[Question]:
    """Pairs of one term that the stage left to a person, and merges that it was not sure of."""
    for row in kept.values():
        for other, score, answer in zip(
            *(cells(row, f"sense_{name}") for name in ("with", "score", "answer")), strict=True
        ):
            if answer == "ask" and other in kept and row["id"] < other:
                yield pair_question(row, kept[other], float(score), "left to a person")
    for row in left.values():
        if row["reason"] == "same_sense_duplicate" and row["score"] < SURE_MERGE and row["survivor"] in kept:
            yield pair_question(row, kept[row["survivor"]], float(row["score"]), "merged")


def pair_question(row: Row, other: Row, score: float, so_far: str) -> Question:
    """Whether two rows give one sense, of which the build thinks so with probability `score`."""
    sides = _sides(row, other)
    suggestion, sure = ("same", score) if score >= 0.5 else ("different", 1 - score)
    evidence = (("probability of one sense", f"{score:.2f}"), ("so far", so_far))
    return Question("same_sense", _asked(*sides), sides, suggestion, sure, doubt(score, 1 - score), evidence)


def _sides(row: Row, other: Row) -> tuple[Row, Row]:
    """The two rows in an order that outlives the build."""
    names = ("definition", "part_of_speech", "category")
    first, second = sorted((row, other), key=lambda side: (*side_order(*(side[name] for name in names)), side["id"]))
    return first, second


def _asked(first: Row, second: Row) -> tuple[str, ...]:
    return first["term_key"], first["definition"], second["definition"]


def contradictions(kept: Rows, left: Rows) -> Iterator[Question]:
    """Pairs that cannot both be right, each row in one of them at most; and merged rows whose columns differ."""
    told: set[str] = set()
    for row in sorted(kept.values(), key=lambda row: str(row["id"])):
        names = ("contradicts", "contradiction_kind", "contradiction_words", "contradiction_score")
        for other, kind, words, score in zip(*(cells(row, name) for name in names), strict=True):
            if other in kept and told.isdisjoint((row["id"], other)):
                told |= {row["id"], other}
                yield _dispute(row, kept[other], kind, words, float(score))
    for row in left.values():
        survivor = kept.get(row["survivor"]) if row["reason"] in MERGED else None
        words = other_value(*({name: values_of(side[name]) for name in COLUMNS} for side in (survivor or row, row)))
        if survivor and words:
            yield _dispute(survivor, row, "column", words, KINDS["column"])


def _dispute(row: Row, other: Row, kind: str, words: str, score: float) -> Question:
    sides = _sides(row, other)
    words = words if sides[0] is row else turned(words)
    weights = [support(side) for side in sides]
    likely = [score * weight / sum(weights) for weight in weights]
    sense = dict(zip(cells(row, "sense_with"), cells(row, "sense_score"), strict=True)).get(other["id"], 1.0)
    likely += [(1 - score) * (1 - sense), (1 - score) * sense]
    answers = dict(zip(("first", "second", "both", "same"), likely, strict=True))
    suggestion = max(answers, key=lambda name: (answers[name], name))
    evidence = [(f"they differ in {kind}", words), ("probability of a contradiction", f"{score:.2f}"),
                ("probability of one sense", f"{sense:.2f}")]  # fmt: skip
    if any(number(side.get(name)) for side in sides for name in ("votes_up", "votes_down")):
        evidence.append(("votes", " / ".join(map(votes, sides))))
    asked = (*_asked(*sides), *((words,) if kind == "column" else ()))
    return Question(
        "contradiction", asked, sides, suggestion, answers[suggestion], doubt(*answers.values()),
        tuple(evidence), facts=(("differs", kind), ("words", words)),
    )  # fmt: skip


def support(row: Row) -> float:
    """How many stand behind a row: itself, the rows merged into it, and the votes for it less those against it."""
    up, down = (number(row.get(name)) for name in ("votes_up", "votes_down"))
    return 1 + len(cells(row, "merged_ids")) + max(up - down, 0)


def voted_down(kept: Rows) -> Iterator[Question]:
    """Definitions that voters reject, beside the one of their term that they like best."""
    liked: dict[str, Row] = {}
    for row in sorted(kept.values(), key=lambda row: (number(row.get("approval_low")), row["id"])):
        liked[row["term_key"]] = row
    for row in kept.values():
        if "voted_down" in cells(row, "flags"):
            up, down = (number(row["votes_up"]), number(row["votes_down"]))
            against = (down + 0.5) / (up + down + 1)
            evidence = (("votes", votes(row)), ("agree, at most", f"{float(row['approval_high']):.0%}"),
                        ("votes of the other", votes(liked[row["term_key"]])))  # fmt: skip
            sides = (row, liked[row["term_key"]])
            asked = said_first(row, "term_key", "definition")
            yield Question("voted_down", asked, sides, "wrong", against, doubt(against, 1 - against), evidence)


def votes(row: Row) -> str:
    return f"{number(row.get('votes_up')):,.0f} up, {number(row.get('votes_down')):,.0f} down"


def number(cell: Any) -> float:
    """A cell as a number; 0 where it holds none."""
    return float(cell) if isinstance(cell, (int, float)) and not math.isnan(cell) else 0.0


def misplaced(kept: Rows) -> Iterator[Question]:
    """Definitions and examples that may belong to another term, beside a row of the suggested owner."""
    by_term: dict[str, Row] = {}
    for row in sorted(kept.values(), key=lambda row: str(row["id"]), reverse=True):
        if row["kind"] == "definition":
            by_term[row["term"]] = row
    for row in kept.values():
        for column in ("definition", "example"):
            kind = f"{column}_of_another_term"
            fit, owner = row.get(f"{column}_fit", float("nan")), row.get(f"{column}_owner", "")
            if kind in cells(row, "flags") or fit <= ASK_FIT:
                yield _misplaced(kind, column, row, by_term.get(owner), owner)


def _misplaced(kind: str, column: str, row: Row, owned: Row | None, owner: str) -> Question:
    fit = row.get(f"{column}_fit", float("nan"))
    likely = misplaced_probability(fit)
    suggestion, sure = ("here", 1 - likely) if likely < 0.5 else ("owner" if owner else "elsewhere", likely)
    evidence = (("fits its own term", "not judged" if math.isnan(fit) else f"{fit:.3f}"),
                ("fits better", owner or "no term we know"),
                ("probability that it stands wrong", f"{likely:.2f}"))  # fmt: skip
    answers = () if owner else ("here", "elsewhere")
    return Question(
        kind, said_first(row, "term_key", column), (row, owned) if owned else (row,), suggestion, sure,
        doubt(likely, 1 - likely), evidence, (("column", column), ("owner", owner)), answers,
    )  # fmt: skip


def misplaced_probability(fit: float) -> float:
    """The probability that a text stands under a wrong term, by Bayes' rule from its fit.

    The fit comes from as many shuffled pairs as true ones, while few real texts are misplaced (MISPLACED_SHARE).
    """
    if math.isnan(fit):
        return 0.5
    wrong, right = (1 - fit) * MISPLACED_SHARE, fit * (1 - MISPLACED_SHARE)
    return wrong / (wrong + right)


def labels(kept: Rows) -> Iterator[Question]:
    """Labels that another class fits better, a question for each doubted column."""
    for row in kept.values():
        if "label_issue" in cells(row, "flags"):
            for column, trust, suggested in doubted_labels(row):
                yield _label(row, column, trust, suggested)


def doubted_labels(row: Row) -> list[tuple[str, float, str]]:
    """(column, probability that its label is right, the likelier label) for each label that looks wrong."""
    verdicts = json.loads(row.get("label_verdicts") or "{}")
    found = [(column, one["score"], one["suggested"]) for column, one in sorted(verdicts.items()) if one["issue"]]
    return found or [(row["label_column"], float(row["label_score"]), row["label_suggested"])]


def _label(row: Row, column: str, trust: float, suggested: str) -> Question:
    given = str(row[column] if column in row else json.loads(row.get("extra") or "{}").get(column, ""))
    suggestion, sure = (suggested, 1 - trust) if trust < 0.5 else (given, trust)
    texts = said_first(row, "term", "definition", "example", "context", "plain")
    evidence = (("given", given), ("suggested", suggested), ("trust in the given label", f"{trust:.2f}"))
    return Question(
        "label", (column, given, *texts), (row,), suggestion, sure, doubt(trust, 1 - trust), evidence,
        (("column", column), ("given", given)), tuple(dict.fromkeys((given, suggested, "neither"))),
    )  # fmt: skip


def offensive(kept: Rows) -> Iterator[Question]:
    """Rows where the word list and the classifier disagree; each counts for a half of the probability."""
    for row in kept.values():
        listed, score = row.get("offensive", ""), float(row.get("offensive_score", float("nan")))
        if score < 0.5 if listed else OFFENSIVE_DOUBT[0] <= score < OFFENSIVE_DOUBT[1]:
            likely = (bool(listed) + score) / 2
            suggestion, sure = (listed or "profanity", likely) if likely >= 0.5 else ("not offensive", 1 - likely)
            evidence = (("word list", listed or "nothing"), ("classifier", f"{score:.2f}"))
            asked = said_first(row, "term_key", "definition", "example")
            yield Question("offensive", asked, (row,), suggestion, sure, doubt(likely, 1 - likely), evidence)


def private(kept: Rows) -> Iterator[Question]:
    """Full names that stayed: a public figure, or somebody's neighbour?"""
    for row in kept.values():
        if "full_name" in cells(row, "flags"):
            asked = said_first(row, "term_key", "definition", "example")
            yield Question("private", asked, (row,), "public figure", 0.5, 1.0, (("found", "a full name"),))


def conversations(left: Rows, given: Given) -> Iterator[Question]:
    """Conversations that the template cannot carry, and whose beginning it can. Nobody has counted what people want."""
    rows = [row for row in left.values() if row["reason"] == "unfit_chat"]
    chats: list[Messages] = [json.loads(row["messages"]) for row in rows]
    for row, chat, length in zip(rows, chats, sound_beginnings(chats, given), strict=True):
        if length:
            told = [f"{turn['role']}: {turn['content']}" for turn in chat]
            shown = "\n\n".join([*told[:length], "— the beginning ends here —", *told[length:]])
            named = any(kind == "full_name" for _, _, kind in find_private(shown, given))
            side = {**row, "asked_row": row, "example": shown, "flags": ["full_name"] if named else []}
            evidence = (
                ("why not to its end", row["detail"]),
                ("messages of the beginning", f"{length} of {len(chat)}"),
            )
            yield Question("conversation", (row["messages"],), (side,), BEGINNING, 0.5, 1.0, evidence)


def said_first(row: Row, *names: str) -> tuple[str, ...]:
    """Texts of a row as they were before any decision changed them: what a question's key is made of."""
    before: dict[str, str] = json.loads(row.get("before_decisions") or "{}")
    return tuple(str(before.get(name, row[name])) for name in names)


def doubt(*probabilities: float) -> float:
    """0 where one of the answers is certain, 1 where all are alike."""
    return (1 - max(probabilities)) * len(probabilities) / (len(probabilities) - 1)


def cells(row: Row, name: str) -> list[Any]:
    """A list column's cell as a list; [] where the column is absent or holds nothing."""
    cell: Any = row.get(name)
    return list(cell) if isinstance(cell, (list, tuple)) or hasattr(cell, "tolist") else []
