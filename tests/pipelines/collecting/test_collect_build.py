"""A snapshot is a source of a recipe, and its rights travel to every entry."""

from __future__ import annotations

import json

import pytest

from pipelines.recipe import RecipeError, load_recipe
from pipelines.sources import read_source
from tests.pipelines.collecting.crawling import collect
from tests.pipelines.collecting.site import Site
from tests.pipelines.running import build

RECIPE = """\
name = "collected"
[[sources]]
name = "street"
snapshot = "snapshots/urban_dictionary"
[[stages]]
use = "normalize"
[[stages]]
use = "split"
"""


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """A folder with a recipe and a snapshot beside it."""
    root = tmp_path_factory.mktemp("collected")
    with Site() as site:
        for term in ("rizz", "drip", "no cap", "yeet"):
            site.define(term, 3)
        terms = [part for term in site.words for part in ("--term", term)]
        assert collect(site, "urban_dictionary", root / "snapshots", *terms).returncode == 0
    return root


def recipe(root, text=RECIPE):
    path = root / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    return path


def entries_of(path):
    loaded = load_recipe(path)
    return read_source(loaded.settings.sources[0], root=loaded.root)


def test_entries_carry_the_rights_the_votes_and_when_they_were_collected(collected):
    entries, bad = entries_of(recipe(collected))
    assert (len(entries), bad) == (12, [])
    rizz = next(entry for entry in entries if entry.term == "rizz")
    assert rizz.redistributable is False
    assert rizz.attribution == "Urban Dictionary and its writers"
    assert (rizz.votes_up, rizz.language, rizz.kind) == (10, "en", "definition")
    assert rizz.date == "2023-05-01T00:00:00.000Z", "when it was written, not when it was seen"
    assert {"collected_at", "first_seen_at", "last_seen_at"} < set(rizz.extra)
    assert rizz.linked_terms == ["rizz", "cool kids"]
    assert rizz.url.startswith("http://rizz.urbanup.com/")


def test_the_path_of_a_snapshot_means_the_snapshot_so_that_its_rights_are_not_lost(collected):
    text = RECIPE.replace('snapshot = "snapshots', 'path = "snapshots')
    assert not any(entry.redistributable for entry in entries_of(recipe(collected, text))[0])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"snapshots/urban_dictionary"', '"snapshots/urban"', "no snapshot there (known: urban_dictionary)"),
        ('"snapshots/urban_dictionary"', '"nothing_of_the_kind"', "Make it with: python -m pipelines.collect"),
        ('dictionary"\n', 'dictionary"\nredistributable = true\n', "a recipe cannot say otherwise"),
        ('dictionary"\n', 'dictionary"\npath = "x.csv"\n', "leave path and hub out"),
    ],
)
def test_a_snapshot_that_cannot_be_used_is_one_line(collected, old, new, said):
    with pytest.raises(RecipeError) as error:
        load_recipe(recipe(collected, RECIPE.replace(old, new, 1)))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_snapshot_whose_files_were_altered_is_refused(collected, tmp_path):
    for name in ("manifest.json", "records.jsonl"):
        target = tmp_path / "snapshots" / "urban_dictionary" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((collected / "snapshots" / "urban_dictionary" / name).read_bytes())
    assert len(entries_of(recipe(tmp_path))[0]) == 12
    with target.open("a") as records:
        records.write("{}\n")
    with pytest.raises(RecipeError, match="is not what was collected"):
        load_recipe(recipe(tmp_path))
    told = json.loads((target.parent / "manifest.json").read_text())
    told["files"] = {"../../secret.jsonl": {"sha256": ""}}
    (target.parent / "manifest.json").write_text(json.dumps(told))
    with pytest.raises(RecipeError, match="names files outside the snapshot"):
        load_recipe(recipe(tmp_path))


@pytest.mark.slow
def test_a_build_reads_a_snapshot(collected, tmp_path):
    done = build(tmp_path, "--recipe", recipe(collected))
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "build" / "manifest.json").read_text())
    assert told["counts"]["read"] == 12
