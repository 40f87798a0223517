"""A run's folder: what counts as a run, what may be replaced, and what is refused."""

from __future__ import annotations

import json
import os
import shutil

import numpy as np
import pytest
from safetensors.numpy import save_file

from train import run_folder
from train.checkpoints import newest_whole, seal
from train.errors import TrainError
from train.run_folder import check_adapter, claimed, digest, finish, read_history, read_run


@pytest.fixture
def run(tmp_path):
    """A whole run of key k, as small as can be."""
    folder = tmp_path / "run"
    with claimed(folder, "k", resume=True) as finished:
        assert not finished
        (folder / "adapter").mkdir()
        save_file({"lora_A": np.zeros((2, 2), "float32")}, folder / "adapter" / "adapter_model.safetensors")
        (folder / "adapter" / "adapter_config.json").write_text('{"r": 2}', encoding="utf-8")
        finish(folder, {"key": "k", "adapter_sha256": digest(folder / "adapter" / "adapter_model.safetensors")})
    return folder


def test_a_whole_run_is_read_and_nothing_half_written_stays_in_it(run):
    found = read_run(run)
    assert found.facts["key"] == "k"
    assert found.adapter == run / "adapter"
    assert sorted(file.name for file in run.iterdir()) == ["adapter", "run.json"]


def test_the_same_key_finds_the_run_and_another_is_refused(run):
    with claimed(run, "k", resume=True) as finished:
        assert finished
    with pytest.raises(TrainError, match="holds a finished run of other data"), claimed(run, "other", resume=True):
        pass
    assert read_run(run).facts["key"] == "k"


def test_fresh_clears_the_run_first(run):
    with claimed(run, "k", resume=False) as finished:
        assert not finished
        assert sorted(file.name for file in run.iterdir()) == ["training.json"]
        with pytest.raises(TrainError, match="half-written"):
            read_run(run)


def test_checkpoints_stay_for_the_same_key_only(tmp_path):
    folder = tmp_path / "run"
    with claimed(folder, "k", resume=True):
        (folder / "checkpoints" / "checkpoint-2").mkdir(parents=True)
    with claimed(folder, "k", resume=True):
        assert (folder / "checkpoints" / "checkpoint-2").exists()
    with claimed(folder, "other", resume=True):
        assert not (folder / "checkpoints").exists()


def test_a_folder_of_other_files_is_never_written_anew(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work", encoding="utf-8")
    for resume in (True, False):
        with pytest.raises(TrainError, match="holds other files than a run's"), claimed(tmp_path, "k", resume=resume):
            pass
    assert (tmp_path / "thesis.tex").read_text(encoding="utf-8") == "years of work"


def test_the_folder_one_stands_in_and_a_file_are_refused(tmp_path, monkeypatch):
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    with pytest.raises(TrainError, match="the folder that you stand in"), claimed(tmp_path / "a", "k", resume=True):
        pass
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(TrainError, match="is a file; give a folder"), claimed(tmp_path / "file", "k", resume=True):
        pass


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises((TrainError, NotADirectoryError)), claimed(tmp_path / "file" / "run", "k", resume=True):
        pass
    if os.geteuid():
        tmp_path.chmod(0o500)
        with pytest.raises(TrainError, match="cannot be written"), claimed(tmp_path / "run", "k", resume=True):
            pass


def test_two_trainings_do_not_write_one_folder(run):
    with (
        claimed(run, "k", resume=True),
        pytest.raises(TrainError, match="another training is writing it"),
        claimed(run, "k", resume=True),
    ):
        pass


def cut(file):
    file.write_bytes(file.read_bytes()[:-3])


def flip(file):
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(bytes(content))


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (shutil.rmtree, "no such run; make one: python -m train.lora"),
        (lambda run: (run / "run.json").unlink(), "is no run, it has no run.json"),
        (lambda run: (run / "run.json").write_text("{", encoding="utf-8"), "run.json: is damaged"),
        (lambda run: (run / "run.json").write_text("{}", encoding="utf-8"), "run.json: is damaged"),
        (lambda run: (run / "run.json").write_text("[]", encoding="utf-8"), "run.json: is damaged"),
        (lambda run: shutil.rmtree(run / "adapter"), "the adapter is missing"),
        (lambda run: (run / "adapter/adapter_config.json").write_text("{", encoding="utf-8"), "the adapter is damaged"),
        (
            lambda run: (run / "adapter/adapter_config.json").write_text("[]", encoding="utf-8"),
            "the adapter is damaged",
        ),
        (lambda run: cut(run / "adapter/adapter_model.safetensors"), "the adapter is damaged"),
        (lambda run: flip(run / "adapter/adapter_model.safetensors"), "its weights are not those that were written"),
    ],
)
def test_what_is_no_whole_run_is_one_line(run, damage, line):
    damage(run)
    with pytest.raises(TrainError) as caught:
        read_run(run)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_history_that_is_missing_or_damaged_is_one_line(run):
    with pytest.raises(TrainError, match=r"history\.jsonl: is missing or damaged"):
        read_history(run)
    (run / "history.jsonl").write_text('{"step": 1}\n{"st', encoding="utf-8")
    with pytest.raises(TrainError, match=r"history\.jsonl: is missing or damaged"):
        read_history(run)


def test_an_adapter_without_weights_is_damaged(tmp_path):
    save_file({}, tmp_path / "adapter_model.safetensors")
    (tmp_path / "adapter_config.json").write_text(json.dumps({"r": 2}), encoding="utf-8")
    with pytest.raises(TrainError, match="the adapter is damaged"):
        check_adapter(tmp_path)


# ---------------------------------------------------------------- checkpoints


@pytest.fixture
def checkpoints(tmp_path):
    for step in (9, 10, 100):
        place = tmp_path / f"checkpoint-{step}"
        place.mkdir()
        (place / "optimizer.pt").write_bytes(bytes([step]) * 50)
        seal(place)
    return tmp_path


def test_the_newest_whole_checkpoint_is_taken_by_its_step_and_not_by_its_name(checkpoints):
    said = []
    assert newest_whole(checkpoints, said.append) == checkpoints / "checkpoint-100"
    assert said == []


def test_each_checkpoint_that_is_not_whole_is_said(checkpoints):
    said = []
    flip(checkpoints / "checkpoint-100" / "optimizer.pt")
    (checkpoints / "checkpoint-10" / "sealed.json").write_text("{", encoding="utf-8")
    assert newest_whole(checkpoints, said.append) == checkpoints / "checkpoint-9"
    (checkpoints / "checkpoint-9" / "optimizer.pt").unlink()
    assert newest_whole(checkpoints, said.append) is None
    assert said[:2] == [
        "checkpoint-100 is damaged: going on from step 10, if that is whole",
        "checkpoint-10 is damaged: going on from step 9, if that is whole",
    ]
    assert said[-1] == "checkpoint-9 is damaged: starting afresh"


def test_no_checkpoint_is_no_fault(tmp_path):
    assert newest_whole(tmp_path / "none", pytest.fail) is None


def test_only_names_of_a_run_s_own_files_are_ever_removed():
    assert not any("/" in name or name in ("", ".", "..") for name in run_folder.OWN)
