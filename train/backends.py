"""Two ways to the same training: Unsloth, on a GPU or a CPU, and TRL with PEFT where Unsloth cannot be installed.

Both give a model with fresh LoRA layers, of the same first values for the same seed. What they are fed, the order of it
and the steps are made elsewhere, once for both.
"""

from __future__ import annotations

import importlib
import io
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from train.base_weights import BaseWeights
from train.errors import TrainError
from train.faults import one_line
from train.recipe import LoraRecipe

if TYPE_CHECKING:
    from peft import PeftModel

Backend = Literal["unsloth", "trl"]
SMALL = 100_000_000  # parameters; below, recomputing activations saves no memory worth its time
LARGE_ON_CPU = 1_000_000_000  # parameters; from here on fp32 weights are too much for many laptops (4 GB and more)
GENERATED = Path(__file__).parents[1] / "data" / "cache" / "unsloth"  # code that Unsloth writes on a GPU
UNFIT = "config.json and the weights are not of one model"
INSTALL = "pip install '.[train]'"
INSTALL_4BIT = "pip install bitsandbytes"  # comes with the extra unsloth; TRL alone does not bring it
INSTALL_UNSLOTH = "pip install '.[train,unsloth]' with a GPU, make build without one"


@dataclass(frozen=True)
class Computing:
    """How the recipe is computed on this machine; none of it changes what is computed, but for rounding."""

    device: Literal["cpu", "cuda"]
    dtype: Literal["float32", "bfloat16", "float16"]
    load_in_4bit: bool
    gradient_checkpointing: bool
    optim: str

    @property
    def facts(self) -> dict[str, Any]:
        return asdict(self)


def computing(parameters: int, recipe: LoraRecipe) -> Computing:
    """What this machine takes for a base of so many parameters.

    A GPU takes the recipe as it is. A CPU has no kernels for 4-bit weights and 8-bit optimiser states; there a model
    below 1 B parameters is computed in fp32, and a small one without gradient checkpointing, which saves memory only.
    """
    import torch

    checkpointing = recipe.gradient_checkpointing and parameters >= SMALL
    if on_gpu():
        dtype: Any = "bfloat16" if torch.cuda.is_bf16_supported() else "float16"
        return Computing("cuda", dtype, recipe.load_in_4bit, checkpointing, recipe.optim)
    optim = "adamw_torch_fused" if recipe.optim.startswith("adamw") else recipe.optim
    return Computing("cpu", "bfloat16" if parameters >= LARGE_ON_CPU else "float32", False, checkpointing, optim)


def choose_backend(wanted: Literal["auto", "unsloth", "trl"] = "auto", say: Callable[[str], None] = print) -> Backend:
    """The backend to train with, ready to use. "auto": Unsloth, or TRL and one line about why not.

    On a GPU this must be called before transformers is imported: Unsloth replaces parts of it, and of TRL's trainer, so
    that one process trains with one of the two. Raises TrainError.
    """
    if wanted not in ("auto", "unsloth", "trl"):
        raise TrainError(f"backend {wanted!r}: expected auto, unsloth or trl")
    missing = [name for name in ("torch", "peft", "trl") if find_spec(name) is None]
    if missing:
        raise TrainError(f"training needs {', '.join(missing)}: {INSTALL}")
    if wanted == "trl":
        if "unsloth" in sys.modules and on_gpu():
            raise TrainError("Unsloth was used in this process and has changed TRL: train with TRL in another process")
        return "trl"
    why_not = import_unsloth()
    if not why_not:
        return "unsloth"
    if wanted == "unsloth":
        raise TrainError(f"Unsloth cannot be used: {why_not}; {INSTALL_UNSLOTH}, or give --backend trl")
    say(f"Unsloth cannot be used ({why_not}): training with TRL and PEFT, on the same ids and labels")
    return "trl"


def on_gpu() -> bool:
    import torch

    return torch.cuda.is_available()


def import_unsloth() -> str:
    """Import Unsloth; returns why that failed, or ""."""
    if "unsloth" in sys.modules:
        return ""
    if find_spec("unsloth") is None:
        return "it is not installed"
    # Unsloth writes generated code into the folder that one stands in, and asks the Hub for a file to count users.
    os.environ.setdefault("UNSLOTH_COMPILE_LOCATION", str(GENERATED))
    os.environ.setdefault("UNSLOTH_DISABLE_STATISTICS", "1")
    try:
        with hushed():
            importlib.import_module("unsloth")
    except Exception as error:  # noqa: BLE001  # its import fails in many ways, none of which may stop TRL
        return one_line(error)
    return ""


def adapted_model(
    backend: Backend, weights: BaseWeights, recipe: LoraRecipe, how: Computing, *, seed: int
) -> PeftModel:
    """The base model with fresh LoRA layers. The first values of A come from `seed`, B is zero: it answers as the base.

    Raises TrainError where the weights cannot be loaded.
    """
    load = _by_unsloth if backend == "unsloth" else _by_peft
    try:
        with hushed():
            return load(weights, recipe, how, seed)
    except TrainError:
        raise
    except (OSError, ValueError, KeyError, AttributeError) as error:
        if getattr(error, "errno", None):
            raise
        raise TrainError(
            f"{weights.name}: the model in {weights.folder} cannot be loaded: {one_line(error)}"
        ) from error


def _by_unsloth(weights: BaseWeights, recipe: LoraRecipe, how: Computing, seed: int) -> PeftModel:
    import torch

    unsloth: Any = importlib.import_module("unsloth")

    checkpointing = "unsloth" if how.gradient_checkpointing else False
    model, _ = unsloth.FastLanguageModel.from_pretrained(
        str(weights.folder),
        max_seq_length=recipe.max_length,
        dtype=getattr(torch, how.dtype),
        load_in_4bit=how.load_in_4bit,
        use_gradient_checkpointing=checkpointing,
        local_files_only=True,
    )
    adapted: PeftModel = unsloth.FastLanguageModel.get_peft_model(
        model, **_lora(recipe), random_state=seed, use_gradient_checkpointing=checkpointing
    )
    return adapted


def _by_peft(weights: BaseWeights, recipe: LoraRecipe, how: Computing, seed: int) -> PeftModel:
    import torch

    peft: Any = importlib.import_module("peft")
    model = load_base(weights.folder, how)
    if how.load_in_4bit:
        model = peft.prepare_model_for_kbit_training(model, use_gradient_checkpointing=how.gradient_checkpointing)
    elif how.gradient_checkpointing:
        model.enable_input_require_grads()
    model.config.use_cache = False
    torch.manual_seed(seed)
    adapted: PeftModel = peft.get_peft_model(model, peft.LoraConfig(**_lora(recipe), task_type="CAUSAL_LM"))
    return adapted


def _lora(recipe: LoraRecipe) -> dict[str, Any]:
    return {
        "r": recipe.lora_r,
        "lora_alpha": recipe.lora_alpha,
        "lora_dropout": recipe.lora_dropout,
        "target_modules": list(recipe.target_modules),
        "bias": "none",
    }


def load_base(folder: Path, how: Computing) -> Any:
    """The bare base model from a folder. No code of a repository is run, no pickle read.

    Raises TrainError where weights are of another shape or missing: transformers fills up what is missing with noise.
    """
    import torch

    transformers: Any = importlib.import_module("transformers")
    settings: dict[str, Any] = {"dtype": getattr(torch, how.dtype), "device_map": how.device}
    if how.load_in_4bit:
        if find_spec("bitsandbytes") is None:
            raise TrainError(f"4-bit weights, which the recipe has on a GPU, need bitsandbytes: {INSTALL_4BIT}")
        settings["quantization_config"] = transformers.BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=getattr(torch, how.dtype),
        )
    try:
        model, found = transformers.AutoModelForCausalLM.from_pretrained(
            str(folder),
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
            **settings,
        )
    except RuntimeError as error:
        if "mismatched" not in str(error):  # out of memory, which is told elsewhere
            raise
        raise TrainError(f"{folder}: {UNFIT}: their shapes differ") from error
    if found["missing_keys"]:
        raise TrainError(f"{folder}: {UNFIT}: {min(found['missing_keys'])} is missing")
    return model


@contextmanager
def hushed() -> Iterator[None]:
    """Banners, warnings and progress bars of the libraries away; errors come through."""
    transformers_logging = sys.modules.get("transformers.utils.logging")  # not imported here: Unsloth comes first
    bars = transformers_logging is not None and transformers_logging.is_progress_bar_enabled()
    if transformers_logging and bars:
        transformers_logging.disable_progress_bar()
    logging.disable(logging.WARNING)
    try:
        with redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)
        if transformers_logging and bars:
            transformers_logging.enable_progress_bar()
