"""Fewer bits a weight: q8_0 (8.5) or q4_k_m (about 4.85), each tensor as llama.cpp's own `llama-quantize` would.

llama.cpp computes the blocks (ggml_quantize_chunk); what is decided here is only which tensor gets which type, by the
rules of llama-quant.cpp: for q4_k_m, six bits for the value and down projections of some layers and for the output, and
a type of shorter blocks where a row is no multiple of 256.
"""

from __future__ import annotations

import difflib
import os
import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.engines.llama_library import library
from train.errors import TrainError
from train.exporting.gguf_file import GgufTensor, gguf_package, write_gguf

if TYPE_CHECKING:
    import numpy as np
    from gguf import GGUFWriter

QUANTISATIONS = {"q8_0": 7, "q4_k_m": 15}  # gguf.LlamaFileType
ANEW = ("general.architecture", "general.file_type", "general.quantization_version")  # not copied from the source
BLOCKS = 2  # GGML_QUANT_VERSION: the version of the layout of blocks
_FALLBACK = {"Q4_K": "Q5_0", "Q6_K": "Q8_0"}  # where a row is no multiple of 256
_BLOCK = {"Q4_K": 256, "Q6_K": 256, "Q5_0": 32, "Q8_0": 32}
_LAYER = re.compile(r"blk\.(\d+)\.(\w+)\.weight")


def quantise(source: Path, out: Path, quantisation: str, *, threads: int | None = None) -> Path:
    """Write the GGUF file `source` (16 or 32 bits) with fewer bits to `out`, which is returned.

    Same source, same bytes, whatever the number of threads. Raises TrainError for an unknown quantisation or a damaged
    source, OSError where the disk is full.
    """
    check_quantisation(quantisation)
    gguf = gguf_package()
    try:
        reader = gguf.GGUFReader(source)
    except (OSError, ValueError, IndexError, KeyError) as error:
        raise TrainError(f"{source}: no GGUF file can be read ({error})") from error
    facts = {name: field for name, field in reader.fields.items() if not name.startswith("GGUF.") and name not in ANEW}
    architecture = str(reader.fields["general.architecture"].contents())
    layers = int(facts[f"{architecture}.block_count"].contents())
    tied = all(tensor.name != "output.weight" for tensor in reader.tensors)

    def describe(writer: GGUFWriter) -> None:
        for name, field in facts.items():
            inner = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(name, field.contents(), field.types[0], inner)
        writer.add_file_type(QUANTISATIONS[quantisation])
        writer.add_quantization_version(BLOCKS)

    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        tensors = []
        for tensor in reader.tensors:
            shape = tuple(int(length) for length in reversed(tensor.shape))
            kind = gguf.GGMLQuantizationType[tensor_type(tensor.name, shape, layers, quantisation, tied=tied)]
            tensors.append(GgufTensor(tensor.name, shape, kind, partial(_stored, tensor, kind, pool)))
        write_gguf(out, architecture, describe, tensors)
    return out


def check_quantisation(name: str) -> None:
    """Raises TrainError for a quantisation that is not made here, with the nearest that is."""
    if name not in QUANTISATIONS:
        near = difflib.get_close_matches(name.lower(), QUANTISATIONS, n=1, cutoff=0.3)
        raise TrainError(f"unknown quantisation {name!r}, nearest: {(near or list(QUANTISATIONS))[0]}")


def tensor_type(name: str, shape: tuple[int, ...], layers: int, quantisation: str, *, tied: bool) -> str:
    """The ggml type of a tensor. `tied`: the embedding is the output's matrix too, and gets the output's bits."""
    if len(shape) < 2 or name.endswith("_norm.weight"):
        return "F32"
    wanted = "Q8_0" if quantisation == "q8_0" else "Q6_K" if _needs_more(name, layers, tied=tied) else "Q4_K"
    if shape[-1] % _BLOCK[wanted]:
        wanted = _FALLBACK.get(wanted, wanted)
    return "F16" if shape[-1] % _BLOCK[wanted] else wanted


def _needs_more(name: str, layers: int, *, tied: bool) -> bool:
    """Whether Q4_K_M gives a tensor six bits.

    The output gets them, and the value and down projections of the outer layers and of every third between them.
    """
    if name == "output.weight" or (tied and name == "token_embd.weight"):
        return True
    found = _LAYER.fullmatch(name)
    if not found or found[2] not in ("attn_v", "ffn_down"):
        return False
    layer, eighth = int(found[1]), layers // 8
    return layer < eighth or layer >= 7 * layers // 8 or (layer - eighth) % 3 == 2


def _stored(tensor: Any, kind: Any, pool: ThreadPoolExecutor) -> np.ndarray[Any, Any]:
    """A tensor of the source in its new type."""
    import numpy as np

    values: np.ndarray[Any, Any] = gguf_package().dequantize(tensor.data, tensor.tensor_type)
    if kind.name in ("F32", "F16"):
        return values.astype(np.float32 if kind.name == "F32" else np.float16)
    return _blocks(np.ascontiguousarray(values, dtype=np.float32), kind, pool)


def _blocks(values: np.ndarray[Any, Any], kind: Any, pool: ThreadPoolExecutor) -> np.ndarray[Any, Any]:
    """Rows of float32 as blocks, in bytes; several stretches of rows at once."""
    import numpy as np
    from gguf.quants import quant_shape_to_byte_shape

    lib = library()
    rows, width = values.reshape(-1, values.shape[-1]).shape
    out = np.zeros(quant_shape_to_byte_shape(values.shape, kind), dtype=np.uint8)
    step = max(1, 2**20 // width)

    def stretch(first: int) -> None:
        count = min(step, rows - first)
        lib.ggml_quantize_chunk(int(kind), values.ctypes.data, out.ctypes.data, first * width, count, width, None)

    list(pool.map(stretch, range(0, rows, step)))
    return out
