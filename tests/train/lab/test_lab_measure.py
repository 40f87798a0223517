"""Nats per byte: what is counted and what is not."""

from __future__ import annotations

import math

import pytest

from train.errors import TrainError
from train.lab import measure
from train.lab.pretrain import Settings, new_model


@pytest.fixture(scope="module")
def even(small_tokenizer):
    """A model to which every token is as likely as any other."""
    import torch

    model = new_model(
        small_tokenizer, Settings(hidden_size=64, intermediate_size=64, layers=1, heads=1, key_value_heads=1)
    )
    with torch.no_grad():
        model.model.norm.weight.zero_()
    return model


def test_the_answer_and_its_end_of_turn_are_counted_and_the_question_is_not(even, small_corpus, small_tokenizer):
    definition = small_corpus.held_out[0]
    fit = measure.fit(even, small_tokenizer, [definition])
    tokens = len(small_tokenizer.tokenize(definition.answer)) + 1
    assert fit.tokens == tokens
    assert fit.bytes == len(definition.answer.encode())
    assert fit.answer_nats_per_byte == pytest.approx(tokens * math.log(len(small_tokenizer)) / fit.bytes, rel=1e-4)


def test_the_meaning_is_measured_without_frame_word_and_full_stop(even, small_corpus, small_tokenizer):
    definition = small_corpus.held_out[0]
    fit = measure.fit(even, small_tokenizer, [definition])
    tokens = len(small_tokenizer.tokenize(" " + definition.meaning))
    size = len(definition.meaning.encode())
    assert fit.meaning_nats_per_byte == pytest.approx(tokens * math.log(len(small_tokenizer)) / size, rel=1e-4)


def test_an_answer_measures_the_same_alone_and_beside_longer_ones(small_corpus, small_tokenizer):
    model = new_model(
        small_tokenizer, Settings(hidden_size=64, intermediate_size=64, layers=2, heads=2, key_value_heads=1)
    )
    one, two = small_corpus.held_out[:2]
    alone = [measure.fit(model, small_tokenizer, [definition]) for definition in (one, two)]
    both = measure.fit(model, small_tokenizer, [one, two])
    nats = sum(fit.answer_nats_per_byte * fit.bytes for fit in alone)
    assert both.answer_nats_per_byte * both.bytes == pytest.approx(nats, rel=1e-5)


def test_nothing_to_measure_on_is_refused(even, small_tokenizer):
    with pytest.raises(TrainError, match="no definition to measure on"):
        measure.fit(even, small_tokenizer, [])


def test_a_folder_without_a_model_is_one_line(tmp_path, wordnet, capsys):
    assert measure.main(["--model", str(tmp_path), "--wordnet", str(wordnet)]) == 2
    assert "no config.json there" in capsys.readouterr().err


def test_a_broken_model_is_one_line(tmp_path, capsys):
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    (tmp_path / "model.safetensors").write_bytes(b"half")
    assert measure.main(["--model", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert "no model can be read there" in told
    assert told.strip().count("\n") == 0


def test_a_model_that_repeats_itself_does_not_look_various():
    same = [("“f” is a kind of “f”.", True)] * 3 + [("It is a fish that", False)]
    assert measure.variety(same) == measure.Variety(answers=4, distinct=0.5, most_frequent=0.75, ended=0.75)


def test_prompts_in_another_shape_are_refused(tmp_path):
    (tmp_path / "good.json").write_text('[{"id": "q-1", "text": "Why?"}]')
    (tmp_path / "bad.json").write_text('["Why?"]')
    assert measure.read_prompts([tmp_path / "good.json"]) == ["Why?"]
    with pytest.raises(TrainError, match=r"bad\.json: expected a JSON list of objects with a key text"):
        measure.read_prompts([tmp_path / "good.json", tmp_path / "bad.json"])
