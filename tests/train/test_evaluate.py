"""`python -m train.evaluate`, as a person types it: results, and one clear line for whatever is wrong."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from train.base_weights import BaseWeights
from train.build_folder import read_build
from train.errors import TrainError
from train.evaluate import OTHER_BUILD, Subject, check_weights, main
from train.evaluation.results import read_results
from train.run_folder import read_run

PROJECT = Path(__file__).parents[2]
pytestmark = pytest.mark.xdist_group("evaluate")


@pytest.fixture(scope="module")
def quick(tiny_model, small_build):
    return ["--model", str(tiny_model), "--data", str(small_build), "--limit", "2", "--engine", "transformers"]


@pytest.fixture(scope="module")
def run_folder(tiny_model, small_build, tmp_path_factory):
    """A run of the tiny model, made without training: its adapter changes nothing."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    folder = tmp_path_factory.mktemp("runs") / "small-run"
    model = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32)
    adapted = get_peft_model(model, LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM"))
    adapted.save_pretrained(str(folder / "adapter"))
    config = folder / "adapter" / "adapter_config.json"
    facts = json.loads(config.read_text()) | {"base_model_name_or_path": tiny_model.name}
    config.write_text(json.dumps(facts))
    facts = {"base": tiny_model.name, "build": "small", "build_sha256": "0" * 64, "marks": ["off recipe: lora_r 2"]}
    (folder / "run.json").write_text(json.dumps(facts))
    return folder


def error_of(capsys, *arguments):
    """The one line that the command says, with status 2."""
    assert main([*map(str, arguments)]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("error: ")
    return lines[0].removeprefix("error: ")


@pytest.fixture(scope="module")
def evaluated(quick, tmp_path_factory):
    """An evaluation of the base model."""
    out = tmp_path_factory.mktemp("evaluations") / "base"
    assert main([*quick, "--out", str(out), "--quiet"]) == 0
    return out


def test_the_table_shows_the_answers_with_their_times_and_a_finished_evaluation_is_only_read(quick, evaluated, capsys):
    before = {path.name: path.stat().st_mtime_ns for path in evaluated.iterdir()}
    assert main([*quick, "--out", str(evaluated)]) == 0
    said = capsys.readouterr().out
    results = read_results(evaluated)
    assert (results.meta["suite"], results.meta["limit"]) == ("quick", 2)
    assert "tiny: suite quick, at most 2 items of each kind, engine transformers" in said
    assert "│ choice of 4, held-out terms: acc_mutual_info" in said
    assert "case-1: " in said
    assert " tokens/s, " in said
    assert "\x1b" not in said
    assert {path.name: path.stat().st_mtime_ns for path in evaluated.iterdir()} == before


def test_an_adapter_is_shown_with_its_marks(quick, run_folder, evaluated, tmp_path, capsys):
    assert main([*quick, "--adapter", str(run_folder), "--out", str(tmp_path / "out")]) == 0
    assert f"small-run [off recipe: lora_r 2; {OTHER_BUILD}]" in " ".join(capsys.readouterr().out.split())
    assert read_results(tmp_path / "out").marks == ["off recipe: lora_r 2", OTHER_BUILD]
    base, adapted = read_results(evaluated), read_results(tmp_path / "out")
    assert base.items_sha256 == adapted.items_sha256
    assert base.metrics == adapted.metrics  # an adapter of zeros changes nothing


def test_nothing_named_is_refused():
    with pytest.raises(SystemExit) as stopped:
        main(["--suite", "quick"])
    assert stopped.value.code == 2


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--model", "lab"], "slang knowledge is asked about a build's terms: name one with --data data/builds/NAME"),
        (["--model", "lap", "--data", "BUILD"], "unknown base model 'lap', nearest: lab"),
        (["--model", "lab", "--data", "nowhere"], "nowhere: no such folder; make a build first"),
        (["--adapter", "nowhere"], "nowhere: no such run"),
    ],
)
def test_what_is_not_there_is_one_line(capsys, small_build, arguments, line):
    assert line in error_of(capsys, *(small_build if word == "BUILD" else word for word in arguments))


def test_a_build_without_conversations_is_one_line(capsys, tiny_model, small_build, tmp_path):
    bare = tmp_path / "bare"
    shutil.copytree(small_build, bare)
    shutil.rmtree(bare / "chat")
    assert "the build has no conversations" in error_of(capsys, "--model", tiny_model, "--data", bare)


def test_a_tokenizer_without_a_template_is_one_line(capsys, tiny_model, small_build, tmp_path):
    bare = tmp_path / "bare"
    shutil.copytree(tiny_model, bare)
    (bare / "chat_template.jinja").unlink()
    assert "chat template" in error_of(capsys, "--model", bare, "--data", small_build, "--out", tmp_path / "out")


def test_an_adapter_of_another_base_is_one_line(capsys, quick, run_folder, tiny_model, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(tiny_model, other)
    line = error_of(capsys, *quick, "--model", other, "--adapter", run_folder, "--out", tmp_path / "out")
    assert "an adapter of another base: it was trained on tiny, and other was asked for" in line


def test_an_adapter_whose_base_was_made_anew_is_one_line(capsys, quick, run_folder, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(run_folder, other)
    facts = json.loads((other / "run.json").read_text()) | {"base_sha256": "0" * 64}
    (other / "run.json").write_text(json.dumps(facts))
    line = error_of(capsys, *quick, "--adapter", other, "--out", tmp_path / "out")
    assert "was trained on other weights of tiny (sha256 000000000000) than those that are here" in line


def test_an_adapter_trained_on_another_commit_of_its_base_is_one_line(run_folder, small_build):
    run = replace(read_run(run_folder), facts={"base": "owner/model", "base_revision": "a" * 40})
    weights = BaseWeights(run_folder, "owner/model", "b" * 40, "", 1)
    with pytest.raises(
        TrainError, match=r"other weights of owner/model \(commit aaaaaaaaaaaa\) than .* \(bbbbbbbbbbbb\)"
    ):
        check_weights(Subject("owner/model", run, read_build(small_build)), weights)


def test_a_run_is_marked_only_where_it_is_asked_about_another_build(run_folder, small_build):
    run, build = read_run(run_folder), read_build(small_build)
    own = replace(run, facts=run.facts | {"build_sha256": build.sha256})
    assert OTHER_BUILD in Subject("tiny", run, build).meta["marks"]
    assert Subject("tiny", own, build).meta["marks"] == ["off recipe: lora_r 2"]
    assert Subject("tiny", None, build).meta["marks"] == []


def test_weights_that_config_json_does_not_fit_are_one_line(capsys, tiny_model, small_build, tmp_path):
    arguments = ["--data", small_build, "--limit", "2", "--engine", "transformers", "--out", tmp_path / "out"]
    for number, (name, more, line) in enumerate((
        ("num_hidden_layers", 1, "is missing"),
        ("intermediate_size", 8, "their shapes differ"),
    )):  # fmt: skip
        other = shutil.copytree(tiny_model, tmp_path / str(number))
        config = json.loads((other / "config.json").read_text())
        config.pop("layer_types", None)
        (other / "config.json").write_text(json.dumps(config | {name: config[name] + more}))
        said = error_of(capsys, "--model", other, *arguments)
        assert "config.json and the weights are not of one model" in said
        assert line in said


def test_a_folder_with_other_files_is_left_as_it_is(capsys, quick, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    (tmp_path / "mine" / "timings.json").write_text("mine")
    line = error_of(capsys, *quick, "--out", tmp_path / "mine")
    assert "holds other files (thesis.txt) than an evaluation's" in line
    assert (tmp_path / "mine" / "timings.json").read_text() == "mine"


def test_a_corrupt_adapter_is_one_line(capsys, quick, run_folder, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(run_folder, broken)
    weights = broken / "adapter" / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    assert "the adapter is damaged" in error_of(capsys, *quick, "--adapter", broken, "--out", tmp_path / "out")


def test_a_build_that_was_made_anew_after_the_training_is_one_line(capsys, run_folder, small_build, monkeypatch):
    builds = small_build.parent
    monkeypatch.setattr("train.evaluate.BUILDS", builds)
    assert "was built anew after" in error_of(capsys, "--adapter", run_folder)


def test_a_run_that_was_trained_on_the_questions_is_one_line(capsys, quick, run_folder, small_build, tmp_path):
    leaking = tmp_path / "leaking"
    shutil.copytree(small_build, leaking)
    said = {"role": "user", "content": "Explain “My brother ghosted his study group right before finals.”"}
    row = {"messages": [said, {"role": "assistant", "content": "He left."}], "id": "leak", "term": "", "task": "chat"}
    with (leaking / "chat" / "train.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
    line = error_of(capsys, *quick, "--adapter", run_folder, "--data", leaking, "--out", tmp_path / "out")
    assert "conversation leak holds a sentence of the evaluation (questions.json, q-001)" in line


def test_a_folder_that_cannot_be_written_is_one_line(capsys, quick, tmp_path):
    (tmp_path / "file").write_text("x")
    assert "file" in error_of(capsys, *quick, "--out", tmp_path / "file" / "out")


def test_interrupted_by_a_person_it_says_how_to_go_on(quick, tmp_path):
    out = tmp_path / "out"
    command = [sys.executable, "-m", "train.evaluate", *quick, "--out", str(out)]
    command[command.index("--limit") + 1] = "100"
    command += ["--suite", "full"]
    running = subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    until = time.monotonic() + 120
    while not (out / "journal.jsonl").is_file() and running.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    os.kill(running.pid, signal.SIGINT)
    _, said = running.communicate(timeout=120)
    assert running.returncode == 130
    assert said.strip().endswith("error: interrupted. What was asked is kept: the same command goes on from there")
    assert not (out / "results.json").exists()


def test_help_says_what_can_be_asked(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    assert "--suite {quick,full,experiment}" in capsys.readouterr().out
