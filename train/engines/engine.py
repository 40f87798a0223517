"""What an engine is: something that continues token ids and says how likely a continuation is.

Every engine is given the same ids, made by `curation.templates.prompt_ids`: no engine renders a template by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

Ids = Sequence[int]


@dataclass(frozen=True)
class Generation:
    """A greedy answer."""

    ids: list[int]  # without the id that ended it
    ended: bool  # False: cut off at max_new_tokens
    seconds_to_first: float  # to the first token, the prompt's computation included
    seconds: float  # the whole answer


@dataclass(frozen=True)
class Scored:
    """Continuations of one prompt, to be scored."""

    prompt: Ids
    continuations: list[Ids] = field(default_factory=list)


class Engine(Protocol):
    """A loaded model. Ids in, ids and log-probabilities (natural logarithm) out."""

    name: str  # "transformers", "llama.cpp q4_k_m", …
    model: str  # what was loaded: a folder, a file or a Hub id

    def generate(
        self, prompt: Ids, *, max_new_tokens: int, stop_ids: frozenset[int], min_new_tokens: int = 0
    ) -> Generation:
        """The greedy continuation of a prompt, up to a stop id; below `min_new_tokens` no stop id is chosen."""
        ...

    def generate_all(
        self, prompts: Sequence[Ids], *, max_new_tokens: int, stop_ids: frozenset[int]
    ) -> list[Generation]:
        """As `generate`, for many prompts, in their order; an engine may compute several at once."""
        ...

    def score(self, requests: Sequence[Scored]) -> list[list[list[float]]]:
        """For each request and continuation, the log-probability of each of its tokens, given all before it.

        A prompt is computed once for all its continuations; ids that prompts share may be computed once for all.
        """
        ...

    def close(self) -> None:
        """Give memory back."""
        ...
