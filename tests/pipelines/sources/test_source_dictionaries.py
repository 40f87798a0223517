"""wiktextract, dictd, Parquet and SQLite."""

from __future__ import annotations

import gzip
import json
import sqlite3
from contextlib import closing

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.sources import SourceError, SourceSettings, read_source

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def pairs(entries):
    return [(entry.term, entry.definition) for entry in entries]


# --- wiktextract

RIZZ = {
    "word": "rizz",
    "pos": "noun",
    "lang": "English",
    "lang_code": "en",
    "senses": [
        {
            "glosses": ["Something about a person.", "Charm."],
            "tags": ["Internet", "slang"],
            "synonyms": [{"word": "game"}],
            "examples": [
                {"text": "A quotation.", "ref": "2021, Ann Author, A Book", "type": "quotation"},
                {"text": "He has rizz.", "type": "example"},
            ],
        },
        {"glosses": ["A brand of rice."]},
        {"glosses": ["Plural of riz."], "form_of": [{"word": "riz"}], "tags": ["slang", "form-of"]},
    ],
}


def test_only_slang_senses_are_taken_and_what_is_passed_over_is_told(tmp_path):
    drip = {"word": "drip", "lang_code": "en", "senses": [{"glosses": ["Style."], "tags": ["slang"]}]}
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, [RIZZ, {"word": "rice", "senses": [{}]}, drip])))
    told: list[str] = []
    entries, bad = read_source(
        SourceSettings(name="toy", path="a.jsonl"), root=tmp_path, progress=lambda what, done, total: told.append(what)
    )
    assert [(*pair, entry.row) for pair, entry in zip(pairs(entries), entries, strict=True)] == [
        *[("rizz", "Charm.", 0), ("drip", "Style.", 2)]
    ]
    assert not bad
    assert "toy: 1 forms of another word passed over" in told
    assert "toy: 2 senses without the tag slang passed over" in told


def test_a_sense_brings_its_example_part_of_speech_language_and_tags_but_no_author(read):
    entry = read("a.jsonl", json.dumps(RIZZ), format="wiktextract")[0][0]
    assert (entry.part_of_speech, entry.language, entry.example) == ("noun", "en", "He has rizz.")
    assert entry.linked_terms == ["game"]
    assert entry.extra == {
        "tags": "Internet, slang",
        "wider gloss": "Something about a person.",
        "more_examples": '["A quotation."]',
    }
    assert "Ann" not in repr(entry)


def test_without_tags_every_sense_is_taken_that_defines_something(read):
    entries, _ = read("a.jsonl", json.dumps(RIZZ), format="wiktextract", tags=[])
    assert [entry.definition for entry in entries] == ["Charm.", "A brand of rice."]


@pytest.mark.parametrize(
    "line", ['{"word": "x", "senses": [', "[]", "7", '{"word": "x", "senses": "none"}', '{"word": "x", "senses": [3]}']
)
def test_a_line_that_is_no_word_is_a_bad_record(read, line):
    entries, bad = read("a.jsonl", f"{json.dumps(RIZZ)}\n{line}\n{json.dumps(RIZZ)}\n", format="wiktextract")
    assert [entry.row for entry in entries] == [0, 2]
    assert [(b.reason, b.line) for b in bad] == [("broken_record", 2)]


# --- dictd


def base64(number):
    digits = DIGITS[number % 64]
    while number := number // 64:
        digits = DIGITS[number % 64] + digits
    return digits


def dictionary(folder, articles, cut=None):
    """Write toy.index and toy.dict.dz with the articles (headword, text)."""
    body, index = b"", []
    for word, text in articles:
        data = text.encode()
        index.append(f"{word}\t{base64(len(body))}\t{base64(len(data))}\n")
        body += data
    (folder / "toy.index").write_text("".join(index))
    packed = gzip.compress(body)
    (folder / "toy.dict.dz").write_bytes(packed[:cut])
    return folder


ARTICLES = [
    ("00-database-short", "Toy dictionary"),
    ("00databaseinfo", "About"),
    ("foo", "foo\n   A name for\n   anything.\n\n   Second paragraph.\n"),
    ("café", "A place."),
]


@pytest.mark.parametrize("path", ["toy.index", "toy.dict.dz", ".", "*.index", "*"])
def test_a_dictd_dictionary_is_read_by_any_of_its_names(tmp_path, path):
    dictionary(tmp_path, ARTICLES)
    entries, bad = read_source(SourceSettings(name="toy", path=path), root=tmp_path)
    assert pairs(entries) == [("foo", "A name for anything.\nSecond paragraph."), ("café", "A place.")]
    assert [entry.row for entry in entries] == [0, 1]
    assert not bad


def test_a_dictd_index_with_wrong_lines_gives_bad_records(tmp_path):
    dictionary(tmp_path, ARTICLES)
    with (tmp_path / "toy.index").open("a") as index:
        index.write("only a word\nfar\tzzzz\tB\nodd\t!!\tB\n")
    entries, bad = read_source(SourceSettings(name="toy", path="toy.index"), root=tmp_path)
    assert len(entries) == 2
    assert [b.reason for b in bad] == ["wrong_field_count", "broken_record", "broken_record"]


def test_a_dictd_file_cut_in_the_middle_gives_the_articles_before_the_cut(tmp_path):
    articles = [(f"word{n}", f"meaning {n * 7919 % 1_000_003:x} of {n * n:x}") for n in range(5_000)]
    dictionary(tmp_path, articles, cut=20_000)
    entries, bad = read_source(SourceSettings(name="toy", path="toy.index"), root=tmp_path)
    assert pairs(entries) == articles[: len(entries)]
    assert 1_000 < len(entries) < 5_000
    assert len(entries) + len(bad) == 5_000
    assert "breaks off" in bad[0].detail


def test_a_dictd_index_without_its_text_is_refused(tmp_path):
    dictionary(tmp_path, ARTICLES)
    (tmp_path / "toy.dict.dz").unlink()
    with pytest.raises(SourceError, match=r"toy\.dict\.dz is not beside it"):
        read_source(SourceSettings(name="toy", path="toy.index"), root=tmp_path)


@settings(max_examples=100, deadline=None)
@given(index=st.binary(max_size=120), body=st.binary(max_size=60))
def test_any_bytes_as_a_dictionary_give_records_or_one_clear_refusal(tmp_path_factory, index, body):
    folder = tmp_path_factory.mktemp("dictd")
    (folder / "toy.index").write_bytes(index)
    (folder / "toy.dict").write_bytes(body)
    refusal, entries = "", []
    try:
        entries, _ = read_source(SourceSettings(name="toy", path="toy.index"), root=folder)
    except SourceError as error:
        refusal = str(error)
    assert refusal == "" or ("toy." in refusal and "\n" not in refusal)
    assert all(entry.term.strip() for entry in entries)


# --- Parquet and SQLite


def test_parquet_is_read_with_lists_numbers_and_nothing(tmp_path):
    table = pa.table(
        {
            "term": ["rizz", "143", None, "W"],
            "meaning": [["charm", "wit"], ["I love you"], ["x"], None],
            "upvotes": [1, None, 3, 4],
            "share": [0.5, float("nan"), None, 1.0],
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    entries, bad = read_source(SourceSettings(name="toy", path="a.parquet"), root=tmp_path)
    assert pairs(entries) == [("rizz", "charm"), ("rizz", "wit"), ("143", "I love you"), ("W", "")]
    assert [entry.votes_up for entry in entries] == [1, 1, None, 4]
    assert [entry.extra for entry in entries] == [{"share": "0.5"}, {"share": "0.5"}, {}, {"share": "1.0"}]
    assert [(b.reason, b.row) for b in bad] == [("missing_term", 2)]


def test_what_is_no_parquet_or_sqlite_is_refused_in_one_line(read):
    for name in ("a.parquet", "a.sqlite"):
        for content in (b"", b"PAR1 and no more", b"x" * 5_000):
            with pytest.raises(SourceError, match=name) as refusal:
                read(name, content)
            assert "\n" not in str(refusal.value)


def make_database(path, *tables):
    with closing(sqlite3.connect(path)) as database, database:
        for table in (name.replace('"', '""') for name in tables):
            database.execute(f'CREATE TABLE "{table}" (word, meaning, n)')
            database.execute(
                f'INSERT INTO "{table}" VALUES (?, ?, ?), (143, ?, NULL), (?, ?, 2.5), (?, ?, 1)',
                ("rizz", "charm", 7, "love", "W", b"\xff\xfe\x00", None, "x"),
            )


def test_sqlite_is_read_and_left_as_it_was(tmp_path):
    path = tmp_path / 'odd "name" %41#?.db'
    make_database(path, 'sl"ang')
    before = path.read_bytes()
    entries, bad = read_source(SourceSettings(name="toy", path=path.name), root=tmp_path)
    assert pairs(entries) == [("rizz", "charm"), ("143", "love")]
    assert [entry.extra for entry in entries] == [{"n": "7"}, {}]
    assert [(b.reason, b.row) for b in bad] == [("not_text", 2), ("missing_term", 3)]
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_database_with_several_tables_asks_which(tmp_path):
    make_database(tmp_path / "a.db", "one", "two")
    with pytest.raises(SourceError, match="'one', 'two'"):
        read_source(SourceSettings(name="toy", path="a.db"), root=tmp_path)
    with pytest.raises(SourceError, match=r"no table 'six'.*'one', 'two'"):
        read_source(SourceSettings(name="toy", path="a.db", table="six"), root=tmp_path)
    assert len(read_source(SourceSettings(name="toy", path="a.db", table="two"), root=tmp_path)[0]) == 2
