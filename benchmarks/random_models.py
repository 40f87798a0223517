"""Models of a known shape with random weights: as fast as the real ones, and to be had without the Hub.

Made once and kept in a folder: the folder that transformers reads, the GGUF files and CTranslate2's folder.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from train.base_models import LoadedTokenizer, find_base_model, load_tokenizer

# Sizes of meta-llama/Llama-3.2-1B-Instruct and -3B-Instruct, from their config.json; `tiny` is for a quick look.
SHAPES: dict[str, dict[str, int]] = {
    "tiny": {"hidden": 256, "layers": 4, "heads": 4, "kv_heads": 2, "head": 64, "ffn": 768, "vocabulary": 4_096},
    "1b": {"hidden": 2048, "layers": 16, "heads": 32, "kv_heads": 8, "head": 64, "ffn": 8192, "vocabulary": 128_256},
    "3b": {"hidden": 3072, "layers": 28, "heads": 24, "kv_heads": 8, "head": 128, "ffn": 8192, "vocabulary": 128_256},
}
TOKENIZER = "llama-3.2-1b-instruct"
SEED = 3407


def hub_folder(shape: str, cache: Path) -> Path:
    """config.json and bfloat16 safetensors; every matrix drawn with a standard deviation of 0.02."""
    return made(cache / shape / "transformers", lambda out: _write_folder(shape, out))


def gguf_file(shape: str, cache: Path, quantisation: str) -> Path:
    """A GGUF file: "f16", "q8_0" or "q4_k_m"."""
    from train.exporting.gguf import convert
    from train.exporting.quantise import quantise

    file = cache / shape / f"{quantisation}.gguf"
    if file.is_file():
        return file
    if quantisation == "f16":
        return convert(hub_folder(shape, cache), file, loaded=tokenizer())
    return quantise(gguf_file(shape, cache, "f16"), file, quantisation)


def ctranslate2_folder(shape: str, cache: Path) -> Path:
    """CTranslate2's own format, int8, by its own converter."""
    return made(cache / shape / "ctranslate2", lambda out: _convert_ctranslate2(hub_folder(shape, cache), out))


def tokenizer() -> LoadedTokenizer:
    """Llama 3.2's control tokens over bytes: the real tokenizer is gated, and a random model has no use for it."""
    from transformers import PreTrainedTokenizerFast

    loaded = load_tokenizer(find_base_model(TOKENIZER))
    spec = json.loads(loaded.tokenizer.backend_tokenizer.to_str())
    spec["model"]["vocab"]["th"] = len(loaded.tokenizer)
    spec["model"]["merges"] = [["t", "h"]]  # llama.cpp refuses a tokenizer that has none
    with TemporaryDirectory() as folder:
        loaded.tokenizer.save_pretrained(folder)
        (Path(folder) / "tokenizer.json").write_text(json.dumps(spec), encoding="utf-8")
        merging = PreTrainedTokenizerFast.from_pretrained(folder)
    return replace(loaded, tokenizer=merging)


def parameters(shape: str) -> int:
    """How many numbers such a model holds, the tied embedding counted once."""
    size = SHAPES[shape]
    attention = 2 * size["hidden"] * size["head"] * (size["heads"] + size["kv_heads"])
    layer = attention + 3 * size["hidden"] * size["ffn"] + 2 * size["hidden"]
    return size["vocabulary"] * size["hidden"] + size["layers"] * layer + size["hidden"]


def _write_folder(shape: str, out: Path) -> None:
    import torch
    from transformers import LlamaForCausalLM

    torch.manual_seed(SEED)
    with torch.device("meta"):
        model = LlamaForCausalLM(_config(shape))
    model = model.to(torch.bfloat16).to_empty(device="cpu")
    with torch.no_grad():
        for name, weights in model.named_parameters():
            weights.fill_(1.0) if "norm" in name else weights.normal_(0.0, 0.02)
    model.tie_weights()
    model.save_pretrained(out)
    tokenizer().tokenizer.save_pretrained(out)


def _config(shape: str) -> Any:
    from transformers import LlamaConfig

    size = SHAPES[shape]
    return LlamaConfig(
        vocab_size=size["vocabulary"],
        hidden_size=size["hidden"],
        intermediate_size=size["ffn"],
        num_hidden_layers=size["layers"],
        num_attention_heads=size["heads"],
        num_key_value_heads=size["kv_heads"],
        head_dim=size["head"],
        max_position_embeddings=131_072,
        rms_norm_eps=1e-5,
        rope_parameters={"rope_type": "default", "rope_theta": 500_000.0},
        tie_word_embeddings=True,
        dtype="bfloat16",
    )


def _convert_ctranslate2(folder: Path, out: Path) -> None:
    from ctranslate2.converters import TransformersConverter

    TransformersConverter(str(folder), load_as_float16=False, low_cpu_mem_usage=True).convert(
        str(out), quantization="int8"
    )


def made(folder: Path, make: Any) -> Path:
    """The folder, made through a neighbour that takes its name when it is whole."""
    if not folder.is_dir():
        half = folder.with_name(f".{folder.name}.half")
        shutil.rmtree(half, ignore_errors=True)
        half.parent.mkdir(parents=True, exist_ok=True)
        make(half)
        half.replace(folder)
    return folder
