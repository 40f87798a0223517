"""Finds the cross-encoder that a recipe names as the judge of doubtful pairs (`judge` of the stage same_sense).

Any sequence classification model of two texts will do: one that scores likeness (`cross-encoder/stsb-…`, one label),
one that tells paraphrases from others (two labels), or one of natural language inference (three, one of them
`entailment`). Both orders of a pair are read and the lower probability counts: two texts mean the same when each says
the other.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from curation.judge import Judge

BATCH = 32
PARAPHRASE = ("paraphrase", "equivalent", "duplicate", "entail", "label_1")  # beginnings of what a label that says so


def find_judge(path_or_id: str, *, device: str = "cpu") -> Judge:
    """The judge in a folder, or of a Hub id; it is loaded at its first pair.

    Code that comes with a model is never run, and only safetensors are read. Raises ValueError with one line when it
    cannot be had.
    """
    folder = Path(path_or_id).expanduser()
    if not folder.is_dir():
        if path_or_id.startswith((".", "/", "~")) or path_or_id.count("/") > 1:
            raise ValueError(f"same_sense: judge {path_or_id!r}: no such folder; give a folder, a Hub id, or nothing")
        folder = _from_hub(path_or_id)
    weights = sorted(folder.glob("*.safetensors"))
    if not weights or not (folder / "config.json").is_file():
        raise ValueError(f"same_sense: judge in {folder}: expected config.json and *.safetensors there; name another")
    digest = hashlib.sha256((folder / "config.json").read_bytes())
    for file in weights:
        digest.update(file.read_bytes())
    versions = "-".join(importlib.metadata.version(name) for name in ("sentence-transformers", "transformers", "torch"))
    return CrossEncoderJudge(folder, f"{digest.hexdigest()}-{device}-{versions}", device)


def _from_hub(model_id: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    try:
        return Path(snapshot_download(model_id, allow_patterns=["*.json", "*.txt", "*.model", "*.safetensors"]))
    except (OSError, HfHubHTTPError, ValueError) as error:  # no network, no such model, not a model's name
        cause = type(error).__name__
        advice = "name a folder that holds it, or leave `judge` out of the recipe"
        raise ValueError(f"same_sense: judge {model_id!r} cannot be had from the Hub ({cause}): {advice}") from error


@dataclass(frozen=True)
class CrossEncoderJudge:
    """A Judge by a cross-encoder of sentence-transformers."""

    folder: Path
    fingerprint: str
    device: str

    def __call__(self, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float64]:
        """Probabilities of shape (len(pairs),), four digits: the company of a pair changes only what comes after."""
        import numpy as np

        ordered = sorted({turn for a, b in pairs for turn in ((a, b), (b, a))})
        if not ordered:
            return np.zeros(0)
        said = dict(zip(ordered, self._read(ordered).tolist(), strict=True))
        return np.array([round(min(said[a, b], said[b, a]), 4) for a, b in pairs])

    def _read(self, pairs: list[tuple[str, str]]) -> npt.NDArray[np.float64]:
        """The probability that each pair is a paraphrase, or that its first text entails the second."""
        import numpy as np
        from torch.nn import Identity

        raw = self._model.predict(pairs, batch_size=BATCH, activation_fn=Identity(), show_progress_bar=False)
        logits = np.asarray(raw, dtype=np.float64).reshape(len(pairs), -1)
        if logits.shape[1] == 1:
            return np.asarray(1 / (1 + np.exp(-logits[:, 0])))
        likely = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(likely[:, self._label] / likely.sum(axis=1))

    @cached_property
    def _label(self) -> int:
        """Which output says that two texts mean the same."""
        names = {int(place): str(name).casefold() for place, name in self._model.config.id2label.items()}
        for wanted in PARAPHRASE if len(names) == 2 else PARAPHRASE[:-1]:
            for place, name in sorted(names.items()):
                if name.startswith(wanted):
                    return place
        raise ValueError(
            f"same_sense: judge in {self.folder}: none of its labels ({', '.join(names.values())}) says that two texts "
            "mean the same; expected one score, or a label such as `entailment` or `paraphrase`"
        )

    @cached_property
    def _model(self) -> Any:
        from sentence_transformers import CrossEncoder
        from transformers.utils import logging

        logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # transformers leaves these two untyped
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        return CrossEncoder(
            str(self.folder), device=self.device, local_files_only=True, model_kwargs={"dtype": "float32"}
        )
