"""The lab's tokenizer: Llama 3's tokens and template, and the same tokens for a word wherever it is quoted."""

from __future__ import annotations

import pytest

from curation.templates import encode, end_of_turn, prompt_ids

TALK = [
    {"role": "user", "content": "What does “mercy” mean?"},
    {"role": "assistant", "content": "“mercy” means kindness."},
]


@pytest.mark.parametrize(
    "text", ["😀 🤡‍👩🏽", "“I can’t even”", "naïve café  two  blanks\n\n", "日本語 ру́сский", "no cap 100%"]
)
def test_every_text_comes_back_as_it_was(small_tokenizer, text):
    assert small_tokenizer.decode(small_tokenizer(text, add_special_tokens=False)["input_ids"]) == text


def test_it_adds_no_token_by_itself(small_tokenizer):
    assert small_tokenizer("mercy")["input_ids"] == small_tokenizer("mercy", add_special_tokens=False)["input_ids"]


def test_a_quoted_word_is_the_same_tokens_in_the_question_and_at_the_start_of_the_answer(small_tokenizer):
    inside = small_tokenizer.tokenize("What does “mercifulness” mean?")
    first = small_tokenizer.tokenize("“mercifulness” means")
    mark = inside.index("ĠâĢľ")
    word = inside[mark + 1 : inside.index("âĢĿ")]
    assert first[0] == "âĢľ"
    assert first[1 : 1 + len(word)] == word


def test_a_turn_ends_with_the_token_that_the_model_stops_at_and_padding_is_another(small_tokenizer):
    assert end_of_turn(small_tokenizer) == small_tokenizer.eos_token == "<|eot_id|>"
    assert small_tokenizer.pad_token == "<|finetune_right_pad_id|>"
    assert small_tokenizer.pad_token_id != small_tokenizer.eos_token_id


def test_a_conversation_passes_the_one_encode_function(small_tokenizer):
    encoded = encode(TALK, small_tokenizer)
    assert encoded.text == (
        "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nWhat does “mercy” mean?<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n“mercy” means kindness.<|eot_id|>"
    )
    assert encoded.pieces[-1] == ("“mercy” means kindness.<|eot_id|>", True)
    asked = prompt_ids(TALK[:1], small_tokenizer)
    assert encoded.input_ids[: len(asked)] == asked


def test_what_the_template_writes_around_a_turn_is_single_tokens(small_tokenizer):
    for text in ("user", "assistant", "system", "\n\n"):
        assert len(small_tokenizer.tokenize(text)) == 1


def test_the_same_texts_give_the_same_tokenizer(small_corpus, small_tokenizer):
    from train.lab.tokenizer import train_tokenizer

    again = train_tokenizer([message["content"] for talk in small_corpus.train for message in talk], 512)
    assert again.backend_tokenizer.to_str() == small_tokenizer.backend_tokenizer.to_str()
