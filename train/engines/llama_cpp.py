"""The quantised engine: a GGUF file under llama.cpp, on the CPU.

Weights are read once a step whatever the number of sequences, so that several answers are made at once, and all
continuations of a prompt are scored in one batch. Ids that prompts begin with alike are computed once and kept in
sequence 0, the root; other sequences share its cells.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import count, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from train.engines.engine import Generation, Ids, Scored
from train.engines.llama_interface import complaints, llama_interface
from train.engines.planning import GrowingAnswer, Unit, check_prompts, groups, shared_start, units
from train.errors import TrainError

if TYPE_CHECKING:
    import numpy as np

BATCH = 512  # ids computed at once; llama.cpp keeps logits for as many
SEQUENCES = 64  # the root among them
AT_ONCE = 8  # answers made at once
F32 = 0  # ggml_type
SMALLEST_CONTEXT = 2048  # cells, each the keys and values of one id

Reader = Callable[[int, "np.ndarray[Any, Any]"], None]  # who reads, logits


class Fed(NamedTuple):
    """An id that is computed: where it stands, in which sequences, and who reads the logits after it."""

    token: int
    place: int
    sequences: Sequence[int]
    reader: int = -1  # -1: nobody


class LlamaCppEngine:
    """A GGUF file, loaded. `threads`: None for one on each physical core. Raises TrainError, as every method may."""

    def __init__(self, file: Path, name: str = "llama.cpp", *, threads: int | None = None) -> None:
        self.name, self.model = name, str(file)
        self._llama = llama_interface()
        self._threads = threads or _physical_cores()
        self._handle: int | None = self._load(file)
        self._vocabulary = self._llama.llama_vocab_n_tokens(self._llama.llama_model_get_vocab(self._handle))
        self._batch = self._llama.llama_batch_init(BATCH, 0, SEQUENCES)
        self._context: int | None = None
        self._cells = 0
        self._root: list[int] = []

    def generate(
        self, prompt: Ids, *, max_new_tokens: int, stop_ids: frozenset[int], min_new_tokens: int = 0
    ) -> Generation:
        """See `Engine`. Nothing of an earlier prompt is used again: its time is that of a first question."""
        self._forget()
        return self._answers([prompt], max_new_tokens, stop_ids, min_new_tokens)[0]

    def generate_all(
        self, prompts: Sequence[Ids], *, max_new_tokens: int, stop_ids: frozenset[int]
    ) -> list[Generation]:
        """See `Engine`; a prompt takes the place of an answer that has ended, and its time begins there."""
        return self._answers(prompts, max_new_tokens, stop_ids, 0)

    def score(self, requests: Sequence[Scored]) -> list[list[list[float]]]:
        """See `Engine`. Raises ValueError for an empty prompt: nothing comes before the first token then."""
        found: dict[tuple[int, tuple[int, ...]], list[float]] = {}
        for group in groups(units(requests, BATCH, SEQUENCES - 1), BATCH, SEQUENCES - 1):
            self._score_group(group, found)
        return [
            [found.get((number, tuple(ids)), []) for ids in request.continuations]
            for number, request in enumerate(requests)
        ]

    def close(self) -> None:
        """See `Engine`."""
        if self._handle:
            self._close_context()
            self._llama.llama_batch_free(self._batch)
            self._llama.llama_model_free(self._handle)
            self._handle = None

    # ------------------------------------------------------------ answers

    def _answers(
        self, prompts: Sequence[Ids], max_new_tokens: int, stop_ids: frozenset[int], min_new_tokens: int
    ) -> list[Generation]:
        check_prompts(prompts)
        answers = [GrowingAnswer(list(prompt)) for prompt in prompts]
        shared = shared_start([answer.prompt[:-1] for answer in answers])
        longest = max((len(answer.prompt) for answer in answers), default=0) + max_new_tokens - len(shared)
        self._make_room(len(shared) + longest * min(AT_ONCE, len(answers)))
        started = time.perf_counter()
        self._grow_root(shared)
        waiting, going = iter(answers), dict[int, GrowingAnswer]()
        free = list(range(AT_ONCE, 0, -1))
        while True:
            while free and (answer := next(waiting, None)):
                answer.started = started
                going[free.pop()] = answer
            if not going:
                return [answer.generation() for answer in answers]
            self._answer_step(going, stop_ids, min_new_tokens)
            started = time.perf_counter()
            for sequence in [one for one, answer in going.items() if answer.is_done(max_new_tokens)]:
                self._drop(sequence)
                free.append(sequence)
                del going[sequence]

    def _answer_step(self, going: dict[int, GrowingAnswer], stop_ids: frozenset[int], min_new_tokens: int) -> None:
        """One more token for every answer under way; a new one reads its prompt first."""
        fed: list[Fed] = []
        for sequence, answer in going.items():
            if answer.ids:
                fed.append(Fed(answer.ids[-1], len(answer.prompt) + len(answer.ids) - 1, [sequence], sequence))
            else:
                self._branch(sequence)
                fed += self._beyond_root(answer.prompt, [sequence], reader=sequence)

        def read(sequence: int, logits: np.ndarray[Any, Any]) -> None:
            answer = going[sequence]
            if len(answer.ids) < min_new_tokens:
                logits[[stop for stop in stop_ids if 0 <= stop < len(logits)]] = float("-inf")
            answer.take(int(logits.argmax()), stop_ids)

        self._decode(fed, read)

    # ------------------------------------------------------------ scores

    def _score_group(self, group: list[Unit], found: dict[tuple[int, tuple[int, ...]], list[float]]) -> None:
        """Prompts and continuations of several requests at once; a prompt's ids belong to all its sequences."""
        shared = shared_start([unit.prompt[:-1] for unit in group])
        self._make_room(len(shared) + sum(unit.cost(len(shared)) for unit in group))
        self._grow_root(shared)
        fed: list[Fed] = []
        wanted: list[list[tuple[list[float], int]]] = []  # by reader: where a log-probability goes, and of which id
        numbers = count(1)
        for unit in group:
            sequences = [next(numbers) for _ in unit.continuations]
            scores: list[list[float]] = [[] for _ in sequences]
            wanted.append([(values, ids[0]) for values, ids in zip(scores, unit.continuations, strict=True)])
            fed += self._beyond_root(unit.prompt, sequences, reader=len(wanted) - 1)
            for sequence, values, ids in zip(sequences, scores, unit.continuations, strict=True):
                for place, (token, target) in enumerate(pairwise(ids), start=len(unit.prompt)):
                    fed.append(Fed(token, place, [sequence], len(wanted)))
                    wanted.append([(values, target)])
                found[unit.number, ids] = values
                self._branch(sequence)

        def read(number: int, logits: np.ndarray[Any, Any]) -> None:
            total = _log_sum_exp(logits)
            for values, target in wanted[number]:
                values.append(float(logits[target]) - total)

        self._decode(fed, read)
        for sequence in range(1, next(numbers)):
            self._drop(sequence)

    # ------------------------------------------------------------ sequences of the context

    def _beyond_root(self, prompt: list[int], sequences: Sequence[int], reader: int) -> list[Fed]:
        """A prompt's ids that the root does not hold, the last one's logits for `reader`."""
        start = len(self._root)
        fed = [Fed(token, place, sequences) for place, token in enumerate(prompt[start:], start)]
        return [*fed[:-1], fed[-1]._replace(reader=reader)]

    def _grow_root(self, ids: list[int]) -> None:
        """Make sequence 0 hold exactly these ids, with as little computing as can be."""
        kept = len(shared_start([self._root, ids]))
        self._llama.llama_memory_seq_rm(self._memory, 0, kept, -1)
        self._root = ids[:kept]
        self._decode([Fed(token, place, [0]) for place, token in enumerate(ids[kept:], kept)], _nobody)
        self._root = ids

    def _branch(self, sequence: int) -> None:
        self._llama.llama_memory_seq_cp(self._memory, 0, sequence, -1, -1)

    def _drop(self, sequence: int) -> None:
        self._llama.llama_memory_seq_rm(self._memory, sequence, -1, -1)

    def _forget(self) -> None:
        if self._context:
            self._llama.llama_memory_clear(self._memory, False)
        self._root = []

    def _decode(self, fed: Sequence[Fed], read: Reader) -> None:
        """Compute ids in batches; each reader gets its logits (vocabulary, float32), in the order of `fed`."""
        import numpy as np

        for start in range(0, len(fed), BATCH):
            part = fed[start : start + BATCH]
            self._fill(part)
            if code := self._llama.llama_decode(self._context, self._batch):
                self._forget()
                raise TrainError(f"llama.cpp cannot compute {len(part)} tokens (code {code}): {complaints()}")
            for place, one in enumerate(part):
                if one.reader >= 0:
                    logits = self._llama.llama_get_logits_ith(self._context, place)
                    read(one.reader, np.ctypeslib.as_array(logits, (self._vocabulary,)))

    def _fill(self, part: Sequence[Fed]) -> None:
        batch = self._batch
        batch.n_tokens = len(part)
        for at, one in enumerate(part):
            if not 0 <= one.token < self._vocabulary:
                raise ValueError(f"id {one.token} is not in the vocabulary of {self._vocabulary}: {self.model}")
            batch.token[at], batch.pos[at] = one.token, one.place
            batch.n_seq_id[at], batch.logits[at] = len(one.sequences), one.reader >= 0
            for number, sequence in enumerate(one.sequences):
                batch.seq_id[at][number] = sequence

    # ------------------------------------------------------------ loading

    def _load(self, file: Path) -> int:
        if not file.is_file():
            raise TrainError(f"llama.cpp: no such file: {file}")
        params = self._llama.llama_model_default_params()
        params.n_gpu_layers = 0
        handle: int | None = self._llama.llama_model_load_from_file(str(file).encode(), params)
        if not handle:
            raise TrainError(f"llama.cpp cannot load {file}: {complaints()}")
        return handle

    @property
    def _memory(self) -> int:
        return int(self._llama.llama_get_memory(self._context))

    def _make_room(self, cells: int) -> None:
        """A context of at least so many cells, sequences sharing them; what an old one held is lost."""
        if cells <= self._cells:
            return
        self._close_context()
        params = self._llama.llama_context_default_params()
        params.n_ctx = max(SMALLEST_CONTEXT, 1 << (cells - 1).bit_length())
        params.n_batch = params.n_ubatch = BATCH
        params.n_seq_max, params.kv_unified = SEQUENCES, True
        params.type_k = params.type_v = F32  # f16 and flash attention were no faster, and less exact
        params.flash_attention = 0
        params.n_outputs_max_per_seq = 0  # as many as wanted
        params.n_threads = params.n_threads_batch = self._threads
        self._context = self._llama.llama_init_from_model(self._handle, params)
        if not self._context:
            raise TrainError(f"llama.cpp has no memory for {params.n_ctx} tokens of {self.model}: {complaints()}")
        self._check_context(params)
        self._cells = params.n_ctx

    def _check_context(self, params: Any) -> None:
        """What was set is what the context says: a structure laid out in another way cannot pass unseen."""
        for name in ("n_batch", "n_seq_max", "n_threads", "n_threads_batch", "n_ctx_seq"):
            said = getattr(self._llama, f"llama_{name}")(self._context)
            if said != (expected := getattr(params, name.removesuffix("_seq") if name == "n_ctx_seq" else name)):
                raise TrainError(
                    f"llama.cpp took {name} = {expected} for {said}: this xllamacpp is of another layout; "
                    "install the version of pyproject.toml: pip install '.[train]'"
                )

    def _close_context(self) -> None:
        if self._context:
            self._llama.llama_free(self._context)
        self._context, self._cells, self._root = None, 0, []


def _log_sum_exp(logits: np.ndarray[Any, Any]) -> float:
    """Of float32 numbers, added up in float64."""
    import numpy as np

    most = logits.max()
    return float(most) + float(np.log(np.exp(logits - most).sum(dtype=np.float64)))


def _nobody(_: int, __: np.ndarray[Any, Any]) -> None:
    """Reads no logits."""


def _physical_cores() -> int:
    """Cores that this process may use; a second thread on a core only gets in the way."""
    import joblib

    return int(joblib.cpu_count(only_physical_cores=True))
