"""The recipe of the case reads its dataset from the Hub: the real client libraries, against loopback."""

from __future__ import annotations

import os
import subprocess
import sys

from hub_stand_in import hub_stand_in
from running import PROJECT

from pipelines.tables import read_table

NAME = "MLBtrio/genz-slang-dataset"
BASE_MODEL = {"meta-llama/Llama-3.2-1B-Instruct": {}}  # gated for who has no account, as the real one is
GATED = frozenset(BASE_MODEL)
CSV = b"""Slang,Description,Example,Context
rizz,Charm that draws people in.,He has rizz.,A word of streamers.
NaN,Not a number.,The result is NaN.,Programmers say it.
cap,A lie.,"No cap, I saw it.",A word from Atlanta.
mid,Mediocre.,That film was mid.,A word of reviewers.
007,A spy.,Call me 007.,A word of film fans.
"""


def build_from_hub(tmp_path, endpoint):
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_OFFLINE")}
    environment |= {
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(tmp_path / "hf"),
        "HF_TOKEN": "hf_secret",
        "NO_PROXY": "127.0.0.1",
    }
    words = [
        "--recipe",
        PROJECT / "data" / "recipes" / "genz.toml",
        "--out",
        tmp_path / "genz",
        "--cache",
        tmp_path / "cache",
    ]
    return subprocess.run(
        [sys.executable, "-m", "pipelines.build", *map(str, words)],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env=environment,
    )


def test_the_recipe_of_the_case_builds_from_the_hub_with_every_word_as_text(tmp_path):
    with hub_stand_in({NAME: {"all_slangs.csv": CSV}, **BASE_MODEL}, GATED) as (endpoint, seen):
        done = build_from_hub(tmp_path, endpoint)
    assert done.returncode == 0, done.stderr
    assert any(request.endswith("all_slangs.csv") for request in seen)
    kept = read_table(tmp_path / "genz" / "entries.parquet")
    assert set(kept["term"]) == {"rizz", "NaN", "cap", "mid", "007"}
    assert not kept["redistributable"].any()
    everything = (
        done.stdout
        + done.stderr
        + "".join(path.read_text("utf-8", "replace") for path in (tmp_path / "genz").rglob("*") if path.is_file())
    )
    assert "hf_secret" not in everything


def test_a_dataset_that_is_not_there_or_gated_is_one_line(tmp_path):
    with hub_stand_in(BASE_MODEL, GATED) as (endpoint, _):
        absent = build_from_hub(tmp_path, endpoint)
    with hub_stand_in({NAME: {"all_slangs.csv": CSV}, **BASE_MODEL}, GATED | {NAME}) as (endpoint, _):
        gated = build_from_hub(tmp_path, endpoint)
    for done, said in ((absent, "no such dataset"), (gated, "gated")):
        assert done.returncode == 2
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
        assert said in done.stderr
        assert NAME in done.stderr
        assert "hf_secret" not in done.stderr
