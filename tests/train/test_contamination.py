"""Evaluation sentences in what is trained on."""

from __future__ import annotations

import json

import pytest

from train.build_folder import read_build
from train.contamination import EVALUATION, check_uncontaminated, items_of
from train.errors import TrainError


def row(user, assistant="It means charm."):
    return {"id": "r1", "messages": [{"role": "user", "content": user}, {"role": "assistant", "content": assistant}]}


def questions():
    return json.loads((EVALUATION / "questions.json").read_text(encoding="utf-8"))


def test_a_clean_build_passes(small_build):
    check_uncontaminated(read_build(small_build).conversations("train"), "train.jsonl")


def test_every_prompt_and_question_is_found_whatever_its_case_and_punctuation():
    found = 0
    for name in ("prompts.json", "questions.json"):
        for _, text in items_of(EVALUATION / name):
            with pytest.raises(TrainError) as caught:
                check_uncontaminated([row(f"Hey: {text.upper().replace('.', ' !')} ok?")], "chat/train.jsonl")
            assert "chat/train.jsonl: conversation r1 holds a sentence of the evaluation" in str(caught.value)
            assert name in str(caught.value)
            found += 1
    assert found >= 40


def test_a_sentence_of_the_case_s_first_prompt_is_found_in_an_answer():
    with pytest.raises(TrainError, match=r"\(prompts\.json, case-1\)"):
        check_uncontaminated([row("Use pressed.", "Justin got cancelled yesterday, no cap.")], "train.jsonl")


def test_the_terms_alone_and_a_sentence_like_it_are_fine():
    check_uncontaminated([row("What does “no cap” mean?"), row("My sister ghosted her study group.")], "train.jsonl")


def test_a_word_that_only_begins_alike_is_no_hit(tmp_path):
    for name in ("prompts.json", "questions.json"):
        items = [{"id": "q", "text": "we all like the cat"}]
        (tmp_path / name).write_text(json.dumps(items), encoding="utf-8")
    check_uncontaminated([row("so we all like the cats")], "train.jsonl", tmp_path)
    with pytest.raises(TrainError, match="holds a sentence"):
        check_uncontaminated([row("so we all like the cat!")], "train.jsonl", tmp_path)


def test_evaluation_files_that_cannot_be_read_stop_the_training(tmp_path):
    with pytest.raises(TrainError, match=r"prompts\.json: cannot be read as evaluation items"):
        check_uncontaminated([row("Hi")], "train.jsonl", tmp_path)


def test_the_real_questions_are_long_enough_to_be_looked_for():
    assert all(len(item["text"].split()) >= 5 for item in questions())
