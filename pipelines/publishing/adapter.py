"""What is published of a trained adapter: which files, and its model card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class AdapterFacts:
    """What the card must be told that does not stand in the run."""

    repository: str  # OWNER/NAME
    version: str  # the tag of this publish
    dataset: str = ""  # OWNER/NAME of the published dataset it was trained on, "" where it is not published
    dataset_version: str = ""  # its tag
    build: Path | None = None  # the build it was trained on; None: data/builds/NAME of run.json, where it is the same
    evaluations: Sequence[Path] = ()  # folders of train.evaluate; [] looks in data/evaluations
    rights: str = ""  # --rights: on what ground the weights are passed on
    private: bool = False
    endpoint: str = "https://huggingface.co"


def adapter_files(run: Path, facts: AdapterFacts) -> Mapping[str, Path]:
    """Name in the repository → file here: the adapter, its tokenizer, run.json, recipe, loss curve, results.

    Checkpoints, training texts and timings stay. Raises TrainError (a ValueError) where the run is half-written or
    its weights are not those it wrote.
    """
    raise NotImplementedError


def adapter_card(run: Path, facts: AdapterFacts) -> str:
    """The model card as Markdown with YAML front matter: base_model, datasets, library_name, licence, tags, results.

    The licence follows from the base model's and the data's. Raises LicenceError, TrainError.
    """
    raise NotImplementedError
