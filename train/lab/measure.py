"""How well a model knows what an answer should be: nats per byte of WordNet definitions that it has never seen.

    python -m train.lab.measure --model train/lab/model --wordnet /usr/share/wordnet
    python -m train.lab.measure --prompts data/evaluation/*prompts.json data/evaluation/questions.json

A figure per byte does not depend on the tokenizer, so that two models can be compared. The question is not counted. The
loss of the end-of-turn token is counted, its bytes are not. An answer repeats the word it was asked for inside a frame
("… means to …"), which is easy to foresee; so the meaning alone is measured as well. With --prompts it is counted how
many of its greedy answers are distinct and ended: a model that says the same to everything fits well and is of no use.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from train.errors import TrainError
from train.lab.corpus import Definition, corpus, messages
from train.lab.dictionaries import synsets

if TYPE_CHECKING:
    import torch
    from transformers import LlamaForCausalLM, PreTrainedTokenizerBase

    from curation.templates import Encoded

BATCH = 32  # answers at once
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Fit:
    """Nats, a byte of the text that is judged."""

    definitions: int
    answer_nats_per_byte: float  # the whole answer
    meaning_nats_per_byte: float  # the definition in it, without frame, word and full stop
    nats_per_token: float  # the whole answer with its end of turn
    tokens: int
    bytes: int


def fit(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerBase, definitions: Sequence[Definition]) -> Fit:
    """The mean over all bytes of all answers, each answer asked for alone. Raises TrainError without definitions."""
    from curation.templates import encode_all

    if not definitions:
        raise TrainError("no definition to measure on: the WordNet given has no meaning that is held out")
    encoded = encode_all([messages(d.question, d.answer) for d in definitions], tokenizer)
    answer_nats = meaning_nats = 0.0
    tokens = 0
    for definition, one, nats in zip(definitions, encoded, _nats(model, encoded), strict=True):
        start = one.text.rindex(definition.meaning)
        within = _inside(tokenizer, one.text, start, start + len(definition.meaning))
        trained = [place for place, counts in enumerate(one.loss_mask) if counts]
        answer_nats += sum(nats[place] for place in trained)
        meaning_nats += sum(nats[place] for place in trained if within[place])
        tokens += len(trained)
    size = sum(len(d.answer.encode()) for d in definitions)
    meaning_size = sum(len(d.meaning.encode()) for d in definitions)
    return Fit(len(definitions), answer_nats / size, meaning_nats / meaning_size, answer_nats / tokens, tokens, size)


@dataclass(frozen=True)
class Variety:
    """Greedy answers: shares of their number."""

    answers: int
    distinct: float
    most_frequent: float
    ended: float


def variety(answers: Sequence[tuple[str, bool]]) -> Variety:
    """What is distinct and ended of the answers that `greedy` gave. Raises TrainError without answers."""
    if not answers:
        raise TrainError("no prompt to answer: the files given hold an empty list")
    counts = Counter(answer for answer, _ in answers)
    total = len(answers)
    ended = sum(stopped for _, stopped in answers)
    return Variety(total, len(counts) / total, max(counts.values()) / total, ended / total)


def _nats(model: LlamaForCausalLM, encoded: Sequence[Encoded]) -> Iterator[list[float]]:
    """For every conversation the loss of each of its tokens, given those before it; 0 for the first."""
    import torch
    from torch.nn.functional import cross_entropy

    model.eval()  # type: ignore[no-untyped-call]
    for begin in range(0, len(encoded), BATCH):
        batch = [one.input_ids for one in encoded[begin : begin + BATCH]]
        longest = max(map(len, batch))
        # Padding stands on the right, where a causal model does not look back from: no attention mask is needed.
        ids = torch.tensor([row + [0] * (longest - len(row)) for row in batch])
        with torch.inference_mode():
            logits = model(input_ids=ids, use_cache=False).logits.float()
        loss = cross_entropy(logits[:, :-1].transpose(1, 2), ids[:, 1:], reduction="none")
        for row, values in zip(batch, loss.tolist(), strict=True):
            yield [0.0, *values[: len(row) - 1]]


def _inside(tokenizer: PreTrainedTokenizerBase, text: str, start: int, stop: int) -> list[bool]:
    """For each token of the text whether it shares a character with text[start:stop]."""
    offsets = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    return [left < stop and right > start for left, right in offsets]


def greedy(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerBase, questions: Sequence[str], longest: int = 64
) -> list[tuple[str, bool]]:
    """For each question the answer, and whether it was ended within `longest` tokens."""
    import torch

    from curation.templates import prompt_ids

    model.eval()  # type: ignore[no-untyped-call]
    answers = []
    for question in questions:
        ids = torch.tensor([prompt_ids(messages(question), tokenizer)])
        with torch.inference_mode():
            made = model.generate(  # type: ignore[misc]
                ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=longest
            )[0, ids.shape[1] :]
        answers.append(
            (str(tokenizer.decode(made, skip_special_tokens=True)), bool(made[-1] == tokenizer.eos_token_id))
        )
    return answers


def read_prompts(paths: Sequence[Path]) -> list[str]:
    """The texts of JSON lists of objects with a key text. Raises TrainError."""
    texts: list[str] = []
    for path in paths:
        try:
            texts += [str(prompt["text"]) for prompt in json.loads(path.read_text(encoding="utf-8"))]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise TrainError(f"{path}: expected a JSON list of objects with a key text ({error!r})") from error
    return texts


def load(folder: Path, dtype: torch.dtype | None = None) -> tuple[LlamaForCausalLM, PreTrainedTokenizerBase]:
    """Model (in 32-bit numbers where nothing else is said) and tokenizer of a folder. Raises TrainError."""
    import torch
    from transformers import AutoTokenizer, LlamaForCausalLM

    if not (folder / "config.json").is_file():
        raise TrainError(f"{folder}: no config.json there; give --model a folder that train.lab.pretrain wrote")
    try:
        model = LlamaForCausalLM.from_pretrained(folder, dtype=dtype or torch.float32, local_files_only=True)
        return model, AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except Exception as error:  # whatever a broken file makes of these libraries
        raise TrainError(f"{folder}: no model can be read there ({' '.join(str(error).split())[:200]})") from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print one JSON object."""
    given = _parser().parse_args(arguments)
    try:
        model, tokenizer = load(given.model)
        measured: Fit | Variety
        if given.prompts:
            measured = variety(greedy(model, tokenizer, read_prompts(given.prompts)))
        else:
            measured = fit(model, tokenizer, corpus(synsets(given.wordnet)).held_out)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(asdict(measured), indent=2))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m train.lab.measure", description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=HERE / "model", help="folder of the model (default: the lab's)")
    parser.add_argument("--wordnet", type=Path, default=Path("/usr/share/wordnet"), help="WordNet's data files")
    parser.add_argument("--prompts", type=Path, nargs="+", help="count distinct answers instead; files of prompts")
    return parser


if __name__ == "__main__":
    sys.exit(main())
