"""A model folder of transformers as one GGUF file, for llama.cpp and all that is built on it.

    convert(folder, out)                    every weight, at 16 or 32 bits
    quantise(out, smaller, "q4_k_m")        train/quantise.py

Only the architectures of data/models.toml that can be checked here are converted: Llama (SmolLM2 is one), Qwen 2 and 3,
Gemma 3. For others, llama.cpp has a converter of its own, which the error names. What a tensor is called, and how it is
laid out, follows that converter (llama.cpp, conversion/*.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from train.base_models import LoadedTokenizer, load_tokenizer
from train.base_weights import safetensors
from train.errors import TrainError
from train.exporting.gguf_file import GgufTensor, gguf_package, write_gguf
from train.exporting.gguf_tokenizer import describe_tokenizer
from train.exporting.quantise import quantise

if TYPE_CHECKING:
    import numpy as np
    import torch
    from gguf import GGUFWriter

__all__ = ["CONVERTER", "convert", "quantise"]

CONVERTER = "llama.cpp's convert_hf_to_gguf.py"
Precision = Literal["f32", "f16", "bf16"]
FILE_TYPES = {"f32": 0, "f16": 1, "bf16": 32}  # gguf.LlamaFileType


@dataclass(frozen=True)
class _Architecture:
    """How one of transformers' architectures is told to llama.cpp."""

    name: str  # gguf.MODEL_ARCH
    paired_halves: bool = False  # rotary halves interleaved, as llama.cpp wants Llama's (transformers keeps them apart)
    norm_plus: float = 0.0  # what the model adds to every norm's weight


_ARCHITECTURES = {
    "llama": _Architecture("LLAMA", paired_halves=True),
    "qwen2": _Architecture("QWEN2"),
    "qwen3": _Architecture("QWEN3"),
    "gemma3_text": _Architecture("GEMMA3", norm_plus=1.0),
}


def convert(
    folder: Path, out: Path, *, loaded: LoadedTokenizer | None = None, precision: Precision = "f16", name: str = ""
) -> Path:
    """Write the model in `folder` (config.json, *.safetensors, tokenizer) to the file `out`, which is returned.

    `precision` is that of the matrices; vectors are always f32. Raises TrainError for an architecture, a tokenizer or
    a rope that cannot be converted, or a damaged folder; OSError where the disk is full.
    """
    gguf = gguf_package()
    config = _config(folder)
    if config.model_type not in _ARCHITECTURES:
        known = ", ".join(_ARCHITECTURES)
        raise TrainError(
            f"{folder}: the architecture {config.model_type!r} is not converted here (known: {known}); use {CONVERTER}"
        )
    loaded = loaded or load_tokenizer(str(folder))
    kind = _ARCHITECTURES[config.model_type]
    arch = gguf.MODEL_ARCH[kind.name]

    def describe(writer: GGUFWriter) -> None:
        writer.add_type("model")
        writer.add_name(name or folder.name)
        writer.add_file_type(FILE_TYPES[precision])
        _describe_shape(writer, config)
        describe_tokenizer(writer, loaded, config.vocab_size)

    write_gguf(out, gguf.MODEL_ARCH_NAMES[arch], describe, list(_tensors(folder, config, kind, precision)))
    return out


def _config(folder: Path) -> Any:
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise TrainError(f"{folder}: no model can be read: {' '.join(str(error).split())[:200]}") from error


# ---------------------------------------------------------------- the shape


def _describe_shape(writer: GGUFWriter, config: Any) -> None:
    """The numbers that llama.cpp builds the network from."""
    writer.add_vocab_size(config.vocab_size)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(_head_size(config))
    writer.add_value_length(_head_size(config))
    writer.add_rope_dimension_count(_head_size(config))
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(_rope(config)["rope_theta"])
    if config.model_type == "gemma3_text":
        if config.query_pre_attn_scalar != _head_size(config):
            scales = f"attention is scaled by {config.query_pre_attn_scalar}, llama.cpp would by {_head_size(config)}"
            raise TrainError(f"{config.name_or_path}: {scales}; use {CONVERTER}")
        writer.add_sliding_window(config.sliding_window)
        writer.add_rope_freq_base_swa(_rope(config, "sliding_attention")["rope_theta"])


def _head_size(config: Any) -> int:
    return int(getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads)


def _rope(config: Any, layers: str = "full_attention") -> dict[str, Any]:
    """How positions are turned into angles: rope_theta, rope_type and what the type needs.

    Raises TrainError for a type other than the plain one and Llama 3's.
    """
    rope: dict[str, Any] = dict(getattr(config, "rope_parameters", None) or getattr(config, "rope_scaling", None) or {})
    rope = dict(rope.get(layers, rope))
    rope.setdefault("rope_theta", getattr(config, "rope_theta", 10_000.0))
    kind = rope.get("rope_type") or "default"
    if kind not in ("default", "llama3"):
        raise TrainError(f"rope type {kind!r} is not converted here; use {CONVERTER}")
    return rope


def _rope_factors(config: Any) -> np.ndarray[Any, Any] | None:
    """What Llama 3 divides the frequency of each rotary pair by; None for a plain rope.

    Waves much shorter than the first training context are kept, much longer ones slowed by `factor`, those between
    blended (The Llama 3 Herd of Models, 2024; transformers.modeling_rope_utils).
    """
    import numpy as np

    rope = _rope(config)
    if rope.get("rope_type") != "llama3":
        return None
    pairs = np.arange(0, _head_size(config), 2) / _head_size(config)
    turns = rope["original_max_position_embeddings"] / (2 * np.pi * rope["rope_theta"] ** pairs)
    low, high = rope["low_freq_factor"], rope["high_freq_factor"]
    blend = np.clip((turns - low) / (high - low), 0, 1)
    slowed: np.ndarray[Any, Any] = 1 / (blend + (1 - blend) / rope["factor"])
    return slowed.astype(np.float32)


# ---------------------------------------------------------------- the tensors


def _tensors(folder: Path, config: Any, kind: _Architecture, precision: Precision) -> Iterator[GgufTensor]:
    """Every tensor of the folder under llama.cpp's name, in the order of its names."""
    gguf = gguf_package()
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH[kind.name], config.num_hidden_layers)
    factors = _rope_factors(config)
    if factors is not None:
        yield GgufTensor("rope_freqs.weight", factors.shape, gguf.GGMLQuantizationType.F32, lambda: factors)
    for source, file, shape in _stored(folder):
        if source == "lm_head.weight" and config.tie_word_embeddings:
            continue
        target = names.get_name(source, try_suffixes=(".weight", ".bias"))
        if target is None:
            raise TrainError(f"{file}: llama.cpp has no place for the tensor {source!r}; use {CONVERTER}")
        stored = gguf.GGMLQuantizationType["F32" if len(shape) < 2 else precision.upper()]
        yield GgufTensor(target, shape, stored, partial(_numbers, file, source, config, kind, stored.name))


def _stored(folder: Path) -> list[tuple[str, Path, tuple[int, ...]]]:
    """Name, file and shape of every tensor in the folder. Raises TrainError where there is none, or a damaged file."""
    from safetensors import SafetensorError, safe_open

    found = []
    for file in safetensors(folder):
        try:
            with safe_open(file, framework="pt") as tensors:
                found += [(name, file, tuple(tensors.get_slice(name).get_shape())) for name in tensors.keys()]  # noqa: SIM118
        except SafetensorError as error:
            raise TrainError(f"{file}: damaged weights ({error})") from error
    return sorted(found, key=lambda one: one[0])


def _numbers(file: Path, name: str, config: Any, kind: _Architecture, stored: str) -> np.ndarray[Any, Any]:
    """One tensor in the layout and precision of the GGUF file."""
    import torch
    from safetensors import safe_open

    with safe_open(file, framework="pt") as tensors:
        values: torch.Tensor = tensors.get_tensor(name)
    if kind.paired_halves and name.split(".")[-2] in ("q_proj", "k_proj"):
        heads = config.num_attention_heads if ".q_proj." in name else config.num_key_value_heads
        values = _interleave(values, heads)
    if kind.norm_plus and name.endswith("norm.weight"):
        values = values.float() + kind.norm_plus
    if stored == "BF16":
        return values.to(torch.bfloat16).contiguous().view(torch.uint8).numpy()
    return values.to(torch.float16 if stored == "F16" else torch.float32).numpy()


def _interleave(values: torch.Tensor, heads: int) -> torch.Tensor:
    """Rows of each head from (first halves, second halves) to (pair, pair, …)."""
    pairs = values.reshape(heads, 2, -1, *values.shape[1:]).transpose(1, 2)
    return pairs.reshape(values.shape).contiguous()
