"""The likelihood of right answers is the loss that training would have on them."""

from __future__ import annotations

import pytest

from curation.templates import encode
from train.engines.transformers_engine import TransformersEngine
from train.evaluation.items import Told
from train.evaluation.likelihood import judge, likelihood_work

TOLD = [
    Told("a", "rizz", "held_out", ({"role": "user", "content": "What is rizz?"}, {"role": "assistant", "content": "Charm."})),
    Told("b", "b", "general", ({"role": "user", "content": "Où ?"}, {"role": "assistant", "content": " Là-bas, à côté. "})),
    Told("c", "c", "general", ({"role": "user", "content": "<|eot_id|>"}, {"role": "assistant", "content": "No."})),
]  # fmt: skip


@pytest.fixture(scope="module")
def model(tiny_model):
    import torch
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32)


@pytest.fixture(scope="module")
def records(model, tiny_loaded):
    return likelihood_work(TOLD, tiny_loaded, 8).ask(TransformersEngine(model), [0, 1, 2])


def test_it_is_the_loss_of_the_labels_that_the_encode_function_gives(model, tiny_loaded, records):
    import torch

    for told, record in zip(TOLD[:2], records, strict=False):
        encoded = encode(told.messages, tiny_loaded.tokenizer, tiny_loaded.settings)
        with torch.inference_mode():
            loss = model(torch.tensor([encoded.input_ids]), labels=torch.tensor([encoded.labels])).loss
        assert record["tokens"] == sum(encoded.loss_mask)
        assert record["nll"] / record["tokens"] == pytest.approx(float(loss), abs=1e-4)


def test_a_byte_is_one_of_utf_8_without_the_blanks_that_no_template_writes():
    values = {(one.metric, one.id): one.value for one in judge(TOLD[:2], [{"nll": 12.0, "tokens": 4}] * 2)}
    assert values == {
        ("held_out_nll", "a"): 2.0,
        ("held_out_nll_per_token", "a"): 3.0,
        ("general_nll", "b"): 12.0 / 19,  # 15 characters, four of them of two bytes
        ("general_nll_per_token", "b"): 3.0,
    }


def test_a_conversation_that_the_template_refuses_is_left_out(records):
    assert "holds the control token" in records[2]["fault"]
    assert list(judge(TOLD[2:], records[2:])) == []


def test_records_do_not_depend_on_the_others_of_their_chunk(model, tiny_loaded, records):
    alone = likelihood_work(TOLD[:1], tiny_loaded, 8).ask(TransformersEngine(model), [0])
    assert alone[0]["nll"] == pytest.approx(records[0]["nll"], abs=1e-4)
