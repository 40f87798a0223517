"""The whole experiment, as a person runs it: real trainings of the lab's model, killed and gone on with; and bad input."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import toy_experiment
from toy_recipe import write_recipe

from pipelines.experiment import main
from pipelines.experiments.columns import Column
from pipelines.experiments.jobs import Job
from pipelines.experiments.workers import run_jobs

PROJECT = Path(__file__).parents[3]
SECONDS = 600  # a test waits for another process no longer


def command(recipe: Path, out: Path, *more: str) -> list[str]:
    given = [
        "--out",
        str(out / "experiment"),
        "--cache",
        str(out / "cache"),
        "--seeds",
        "1",
        "--backend",
        "trl",
        "--limit",
        "80",
    ]
    return [sys.executable, "-m", "pipelines.experiment", str(recipe), *given, *more]


def run(recipe: Path, out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(recipe, out, *more), capture_output=True, text=True, cwd=PROJECT, timeout=SECONDS)


@pytest.mark.xdist_group("experiment")
def test_an_experiment_that_was_killed_goes_on_and_ends_with_a_verdict(tmp_path: Path, project: Path) -> None:
    recipe = write_recipe(tmp_path, project)
    begun = subprocess.Popen(
        command(recipe, tmp_path), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=PROJECT,
        start_new_session=True,
    )  # fmt: skip
    assert begun.stdout
    said = []
    for line in begun.stdout:
        said.append(line)
        if " 1 of 3 " in line:
            os.killpg(begun.pid, signal.SIGKILL)
            break
    begun.wait()
    assert not (tmp_path / "experiment" / "experiment.json").exists(), "".join(said)

    done = run(recipe, tmp_path)
    assert done.returncode == 0, done.stderr
    finished = int(done.stdout.partition("3 models, ")[2].split()[0])
    assert finished >= 1
    assert "Curated data made " in done.stdout
    facts = json.loads((tmp_path / "experiment" / "experiment.json").read_text("utf-8"))
    assert [column["name"] for column in facts["columns"]] == ["untrained", "raw", "curated"]
    assert facts["values"]["held_out_nll"]["raw"]["value"] != facts["values"]["held_out_nll"]["curated"]["value"]
    assert facts["columns"][1]["trained_tokens"] > 0
    assert any(mark.startswith("learning rate carried over") for mark in facts["marks"])
    assert facts["unfinished"] == []

    page = (tmp_path / "experiment" / "experiment.json").read_bytes()
    again = run(recipe, tmp_path)
    assert "3 models, 3 of them finished before" in again.stdout
    assert (tmp_path / "experiment" / "experiment.json").read_bytes() == page


@pytest.mark.slow
@pytest.mark.xdist_group("experiment")
def test_the_ladder_of_the_sample_runs_in_both_modes(tmp_path: Path) -> None:
    recipe = PROJECT / "data" / "recipes" / "sample.toml"
    done = subprocess.run(
        [*command(recipe, tmp_path), "--ladder", "--limit", "40", "--vary", "lora_r=4"],
        capture_output=True, text=True, cwd=PROJECT, timeout=6 * SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    facts = json.loads((tmp_path / "experiment" / "experiment.json").read_text("utf-8"))
    columns = {column["name"]: column for column in facts["columns"]}
    for step in ("glued", "conversations", "deduplicated", "curated"):
        assert columns[f"{step}-matched"]["trained_tokens"] == pytest.approx(columns["raw"]["trained_tokens"], rel=0.2)
    assert columns["glued"]["mask"] == "every token"
    assert any(mark.startswith("off recipe: lora_r 4") for mark in columns["curated-lora_r-4"]["marks"])


# Bad input: one line, exit code 2, nothing written


def refused(capsys: pytest.CaptureFixture[str], *argv: object) -> str:
    assert main([str(part) for part in argv]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    return said


@pytest.fixture
def recipe(tmp_path: Path, project: Path) -> Path:
    return write_recipe(tmp_path, project)


def test_an_unknown_recipe_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no such recipe" in refused(capsys, tmp_path / "none.toml")


def test_an_unknown_base_is_answered_with_the_nearest(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(capsys, recipe, "--base", "lamma-3.2-1b-instruct", "--out", tmp_path / "out")
    assert "nearest: llama-3.2-1b-instruct" in said


def test_a_base_of_which_only_a_stand_in_tokenizer_can_be_had_is_refused(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(capsys, recipe, "--base", "llama-3.2-1b", "--out", tmp_path / "out")
    assert "needs the real tokenizer" in said


def test_a_folder_of_other_files_is_left_alone(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    assert "holds other files" in refused(capsys, recipe, "--out", tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_unknown_steps_and_settings_are_refused_before_anything_is_read(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert "nearest: curated" in refused(capsys, recipe, "--arms", "curate", "--out", out)
    assert "no setting 'rank'" in refused(capsys, recipe, "--vary", "rank=4", "--out", out)
    assert "lora_r" in refused(capsys, recipe, "--vary", "lora_r=many", "--out", out)
    assert not out.exists()


def test_two_experiments_never_write_one_folder(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from filelock import FileLock

    with FileLock(tmp_path / ".out.lock"):
        assert "another experiment is writing it" in refused(capsys, recipe, "--out", tmp_path / "out")


# Workers


class Deadly(Job):
    """Ends the process that it is handed to, as a system without memory does."""

    def __reduce__(self) -> tuple[object, ...]:
        return os._exit, (9,)


def test_a_worker_that_dies_and_a_job_that_fails_cost_themselves_only(tmp_path: Path) -> None:
    plan = toy_experiment.plan(tmp_path)
    column = Column("raw", "raw", "raw", "epoch")
    deadly = Deadly(column, 1, tmp_path / "1", plan, tmp_path / "none.jsonl", 9, depends={"data": ""})
    missing = Job(column, 2, tmp_path / "2", plan, tmp_path / "none.jsonl", 1, depends={"data": ""})
    said: list[str] = []
    outcome = run_jobs([missing, deadly], 1, 1, tmp_path / "logs", lambda job, what, *_: said.append(what))
    assert outcome.done == []
    assert outcome.failed["raw, seed 1"].startswith("its process ended with status 9")
    assert "the base model changed while the experiment ran" in outcome.failed["raw, seed 2"]
    assert "Traceback" in (tmp_path / "logs" / "worker-1.log").read_text("utf-8")
    assert len(said) == 2
