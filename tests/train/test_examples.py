"""Rows for a trainer: the encode function's ids and labels, and nothing cut."""

from __future__ import annotations

import pytest

from curation.templates import IGNORED, encode_all
from train.base_models import load_tokenizer
from train.build_folder import read_build
from train.errors import TrainError
from train.examples import encode_conversations, encode_counted, encode_text


def chat(answer, name="1"):
    messages = [{"role": "user", "content": "What is drip?"}, {"role": "assistant", "content": answer}]
    return {"messages": messages, "id": name}


def test_rows_are_what_the_encode_function_gives(small_build, tiny_loaded):
    conversations = read_build(small_build).conversations("train")
    rows = encode_conversations(conversations, tiny_loaded, 2048)
    expected = encode_all([row["messages"] for row in conversations], tiny_loaded.tokenizer, tiny_loaded.settings)
    assert [(row.input_ids, row.labels) for row in rows] == [(row.input_ids, row.labels) for row in expected]
    assert [row.id for row in rows] == [row["id"] for row in conversations]
    assert all(0 < row.trained_tokens < len(row.input_ids) for row in rows)


def test_what_is_too_long_is_left_out_whole_and_named(tiny_loaded):
    short, long = chat("Clothes.", "short"), chat("Clothes. " * 100, "long")
    encoded = encode_counted([long, short], tiny_loaded, 200)
    assert [row.id for row in encoded.examples] == ["short"]
    assert encoded.too_long == ["long"]
    end = tiny_loaded.tokenizer.convert_tokens_to_ids("<|eot_id|>")
    assert encoded.examples[0].labels[-1] == end


def test_a_row_exactly_as_long_as_allowed_stays(tiny_loaded):
    row = encode_conversations([chat("Clothes.")], tiny_loaded, 2048)[0]
    assert encode_conversations([chat("Clothes.")], tiny_loaded, len(row.input_ids)) == [row]
    with pytest.raises(TrainError, match="all 1 rows are longer than max_length"):
        encode_conversations([chat("Clothes.")], tiny_loaded, len(row.input_ids) - 1)


def test_no_conversation_at_all_is_an_error(tiny_loaded):
    with pytest.raises(TrainError, match="the training split is empty"):
        encode_conversations([], tiny_loaded, 2048)


def test_a_conversation_that_the_template_refuses_is_named(tiny_loaded):
    with pytest.raises(TrainError, match=r"conversation bad-7: the chat template refuses it: .*<\|eot_id\|>"):
        encode_conversations([chat("Fine."), chat("It ends<|eot_id|> here.", "bad-7")], tiny_loaded, 2048)


def test_a_tokenizer_without_a_template_is_one_line(tiny_model, tmp_path):
    import shutil

    folder = shutil.copytree(tiny_model, tmp_path / "bare")
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(TrainError, match="chat template cannot be used") as caught:
        encode_conversations([chat("Clothes.")], load_tokenizer(str(folder)), 2048)
    assert "\n" not in str(caught.value)


def test_a_stand_in_is_not_trained_on():
    loaded = load_tokenizer("llama-3.2-1b-instruct")
    for encoding in (
        lambda: encode_conversations([chat("Clothes.")], loaded, 99),
        lambda: encode_text(["a"], loaded, 99),
    ):
        with pytest.raises(TrainError, match="training needs the real tokenizer"):
            encoding()


def test_bare_text_is_trained_whole_with_one_begin_token_and_no_end(tiny_loaded):
    row = encode_text(["This is a A term."], tiny_loaded, 2048)[0]
    begin = tiny_loaded.tokenizer.bos_token_id
    assert row.input_ids.count(begin) == 1
    assert row.input_ids[0] == begin
    assert row.labels == row.input_ids
    assert IGNORED not in row.labels
    assert tiny_loaded.tokenizer.eos_token_id not in row.input_ids
    assert tiny_loaded.tokenizer.decode(row.input_ids[1:]) == "This is a A term."
    assert row.trained_tokens == len(row.input_ids) - 1


def test_empty_text_is_nothing_to_train_on(tiny_loaded):
    with pytest.raises(TrainError, match="nothing to train on: no row has text"):
        encode_text([""], tiny_loaded, 2048)
