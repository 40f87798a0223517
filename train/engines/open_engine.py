"""Opens a model, with or without an adapter, in the engine that was asked for."""

from __future__ import annotations

import shutil
from hashlib import file_digest, sha256
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from train.errors import TrainError

if TYPE_CHECKING:
    from train.base_models import BaseModelSpec, LoadedTokenizer
    from train.base_weights import BaseWeights
    from train.engines.engine import Engine

ENGINES = ("auto", "transformers", "llama.cpp")
SMALL = 100_000_000  # parameters: below, transformers answers at once, and nothing need be converted
MARGIN = 1.15  # of the weights' bytes: what a loaded model needs besides them
OVERHEAD = 1_000_000_000  # bytes that llama.cpp needs beside the file: keys, values, logits
PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_")


def open_engine(
    name: str,
    base: BaseModelSpec | str,
    adapter: Path | None,
    loaded: LoadedTokenizer,
    *,
    threads: int | None = None,
    quantisation: str = "q4_k_m",
    cache: Path,
) -> Engine:
    """The model, ready to answer. "auto": transformers below 100 million parameters, else llama.cpp.

    `name` is one of ENGINES. For llama.cpp base and adapter are merged, converted and quantised once; the file stays in
    `cache`, under a name that depends on all that it was made of. Raises TrainError: no such engine, weights or
    quantisation, an adapter of another base, too little memory or disk, a package that is not installed.
    """
    from train.base_weights import find_weights

    if name not in ENGINES:
        raise TrainError(f"unknown engine {name!r}, expected one of {', '.join(ENGINES)}")
    weights = find_weights(base, loaded)
    if name == "transformers" or (name == "auto" and weights.parameters < SMALL):
        return _transformers(base, adapter, weights, threads)
    from train.engines.llama_cpp import LlamaCppEngine

    file = quantised(base, adapter, loaded, weights=weights, quantisation=quantisation, cache=cache)
    check_memory(file.stat().st_size + OVERHEAD, f"{weights.name} as {quantisation}")
    return LlamaCppEngine(file, f"llama.cpp {quantisation}", threads=threads)


def quantised(
    base: BaseModelSpec | str,
    adapter: Path | None,
    loaded: LoadedTokenizer,
    *,
    weights: BaseWeights,
    quantisation: str,
    cache: Path,
) -> Path:
    """The GGUF file of base and adapter, made where `cache` does not have it. Raises TrainError."""
    from filelock import FileLock

    from train.engines.llama_interface import llama_interface
    from train.exporting.gguf import convert
    from train.exporting.merging import check_room
    from train.exporting.quantise import check_quantisation, quantise
    from train.faults import in_one_line

    check_quantisation(quantisation)
    llama_interface()  # a missing package shows before the minutes of converting
    file = cache / f"{_file_name(weights.name)}-{quantisation}-{_key(weights, adapter, quantisation)}.gguf"
    with in_one_line(f"writing {file.name}", cache):
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / ".lock"):
            if file.is_file():
                return file
            check_room(cache, 5 * weights.parameters)  # 16 bits merged, 16 bits converted, and the file itself
            with TemporaryDirectory(dir=cache, prefix=".converting-") as folder:
                merged = _merged(base, adapter, loaded, weights, Path(folder) / "merged")
                whole = convert(merged, Path(folder) / "16bit.gguf", loaded=loaded, name=weights.name)
                if adapter:
                    shutil.rmtree(merged)
                return quantise(whole, file, quantisation)


def check_memory(needed: int, what: str) -> None:
    """Raises TrainError where less than `needed` bytes of memory are to be had."""
    import psutil

    available = psutil.virtual_memory().available
    if needed > available:
        raise TrainError(
            f"{what} needs about {needed / 1e9:.1f} GB of memory, {available / 1e9:.1f} GB are free: "
            "end other programs, or take --engine llama.cpp or a smaller model"
        )


def _transformers(base: BaseModelSpec | str, adapter: Path | None, weights: BaseWeights, threads: int | None) -> Engine:
    """In float32, as it was trained on a CPU."""
    import torch

    from train.engines.transformers_engine import TransformersEngine
    from train.training import load_trained

    check_memory(int(4 * MARGIN * weights.parameters), f"{weights.name} in 32 bits")
    if threads:
        torch.set_num_threads(threads)
    model, _ = load_trained(base, adapter)
    return TransformersEngine(model, source=weights.name)


def _merged(
    base: BaseModelSpec | str, adapter: Path | None, loaded: LoadedTokenizer, weights: BaseWeights, out: Path
) -> Path:
    """The folder of the base with the adapter worked in; without one, the base's own."""
    if adapter is None:
        return weights.folder
    from train.exporting.merging import save_merged
    from train.training import load_trained

    check_memory(int(4 * MARGIN * weights.parameters), f"merging an adapter into {weights.name}")
    model, _ = load_trained(base, adapter)
    save_merged(model.merge_and_unload(), loaded, out)
    return out


def _key(weights: BaseWeights, adapter: Path | None, quantisation: str) -> str:
    """Changes with everything that the file is made of."""
    parts = [weights.name, weights.revision, weights.sha256, quantisation, version("xllamacpp"), version("gguf")]
    for file in sorted(adapter.glob("adapter_*")) if adapter else []:
        with file.open("rb") as content:
            parts += [file.name, file_digest(content, "sha256").hexdigest()]
    return sha256("\n".join(parts).encode()).hexdigest()[:16]


def _file_name(name: str) -> str:
    """A model's name as a part of a file's."""
    return "".join(letter if letter in PLAIN else "-" for letter in name).strip(".-") or "model"
