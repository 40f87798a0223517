"""A build read back, and every way in which a folder is none."""

from __future__ import annotations

import json
import shutil
from hashlib import sha256

import pytest

from train.build_folder import read_build
from train.errors import TrainError


@pytest.fixture
def build(small_build, tmp_path):
    """A copy that may be damaged."""
    return shutil.copytree(small_build, tmp_path / "build")


def test_a_build_gives_its_conversations_and_entries(small_build):
    build = read_build(small_build)
    assert build.name == "small"
    assert build.sha256 == sha256((small_build / "manifest.json").read_bytes()).hexdigest()
    rows = build.conversations("train")
    assert {"messages", "id", "term", "task"} == set(rows[0])
    assert len(rows) == 28
    assert len(build.conversations("test")) == 8
    assert set(build.entries()["split"]) == {"train", "validation", "test"}


def test_line_separators_inside_a_text_do_not_break_a_line(build):
    file = build / "chat" / "train.jsonl"
    line = '{"messages": [{"role": "user", "content": "a\u2028b\x85c"}], "id": "1"}\n'
    file.write_text(line, encoding="utf-8")
    assert read_build(build).conversations("train")[0]["messages"][0]["content"] == "a\u2028b\x85c"


def damaged(build, name, text):
    (build / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (shutil.rmtree, "no such folder; make a build first"),
        (lambda build: (build / "manifest.json").unlink(), "is no build, it has no manifest.json"),
        (lambda build: damaged(build, "manifest.json", "{"), "manifest.json: is damaged"),
        (lambda build: damaged(build, "manifest.json", "[]"), "manifest.json: is damaged"),
        (lambda build: shutil.rmtree(build / "chat"), "the build has no conversations"),
        (lambda build: damaged(build, "chat/train.jsonl", '{"messages": []\n'), "train.jsonl:1: damaged, no JSON"),
        (
            lambda build: damaged(build, "chat/train.jsonl", '\n{"id": "1"}'),
            "train.jsonl:2: damaged, expected an object",
        ),
        (lambda build: damaged(build, "chat/train.jsonl", "7"), "train.jsonl:1: damaged, expected an object"),
        (lambda build: (build / "chat/train.jsonl").write_bytes(b"\xff\xfe"), "train.jsonl: cannot be read"),
    ],
)
def test_what_is_no_build_is_one_line(build, damage, line):
    damage(build)
    with pytest.raises(TrainError) as caught:
        read_build(build).conversations("train")
    assert line in str(caught.value)
    assert str(build) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_split_or_table_that_is_missing_or_damaged_is_one_line(build):
    (build / "chat" / "test.jsonl").unlink()
    with pytest.raises(TrainError, match=r"test\.jsonl: is missing; build the data set again"):
        read_build(build).conversations("test")
    (build / "entries.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(TrainError, match=r"entries\.parquet: cannot be read"):
        read_build(build).entries()
    (build / "entries.parquet").unlink()
    with pytest.raises(TrainError, match=r"entries\.parquet: is missing"):
        read_build(build).entries()


def test_a_file_that_was_changed_after_the_build_is_one_line(build):
    file, manifest = build / "chat" / "train.jsonl", build / "manifest.json"
    known = {"chat/train.jsonl": sha256(file.read_bytes()).hexdigest()}
    manifest.write_text(json.dumps(json.loads(manifest.read_text("utf-8")) | {"files": known}), encoding="utf-8")
    assert len(read_build(build).conversations("train")) == 28
    file.write_text("".join(file.read_text("utf-8").splitlines(keepends=True)[1:]), encoding="utf-8")
    with pytest.raises(TrainError, match=r"train\.jsonl: was changed after it was built") as caught:
        read_build(build).conversations("train")
    assert "\n" not in str(caught.value)
