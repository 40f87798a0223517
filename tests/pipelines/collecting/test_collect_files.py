"""Sources in files that lie here: dumps and dictionaries, from the command to the snapshot and into a recipe."""

from __future__ import annotations

import gzip
import json
import random
import time

import pytest
import zstandard

from pipelines.collect import main
from pipelines.sources.read import read_source
from pipelines.sources.settings import SourceSettings
from pipelines.sources.snapshots import expand_snapshot

WORDS = [
    {"word": "rizz", "lang_code": "en", "pos": "noun", "senses": [
        {"glosses": ["Charm."], "tags": ["slang"], "examples": [{"text": "He has rizz.", "ref": "Jane Doe, 2023"}]},
        {"glosses": ["A river."], "tags": []}]},
    {"word": "rizzes", "lang_code": "en", "pos": "noun", "senses": [
        {"glosses": ["plural of rizz"], "tags": ["slang"], "form_of": [{"word": "rizz"}]}]},
    {"word": "geil", "lang_code": "de", "pos": "adj", "senses": [{"glosses": ["cool"], "tags": ["slang"]}]},
]  # fmt: skip
SAID = [
    {"id": "a1", "subreddit": "teens", "created_utc": 1700000000, "author": "secret_person", "body":
        "He has so much rizz, honestly. I asked u/other_person about it.\n> quoted rizz that is not his own\nNo cap at all here."},
    {"id": "a2", "subreddit": "teens", "created_utc": "1702000000", "author": "[deleted]", "body": "[deleted]"},
    {"id": "a3", "subreddit": "news", "created_utc": 1702000000, "author": "x", "title": "The cap &amp; the gown of it",
     "selftext": "Capital letters are no caps."},
]  # fmt: skip


def json_lines(items) -> bytes:
    return "".join(json.dumps(item) + "\n" for item in items).encode()


def records(out, name):
    return [json.loads(line) for line in (out / name / "records.jsonl").read_text("utf-8").splitlines()]


def texts(out, name, *fields):
    return [tuple(record.get(field) for field in fields) for record in records(out, name)]


def everything(folder) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def dictionary(folder, name, articles):
    """Write NAME.index and NAME.dict.dz; numbers below 4,096 only."""
    signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    body, index = b"", []
    for word, text in articles:
        start, length = (signs[number // 64] + signs[number % 64] for number in (len(body), len(text.encode())))
        index.append(f"{word}\t{start}\t{length}\n")
        body += text.encode()
    (folder / f"{name}.index").write_text("".join(index), encoding="utf-8")
    (folder / f"{name}.dict.dz").write_bytes(gzip.compress(body))
    return folder / f"{name}.index"


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress], ids=["plain", "gzip", "zstd"])
def test_a_wiktextract_dump_gives_its_slang_senses_and_no_forms(tmp_path, pack):
    dump = tmp_path / "dump.jsonl"
    dump.write_bytes(pack(json_lines(WORDS)))
    assert main(["wiktextract", "--file", str(dump), "--out", str(tmp_path / "out"), "--quiet"]) == 0
    assert texts(tmp_path / "out", "wiktextract", "term", "definition", "language") == [
        ("geil", "cool", "de"),
        ("rizz", "Charm.", "en"),
    ]
    assert b"Jane Doe" not in everything(tmp_path / "out")


def test_of_a_dump_the_wanted_languages_and_terms_are_taken(tmp_path):
    dump = tmp_path / "dump.jsonl"
    dump.write_bytes(json_lines(WORDS))
    more = ["--file", str(dump), "--out", str(tmp_path), "--quiet"]
    assert main(["wiktextract", *more, "--language-code", "de", "--name", "german"]) == 0
    assert main(["wiktextract", *more, "--term", "rizz", "--name", "one"]) == 0
    assert texts(tmp_path, "german", "term") == [("geil",)]
    assert texts(tmp_path, "one", "term") == [("rizz",)]


def test_a_dump_that_breaks_off_gives_what_came_before(tmp_path, capsys):
    dump = tmp_path / "dump.jsonl.zst"
    whole = zstandard.compress(json_lines(WORDS * 3_000))
    dump.write_bytes(whole[:-100])
    assert main(["wiktextract", "--file", str(dump), "--out", str(tmp_path), "--quiet"]) == 0
    said = capsys.readouterr().err
    assert "breaks off after line" in said
    assert "what came before it is kept" in said
    assert texts(tmp_path, "wiktextract", "term")


def test_the_jargon_file_is_in_the_public_domain_and_goes_into_a_build(tmp_path):
    index = dictionary(
        tmp_path, "jargon", [("00-database-short", "Jargon"), ("foo", "foo\n   A name."), ("bar", "Two.")]
    )
    assert main(["dictd", "--file", str(index), "--out", str(tmp_path), "--name", "jargon-file", "--quiet"]) == 0
    manifest = json.loads((tmp_path / "jargon-file" / "manifest.json").read_text("utf-8"))
    assert (manifest["title"], manifest["licence"], manifest["redistributable"]) == (
        "The Jargon File", "public domain", True)  # fmt: skip
    settings = expand_snapshot({"name": "jargon", "path": "jargon-file"}, tmp_path)
    settings.pop("snapshot")
    entries, bad = read_source(SourceSettings(**settings), root=tmp_path)
    assert [(entry.term, entry.definition) for entry in entries] == [("bar", "Two."), ("foo", "A name.")]
    assert {(entry.licence, entry.redistributable) for entry in entries} == {("public domain", True)}
    assert not bad


def test_another_dictionary_has_no_rights_but_those_that_are_given(tmp_path, capsys):
    index = dictionary(tmp_path, "toy", [("foo", "A name.")])
    given = ["dictd", "--file", str(index), "--out", str(tmp_path), "--quiet"]
    assert main([*given, "--redistributable"]) == 2
    assert "under which licence? Give --licence as well" in capsys.readouterr().err
    assert main(given) == 0
    assert json.loads((tmp_path / "dictd" / "manifest.json").read_text("utf-8"))["redistributable"] is False


def test_reddit_gives_sentences_that_use_a_term_and_nobody_by_name(tmp_path):
    dump = tmp_path / "RC_2023-11.zst"
    dump.write_bytes(zstandard.compress(json_lines(SAID)))
    given = ["reddit_dump", "--file", str(dump), "--out", str(tmp_path), "--term", "rizz", "--term", "Cap", "--quiet"]
    assert main(given) == 0
    assert texts(tmp_path, "reddit_dump", "term", "example", "category", "date") == [
        ("Cap", "No cap at all here.", "r/teens", "2023-11"),
        ("Cap", "The cap & the gown of it", "r/news", "2023-12"),
        ("rizz", "He has so much rizz, honestly.", "r/teens", "2023-11"),
    ]
    kept = everything(tmp_path / "reddit_dump")
    assert b"secret_person" not in kept
    assert b"other_person" not in kept


def test_a_name_in_a_sentence_is_blacked_out(tmp_path):
    dump = tmp_path / "RC.jsonl"
    dump.write_bytes(json_lines([{**SAID[0], "body": "Ask /u/some_one and @any_body about his rizz today."}]))
    assert main(["reddit_dump", "--file", str(dump), "--out", str(tmp_path), "--term", "rizz", "--quiet"]) == 0
    assert texts(tmp_path, "reddit_dump", "example") == [("Ask █████ and █████ about his rizz today.",)]


def test_lines_that_are_no_comments_are_told_and_left_out(tmp_path, capsys):
    dump = tmp_path / "RC.jsonl"
    odd = [b'{"id": "1"}\n', b"[1]\n", b"{\n", b'{"id": "2", "created_utc": 1e300, "body": "so much rizz in here"}\n']
    dump.write_bytes(b"".join(odd) + json_lines(SAID))
    assert main(["reddit_dump", "--file", str(dump), "--out", str(tmp_path), "--term", "rizz", "--quiet"]) == 0
    assert capsys.readouterr().err.count("is no comment or post") == 4
    assert len(records(tmp_path, "reddit_dump")) == 1


def test_the_same_file_once_more_brings_nothing_new(tmp_path, capsys):
    dump = tmp_path / "dump.jsonl"
    dump.write_bytes(json_lines(WORDS))
    given = ["wiktextract", "--file", str(dump), "--out", str(tmp_path)]
    assert main(given) == 0
    assert main(given) == 0
    assert "Nothing new" in capsys.readouterr().out
    dump.write_bytes(json_lines([*WORDS, {**WORDS[2], "word": "krass"}]))
    assert main(given) == 0
    assert [term for (term,) in texts(tmp_path, "wiktextract", "term")] == ["geil", "krass", "rizz"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["wiktextract", "--file", "absent.jsonl"], "absent.jsonl: No such file"),
        (["reddit_dump", "--file", "absent.zst"], "which terms?"),
        (["dictd", "--file", "lonely.index"], "lonely.dict.dz is not beside it"),
    ],
)
def test_what_cannot_be_read_is_one_line(tmp_path, monkeypatch, capsys, arguments, line):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lonely.index").write_text("foo\tA\tB\n")
    assert main([*arguments, "--out", str(tmp_path / "out"), "--quiet"]) == 2
    said = capsys.readouterr().err
    assert line in said
    assert said.count("\n") == 1


def collected(out, *arguments) -> str:
    """What the last collect of a command counted."""
    assert main([*map(str, arguments), "--out", str(out), "--quiet"]) == 0
    manifest = json.loads((out / arguments[0] / "manifest.json").read_text("utf-8"))
    counts = manifest["collects"][-1]["counts"]
    return ", ".join(f"{counts[name]} {name}" for name in ("new", "changed", "vanished") if counts.get(name))


def word(name, meaning="Charm."):
    return {"word": name, "lang_code": "en", "pos": "noun", "senses": [{"glosses": [meaning], "tags": ["slang"]}]}


@pytest.fixture
def dump(tmp_path, monkeypatch):
    """Writes a dump of wiktextract, and collects it in parts of two lines."""
    monkeypatch.setattr("pipelines.collecting.sources.wiktextract.Wiktextract.part", 2)

    def write(*words, name="english.jsonl", cut=0):
        whole = gzip.compress(json_lines(words), mtime=0)
        (tmp_path / name).write_bytes(whole[: len(whole) - cut])
        return collected(tmp_path, "wiktextract", "--file", tmp_path / name)

    return write


A_TO_E = [word(letter) for letter in "abcde"]


def test_a_dump_of_another_day_tells_what_is_new_what_changed_and_what_vanished(dump, tmp_path):
    assert dump(*A_TO_E) == "5 new"
    first = {record["term"]: record for record in records(tmp_path, "wiktextract")}
    time.sleep(1.1)
    assert dump(word("f"), *A_TO_E[1:4], word("e", "Ease.")) == "1 new, 1 changed, 1 vanished"
    now = {record["term"]: record for record in records(tmp_path, "wiktextract")}
    assert "".join(now) == "bcdef"
    assert (
        now["b"]["first_seen_at"] == now["b"]["collected_at"] == first["b"]["last_seen_at"] < now["b"]["last_seen_at"]
    )
    assert now["e"]["first_seen_at"] == first["e"]["first_seen_at"] < now["e"]["collected_at"]
    changes = [json.loads(line) for line in (tmp_path / "wiktextract" / ".changes.jsonl").read_text().splitlines()]
    assert sorted((one["what"], one["before"]["term"]) for one in changes) == [("changed", "e"), ("vanished", "a")]


def test_a_shorter_dump_makes_the_rest_vanish_and_the_first_one_brings_it_back(dump, tmp_path):
    dump(*A_TO_E)
    assert dump(*A_TO_E[:1]) == "4 vanished"
    assert dump(*A_TO_E) == "4 new"
    assert "".join(term for (term,) in texts(tmp_path, "wiktextract", "term")) == "abcde"


def test_a_dump_that_breaks_off_makes_nothing_vanish(dump, tmp_path, capsys):
    dump(*A_TO_E)
    noise = random.Random(1).randbytes(9_000).hex()
    assert dump(word("a", "Another."), word("z", noise), *A_TO_E[1:], cut=4_000) == "1 changed"
    assert "breaks off after line 1" in capsys.readouterr().err
    assert "".join(term for (term,) in texts(tmp_path, "wiktextract", "term")) == "abcde"


def test_another_file_makes_nothing_of_the_first_vanish_unless_it_is_said_to_be_the_same(dump, tmp_path):
    dump(*A_TO_E)
    assert dump(word("z"), name="german.jsonl") == "1 new"
    (tmp_path / "english-2.jsonl").write_bytes(json_lines(A_TO_E[:2]))
    asked = ["wiktextract", "--file", tmp_path / "english-2.jsonl", "--as", "english.jsonl"]
    assert collected(tmp_path, *asked) == "3 vanished"
    assert "".join(term for (term,) in texts(tmp_path, "wiktextract", "term")) == "abz"


def test_the_same_dump_asked_for_other_terms_is_read_again_and_keeps_the_first(dump, tmp_path):
    (tmp_path / "RC.jsonl").write_bytes(json_lines(SAID))
    asked = ["reddit_dump", "--file", tmp_path / "RC.jsonl"]
    assert collected(tmp_path, *asked, "--term", "rizz") == "1 new"
    assert collected(tmp_path, *asked, "--term", "Cap") == "2 new"
    (tmp_path / "RC.jsonl").write_bytes(json_lines(SAID[1:]))
    assert collected(tmp_path, *asked, "--term", "Cap") == "1 vanished"
    assert {term for (term,) in texts(tmp_path, "reddit_dump", "term")} == {"Cap", "rizz"}


def test_a_dump_that_was_read_in_part_and_is_another_by_then_leaves_nothing_of_the_old_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("pipelines.collecting.sources.wiktextract.Wiktextract.part", 1)
    parse, file = json.loads, tmp_path / "english.jsonl"
    file.write_bytes(json_lines(A_TO_E))
    monkeypatch.setattr("pipelines.collecting.sources.wiktextract.json.loads", refusing(parse, '"d"'))
    with pytest.raises(KeyboardInterrupt):
        take_all(tmp_path, file)
    monkeypatch.setattr("pipelines.collecting.sources.wiktextract.json.loads", parse)
    file.write_bytes(json_lines(A_TO_E[2:]))
    assert collected(tmp_path, "wiktextract", "--file", file) == "3 new"
    assert "".join(term for (term,) in texts(tmp_path, "wiktextract", "term")) == "cde"
    assert (tmp_path / "wiktextract" / ".changes.jsonl").read_bytes() == b""


def refusing(parse, sign):
    def refuse(text):
        if sign in text:
            raise KeyboardInterrupt
        return parse(text)

    return refuse


def take_all(out, file):
    if main(["wiktextract", "--file", str(file), "--out", str(out), "--quiet"]) == 130:
        raise KeyboardInterrupt


def test_a_dictionary_of_another_day_tells_what_vanished_and_a_broken_one_does_not(tmp_path, capsys):
    index = dictionary(tmp_path, "toy", [("foo", "A name."), ("bar", "Two.")])
    assert collected(tmp_path, "dictd", "--file", index) == "2 new"
    dictionary(tmp_path, "toy", [("foo", "A name."), ("baz", "Two.")])
    assert collected(tmp_path, "dictd", "--file", index) == "1 new, 1 vanished"
    dictionary(tmp_path, "toy", [("foo", "A name, and more of it.")])
    index.write_text("foo\tA\tB\nbaz\tA\t///\n")
    assert collected(tmp_path, "dictd", "--file", index) == "1 changed"
    assert "left out" in capsys.readouterr().err


def test_two_files_of_one_name_cannot_be_told_apart(tmp_path, capsys):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "dump.jsonl").write_bytes(json_lines(WORDS))
    files = [part for folder in ("a", "b") for part in ("--file", str(tmp_path / folder / "dump.jsonl"))]
    assert main(["wiktextract", *files, "--out", str(tmp_path)]) == 2
    assert "two files are called dump.jsonl" in capsys.readouterr().err
