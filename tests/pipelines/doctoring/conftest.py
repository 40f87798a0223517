from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1]))  # the loopback Hub of the tests beside this folder

import patients

from pipelines import doctor


@pytest.fixture
def sick(tmp_path):
    return patients.write(tmp_path / "data" / "train.jsonl")


@pytest.fixture
def run(capfd):
    """Run the command in this process: (exit status, stdout, stderr)."""

    def command(*words):
        try:
            status = doctor.main([str(word) for word in words])
        except SystemExit as stop:
            status = stop.code
        said = capfd.readouterr()
        return status, said.out, said.err

    return command


@pytest.fixture
def findings(run):
    """What the command finds, as JSON."""

    def found(*words):
        status, out, err = run(*words, "--for", "lab", "--format", "json")
        assert status in (0, 1), err
        return [json.loads(line) for line in out.splitlines()]

    return found
