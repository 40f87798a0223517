"""Four-way choice by log-likelihood, as lm-evaluation-harness 0.4.13 scores `multiple_choice`.

    acc               the choice with the highest log-probability, summed over its tokens
    acc_norm          the same, divided by the characters of the choice
    acc_mutual_info   the same, less what the choice has by itself, after the begin token alone: an answer that is
                      always likely wins nothing. The headline.

A choice is an answer of the assistant; the end of turn is not scored. Guessing gives a quarter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from curation.templates import EncodeError
from train.engines.engine import Scored
from train.evaluation.distractors import CHOICES
from train.evaluation.items import Choice
from train.evaluation.results import ItemValue
from train.evaluation.work import DIGITS, Pair, Record, Work, begin_ids, pairs

if TYPE_CHECKING:
    from train.base_models import LoadedTokenizer
    from train.engines.engine import Engine

ALONE = "choices alone"
MEASURES = ("acc_mutual_info", "acc", "acc_norm")


def choice_work(name: str, choices: Sequence[Choice], loaded: LoadedTokenizer, chunk: int, *, unseen: bool) -> Work:
    """Scores of the four answers after the question; a record has "scores", or "fault" where it cannot be asked."""
    asked = [[[_user(one.unseen if unseen else one.question), _said(text)] for text in one.choices] for one in choices]
    found = pairs([conversation for four in asked for conversation in four], loaded)
    fours = [found[start : start + CHOICES] for start in range(0, len(found), CHOICES)]

    def ask(engine: Engine, places: list[int]) -> list[Record]:
        sound = {place: _sound(fours[place]) for place in places}
        requests = {
            place: Scored(four[0].prompt, [one.answer for one in four]) for place, four in sound.items() if four
        }
        scores = dict(zip(requests, engine.score(list(requests.values())), strict=True))
        return [
            {"scores": [_total(one) for one in scores[place]]} if place in scores else {"fault": _why(fours[place])}
            for place in places
        ]

    return Work(name, [one.id for one in choices], chunk, ask)


def alone_work(choices: Iterable[Choice], loaded: LoadedTokenizer, chunk: int) -> Work:
    """The score of every distinct answer after nothing but the begin token: {"score"}."""
    texts = list(dict.fromkeys(text for one in choices for text in one.choices))
    found = pairs([[_user("?"), _said(text)] for text in texts], loaded)
    begin = begin_ids(loaded)

    def ask(engine: Engine, places: list[int]) -> list[Record]:
        sound = {place: one.answer for place in places if isinstance(one := found[place], Pair)}
        scores = dict(zip(sound, engine.score([Scored(begin, list(sound.values()))])[0], strict=True)) if sound else {}
        return [{"score": _total(scores[place])} if place in scores else {"fault": "no ids"} for place in places]

    return Work(ALONE, texts, chunk, ask)


def judge(
    choices: Sequence[Choice], records: Sequence[Record], alone: dict[str, Record], prefix: str
) -> list[ItemValue]:
    """Whether each measure picks the right answer, for all terms and for each side; what had no ids is left out."""
    return [
        ItemValue(name, one.id, one.cluster, float(picked == one.gold))
        for one, record in zip(choices, records, strict=True)
        if "scores" in record
        for measure, picked in picks(
            record["scores"], [alone[text]["score"] for text in one.choices], one.choices
        ).items()
        for name in (f"{prefix}_{measure}", f"{prefix}_{measure}_{one.side}")
    ]


def picks(scores: Sequence[float], alone: Sequence[float], choices: Sequence[str]) -> dict[str, int]:
    """The choice that each measure picks; of equal ones the first."""
    by_length = [score / len(text) for score, text in zip(scores, choices, strict=True)]
    informed = [score - own for score, own in zip(scores, alone, strict=True)]
    return {name: _best(values) for name, values in zip(MEASURES, (informed, scores, by_length), strict=True)}


def _best(values: Sequence[float]) -> int:
    return max(range(len(values)), key=lambda place: values[place])


def _total(logprobs: Sequence[float]) -> float:
    return round(sum(logprobs), DIGITS)


def _user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def _said(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def _sound(four: Sequence[Pair | EncodeError]) -> list[Pair]:
    """The four, or nothing where one of them has no ids."""
    sound = [one for one in four if isinstance(one, Pair)]
    return sound if len(sound) == len(four) else []


def _why(four: Sequence[Pair | EncodeError]) -> str:
    return next(str(one) for one in four if isinstance(one, EncodeError))
