"""The base models that can be trained, and their tokenizers.

`data/models.toml` holds the facts. A tokenizer comes from a folder, from the Hub (or its cache on this machine), or,
where neither can be had, from a stand-in: a tokenizer of bytes with the family's own control tokens and its own chat
template. It renders a conversation to the same text as the real one, so that a build and its report need neither
network nor account. Its ids are its own: whoever trains must look at `source` first.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from curation.templates import TemplateSettings, encode, end_of_turn

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

MODELS_FILE = Path(__file__).parents[1] / "data" / "models.toml"
# What a tokenizer is made of, whatever its kind; never the weights.
TOKENIZER_FILES = ("*token*", "config.json", "vocab.*", "merges.txt", "spiece.model", "*.jinja")
SHARED_CLASSES = ("PreTrainedTokenizerFast", "TokenizersBackend")  # what transformers 4 and 5 call it
HUB_SECONDS = 5.0  # how long one answer of the Hub is waited for before the machine counts as offline
GREETING = ({"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"})

Text = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True)
class BaseModelSpec:
    """One base model: a table of data/models.toml, where each field is explained."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: Text
    hub: Text
    family: Text
    eos: Text
    end_of_turn: Text
    pad: Text
    licence: Text
    gated: bool
    revision: str = ""
    bos: str = ""
    special: tuple[str, ...] = ()
    generation_prompt: Literal["template", "trained"] = "template"
    path: str = ""

    @property
    def settings(self) -> TemplateSettings:
        """What `curation.templates` must be told about this family."""
        return TemplateSettings(generation_prompt=self.generation_prompt, end_of_turn=self.end_of_turn)

    @property
    def folder(self) -> Path | None:
        """Where the model lies in this project; None for one of the Hub."""
        return MODELS_FILE.parents[1] / self.path if self.path else None


@dataclass(frozen=True)
class LoadedTokenizer:
    """A tokenizer, where it came from, and how its template is to be used."""

    tokenizer: PreTrainedTokenizerBase
    settings: TemplateSettings
    source: Literal["path", "hub", "stand-in"]
    revision: str  # commit of the Hub, "" where there is none
    note: str = ""  # why it is a stand-in

    @property
    def fingerprint(self) -> str:
        """SHA-256 over its template, its special tokens and how the template is used."""
        said = (self.tokenizer.get_chat_template(), sorted(self.tokenizer.get_added_vocab()), self.settings)
        return sha256(repr(said).encode()).hexdigest()


def base_models(file: Path = MODELS_FILE) -> dict[str, BaseModelSpec]:
    """All base models by name, in the file's order. Raises ValueError with the faulty line's name."""
    specs = {}
    for name, table in _tables(file).items():
        if name == "templates":
            continue
        try:
            spec = TypeAdapter(BaseModelSpec).validate_python({"name": name, **table})
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, (name, *first["loc"])))
            raise ValueError(f"{file}: {where}: {first['msg']}") from error
        if spec.pad in (spec.eos, spec.end_of_turn):
            raise ValueError(
                f"{file}: {name}.pad: {spec.pad!r} ends an answer; padded with it, a model never learns to stop"
            )
        specs[name] = spec
    return specs


def find_base_model(name_or_hub: str, file: Path = MODELS_FILE) -> BaseModelSpec:
    """The base model of that name or Hub id, in any case. Raises ValueError that names the nearest ones."""
    specs = base_models(file)
    known = {key.lower(): spec for spec in specs.values() for key in (spec.hub, spec.name)}
    if found := known.get(name_or_hub.lower()):
        return found
    near = difflib.get_close_matches(name_or_hub.lower(), known)
    hint = f"nearest: {', '.join(near)}" if near else f"known: {', '.join(specs)}"
    raise ValueError(f"unknown base model {name_or_hub!r}, {hint} (from {file.name})")


def load_tokenizer(
    model: str | BaseModelSpec, *, path: str | Path = "", stand_in: bool = True, file: Path = MODELS_FILE
) -> LoadedTokenizer:
    """The tokenizer of a base model: from `path`, else the Hub or its cache, else (if allowed) the stand-in.

    `model` is a name or Hub id of models.toml, any other Hub id, or a folder. No code of a repository is ever run.
    Raises ValueError where nothing can be had, or what was found does not agree with models.toml.
    """
    if isinstance(model, str) and not path and Path(model).is_dir():
        return LoadedTokenizer(_from_folder(Path(model)), TemplateSettings(), "path", "")
    spec = model if isinstance(model, BaseModelSpec) else _known(model, file)
    settings = spec.settings if spec else TemplateSettings()
    folder = Path(path) if path else spec.folder if spec else None
    if folder:
        return LoadedTokenizer(_agreeing(_from_folder(folder), spec), settings, "path", "")
    hub = spec.hub if spec else str(model)
    snapshot, why_not = _snapshot(hub, spec.revision if spec else "")
    if snapshot:
        return LoadedTokenizer(_agreeing(_from_folder(snapshot), spec), settings, "hub", snapshot.name)
    if spec is None or not stand_in:
        raise ValueError(f"no tokenizer for {hub}: {why_not}; name a folder, or a model of {file.name}")
    return LoadedTokenizer(stand_in_tokenizer(spec, file), settings, "stand-in", "", f"{hub}: {why_not}")


def stand_in_tokenizer(spec: BaseModelSpec, file: Path = MODELS_FILE) -> PreTrainedTokenizerBase:
    """A tokenizer of single bytes with the family's control tokens and chat template: the same text, other ids."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    bytes_only = Tokenizer(models.BPE(vocab={letter: number for number, letter in enumerate(letters)}, merges=[]))
    bytes_only.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytes_only.decoder = decoders.ByteLevel()
    named = {"eos_token": spec.eos, "pad_token": spec.pad} | ({"bos_token": spec.bos} if spec.bos else {})
    control = dict.fromkeys([*named.values(), spec.end_of_turn, *spec.special])
    bytes_only.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in control])
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]  # transformers leaves it so
        tokenizer_object=bytes_only,
        chat_template=family_template(spec.family, file),
        clean_up_tokenization_spaces=False,
        name_or_path=f"{spec.hub} (stand-in)",
        **named,
    )


def family_template(family: str, file: Path = MODELS_FILE) -> str:
    """The Jinja text of a family's chat template: from models.toml, else from the files that TRL ships."""
    own = _tables(file).get("templates", {})
    if family in own:
        return str(own[family])
    found = find_spec("trl")  # finds the package without importing it, which takes seconds
    if found is None or not found.submodule_search_locations:
        raise ValueError(f"the chat template of {family!r} comes with trl, which is not installed: pip install trl")
    folder = Path(found.submodule_search_locations[0]) / "chat_templates"
    template = folder / f"{family}.jinja"
    if not template.is_file():
        near = difflib.get_close_matches(family, [*own, *(entry.stem for entry in folder.glob("*.jinja"))])
        raise ValueError(f"no chat template for the family {family!r}, nearest: {', '.join(near) or 'none'}")
    return template.read_text(encoding="utf-8")


@cache
def _tables(file: Path) -> dict[str, dict[str, object]]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{file}: {error}") from error


def _known(model: str, file: Path) -> BaseModelSpec | None:
    """The spec of a name or Hub id; None for a Hub id that models.toml does not have."""
    try:
        return find_base_model(model, file)
    except ValueError:
        if "/" in model:
            return None
        raise


def _from_folder(folder: Path) -> PreTrainedTokenizerBase:
    """The tokenizer saved in a folder; a template in a file beside it is read too."""
    import transformers

    loader: Any = transformers.PreTrainedTokenizerFast if _has_no_class(folder) else transformers.AutoTokenizer
    try:
        tokenizer: PreTrainedTokenizerBase = loader.from_pretrained(
            str(folder), local_files_only=True, trust_remote_code=False
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ImportError, RecursionError) as error:
        cause = " ".join(str(error).split())[:300]
        raise ValueError(f"no tokenizer can be read from {folder}: {cause}") from error
    return tokenizer


def _has_no_class(folder: Path) -> bool:
    """Whether AutoTokenizer would surely load the tokenizer as the class that all share, as for Llama 3.

    It imports half of transformers to find that out, which takes three to four seconds.
    """
    try:
        named = json.loads((folder / "tokenizer_config.json").read_bytes())
        model_type = json.loads((folder / "config.json").read_bytes())["model_type"]
        shared = named["tokenizer_class"] in SHARED_CLASSES and "auto_map" not in named
    except (OSError, ValueError, TypeError, LookupError, RecursionError):
        return False
    return shared and model_type == "llama" and (folder / "tokenizer.json").is_file()


def _snapshot(hub: str, revision: str) -> tuple[Path | None, str]:
    """The folder of the repository's tokenizer files, or None and why they cannot be had now.

    The Hub is asked once with a short time limit before anything is downloaded: the download itself has none.
    """
    import httpx
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, HFValidationError, RepositoryNotFoundError

    wanted: dict[str, Any] = {"repo_id": hub, "allow_patterns": list(TOKENIZER_FILES)}
    try:
        commit = HfApi().model_info(hub, revision=revision or None, timeout=HUB_SECONDS).sha
        return Path(snapshot_download(**wanted, revision=commit)), ""
    except GatedRepoError:
        why_not = "its licence must be accepted on the Hub, and HF_TOKEN set"
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise ValueError(
            f"no tokenizer for {hub}: the Hub has no such model, or it is private (set HF_TOKEN)"
        ) from error
    except (HfHubHTTPError, httpx.TransportError, OSError) as error:
        why_not = f"the Hub cannot be reached ({type(error).__name__})"
    try:
        return Path(snapshot_download(**wanted, revision=revision or None, local_files_only=True)), ""
    except OSError:
        return None, f"{why_not}, and this machine's cache has no copy"


def _agreeing(tokenizer: PreTrainedTokenizerBase, spec: BaseModelSpec | None) -> PreTrainedTokenizerBase:
    """The tokenizer, padded as models.toml says. Raises ValueError where the two disagree."""
    if spec is None:
        return tokenizer
    if spec.pad not in tokenizer.get_vocab():
        raise ValueError(
            f"{spec.name}: models.toml pads with {spec.pad!r}, which the tokenizer of {spec.hub} does not have"
        )
    begin, text = tokenizer.bos_token or "", encode(GREETING, tokenizer, spec.settings).text
    if spec.bos != (begin if begin and text.startswith(begin) else ""):
        raise ValueError(f"{spec.name}: models.toml has bos {spec.bos!r}, the template writes {text[:20]!r}")
    written = end_of_turn(tokenizer, spec.settings)
    if written != spec.end_of_turn:
        raise ValueError(
            f"{spec.name}: models.toml has end_of_turn {spec.end_of_turn!r}, the template writes {written!r}"
        )
    tokenizer.pad_token = spec.pad
    return tokenizer
