"""Two small builds of one recipe, the second a later one, and a Hub on loopback that huggingface_hub talks to."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from hub_server import TOKEN, hub_server

from pipelines.publish import deliver
from pipelines.publishing.diff import read_before
from pipelines.publishing.goods import Wishes, goods_of
from pipelines.publishing.hub import Door, Place
from pipelines.publishing.package import Order
from pipelines.terminal import Terminal

PROJECT = Path(__file__).parents[3]
REPOSITORY = "tester/slang"
ROWS = [
    ("rizz", "Charm that draws other people in.", "He has so much rizz that everyone talks to him.", "Young people"),
    ("drip", "Very stylish clothes and shoes.", "Look at the drip on her today.", "Fans of hip hop"),
    ("no cap", "Said to stress that something is true.", "That was the best show, no cap.", "Everyone online"),
    ("mid", "Of average quality, and so a letdown.", "The sequel was mid at best.", "Film fans"),
    ("ghost", "To stop answering somebody without a word.", "She ghosted me after two dates.", "People who date"),
    ("salty", "Bitter or upset about a small loss.", "He is still salty about the game.", "Players"),
    ("slay", "To do something extremely well.", "You slay every single time you sing.", "Fans of drag"),
    ("ship", "To wish that two people become a couple.", "I ship those two characters so hard.", "Readers"),
    ("flex", "To show off what one owns or can do.", "He had to flex his new watch at lunch.", "Rappers"),
    ("lowkey", "A little, or in secret.", "I lowkey want to go home now.", "Teenagers"),
    ("goat", "The greatest of all time at something.", "That player is the goat, no question.", "Sports fans"),
    ("tea", "Gossip that is worth hearing.", "Sit down and spill the tea about them.", "Everyone"),
    ("tea", "Gossip that is worth hearing.", "Come and spill the tea.", "Everyone"),
    ("shook", "So surprised that one cannot speak.", "I was shook when the ending came.", "Viewers"),
    ("Kevin", "Write to kevin.smith@example.org if you want to know him.", "Kevin is here.", "Kevin"),
]
LATER = [*ROWS[1:-1], ("yap", "To talk at length about nothing much.", "He yaps all day about his car.", "Everyone")]
LATER[2] = ("mid", "Mediocre, neither good nor bad.", "The sequel was mid at best.", "Film fans")
RECIPE = """
name = "words"
description = "A few words for a test"
base_model = "llama-3.2-1b-instruct"
evaluation = [{evaluation}]
[[sources]]
name = "notebook"
path = "{path}"
columns = {{ Slang = "term", Description = "definition", Example = "example", Context = "context" }}
language = "en"
{licence}
[[stages]]
use = "normalize"
[[stages]]
use = "privacy"
emails = "drop"
[[stages]]
use = "offensive"
[[stages]]
use = "exact_duplicates"
[[stages]]
use = "quality"
[[stages]]
use = "split"
[[stages]]
use = "decontaminate"
"""


def build(folder: Path, rows, licence='licence = "CC-BY-4.0"') -> Path:
    """A build of these rows, made as a person makes it."""
    folder.mkdir(parents=True)
    with (folder / "words.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("Slang", "Description", "Example", "Context"), *rows])
    asked = sorted((PROJECT / "data" / "evaluation").glob("*.json"))
    evaluation = ", ".join(f'"{path}"' for path in asked if path.name in EVALUATION)
    (folder / "words.toml").write_text(RECIPE.format(evaluation=evaluation, path="words.csv", licence=licence), "utf-8")
    words = ["--recipe", folder / "words.toml", "--out", folder / "build", "--cache", folder / "cache", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.build", *map(str, words)], cwd=PROJECT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return folder / "build"


EVALUATION = ("prompts.json", "questions.json", "plain_english.json", "general_prompts.json", "general_answers.json")


@pytest.fixture(scope="session")
def first(tmp_path_factory) -> Path:
    return build(tmp_path_factory.mktemp("words") / "first", ROWS)


@pytest.fixture(scope="session")
def later(tmp_path_factory) -> Path:
    return build(tmp_path_factory.mktemp("words") / "later", LATER)


@pytest.fixture(scope="session")
def undeclared(tmp_path_factory) -> Path:
    """The same words from a source that declares no licence."""
    return build(
        tmp_path_factory.mktemp("words") / "undeclared", ROWS, 'licence = "none declared"\nredistributable = false'
    )


@pytest.fixture(scope="session")
def goods(first, later, tmp_path_factory):
    """What both builds have to give, laid out once: [first, later]."""
    folders = [tmp_path_factory.mktemp("goods") for _ in range(2)]
    return [goods_of(made, Wishes(), folder) for made, folder in zip((first, later), folders, strict=True)]


@pytest.fixture
def hub(monkeypatch):
    """A Hub of one's own; huggingface_hub in this process asks it, and does not wait before it tries again."""
    from huggingface_hub import constants
    from huggingface_hub.utils import _http as http

    with hub_server() as served:
        http.close_session()
        for name, value in {
            "ENDPOINT": served.endpoint,
            "HUGGINGFACE_CO_URL_TEMPLATE": served.endpoint + "/{repo_id}/resolve/{revision}/{filename}",
            "HF_HUB_OFFLINE": False,
            "HF_HUB_DISABLE_XET": True,
        }.items():
            monkeypatch.setattr(constants, name, value)
        monkeypatch.setattr(http, "time", SimpleNamespace(sleep=lambda seconds: None))
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield served
        http.close_session()


@pytest.fixture
def publish(hub, tmp_path):
    """Publish laid-out goods; returns the exit status, raises what the command would tell."""

    def publish(goods, *, to=REPOSITORY, revision="main", dry_run=False, **wishes):
        door = Door(Place(to, goods.kind, revision))
        order = Order(goods, door.place, read_before(door), Wishes(**wishes), door.endpoint)
        folder = tmp_path / f"papers-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        return deliver(order, door, folder, Terminal(), dry_run=dry_run)

    return publish


def environment(hub, home: Path, **more: str) -> dict[str, str]:
    """What a process needs that asks this Hub, with a home of its own."""
    ours = {name: value for name, value in os.environ.items() if not name.endswith("_OFFLINE")}
    return ours | {
        "HF_ENDPOINT": hub.endpoint,
        "HF_HOME": str(home),
        "HF_TOKEN": TOKEN,
        "HF_HUB_DISABLE_XET": "1",
        "NO_PROXY": "127.0.0.1,localhost",
        **more,
    }
