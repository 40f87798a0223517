"""Plain lists with any separator."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.sources import SourceError

plain = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8)


def pairs(entries):
    return [(entry.term, entry.definition) for entry in entries]


@pytest.mark.parametrize("separator", ["=", " = ", "\t", " , ", "`", " – ", ": ", ";"])
def test_usual_separators_are_found(read, separator):
    entries, bad = read("a.txt", "".join(f"t{n}{separator}meaning {n}, more\n" for n in range(3)))
    assert pairs(entries) == [(f"t{n}", f"meaning {n}, more") for n in range(3)]
    assert not bad


def test_a_separator_of_the_recipe_is_used(read):
    assert pairs(read("a.txt", "lol ~> laugh = out ~> loud\n", separator="~>")[0]) == [("lol", "laugh = out ~> loud")]


def test_several_meanings_of_a_line_are_entries_of_one_row(read):
    entries, _ = read("a.txt", "Slag`Meaning\n$`Dollar| money\n%)`Drunk|giddy||\n")
    assert [(*pair, entry.row) for pair, entry in zip(pairs(entries), entries, strict=True)] == [
        *[("$", "Dollar", 0), ("$", "money", 0)],
        *[("%)", "Drunk", 1), ("%)", "giddy", 1)],
    ]
    assert len(read("a.txt", "lol=laugh/out/loud\n", meaning_separator="/")[0]) == 3


def test_a_line_without_the_separator_is_bad(read):
    entries, bad = read("a.txt", "LOL=Laughing\nTFW – That feeling when\n\nBRB=Be right back\n")
    assert pairs(entries) == [("LOL", "Laughing"), ("BRB", "Be right back")]
    assert [(b.reason, b.line, b.row, b.raw) for b in bad] == [("wrong_field_count", 2, 1, "TFW – That feeling when")]


def test_a_line_without_a_term_is_bad_and_one_without_a_meaning_is_left_to_the_quality_stage(read):
    entries, bad = read("a.txt", "LOL=Laughing\n=lost\nBRB=\n")
    assert pairs(entries) == [("LOL", "Laughing"), ("BRB", "")]
    assert [b.reason for b in bad] == ["missing_term"]


def test_an_emoticon_may_begin_with_the_separator(read):
    assert pairs(read("a.txt", "=)=smile\n=D=grin\nlol=laugh\n")[0]) == [
        *[("=)", "smile"), ("=D", "grin"), ("lol", "laugh")]
    ]


def test_a_first_line_that_names_the_columns_is_no_entry_unless_the_recipe_says_so(read):
    assert pairs(read("a.txt", "Term=Meaning\nlol=laugh\n")[0]) == [("lol", "laugh")]
    assert len(read("a.txt", "Term=Meaning\nlol=laugh\n", header=False)[0]) == 2
    assert pairs(read("a.txt", "Foo=Bar\nlol=laugh\n", header=True)[0]) == [("lol", "laugh")]


def test_a_list_without_any_separator_is_refused(read):
    with pytest.raises(SourceError, match="no separator"):
        read("a.txt", "just\nsome\nwords\n")


@settings(max_examples=150, deadline=None)
@given(words=st.lists(st.tuples(plain, plain), min_size=1, max_size=8), other=st.lists(plain, max_size=3))
def test_every_line_is_an_entry_or_a_bad_record(read, words, other):
    lines = [*(f"{term}={meaning}" for term, meaning in words), *other]
    entries, bad = read("fuzz.txt", "\n".join(lines), separator="=", header=False)
    assert pairs(entries) == words
    assert [b.raw for b in bad] == other


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=200))
def test_any_bytes_give_records_or_one_clear_refusal(attempt, data):
    entries, bad, refusal = attempt("bytes.txt", data, separator="=", header=False)
    assert refusal == "" or ("bytes.txt" in refusal and "\n" not in refusal)
    seen = any(33 <= byte < 127 for byte in data)  # what is not blank in any encoding of the file
    assert entries or bad or refusal or not seen
