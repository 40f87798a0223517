"""JSON objects that repeat a key: every value is kept, what cannot be told apart is not guessed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.sources.repeated_keys import Json, variants


def read(text):
    return variants(Json().decode(text))


def test_every_value_of_a_repeated_key_becomes_a_record():
    assert read('{"messages": [1], "messages": [2], "messages": [2]}') == [
        {"messages": [1]},
        {"messages": [2]},
        {"messages": [2]},
    ]


def test_a_key_that_stands_once_belongs_to_every_record():
    assert read('{"id": 7, "messages": [1], "messages": [2]}') == [
        {"id": 7, "messages": [1]},
        {"id": 7, "messages": [2]},
    ]


def test_keys_repeated_equally_often_are_taken_in_pairs():
    assert read('{"q": "a", "r": "b", "q": "c", "r": "d"}') == [{"q": "a", "r": "b"}, {"q": "c", "r": "d"}]


def test_turns_run_together_in_one_object_become_turns_again():
    told = read('{"messages": [{"role": "user", "content": "a", "role": "assistant", "content": "b"}]}')
    assert told == [{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}]


def test_a_value_that_is_merely_said_twice_is_said_once():
    assert read('{"id": 1, "id": 1, "a": "x"}') == [{"id": 1, "a": "x"}]


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 2, "b": 1, "b": 2, "b": 3}',
        '{"a": {"x": 1, "x": 2}, "b": {"y": 1, "y": 2}}',
        '{"a": {"x": 1, "x": 2}, "a": 5}',
    ],
)
def test_what_cannot_be_told_apart_is_refused(text):
    with pytest.raises(ValueError, match="repeat"):
        read(text)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(values)
def test_json_without_repeated_keys_is_read_as_it_is(value):
    assert read(json.dumps(value)) == [value]


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers()), min_size=1, max_size=8))
def test_no_value_is_lost_or_invented(pairs):
    text = "{" + ", ".join(f'"{key}": {value}' for key, value in pairs) + "}"
    try:
        records = read(text)
    except ValueError:
        return
    assert {(key, value) for record in records for key, value in record.items()} == set(pairs)
