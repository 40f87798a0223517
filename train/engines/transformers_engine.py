"""The reference engine: the model as transformers computes it, in the precision that it was loaded in.

Every row of a batch has its own places and mask, so a batch gives what each prompt gives alone, but for the last bits
of a sum that is added up in another order.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from train.engines.engine import Generation, Ids, Scored
from train.engines.planning import GrowingAnswer, check_prompts

if TYPE_CHECKING:
    import torch

LOGITS_AT_ONCE = 2**25  # float32 numbers of one batch's logits: 128 MiB, twice that while they are summed
PROMPTS_AT_ONCE = 64


class TransformersEngine:
    """A causal language model of transformers (a PeftModel too), on whatever device and in whatever type it has."""

    def __init__(self, model: Any, name: str = "transformers", source: str = "") -> None:
        self._model = model.eval()
        self._vocabulary = int(model.get_output_embeddings().weight.shape[0])
        self.name = name
        self.model = source or str(getattr(model.config, "_name_or_path", "")) or type(model).__name__

    def generate(
        self, prompt: Ids, *, max_new_tokens: int, stop_ids: frozenset[int], min_new_tokens: int = 0
    ) -> Generation:
        """See `Engine`."""
        return self._answers([prompt], max_new_tokens, stop_ids, min_new_tokens)[0]

    def generate_all(
        self, prompts: Sequence[Ids], *, max_new_tokens: int, stop_ids: frozenset[int]
    ) -> list[Generation]:
        """See `Engine`; prompts of about the same length are computed together."""
        answers: dict[int, Generation] = {}
        order = sorted(range(len(prompts)), key=lambda place: len(prompts[place]))
        for start in range(0, len(order), PROMPTS_AT_ONCE):
            places = order[start : start + PROMPTS_AT_ONCE]
            batch = self._answers([prompts[place] for place in places], max_new_tokens, stop_ids, 0)
            answers |= dict(zip(places, batch, strict=True))
        return [answers[place] for place in range(len(prompts))]

    def score(self, requests: Sequence[Scored]) -> list[list[list[float]]]:
        """See `Engine`. Raises ValueError for an empty prompt: nothing comes before the first token then."""
        scores: dict[int, list[list[float]]] = {}
        order = sorted(range(len(requests)), key=lambda place: len(requests[place].prompt))
        for places in _batches(requests, order, LOGITS_AT_ONCE // self._vocabulary):
            scores |= dict(zip(places, self._scores([requests[place] for place in places]), strict=True))
        return [scores[place] for place in range(len(requests))]

    def close(self) -> None:
        """See `Engine`."""
        self._model = None

    # ------------------------------------------------------------ one batch

    def _answers(
        self, prompts: Sequence[Ids], max_new_tokens: int, stop_ids: frozenset[int], min_new_tokens: int
    ) -> list[Generation]:
        """Greedy answers of a batch; a row leaves it when its answer has ended."""
        import torch

        started = time.perf_counter()
        answers = [GrowingAnswer(list(prompt), started) for prompt in prompts]
        stops = [stop for stop in sorted(stop_ids) if 0 <= stop < self._vocabulary]
        with torch.inference_mode():
            state = self._read(prompts)
            rows = list(range(len(prompts)))
            for step in range(max_new_tokens):
                logits = state.logits
                if step < min_new_tokens:
                    logits[:, stops] = float("-inf")
                chosen = logits.argmax(-1).tolist()
                for row, token in zip(rows, chosen, strict=True):
                    answers[row].take(token, stop_ids)
                going = [at for at, row in enumerate(rows) if not answers[row].ended]
                if not going or step + 1 == max_new_tokens:
                    break
                if len(going) < len(rows):
                    rows = [rows[at] for at in going]
                    state.select(going)
                self._step(state, [[chosen[at]] for at in going])
        return [answer.generation() for answer in answers]

    def _scores(self, requests: Sequence[Scored]) -> list[list[list[float]]]:
        """Prompts are read once, then each one's cache is repeated for every continuation of it."""
        import torch

        rows = [(at, ids) for at, request in enumerate(requests) for ids in request.continuations if len(ids)]
        found: Iterator[list[float]] = iter(())
        if rows:
            with torch.inference_mode():
                state = self._read([request.prompt for request in requests])
                state.select([at for at, _ in rows])
                found = iter(self._continue(state, [list(ids) for _, ids in rows]))
        return [[next(found) if len(ids) else [] for ids in request.continuations] for request in requests]

    def _continue(self, state: _State, rows: list[list[int]]) -> list[list[float]]:
        """Log-probabilities of each row's ids after what `state` has read."""
        import torch

        width = max(map(len, rows))
        first = state.logits[:, None]
        if width > 1:  # the last id is never fed: nothing comes after it
            logits = torch.cat([first, self._step(state, [row[:-1] for row in rows])], dim=1)
        else:
            logits = first
        targets = torch.tensor([row + [0] * (width - len(row)) for row in rows], device=logits.device)
        chosen = logits.gather(-1, targets[..., None])[..., 0] - logits.logsumexp(-1)
        return [values[: len(row)] for values, row in zip(chosen.tolist(), rows, strict=True)]

    def _read(self, prompts: Sequence[Ids]) -> _State:
        """Prompts, padded on the left."""
        import torch

        check_prompts(prompts)
        width = max(map(len, prompts))
        device = self._model.device
        ids = torch.tensor([[0] * (width - len(prompt)) + list(prompt) for prompt in prompts], device=device)
        mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts], device=device)
        out = self._model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=(mask.cumsum(-1) - 1).clamp(min=0),
            use_cache=True,
            logits_to_keep=1,
        )
        return _State(out.past_key_values, mask, out.logits[:, -1].float())

    def _step(self, state: _State, rows: list[list[int]]) -> torch.Tensor:
        """Logits (rows, width, vocabulary) after each of the ids, which are padded on the right; `state` moves on."""
        import torch

        width = max(map(len, rows))
        device = state.mask.device
        ids = torch.tensor([row + [0] * (width - len(row)) for row in rows], device=device)
        fresh = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows], device=device)
        read = state.mask.sum(-1, keepdim=True)
        state.mask = torch.cat([state.mask, fresh], dim=1)
        out = self._model(
            input_ids=ids,
            attention_mask=state.mask,
            position_ids=read + torch.arange(width, device=device),
            past_key_values=state.cache,
            use_cache=True,
        )
        logits: torch.Tensor = out.logits.float()
        state.logits = logits[:, -1]
        return logits


@dataclass
class _State:
    """What a batch has read: keys and values, the mask of what is not padding, the logits of each row's next token."""

    cache: Any
    mask: torch.Tensor  # (rows, tokens)
    logits: torch.Tensor  # (rows, vocabulary), float32

    def select(self, rows: list[int]) -> None:
        """Go on with these rows, in this order; a row may be named several times."""
        import torch

        places = torch.tensor(rows, device=self.mask.device)
        self.cache.batch_select_indices(places)
        self.mask, self.logits = self.mask[places], self.logits[places]


def _batches(requests: Sequence[Scored], order: list[int], tokens: int) -> Iterator[list[int]]:
    """Places of requests that are scored together: at most `tokens`, padding counted, but at least one request."""
    batch: list[int] = []
    rows = widest = 0
    for place in order:
        lengths = [len(ids) for ids in requests[place].continuations]
        count, length = rows + len(lengths), max([widest, *lengths])
        if batch and max(count * length, (len(batch) + 1) * len(requests[place].prompt)) > tokens:
            yield batch
            batch, count, length = [], len(lengths), max([0, *lengths])
        batch.append(place)
        rows, widest = count, length
    if batch:
        yield batch
