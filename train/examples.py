"""What a trainer is fed: token ids and labels, made by the one encode function and by nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curation.templates import IGNORED, EncodeError, try_encode_all
from train.base_models import LoadedTokenizer
from train.errors import TrainError


@dataclass(frozen=True, slots=True)
class Example:
    """One row of a training."""

    input_ids: list[int]
    labels: list[int]  # as long as input_ids: the id itself where it is trained, IGNORED elsewhere
    id: str

    @property
    def trained_tokens(self) -> int:
        """Tokens with a loss. The first token of a row is predicted from nothing, and never one of them."""
        return sum(label != IGNORED for label in self.labels[1:])


@dataclass(frozen=True, slots=True)
class Encodings:
    """The rows of a training, and the ids of those that were too long for it."""

    examples: list[Example]
    too_long: list[str]


def encode_conversations(
    conversations: Sequence[Mapping[str, Any]], loaded: LoadedTokenizer, max_length: int
) -> list[Example]:
    """Rows from conversations {"messages", "id", …}; what is longer than `max_length` tokens is left out.

    A cut answer would have no end of turn, and a model trained on it does not learn to stop. Raises TrainError for the
    first conversation that the template refuses, for a stand-in tokenizer, and where nothing is left.
    """
    return encode_counted(conversations, loaded, max_length).examples


def encode_counted(conversations: Sequence[Mapping[str, Any]], loaded: LoadedTokenizer, max_length: int) -> Encodings:
    """As `encode_conversations`, with the ids of what was left out."""
    refuse_stand_in(loaded)
    if not conversations:
        raise TrainError(
            "the training split is empty: nothing to train on; look at the build's report for where rows went"
        )
    try:
        results = try_encode_all([row["messages"] for row in conversations], loaded.tokenizer, loaded.settings)
    except (EncodeError, ValueError) as error:
        raise TrainError(f"the tokenizer's chat template cannot be used: {error}") from error
    rows = []
    for row, result in zip(conversations, results, strict=True):
        if isinstance(result, EncodeError):
            raise TrainError(f"conversation {row['id']}: the chat template refuses it: {result}")
        rows.append(Example(result.input_ids, result.labels, str(row["id"])))
    return sorted_out(rows, max_length)


def encode_text(texts: Sequence[str], loaded: LoadedTokenizer, max_length: int) -> list[Example]:
    """Rows of bare text: no template, no end of turn, every token trained; a begin token once, if there is one.

    This is how data is often trained by mistake, and the first step of the ladder; nothing else uses it.
    """
    refuse_stand_in(loaded)
    tokenizer = loaded.tokenizer
    begin = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
    tokenised = tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"] if texts else []
    rows = [begin + ids for ids in tokenised]
    return sorted_out(
        [Example(ids, list(ids), f"text-{number}") for number, ids in enumerate(rows)], max_length
    ).examples


def sorted_out(rows: Iterable[Example], max_length: int) -> Encodings:
    """Rows that can be trained; the too long ones by id."""
    short: list[Example] = []
    long: list[str] = []
    for row in rows:
        if len(row.input_ids) > max_length:
            long.append(row.id)
        elif row.trained_tokens:
            short.append(row)
    if not short:
        cause = (
            f"all {len(long):,} rows are longer than max_length {max_length:,} tokens" if long else "no row has text"
        )
        raise TrainError(f"nothing to train on: {cause}")
    return Encodings(short, long)


def refuse_stand_in(loaded: LoadedTokenizer) -> None:
    """A stand-in's ids are its own: a model trained on them would learn noise."""
    if loaded.source == "stand-in":
        raise TrainError(
            f"training needs the real tokenizer, and only a stand-in can be had ({loaded.note}). "
            "Connect to the Hub, give --base a folder that holds the model, or use --base lab"
        )
