"""The few functions of llama.cpp's C interface that an export needs: quantise rows, and tokenise as llama.cpp does.

They come out of the shared library inside the `xllamacpp` wheel. One structure goes by value through this interface; it
is never looked into, only handed back as llama.cpp gave it, in a room larger than any release has needed.
"""

from __future__ import annotations

import ctypes
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

from train.errors import TrainError

_LOG = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
# Called in place of what would print a line about every tensor; kept, since llama.cpp calls it as long as it lives.
_silent = _LOG(lambda level, text, data: None)


class _ModelParams(ctypes.Structure):
    """llama_model_params: about 90 bytes in 2026."""

    _fields_ = (("room", ctypes.c_uint64 * 64),)


@cache
def library() -> ctypes.CDLL:
    """llama.cpp with its signatures told, and silent. Raises TrainError where the wheel is missing or another thing."""
    found = find_spec("xllamacpp")
    folders = (found and found.submodule_search_locations) or []
    files = [path for folder in folders for path in sorted(Path(folder).glob("xllamacpp*")) if _shared(path)]
    if not files:
        raise TrainError("GGUF files are made with xllamacpp, which is not installed: pip install '.[train]'")
    try:
        lib = ctypes.CDLL(str(files[0]))
        _declare(lib)
    except (OSError, AttributeError) as error:
        raise TrainError(
            f"{files[0]}: is not the llama.cpp that was expected ({error}): pip install '.[train]'"
        ) from error
    lib.llama_log_set(_silent, None)
    lib.llama_backend_init()
    return lib


def _shared(path: Path) -> bool:
    return path.suffix in (".so", ".pyd", ".dylib")


def _declare(lib: ctypes.CDLL) -> None:
    """Signatures, from llama.h and ggml.h."""
    pointer, text, number, flag = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int32, ctypes.c_bool
    long, params = ctypes.c_int64, _ModelParams
    signatures: dict[str, tuple[object, list[object]]] = {
        "llama_log_set": (None, [_LOG, pointer]),
        "llama_backend_init": (None, []),
        "llama_model_default_params": (params, []),
        "llama_model_load_from_file": (pointer, [text, params]),
        "llama_model_get_vocab": (pointer, [pointer]),
        "llama_model_free": (None, [pointer]),
        "llama_tokenize": (number, [pointer, text, number, pointer, number, flag, flag]),
        "llama_vocab_is_eog": (flag, [pointer, number]),
        "ggml_quantize_chunk": (ctypes.c_size_t, [number, pointer, pointer, long, long, long, pointer]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments


class LlamaVocabulary:
    """The tokenizer inside a GGUF file, as llama.cpp runs it. A context manager: the model is freed at its end."""

    def __init__(self, file: Path) -> None:
        self.lib = library()
        self.model = self.lib.llama_model_load_from_file(str(file).encode(), self.lib.llama_model_default_params())
        if not self.model:
            raise TrainError(f"{file}: llama.cpp cannot load it; it is damaged, or does not fit into memory")
        self.vocabulary = self.lib.llama_model_get_vocab(self.model)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.lib.llama_model_free(self.model)

    def ids(self, text: str, *, add_special: bool = False) -> list[int]:
        """Token ids of a text, control tokens in it taken as such. `add_special`: as a server asks for a prompt."""
        raw = text.encode()
        room = (ctypes.c_int32 * (len(raw) + 8))()  # never more tokens than bytes, a begin and an end token apart
        count = self.lib.llama_tokenize(self.vocabulary, raw, len(raw), room, len(room), add_special, True)
        if count < 0:
            raise TrainError(f"llama.cpp cannot tokenise {text!r:.60}")
        return list(room[:count])

    def ends(self, token: int) -> bool:
        """Whether llama.cpp stops an answer at this id."""
        return bool(self.lib.llama_vocab_is_eog(self.vocabulary, token))
