"""The four-way choice: the ids that training has, the sums that a plain forward pass gives, the picks of lm-eval."""

from __future__ import annotations

import pytest

from curation.templates import encode
from train.engines.transformers_engine import TransformersEngine
from train.evaluation.choice import alone_work, choice_work, judge, picks
from train.evaluation.items import Choice
from train.evaluation.work import Pair, begin_ids, pairs, stop_ids

CHOICE = Choice(
    "id-1", "rizz", "held_out", "What does “rizz” mean?", "Rizz?", ("charm", "a slow car", "rain", "très 🍜"), 0
)


@pytest.fixture(scope="module")
def model(tiny_model):
    import torch
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32)


def plainly_scored(model, prompt, answer):
    """Sum of log-probabilities of the answer's ids, from one forward pass without any cache or padding."""
    import torch

    ids = torch.tensor([[*prompt, *answer]])
    with torch.inference_mode():
        logs = model(ids).logits[0].float().log_softmax(-1)
    places = range(len(prompt), len(prompt) + len(answer))
    return sum(float(logs[place - 1, ids[0, place]]) for place in places)


def chat(question, answer):
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


def test_an_answer_s_ids_are_those_that_it_is_trained_with(tiny_loaded):
    messages = chat("What does “rizz” mean?", "  Charm 😂.  ")
    (pair,) = pairs([messages], tiny_loaded)
    encoded = encode(messages, tiny_loaded.tokenizer, tiny_loaded.settings)
    assert isinstance(pair, Pair)
    assert pair.prompt + pair.answer + pair.end == encoded.input_ids
    assert tiny_loaded.tokenizer.decode(pair.answer) == "Charm 😂."
    assert tiny_loaded.tokenizer.decode(pair.end) == "<|eot_id|>"


def test_scores_are_the_sums_of_a_plain_forward_pass(model, tiny_loaded):
    work = choice_work("choice", [CHOICE], tiny_loaded, 8, unseen=False)
    (record,) = work.ask(TransformersEngine(model), [0])
    for text, score in zip(CHOICE.choices, record["scores"], strict=True):
        (pair,) = pairs([chat(CHOICE.question, text)], tiny_loaded)
        assert score == pytest.approx(plainly_scored(model, pair.prompt, pair.answer), abs=1e-4)


def test_the_unseen_wording_is_another_question(model, tiny_loaded):
    engine = TransformersEngine(model)
    usual, unseen = (
        choice_work("x", [CHOICE], tiny_loaded, 8, unseen=which).ask(engine, [0]) for which in (False, True)
    )
    assert usual != unseen


def test_what_a_choice_has_by_itself_follows_the_begin_token_alone(model, tiny_loaded):
    work = alone_work([CHOICE, CHOICE], tiny_loaded, 100)
    assert work.keys == list(CHOICE.choices)
    assert begin_ids(tiny_loaded) == [tiny_loaded.tokenizer.bos_token_id]
    for text, record in zip(work.keys, work.ask(TransformersEngine(model), [0, 1, 2, 3]), strict=True):
        answer = tiny_loaded.tokenizer(text, add_special_tokens=False)["input_ids"]
        assert record["score"] == pytest.approx(plainly_scored(model, begin_ids(tiny_loaded), answer), abs=1e-4)


def test_each_measure_picks_as_it_is_defined():
    choices = ("a", "bb", "cccc", "dddddddd")
    scores = [-1.0, -1.5, -2.0, -3.2]  # highest: a; a character: -1, -.75, -.5, -.4: d
    alone = [-1.0, -2.0, -9.0, -4.0]  # informed: 0, .5, 7, .8: cccc
    assert picks(scores, alone, choices) == {"acc": 0, "acc_norm": 3, "acc_mutual_info": 2}


def test_of_equal_choices_the_first_is_picked_as_numpy_does():
    assert set(picks([-1.0] * 4, [-1.0] * 4, ("aa", "bb", "cc", "dd")).values()) == {0}


def test_acc_norm_counts_characters_and_not_bytes():
    """🍜 is one character of four bytes: -3 a character, where its neighbour has -2."""
    assert picks([-3.0, -2.0], [0.0, 0.0], ("🍜", "b"))["acc_norm"] == 1


def test_judging_counts_right_picks_by_side():
    alone = {text: {"score": -5.0} for text in CHOICE.choices}
    values = judge([CHOICE], [{"scores": [-1.0, -1.9, -3.0, -4.0]}], alone, "choice")
    found = {one.metric: one.value for one in values}
    assert found["choice_acc_mutual_info"] == found["choice_acc_mutual_info_held_out"] == 1.0
    assert found["choice_acc_norm"] == 0.0  # "charm" has -0.2 a character, "a slow car" -0.19
    assert {one.cluster for one in values} == {"rizz"}


def test_a_choice_that_the_template_refuses_is_left_out_and_said(model, tiny_loaded):
    leaked = Choice("id-2", "x", "trained", "What is <|eot_id|>?", "", CHOICE.choices, 1)
    work = choice_work("choice", [CHOICE, leaked], tiny_loaded, 8, unseen=False)
    first, second = work.ask(TransformersEngine(model), [0, 1])
    assert "scores" in first
    assert "holds the control token '<|eot_id|>'" in second["fault"]
    assert judge([leaked], [second], {}, "choice") == []


def test_an_answer_stops_at_the_end_of_turn_and_at_the_end_of_text(tiny_loaded):
    assert stop_ids(tiny_loaded) == {tiny_loaded.tokenizer.convert_tokens_to_ids("<|eot_id|>")}
