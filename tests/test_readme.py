"""What the README shows is run, and its file map is true."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return [
        text
        for named, text in re.findall(r"^```(\w*)\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)
        if named == language
    ]


COMMANDS = [
    shlex.split(line, comments=True)
    for block in blocks("bash")
    for line in block.splitlines()
    if line.startswith("python -m pipelines.build")
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_build_command_is_understood(words, tmp_path):
    (tmp_path / "my.toml").write_text(blocks("toml")[0], encoding="utf-8")
    words = [str(tmp_path / "my.toml") if word == "my.toml" else word for word in words]
    done = subprocess.run([sys.executable, *words[1:], "--dry-run"], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Recipe")


def test_the_recipe_of_the_readme_builds(tmp_path):
    (tmp_path / "my.toml").write_text(blocks("toml")[0], encoding="utf-8")
    rows = ["Word,Meaning,Example", *(f"{word},{text},That is so {word}." for word, text in MEANINGS.items())]
    (tmp_path / "forum.csv").write_text("\n".join(rows), encoding="utf-8")
    words = ["--recipe", tmp_path / "my.toml", "--out", tmp_path / "mine", "--cache", tmp_path / "cache"]
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.build", *map(str, words)], cwd=PROJECT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "mine" / "report.html").is_file()


MEANINGS = {
    "mid": "Mediocre; of no special quality.",
    "salty": "Upset about something small.",
    "extra": "Over the top, in a way that asks for attention.",
    "lowkey": "A little, or in secret.",
    "goated": "The best of all at something.",
}


def test_make_targets_of_the_readme_exist():
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"\bmake ([a-z-]+)", "\n".join(blocks("bash")))):
        assert re.search(rf"(?m)^{target}:", makefile), target


def test_the_file_map_names_what_is_there():
    tree = next(block for block in blocks("") if "curation/" in block and "entry.py" in block)
    folder, named = "", set()
    for line in tree.splitlines():
        name = line.split()[0]
        inside = line.startswith(" ")
        named.add(folder + name if inside else name)
        folder = folder if inside else name
    missing = [name for name in named if not (PROJECT / name).exists()]
    assert not missing
    ours = {
        str(path.relative_to(PROJECT))
        for room in ("curation", "pipelines", "train")
        for path in (PROJECT / room).glob("*.py")
    }
    assert ours - named - {"curation/__init__.py", "pipelines/__init__.py", "train/__init__.py"} == set(), (
        "files that the map does not name"
    )
