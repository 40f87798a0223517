"""Figures beside which sacrebleu 2.6.0 (sentence_chrf) and rouge-score 0.1.2 (rougeL) gave the same to 12 digits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.evaluation.text_metrics import chrf, cosine, rouge_l, token_f1

PAIRS = [  # text, reference, chrF, ROUGE-L, token F1 by hand
    ("the drip is a stylish outfit", "drip means stylish clothes", 0.3565147772813676, 0.4, 0.5),
    ("good", "goods", 0.7257346393588602, 0.0, 0.0),
    ("a", "b", 0.0, 0.0, 0.0),  # SQuAD: an article is no word
    ("lie", "a lie or a false statement", 0.12016143826820765, 2 / 7, 0.4),
    ("It means: no lie!", "it means no lie", 0.5623747935732135, 1.0, 1.0),
]


@pytest.mark.parametrize(("text", "reference", "expected", "_", "__"), PAIRS)
def test_chrf_is_sacrebleus(text: str, reference: str, expected: float, _, __) -> None:
    assert chrf(text, reference) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("text", "reference", "_", "expected", "__"), PAIRS)
def test_rouge_l_is_rouge_scores(text: str, reference: str, _, expected: float, __) -> None:
    assert rouge_l(text, reference) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("text", "reference", "_", "__", "expected"), PAIRS)
def test_token_f1_is_counted_by_hand(text: str, reference: str, _, __, expected: float) -> None:
    assert token_f1(text, reference) == pytest.approx(expected)


def test_quotation_marks_of_any_kind_are_no_words() -> None:
    assert token_f1("“no lie”, it’s true…", 'no lie, "it\'s" true') == 1.0
    assert token_f1("😂", "😂!") == 1.0
    assert token_f1("", "the") == 1.0
    assert token_f1("", "lie") == 0.0


def test_words_of_scripts_without_blanks_are_compared_by_character() -> None:
    assert rouge_l("这是谎言", "这是真话") == 0.5


@given(st.text(max_size=60), st.text(max_size=60))
def test_every_measure_lies_between_nothing_and_the_same(text: str, reference: str) -> None:
    for measure in (token_f1, chrf, rouge_l):
        assert 0 <= measure(text, reference) <= 1 + 1e-12
    if text.strip():
        assert chrf(text, text) == pytest.approx(1.0)
    assert token_f1(text, reference) == token_f1(reference, text)
    assert rouge_l(text, reference) == rouge_l(reference, text)


class Letters:
    """Vectors of letter counts."""

    fingerprint = "letters"

    def __call__(self, texts):
        counts = np.array([[text.count(letter) for letter in "abc"] for text in texts], dtype=np.float32)
        return counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-9)


def test_cosine_asks_the_embedder() -> None:
    assert cosine("ab", "ba", Letters()) == pytest.approx(1.0)
    assert cosine("ab", "ab", Letters()) == pytest.approx(1.0)
    assert cosine("a", "c", Letters()) == 0.0
    assert cosine("", "a", Letters()) == 0.0
