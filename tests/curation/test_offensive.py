"""Offensive: listed words in the spellings of slang, the gravest class, the policies."""

from __future__ import annotations

import json
import warnings

import pandas as pd
import pytest

from curation.entry import Entry, to_table
from curation.offensive import Offensive, WordFinder, profanity_scores
from curation.stage import Given

WORDS = {"shit": "profanity", "fuck": "profanity", "dick": "profanity", "son of a bitch": "profanity", "penis": "sexual", "coon": "slur", "paki": "slur", "cum": "sexual", "spic": "slur", "bitch": "profanity"}  # fmt: skip
find = WordFinder(WORDS)


@pytest.mark.parametrize(
    "text",
    [
        "Shit!",
        "what the FUCK",
        "fuuuuck",
        "sh1t",
        "$hit",
        "f*ck off",
        "f**k",
        "dicks",
        "bitches",
        "absofuckinglutely",
        "you son of a bitch",
    ],
)
def test_a_listed_word_is_found_in_the_spellings_of_slang(text: str) -> None:
    assert find(text) == "profanity"


@pytest.mark.parametrize(
    "text",
    ["cumin and spices", "raccoon", "Dickens", "he said pa**", "5 * 3 * 2", "son of a gun", "", "💀", "shiitake"],
)
def test_a_word_inside_another_word_is_not_it(text: str) -> None:
    assert find(text) == ""


def test_the_gravest_class_counts() -> None:
    assert find("shit, penis, coon") == "slur"
    assert find("shit, penis") == "sexual"


def stage(*texts: str, words: dict[str, str] = WORDS, **setting: object) -> pd.DataFrame:
    table = to_table([Entry("s", term="t", definition=text) for text in texts])
    return Offensive(**setting)(table, Given(offensive_words=words))


def test_marked_rows_stay_with_a_flag_and_dropped_rows_leave_with_a_score() -> None:
    table = stage("a penis joke", "shit happens", "a kind word", sexual="drop", profanity="keep")
    assert table["reason"].tolist() == ["offensive", "", ""]
    assert table["detail"].tolist() == ["sexual", "", ""]
    assert table["score"].iloc[0] == table["offensive_score"].iloc[0]
    assert table["offensive"].tolist() == ["sexual", "profanity", ""]
    assert table["flags"].tolist() == [[], [], []]
    assert stage("shit happens")["flags"].tolist() == [["offensive"]]


def test_the_score_speaks_only_for_rows_without_a_listed_word() -> None:
    table = stage("you fucking bitch", "the train is late", words={}, unlisted="drop", score_threshold=0.9)
    assert table["reason"].tolist() == ["offensive", ""]
    assert table["offensive"].tolist() == ["", ""]
    assert stage("you fucking bitch", words={})["flags"].tolist() == [[]]


def test_conversations_are_read_too() -> None:
    entry = Entry("s", kind="chat", messages=json.dumps([{"role": "user", "content": "oh shit"}]))
    assert Offensive()(to_table([entry]), Given(offensive_words=WORDS))["offensive"].tolist() == ["profanity"]


def test_the_scoring_model_works_in_silence_and_does_not_depend_on_neighbours() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = profanity_scores(["you fucking bitch", "a cup of tea"])
    assert scores[0] > 0.9
    assert scores[1] < 0.2
    assert profanity_scores(["a cup of tea"])[0] == scores[1]
    assert len(profanity_scores([])) == 0


def test_edge_inputs_are_survived() -> None:
    assert stage()["offensive"].tolist() == []
    assert stage("", "💀", "x" * 10_000)["offensive"].tolist() == ["", "", ""]
