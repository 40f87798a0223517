"""What a person can get wrong is told in one line, with what to do, before anything is fetched."""

from __future__ import annotations

import pytest

from pipelines import collect as collecting
from pipelines.collecting.sources import SOURCES, find_source


@pytest.fixture(autouse=True)
def contact(monkeypatch):
    monkeypatch.setenv("SLANG_CONTACT", "tests@example.org")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["urban_dictionry", "--term", "rizz"], "no source 'urban_dictionry'; did you mean 'urban_dictionary'"),
        (["wikipedia"], "no source 'wikipedia'; did you mean 'wiktionary'"),
        (["urban_dictionary", "--term", "x", "--contact", "me"], "a mail address or a web page, not 'me'"),
        (["urban_dictionary", "--term", "x", "--contact", "a@b.c\r\nX: y"], "a mail address or a web page"),
        (["urban_dictionary", "--term", "x", "--delay", "0.1"], "is asked every 2 s at most"),
        (["urban_dictionary", "--term", "x", "--base-url", "file:///etc"], "--base-url file:///etc: expected http"),
        (["urban_dictionary", "--term", "x", "--base-url", "http://a:b"], "--base-url http://a:b: expected http"),
        (["urban_dictionary", "--term", "x", "--name", "../x"], "--name '../x'"),
        (["urban_dictionary", "--term", "x", "--by-api-policy"], "publishes no policy"),
        (["urban_dictionary", "--terms", "/nowhere/terms.txt"], "/nowhere/terms.txt: No such file"),
        (["urban_dictionary", "--terms-from", "no_such_build"], "no_such_build: no build there"),
    ],
)
def test_a_wrong_argument_is_one_line(arguments, said, tmp_path, capsys):
    assert collecting.main([*arguments, "--out", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_contact_must_be_given(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("SLANG_CONTACT")
    assert collecting.main(["urban_dictionary", "--term", "x", "--out", str(tmp_path)]) == 2
    assert "give --contact (or SLANG_CONTACT)" in capsys.readouterr().err


def test_a_folder_with_anything_else_in_it_is_never_replaced(tmp_path, capsys):
    (tmp_path / "urban_dictionary").mkdir()
    (tmp_path / "urban_dictionary" / "thesis.txt").write_text("mine")
    assert collecting.main(["urban_dictionary", "--term", "x", "--out", str(tmp_path)]) == 2
    assert "would be lost" in capsys.readouterr().err
    assert (tmp_path / "urban_dictionary" / "thesis.txt").read_text() == "mine"


def test_a_list_of_terms_in_another_encoding_is_one_line(tmp_path, capsys):
    (tmp_path / "terms.txt").write_bytes("caf\xe9".encode("latin-1"))
    assert collecting.main(["urban_dictionary", "--terms", str(tmp_path / "terms.txt"), "--out", str(tmp_path)]) == 2
    assert "not UTF-8 (byte 3)" in capsys.readouterr().err


def test_without_a_source_all_are_shown(capsys):
    assert collecting.main([]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in SOURCES)
    assert "not for redistribution" in said


def test_every_source_says_whose_text_it_is():
    for name in SOURCES:
        source = find_source(name)
        assert source.name == name
        assert isinstance(source.redistributable, bool)
        assert source.title
        assert source.attribution or not source.licence, "whose it is may be told on the command line"
        assert source.terms
        assert source.redistributable is False or source.licence, "without a licence nothing may be passed on"
