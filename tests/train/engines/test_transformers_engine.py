"""The reference engine against plain forward passes of the same model."""

from __future__ import annotations

import pytest
import torch

from train.engines import transformers_engine
from train.engines.engine import Scored
from train.engines.transformers_engine import TransformersEngine

NEVER = frozenset({-1})


@pytest.fixture(scope="module")
def engine(tiny_llama):
    return TransformersEngine(tiny_llama)


def plain_scores(model, prompt, continuation):
    """Log-probabilities of the continuation from one forward pass over all the ids, without cache or padding."""
    ids = torch.tensor([[*prompt, *continuation]])
    with torch.inference_mode():
        spread = model(ids).logits[0].double().log_softmax(-1)
    return [float(spread[len(prompt) - 1 + at, token]) for at, token in enumerate(continuation)]


def plain_answer(model, prompt, tokens, banned=(), banned_for=0):
    """Greedy ids, each from a forward pass over all the ids before it."""
    ids = list(prompt)
    for step in range(tokens):
        with torch.no_grad():
            logits = model(torch.tensor([ids])).logits[0, -1].clone()
        if step < banned_for:
            logits[list(banned)] = float("-inf")
        ids.append(int(logits.argmax()))
    return ids[len(prompt) :]


def test_an_answer_is_what_plain_forward_passes_choose(engine, tiny_llama, prompts):
    answer = engine.generate(prompts[0], max_new_tokens=20, stop_ids=NEVER)
    assert answer.ids == plain_answer(tiny_llama, prompts[0], 20)


def test_a_model_that_never_stops_is_cut_at_the_limit(engine, prompts):
    answer = engine.generate(prompts[0], max_new_tokens=7, stop_ids=NEVER)
    assert (len(answer.ids), answer.ended) == (7, False)


def test_an_answer_ends_before_its_stop_id(engine, tiny_llama, prompts):
    expected = plain_answer(tiny_llama, prompts[0], 20)
    stop = expected[5]
    answer = engine.generate(prompts[0], max_new_tokens=20, stop_ids=frozenset({stop, 299}))
    assert answer.ids == expected[: expected.index(stop)]
    assert answer.ended


def test_below_the_least_number_of_tokens_no_stop_id_is_chosen(engine, tiny_llama, prompts):
    stop = plain_answer(tiny_llama, prompts[0], 1)[0]
    answer = engine.generate(prompts[0], max_new_tokens=12, min_new_tokens=12, stop_ids=frozenset({stop}))
    assert answer.ids == plain_answer(tiny_llama, prompts[0], 12, banned=[stop], banned_for=12)
    assert (len(answer.ids), answer.ended) == (12, False)


def test_many_prompts_at_once_give_what_each_gives_alone(engine, prompts, monkeypatch):
    monkeypatch.setattr(transformers_engine, "PROMPTS_AT_ONCE", 5)
    alone = [engine.generate(prompt, max_new_tokens=20, stop_ids=NEVER) for prompt in prompts]
    stops = frozenset({alone[0].ids[3], alone[4].ids[8]})
    alone = [engine.generate(prompt, max_new_tokens=20, stop_ids=stops) for prompt in prompts]
    together = engine.generate_all(prompts, max_new_tokens=20, stop_ids=stops)
    assert [(answer.ids, answer.ended) for answer in together] == [(answer.ids, answer.ended) for answer in alone]
    assert {answer.ended for answer in together} == {True, False}


def test_the_first_token_comes_before_the_last(engine, prompts):
    for answer in engine.generate_all(prompts, max_new_tokens=6, stop_ids=NEVER):
        assert 0 < answer.seconds_to_first < answer.seconds


@pytest.mark.parametrize("logits_at_once", [1, 2000, 2**25])
def test_scores_are_those_of_a_plain_forward_pass(tiny_llama, prompts, monkeypatch, logits_at_once):
    monkeypatch.setattr(transformers_engine, "LOGITS_AT_ONCE", logits_at_once)
    requests = [Scored(prompt, [prompts[0][:size] for size in (9, 1, 4)]) for prompt in prompts]
    requests.insert(3, Scored(prompts[2], []))
    requests.append(Scored([5], [[7], []]))
    scores = TransformersEngine(tiny_llama).score(requests)
    for request, found in zip(requests, scores, strict=True):
        assert len(found) == len(request.continuations)
        for continuation, values in zip(request.continuations, found, strict=True):
            assert values == pytest.approx(plain_scores(tiny_llama, request.prompt, continuation), abs=2e-5)


def test_nothing_to_score_gives_nothing(engine):
    assert engine.score([]) == []
    assert engine.score([Scored([1, 2], [])]) == [[]]


def test_an_empty_prompt_is_refused(engine):
    with pytest.raises(ValueError, match="a prompt has no token"):
        engine.score([Scored([], [[1, 2]])])


def test_a_window_of_attention_is_kept(prompts):
    """Gemma 3 sees only the last tokens in most layers: padding must not push real ones out of sight."""
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig

    torch.manual_seed(1)
    config = Gemma3TextConfig(
        vocab_size=300,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        sliding_window=8,
        initializer_range=0.3,
        layer_types=["sliding_attention", "full_attention"],
    )
    model = Gemma3ForCausalLM(config).eval()
    engine = TransformersEngine(model)
    for prompt, answer in zip(prompts, engine.generate_all(prompts, max_new_tokens=12, stop_ids=NEVER), strict=True):
        assert answer.ids == plain_answer(model, prompt, 12)
    scores = engine.score([Scored(prompt, [prompts[0][:12], prompts[2]]) for prompt in prompts])
    for prompt, (first, second) in zip(prompts, scores, strict=True):
        assert first == pytest.approx(plain_scores(model, prompt, prompts[0][:12]), abs=5e-5)
        assert second == pytest.approx(plain_scores(model, prompt, prompts[2]), abs=5e-5)
