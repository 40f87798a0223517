"""A tokenizer in the words of GGUF: what llama.cpp needs to cut a text into the same ids.

Three things must be right: how text is cut into words before merging (`tokenizer.ggml.pre`, a name that llama.cpp has a
pattern for), which tokens are control tokens, and that nothing is added by itself: chat templates write their own begin
token. Where the ids differ all the same, the proof of `train.export` finds it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from curation.chat.format import chat_format
from train.errors import TrainError

if TYPE_CHECKING:
    from gguf import GGUFWriter

    from train.base_models import LoadedTokenizer

# Patterns of tokenizer.json, and llama.cpp's name for each (llama-vocab.cpp holds the same patterns).
_LLAMA_3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_QWEN_2 = _LLAMA_3.replace(r"\p{N}{1,3}", r"\p{N}")
_CUTS = {
    (("Split", _LLAMA_3), ("ByteLevel", False)): "llama-bpe",
    (("Split", _QWEN_2), ("ByteLevel", False)): "qwen2",
    (("Digits", True), ("ByteLevel", True)): "smollm",
    (("ByteLevel", True),): "gpt-2",
}
# llama.cpp wants merges and gguf writes no empty list: one that never comes about, since words begin as single letters
_NO_MERGE = "<no> <merge>"
# gguf.TokenType
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)


def describe_tokenizer(writer: GGUFWriter, loaded: LoadedTokenizer, size: int) -> None:
    """Write tokenizer.ggml.*; `size` is the number of rows of the model's embedding.

    Raises TrainError for a tokenizer that is no byte-pair encoding of a kind that llama.cpp has.
    """
    tokenizer = loaded.tokenizer
    backend = getattr(tokenizer, "backend_tokenizer", None)
    spec = json.loads(backend.to_str()) if backend is not None else {}
    if spec.get("model", {}).get("type") != "BPE":
        raise TrainError(
            f"{tokenizer.name_or_path}: its tokenizer is no byte-pair encoding, which is all that GGUF gets here"
        )
    tokens, types = _tokens(spec, size)
    _describe_words(writer, spec, tokens)
    writer.add_token_types(types)
    end = chat_format(tokenizer, loaded.settings).final.end_ids[0]
    if tokenizer.bos_token_id is not None:
        writer.add_bos_token_id(tokenizer.bos_token_id)
    writer.add_eos_token_id(end)
    writer.add_eot_token_id(end)
    if tokenizer.pad_token_id is not None:
        writer.add_pad_token_id(tokenizer.pad_token_id)
    writer.add_add_bos_token(False)
    writer.add_add_eos_token(False)
    writer.add_chat_template(str(tokenizer.get_chat_template()))


def _describe_words(writer: GGUFWriter, spec: dict[str, Any], tokens: list[str]) -> None:
    """The vocabulary and its merges, for byte-level encodings; for SentencePiece's kind, scores in place of merges."""
    pairs = [tuple(merge.split(" ")) if isinstance(merge, str) else tuple(merge) for merge in spec["model"]["merges"]]
    if spec["model"].get("byte_fallback"):
        writer.add_tokenizer_model("llama")
        writer.add_tokenizer_pre("default")
        writer.add_add_space_prefix(False)
        writer.add_token_list(tokens)
        writer.add_token_scores(_scores(tokens, pairs))
        return
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(_cut(spec))
    writer.add_token_list(tokens)
    writer.add_token_merges([" ".join(pair) for pair in pairs] or [_NO_MERGE])


def _tokens(spec: dict[str, Any], size: int) -> tuple[list[str], list[int]]:
    """Text and type of every id below `size`; ids that the tokenizer has not are unused."""
    vocabulary: dict[int, str] = {number: text for text, number in spec["model"]["vocab"].items()}
    kinds = dict.fromkeys(vocabulary, NORMAL)
    if spec["model"].get("byte_fallback"):
        kinds |= {number: BYTE for number, text in vocabulary.items() if _is_byte(text)}
    for token in spec["added_tokens"]:
        vocabulary[token["id"]] = token["content"]
        kinds[token["id"]] = CONTROL if token["special"] else USER_DEFINED
    if max(vocabulary) >= size:
        raise TrainError(f"the tokenizer has the id {max(vocabulary)}, the model's embedding only {size:,} rows")
    numbers = range(size)
    return [vocabulary.get(n, f"[PAD{n}]") for n in numbers], [kinds.get(n, UNUSED) for n in numbers]


def _is_byte(text: str) -> bool:
    return len(text) == 6 and text.startswith("<0x") and text.endswith(">")


def _scores(tokens: list[str], pairs: list[tuple[str, ...]]) -> list[float]:
    """SentencePiece merges what scores highest: the earlier a merge stands in the list, the higher."""
    ranks: dict[str, int] = {}
    for rank, pair in enumerate(pairs):
        ranks.setdefault("".join(pair), rank)
    return [-float(ranks.get(token, len(pairs))) for token in tokens]


def _cut(spec: dict[str, Any]) -> str:
    """llama.cpp's name for how this tokenizer cuts text into words."""
    steps = tuple(_step(step) for step in _flat(spec.get("pre_tokenizer") or {}))
    if steps not in _CUTS:
        known = ", ".join(sorted(_CUTS.values()))
        raise TrainError(
            f"the tokenizer cuts text in a way that is none of {known}: "
            "convert the merged folder with llama.cpp's convert_hf_to_gguf.py"
        )
    return _CUTS[steps]


def _flat(step: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps of a pre-tokenizer, sequences opened."""
    if step.get("type") == "Sequence":
        return [inner for one in step["pretokenizers"] for inner in _flat(one)]
    return [step]


def _step(step: dict[str, Any]) -> tuple[str, Any]:
    """What tells one kind of step from another."""
    kind = str(step.get("type"))
    if kind == "Split":
        isolated = step.get("behavior") == "Isolated" and not step.get("invert")
        return kind, step["pattern"].get("Regex") if isolated else None
    if kind == "Digits":
        return kind, step.get("individual_digits")
    if kind == "ByteLevel":
        return kind, step.get("use_regex", True) if not step.get("add_prefix_space") else None
    return kind, None
