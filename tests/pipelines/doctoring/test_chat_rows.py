"""Files → rows and events: what plain readers get wrong is told, what is well is passed on untouched."""

from __future__ import annotations

import codecs
import gzip
import json

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.doctoring.dataset import read_dataset
from pipelines.sources.chat_shapes import split_of
from pipelines.sources.record import SourceError


def chat(number, answer="Charm, as in “so much charm”, café."):
    asked = {"role": "user", "content": f"What does rizz {number} mean?"}
    return {"messages": [asked, {"role": "assistant", "content": answer}], "id": number}


CHATS = [chat(number) for number in range(6)]
LINES = [json.dumps(one, ensure_ascii=False) for one in CHATS]


@pytest.fixture
def read(tmp_path):
    def of(name, content, split=""):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_dataset(str(path), split)

    return of


def told(data):
    return [(event.row, event.fault, event.mended) for event in data.events]


def values(data):
    return [row.value for row in data.rows]


GOOD = {
    "lines.jsonl": "\n".join(LINES),
    "windows.jsonl": "\r\n".join(LINES),
    "blank-lines.jsonl": "\n\n".join(LINES) + "\n\n",
    "lines.json": "\n".join(LINES),
    "list.json": json.dumps(CHATS),
    "indented.json": json.dumps(CHATS, indent=2, ensure_ascii=False),
    "wrapped.json": json.dumps({"version": "1", "data": CHATS}),
    "by-id.json": json.dumps({str(number): one for number, one in enumerate(CHATS)}),
    "packed.jsonl.gz": gzip.compress("\n".join(LINES).encode()),
    "packed.jsonl.zst": zstandard.compress("\n".join(LINES).encode()),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_file_gives_its_records_as_they_are_and_no_event(read, name):
    data = read(name, GOOD[name])
    assert values(data) == CHATS
    assert told(data) == []
    assert [row.row for row in data.rows] == list(range(6))


WHOLE = {
    "mark.jsonl": (codecs.BOM_UTF8 + "\n".join(LINES).encode(), "byte order mark"),
    "wide.jsonl": ("\n".join(LINES).encode("utf-16"), "utf-16"),
    "western.jsonl": ("\n".join(LINES).encode("cp1252"), "cp1252"),
    "array.jsonl": (json.dumps(CHATS), "JSON array"),
    "array-in-lines.jsonl": ("[\n" + ",\n".join(LINES) + "\n]", "JSON array"),
    "indented.jsonl": ("\n".join(json.dumps(one, indent=1) for one in CHATS), "several lines"),
    "tabs.json": (json.dumps(CHATS).replace("rizz", "ri\tzz"), "control characters"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_that_plain_readers_misread_is_read_whole_and_told(read, name):
    content, said = WHOLE[name]
    data = read(name, content)
    assert len(data.rows) == 6
    assert told(data) == [(-1, "FILE-READ", True)]
    assert said in data.events[0].detail


def test_a_broken_line_costs_itself_and_keeps_its_number(read):
    broken = [*LINES[:2], LINES[2][:40], LINES[3].replace('"role"', "role"), *LINES[4:]]
    data = read("train.jsonl", "\n".join(broken))
    assert values(data) == [CHATS[at] for at in (0, 1, 4, 5)]
    assert [row.row for row in data.rows] == [0, 1, 4, 5]
    assert told(data) == [(2, "FILE-READ", False), (3, "FILE-READ", False)]
    assert data.events[0].raw == LINES[2][:40] + "\n"
    assert [row.line for row in data.rows] == [1, 2, 5, 6]


def test_a_broken_first_line_does_not_turn_the_file_into_something_else(read):
    data = read("train.jsonl", "\n".join([LINES[0][:30], *LINES]))
    assert values(data) == CHATS
    assert told(data) == [(0, "FILE-READ", False)]


def test_a_broken_list_gives_every_record_that_can_be_read(read):
    data = read("train.json", "[" + ",\n".join([*LINES[:2], LINES[2][:60], *LINES[3:]]) + "]")
    assert values(data) == [CHATS[at] for at in (0, 1, 3, 4, 5)]
    assert told(data) == [(2, "FILE-READ", False)]


def test_line_ends_inside_a_text_are_put_back_into_it(read):
    data = read("train.jsonl", "\n".join([LINES[0], LINES[1].replace("Charm", "Char\n\nm\nm"), *LINES[2:]]))
    assert data.rows[1].value["messages"][1]["content"].startswith("Char\n\nm\nm, as")
    assert len(data.rows) == 6
    assert told(data) == [(1, "FILE-READ", True)]


def test_values_run_together_on_one_line_are_both_read(read):
    data = read("train.jsonl", "\n".join([LINES[0], LINES[1] + " " + LINES[2], *LINES[3:]]))
    assert values(data) == CHATS
    assert [row.row for row in data.rows] == [0, 1, 1, 2, 3, 4]
    assert told(data) == [(1, "FILE-READ", True)]


def test_a_line_of_another_encoding_is_told_by_its_number(read):
    lines = [line.encode() for line in LINES]
    data = read("train.jsonl", b"\n".join([*lines[:2], LINES[2].encode("cp1252"), *lines[3:]]))
    assert values(data) == CHATS
    assert told(data) == [(2, "FILE-READ", True)]


def test_packed_data_that_ends_early_gives_what_was_there_and_says_so(read):
    data = read("train.jsonl.gz", gzip.compress("\n".join(LINES * 40).encode())[:-60])
    assert values(data) == (CHATS * 40)[: len(data.rows)]
    assert len(data.rows) > 6
    assert told(data) == [(len(data.rows), "FILE-READ", False)]


def test_a_repeated_outermost_key_gives_every_pair(read):
    pairs = ", ".join(f'"conversations": {json.dumps(one["messages"])}' for one in CHATS)
    data = read("pairs.json", "{" + pairs + "}")
    assert values(data) == [{"conversations": one["messages"]} for one in CHATS]
    assert told(data) == [(number, "DUP-KEY", True) for number in range(6)]


def test_a_repeated_key_on_a_line_gives_rows_of_that_lines_number(read):
    one, other = (json.dumps(chat["messages"]) for chat in CHATS[:2])
    twice = f'{{"messages": {one}, "messages": {other}}}'
    data = read("train.jsonl", "\n".join([LINES[0], twice, LINES[2]]))
    assert [row.row for row in data.rows] == [0, 1, 1, 2]
    assert [row.value["messages"] for row in data.rows[1:3]] == [one["messages"] for one in CHATS[:2]]
    assert told(data) == [(1, "DUP-KEY", True)]


def test_the_published_file_of_one_repeated_key_gives_its_191_pairs(shared_data):
    data = read_dataset(str(shared_data / "chat" / "repeated_key.json"))
    assert len(data.rows) == 191
    assert all(len(row.value["conversations"][0]) == 2 for row in data.rows)


def test_a_csv_keeps_every_cell_as_text_and_a_row_of_another_width_leaves(read):
    data = read("pairs.csv", 'prompt,completion\n"a, ""b""",007\nNaN,null\nx,y,z\n"open,q\nlast,one\n')
    assert values(data) == [
        {"prompt": 'a, "b"', "completion": "007"},
        {"prompt": "NaN", "completion": "null"},
        {"prompt": "last", "completion": "one"},
    ]
    assert told(data) == [(2, "FILE-READ", False), (3, "FILE-READ", False)]
    assert [row.row for row in data.rows] == [0, 1, 4]


def test_a_text_file_has_a_text_on_every_filled_line(read):
    assert values(read("texts.txt", "one\n\ntwo\r\n")) == ["one", "two"]


def test_parquet_and_arrow_keep_nulls_of_content_and_drop_those_of_keys_that_a_turn_never_had(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    turns = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": None, "tool_calls": [{"name": "look"}]},
    ]
    table = pa.Table.from_pylist([{"messages": turns}])
    pq.write_table(table, tmp_path / "train.parquet")
    with pa.OSFile(str(tmp_path / "test.arrow"), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    data = read_dataset(str(tmp_path))
    assert values(data) == [{"messages": turns}, {"messages": turns}]
    assert [row.split for row in data.rows] == ["test", "train"]


def test_a_folder_gives_its_data_files_with_their_splits_and_nothing_else(tmp_path, read):
    for name in ("train.jsonl", "data/val-00001.jsonl", "quarantine.jsonl", "dataset_info.json", ".hidden.jsonl"):
        read(name, LINES[0])
    (tmp_path / "empty_test.jsonl").write_bytes(b"")
    (tmp_path / "README.txt").write_text("about")
    data = read_dataset(str(tmp_path))
    assert [(row.file, row.split) for row in data.rows] == [
        ("data/val-00001.jsonl", "validation"),
        ("train.jsonl", "train"),
    ]
    assert [row.file for row in read_dataset(str(tmp_path), "train").rows] == ["train.jsonl"]
    with pytest.raises(SourceError, match="no split 'test'; its splits: train, validation"):
        read_dataset(str(tmp_path), "test")


def test_splits_are_read_off_names_and_keys(read):
    data = read("all.json", json.dumps({"train": CHATS[:2], "test": CHATS[2:3]}))
    assert [row.split for row in data.rows] == ["train", "train", "test"]
    assert [split_of(name) for name in ("my_train.jsonl", "latest.jsonl", "dev/1.json", "eval")] == [
        "train",
        "",
        "validation",
        "test",
    ]


DEEP = "[" * 5_000 + "]" * 5_000


@pytest.mark.parametrize("line", [DEEP, '{"a": ' * 300 + "1" + "}" * 300, '{"n": ' + "9" * 5_000 + "}", "\0\0"])
def test_hostile_lines_become_events(read, line):
    data = read("train.jsonl", "\n".join([*LINES[:3], line, *LINES[3:]]))
    assert values(data) == CHATS
    assert told(data) == [(3, "FILE-READ", False)]


def test_ten_megabytes_in_a_cell_and_a_hundred_thousand_turns_are_only_rows(read):
    long = chat(1, "x" * 10_000_000)
    many = {"messages": CHATS[0]["messages"] * 50_000}
    data = read("train.jsonl", "\n".join([LINES[0], json.dumps(long), json.dumps(many)]))
    assert values(data) == [CHATS[0], long, many]
    assert told(data) == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.jsonl", b"", "is empty"),
        ("blank.jsonl", b"\n\n", "holds no record"),
        ("page.json", b"<!DOCTYPE html><html>", "web page"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n", "image"),
        ("table.xlsx", b"PK\x03\x04", "format is not known"),
        ("fake.parquet", b"nothing of the kind", "Parquet"),
        ("fake.arrow", b"nothing of the kind", "Arrow"),
    ],
)
def test_what_is_no_dataset_is_refused_with_one_line(read, name, content, said):
    with pytest.raises(SourceError, match=said) as caught:
        read(name, content)
    assert "\n" not in str(caught.value)


def test_a_name_that_is_neither_a_file_nor_a_dataset_is_refused():
    with pytest.raises(SourceError, match="no such file or folder"):
        read_dataset("missing/train.jsonl")


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_crash_a_reader_and_none_that_it_takes_give_two_records_one_place(tmp_path_factory, content):
    folder = tmp_path_factory.getbasetemp()
    for name in ("fuzz.jsonl", "fuzz.json", "fuzz.csv", "fuzz.txt"):
        (folder / name).write_bytes(content)
        try:
            data = read_dataset(str(folder / name))
        except SourceError:
            continue
        unread = [event.row for event in data.events if not event.mended and event.row >= 0]
        places = {row.row for row in data.rows} | set(unread)
        assert sorted(places) == list(range(len(places)))
        assert len(unread) == len(set(unread))
