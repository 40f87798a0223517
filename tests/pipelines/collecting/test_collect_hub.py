"""Datasets of the Hub: through the rows service and through `load_dataset`, both on loopback."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from tests.pipelines.collecting.crawling import PROJECT, collect, command, records
from tests.pipelines.collecting.shapes import RowsService
from tests.pipelines.hub_stand_in import hub_stand_in

CARD = b"---\nlicense: cc-by-4.0\n---\n# Slang\n"
CSV = b"Slang,Description,Points\nrizz,Charm.,3\nNaN,Not a number.,\n007,A spy.,1\nrizz,Charm.,3\n"


def from_hub(out, repos, *more):
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_OFFLINE")}
    with hub_stand_in(repos) as (endpoint, _):
        environment |= {
            "HF_ENDPOINT": endpoint,
            "HF_HOME": str(out / "hf"),
            "NO_PROXY": "127.0.0.1",
            "HF_TOKEN": "hf_secret",
        }
        return subprocess.run(
            command("hub_dataset", out, "--dataset", "someone/slang", *more), capture_output=True, text=True,
            cwd=PROJECT, env=environment, timeout=120,
        )  # fmt: skip


def test_a_dataset_is_streamed_with_its_cards_licence_and_every_word_as_text(tmp_path):
    done = from_hub(tmp_path, {"someone/slang": {"README.md": CARD, "slang.csv": CSV}})
    assert done.returncode == 0, done.stderr
    assert sorted((one["term"], one["definition"]) for one in records(tmp_path, "hub_dataset")) == [
        ("007", "A spy."), ("NaN", "Not a number."), ("rizz", "Charm."), ("rizz", "Charm.")]  # fmt: skip
    manifest = json.loads((tmp_path / "hub_dataset" / "manifest.json").read_text("utf-8"))
    assert (manifest["licence"], manifest["redistributable"], manifest["attribution"]) == ("cc-by-4.0", True, "someone")
    assert manifest["collects"][0]["read"]["someone/slang/default/train"].startswith("c0ffee")
    assert "hf_secret" not in done.stdout + done.stderr + json.dumps(manifest)


def test_a_split_that_is_not_there_is_one_line(tmp_path):
    done = from_hub(tmp_path, {"someone/slang": {"README.md": CARD, "slang.csv": CSV}}, "--split", "dev")
    assert done.returncode == 2
    assert "someone/slang: no split 'dev'; it has ['train']" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_dataset_without_a_licence_may_not_be_passed_on(tmp_path):
    done = from_hub(tmp_path, {"someone/slang": {"slang.csv": CSV}})
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "hub_dataset" / "manifest.json").read_text("utf-8"))["redistributable"] is False


def test_a_dataset_that_is_not_there_is_one_line(tmp_path):
    done = from_hub(tmp_path, {})
    assert done.returncode == 2
    assert "someone/slang: no such dataset for this user" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.fixture
def service():
    with RowsService() as site:
        yield site


def test_the_rows_service_is_asked_page_after_page(tmp_path, service):
    done = collect(service, "hub_rows", tmp_path, "--dataset", "someone/slang")
    assert done.returncode == 0, done.stderr
    found = records(tmp_path, "hub_rows")
    assert {one["term"] for one in found} == {f"word{number}" for number in range(250)}
    assert [path.split("?")[0] for path in service.pages_seen()] == ["/splits", "/rows", "/rows", "/rows"]


def test_columns_that_nobody_knows_are_mapped_or_refused(tmp_path, service):
    done = collect(service, "hub_rows", tmp_path, "--dataset", "someone/slang", "--column", "Slang=nothing")
    assert done.returncode == 2
    assert "--column" in done.stderr
    assert done.stderr.count("\n") == 1
