"""Make the lab's base model from nothing: corpus, tokenizer, pre-training, weights.

    python -m train.lab.pretrain --wordnet /usr/share/wordnet --dictd /usr/share/dictd --out train/lab/model

Matrices inside the blocks are trained by Muon (Jordan et al. 2024, as in torch.optim), embeddings and norms by AdamW;
the learning rate rises over the first steps and then falls to zero in a straight line. What step k trains on depends
on k alone, so that a run that was killed goes on from its last checkpoint in `--work` and ends in the same weights.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import time
from array import array
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.errors import TrainError
from train.lab.corpus import Corpus, corpus
from train.lab.dictionaries import devil, jargon, synsets
from train.lab.measure import fit
from train.lab.tokenizer import BEGIN, PAD, TURN, VOCABULARY, train_tokenizer

if TYPE_CHECKING:
    import torch
    from transformers import LlamaForCausalLM, PreTrainedTokenizerBase

WATCHED = 300  # definitions measured while it trains
ENCODED = 10_000  # conversations at once: all of them would take 5 GB


@dataclass(frozen=True)
class Settings:
    """All that the weights depend on, beside the text and the versions of the libraries."""

    vocabulary: int = VOCABULARY
    hidden_size: int = 256
    intermediate_size: int = 768
    layers: int = 4
    heads: int = 4
    key_value_heads: int = 2
    row: int = 256  # tokens
    rows: int = 16  # rows a step
    steps: int = 2000
    warmup: int = 50  # steps
    muon_rate: float = 0.02
    adam_rate: float = 0.004
    weight_decay: float = 0.05
    bfloat16: bool = True  # matrix products; weights and sums stay in 32 bits
    seed: int = 3407


# ---------------------------------------------------------------- text


def rows_of_tokens(corpus: Corpus, tokenizer: PreTrainedTokenizerBase, length: int) -> torch.Tensor:
    """All conversations one after another, cut into rows: (rows, length) token ids; what is left over is dropped."""
    import torch

    from curation.templates import encode_all

    ids = array("H")
    for begin in range(0, len(corpus.train), ENCODED):
        for one in encode_all(corpus.train[begin : begin + ENCODED], tokenizer):
            ids.extend(one.input_ids)
    whole = len(ids) // length
    if not whole:
        raise TrainError(f"the text has {len(ids)} tokens; one row needs {length}: give larger dictionaries")
    return torch.tensor(ids[: whole * length], dtype=torch.int16).view(whole, length)


def batch(rows: torch.Tensor, step: int, settings: Settings) -> torch.Tensor:
    """The rows of one step: every epoch goes through all rows, in an order of its own."""
    import torch

    places = range(step * settings.rows, (step + 1) * settings.rows)
    epochs = [divmod(place, len(rows)) for place in places]
    return rows[torch.stack([_order(len(rows), settings.seed + epoch)[within] for epoch, within in epochs])].long()


@lru_cache(maxsize=2)
def _order(count: int, seed: int) -> torch.Tensor:
    import torch

    return torch.randperm(count, generator=torch.Generator().manual_seed(seed))


# ---------------------------------------------------------------- model and optimizers


def new_model(tokenizer: PreTrainedTokenizerBase, settings: Settings) -> LlamaForCausalLM:
    """A Llama with random weights, the same for the same seed."""
    import torch
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

    begin, end, pad = (tokenizer.get_vocab()[token] for token in (BEGIN, TURN, PAD))
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=settings.hidden_size,
        intermediate_size=settings.intermediate_size,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        num_key_value_heads=settings.key_value_heads,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        rms_norm_eps=1e-5,
        bos_token_id=begin,
        eos_token_id=end,
        pad_token_id=pad,
    )
    torch.manual_seed(settings.seed)
    model = LlamaForCausalLM(config)  # type: ignore[no-untyped-call]
    stops = {"bos_token_id": begin, "eos_token_id": end, "pad_token_id": pad}
    model.generation_config = GenerationConfig(**stops, do_sample=False)  # type: ignore[no-untyped-call]
    return model


def optimizers(model: LlamaForCausalLM, settings: Settings) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the blocks, AdamW for the rest."""
    import torch

    matrices = [weight for name, weight in model.named_parameters() if ".layers." in name and weight.ndim == 2]
    rest = [weight for name, weight in model.named_parameters() if not (".layers." in name and weight.ndim == 2)]
    return [
        torch.optim.Muon(matrices, lr=settings.muon_rate, weight_decay=settings.weight_decay),
        torch.optim.AdamW(rest, lr=settings.adam_rate, betas=(0.9, 0.95), weight_decay=0.0, fused=True),
    ]


def rate(step: int, settings: Settings) -> float:
    """The share of the full learning rate at a step: up in a straight line, then down to zero."""
    rising = (step + 1) / settings.warmup
    falling = (settings.steps - step) / max(1, settings.steps - settings.warmup)
    return min(rising, falling, 1.0)


def loss_of(model: LlamaForCausalLM, ids: torch.Tensor, settings: Settings) -> torch.Tensor:
    """Mean loss of every token but the first of each row; ids is (rows, tokens)."""
    import torch
    from torch.nn.functional import cross_entropy

    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=settings.bfloat16):
        logits = model(input_ids=ids, use_cache=False).logits[:, :-1]
    return cross_entropy(logits.float().flatten(0, 1), ids[:, 1:].flatten())


# ---------------------------------------------------------------- the run


class Run:
    """A training that can be killed at any moment: its state is a file in a working folder."""

    def __init__(self, rows: torch.Tensor, tokenizer: PreTrainedTokenizerBase, settings: Settings, work: Path) -> None:
        self.rows, self.settings, self.work = rows, settings, work
        self.model = new_model(tokenizer, settings)
        self.optimizers = optimizers(self.model, settings)
        self.step = 0
        self.key = sha256(json.dumps(asdict(settings)).encode() + rows.numpy().tobytes()).hexdigest()
        self.resume()

    def advance(self) -> float:
        """One step; its loss."""
        self.model.train()
        loss = loss_of(self.model, batch(self.rows, self.step, self.settings), self.settings)
        loss.backward()  # type: ignore[no-untyped-call]
        for optimizer, full in zip(self.optimizers, (self.settings.muon_rate, self.settings.adam_rate), strict=True):
            for group in optimizer.param_groups:
                group["lr"] = full * rate(self.step, self.settings)
            optimizer.step()
            optimizer.zero_grad()
        self.step += 1
        return float(loss.detach())

    def save(self) -> None:
        """Everything that the rest of the run depends on."""
        import torch

        self.work.mkdir(parents=True, exist_ok=True)
        state = {
            "key": self.key,
            "step": self.step,
            "model": self.model.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
        }
        torch.save(state, self.work / "checkpoint.part")
        (self.work / "checkpoint.part").replace(self.work / "checkpoint.pt")

    def resume(self) -> None:
        """Go on from a checkpoint of this very run. Raises TrainError for that of another one."""
        import torch

        path = self.work / "checkpoint.pt"
        if not path.is_file():
            return
        try:
            state = torch.load(path, weights_only=True)
        except Exception as error:  # whatever a broken file makes of pickle and zip
            raise TrainError(f"{path}: cannot be read; delete it to start anew") from error
        if not isinstance(state, dict) or state.get("key") != self.key:
            raise TrainError(f"{path}: of a run with other text or settings; give --work another folder, or delete it")
        self.step = state["step"]
        self.model.load_state_dict(state["model"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)


def train(run: Run, watch: Callable[[], dict[str, Any]], every: int, log: Callable[[dict[str, Any]], None]) -> None:
    """Take all steps; every so many, and at the end, measure, log and save."""
    losses: list[float] = []
    started = time.monotonic()
    while run.step < run.settings.steps:
        losses.append(run.advance())
        if run.step % every == 0 or run.step == run.settings.steps:
            seconds = time.monotonic() - started
            tokens = len(losses) * run.settings.rows * run.settings.row
            run.save()
            log({
                "step": run.step,
                "loss": round(sum(losses) / len(losses), 4),
                **watch(),
                "tokens_a_second": round(tokens / seconds),
            })  # fmt: skip
            losses, started = [], time.monotonic()


# ---------------------------------------------------------------- what is written


def export(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerBase, out: Path, facts: dict[str, Any], licence: str
) -> None:
    """Weights in 16 bits, tokenizer, licence and facts; `out` is replaced as a whole, or not at all."""
    import copy

    part = out.with_name(out.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    copy.deepcopy(model).half().save_pretrained(part)  # type: ignore[no-untyped-call]
    tokenizer.save_pretrained(part)
    (part / "model.safetensors").chmod(0o644)  # safetensors writes for the owner alone
    (part / "LICENSE.wordnet").write_text(licence, encoding="utf-8")
    facts = {**facts, "sha256": sha256((part / "model.safetensors").read_bytes()).hexdigest()}
    (part / "training.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    old = out.with_name(out.name + ".old")
    if out.exists():
        out.replace(old)
    part.replace(out)
    shutil.rmtree(old, ignore_errors=True)


def check_out(out: Path) -> None:
    """Raises TrainError where `out` holds anything that this command did not write."""
    if out.exists() and not (out / "training.json").is_file() and (not out.is_dir() or any(out.iterdir())):
        raise TrainError(f"{out}: holds something else than a model of this command; give --out another folder")


def wordnet_licence(folder: Path) -> str:
    """The notice that WordNet asks to be on every copy: the numbered lines at the head of its files."""
    lines = (folder / "data.noun").read_text(encoding="utf-8").splitlines()
    return "\n".join(re.sub(r"^ +\d+ ?", "", line).rstrip() for line in lines if line.startswith("  ")).strip() + "\n"


# ---------------------------------------------------------------- the command


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the dictionaries, make the tokenizer, train, write."""
    given = _parser().parse_args(arguments)
    try:
        pretrain(given.wordnet, given.dictd, given.out, given.work, Settings(steps=given.steps), every=given.every)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def pretrain(wordnet: Path, dictd: Path, out: Path, work: Path, settings: Settings, *, every: int) -> None:
    """The whole of it, with a line of JSON for every measurement. Raises TrainError."""
    check_out(out)
    text = corpus(synsets(wordnet), jargon(dictd), devil(dictd))
    tokenizer = train_tokenizer((m["content"] for c in text.train for m in c), settings.vocabulary)
    run = Run(rows_of_tokens(text, tokenizer, settings.row), tokenizer, settings, work)

    def watch() -> dict[str, Any]:
        measured = fit(run.model, tokenizer, text.held_out[:WATCHED])
        return {"nats_per_byte": round(measured.answer_nats_per_byte, 4)}

    train(run, watch, every, _say(work))
    facts = {
        "settings": asdict(settings),
        "conversations": len(text.train),
        "tokens_seen": settings.steps * settings.rows * settings.row,
        "parameters": run.model.num_parameters(),
        "held_out": asdict(fit(run.model, tokenizer, text.held_out)),
    }
    export(run.model, tokenizer, out, facts, wordnet_licence(wordnet))


def _say(work: Path) -> Callable[[dict[str, Any]], None]:
    """A line for the terminal and for the log of the run."""

    def say(measured: dict[str, Any]) -> None:
        line = json.dumps(measured)
        print(line, flush=True)
        with (work / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(line + "\n")

    return say


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m train.lab.pretrain", description=__doc__.splitlines()[0])
    parser.add_argument("--wordnet", type=Path, default=Path("/usr/share/wordnet"), help="WordNet's data files")
    parser.add_argument("--dictd", type=Path, default=Path("/usr/share/dictd"), help="jargon and devil, of dictd")
    parser.add_argument("--out", type=Path, required=True, help="folder of the model; replaced as a whole")
    parser.add_argument(
        "--work", type=Path, default=Path("data/runs/lab-pretraining"), help="checkpoint and log (default: %(default)s)"
    )
    parser.add_argument("--steps", type=int, default=Settings.steps, help="default: %(default)s")
    parser.add_argument("--every", type=int, default=200, help="steps between measurements (default: %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
