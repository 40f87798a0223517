"""python -m train.lora, as a person types it."""

from __future__ import annotations

import json
import shutil
import signal
from contextlib import contextmanager

import pytest

from train import lora
from train.run_folder import read_run

pytestmark = pytest.mark.xdist_group("training")


@pytest.fixture
def call(small_build, tiny_model, tmp_path, capsys):
    """Runs the command in this process: exit status, stdout, stderr."""

    def go(*more, data=small_build, base=tiny_model, out=tmp_path / "run"):
        argv = ["--data", str(data), "--base", str(base), "--out", str(out), *map(str, more)]
        status = lora.main(argv)
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return go


def test_a_build_is_trained_and_the_run_written(call, tmp_path, small_build):
    status, out, err = call()
    assert (status, err) == (0, "")
    assert out.splitlines()[0] == "28 conversations of small, base tiny, with unsloth"
    assert out.splitlines()[-1] == f"Wrote {tmp_path / 'run'}"
    facts = read_run(tmp_path / "run").facts
    assert facts["marks"] == []
    assert facts["build"] == "small"
    assert facts["counts"]["left_out_too_long"] == 0
    status, out, _ = call()
    assert status == 0
    assert f"{tmp_path / 'run'}: was trained already" in out
    status, out, _ = call("--seed", "7", "--fresh", "--quiet")
    assert (status, out) == (0, "")
    assert read_run(tmp_path / "run").facts["seed"] == 7


def test_settings_of_the_command_are_marked(call, tmp_path):
    status, out, _ = call("--learning-rate", "1e-3", "--max-trained-tokens", "500", "--backend", "trl")
    assert status == 0
    assert "off recipe: learning_rate 0.001, the recipe has 0.0002" in out
    assert "matched: trained on 500 tokens" in out


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"data": "/nowhere/build"}, "/nowhere/build: no such folder"),
        ({"base": "llama-3.2-1"}, "unknown base model 'llama-3.2-1', nearest: llama-3.2-1b-instruct"),
        ({"base": "qwen3-0.6b"}, "training needs the real tokenizer"),
        ({"base": "somebody/something"}, "no tokenizer for somebody/something"),
    ],
)
def test_what_a_person_gets_wrong_is_one_line(call, change, line):
    status, _, err = call(**change)
    assert status == 2
    assert err.startswith("error: ")
    assert line in err
    assert err.count("\n") == 1


def test_a_folder_of_other_files_is_refused_before_anything_is_loaded(call, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "notes.txt").write_text("mine", encoding="utf-8")
    status, _, err = call()
    assert status == 2
    assert "holds other files than a run's" in err
    assert (tmp_path / "run" / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_an_evaluation_sentence_in_the_training_split_is_refused_with_its_place(call, small_build, tmp_path):
    build = shutil.copytree(small_build, tmp_path / "build")
    said = "My brother ghosted his study group right before finals."
    messages = [{"role": "user", "content": f"Explain: {said}"}, {"role": "assistant", "content": "He vanished."}]
    with (build / "chat" / "train.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"messages": messages, "id": "leak-1", "term": "ghosted", "task": "x"}) + "\n")
    status, _, err = call(data=build)
    assert status == 2
    assert "chat/train.jsonl: conversation leak-1 holds a sentence of the evaluation (questions.json, q-001)" in err


def test_an_empty_training_split_is_refused(call, small_build, tmp_path):
    build = shutil.copytree(small_build, tmp_path / "build")
    (build / "chat" / "train.jsonl").write_text("", encoding="utf-8")
    status, _, err = call(data=build)
    assert (status, err.count("\n")) == (2, 1)
    assert "the training split is empty" in err


@pytest.mark.parametrize("argument", [["--backend", "axolotl"], ["--out", ""], ["--seed", "x"]])
def test_wrong_arguments_are_refused(argument, capsys):
    with pytest.raises(SystemExit) as caught:
        lora.main(["--data", "x", *argument])
    assert caught.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [["--max-trained-tokens", "0"], ["--learning-rate", "-1"], ["--seed", "-1"]])
def test_wrong_numbers_are_one_line(call, wrong):
    status, _, err = call(*wrong)
    assert (status, err.count("\n")) == (2, 1)


def test_control_c_says_that_the_same_command_goes_on(call, monkeypatch, tmp_path):
    @contextmanager
    def bar(*, quiet):
        yield lambda done, total, loss: signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(lora, "bar", bar)
    status, _, err = call("--backend", "trl")
    assert status == 130
    assert err == "error: interrupted. Checkpoints are kept: the same command goes on from the last one\n"
    assert not (tmp_path / "run" / "run.json").exists()


def test_progress_is_drawn_on_a_terminal_only(capsys):
    with lora.bar(quiet=False) as advance:
        advance(8, 16, 3.5)
    assert capsys.readouterr() == ("", "")
