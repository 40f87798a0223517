"""The one encode function, on the templates that real families ship and on ones that go wrong.

The families' texts come from the files in TRL; the tokenizers are stand-ins with the family's own control tokens.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from types import SimpleNamespace

import hypothesis
import pytest
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import ByT5Tokenizer, PreTrainedTokenizerFast
from transformers.utils import chat_template_utils

from curation.templates import (
    IGNORED,
    EncodeError,
    TemplateSettings,
    control_tokens,
    encode,
    encode_all,
    end_of_turn,
    prompt_ids,
    try_encode_all,
)
from train.base_models import BaseModelSpec, base_models, family_template, stand_in_tokenizer

# family: begin token, end of turn as written, other control tokens, what the template writes between its own generation
# prompt and the last answer, settings
FAMILIES = {
    "llama3": ("<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|> <|end_header_id|>", "", {}),
    "llama3_1": ("<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|> <|end_header_id|>", "", {}),
    "llama3_2": ("<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|> <|end_header_id|>", "", {}),
    "smollm2": ("<|im_start|>", "<|im_end|>", "", "", {}),
    "qwen2_5": ("", "<|im_end|>", "<|im_start|>", "", {}),
    "qwen3": ("", "<|im_end|>", "<|im_start|> <think> </think>", "<think>\n\n</think>\n\n", {}),
    "qwen3_instruct_2507": ("", "<|im_end|>", "<|im_start|>", "", {}),
    "qwen3_5_nothink": ("", "<|im_end|>", "<|im_start|> <think> </think>", "", {"generation_prompt": "trained"}),
    "gemma": ("<bos>", "<end_of_turn>", "<start_of_turn>", "", {}),
    "gemma3": ("<bos>", "<end_of_turn>", "<start_of_turn>", "", {}),
    "phi3": ("", "<|end|>", "<|system|> <|user|> <|assistant|>", "", {}),
    "phi3_5": ("", "<|end|>", "<|system|> <|user|> <|assistant|>", "", {}),
    "phi4_mini": ("", "<|end|>", "<|system|> <|user|> <|assistant|>", "", {}),
    "deepseek_r1_distill": (
        "<｜begin▁of▁sentence｜>",
        "<｜end▁of▁sentence｜>",
        "<｜User｜> <｜Assistant｜> <think> </think>",
        "",
        {"generation_prompt": "trained"},
    ),
    "cohere2": (
        "<BOS_TOKEN>",
        "<|END_RESPONSE|><|END_OF_TURN_TOKEN|>",
        "<|START_OF_TURN_TOKEN|> <|SYSTEM_TOKEN|> <|USER_TOKEN|> <|CHATBOT_TOKEN|> <|START_RESPONSE|> <|END_RESPONSE|>",
        "",
        {},
    ),
    "glm4moe": (
        "",
        "<|user|>",
        "[gMASK] <sop> <|system|> <|assistant|> <|observation|> <think> </think>",
        "\n<think></think>\n",
        {"end_of_turn": "<|user|>"},
    ),
    "lfm2": ("<|startoftext|>", "<|im_end|>", "<|im_start|>", "", {}),
    "smolvlm": ("<|im_start|>", "<end_of_utterance>", "", " ", {}),
    "llava_next": ("", "</s>", "", " ", {}),
}
NO_SYSTEM = {"gemma"}  # refuses the role
NO_THINK_BEFORE = {"qwen3"}  # writes the empty <think> block before the last answer only

ONE_TURN = [("user", "What does “rizz” mean?"), ("assistant", "Charm 😂 — the “knack” of flirting.")]
TWO_TURNS = [*ONE_TURN, ("user", "Und „drip“, 友達?"), ("assistant", "Stylish\nclothes, as in “nice drip”.")]
CONVERSATIONS = {
    "one turn": ONE_TURN,
    "two turns": TWO_TURNS,
    "system": [("system", "Answer kindly."), *TWO_TURNS],
    "the user has the last word": [*ONE_TURN, ("user", "Thanks!")],
}


def chat(turns):
    return [{"role": role, "content": content} for role, content in turns]


@cache
def family(name):
    """(tokenizer, settings, end of turn, what is trained before the last answer)"""
    bos, end, special, lead, settings = FAMILIES[name]
    spec = BaseModelSpec(
        name=name,
        hub=f"test/{name}",
        family=name,
        bos=bos,
        eos="<|the_end|>",
        end_of_turn=end.replace("<|END_RESPONSE|>", ""),  # the only family here that ends a turn with two
        pad="<|the_pad|>",
        special=tuple(special.split()),
        licence="",
        gated=False,
    )
    return stand_in_tokenizer(spec), TemplateSettings(**settings), end, lead


def cases():
    for name in FAMILIES:
        for title, turns in CONVERSATIONS.items():
            if not (name in NO_SYSTEM and turns[0][0] == "system"):
                yield pytest.param(name, chat(turns), id=f"{name}-{title}")


def decode(tokenizer, ids):
    return tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)


def runs(encoded, tokenizer, *, trained):
    """The decoded text of each unbroken run of trained (or untrained) tokens."""
    texts, run = [], []
    for token, label in [*zip(encoded.input_ids, encoded.labels, strict=True), (None, None)]:
        if label is not None and (label != IGNORED) is trained:
            run.append(token)
        elif run:
            texts.append(decode(tokenizer, run))
            run = []
    return texts


@pytest.mark.parametrize(("name", "messages"), cases())
def test_every_answer_and_its_end_of_turn_is_trained_and_nothing_else(name, messages):
    tokenizer, settings, end, lead = family(name)
    encoded = encode(messages, tokenizer, settings)
    answers = [number for number, message in enumerate(messages) if message["role"] == "assistant"]
    expected = [
        (lead if number == len(messages) - 1 or name not in NO_THINK_BEFORE else "") + messages[number]["content"] + end
        for number in answers
    ]
    assert runs(encoded, tokenizer, trained=True) == expected
    assert [piece for piece, trained in encoded.pieces if trained] == expected
    assert runs(encoded, tokenizer, trained=False) == [piece for piece, trained in encoded.pieces if not trained]
    assert "".join(piece for piece, _ in encoded.pieces) == encoded.text == decode(tokenizer, encoded.input_ids)
    assert all(label in (IGNORED, token) for label, token in zip(encoded.labels, encoded.input_ids, strict=True))
    assert encoded.loss_mask == [int(label != IGNORED) for label in encoded.labels]


@pytest.mark.parametrize(("name", "messages"), cases())
def test_the_mask_agrees_with_the_places_of_the_tokens_in_the_text(name, messages):
    tokenizer, settings, _, _ = family(name)
    encoded = encode(messages, tokenizer, settings)
    again = tokenizer(encoded.text, add_special_tokens=False, return_offsets_mapping=True)
    assert again["input_ids"] == encoded.input_ids
    trained = [any(start <= left < stop for start, stop in encoded.spans) for left, _ in again["offset_mapping"]]
    assert [bool(number) for number in encoded.loss_mask] == trained


@pytest.mark.parametrize(("name", "messages"), cases())
def test_the_prompt_at_inference_is_a_prefix_of_the_training_ids(name, messages):
    tokenizer, settings, _, _ = family(name)
    encoded = encode(messages, tokenizer, settings)
    last = max(number for number, message in enumerate(messages) if message["role"] == "assistant")
    for number in range(1, len(messages)):
        is_last = number == last == len(messages) - 1
        # Qwen 3.5's earlier answers have no <think> block before them, and its generation prompt always has one.
        if messages[number]["role"] == "assistant" and (is_last or name != "qwen3_5_nothink"):
            prompt = prompt_ids(messages[:number], tokenizer, settings)
            assert encoded.input_ids[: len(prompt)] == prompt
            assert encoded.labels[len(prompt) - 1] == IGNORED
            assert encoded.labels[len(prompt)] == encoded.input_ids[len(prompt)]


@pytest.mark.parametrize(("name", "messages"), cases())
def test_the_begin_token_is_the_template_s_own(name, messages):
    tokenizer, settings, _, _ = family(name)
    ids = encode(messages, tokenizer, settings).input_ids
    bos = FAMILIES[name][0]
    if not bos:
        assert tokenizer.bos_token is None
    elif name == "smollm2":  # <|im_start|> opens every turn; a system turn is written even where none is given
        assert ids[0] == tokenizer.bos_token_id
        assert ids.count(tokenizer.bos_token_id) == len(messages) + (messages[0]["role"] != "system")
    else:
        assert ids[0] == tokenizer.bos_token_id
        assert ids.count(tokenizer.bos_token_id) == 1


# What TRL's training templates train beyond ours, before and after each answer: the line break after the end of turn, the
# header that it puts inside its marks, and for Phi the token that closes the whole conversation.
TRL_ALSO_TRAINS = {
    "llama3": ("", ""),
    "qwen2_5": ("\n", "\n"),
    "qwen3": ("", "\n"),
    "gemma": ("", "\n"),
    "gemma3": ("", "\n"),
    "phi3": ("", "\n<|the_end|>"),
    "phi3_5": ("", "\n<|the_end|>"),
    "deepseek_r1_distill": ("<｜Assistant｜>", ""),
    "cohere2": ("", ""),
    "glm4moe": ("", ""),
    "lfm2": ("", "\n"),
}


@pytest.mark.parametrize("name", TRL_ALSO_TRAINS)
def test_the_mask_agrees_with_trl_s_training_template(name):
    tokenizer, settings, _, _ = family(name)
    ours = encode(chat(ONE_TURN), tokenizer, settings)
    theirs = tokenizer.apply_chat_template(
        chat(ONE_TURN),
        chat_template=family_template(f"{name}_training"),
        return_dict=True,
        return_assistant_tokens_mask=True,
    )
    masked = [token for token, mask in zip(theirs["input_ids"], theirs["assistant_masks"], strict=True) if mask]
    before, after = TRL_ALSO_TRAINS[name]
    assert decode(tokenizer, masked) == before + runs(ours, tokenizer, trained=True)[0] + after
    assert theirs["input_ids"][: len(ours.input_ids)] == ours.input_ids


@pytest.mark.parametrize("name", ["llama3_2", "qwen2_5", "gemma3", "phi4_mini", "deepseek_r1_distill"])
@hypothesis.settings(deadline=None)
@hypothesis.given(question=st.text(min_size=1), answer=st.text(min_size=1))
def test_any_text_is_trained_as_it_is(name, question, answer):
    tokenizer, settings, end, _ = family(name)
    messages = chat([("user", question), ("assistant", answer)])
    if not question.strip() or not answer.strip():
        with pytest.raises(EncodeError, match="empty"):
            encode(messages, tokenizer, settings)
        return
    hypothesis.assume(not any(token in said for said in (question, answer) for token in control_tokens(tokenizer)))
    encoded = encode(messages, tokenizer, settings)
    (trained,) = runs(encoded, tokenizer, trained=True)
    assert trained.removesuffix(end) in (answer, answer.strip())
    assert question.strip() in encoded.text[: encoded.spans[0][0]]


def test_blanks_at_the_edge_are_trimmed_where_the_template_trims():
    messages = chat([("user", " Why? "), ("assistant", "  Because.  ")])
    trained = {name: runs(encode(messages, *family(name)[:2]), family(name)[0], trained=True)[0] for name in FAMILIES}
    assert trained["llama3_2"] == "Because.<|eot_id|>"
    assert trained["qwen2_5"] == "  Because.  <|im_end|>"
    assert trained["gemma3"] == "Because.<end_of_turn>"


@pytest.mark.parametrize(
    ("turns", "fault"),
    [
        ([], "no message"),
        ([("user", "hi")], "nothing to train on"),
        ([("user", None), ("assistant", "yes")], "message 0: what the user says is no text but None"),
        ([("user", "hi"), ("assistant", None)], "message 1: what the assistant says is no text but None"),
        ([("user", "hi"), ("assistant", 143)], "no text but 143"),
        ([("user", "hi"), ("assistant", ["a"])], "no text but"),
        ([("user", "hi"), ("assistant", float("nan"))], "no text but nan"),
        ([("user", "hi"), ("assistant", "")], "empty"),
        ([("user", "hi"), ("assistant", " \n ")], "empty"),
        ([("user", ""), ("assistant", "yes")], "empty"),
        ([("human", "hi"), ("gpt", "yes")], "role 'human', expected one of system, user, assistant"),
        ([("user", "hi"), ("tool", "{}"), ("assistant", "yes")], "role 'tool'"),
        ([("user", "hi"), ("system", "Be kind."), ("assistant", "yes")], "system turn that is not the first"),
        (
            [("user", "hi"), ("assistant", "yes<|eot_id|>")],
            "message 1: what the assistant says holds the control token",
        ),
        ([("user", "<|begin_of_text|>hi"), ("assistant", "yes")], "'<|begin_of_text|>'"),
        ([("user", "hi"), ("assistant", "ye\ud83ds")], "lone surrogate"),
    ],
)
def test_content_that_a_template_would_print_as_something_else_is_refused(turns, fault):
    tokenizer, settings, _, _ = family("llama3_2")
    with pytest.raises(EncodeError) as caught:
        encode(chat(turns), tokenizer, settings)
    assert fault in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("messages", "fault"),
    [
        (None, "no message"),
        ("user: hi", "expected the keys content and role, got str"),
        ([{"from": "human", "value": "hi"}], "got from, value"),
        ([{"role": "user"}], "got role"),
        ([{"role": "user", "content": "hi", "tool_calls": []}], "got content, role, tool_calls"),
    ],
)
def test_messages_of_another_shape_are_refused(messages, fault):
    tokenizer, settings, _, _ = family("qwen2_5")
    with pytest.raises(EncodeError, match=fault):
        encode(messages, tokenizer, settings)


def test_a_token_that_the_template_itself_writes_is_refused_though_it_is_not_special():
    tokenizer, _, _, _ = family("qwen3")
    plain = PreTrainedTokenizerFast(
        tokenizer_object=byte_tokenizer(["<|im_start|>", "<|im_end|>"], plain=["</think>", "<b>"]),
        chat_template=tokenizer.chat_template,
    )
    with pytest.raises(EncodeError, match="'</think>'"):
        encode(chat([("user", "hi"), ("assistant", "hm</think>yes")]), plain)
    assert encode(chat([("user", "hi"), ("assistant", "a <b>bold</b> move")]), plain).spans


def test_reasoning_is_trained_though_the_tokenizer_has_no_token_for_its_tags():
    tokenizer, _, _, _ = family("qwen3")
    plain = PreTrainedTokenizerFast(
        tokenizer_object=byte_tokenizer(["<|im_start|>", "<|im_end|>"]), chat_template=tokenizer.chat_template
    )
    answer = "<think>\nslang\n</think>\n\ncharm"
    encoded = encode(chat([("user", "rizz?"), ("assistant", answer)]), plain)
    assert [piece for piece, trained in encoded.pieces if trained] == [answer + "<|im_end|>"]


# ---------------------------------------------------------------- templates and tokenizers that go wrong

CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def byte_tokenizer(special, plain=(), merges=()):
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: number for number, letter in enumerate([*letters, *("".join(pair) for pair in merges)])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=list(merges)))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=not merges)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in plain])
    return tokenizer


def with_template(template, special=("<|im_start|>", "<|im_end|>"), merges=(), **named):
    return PreTrainedTokenizerFast(
        tokenizer_object=byte_tokenizer(special, merges=merges), chat_template=template, **named
    )


@pytest.mark.parametrize(
    ("template", "fault"),
    [
        (None, "has no chat template: take an instruct model"),
        ("{{ raise_exception('not today') }}", "refuses the conversation: not today"),
        ("{{ messages[0].nonsense.more }}", "refuses the conversation"),
        ("{% for m in messages %}", "refuses the conversation"),
        ("Hello!", "does not print what each message says"),
        (CHATML.replace("m['content']", "m['content'] | upper"), "does not print what each message says"),
        (CHATML.replace("<|im_end|>", ""), "no control token of this tokenizer after"),
        (CHATML.replace("<|im_end|>", "<|over|>"), "no control token of this tokenizer after"),
        (CHATML.replace("{% for", "{{ '<|im_start|>' }}{% for"), "two begin tokens"),
        (CHATML.replace("m['content']", "m['content'].replace('yes', 'no')"), "leaves out or rewrites"),
        (
            CHATML.replace("m['content']", "m['content'][:11]"),
            "leaves out or rewrites",
        ),
        (CHATML.replace("messages %}", "messages if m['role'] != 'system' %}"), "what the system says"),
        (
            CHATML.replace("{{ '<|im_start|>assistant\n' }}", "{{ '<|im_start|>assistant\nWell, ' }}"),
            "ends in 'Well, '",
        ),
    ],
)
def test_a_template_from_which_nothing_right_can_come_is_one_clear_line(template, fault):
    tokenizer = with_template(template, bos_token="<|im_start|>")
    with pytest.raises(EncodeError) as caught:
        encode(chat([("system", "Be kind."), ("user", "hi"), ("assistant", "yes, it is so")]), tokenizer)
    assert fault in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_template_that_cuts_earlier_answers_is_refused():
    cutting = CHATML.replace("m['content']", "(m['content'] if loop.last else m['content'].split('|')[-1])")
    messages = chat([("user", "hi"), ("assistant", "thinking|yes"), ("user", "so?"), ("assistant", "no")])
    with pytest.raises(EncodeError, match="message 1: the template leaves out or rewrites what the assistant says"):
        encode(messages, with_template(cutting))


def test_a_template_that_writes_earlier_turns_anew_is_refused():
    counting = "{{ messages | length }}" + CHATML
    with pytest.raises(EncodeError, match="writes earlier turns anew when later ones follow"):
        encode(chat(ONE_TURN), with_template(counting))


def test_a_role_that_the_family_does_not_know_is_the_template_s_own_word():
    tokenizer, settings, _, _ = family("gemma")
    with pytest.raises(EncodeError, match="System role not supported"):
        encode(chat(CONVERSATIONS["system"]), tokenizer, settings)
    with pytest.raises(EncodeError, match="must alternate"):
        encode(chat([("user", "a"), ("user", "b"), ("assistant", "c")]), tokenizer, settings)


def test_a_generation_prompt_that_no_training_text_has_must_be_declared():
    tokenizer, _, _, _ = family("deepseek_r1_distill")
    for asked in (lambda: encode(chat(ONE_TURN), tokenizer), lambda: prompt_ids(chat(ONE_TURN[:1]), tokenizer)):
        with pytest.raises(EncodeError, match='set generation_prompt = "trained"'):
            asked()
    prompt = prompt_ids(chat(ONE_TURN[:1]), tokenizer, TemplateSettings("trained"))
    assert decode(tokenizer, prompt).endswith("<｜Assistant｜>")


def test_a_template_that_does_not_end_the_last_answer_needs_an_end_of_turn():
    tokenizer, settings, _, _ = family("glm4moe")
    with pytest.raises(EncodeError, match="after the last answer"):
        encode(chat(ONE_TURN), tokenizer)
    assert end_of_turn(tokenizer, settings) == "<|user|>"
    assert encode(chat(ONE_TURN), tokenizer, settings).text.endswith("flirting.<|user|>")


def test_gpt_oss_ends_the_last_answer_otherwise_than_the_earlier_ones():
    special = ["<|start|>", "<|message|>", "<|channel|>", "<|end|>", "<|return|>", "<|call|>"]
    tokenizer = with_template(family_template("gptoss"), special)
    encoded = encode(chat(TWO_TURNS), tokenizer)
    assert [piece[-12:] for piece, trained in encoded.pieces if trained] == [
        "irting.<|end|>"[-12:],
        "p”.<|return|>"[-12:],
    ]
    assert "<|start|>assistant<|channel|>final<|message|>Charm" in encoded.text
    assert encoded.pieces[1][0].startswith("<|channel|>final<|message|>Charm")


def test_an_answer_that_fuses_with_the_prompt_is_refused():
    tokenizer = with_template(CHATML, merges=[("Ċ", "Ċ")])
    with pytest.raises(EncodeError, match="fuses with the prompt's last token"):
        encode(chat([("user", "hi"), ("assistant", "\nyes")]), tokenizer)
    assert encode(chat([("user", "hi"), ("assistant", "yes\n\nno")]), tokenizer).spans


def test_a_character_that_the_tokenizer_does_not_know_is_refused():
    words = Tokenizer(
        models.WordLevel(vocab={"[UNK]": 0, "hi": 1, "yes": 2, "user": 3, "assistant": 4}, unk_token="[UNK]")
    )
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    words.add_special_tokens([AddedToken(token, special=True) for token in ("<|im_start|>", "<|im_end|>")])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, chat_template=CHATML, unk_token="[UNK]")
    assert encode(chat([("user", "hi"), ("assistant", "yes")]), tokenizer).spans
    with pytest.raises(EncodeError, match="does not know a character"):
        encode(chat([("user", "hi"), ("assistant", "😂")]), tokenizer)


def test_a_tokenizer_that_adds_begin_tokens_by_itself_adds_none_here(tmp_path):
    tokenizer, settings, _, _ = family("llama3_2")
    tokenizer.save_pretrained(tmp_path)
    adding = PreTrainedTokenizerFast.from_pretrained(tmp_path)
    adding._tokenizer.post_processor = processors.TemplateProcessing(
        single="<|begin_of_text|> $A", special_tokens=[("<|begin_of_text|>", adding.bos_token_id)]
    )
    assert adding(encode(chat(ONE_TURN), tokenizer).text)["input_ids"][:2] == [adding.bos_token_id] * 2
    assert encode(chat(ONE_TURN), adding, settings) == encode(chat(ONE_TURN), tokenizer, settings)


def test_tokens_that_swallow_the_blanks_after_them_change_nothing():
    """Phi's own <|assistant|> and <|end|> take the line break after them into their id."""
    tokenizer = with_template(family_template("phi3_5"), [], eos_token="<|endoftext|>")
    swallowing = [
        AddedToken(f"<|{name}|>", rstrip=True, special=True) for name in ("user", "assistant", "end", "system")
    ]
    tokenizer.add_tokens(swallowing, special_tokens=True)
    encoded = encode(chat(TWO_TURNS), tokenizer)
    assert runs(encoded, tokenizer, trained=True) == [f"{text}<|end|>" for _, text in TWO_TURNS[1::2]]


def test_a_slow_tokenizer_without_places_in_the_text_is_masked_alike():
    tokenizer = ByT5Tokenizer(extra_ids=0)
    tokenizer.add_tokens(
        [AddedToken(token, special=True) for token in ("<|im_start|>", "<|im_end|>")], special_tokens=True
    )
    tokenizer.chat_template = CHATML
    assert not tokenizer.is_fast
    encoded = encode(chat(TWO_TURNS), tokenizer)
    assert runs(encoded, tokenizer, trained=True) == [f"{text}<|im_end|>" for _, text in TWO_TURNS[1::2]]


# ---------------------------------------------------------------- dates, many conversations, caches


@pytest.mark.parametrize("name", ["llama3_1", "llama3_2"])
def test_two_days_give_the_same_bytes(name, monkeypatch):
    tokenizer, settings, _, _ = family(name)
    bare, ours = [], []
    for day in (datetime(2025, 1, 2, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC)):
        monkeypatch.setattr(chat_template_utils, "datetime", SimpleNamespace(now=lambda day=day: day))
        bare.append(tokenizer.apply_chat_template(chat(ONE_TURN), tokenize=False))
        ours.append(
            json.dumps(
                [encode(chat(ONE_TURN), tokenizer, settings).input_ids, prompt_ids(chat(ONE_TURN[:1]), tokenizer)]
            )
        )
    assert (bare[0] != bare[1]) is (name == "llama3_2")
    assert ours[0] == ours[1]


def test_a_template_that_asks_for_the_time_in_its_own_way_gets_the_pinned_day():
    tokenizer = with_template("{{ strftime_now('%Y-%m-%d %H:%M') }}\n" + CHATML)
    assert encode(chat(ONE_TURN), tokenizer).text.startswith("2024-07-26 00:00\n")
    settings = TemplateSettings(date_string="01 Jan 2026")
    assert encode(chat(ONE_TURN), tokenizer, settings).text.startswith("2026-01-01 00:00\n")
    with pytest.raises(EncodeError, match="date_string 'today'"):
        encode(chat(ONE_TURN), tokenizer, TemplateSettings(date_string="today"))


def test_many_are_encoded_as_each_alone_and_a_bad_one_keeps_its_place():
    tokenizer, settings, _, _ = family("llama3_2")
    good = [chat(turns) for turns in CONVERSATIONS.values()]
    assert encode_all(good, tokenizer, settings) == [encode(messages, tokenizer, settings) for messages in good]
    assert encode_all([], tokenizer, settings) == []
    mixed = [good[0], chat([("user", "hi"), ("assistant", None)]), good[1]]
    results = try_encode_all(mixed, tokenizer, settings)
    assert [isinstance(result, EncodeError) for result in results] == [False, True, False]
    assert results[2] == encode(good[1], tokenizer, settings)
    with pytest.raises(EncodeError, match="conversation 1: message 1: what the assistant says is no text"):
        encode_all(mixed, tokenizer, settings)


def test_a_prompt_needs_a_question():
    tokenizer, settings, _, _ = family("qwen2_5")
    for turns in (ONE_TURN, [("system", "Be kind.")]):
        with pytest.raises(EncodeError, match="no question to answer"):
            prompt_ids(chat(turns), tokenizer, settings)


def test_a_conversation_of_two_messages_is_rendered_twice(monkeypatch):
    tokenizer = with_template(CHATML)
    encode(chat(ONE_TURN), tokenizer)
    calls, real = [], type(tokenizer).apply_chat_template
    monkeypatch.setattr(
        type(tokenizer),
        "apply_chat_template",
        lambda self, *given, **named: calls.append(1) or real(self, *given, **named),
    )
    encode_all([chat(ONE_TURN)] * 10, tokenizer)
    assert len(calls) == 20


def test_a_changed_template_or_vocabulary_is_probed_anew():
    tokenizer = with_template(CHATML)
    assert end_of_turn(tokenizer) == "<|im_end|>"
    tokenizer.chat_template = CHATML.replace("<|im_end|>", "<|done|>")
    with pytest.raises(EncodeError, match="no control token"):
        end_of_turn(tokenizer)
    tokenizer.add_tokens([AddedToken("<|done|>", special=True)], special_tokens=True)
    assert end_of_turn(tokenizer) == "<|done|>"


@pytest.mark.parametrize("spec", base_models().values(), ids=lambda spec: spec.name)
def test_every_base_model_of_the_registry_is_encoded_as_the_registry_says(spec):
    tokenizer = stand_in_tokenizer(spec)
    assert end_of_turn(tokenizer, spec.settings) == spec.end_of_turn
    encoded = encode(chat(CONVERSATIONS["system"]), tokenizer, spec.settings)
    assert [piece.endswith(spec.end_of_turn) for piece, trained in encoded.pieces if trained] == [True, True]
    assert encoded.text.startswith(spec.bos)
    assert spec.bos or tokenizer.bos_token is None


def test_real_conversations_are_encoded_or_refused_with_a_cause(shared_data):
    tokenizer, settings, end, _ = family("llama3_2")
    lines = (shared_data / "chat" / "well_formed.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    key = next(key for key, value in rows[0].items() if isinstance(value, list))
    conversations = [[{part: turn[part] for part in ("role", "content")} for turn in row[key]] for row in rows]
    for messages, encoded in zip(conversations, encode_all(conversations, tokenizer, settings), strict=True):
        answers = [turn["content"].strip() + end for turn in messages if turn["role"] == "assistant"]
        assert runs(encoded, tokenizer, trained=True) == answers
