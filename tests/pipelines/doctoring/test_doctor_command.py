"""python -m pipelines.doctor as a person uses it: what it says, and its exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import patients
import pytest
from hub_stand_in import hub_stand_in

from curation.doctor.faults import FAULTS

pytestmark = pytest.mark.xdist_group("doctor")


def test_json_lists_every_finding_on_stdout_and_nothing_else(findings, sick):
    found = findings(sick)
    assert [(one["row"], one["fault"]) for one in found] == patients.FAULTS
    assert all(list(one) == ["file", "row", "fault", "severity", "detail", "repair"] for one in found)
    assert {one["severity"] for one in found} == {"fatal"}


def test_the_exit_status_tells_whether_a_fault_is_there(run, sick, tmp_path):
    well = patients.write(tmp_path / "well.jsonl", patients.GOOD)
    assert run(sick, "--for", "lab", "--quiet")[0] == 1
    assert run(sick, "--for", "lab", "--quiet", "--fail-on", "never")[0] == 0
    assert run(well, "--for", "lab", "--quiet", "--fail-on", "warning")[0] == 0


def test_the_table_tells_counts_harm_and_an_example_before_and_after(run, sick):
    _, out, _ = run(sick, "--for", "lab")
    told = " ".join(out.split())
    assert FAULTS["NON-STRING"].harm in told
    assert "2 NON-STRING" in told
    assert 'before {"messages"' in told
    assert "(quarantined: " in told
    assert "4 of 10 rows have a fatal fault." in told


def test_a_good_file_is_said_to_be_good(run, tmp_path):
    status, out, _ = run(patients.write(tmp_path / "well.jsonl", patients.GOOD), "--for", "lab")
    assert status == 0
    assert "6 rows, none with a fault." in out


def test_one_row_is_shown_as_the_model_sees_it(run, sick):
    status, out, _ = run(sick, "--for", "lab", "--row", 0)
    assert status == 0
    assert "<|start_header_id|>user<|end_header_id|>" in out
    assert f"⟦{patients.MEANINGS['rizz']}<|eot_id|>⟧" in out
    assert "of them trained" in out
    assert "Nothing is wrong with it." in out


def test_one_row_tells_its_faults(run, sick):
    _, out, _ = run(sick, "--for", "lab", "--row", 1)
    assert "NON-STRING" in out
    assert "Not encoded: " in out


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--row", 10], "has no row 10"), (["--row", 5], "cannot be read"), (["--row", 0, "--file", "x"], "--file x")],
)
def test_a_row_that_is_not_there_is_one_line(run, sick, words, said):
    status, _, err = run(sick, "--for", "lab", *words)
    assert status == 2
    assert said in err
    assert len(err.splitlines()) == 1


def test_every_fault_is_explained_with_its_source(run):
    status, out, _ = run("--list")
    told = " ".join(out.split())
    assert status == 0
    for fault in FAULTS.values():
        assert fault.id in told
        assert fault.harm in told
        assert fault.source in told
    assert {fault.number for fault in FAULTS.values()} == set(range(1, 34))


@pytest.mark.parametrize("asked", ["DUP-KEY", "dup-key", "16"])
def test_one_fault_is_explained(run, asked):
    _, out, _ = run("--list", asked)
    assert "DUP-KEY" in out
    assert "MASK-NONE" not in out


def test_a_misspelt_fault_is_one_line_with_the_nearest(run):
    status, _, err = run("--list", "DUPKEY")
    assert (status, err) == (2, "error: DUPKEY: no such fault, did you mean DUP-KEY?; --list names all\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["missing.jsonl", "--for", "lab"], "no such file or folder"),
        (["{data}", "--for", "labb"], "unknown base model 'labb', nearest: lab"),
        (["{data}", "--for", "{folder}"], "no tokenizer can be read from"),
        (["{data}", "--for", "lab", "--split", "test"], "has no split 'test'"),
        (["{data}", "--for", "lab", "--fix", "{folder}"], "lies inside the dataset"),
        (["{data}"], "expected DATASET and --for MODEL"),
        (["{data}", "--for", "lab", "--no-ids", "--fix", "x"], "leave --no-ids out"),
        (["{data}", "--for", "lab", "--row", "1", "--format", "json"], "leave --fix and --format out"),
        (["{data}", "--for", "lab", "--out", "x"], "--out needs --format"),
    ],
)
def test_what_a_person_gets_wrong_is_told_in_one_line(run, sick, words, said):
    given = [word.format(data=sick, folder=sick.parent) for word in words]
    status, out, err = run(*given)
    assert status == 2
    assert said in err.splitlines()[-1]
    assert out == ""
    assert "Traceback" not in err


def test_code_in_a_tokenizers_folder_is_never_run(run, sick, tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    proof = tmp_path / "ran"
    (folder / "tokenization_mine.py").write_text(f"open({str(proof)!r}, 'w')\nclass Mine: pass\n")
    auto = {"AutoTokenizer": ["tokenization_mine.Mine", None]}
    (folder / "tokenizer_config.json").write_text(json.dumps({"auto_map": auto, "tokenizer_class": "Mine"}))
    (folder / "config.json").write_text(json.dumps({"model_type": "mine", "auto_map": auto}))
    status, _, err = run(sick, "--for", folder)
    assert status == 2
    assert "which is never run" in err
    assert len(err.splitlines()) == 1
    assert not proof.exists()


def test_a_tokenizer_in_a_folder_is_taken_with_its_own_template(run, sick, project):
    status, out, _ = run(sick, "--for", project / "train" / "lab" / "model", "--row", 0)
    assert status == 0
    assert "<|eot_id|>⟧" in out


HOSTILE = "\x1b[31m\x07red \u202edrow \ud83d {{ ''.__class__ }} [bold]x[/bold]"


def test_nothing_of_a_dataset_steers_the_terminal(run, tmp_path):
    odd = patients.chat("rizz", HOSTILE) | {HOSTILE: 1}
    data = patients.write(tmp_path / "odd.jsonl", [json.dumps(odd), json.dumps(patients.NULL | {"term": HOSTILE})])
    for words in ([], ["--row", "0"], ["--format", "json"]):
        status, out, err = run(data, "--for", "lab", *words)
        assert status in (0, 1), err
        assert not {"\x1b", "\x07", "\u202e"} & set(out.replace("\\u001b", ""))
    assert "{{ ''.__class__ }} [bold]x[/bold]" in run(data, "--for", "lab", "--row", 0)[1]


def test_a_dataset_of_the_hub_is_read_split_by_split(tmp_path):
    rows = "\n".join(json.dumps(row) for row in [*patients.GOOD, patients.NULL]).encode()
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_OFFLINE")}
    with hub_stand_in({"someone/slang": {"train.jsonl": rows, "test.jsonl": rows}}) as (endpoint, _):
        environment |= {"HF_ENDPOINT": endpoint, "HF_HOME": str(tmp_path / "hf"), "NO_PROXY": "127.0.0.1"}
        words = ["someone/slang", "--for", "lab", "--format", "json", "--split", "test"]
        done = subprocess.run(
            [sys.executable, "-m", "pipelines.doctor", *words], capture_output=True, text=True, env=environment
        )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert ("test", 6, "NON-STRING") in {(one["file"], one["row"], one["fault"]) for one in found}, done.stderr
    assert done.returncode == 1
