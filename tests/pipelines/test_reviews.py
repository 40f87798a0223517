"""People's decisions from the file to the build that obeys: what is written, told, and left as it was without any."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from running import contents

from curation.people.decisions import Decision, asked_of, write_decisions
from pipelines import build as builder
from pipelines.recipe import load_recipe
from pipelines.tables import read_table

pytestmark = pytest.mark.xdist_group("reviews")

RECIPE = """
name = "reviewed"
reviews = "decisions.jsonl"
[[sources]]
name = "toy"
path = "rows.csv"
language = "en"
[[stages]]
use = "normalize"
[[stages]]
use = "privacy"
[[stages]]
use = "offensive"
[[stages]]
use = "exact_duplicates"
[[stages]]
use = "split"
"""
ROWS = [
    ("yeet", "to throw with force", "Yeet the ball.", "verb"),
    ("yeet", "To throw with force!", "Yeet it.", "noun"),
    ("damn", "a mild word of anger", "Damn it, so cold.", ""),
    ("stan", "what John Smith does for his idol", "I stan him.", ""),
    *((f"word{n}", f"the slang that number {n} is called by", f"A word{n} is here.", "noun") for n in range(30)),
]


class Place:
    """A folder with a recipe, its rows, and the builds made of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "reviewed.toml").write_text(RECIPE, encoding="utf-8")
        with (folder / "rows.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("term", "definition", "example", "part_of_speech"), *ROWS])

    def build(self, name: str, *more: str) -> tuple[int, Path]:
        out = self.folder / name
        options = ["--recipe", self.folder / "reviewed.toml", "--out", out, "--cache", self.folder / "cache", *more]
        return builder.main([str(option) for option in options]), out

    def decide(self, decisions: list[Decision], name: str = "decisions.jsonl") -> Path:
        file = self.folder / name
        file.write_text(write_decisions(decisions), encoding="utf-8")
        return file


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("reviews"))


@pytest.fixture(scope="module")
def plain(place: Place) -> Path:
    """A build that nobody has answered anything of."""
    status, folder = place.build("plain")
    assert status == 0
    return folder


@pytest.fixture(scope="module")
def said(plain: Path) -> list[Decision]:
    tasks = {task["question"]: task for task in json.loads((plain / "review" / "tasks.json").read_text("utf-8"))}
    assert set(tasks) >= {"contradiction", "private"}
    chosen = {"contradiction": "both", "private": "private person"}
    return [decision(tasks[kind], answer, who) for kind, answer in chosen.items() for who in (1, 2)]


@pytest.fixture(scope="module")
def decided(place: Place, said: list[Decision]) -> Path:
    """A build that obeys."""
    file = place.decide(said, "elsewhere.jsonl")
    status, folder = place.build("decided", "--reviews", str(file))
    assert status == 0
    return folder


def decision(task: dict[str, Any], answer: str, who: int) -> Decision:
    when = "2026-01-31T09:30:00+00:00"
    return Decision(task["id"], task["question"], answer, f"a-{who:08x}", when, 3.0, "", asked_of(task))


def test_without_decisions_a_build_says_nothing_of_them(plain: Path):
    manifest = json.loads((plain / "manifest.json").read_text("utf-8"))
    assert "decisions" not in manifest
    assert not (plain / "review" / "effect.json").exists()
    assert "What people decided" not in (plain / "report.html").read_text("utf-8")
    assert "decided" not in read_table(plain / "entries.parquet").columns


def test_the_next_build_obeys_and_tells_what_changed(decided: Path):
    kept = read_table(decided / "entries.parquet")
    assert len(kept[kept["term_key"] == "yeet"]) == 2
    assert kept["definition"][kept["term_key"] == "stan"].tolist() == ["what someone does for his idol"]
    told = json.loads((decided / "manifest.json").read_text("utf-8"))["decisions"]
    assert told["rows_changed"] == {"contradiction": {"kept apart": 2}, "private": {"masked": 1}}
    assert (told["people"], told["answers"], told["disputed"], told["orphans"]) == (2, 4, 0, 0)
    page = (decided / "report.html").read_text("utf-8")
    assert "What people decided" in page
    assert "John" not in page


def test_what_people_have_settled_is_not_asked_again(decided: Path, said: list[Decision]):
    tasks = json.loads((decided / "review" / "tasks.json").read_text("utf-8"))
    assert not {one.id for one in said} & {task["id"] for task in tasks}


def test_the_same_decisions_give_the_same_bytes_in_any_order(place: Place, decided: Path, said: list[Decision]):
    file = place.folder / "turned.jsonl"
    file.write_text("\n".join(reversed(write_decisions(said).splitlines())), encoding="utf-8")
    status, again = place.build("again", "--reviews", str(file))
    assert status == 0
    assert contents(decided) == contents(again)


def test_the_recipes_own_file_is_read_where_it_is_there(place: Place, plain: Path, said: list[Decision]):
    file = place.decide(said)
    try:
        status, folder = place.build("own")
        assert status == 0
        assert "decisions" in json.loads((folder / "manifest.json").read_text("utf-8"))
    finally:
        file.unlink()
    assert place.build("without")[0] == 0
    one, other = contents(plain), contents(place.folder / "without")
    assert one == other, "a build without decisions is what it was"


@pytest.mark.parametrize("text", ["{", "[]\n", '{"id": 1}', "<<<<<<< HEAD\n"])
def test_a_damaged_file_is_one_line_that_names_file_and_line(
    place: Place, text: str, capsys: pytest.CaptureFixture[str]
):
    file = place.folder / "damaged.jsonl"
    file.write_text(text, encoding="utf-8")
    status, folder = place.build("damaged", "--reviews", str(file))
    assert status == 2
    assert not folder.exists()
    error = capsys.readouterr().err
    assert "damaged.jsonl: line 1: " in error.strip().splitlines()[-1]
    assert "Traceback" not in error


def test_a_file_that_was_named_must_be_there(place: Place, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit, match="2"):
        place.build("none", "--reviews", str(place.folder / "none.jsonl"))
    assert "no such file" in capsys.readouterr().err


def test_decisions_lie_by_the_recipes_name_if_it_does_not_say_where(place: Place, project: Path):
    assert load_recipe(place.folder / "reviewed.toml").reviews == place.folder / "decisions.jsonl"
    assert (
        load_recipe(project / "data" / "recipes" / "sample.toml").reviews
        == project / "data" / "reviews" / "sample.jsonl"
    )
