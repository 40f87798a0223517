"""Write a GGUF file tensor by tensor, so that no more than one is in memory, and never half a file under its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.errors import TrainError

if TYPE_CHECKING:
    import numpy as np
    from gguf import GGMLQuantizationType, GGUFWriter


@dataclass(frozen=True)
class GgufTensor:
    """One tensor: what it is called, how it is stored, and how its numbers are had when their turn comes."""

    name: str
    shape: tuple[int, ...]  # as PyTorch counts: rows first
    type: GGMLQuantizationType
    data: Callable[[], np.ndarray[Any, Any]]  # the stored form: float16, float32, or bytes of blocks

    @property
    def stored_shape(self) -> tuple[int, ...]:
        """The shape in bytes for blocks, in numbers for floats."""
        if self.plain:
            return self.shape
        from gguf.quants import quant_shape_to_byte_shape

        return tuple(quant_shape_to_byte_shape(self.shape, self.type))

    @property
    def plain(self) -> bool:
        return self.type.name in ("F16", "F32")

    @property
    def bytes(self) -> int:
        from math import prod

        return prod(self.stored_shape) * ({"F16": 2, "F32": 4}[self.type.name] if self.plain else 1)


def write_gguf(
    out: Path, architecture: str, describe: Callable[[GGUFWriter], None], tensors: Sequence[GgufTensor]
) -> None:
    """Write facts and tensors to `out`, through a neighbour that takes its name when it is whole.

    Raises OSError where the disk is full, TrainError where the `gguf` package is missing.
    """
    import numpy as np

    writer = gguf_package().GGUFWriter(None, architecture)
    describe(writer)
    kinds = {"F16": np.dtype(np.float16), "F32": np.dtype(np.float32)}
    for tensor in tensors:
        kind = kinds.get(tensor.type.name, np.dtype(np.uint8))
        writer.add_tensor_info(tensor.name, tensor.stored_shape, kind, tensor.bytes, raw_dtype=tensor.type)
    half = out.with_name(f".{out.name}.half")
    try:
        writer.write_header_to_file(half)
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for tensor in tensors:
            writer.write_tensor_data(np.ascontiguousarray(tensor.data()))
        writer.close()
        half.replace(out)
    finally:
        half.unlink(missing_ok=True)


def gguf_package() -> Any:
    """The `gguf` package. Raises TrainError where it is missing."""
    try:
        import gguf
    except ImportError as error:
        raise TrainError("GGUF files are written with gguf, which is not installed: pip install '.[train]'") from error
    return gguf
