"""Chat files of every usual layout become messages with the three usual roles."""

from __future__ import annotations

import json

import pytest

ASK, SAY = "What is rizz?", "Charm."
USUAL = [{"role": "user", "content": ASK}, {"role": "assistant", "content": SAY}]
SHAREGPT = [{"from": "human", "value": ASK}, {"from": "gpt", "value": SAY}]


def messages(entries):
    return [json.loads(entry.messages) for entry in entries]


@pytest.mark.parametrize(
    "record",
    [
        {"messages": USUAL},
        {"conversations": SHAREGPT},
        {"conversations": [SHAREGPT]},
        {"conversation": [{"from": "user", "value": ASK}, {"from": "assistant", "value": SAY}]},
        {"messages": json.dumps(USUAL)},
        {"messages": [{"role": "system", "content": ""}, *USUAL]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": ASK}]}, USUAL[1]]},
        {"instruction": ASK, "input": "", "output": SAY},
        {"prompt": ASK, "completion": SAY},
        {"prompt": ASK, "response": SAY},
        {"question": ASK, "answer": SAY},
        {"Prompt": ASK, "Completion": SAY},
    ],
)
@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_every_usual_layout_gives_the_same_messages(read, record, name):
    text = (
        json.dumps([record, record], indent=1) if name == "a.json" else f"{json.dumps(record)}\n{json.dumps(record)}\n"
    )
    entries, bad = read(name, text)
    assert messages(entries) == [USUAL, USUAL]
    assert {entry.kind for entry in entries} == {"chat"}
    assert not bad


def test_conversational_prompt_and_completion_are_joined(read):
    entries, _ = read("a.jsonl", json.dumps({"prompt": USUAL[:1], "completion": USUAL[1:]}) + "\n\n")
    assert messages(entries) == [USUAL]


def test_alpaca_joins_instruction_and_input_and_keeps_a_system_prompt(read):
    record = {"instruction": "Explain.", "input": "rizz", "output": SAY, "system": "Be brief."}
    assert messages(read("a.json", json.dumps([record]))[0]) == [
        [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Explain.\n\nrizz"},
            {"role": "assistant", "content": SAY},
        ]
    ]


def test_several_turns_stay_one_conversation(read):
    turns = [*USUAL, {"role": "user", "content": "And drip?"}, {"role": "assistant", "content": "Style."}]
    assert messages(read("a.json", json.dumps([{"messages": turns}]))[0]) == [turns]


def test_a_flat_list_of_roles_is_cut_where_a_user_answers_an_assistant(read):
    system = {"role": "system", "content": "Be brief."}
    entries, bad = read("a.json", json.dumps([system, *USUAL, system, *USUAL, *USUAL]))
    assert messages(entries) == [[system, *USUAL], [system, *USUAL], USUAL]
    assert [entry.row for entry in entries] == [0, 3, 6]
    assert not bad


def test_turns_in_rows_are_joined_by_the_id_of_their_conversation(read):
    text = "conversation_id,role,content\n1,user,a\n1,assistant,b\n2,user,c\n2,assistant,d\n"
    assert [[turn["content"] for turn in turns] for turns in messages(read("a.csv", text)[0])] == [
        ["a", "b"],
        ["c", "d"],
    ]


def test_one_key_repeated_for_every_conversation_keeps_them_all(read):
    text = "{" + ",\n".join(f'"conversations": [{json.dumps(SHAREGPT)}]' for _ in range(7)) + "}"
    entries, bad = read("a.json", text)
    assert messages(entries) == [USUAL] * 7
    assert [entry.row for entry in entries] == list(range(7))
    assert not bad


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"messages": [USUAL[0], {"role": "assistant", "content": None}]}, "missing_text"),
        ({"messages": [USUAL[0], {"role": "assistant", "content": "  "}]}, "missing_text"),
        ({"messages": [USUAL[0], {"role": "assistant"}]}, "missing_text"),
        ({"messages": USUAL[:1]}, "missing_text"),
        ({"messages": USUAL[1:]}, "missing_text"),
        ({"messages": []}, "missing_text"),
        ({"messages": None}, "missing_text"),
        ({"messages": "hello"}, "broken_record"),
        ({"messages": "[{broken"}, "broken_record"),
        ({"messages": [USUAL[0], {"role": "wizard", "content": "x"}]}, "broken_record"),
        ({"messages": [USUAL[0], "x"]}, "broken_record"),
        ({"messages": [{"role": "user", "content": [{"type": "image", "url": "x"}]}, USUAL[1]]}, "not_text"),
        ({"instruction": ASK, "output": ""}, "missing_text"),
        ({"instruction": None, "output": SAY}, "missing_text"),
    ],
)
def test_what_is_no_conversation_is_a_bad_record_and_the_next_is_read(read, record, reason):
    good = {"messages": USUAL} if "messages" in record else {"instruction": ASK, "output": SAY}
    entries, bad = read("a.json", json.dumps([record, good]))
    assert messages(entries) == [USUAL]
    assert [b.reason for b in bad] == [reason]


@pytest.mark.parametrize("content", [{"\r": None}, {"a\nb": 1}])
def test_what_is_said_of_a_bad_record_is_one_line(read, content):
    _, bad = read("a.json", json.dumps([{"messages": [{"role": "user", "content": content}]}, {"messages": ["a\nb"]}]))
    assert len(bad) == 2
    assert all(len(record.detail.splitlines()) == 1 for record in bad)


def test_the_rest_of_a_record_is_kept_as_annotation(read):
    entries, _ = read("a.json", json.dumps([{"id": 7, "messages": USUAL, "meta": {"author": "Ann", "term": "rizz"}}]))
    assert entries[0].extra == {"id": "7", "meta": '{"term": "rizz"}'}
