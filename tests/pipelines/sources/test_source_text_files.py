"""Bytes → text: encodings, compression, and files that are not what their name says."""

from __future__ import annotations

import gzip
import os
import random

import pytest
import zstandard

from pipelines.sources import SourceError, SourceSettings, read_source

TEXT = "term,meaning\ncafé,“naïve” place\nрізз,шарм\n😂,lol\n"


def pairs(entries):
    return [(entry.term, entry.definition) for entry in entries]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_is_read_in_every_encoding_form(read, encoding):
    entries, bad = read("a.csv", TEXT.encode(encoding))
    assert pairs(entries) == [("café", "“naïve” place"), ("різз", "шарм"), ("😂", "lol")]
    assert not bad


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "word,meaning\ncafé,a place where naïve people say “olé”\nfiancé,someone’s über-lover\n"),
        ("cp1251", "слово,значение\nкринж,что-то настолько неловкое\nвайб,атмосфера и настроение\n"),
        ("shift_jis", "word,meaning\nやばい,すごい、危ない\n草,笑い\n"),
        ("gb18030", "word,meaning\n躺平,放弃竞争，选择低欲望的生活方式\n内卷,过度竞争导致大家都很累\n"),
        ("euc_kr", "word,meaning\n대박,아주 좋은 일\n꿀잼,아주 재미있다\n"),
    ],
)
def test_usual_legacy_encodings_are_detected(read, encoding, text):
    entries, _ = read("a.csv", text.encode(encoding))
    assert pairs(entries) == [tuple(line.split(",", 1)) for line in text.splitlines()[1:]]


def test_the_recipe_can_name_the_encoding(read):
    text = "word,meaning\nčau,ahoj kamaráde\n"
    assert pairs(read("a.csv", text.encode("cp1250"), encoding="cp1250")[0]) == [("čau", "ahoj kamaráde")]
    with pytest.raises(ValueError, match="no encoding 'utf-99'"):
        SourceSettings(name="a", path="a", encoding="utf-99")


def test_a_line_in_another_encoding_than_the_rest_is_read(read):
    lines = [f"mot{n},idée {n}\n".encode() for n in range(20)] + ["café,“crème”\n".encode("cp1252"), b"odd,\x81\n"]
    entries, bad = read("a.csv", b"term,meaning\n" + b"".join(lines))
    assert pairs(entries)[-2:] == [("café", "“crème”"), ("odd", "\x81")]
    assert pairs(entries)[0] == ("mot0", "idée 0")
    assert not bad


def test_nul_bytes_inside_a_text_do_not_lose_the_row(read):
    entries, bad = read("a.csv", b"term,meaning\nri\0zz,charm\ndrip,a long explanation of style\n")
    assert pairs(entries) == [("ri\0zz", "charm"), ("drip", "a long explanation of style")]
    assert not bad


@pytest.mark.parametrize("name", ["a.csv.gz", "a.csv.zst", "a.csv"])
@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_packed_files_are_read_whatever_their_name(read, name, pack):
    entries, bad = read(name, pack(TEXT.encode()))
    assert len(entries) == 3
    assert not bad


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_packed_members_one_behind_the_other_are_all_read(read, pack):
    entries, bad = read("a.csv.gz", pack(TEXT.encode()) + pack(b"drip,style\n") + b"\0" * 512)
    assert len(entries) == 4
    assert not bad


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
@pytest.mark.parametrize("ending", ["csv", "jsonl", "txt", "json"])
def test_a_packed_file_cut_in_the_middle_gives_its_good_records_and_one_bad_one(read, pack, ending):
    noise = random.Random(1)
    words = [(f"t{n}", f"{noise.getrandbits(200):x}") for n in range(20_000)]
    lines = {
        "csv": ["term,meaning", *(f"{term},{meaning}" for term, meaning in words)],
        "jsonl": [f'{{"term": "{term}", "meaning": "{meaning}"}}' for term, meaning in words],
        "txt": [f"{term}={meaning}" for term, meaning in words],
        "json": ["[", *(f'{{"term": "{term}", "meaning": "{meaning}"}},' for term, meaning in words), "{}]"],
    }[ending]
    packed = pack("\n".join(lines).encode())
    entries, bad = read(f"a.{ending}.gz", packed[: len(packed) // 2])
    assert 5_000 < len(entries) < 15_000
    assert pairs(entries) == words[: len(entries)]
    assert [b.reason for b in bad] == ["broken_record"]
    assert "ends early" in bad[0].detail
    assert bad[0].row == len(entries)


def test_damaged_packed_data_gives_the_records_before_it(read):
    noise = random.Random(1)
    packed = bytearray(gzip.compress("".join(f"t{n}={noise.getrandbits(99):x}\n" for n in range(20_000)).encode()))
    packed[len(packed) // 2 : len(packed) // 2 + 8] = b"\xff" * 8
    entries, bad = read("a.txt.gz", bytes(packed))
    assert len(entries) > 1_000
    assert bad[-1].reason == "broken_record"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (gzip.compress(b"", mtime=0), "is empty"),
        (b"\x1f\x8b", "cannot be unpacked"),
        (b"\n  <!DOCTYPE html>\n<html><body>404</body></html>", "is a web page"),
        (b"<HTML>", "is a web page"),
        (b"PK\x03\x04" + b"\0" * 50, "spreadsheet"),
        (b"%PDF-1.7\n", "PDF"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
        (bytes(range(256)) * 8, "is binary"),
        (b"\0" * 4_000, "is binary"),
    ],
)
@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.jsonl", "a.txt"])
def test_a_file_that_is_no_text_is_refused_in_one_line_that_names_it(read, name, content, says):
    with pytest.raises(SourceError, match=says) as refusal:
        read(name, content)
    assert name in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("missing.csv", "no such file"),
        ("*.nothing", "matches no file"),
        ("empty_folder", "has no file"),
        ("a\0b.csv", "."),
        ("x" * 5_000 + ".csv", "."),
        ("/dev/zero", "not a regular file"),
        ("loop.csv", "."),
        ("fifo.csv", "not a regular file"),
        ("~nobody_of_this_name/a.csv", "."),
        ("[", "."),
    ],
)
def test_a_path_that_leads_nowhere_is_refused_in_one_line(tmp_path, path, says):
    (tmp_path / "empty_folder").mkdir()
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    os.mkfifo(tmp_path / "fifo.csv")
    with pytest.raises(SourceError, match=says) as refusal:
        read_source(SourceSettings(name="toy", path=path), root=tmp_path)
    assert "\n" not in str(refusal.value)
