"""Datasets and tokenizers that mean harm, or might: one clear line or plain findings, nothing run, nothing endless."""

from __future__ import annotations

import gzip
import json
import os
import shutil

import patients
import pytest
import zstandard

from pipelines.sources.chat_rows import Reading
from pipelines.sources.record import SourceError
from train.base_models import load_tokenizer

pytestmark = pytest.mark.xdist_group("doctor")
DEEP = "[" * 100_000 + "]" * 100_000
TURNS = patients.GOOD[0]["messages"]
JINJA = "{{ cycler.__init__.__globals__.os.popen('touch run').read() }}{% for x in range(10**9) %}a{% endfor %}"


def table(path, rows, kind):
    """The rows as a table; the bytes of its file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    made = pa.Table.from_pylist(rows)
    if kind == "parquet":
        pq.write_table(made, path)
    else:
        begin = pa.ipc.new_stream if kind == "stream" else pa.ipc.new_file
        with pa.OSFile(str(path), "wb") as sink, begin(sink, made.schema) as out:
            out.write_table(made)
    return path.read_bytes()


@pytest.mark.parametrize("kind", ["parquet", "stream", "file"])
def test_a_table_with_a_spoilt_byte_anywhere_is_read_or_told_in_one_line(tmp_path, kind):
    path = tmp_path / ("x.parquet" if kind == "parquet" else "x.arrow")
    rows = [{"messages": TURNS, "n": number} for number in range(3)]
    data = table(path, rows, kind)
    told = []
    for place in range(0, len(data), 5):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x80]) + data[place + 1 :])
        try:
            list(Reading(path.name, path, path.suffix[1:]))
        except SourceError as error:
            told.append(str(error))
    assert len(told) > len(data) // 20
    assert not any("\n" in said for said in told)


def test_a_column_whose_name_is_no_text_is_told_in_one_line(run, tmp_path):
    data = table(tmp_path / "x.parquet", [{"text": "a"}], "parquet")
    (tmp_path / "x.parquet").write_bytes(data.replace(b"text", b"te\x80t"))
    status, _, err = run(tmp_path / "x.parquet", "--for", "lab")
    assert (status, err.count("\n")) == (2, 1)
    assert "is no readable Parquet file" in err


@pytest.mark.parametrize("kind", ["parquet", "stream"])
def test_half_a_table_is_told_in_one_line(run, tmp_path, kind):
    path = tmp_path / ("x.parquet" if kind == "parquet" else "x.arrow")
    data = table(path, patients.GOOD * 50, kind)
    path.write_bytes(data[: len(data) // 2])
    status, _, err = run(path, "--for", "lab")
    assert (status, err.count("\n")) == (2, 1)
    assert "fetch it again" in err


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_small_file_that_unpacks_without_end_is_left_before_it_fills_the_memory(tmp_path, pack):
    path = tmp_path / "train.jsonl"
    path.write_bytes(pack(json.dumps(patients.GOOD[0]).encode() + b"\n" + b"a" * 200_000_000))
    try:
        reading = Reading(path.name, path, "jsonl")
        assert len(list(reading)) <= 1
        said = reading.events[-1].detail
    except SourceError as error:
        said = str(error)
    assert "it unpacks to more than 500 times its size" in said


HOSTILE = {
    "jinja.jsonl": [{"messages": [{"role": "user", "content": JINJA}, {"role": "assistant", "content": JINJA}]}],
    "jinja-in-text.jsonl": [{"text": JINJA}],
    "surrogates.jsonl": [{"messages": [{"role": "user", "content": "a SURROGATE b"},
                                       {"role": "assistant", "content": "SURROGATE"}], "termSURROGATE": "SURROGATE"},
                         {"text": "SURROGATE"}],
    "deep.jsonl": [DEEP, f'{{"messages": {DEEP}}}', {"messages": DEEP}, {"text": "(" * 100_000}],
    "deep.json": ["[" * 100_000],
    "nothing-fits.jsonl": [{"": {"": ""}}, {"messages": {"a": 1}}, {"messages": [[[[]]]]}, [], [[]], "", 0, None, True,
                           {"messages": [{"role": {"x": 1}, "content": "a"}]}, {"conversations": [{"from": 1}]},
                           {"chosen": 1, "rejected": []}, {"input_ids": "1 2"}, {"text": [1]}, {"prompt": {"a": 1}}],
    "numbers.jsonl": [{"messages": [{"role": "user", "content": float("nan")}, {"role": "assistant", "content": 1e308}]},
                      f'{{"text": {"9" * 10_000}}}'],
    "ids.jsonl": [{"input_ids": [10**30, -5, 2**63], "labels": [1]}, {"input_ids": [1] * 9, "labels": [None] * 3},
                  {"input_ids": [300] * 9_000, "labels": [-100] * 9_000}],
    "escapes.jsonl": [{"messages": [{"role": "user", "content": "\x1b[2J\x1b]0;t\x07 \u202egnp.exe"},
                                    {"role": "assistant", "content": None}]}, {"\x1b[31m": "\x1b[2J"}],
    "marks.jsonl": [{"text": "<|im_start|>user\n" * 2_000}, {"text": "[INST] a [/INST]" * 2_000},
                    {"messages": [{"role": "user", "content": "a"},
                                  {"role": "assistant", "content": "\nUser: a\nAssistant: b" * 2_000}]},
                    {"messages": [TURNS[0], {"role": "assistant", "content": "<think>" * 20_000}]},
                    {"messages": [{"role": "user", "content": "<think>" * 9_000},
                                  {"role": "assistant", "content": "&<[{Ã©" * 9_000}]}],
    "many-turns.jsonl": [{"messages": TURNS * 2_000}, {"messages": [TURNS[0]] * 4_000},
                         {"messages": [{"role": f"r{n}", "content": None} for n in range(4_000)]}],
    "keys.jsonl": [{f"column {n}": f"some words here {n}" for n in range(9_000)}],
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_rows_beside_good_ones_are_found_and_repaired_or_left_out(run, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    rows = HOSTILE[name] if name == "deep.json" else [*patients.GOOD, *HOSTILE[name]]
    lines = [row if isinstance(row, str) else json.dumps(row).replace("SURROGATE", "\\ud800") for row in rows]
    data = patients.write(tmp_path / "data" / name, lines)
    words = ["--fix", tmp_path / "mended", "--format", "html", "--out", tmp_path / "doctor.html"]
    status, out, err = run(data, "--for", "lab", *words)
    assert (status, err) in ((0, ""), (1, "")), err
    assert not any(ord(sign) < 32 and sign != "\n" for sign in out)
    facts = json.loads((tmp_path / "mended" / "doctor.json").read_text())
    assert facts["records"] == facts["quarantined"] + len(facts["merged"]) + len({*places(tmp_path, facts)})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "doctor.html", "mended"]


def places(folder, facts):
    """Rows of the dataset that were written, by what they hold: each of these rows is one."""
    names = facts["files"]
    return [(name, line) for name in names for line in enumerate((folder / "mended" / name).read_bytes().splitlines())]


def test_a_csv_with_zero_bytes_and_one_of_a_name_for_every_column_are_read(run, tmp_path):
    (tmp_path / "zero.csv").write_bytes(b"prompt,completion\nWhat is rizz?,Cha\0rm that wins.\n\0\0,\0\n")
    (tmp_path / "wide.csv").write_text(",".join(["c"] * 20_000) + "\n" + ",".join(["v"] * 20_000))
    assert run(tmp_path / "zero.csv", "--for", "lab", "--no-ids")[0] in (0, 1)
    status, _, err = run(tmp_path / "wide.csv", "--for", "lab", "--no-ids")
    assert (status, err) in ((0, ""), (1, ""))


def test_what_is_no_file_of_bytes_is_refused_without_waiting(run, tmp_path):
    os.mkfifo(tmp_path / "pipe.jsonl")
    (tmp_path / "endless.jsonl").symlink_to("/dev/zero")
    (tmp_path / "loop.jsonl").symlink_to("loop.jsonl")
    (tmp_path / "folder.jsonl").mkdir()
    for name in ("pipe.jsonl", "endless.jsonl", "loop.jsonl", "folder.jsonl", "n" * 300 + ".jsonl"):
        status, _, err = run(tmp_path / name, "--for", "lab")
        assert (status, err.count("\n")) == (2, 1), name


TOKENIZERS = {
    "code": ({"auto_map": {"AutoTokenizer": ["evil.Evil", None]}, "tokenizer_class": "Evil"}, "never run"),
    "unsafe": ({"chat_template": JINJA}, "refuses the conversation"),
    "endless": ({"chat_template": "{% for i in range(10**12) %}x{% endfor %}"}, "Range too big"),
    "no-jinja": ({"chat_template": "{% if %}"}, "refuses the conversation"),
    "empty": ({"chat_template": "nothing"}, "does not print what each message says"),
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved") / "lab"
    load_tokenizer("lab").tokenizer.save_pretrained(folder, save_jinja_files=False)
    return folder


@pytest.mark.parametrize("name", TOKENIZERS)
def test_nothing_of_a_tokenizers_folder_is_run(run, saved, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    settings, said = TOKENIZERS[name]
    shutil.copytree(saved, tmp_path / "model")
    file = tmp_path / "model" / "tokenizer_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | settings))
    for code in ("evil.py", "tokenization_evil.py", "__init__.py"):
        (tmp_path / "model" / code).write_text(f"open({str(tmp_path / 'run')!r}, 'w').write('x')\nclass Evil: pass\n")
    before = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*"))
    (tmp_path / "train.jsonl").write_text(json.dumps(patients.GOOD[0]))
    status, out, err = run(tmp_path / "train.jsonl", "--for", tmp_path / "model")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert said in err
    (tmp_path / "train.jsonl").unlink()
    assert sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*")) == before


def test_a_tokenizers_folder_of_nested_lists_is_told_in_one_line(run, saved, tmp_path):
    shutil.copytree(saved, tmp_path / "model")
    (tmp_path / "model" / "tokenizer_config.json").write_text(DEEP)
    status, _, err = run(patients.write(tmp_path / "train.jsonl"), "--for", tmp_path / "model")
    assert (status, err.count("\n")) == (2, 1)
    assert "no tokenizer can be read" in err
