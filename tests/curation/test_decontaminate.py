from __future__ import annotations

import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.conversations import ConversationSettings, build_conversations
from curation.decontaminate import Decontaminate, trained_items, words_of
from curation.entry import Entry, to_table
from curation.stage import Given

CASE = (
    "What is the meaning of this sentence, “Justin got cancelled yesterday, no cap. He was at a party clout chasing "
    "with no drip, no rizz and acting hella pressed! It’s giving red flag.”"
)
STUDY = "What is the best way to study and gain knowledge about machine learning in a fast way?"
EVALUATION = {"case": CASE, "study": STUDY, "short": "No cap, that slaps."}


def table_of(*entries: Entry) -> pd.DataFrame:
    table = to_table(list(entries))
    return table.assign(term_key=table["term"].str.casefold(), split="train")


def item(**fields: str) -> str:
    return str(Decontaminate()(table_of(Entry("s", **fields)), Given(evaluation=EVALUATION))["evaluation_item"].iloc[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Justin got cancelled yesterday, no cap.", "case"),
        ("He was at a party clout chasing with no drip", "case"),
        ("he was at the party clout chasing with no drip, no rizz & acting hella pressed!!", "case"),
        ("JUSTIN GOT CANCELLED YESTERDAY NO CAP", "case"),
        ("So I heard that he was at a party clout chasing with no drip the other day when it rained", "case"),
        ("its giving red flag", ""),
        ("No cap, that slaps!", "short"),
        ("No cap, that burger slaps.", ""),
        ("He got cancelled, no cap.", ""),
        ("What is the meaning of this sentence?", ""),
        ("What is the best way to study and gain muscle?", "study"),
        ("What is the best way to cook rice?", ""),
        ("😂😂", ""),
        ("", ""),
    ],
)
def test_sentences_that_overlap_are_found_and_others_are_not(text: str, expected: str) -> None:
    assert item(term="x", example=text) == expected


def test_every_place_in_which_a_sentence_can_stand_is_looked_at() -> None:
    sentence = "Justin got cancelled yesterday, no cap."
    assert item(kind="pair", plain=sentence, example="yo") == "case"
    assert item(term="x", context=f"Heard here: {sentence}") == "case"
    assert item(kind="chat", messages=json.dumps([{"role": "user", "content": CASE}])) == "case"
    assert item(kind="chat", messages=CASE) == "case"
    table = table_of(Entry("s", term="x")).assign(examples=[["other", sentence]])
    assert Decontaminate()(table, Given(evaluation=EVALUATION))["flags"].tolist() == [["overlaps_evaluation"]]


def test_terms_and_definitions_may_be_on_both_sides() -> None:
    assert item(term="no cap", definition=CASE) == ""


def test_what_overlaps_gives_no_conversation() -> None:
    table = table_of(
        Entry("s", term="no cap", definition="No lie", example="Justin got cancelled yesterday, no cap."),
        Entry("s", term="drip", definition="A stylish look", example="Nice drip!"),
    )
    table = Decontaminate()(table, Given(evaluation=EVALUATION))
    assert {one["term"] for one in build_conversations(table, ConversationSettings())} == {"drip"}


def test_nothing_to_compare_with_flags_nothing() -> None:
    for table in (table_of(Entry("s", term="x", example=CASE)), table_of()):
        result = Decontaminate()(table, Given())
        assert result["evaluation_item"].tolist() == [""] * len(table)
        assert result["flags"].tolist() == [[]] * len(table)


def test_scripts_without_blanks_are_compared_letter_by_letter() -> None:
    evaluation = {"ja": "彼は昨日パーティーでずっと笑っていました"}
    table = table_of(
        Entry("s", term="x", example="昨日パーティーでずっと笑っていました。"),
        Entry("s", term="y", example="明日は雨です。"),
    )
    assert Decontaminate()(table, Given(evaluation=evaluation))["evaluation_item"].tolist() == ["ja", ""]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from(CASE.split() + STUDY.split()), min_size=1, max_size=14))
def test_a_text_overlaps_itself_whatever_its_case_and_marks(words: list[str]) -> None:
    text = " ".join(words)
    if not words_of(text):
        return
    table = table_of(Entry("s", term="x", example=f"{text.upper()}!"))
    assert Decontaminate()(table, Given(evaluation={"one": text}))["evaluation_item"].tolist() == ["one"]


def test_evaluation_items_name_the_terms_that_were_trained_on() -> None:
    table = table_of(
        Entry("s", term="No cap", definition="No lie"),
        Entry("s", term="Rizz", definition="Charm"),
        Entry("s", term="hella", definition="Very"),
    )
    table["split"] = ["train", "test", "train"]
    items = [
        {
            "id": "case",
            "text": CASE,
            "expressions": [{"term": "rizz"}, {"term": "no  cap"}, {"term": "hella"}, {"term": "drip"}],
        },
        {"id": "study", "text": STUDY, "expressions": []},
        {"id": "bare", "text": "?"},
    ]
    made = build_conversations(table, ConversationSettings())
    assert trained_items(table, made, items) == {"case": ["hella", "no  cap"], "study": [], "bare": []}
