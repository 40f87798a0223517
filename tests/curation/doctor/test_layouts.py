"""Records of every usual layout are read as the same conversation, and written back in the plain layout of their kind."""

from __future__ import annotations

import json

import hypothesis
import pytest
from hypothesis import strategies as st

from curation.doctor.case import Case
from curation.doctor.layouts import read
from curation.doctor.row import Row
from curation.doctor.writing import written

ASKED, ANSWERED = "What does “rizz” mean?", "Charm."
TURNS = [{"role": "user", "content": ASKED}, {"role": "assistant", "content": ANSWERED}]
SHAREGPT = [{"from": "human", "value": ASKED}, {"from": "gpt", "value": ANSWERED}]

ONE_PAIR = {
    "messages": ({"messages": TURNS}, "messages"),
    "conversations with role and content": ({"conversations": TURNS}, "messages"),
    "dialog": ({"dialog": TURNS}, "messages"),
    "sharegpt": ({"conversations": SHAREGPT}, "sharegpt"),
    "alpaca": ({"instruction": ASKED, "input": "", "output": ANSWERED}, "columns"),
    "alpaca without input": ({"instruction": ASKED, "input": None, "output": ANSWERED}, "columns"),
    "prompt and completion": ({"prompt": ASKED, "completion": ANSWERED}, "columns"),
    "prompt and completion as turns": ({"prompt": TURNS[:1], "completion": TURNS[1:]}, "columns"),
    "question and answer": ({"Question": ASKED, "Answer": ANSWERED}, "columns"),
    "a bare list": (TURNS, "bare"),
    "JSON text in a cell": ({"messages": json.dumps(TURNS)}, "messages"),
    "Python's text in a cell": ({"messages": str(TURNS)}, "messages"),
    "JSON text as the record": (json.dumps(TURNS), "bare"),
    "a list in a list": ({"conversations": [SHAREGPT]}, "sharegpt"),
    "other names in other cases": (
        {"Messages": [{"Role": t["role"], "Content": t["content"]} for t in TURNS]},
        "messages",
    ),
    "speaker and text": ({"turns": [{"speaker": t["role"], "text": t["content"]} for t in TURNS]}, "messages"),
    "keys that name who speaks": ({"messages": [{"user": ASKED}, {"assistant": ANSWERED}]}, "messages"),
    "turns under a strange name": ({"msgs": TURNS, "id": 1}, "messages"),
    "what is said under a strange name": (
        {"messages": [{"role": t["role"], "contents": t["content"]} for t in TURNS]},
        "messages",
    ),
    "who speaks under a strange name": (
        {"messages": [{"who": t["role"], "content": t["content"]} for t in TURNS]},
        "messages",
    ),
    "misspelt": ({"instruction": ASKED, "outputs": ANSWERED}, "columns"),
}


def only(value) -> Case:
    (case,) = read(Row("f.jsonl", 0, 1, value))
    return case


@pytest.mark.parametrize("name", ONE_PAIR)
def test_one_pair_is_read_from_every_layout(name):
    value, layout = ONE_PAIR[name]
    case = only(value)
    assert (case.kind, case.layout, case.turns) == ("messages", layout, TURNS)


@pytest.mark.parametrize("name", ONE_PAIR)
def test_what_is_written_is_read_again_as_the_same_messages(name):
    case = only(ONE_PAIR[name][0])
    again = only(written(case))
    assert again.layout == "messages"
    assert again.turns == TURNS
    assert written(again) == again.row.value


def test_alpacas_input_stands_below_its_instruction_and_its_history_before():
    case = only({"instruction": "Translate.", "input": "no cap", "output": "truly", "history": [["Hi", "Hello"]]})
    assert [turn["content"] for turn in case.turns] == ["Hi", "Hello", "Translate.\n\nno cap", "truly"]
    assert [turn["role"] for turn in case.turns] == ["user", "assistant"] * 2


def test_an_empty_instruction_makes_no_other_layout():
    full, empty = ({"instruction": said, "input": "no cap", "output": "truly"} for said in ("Translate.", ""))
    assert only(full).shape == only(empty).shape
    assert only(empty).turns[0] == {"role": "user", "content": "no cap"}


def test_a_prompt_of_turns_alone_is_a_conversation():
    assert only({"prompt": TURNS[:1]}).turns == TURNS[:1]


def test_a_system_column_is_the_first_turn_and_an_empty_one_is_none():
    with_system = only({"system": "Be short.", "conversations": SHAREGPT})
    assert with_system.turns == [{"role": "system", "content": "Be short."}, *TURNS]
    assert only({"system": "", "prompt": ASKED, "completion": ANSWERED}).turns == TURNS


def test_several_conversations_in_one_record_are_several_cases():
    cases = read(Row("f.json", 0, 1, {"conversations": [SHAREGPT, SHAREGPT, SHAREGPT]}))
    assert [case.turns for case in cases] == [TURNS] * 3


def test_other_columns_are_kept_in_their_places():
    case = only({"id": 7, "Conversations": SHAREGPT, "meta": {"term": "rizz"}})
    assert case.term == "rizz"
    assert list(written(case).items()) == [("id", 7), ("messages", TURNS), ("meta", {"term": "rizz"})]


def test_text_stays_text_under_its_own_name():
    assert written(only({"id": 1, "prompt": "all in one"}).but(text="mended")) == {"id": 1, "prompt": "mended"}
    assert only({"text": "plain"}).text == "plain"
    assert only("a string").layout == "string"


def test_ids_stay_ids_and_masks_become_labels():
    case = only({"input_ids": [5, 6, 7], "completion_mask": [0, 1, 1], "attention_mask": [1, 1, 1], "id": "a"})
    assert (case.kind, case.labels) == ("ids", [-100, 6, 7])
    expected = {"input_ids": [5, 6, 7], "labels": [-100, 6, 7], "attention_mask": [1, 1, 1], "id": "a"}
    assert written(case) == expected


def test_a_turn_a_record_is_a_case_of_one_turn():
    case = only({"role": "user", "content": "hi", "conversation_id": 3})
    assert (case.layout, case.turns, case.kept) == ("turn", [{"role": "user", "content": "hi"}], {"conversation_id": 3})


def test_the_keys_of_tools_stay_beside_role_and_content():
    call = {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "f", "arguments": {}}}]}
    assert only({"messages": [TURNS[0], call], "tools": []}).turns[1] == call


def test_an_answer_pair_keeps_its_layout():
    pair = {"prompt": ASKED, "chosen": ANSWERED, "rejected": "No idea."}
    case = only(pair)
    assert case.turns == TURNS
    assert written(case) == pair


@pytest.mark.parametrize(
    "value", [None, 5, True, [], [[]], {}, {"a": 1}, {"messages": "no list"}, {"messages": 4}, [1]]
)
def test_what_is_no_conversation_is_no_known_layout(value):
    assert only(value).kind == "unknown"


def test_an_empty_conversation_is_a_conversation_without_turns():
    assert (only({"messages": []}).kind, only({"messages": None}).kind) == ("messages", "messages")


def test_columns_that_say_something_else_are_unread():
    assert only({"messages": TURNS, "response": "Something else."}).unread == ("response",)
    assert only({"messages": TURNS, "prompt": ASKED}).unread == ()  # said in the conversation
    assert only({"messages": TURNS, "id": "a b", "source": "the web", "text": "as rendered"}).unread == ()


def test_keys_that_differ_only_in_case_are_named():
    assert only({"Messages": TURNS}).misnamed == ("Messages",)
    assert only({"messages": [{"ROLE": "user", "content": "hi"}]}).misnamed == ("ROLE",)
    assert only({"instruction": ASKED, "ouput": ANSWERED}).misnamed == ("ouput",)
    assert only({"msgs": TURNS}).misnamed == ("msgs",)
    assert only({"messages": [{"role": "user", "contents": "hi"}]}).misnamed == ("contents",)


def test_text_beside_a_question_without_an_answer_is_unread():
    assert only({"instruction": ASKED, "what_they_said": "Charm, they said."}).unread == ("what_they_said",)


@pytest.mark.parametrize("depth", [50, 5_000, 200_000])
def test_deeply_nested_values_do_no_harm(depth):
    assert only("[" * depth + "]" * depth).kind in ("text", "unknown")
    nested: list = []
    for _ in range(min(depth, 5_000)):
        nested = [nested]
    assert only({"messages": nested}).kind == "unknown"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("messages", "conversations", "role", "content", "from", "value", "prompt", "completion", "Text"),
                    *("text", "input_ids", "labels", "chosen", "rejected", "history", "system", "instruction", "input"),
                    *("x", "ouput"),
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@hypothesis.given(JSON)
@hypothesis.example({"instruction": None, "": []})
@hypothesis.settings(max_examples=200, deadline=None)
def test_any_record_is_read_and_written_without_an_error(value):
    for case in read(Row("f", 0, 1, value)):
        assert all("role" in turn and "content" in turn for turn in case.turns)
        again = read(Row("f", 0, 1, written(case)))
        assert written(case) == value if case.kind == "unknown" else again[0].kind == case.kind
