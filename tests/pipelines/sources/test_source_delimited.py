"""CSV and TSV: nothing is lost, whatever the quotes do."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.sources import SourceError
from pipelines.sources.delimited import unique

cell = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)


def test_a_row_with_another_number_of_fields_is_bad_and_the_rest_is_read(read):
    entries, bad = read("a.csv", "term,meaning\nrizz,charm\nasl,age,sex,location\ndrip,style\n")
    assert [(entry.term, entry.row) for entry in entries] == [("rizz", 0), ("drip", 2)]
    assert [(b.reason, b.row, b.line, b.raw) for b in bad] == [("wrong_field_count", 1, 3, "asl,age,sex,location\n")]


def test_a_bad_record_tells_the_line_where_it_begins_behind_cells_of_several_lines(read):
    entries, bad = read("a.csv", 'term,meaning\nrizz,"charm\nand\nwit"\n"asl\n",age,sex\n\ndrip,style\n')
    assert entries[0].definition == "charm\nand\nwit"
    assert [(b.line, b.row) for b in bad] == [(5, 1)]
    assert (entries[1].term, entries[1].row) == ("drip", 2)


def test_words_that_look_like_nothing_stay_words(read):
    words = ["NaN", "null", "None", "143", "0.02", "True", "007", "1e5", "N/A", "-"]
    entries, bad = read("a.csv", "term,meaning\n" + "".join(f"{word},m\n" for word in words))
    assert [entry.term for entry in entries] == words
    assert not bad


@pytest.mark.parametrize("line", ['rizz,"charm', '"rizz,charm', 'rizz,"charm "big" one'])
def test_a_quote_that_is_never_closed_costs_its_own_line_only(read, line):
    rest = "".join(f"t{n},m{n}\n" for n in range(50))
    entries, bad = read("a.csv", f"term,meaning\n{line}\n{rest}")
    assert [entry.term for entry in entries] == [f"t{n}" for n in range(50)]
    assert [(b.reason, b.line) for b in bad] == [("broken_record", 2)]


def test_a_stray_quote_does_not_pair_with_a_quote_further_down(read):
    entries, bad = read("a.csv", 'term,meaning\nbad,"oops\nrizz,charm\ndrip,"style, and more"\nW,win\n')
    assert [entry.term for entry in entries] == ["rizz", "drip", "W"]
    assert [b.line for b in bad] == [2]


def test_quotes_inside_a_quoted_cell_that_nobody_doubled_are_read_as_they_stand(read):
    entries, bad = read("a.csv", 'term,meaning\nlol,"say "lol" out loud, really"\nmeh,saying "meh" aloud\n')
    assert [entry.definition for entry in entries] == ['say "lol" out loud, really', 'saying "meh" aloud']
    assert not bad


def test_a_file_without_a_header_gives_terms_and_definitions(read):
    entries, _ = read("a.csv", "*4u,kiss for you\n0day,early software\n")
    assert [(entry.term, entry.definition) for entry in entries] == [
        ("*4u", "kiss for you"),
        ("0day", "early software"),
    ]


def test_columns_without_a_header_are_mapped_by_their_number(read):
    entries, _ = read(
        "a.csv", "x,charm,rizz\nx,style,drip\n", header=False, columns={"column_3": "term", "column_1": ""}
    )
    assert [(entry.term, entry.definition, entry.extra) for entry in entries] == [
        *[("rizz", "charm", {}), ("drip", "style", {})]
    ]


def test_the_recipe_can_say_that_the_first_line_is_a_record(read):
    entries, _ = read("a.csv", "slang,meaning\nrizz,charm\n", header=False)
    assert [entry.term for entry in entries] == ["slang", "rizz"]


def test_a_file_whose_columns_nobody_knows_is_refused_with_their_names(read):
    with pytest.raises(SourceError, match=r"'foo', 'bar', 'baz'.*columns ="):
        read("a.csv", "foo,bar,baz\n1,2,3\n")
    with pytest.raises(SourceError, match=r"'foo', 'bar'.*columns ="):
        read("a.csv", "foo,bar\n1,2\n", header=True)


@pytest.mark.parametrize(("name", "sign"), [("a.csv", ";"), ("a.csv", "\t"), ("a.tsv", "\t"), ("a.csv", "|")])
def test_other_delimiters_are_found_in_the_header(read, name, sign):
    entries, _ = read(name, f"term{sign}meaning\nrizz{sign}charm, wit\n")
    assert entries[0].definition == "charm, wit"


def test_a_header_that_names_a_column_twice_keeps_both(read):
    entries, _ = read("a.csv", "word,meaning,meaning,\nrizz,charm,wit,x\n")
    assert [(entry.definition, entry.row) for entry in entries] == [("charm", 0), ("wit", 0)]
    assert entries[0].extra == {"unnamed_4": "x"}


def test_a_cell_of_ten_megabytes_is_a_bad_record_and_the_next_row_is_read(read):
    entries, bad = read("a.csv", f'term,meaning\nbig,"{"x" * 10_000_000}"\nrizz,charm\n')
    assert [entry.term for entry in entries] == ["rizz"]
    assert [b.reason for b in bad] == ["record_too_long"]
    assert len(bad[0].raw) == 2_000


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_is_read(read, end):
    entries, bad = read("a.csv", end.join(["term,meaning", "rizz,charm", "drip,style"]))
    assert [(entry.term, entry.definition) for entry in entries] == [("rizz", "charm"), ("drip", "style")]
    assert not bad


def test_limit_counts_records(read):
    entries, bad = read("a.csv", "term,meaning,meaning\na,1,2\nx,y\nb,1,2\nc,1,2\n", limit=3)
    assert [entry.term for entry in entries] == ["a", "a", "b", "b"]
    assert len(bad) == 1


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(st.tuples(cell, cell), max_size=8))
def test_what_a_csv_writer_wrote_is_read_back_cell_by_cell(read, rows):
    out = io.StringIO(newline="")
    csv.writer(out).writerows([("term", "meaning"), *rows])
    entries, bad = read("fuzz.csv", out.getvalue())
    filled = [(term, meaning if meaning.strip() else "") for term, meaning in rows if term.strip()]
    assert [(entry.term, entry.definition) for entry in entries] == filled
    assert len(bad) == len(rows) - len(filled)
    assert all(b.reason == "missing_term" for b in bad)


@settings(max_examples=200, deadline=None)
@given(junk=st.lists(st.sampled_from(['"', ",", "\n", "a", '""', "\r\n", "é", " "]), max_size=40).map("".join))
def test_good_rows_behind_any_junk_are_read(read, junk):
    good = [f"good{n}" for n in range(5)]
    text = "term,meaning\n" + junk + "\n" + "".join(f"{word},m\n" for word in good)
    entries, _ = read("junk.csv", text)
    assert [entry.term for entry in entries if entry.term in good] == good


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=200))
def test_any_bytes_give_records_or_one_clear_refusal(attempt, data):
    entries, bad, refusal = attempt("bytes.csv", data)
    assert refusal == "" or ("bytes.csv" in refusal and "\n" not in refusal)
    assert {(record.source, record.file) for record in [*entries, *bad]} <= {("toy", "bytes.csv")}


def test_columns_of_one_name_are_told_apart_however_many_there_are():
    assert unique(["meaning", "meaning", "", "meaning 2", " meaning "]) == [
        "meaning",
        "meaning 2",
        "unnamed_3",
        "meaning 2 2",
        "meaning 3",
    ]
    assert unique(["c"] * 50_000)[-1] == "c 50000"
