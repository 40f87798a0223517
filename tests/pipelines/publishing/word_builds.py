"""A few words, a build of them made as a person makes it, and what a process needs that asks a Hub on loopback."""

from __future__ import annotations

import csv
import os
from pathlib import Path

from hub_server import TOKEN
from small_build import CC, Small, word

from curation.entry import Entry

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
    from pipelines.build import main

    folder.mkdir(parents=True)
    with (folder / "words.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("Slang", "Description", "Example", "Context"), *rows])
    asked = sorted((PROJECT / "data" / "evaluation").glob("*.json"))
    evaluation = ", ".join(f'"{path}"' for path in asked if path.name in EVALUATION)
    (folder / "words.toml").write_text(RECIPE.format(evaluation=evaluation, path="words.csv", licence=licence), "utf-8")
    words = ["--recipe", folder / "words.toml", "--out", folder / "build", "--cache", folder / "cache", "--quiet"]
    assert main([str(word) for word in words]) == 0
    return folder / "build"


def small(rows, licence=CC, **more) -> Small:
    """The same words as if they had been built: what the stages of RECIPE would do is done by hand."""
    by_term = {term: entry(row, licence, **more) for row in reversed(rows) if (term := row[0]) != "Kevin"}
    left = [(entry(row, licence, **more), "privacy", "private_text", "") for row in rows if row[0] == "Kevin"]
    again = [row for row in rows if row[0] == "tea"][1:]
    left += [(entry(row, licence, **more), "exact_duplicates", "exact_duplicate", "") for row in again]
    splits = {"slay": "validation", "flex": "test"}
    return Small([*reversed(by_term.values())], left, splits=splits, name="words")


def entry(row, licence, **more) -> Entry:
    term, definition, example, context = row
    return word(term, definition, example, "notebook", licence, context=context, **more)


EVALUATION = ("prompts.json", "questions.json", "plain_english.json", "general_prompts.json", "general_answers.json")


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
