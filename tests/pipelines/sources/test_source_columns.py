"""Columns are recognised by name, mapped by the recipe, or kept as annotations; people's names never are."""

from __future__ import annotations

from collections import Counter

import pytest
from pydantic import ValidationError

from pipelines.sources import SourceError, SourceSettings
from pipelines.sources.columns import Columns, make_plan
from pipelines.sources.columns_known import CHAT_FIELDS, FIELDS


def plan(*names, **settings):
    return make_plan(names, SourceSettings(name="toy", path="x", **settings))


def test_no_known_name_stands_for_two_fields():
    names = Counter(name for known in (FIELDS, CHAT_FIELDS) for names in known.values() for name in names)
    assert [name for name, times in names.items() if times > 1] == []


@pytest.mark.parametrize(
    ("header", "kind", "fields"),
    [
        ("Slang,Description,Example,Context", "definition", {"term": "Slang", "definition": "Description"}),
        ("keyword,description", "definition", {"term": "keyword", "definition": "description"}),
        ("emoji,Name,Description", "definition", {"term": "emoji", "definition": "Description"}),
        ("normal,gen_z", "pair", {"plain": "normal", "example": "gen_z"}),
        (
            "Text,Actual Predictions,Keyword",
            "sentence",
            {"example": "Text", "label": "Actual Predictions", "term": "Keyword"},
        ),
        ("slang,formal,In-dictionary,context", "definition", {"definition": "formal", "example": "context"}),
        ("Slang,Meaning,Meaning1", "definition", {"term": "Slang", "definition": "Meaning"}),
        ("Slag,Meaning", "definition", {"term": "Slag"}),
        (
            "word,pos,definition,thumbs_up,written_on,permalink",
            "definition",
            {"part_of_speech": "pos", "url": "permalink"},
        ),
        (
            "Part of Speech,HEADWORD,Full-Form",
            "definition",
            {"part_of_speech": "Part of Speech", "definition": "Full-Form"},
        ),
        ("sentence,label", "sentence", {"example": "sentence", "label": "label"}),
    ],
)
def test_the_headers_of_real_sources_are_recognised(header, kind, fields):
    found = plan(*header.split(","))
    assert found.kind == kind
    assert {name: found.fields[name][0] for name in fields} == fields


def test_a_recipe_can_call_standard_forms_plain_sentences():
    assert plan("slang", "standard", kind="pair").fields == {"example": ["slang"], "plain": ["standard"]}


def test_the_recipe_maps_and_ignores_columns(read):
    text = "Foo,Bar,Baz,context,Name\nrizz,charm,secret,He has rizz.,x\n"
    mapping = {"Foo": "term", "Bar": "definition", "Baz": "", "context": "example"}
    entries, _ = read("a.csv", text, columns=mapping)
    entry = entries[0]
    assert (entry.term, entry.definition, entry.example, entry.context) == ("rizz", "charm", "He has rizz.", "")
    assert entry.extra == {"Name": "x"}


def test_a_mapping_to_an_unknown_field_answers_with_the_near_one():
    with pytest.raises(ValidationError, match="did you mean 'definition'"):
        SourceSettings(name="a", path="x", columns={"Bar": "defintion"})


def test_an_unknown_format_answers_with_the_near_ones():
    with pytest.raises(ValidationError, match="did you mean 'jsonl'"):
        SourceSettings(name="a", path="x", format="jsonlines")


@pytest.mark.parametrize("place", [{}, {"path": "x", "hub": "y"}])
def test_a_source_stands_in_one_place(place):
    with pytest.raises(ValidationError, match="either a path or a hub dataset"):
        SourceSettings(name="a", **place)


def test_authors_are_never_kept_and_cannot_be_mapped(read):
    text = '[{"word": "W", "meaning": "win", "author": "ann", "User Name": "bob", "author_flair": "x", "user": "cy",'
    entries, _ = read("a.json", text + ' "more": {"Author": "ann", "list": [{"username": "bob", "n": 1}]}}]')
    assert entries[0].extra == {"more": '{"list": [{"n": "1"}]}'}
    with pytest.raises(ValidationError, match="names people"):
        SourceSettings(name="a", path="x", columns={"Author": "context"})


def test_authors_do_not_come_into_the_ledger_with_a_bad_record(read):
    texts = {
        "a.json": '[{"word": "", "meaning": "win", "author": "ann"}, {"word": oops, "author": "ann"}, {"author": "ann',
        "a.csv": "word,meaning,author\nW,ann\n,win,ann\n",
    }
    for name, text in texts.items():
        _, bad = read(name, text)
        assert len(bad) >= 2
        assert not any("ann" in b.raw for b in bad)


def test_a_mapped_column_that_is_nowhere_is_refused_and_another_spelling_is_taken(read):
    text = "slang,Bar Foo\nrizz,charm\n"
    assert read("a.csv", text, columns={"Slang": "term", "bar_foo": "definition"})[0][0].definition == "charm"
    with pytest.raises(SourceError, match="no column 'Barr Foo'; did you mean 'Bar Foo'"):
        read("a.csv", text, columns={"slang": "term", "Bar Foo": "definition", "Barr Foo": "example"})


def test_every_field_of_a_dictionary_site_finds_its_place(read):
    text = """{"list": [{"definition": "[charm]\\r\\nand wit", "permalink": "http://rizz.example/1", "thumbs_up": 12,
      "author": "ann", "word": "rizz", "defid": 1, "current_vote": "", "written_on": "2022-01-01T00:00:00Z",
      "example": "He has [rizz].", "thumbs_down": "3"}]}"""
    entry = read("a.json", text, licence="none", redistributable=False, language="en", attribution="the site")[0][0]
    assert (entry.term, entry.definition, entry.example) == ("rizz", "[charm]\r\nand wit", "He has [rizz].")
    assert (entry.votes_up, entry.votes_down, entry.date) == (12, 3, "2022-01-01T00:00:00Z")
    assert (entry.url, entry.licence, entry.redistributable) == ("http://rizz.example/1", "none", False)
    assert (entry.language, entry.attribution, entry.extra) == ("en", "the site", {"defid": "1"})


def test_what_a_record_says_itself_comes_before_what_the_recipe_says(read):
    text = "term,meaning,language,date,url\nrizz,charm,sw,2020,http://a\ndrip,style,,,\n"
    entries, _ = read("a.csv", text, language="en", date="2024", url="http://b")
    assert [(e.language, e.date, e.url) for e in entries] == [("sw", "2020", "http://a"), ("en", "2024", "http://b")]


def test_votes_that_are_no_numbers_are_kept_as_annotation(read):
    text = 'term,meaning,upvotes\na,b,"1,234"\na,b,many\na,b,-2\na,b,3.0\na,b,99999999999999999999\na,b,\n'
    entries, _ = read("a.csv", text)
    assert [entry.votes_up for entry in entries] == [1234, None, -2, 3, None, None]
    assert [entry.extra for entry in entries][1] == {"votes_up": "many"}


def test_a_long_cell_is_a_bad_record_wherever_it_stands(read):
    for header in ("term,meaning,x", "meaning,x,term", "x,term,meaning"):
        _, bad = read("a.csv", f"{header}\n{'y' * 11},b,c\n", max_cell_chars=10)
        assert [b.reason for b in bad] == ["record_too_long"]


def test_a_missing_term_or_sentence_is_a_bad_record(read):
    _, bad = read("a.csv", "term,meaning\n ,charm\n")
    assert [b.reason for b in bad] == ["missing_term"]
    _, bad = read("a.csv", "normal,gen_z\n,no cap\nhonestly,\n")
    assert [b.reason for b in bad] == ["missing_text", "missing_text"]
    _, bad = read("a.csv", "text,label,keyword\n,slang,rizz\nhe has rizz,slang,\n")
    assert [b.reason for b in bad] == ["missing_text", "missing_term"]


def test_a_record_that_leaves_out_a_key_is_what_the_others_are(read):
    text = '{"word": "W", "meaning": "win"}\n{"meaning": "a fine outfit", "example": "x"}\n{"word": "drip", "example": "y"}'
    entries, bad = read("a.jsonl", text)
    assert [(e.kind, e.term, e.definition) for e in entries] == [("definition", "W", "win"), ("definition", "drip", "")]
    assert [(b.reason, b.row) for b in bad] == [("missing_term", 1)]


def test_a_kind_that_the_columns_cannot_tell_is_refused(read):
    with pytest.raises(SourceError, match="no known column for a pair among 'term', 'meaning'"):
        read("a.csv", "term,meaning\nrizz,charm\n", kind="pair")


def test_several_examples_keep_the_first_in_place_and_the_others_beside(read):
    entries, _ = read("a.json", '[{"word": "W", "meaning": "win", "examples": ["Big W.", "", "A W!"]}]')
    assert entries[0].example == "Big W."
    assert entries[0].extra == {"more_examples": '["A W!"]'}


def test_entries_do_not_share_their_lists(read):
    entries, _ = read("a.json", '[{"word": "W", "meaning": ["win", "woman"], "synonyms": "victory, dub", "x": 1}]')
    entries[0].linked_terms.append("mine")
    entries[0].extra["mine"] = "1"
    assert (entries[1].linked_terms, entries[1].extra) == (["victory", "dub"], {"x": "1"})


def test_records_that_all_differ_in_their_columns_do_not_fill_the_memory():
    columns = Columns(SourceSettings(name="toy", path="x"))
    for number in range(25_000):
        columns.plan(["term", "meaning", f"x{number}"])
    assert len(columns.plans) <= 10_001
