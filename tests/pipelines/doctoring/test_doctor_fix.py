"""--fix: the repaired copy, its sum and its proof; nothing of anybody else's is touched."""

from __future__ import annotations

import json
from dataclasses import replace

import patients
import pytest

from curation.doctor.target import Target
from pipelines.chat import ChatError
from pipelines.doctoring.gate import check_conversations
from pipelines.doctoring.writing import written_names
from train.base_models import load_tokenizer

pytestmark = pytest.mark.xdist_group("doctor")


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def records(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def mended(run, sick, tmp_path):
    status, out, err = run(sick, "--for", "lab", "--fix", tmp_path / "mended")
    assert status == 0, err
    return tmp_path / "mended", out


def test_what_can_be_repaired_is_written_and_the_rest_quarantined_with_its_reason(mended):
    folder, out = mended
    assert set(contents(folder)) == {"train.jsonl", "quarantine.jsonl", "doctor.json"}
    written = records(folder / "train.jsonl")
    assert [row["term"] for row in written] == ["rizz", "mid", "bussin", "yeet", *list(patients.MEANINGS)[2:]]
    assert written[0] == patients.GOOD[0]
    assert written[2]["messages"][1]["content"] == "Very tasty, said of food."
    assert list(written[3]) == ["messages", "term"]
    gone = records(folder / "quarantine.jsonl")
    assert [(one["row"], one["line"], one["fault"]) for one in gone] == [(1, 2, "NON-STRING"), (5, 6, "FILE-READ")]
    assert gone[0]["record"] == patients.NULL
    assert gone[1]["record"].strip() == patients.BROKEN
    assert "10 records read = 8 records written as 8 rows + 2 quarantined" in " ".join(out.split())


def test_the_facts_say_where_every_record_went_and_prove_each_repair(mended):
    facts = json.loads((mended[0] / "doctor.json").read_text())
    assert (facts["records"], facts["written"], facts["quarantined"], facts["merged"]) == (10, 8, 2, [])
    assert facts["before"] == {"NON-STRING": 2, "FILE-READ": 1, "KEY-SCHEMA": 1}
    assert facts["after"] == {}
    assert [(proof["row"], proof["faults"]) for proof in facts["proofs"]] == [(3, ["NON-STRING"]), (4, ["KEY-SCHEMA"])]
    assert all(len(proof["after"]) == 64 and proof["trained"] > 0 for proof in facts["proofs"])


def test_a_second_run_changes_nothing(run, mended, tmp_path):
    folder, _ = mended
    status, _, _ = run(folder, "--for", "lab", "--fix", tmp_path / "again", "--fail-on", "warning")
    assert status == 0
    again = contents(tmp_path / "again")
    assert again["train.jsonl"] == contents(folder)["train.jsonl"]
    assert again["quarantine.jsonl"] == b""


def test_the_same_dataset_gives_the_same_bytes_and_replaces_its_own(run, sick, mended):
    before = contents(mended[0])
    assert run(sick, "--for", "lab", "--fix", mended[0])[0] == 0
    assert contents(mended[0]) == before


def test_nothing_foreign_is_overwritten(run, sick, tmp_path):
    foreign = tmp_path / "thesis"
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("three years")
    status, _, err = run(sick, "--for", "lab", "--fix", foreign)
    assert status == 2
    assert "holds files that this command did not write" in err
    assert contents(foreign) == {"thesis.txt": b"three years"}


@pytest.mark.parametrize("place", ["data", "data/out", "."])
def test_the_copy_never_lies_inside_the_dataset_nor_around_it(run, sick, tmp_path, place):
    before = contents(tmp_path)
    assert run(sick.parent, "--for", "lab", "--fix", tmp_path / place)[0] == 2
    assert contents(tmp_path) == before


def test_a_copy_that_fails_leaves_nothing_behind(run, sick, tmp_path, monkeypatch):
    def fails(*_):
        raise OSError(28, "No space left on device", "part")

    monkeypatch.setattr("pipelines.doctoring.writing.replace_folder", fails)
    status, _, err = run(sick, "--for", "lab", "--fix", tmp_path / "mended")
    assert (status, err) == (2, "error: part: No space left on device\n")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_files_keep_their_names_and_never_share_one():
    files = ["a.csv", "a.json", "sub/b.jsonl.gz", "quarantine.json", "sub/noend"]
    assert written_names(files) == {
        "a.csv": "a.csv.jsonl",
        "a.json": "a.json.jsonl",
        "sub/b.jsonl.gz": "sub/b.jsonl",
        "quarantine.json": "quarantine.rows.jsonl",
        "sub/noend": "sub/noend.jsonl",
    }
    assert written_names(["/far/away/train.parquet"]) == {"/far/away/train.parquet": "train.jsonl"}


def test_a_file_of_several_splits_becomes_a_file_for_each(run, tmp_path):
    whole = {"train": patients.GOOD[:4], "test": patients.GOOD[4:]}
    (tmp_path / "all.json").write_text(json.dumps(whole), encoding="utf-8")
    run(tmp_path / "all.json", "--for", "lab", "--fix", tmp_path / "mended", "--quiet")
    assert records(tmp_path / "mended" / "all-train.jsonl") == patients.GOOD[:4]
    assert records(tmp_path / "mended" / "all-test.jsonl") == patients.GOOD[4:]


def test_the_published_pairs_under_one_key_all_come_out(run, shared_data, tmp_path):
    path = shared_data / "chat" / "repeated_key.json"
    run(path, "--for", "lab", "--fix", tmp_path / "pairs", "--quiet")
    facts = json.loads((tmp_path / "pairs" / "doctor.json").read_text())
    assert facts["before"]["DUP-KEY"] == 191
    assert facts["written"] + len(facts["merged"]) + facts["quarantined"] == 191
    assert facts["quarantined"] == 0


# The gate of a build


def test_conversations_under_no_key_are_written_under_one(run, tmp_path):
    from datasets import load_dataset

    chats = [patients.GOOD[0]["messages"], patients.GOOD[1]["messages"]]
    (tmp_path / "chats.json").write_text(json.dumps(chats), encoding="utf-8")
    status, _, err = run(tmp_path / "chats.json", "--for", "lab", "--fix", tmp_path / "mended")
    assert status == 0, err
    loaded = load_dataset(
        "json", data_files=str(tmp_path / "mended" / "chats.jsonl"), cache_dir=str(tmp_path / "cache")
    )
    assert list(loaded["train"]["messages"]) == chats


def test_a_build_with_good_conversations_passes_its_gate(tmp_path):
    patients.write(tmp_path / "chat" / "train.jsonl", patients.GOOD)
    (tmp_path / "chat" / "test.jsonl").write_bytes(b"")
    check_conversations(tmp_path / "chat", "lab", load_tokenizer("lab"))


def test_the_gate_encodes_what_was_written_where_the_models_own_tokenizer_is_at_hand(tmp_path, monkeypatch):
    patients.write(tmp_path / "chat" / "train.jsonl", patients.GOOD)
    encoded = []
    encode = Target.encode
    monkeypatch.setattr(Target, "encode", lambda self, chats: encoded.append(len(chats)) or encode(self, chats))
    check_conversations(tmp_path / "chat", "lab", load_tokenizer("lab"))
    assert encoded == [len(patients.GOOD)]
    stand_in = replace(load_tokenizer("lab"), source="stand-in")
    check_conversations(tmp_path / "chat", "lab", stand_in)
    assert encoded == [len(patients.GOOD)]


def test_a_build_with_a_fatal_fault_is_stopped_with_its_row(tmp_path):
    patients.write(tmp_path / "chat" / "train.jsonl", [*patients.GOOD, patients.NULL])
    with pytest.raises(ChatError, match=r"train\.jsonl row 6: NON-STRING"):
        check_conversations(tmp_path / "chat", "lab", load_tokenizer("lab"))
