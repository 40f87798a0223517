"""What engines plan before they compute: answers that grow, and requests that go into one batch."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from train.engines.engine import Generation, Ids, Scored


@dataclass
class GrowingAnswer:
    """An answer that is being made; times by time.perf_counter."""

    prompt: list[int]
    started: float = 0.0
    ids: list[int] = field(default_factory=list)
    ended: bool = False
    first: float = 0.0
    last: float = 0.0

    def take(self, token: int, stop_ids: frozenset[int]) -> None:
        """The next token; a stop id ends the answer and is not part of it."""
        self.last = time.perf_counter()
        self.first = self.first or self.last
        self.ended = token in stop_ids
        if not self.ended:
            self.ids.append(token)

    def is_done(self, max_new_tokens: int) -> bool:
        return self.ended or len(self.ids) >= max_new_tokens

    def generation(self) -> Generation:
        return Generation(self.ids, self.ended, self.first - self.started, self.last - self.started)


@dataclass(frozen=True)
class Unit:
    """Continuations of one request that fit in a batch."""

    number: int  # the request
    prompt: list[int]
    continuations: list[tuple[int, ...]]

    def cost(self, shared: int) -> int:
        """Ids to be computed beyond the `shared` first ones; a continuation's last id is not."""
        return len(self.prompt) - shared + sum(len(ids) - 1 for ids in self.continuations)


def units(requests: Sequence[Scored], tokens: int, sequences: int) -> Iterator[Unit]:
    """Requests, each continuation once; one that goes beyond the tokens or sequences of a batch in several pieces."""
    check_prompts([request.prompt for request in requests])
    for number, request in enumerate(requests):
        unit = Unit(number, list(request.prompt), [])
        for ids in dict.fromkeys(tuple(ids) for ids in request.continuations if len(ids)):
            full = len(unit.continuations) == sequences or unit.cost(0) + len(ids) - 1 > tokens
            if unit.continuations and full:
                yield unit
                unit = Unit(number, unit.prompt, [])
            unit.continuations.append(ids)
        if unit.continuations:
            yield unit


def groups(found: Iterable[Unit], tokens: int, sequences: int) -> Iterator[list[Unit]]:
    """Units for one batch, those of like prompts together: then their common beginning is computed once."""
    group: list[Unit] = []
    shared: list[int] = []
    for unit in sorted(found, key=lambda unit: unit.prompt):
        before = unit.prompt[:-1]
        alike = shared_start([shared, before]) if group else before
        larger = [*group, unit]
        cost = sum(one.cost(len(alike)) for one in larger)
        if group and (cost > tokens or sum(len(one.continuations) for one in larger) > sequences):
            yield group
            larger, alike = [unit], before
        group, shared = larger, alike
    if group:
        yield group


def shared_start(rows: Sequence[list[int]]) -> list[int]:
    """The ids that all rows begin with."""
    if not rows:
        return []
    least, most = min(rows), max(rows)
    return [one for one, _ in takewhile(lambda pair: pair[0] == pair[1], zip(least, most, strict=False))]


def check_prompts(prompts: Sequence[Ids]) -> None:
    """Raises ValueError for an empty prompt."""
    if not all(len(prompt) for prompt in prompts):
        raise ValueError("a prompt has no token: nothing comes before the first token to be said")
