"""The case itself: the published rows glued as the case did, through the whole command: table, JSON, page and repair."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter

import pytest

from pipelines.experiments.glue import exchange, glue

pytestmark = [pytest.mark.slow, pytest.mark.shared, pytest.mark.xdist_group("doctor")]
SEAM = re.compile(r"\.\s*\.(?:\s|\Z)|\ba An? ")  # what pasted cells leave


@pytest.fixture(scope="module")
def glued(shared_data, tmp_path_factory):
    with (shared_data / "genz" / "all_slangs.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    path = tmp_path_factory.mktemp("case") / "glued.jsonl"
    chats = (exchange(f"What does {row['Slang']} mean?", glue(row["Context"], row["Description"])) for row in rows)
    path.write_text("".join(json.dumps({"messages": chat}) + "\n" for chat in chats), encoding="utf-8")
    return path


def answers(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["messages"][-1]["content"] for line in lines]


def test_the_glued_rows_of_the_case_are_found_shown_and_mended(glued, run, tmp_path):
    words = (glued, "--for", "llama-3.2-1b-instruct")
    status, out, _ = run(*words, "--format", "json")
    found = [json.loads(line) for line in out.splitlines()]
    seams = {row for row, said in enumerate(answers(glued)) if SEAM.search(said)}
    told = {one["row"] for one in found if one["fault"] == "GLUE"}
    assert status == 0  # it can be trained on; that is what made it dangerous
    assert len(seams) > 1_700
    assert len(seams - told) <= 0.01 * len(seams)
    assert len(told - seams) <= 0.01 * len(told)
    assert not {one["fault"] for one in found} & {"WRONG-TERM", "ECHO", "MOJIBAKE", "LOW-INFO"}
    status, _, _ = run(*words, "--fix", tmp_path / "mended", "--format", "html", "--out", tmp_path / "case.html")
    page = (tmp_path / "case.html").read_text(encoding="utf-8")
    mended = answers(tmp_path / "mended" / "glued.jsonl")
    assert status == 0
    assert "columns pasted together" in page.lower()
    assert Counter(bool(SEAM.search(said)) for said in mended)[True] <= 0.01 * len(seams)
