"""The weights that are part of the project: small, loadable, themselves, and able to answer."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest

pytestmark = pytest.mark.xdist_group("lab_model")


@pytest.fixture(scope="module")
def folder(project):
    return project / "train" / "lab" / "model"


@pytest.fixture(scope="module")
def lab(folder):
    from train.lab.measure import load

    return load(folder)


@pytest.fixture(scope="module")
def answers(lab):
    from train.lab.measure import greedy

    questions = [
        "What does “kindness” mean?",
        "Define the verb “toast”.",
        "Use “lovely” in a sentence.",
        "What is another word for “quick”?",
    ]
    return greedy(*lab, questions)


def test_model_and_tokenizer_are_ten_million_bytes_at_most(folder):
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 10_000_000


def test_the_weights_are_those_of_the_card(folder, project):
    digest = sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    assert json.loads((folder / "training.json").read_text())["sha256"] == digest
    assert digest in (project / "train" / "lab" / "README.md").read_text(encoding="utf-8")


def test_the_notice_that_wordnet_asks_for_lies_beside_the_weights(folder):
    notice = (folder / "LICENSE.wordnet").read_text(encoding="utf-8")
    assert "WordNet 3.0 Copyright 2006 by Princeton University.  All rights reserved." in notice
    assert "LICENSEE agrees to preserve same." in notice


def test_a_definition_is_answered_with_an_ended_turn_that_repeats_the_word(answers):
    assert all(ended for _, ended in answers)
    assert "“kindness”" in answers[0][0]
    assert "toast" in answers[1][0]


def test_different_questions_get_different_answers(answers):
    assert len({answer for answer, _ in answers}) == len(answers)


def test_its_tokenizer_passes_the_one_encode_function(lab):
    from curation.templates import encode, end_of_turn

    _, tokenizer = lab
    encoded = encode(
        [
            {"role": "user", "content": "What does “no cap” mean? 😀"},
            {"role": "assistant", "content": "“no cap” means for real."},
        ],
        tokenizer,
    )
    assert encoded.pieces[-1] == ("“no cap” means for real.<|eot_id|>", True)
    assert end_of_turn(tokenizer) == tokenizer.eos_token == "<|eot_id|>"


def test_the_model_stops_at_the_end_of_turn_and_pads_with_another_token(lab):
    model, tokenizer = lab
    assert model.generation_config.eos_token_id == model.config.eos_token_id == tokenizer.eos_token_id
    assert model.config.pad_token_id == tokenizer.pad_token_id != tokenizer.eos_token_id
    assert model.get_input_embeddings().num_embeddings == len(tokenizer)


def test_it_is_trained_in_32_bits_and_stored_in_16(lab, folder):
    import torch
    from safetensors import safe_open

    assert next(lab[0].parameters()).dtype == torch.float32
    with safe_open(folder / "model.safetensors", "pt") as stored:
        assert {stored.get_slice(name).get_dtype() for name in stored.keys()} == {"F16"}  # noqa: SIM118
