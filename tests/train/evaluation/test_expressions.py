"""Key ideas in answers, right and wrong ones written by hand."""

from __future__ import annotations

import pytest

from train.evaluation.expressions import explained
from train.evaluation.items import evaluation_file

CASE = evaluation_file("prompts.json")[0]
QUESTIONS = {row["id"]: row for row in evaluation_file("questions.json")}
ALL_NINE = ["cancelled", "no cap", "clout chasing", "drip", "rizz", "hella", "pressed", "it's giving", "red flag"]


def case(answer):
    return explained(answer, CASE["text"], CASE["expressions"])


def question(number, answer):
    row = QUESTIONS[f"q-{number:03}"]
    return explained(answer, row["text"], row["expressions"])


def test_an_answer_that_explains_every_expression_by_name_gets_all_nine():
    answer = (
        "“Cancelled” means that people publicly rejected him. “No cap” means for real. “Clout chasing” is doing things "
        "for attention. “Drip” is stylish clothing, “rizz” is charm. “Hella” means very. “Pressed” means upset. "
        "“It’s giving” is said of the impression that something makes, and a “red flag” is a warning sign."
    )
    assert case(answer) == ALL_NINE


def test_an_answer_in_other_words_gets_what_it_says():
    answer = (
        "Yesterday everyone stopped supporting Justin, honestly. At the party he wanted attention, had no style and no "
        "charm, and was extremely annoyed. He comes across as somebody to be seen as a warning."
    )
    assert case(answer) == ALL_NINE


def test_an_answer_that_repeats_the_sentence_explains_nothing():
    assert case(CASE["text"]) == []
    assert case("It means that Justin got cancelled yesterday, no cap, with no drip and no rizz.") == []


def test_the_case_s_broken_answer_explains_next_to_nothing():
    answer = (
        "This is a A term used on social media to describe someone who acts in a way that is considered unethical.. The "
        "concept of someone who is trying to be cool.. Meaning that he was not invited."
    )
    assert case(answer) == []


def test_wrong_explanations_of_named_expressions_do_not_count():
    answer = "“Drip” is a leaking tap. “Rizz” is a kind of rice. “No cap” means that he wore no hat."
    assert case(answer) == []


def test_a_word_of_praise_explains_the_expression_it_stands_after_and_no_other():
    assert case("“Drip” means charm, and “rizz” means charm.") == ["rizz"]
    assert case("“Rizz” means stylish clothes and charm, “drip” means nothing.") == ["rizz"]


@pytest.mark.parametrize(
    ("number", "answer", "counted"),
    [
        (4, "It means that he lies.", ["cap"]),
        (4, "It means that he lied about it.", ["cap"]),
        (4, "You should believe every word.", []),  # lie in believe
        (4, "“Cap” is an EXAGGERATION.", ["cap"]),
        (17, "It is also foggy.", []),  # so in also
        (17, "It is so foggy.", ["hella"]),
        (22, "My cousin said that my haircut looks like a teacher's.", ["giving"]),
        (18, "He began to start the film.", ["main character"]),  # film, not star in start
        (18, "He began to start.", []),
        (28, "I am worn-out.", ["knackered"]),
        (35, "If I remember correctly, it shuts at six, but that may differ.", ["IIRC", "YMMV"]),
        (29, "We buy snags at the petrol station this afternoon.", ["servo", "arvo"]),
        (29, "“Arvo” means petrol station, “servo” means afternoon.", []),
        (40, "", []),
    ],
)
def test_an_idea_is_a_word_or_the_beginning_of_a_long_one(number, answer, counted):
    assert question(number, answer) == counted


def test_ideas_that_stand_in_the_question_do_not_count():
    expressions = [{"term": "mood", "ideas": ["sleep", "same"]}]
    assert explained("I want to sleep.", "Mood. I want to sleep.", expressions) == []
    assert explained("I feel the same.", "Mood. I want to sleep.", expressions) == ["mood"]


def test_a_name_inside_a_longer_name_is_not_that_name():
    expressions = [{"term": "cap", "ideas": ["lie"]}, {"term": "no cap", "ideas": ["honest"]}]
    assert explained("“No cap” means that it is a lie.", "?", expressions) == ["cap"]  # cap is nowhere named
    assert explained("“No cap” means honestly.", "?", expressions) == ["no cap"]
