"""JSON and JSON Lines: every value of a repeated key, every record before and behind a break, in the source's own words."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.sources import SourceError

word = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=10).filter(str.strip)
value = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def pairs(entries):
    return [(entry.term, entry.definition) for entry in entries]


@pytest.mark.parametrize(
    "text",
    [
        '[{"word": "rizz", "meaning": "charm"}, {"word": "W", "meaning": "win"}]',
        '{"rizz": "charm", "W": "win"}',
        '{"rizz": {"meaning": "charm"}, "W": {"meaning": "win"}}',
        '{"rizz": [{"definition": "charm"}], "W": [{"definition": "win"}]}',
        '{"rizz": ["charm"], "W": ["win"]}',
        '{"list": [{"word": "rizz", "definition": "charm"}, {"word": "W", "definition": "win"}]}',
        '{"R": {"rizz": "charm"}, "W": {"W": "win"}}',
        '[["rizz", "charm"], ["W", "win"]]',
        '{"word": "rizz", "meaning": "charm"}\n{"word": "W", "meaning": "win"}\n',
        '{"list": [{"word": "rizz", "definition": "charm"}]}\n{"list": [{"word": "W", "definition": "win"}]}',
        '{"word": "rizz", "meaning": "charm"}{"word": "W", "meaning": "win"}',
        '[{"rizz": "charm"}, {"W": "win"}]',
    ],
)
def test_every_usual_shape_gives_the_same_entries(read, text):
    entries, bad = read("a.json", text)
    assert pairs(entries) == [("rizz", "charm"), ("W", "win")]
    assert not bad


def test_a_repeated_key_keeps_every_value(read):
    entries, _ = read("a.json", '{"rizz": "charm", "rizz": "wit", "W": {"meaning": "win", "meaning": "whatever"}}')
    assert pairs(entries) == [("rizz", "charm"), ("rizz", "wit"), ("W", "win"), ("W", "whatever")]
    assert [entry.row for entry in entries] == [0, 1, 2, 2]


def test_records_under_one_repeated_set_of_keys_are_told_apart(read):
    entries, _ = read("a.json", '{"word": "a", "meaning": "1", "word": "b", "meaning": "2"}')
    assert pairs(entries) == [("a", "1"), ("b", "2")]


def test_numbers_and_booleans_in_text_columns_keep_their_source_text(read):
    text = '[{"word": 143, "meaning": 0.020}, {"word": NaN, "meaning": true}, {"word": -Infinity, "meaning": 1e5},'
    entries, _ = read("a.json", text + ' {"word": 12345678901234567890123, "meaning": null}]')
    assert pairs(entries) == [
        *[("143", "0.020"), ("NaN", "true"), ("-Infinity", "1e5")],
        ("12345678901234567890123", ""),
    ]


def test_words_that_are_columns_elsewhere_are_terms_in_a_map(read):
    text = {"comment": [{"definition": "a remark"}], "word": [{"definition": "a friend"}], "example": []}
    assert pairs(read("a.json", json.dumps(text))[0]) == [
        ("comment", "a remark"),
        ("word", "a friend"),
        ("example", ""),
    ]


def test_the_recipe_can_insist_on_a_map(read):
    entries, _ = read("a.json", '{"word": "friend", "meaning": "sense"}', format="term_map")
    assert pairs(entries) == [("word", "friend"), ("meaning", "sense")]


def test_definitions_that_are_objects_share_their_word(read):
    text = '[{"word": "W", "definitions": [{"definition": "win", "example": "big W"}, {"definition": "woman"}]}]'
    entries, _ = read("a.json", text)
    assert pairs(entries) == [("W", "win"), ("W", "woman")]
    assert entries[0].example == "big W"


@pytest.mark.parametrize("cut", [1, 8, 15, 20])
def test_a_truncated_list_gives_the_records_before_the_break_and_one_bad_one(read, cut):
    text = json.dumps([{"word": f"t{n}", "meaning": "m"} for n in range(10)], indent=1)
    entries, bad = read("a.json", text[:-cut])
    whole = 10 if cut <= 3 else 9
    assert [entry.term for entry in entries] == [f"t{n}" for n in range(whole)]
    assert [b.reason for b in bad] == ["broken_record"]
    assert bad[0].line >= 1 + 4 * 9


def test_a_broken_record_in_the_middle_costs_itself_only(read):
    text = '[\n {"word": "a", "meaning": "1"},\n {"word": "b", "meaning": oops},\n {"word": "c", "meaning": "3"}\n]'
    entries, bad = read("a.json", text)
    assert pairs(entries) == [("a", "1"), ("c", "3")]
    assert [(b.line, b.reason, b.row) for b in bad] == [(3, "broken_record", 1)]
    assert entries[1].row == 2


def test_a_record_that_is_never_closed_costs_itself_only_where_lines_tell_where_the_next_begins(read):
    text = '[\n {"word": "a", "meaning": "1"},\n {"word": "b", "meaning": "2\n ,\n {"word": "c", "meaning": "3"}\n]'
    entries, bad = read("a.json", text)
    assert pairs(entries) == [("a", "1"), ("c", "3")]
    assert len(bad) == 1


def test_a_broken_line_costs_itself_only(read):
    entries, bad = read(
        "a.jsonl", '{"word": "a", "meaning": "1"}\n{"word": "b", \n\n{"word": "c", "meaning": "3"}\n{"wo'
    )
    assert pairs(entries) == [("a", "1"), ("c", "3")]
    assert [(b.line, b.reason, b.row) for b in bad] == [(2, "broken_record", 1), (5, "broken_record", 3)]


def test_a_file_called_json_lines_is_read_line_by_line_even_if_its_first_line_is_broken(read):
    entries, bad = read(
        "a.jsonl", '{"word": "b", "mean\n{"word": "c", "meaning": "3"}\n{"word": "d", "meaning": "4"}\n'
    )
    assert pairs(entries) == [("c", "3"), ("d", "4")]
    assert [(b.line, b.reason) for b in bad] == [(1, "broken_record")]
    assert pairs(read("a.jsonl", '[\n{"word": "c", "meaning": "3"}\n]')[0]) == [("c", "3")]


def test_deep_nesting_is_a_bad_record(read):
    deep = "[" * 100_000 + "]" * 100_000
    entries, bad = read("a.json", f'[{{"word": "a", "meaning": {deep}}},\n{{"word": "b", "meaning": "2"}}]')
    assert pairs(entries) == [("b", "2")]
    assert [b.reason for b in bad] == ["broken_record"]
    entries, bad = read("a.jsonl", f'{{"word": "b", "meaning": "2"}}\n{deep}\n')
    assert pairs(entries) == [("b", "2")]
    assert [b.reason for b in bad] == ["broken_record"]


def test_values_nested_as_deep_as_the_parser_goes_are_kept_or_reported(read):
    for depth in (300, 900, 990):
        deep = "[" * depth + "]" * depth
        entries, bad = read("a.json", f'[{{"word": "a", "meaning": "1", "more": {deep}}}]')
        assert len(entries) + len(bad) == 1


def test_lone_surrogates_become_the_replacement_character(read):
    entries, _ = read("a.json", r'[{"word": "a\ud83d", "meaning": "\ud83d\ude00 \udc80"}]')
    assert pairs(entries) == [("a\ufffd", "\U0001f600 \ufffd")]


def test_an_object_in_a_text_column_is_no_text(read):
    _, bad = read(
        "a.json", '[{"word": "a", "meaning": "1", "context": {"x": 1}}, {"word": ["a", "b"], "meaning": "1"}]'
    )
    assert [b.reason for b in bad] == ["not_text", "not_text"]


def test_the_records_of_a_file_with_unknown_keys_are_not_taken_for_terms(read):
    with pytest.raises(
        SourceError, match=r"no known column for a term and what it means among 'left', 'right'.*columns ="
    ):
        read("a.jsonl", '{"left": "a", "right": "b"}\n{"left": "c", "right": "d"}\n')


@settings(max_examples=150, deadline=None)
@given(terms=st.lists(st.tuples(word, st.text(st.characters(exclude_categories=["Cs"]), max_size=10)), max_size=6))
def test_any_list_of_records_is_read_back(read, terms):
    text = json.dumps([{"word": term, "meaning": meaning} for term, meaning in terms])
    entries, bad = read("fuzz.json", text)
    assert pairs(entries) == [(term, meaning if meaning.strip() else "") for term, meaning in terms]
    assert not bad


@settings(max_examples=150, deadline=None)
@given(records=st.lists(value, max_size=5), cut=st.integers(0, 30))
def test_records_before_any_others_and_before_any_cut_are_read(read, records, cut):
    good = [{"word": "good", "meaning": "1"}, {"word": "better", "meaning": "2"}]
    text = json.dumps([*good, *records])
    entries, _ = read("fuzz.json", text[: max(len(json.dumps(good)), len(text) - cut)])
    assert pairs(entries)[:2] == [("good", "1"), ("better", "2")]


@settings(max_examples=150, deadline=None)
@given(
    text=st.text(st.sampled_from(list('[]{}",:\\ntrue10 ')), max_size=60), name=st.sampled_from(["a.json", "a.jsonl"])
)
def test_anything_like_json_gives_records_or_one_clear_refusal(attempt, text, name):
    entries, bad, refusal = attempt(name, text)
    assert refusal == "" or (name in refusal and "\n" not in refusal)
    assert {(record.source, record.file) for record in [*entries, *bad]} <= {("toy", name)}


@settings(max_examples=150, deadline=None)
@given(lines=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), max_size=6))
def test_good_lines_among_any_others_are_read(read, lines):
    good = '{"word": "good", "meaning": "1"}'
    text = "\n".join([good, *(line.replace("\r", " ").replace("\n", " ") for line in lines), good])
    entries, _ = read("fuzz.jsonl", text)
    assert pairs(entries).count(("good", "1")) >= 2
