"""How likely a model finds right answers that it has not seen: negative log-likelihood (NLL) of the answers' tokens.

Per byte of the answer's UTF-8 text, so that models with different tokenizers can be compared; per token, as the loss of
training. The end of turn counts, since training teaches it; the question does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from train.engines.engine import Scored
from train.evaluation.items import Told
from train.evaluation.results import ItemValue
from train.evaluation.work import DIGITS, Pair, Record, Work, pairs

if TYPE_CHECKING:
    from train.base_models import LoadedTokenizer
    from train.engines.engine import Engine

NAME = "answers told"


def likelihood_work(told: Sequence[Told], loaded: LoadedTokenizer, chunk: int) -> Work:
    """{"nll": nats of the whole answer, "tokens"}, or {"fault"} where the template refuses the conversation."""
    found = pairs([one.messages for one in told], loaded)

    def ask(engine: Engine, places: list[int]) -> list[Record]:
        sound = {place: one for place in places if isinstance(one := found[place], Pair)}
        requests = [Scored(one.prompt, [[*one.answer, *one.end]]) for one in sound.values()]
        scores = dict(zip(sound, engine.score(requests), strict=True))
        return [
            {"nll": round(-sum(scores[place][0]), DIGITS), "tokens": len(scores[place][0])}
            if place in scores
            else {"fault": str(found[place])}
            for place in places
        ]

    return Work(NAME, [one.id for one in told], chunk, ask)


def judge(told: Sequence[Told], records: Sequence[Record]) -> Iterator[ItemValue]:
    """NLL of each answer, per byte and per token."""
    for one, record in zip(told, records, strict=True):
        if "nll" in record:
            size = len(one.answer.encode("utf-8", "replace"))
            yield ItemValue(f"{one.group}_nll", one.id, one.cluster, record["nll"] / size)
            yield ItemValue(f"{one.group}_nll_per_token", one.id, one.cluster, record["nll"] / record["tokens"])
