"""What is asked: the same items for every model that is compared, chosen by a seed, and known by their hash.

Terms come from a build: those of its training split, which a trained model has seen, and those held out. Prompts,
questions, general answers and plain English are files of data/evaluation.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypeVar

from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict  # pydantic wants this one below Python 3.12

from curation.normalize import term_key
from train.errors import TrainError
from train.evaluation import wording
from train.evaluation.distractors import choices, rank
from train.evaluation.slang_words import slang_terms
from train.evaluation.terms import SIDES, Side, Terms

if TYPE_CHECKING:
    from train.build_folder import BuildFolder

EVALUATION = Path(__file__).parents[2] / "data" / "evaluation"
Suite = Literal["quick", "full", "experiment"]
T = TypeVar("T")


@dataclass(frozen=True)
class Amounts:
    """How much of everything a suite asks, at most."""

    choices: int  # half of them about held-out terms
    unseen: bool  # ask them in the unseen wording too
    bare: bool  # ask them with the definitions as the entries have them too
    cloze: int
    definitions: int  # half of them about held-out terms
    questions: int
    general: int
    plain: int
    held_out_answers: int
    general_answers: int
    answer_tokens: int  # what an answer may have: more than any normal one
    definition_tokens: int = 48


SUITES: dict[Suite, Amounts] = {
    "quick": Amounts(100, False, False, 0, 30, 0, 0, 0, 0, 0, 512),
    "full": Amounts(400, True, True, 200, 100, 1000, 1000, 1000, 500, 1000, 512),
    "experiment": Amounts(100, False, False, 0, 0, 42, 12, 0, 100, 1000, 96),
}


@dataclass(frozen=True)
class Choice:
    """A question with four answers, one of them right."""

    id: str
    cluster: str  # key of the term
    side: Side
    question: str
    unseen: str  # the same question in the unseen wording, "" where it is not asked
    choices: tuple[str, ...]
    gold: int


@dataclass(frozen=True)
class Told:
    """A question with its right answer, whose likelihood is measured."""

    id: str
    cluster: str
    group: Literal["held_out", "plain_definition", "general"]
    messages: tuple[dict[str, str], ...]

    @property
    def answer(self) -> str:
        return self.messages[-1]["content"].strip()


@dataclass(frozen=True)
class Prompt:
    """Something to answer, greedily."""

    id: str
    cluster: str
    group: Literal["case", "question", "general", "definition", "plain"]
    text: str
    cap: int  # tokens that the answer may have
    side: Side | Literal[""] = ""
    references: tuple[str, ...] = ()  # right answers to compare with
    expressions: tuple[dict[str, Any], ...] = ()  # {"term", "ideas"}


@dataclass(frozen=True)
class Items:
    """Everything that one evaluation asks."""

    suite: Suite
    seed: int
    build: str  # the build's hash
    choices: tuple[Choice, ...] = ()
    bare: tuple[Choice, ...] = ()  # the same questions, with the definitions as the entries have them
    cloze: tuple[Choice, ...] = ()
    told: tuple[Told, ...] = ()
    prompts: tuple[Prompt, ...] = ()

    @property
    def sha256(self) -> str:
        """Two evaluations can be compared when this is the same."""
        facts = asdict(self) | {"slang": slang_terms()}
        return sha256(json.dumps(facts, ensure_ascii=True, sort_keys=True).encode()).hexdigest()

    def limited(self, most: int) -> Items:
        """At most so many of each kind: for a quick look, and never comparable with the whole."""
        return replace(
            self,
            choices=_first(self.choices, lambda row: row.side, most),
            bare=_first(self.bare, lambda row: row.side, most),
            cloze=_first(self.cloze, lambda row: row.side, most),
            told=_first(self.told, lambda row: row.group, most),
            prompts=_first(self.prompts, lambda row: row.group + row.side, most),
        )


def make_items(
    build: BuildFolder, suite: Suite, seed: int = 3407, *, trained_terms: Collection[str] | None = None
) -> Items:
    """The items of a suite for the terms of a build.

    `trained_terms`: term keys that the questions about trained terms are kept to; None for all of the training split.
    Raises TrainError where the build has too few terms to ask about, or an evaluation file is damaged.
    """
    amounts = SUITES[suite]
    terms = Terms.read(build, seed, trained_terms)
    bare = _choices(terms, amounts, seed)
    items = Items(
        suite,
        seed,
        build.sha256,
        choices=tuple(replace(one, choices=tuple(map(wording.said, one.choices))) for one in bare),
        bare=tuple(replace(one, unseen="") for one in bare) if amounts.bare else (),
        cloze=_cloze(terms, amounts.cloze // 2, seed),
        told=(
            *_held_out(build, amounts.held_out_answers, seed),
            *_bare(terms, amounts.held_out_answers),
            *_general_answers(amounts.general_answers),
        ),
        prompts=(
            *_cases(amounts),
            *_sentences(amounts),
            *_general(amounts),
            *_plain(amounts),
            *_define(terms, amounts),
        ),
    )
    if not items.choices:
        raise TrainError(
            f"{build.folder}: no four definitions in it are short, undoubted and different enough to ask about; "
            "build from more data"
        )
    return items


# ---------------------------------------------------------------- from a build


def _choices(terms: Terms, amounts: Amounts, seed: int) -> tuple[Choice, ...]:
    """Which definition is right, half about held-out terms where there are so many."""
    found: list[Choice] = []
    for side in SIDES:
        most = amounts.choices // 2 if side == "held_out" else amounts.choices - len(found)
        asked = terms.definitions(side)[:most]
        for one in asked:
            if made := choices(one, asked, seed):
                unseen = wording.unseen(one.term) if amounts.unseen else ""
                found.append(Choice(one.id, one.cluster, side, wording.usual(one.term), unseen, *made))
    return tuple(found)


def _cloze(terms: Terms, most: int, seed: int) -> tuple[Choice, ...]:
    """Which term fits an example of its use."""
    found = []
    for side in SIDES:
        asked = terms.gaps(side)[:most]
        for one in asked:
            if made := choices(one, asked, seed):
                found.append(Choice(one.id, one.cluster, side, wording.which_fits(one.sentence), "", *made))  # noqa: PERF401
    return tuple(found)


def _define(terms: Terms, amounts: Amounts) -> Iterator[Prompt]:
    """Definitions to be generated."""
    for side in SIDES:
        for one in terms.definitions(side)[: amounts.definitions // 2]:
            yield Prompt(
                f"{side}-{one.id}",
                one.cluster,
                "definition",
                wording.usual(one.term),
                amounts.definition_tokens,
                side,
                (one.text, *one.also_right),
            )


def _held_out(build: BuildFolder, most: int, seed: int) -> Iterator[Told]:
    """What the clean data says about held-out terms, as conversations of the build."""
    rows = [row for split in SIDES["held_out"] for row in (build.conversations(split) if most else ())]
    rows = [row for row in rows if row.get("task") == "define_term" and row["messages"][-1]["role"] == "assistant"]
    for row in sorted(rows, key=lambda row: rank(seed, row["id"]))[:most]:
        yield Told(row["id"], term_key(str(row.get("term", ""))), "held_out", tuple(row["messages"]))


def _bare(terms: Terms, most: int) -> Iterator[Told]:
    """Definitions of held-out terms as the entries have them: in no answer's frame, which some training data has."""
    for one in terms.definitions("held_out")[:most]:
        asked = {"role": "user", "content": wording.usual(one.term)}
        yield Told(one.id, one.cluster, "plain_definition", (asked, {"role": "assistant", "content": one.text}))


# ---------------------------------------------------------------- from data/evaluation


def _cases(amounts: Amounts) -> Iterator[Prompt]:
    for row in evaluation_file("prompts.json", "expressions"):
        expressions = tuple(row["expressions"]) if row["id"] == "case-1" else ()  # of the second, no slang is asked
        yield Prompt(row["id"], row["id"], "case", row["text"], amounts.answer_tokens, expressions=expressions)


def _sentences(amounts: Amounts) -> Iterator[Prompt]:
    for row in evaluation_file("questions.json", "expressions")[: amounts.questions]:
        text = wording.meaning(row["text"])
        expressions = tuple(row["expressions"])
        yield Prompt(row["id"], row["id"], "question", text, amounts.answer_tokens, expressions=expressions)


def _general(amounts: Amounts) -> Iterator[Prompt]:
    for row in evaluation_file("general_prompts.json")[: amounts.general] if amounts.general else ():
        yield Prompt(row["id"], row["id"], "general", row["text"], amounts.answer_tokens)


def _plain(amounts: Amounts) -> Iterator[Prompt]:
    for row in evaluation_file("plain_english.json", "plain", "expressions")[: amounts.plain] if amounts.plain else ():
        yield Prompt(
            row["id"],
            row["id"],
            "plain",
            wording.plainly(row["text"]),
            amounts.answer_tokens,
            references=(row["plain"],),
            expressions=tuple(row["expressions"]),
        )


def _general_answers(most: int) -> Iterator[Told]:
    for row in evaluation_file("general_answers.json", "prompt")[:most] if most else ():
        asked = {"role": "user", "content": row["prompt"]}
        yield Told(row["id"], row["id"], "general", (asked, {"role": "assistant", "content": row["text"]}))


class Expression(TypedDict):
    """A slang expression, and what an answer that understands it mentions."""

    term: str
    ideas: list[str]


class Row(TypedDict):
    """A line of an evaluation file."""

    id: str
    text: str
    expressions: NotRequired[list[Expression]]
    prompt: NotRequired[str]
    plain: NotRequired[str]


def evaluation_file(name: str, *needed: str) -> list[Any]:
    """The rows of a file of data/evaluation, each with the keys `needed`. Raises TrainError naming what is not so."""
    path = EVALUATION / name
    advice = "it comes with the project: fetch it anew"
    try:
        rows = TypeAdapter(list[Row]).validate_json(path.read_bytes())
    except OSError as error:
        raise TrainError(f"{path}: {error.strerror}; {advice}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise TrainError(f"{path}: {where}: {first['msg']}; {advice}") from None
    for row in rows:
        if lacking := [key for key in needed if key not in row]:
            raise TrainError(f"{path}: {row['id']}: no {lacking[0]}; {advice}")
    return list(rows)


def _first(rows: Sequence[T], group: Callable[[T], str], most: int) -> tuple[T, ...]:
    """At most so many rows of each group, in their order."""
    seen: Counter[str] = Counter()
    kept = []
    for row in rows:
        seen[group(row)] += 1
        if seen[group(row)] <= most:
            kept.append(row)
    return tuple(kept)
