"""The lab's tokenizer: byte-level BPE of its corpus, with Llama 3's control tokens, cut and chat template.

Text is cut by Llama 3's own pattern, so that llama.cpp knows it ("llama-bpe"). It is trained with a stricter one, which
never glues a quotation mark to the word after it: a word in quotation marks is then the same tokens in the question and
at the beginning of the answer, and a small model can copy it.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from train.errors import TrainError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

BEGIN, END, TURN, PAD = "<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>", "<|finetune_right_pad_id|>"
SPECIAL = [BEGIN, END, "<|start_header_id|>", "<|end_header_id|>", TURN, PAD]
VOCABULARY = 5120  # the control tokens among them
# pre_tokenizer of meta-llama/Meta-Llama-3-8B/tokenizer.json
LLAMA_3_CUT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
TRAINING_CUT = LLAMA_3_CUT.replace(r"[^\r\n\p{L}\p{N}]?\p{L}+", r" ?\p{L}+")
ROLES = ["system", "user", "assistant", "\n\n"]  # what the template writes around every turn: one token each
REPEATS = 10_000


def train_tokenizer(texts: Iterable[str], size: int = VOCABULARY) -> PreTrainedTokenizerFast:
    """A tokenizer of `size` tokens at most, made from these texts and nothing else; every text can be encoded."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    tokenizer.pre_tokenizer = _cut(TRAINING_CUT)
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=SPECIAL,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator([*texts, *ROLES * REPEATS], trainer)
    tokenizer.pre_tokenizer = _cut(LLAMA_3_CUT)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        bos_token=BEGIN,
        eos_token=TURN,
        pad_token=PAD,
        chat_template=llama_3_template(),
        model_max_length=2048,
        clean_up_tokenization_spaces=False,
    )


def _cut(pattern: str):  # type: ignore[no-untyped-def]  # noqa: ANN202  # tokenizers has no types
    from tokenizers import Regex, pre_tokenizers

    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])  # fmt: skip


def llama_3_template() -> str:
    """Llama 3's chat template, as TRL ships it: no system block of its own and no date. Raises TrainError."""
    found = find_spec("trl")
    if not found or not found.submodule_search_locations:
        raise TrainError("the chat templates come with TRL; pip install '.[train]'")
    return (Path(found.submodule_search_locations[0]) / "chat_templates" / "llama3.jinja").read_text(encoding="utf-8")
