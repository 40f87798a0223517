"""What the README shows of the doctor is run."""

from __future__ import annotations

import re
import shlex

import patients
import pytest
from running import PROJECT

from curation.doctor.faults import FAULTS
from pipelines.doctor import parse

README = (PROJECT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    shlex.split(line, comments=True)[3:]
    for line in re.findall(r"(?m)^(?: *- run: )?(python -m pipelines\.doctor .*)$", README)
]

pytestmark = pytest.mark.xdist_group("doctor")


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_of_the_readme_works(words, run, tmp_path, monkeypatch):
    options = parse(words)
    monkeypatch.chdir(tmp_path)
    data = patients.write(tmp_path / "in" / "train.jsonl", patients.GOOD * 3)
    given = {options.dataset: str(data), options.model: "lab"}  # the same words on a small dataset, without the Hub
    status, _, err = run(*(given.get(word, word) for word in words), *(["--fail-on", "never"] if data else []))
    assert status == 0, err


def test_the_readme_counts_the_faults():
    assert f"{len({fault.number for fault in FAULTS.values()})} kinds of faults" in README
    assert len(COMMANDS) == 6
