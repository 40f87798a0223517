"""Things to ask an engine, one record each: what is asked here is judged elsewhere, from the records alone.

So an evaluation that was interrupted goes on with what it has, and no record depends on where it was cut: the chunks in
which things are asked are always the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from curation.chat.format import chat_format
from curation.templates import IGNORED, Conversation, EncodeError, try_encode_all

if TYPE_CHECKING:
    from train.base_models import LoadedTokenizer
    from train.engines.engine import Engine

Record = dict[str, Any]
DIGITS = 6  # of a log-probability: the seventh depends on the machine


@dataclass(frozen=True)
class Work:
    """One kind of question to an engine."""

    name: str
    keys: list[str]  # one for each record
    chunk: int  # how many are asked at once
    ask: Callable[[Engine, list[int]], list[Record]]  # the records of these places

    def chunks(self) -> Iterable[list[int]]:
        """The places, in the chunks in which they are always asked."""
        for start in range(0, len(self.keys), self.chunk):
            yield list(range(start, min(start + self.chunk, len(self.keys))))


@dataclass(frozen=True)
class Pair:
    """A question and its answer as ids: the answer's are cut from the ids of the whole conversation, as in training."""

    prompt: list[int]
    answer: list[int]  # without the end of turn
    end: list[int]  # the ids that end the turn


def pairs(conversations: Sequence[Conversation], loaded: LoadedTokenizer) -> list[Pair | EncodeError]:
    """Prompt and answer of each conversation, whose last message is its only answer."""
    end = len(chat_format(loaded.tokenizer, loaded.settings).final.end_ids)
    encoded = try_encode_all(conversations, loaded.tokenizer, loaded.settings)
    return [one if isinstance(one, EncodeError) else _pair(one.input_ids, one.labels, end) for one in encoded]


def _pair(ids: list[int], labels: list[int], end: int) -> Pair:
    trained = [place for place, label in enumerate(labels) if label != IGNORED]
    start, stop = trained[0], trained[-1] + 1
    return Pair(ids[:start], ids[start : stop - end], ids[stop - end : stop])


def stop_ids(loaded: LoadedTokenizer) -> frozenset[int]:
    """The ids at which an answer is over: the first of the end of turn, and the tokenizer's own end of text."""
    first = chat_format(loaded.tokenizer, loaded.settings).final.end_ids[0]
    eos = loaded.tokenizer.eos_token_id
    return frozenset({first} if eos is None else {first, int(eos)})


def begin_ids(loaded: LoadedTokenizer) -> list[int]:
    """What stands before a text that nothing precedes: as lm-evaluation-harness, the begin token or the end token."""
    tokenizer = loaded.tokenizer
    return [int(tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id)]
