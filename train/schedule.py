"""Which rows are trained in which step: the same list for every backend and in every process."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import islice

from train.errors import TrainError
from train.examples import Example


def plan_steps(
    examples: Sequence[Example], *, batch: int, epochs: int, seed: int, max_trained_tokens: int | None = None
) -> list[list[Example]]:
    """The rows of each optimiser step, `batch` at a time; only the last step may have fewer.

    Each epoch is shuffled anew, from `seed`. With `max_trained_tokens` the last step is the one that reaches it, be it
    before the first epoch's end or after several; `epochs` does not count then. Inside a step rows stand by length:
    that changes no gradient, since a step's loss is the mean over all its trained tokens, and less padding is computed.
    """
    if max_trained_tokens is not None and max_trained_tokens < 1:
        raise TrainError(f"max_trained_tokens {max_trained_tokens}: expected 1 or more")
    if not examples:
        raise TrainError("no example: nothing to train on")
    rows = shuffled(examples, seed, None if max_trained_tokens else epochs)
    steps, trained = [], 0
    while step := list(islice(rows, batch)):
        steps.append(sorted(step, key=lambda row: len(row.input_ids)))
        trained += sum(row.trained_tokens for row in step)
        if max_trained_tokens and trained >= max_trained_tokens:
            break
    return steps


def shuffled(examples: Sequence[Example], seed: int, epochs: int | None) -> Iterator[Example]:
    """All examples in a new order for each epoch; without end where `epochs` is None."""
    epoch = 0
    while epochs is None or epoch < epochs:
        order = list(range(len(examples)))
        random.Random(f"{seed} {epoch}").shuffle(order)  # noqa: S311  # an order, no secret
        yield from (examples[place] for place in order)
        epoch += 1
