"""What the engine needs of llama.cpp's C interface: contexts, batches, sequences and logits, by ctypes.

The wheel's own Python interface renders templates and gives no log-probabilities of given ids; the C interface takes
ids and gives logits. Its structures may grow with a version. So they are taken as the library itself fills them in, the
values it fills in are compared with the known ones, and what was set is read back from the context that came of it.
"""

from __future__ import annotations

import ctypes
import os
from collections import deque
from functools import cache
from typing import Any

from train.engines.llama_library import library
from train.errors import TrainError

ERROR = 4  # ggml_log_level
ROOM = 1024  # bytes kept for a structure of which only the first fields are known
# How long a thread spins for the others before it sleeps; OpenMP reads it when it is loaded. By default it spins for
# milliseconds: beside other busy programs an answer then takes many times as long.
SPINS = "1000"
INSTALL = "pip install '.[train]'"

_LOGGER = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
_complaints: deque[str] = deque(maxlen=3)  # llama.cpp's last error lines


class ModelParams(ctypes.Structure):
    """The start of `llama_model_params`."""

    _fields_ = [
        ("devices", ctypes.c_void_p),
        ("tensor_buft_overrides", ctypes.c_void_p),
        ("n_gpu_layers", ctypes.c_int32),
        ("rest", ctypes.c_uint8 * ROOM),
    ]


class ContextParams(ctypes.Structure):
    """The start of `llama_context_params`."""

    _fields_ = [
        *((name, ctypes.c_uint32) for name in ("n_ctx", "n_batch", "n_ubatch", "n_seq_max", "n_rs_seq")),
        *((name, ctypes.c_uint32) for name in ("n_outputs_max", "n_outputs_max_per_seq")),
        *((name, ctypes.c_int32) for name in ("n_threads", "n_threads_batch")),
        *((name, ctypes.c_int32) for name in ("ctx_type", "rope_scaling", "pooling", "attention", "flash_attention")),
        *((name, ctypes.c_float) for name in ("rope_freq_base", "rope_freq_scale", "yarn_ext", "yarn_attn")),
        *((name, ctypes.c_float) for name in ("yarn_beta_fast", "yarn_beta_slow")),
        ("yarn_orig_ctx", ctypes.c_uint32),
        ("defrag_thold", ctypes.c_float),
        ("cb_eval", ctypes.c_void_p),
        ("cb_eval_user_data", ctypes.c_void_p),
        ("type_k", ctypes.c_int32),
        ("type_v", ctypes.c_int32),
        ("abort_callback", ctypes.c_void_p),
        ("abort_callback_data", ctypes.c_void_p),
        ("unnamed", ctypes.c_void_p),  # newer than the published header; null
        *((name, ctypes.c_bool) for name in ("embeddings", "offload_kqv", "no_perf", "op_offload", "swa_full")),
        ("kv_unified", ctypes.c_bool),
        ("rest", ctypes.c_uint8 * ROOM),
    ]


class Batch(ctypes.Structure):
    """`llama_batch`: `n_tokens` ids, the place and the sequences of each, and whether its logits are wanted."""

    _fields_ = [
        ("n_tokens", ctypes.c_int32),
        ("token", ctypes.POINTER(ctypes.c_int32)),
        ("embd", ctypes.POINTER(ctypes.c_float)),
        ("pos", ctypes.POINTER(ctypes.c_int32)),
        ("n_seq_id", ctypes.POINTER(ctypes.c_int32)),
        ("seq_id", ctypes.POINTER(ctypes.POINTER(ctypes.c_int32))),
        ("logits", ctypes.POINTER(ctypes.c_int8)),
    ]


# What the version in pyproject.toml fills in; where a value is another, the layout may be another too.
CONTEXT_DEFAULTS = {
    "n_ctx": 512,
    "n_batch": 2048,
    "n_ubatch": 512,
    "n_seq_max": 1,
    "n_rs_seq": 0,
    "n_threads": 4,
    "n_threads_batch": 4,
    "rope_scaling": -1,
    "pooling": -1,
    "attention": -1,
    "flash_attention": -1,
    "rope_freq_base": 0.0,
    "yarn_ext": -1.0,
    "defrag_thold": -1.0,
    "type_k": 1,  # f16
    "type_v": 1,
    "unnamed": None,
    "embeddings": False,
    "offload_kqv": True,
    "no_perf": True,
    "op_offload": True,
    "swa_full": True,
    "kv_unified": False,
}
MODEL_DEFAULTS = {"devices": None, "tensor_buft_overrides": None, "n_gpu_layers": -1}

_POINTER, _INT = ctypes.c_void_p, ctypes.c_int32
_SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "llama_model_default_params": (ModelParams, []),
    "llama_context_default_params": (ContextParams, []),
    "llama_log_set": (None, [_LOGGER, _POINTER]),
    "llama_model_load_from_file": (_POINTER, [ctypes.c_char_p, ModelParams]),
    "llama_model_free": (None, [_POINTER]),
    "llama_model_get_vocab": (_POINTER, [_POINTER]),
    "llama_vocab_n_tokens": (_INT, [_POINTER]),
    "llama_model_n_ctx_train": (_INT, [_POINTER]),
    "llama_init_from_model": (_POINTER, [_POINTER, ContextParams]),
    "llama_free": (None, [_POINTER]),
    "llama_n_ctx_seq": (ctypes.c_uint32, [_POINTER]),
    "llama_n_batch": (ctypes.c_uint32, [_POINTER]),
    "llama_n_seq_max": (ctypes.c_uint32, [_POINTER]),
    "llama_n_threads": (_INT, [_POINTER]),
    "llama_n_threads_batch": (_INT, [_POINTER]),
    "llama_get_memory": (_POINTER, [_POINTER]),
    "llama_memory_clear": (None, [_POINTER, ctypes.c_bool]),
    "llama_memory_seq_rm": (ctypes.c_bool, [_POINTER, _INT, _INT, _INT]),
    "llama_memory_seq_cp": (None, [_POINTER, _INT, _INT, _INT, _INT]),
    "llama_batch_init": (Batch, [_INT, _INT, _INT]),
    "llama_batch_free": (None, [Batch]),
    "llama_decode": (_INT, [_POINTER, Batch]),
    "llama_get_logits_ith": (ctypes.POINTER(ctypes.c_float), [_POINTER, _INT]),
}


@cache
def llama_interface() -> Any:
    """The shared library, every function typed, its error lines kept. Raises TrainError where it is of another kind."""
    os.environ.setdefault("GOMP_SPINCOUNT", SPINS)
    file = library()._name  # noqa: SLF001  # its path; types of arguments belong to a handle, so this is a second one
    interface = ctypes.CDLL(file)
    try:
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(interface, name)
            function.restype, function.argtypes = result, arguments
    except AttributeError as error:
        raise TrainError(f"{file}: {error}; install the xllamacpp of pyproject.toml: {INSTALL}") from error
    _check_layout(interface)
    interface.llama_log_set(_LOG, None)
    return interface


def complaints() -> str:
    """llama.cpp's last error lines, and forgets them."""
    said = "; ".join(_complaints)
    _complaints.clear()
    return said or "llama.cpp gives no reason"


def _check_layout(interface: Any) -> None:
    filled_in: list[tuple[ctypes.Structure, dict[str, Any]]] = [
        (interface.llama_context_default_params(), CONTEXT_DEFAULTS),
        (interface.llama_model_default_params(), MODEL_DEFAULTS),
    ]
    for params, known in filled_in:
        for name, value in known.items():
            if getattr(params, name) != value:
                raise TrainError(
                    f"llama.cpp: this xllamacpp lays out its {type(params).__name__} in another way ({name} is "
                    f"{getattr(params, name)}, expected {value}); install the version of pyproject.toml: {INSTALL}"
                )


def _log(level: int, text: bytes, _: int | None) -> None:
    if level == ERROR and text.strip():
        _complaints.append(" ".join(text.decode("utf-8", "replace").split())[:300])


_LOG = _LOGGER(_log)  # kept: llama.cpp calls it as long as the process lives
