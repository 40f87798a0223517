"""The judge of doubtful pairs: a cross-encoder from a folder, tiny and random, made here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipelines.judging import find_judge

PAIRS = [("a lie", "to tell a lie"), ("to tell a lie", "a lie"), ("a hat", "a lie"), ("a hat", "a hat")]
WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] a lie to tell hat"


def cross_encoder(folder: Path, labels: list[str]) -> Path:
    """A BERT of 2 layers with random weights and one output a label."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(WORDS.split()) + "\n")
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(1)
    sizes = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    config = BertConfig(vocab_size=10, **sizes, id2label=dict(enumerate(labels)), num_labels=len(labels))
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


@pytest.mark.parametrize(
    "labels", [["LABEL_0"], ["not_duplicate", "duplicate"], ["contradiction", "entailment", "neutral"]]
)
def test_any_model_of_two_texts_gives_probabilities_that_do_not_depend_on_the_order(tmp_path, labels) -> None:
    judge = find_judge(str(cross_encoder(tmp_path / "judge", labels)))
    said = judge(PAIRS)
    assert said.shape == (4,)
    assert ((said > 0) & (said < 1)).all()
    assert said[0] == said[1]
    np.testing.assert_array_equal(judge(PAIRS[::-1]), said[::-1])
    assert judge([]).tolist() == []


def test_other_weights_are_another_judge_and_loading_waits_for_the_first_pair(tmp_path) -> None:
    one = find_judge(str(cross_encoder(tmp_path / "one", ["LABEL_0"])))
    two = find_judge(str(cross_encoder(tmp_path / "two", ["no", "duplicate"])))
    assert one.fingerprint != two.fingerprint
    assert "_model" not in vars(one)


def test_a_model_without_a_label_for_the_same_is_told(tmp_path) -> None:
    judge = find_judge(str(cross_encoder(tmp_path / "judge", ["joy", "anger", "fear"])))
    with pytest.raises(ValueError, match="none of its labels \\(joy, anger, fear\\)"):
        judge(PAIRS)


@pytest.mark.parametrize(("name", "cause"), [("./nowhere", "no such folder"), ("{tmp}", "expected config.json")])
def test_a_judge_that_is_not_there_is_one_line(tmp_path, name, cause) -> None:
    with pytest.raises(ValueError, match=cause) as told:
        find_judge(name.replace("{tmp}", str(tmp_path)))
    assert "\n" not in str(told.value)
