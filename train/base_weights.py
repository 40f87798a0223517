"""The weights of a base model on this machine: where they lie, which they are, and how many."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path

from train.base_models import BaseModelSpec, LoadedTokenizer, find_base_model
from train.errors import TrainError
from train.faults import in_one_line, one_line

WEIGHT_FILES = ("*.safetensors", "*.json")  # no pickles and no code of the repository


@dataclass(frozen=True)
class BaseWeights:
    """A base model's weights as safetensors in a folder."""

    folder: Path
    name: str  # what an adapter of it names: a Hub id, "lab", or the folder's name
    revision: str  # commit of the Hub; "" for a folder
    sha256: str  # of a folder's model.safetensors; "" for one of the Hub, where the commit says it
    parameters: int


def find_weights(base: BaseModelSpec | str, loaded: LoadedTokenizer) -> BaseWeights:
    """The weights that belong to a loaded tokenizer, downloaded where they are not here. Raises TrainError."""
    spec = spec_of(base)
    if isinstance(base, str) and spec is None and Path(base).is_dir():
        return of_folder(Path(base), Path(base).resolve().name)
    if spec and spec.folder:
        return of_folder(spec.folder, spec.name)
    hub = spec.hub if spec else str(base)
    folder = download(hub, loaded.revision)
    return BaseWeights(folder, hub, loaded.revision or folder.name, "", count_parameters(folder))


def base_name(base: BaseModelSpec | str) -> str:
    """What an adapter of this base names, as in BaseWeights, without a look at the weights."""
    spec = spec_of(base)
    if spec is None:
        return Path(str(base)).resolve().name if Path(str(base)).is_dir() else str(base)
    return spec.name if spec.path else spec.hub


def spec_of(base: BaseModelSpec | str) -> BaseModelSpec | None:
    """The registry's facts; None for a folder, and for a Hub id that it does not have. Raises TrainError."""
    if isinstance(base, BaseModelSpec):
        return base
    if Path(base).is_dir():
        return None
    try:
        return find_base_model(base)
    except ValueError as error:
        if "/" in base:
            return None
        raise TrainError(str(error)) from error


def of_folder(folder: Path, name: str) -> BaseWeights:
    digests = []
    for file in safetensors(folder):
        with file.open("rb") as content:
            digests.append(file_digest(content, "sha256").hexdigest())
    # one file: its own hash, as anybody can compute it; several: the hash of their hashes, in the order of their names
    whole = digests[0] if len(digests) == 1 else sha256("\n".join(digests).encode()).hexdigest()
    return BaseWeights(folder, name, "", whole, count_parameters(folder))


def count_parameters(folder: Path) -> int:
    """Parameters stored in a folder's safetensors, read off their headers. Raises TrainError where they are damaged."""
    import math

    from safetensors import SafetensorError, safe_open

    total = 0
    for file in safetensors(folder):
        try:
            with safe_open(str(file), framework="np") as tensors:
                total += sum(math.prod(tensors.get_slice(name).get_shape()) for name in tensors.keys())  # noqa: SIM118
        except (SafetensorError, OSError) as error:
            raise TrainError(
                f"{file}: the weights are damaged ({one_line(error)}); fetch or make them again"
            ) from error
    return total


def safetensors(folder: Path) -> list[Path]:
    """The weight files, sorted. Raises TrainError where there are none, or no readable config.json."""
    try:
        json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainError(f"{folder}: holds no model (config.json is missing or damaged)") from error
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise TrainError(f"{folder}: holds no weights (*.safetensors); fetch or make the model again")
    return files


def download(hub: str, revision: str) -> Path:
    """The folder of a repository's weights, in the Hub's cache. Raises TrainError."""
    import httpx
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError

    unreachable = f"{hub}: the weights are not on this machine, and the Hub cannot be reached"
    try:
        with in_one_line(f"downloading {hub}", Path(constants.HF_HUB_CACHE)):
            found = snapshot_download(repo_id=hub, revision=revision or None, allow_patterns=list(WEIGHT_FILES))
    except GatedRepoError as error:
        raise TrainError(
            f"{hub}: accept its licence on the Hub, then set HF_TOKEN to a token of that account"
        ) from error
    except RepositoryNotFoundError as error:
        raise TrainError(f"{hub}: the Hub has no such model, or it is private (set HF_TOKEN)") from error
    except (LocalEntryNotFoundError, HfHubHTTPError, httpx.TransportError, OSError) as error:
        raise TrainError(f"{unreachable} ({type(error).__name__}); connect, or give --base a folder") from error
    folder = Path(found)
    if not list(folder.glob("*.safetensors")):
        raise TrainError(f"{unreachable}, or the repository has none as safetensors; connect, or give --base a folder")
    return folder
