"""A snapshot that was damaged by hand or by a disk is one clear line, for a collect and for a build."""

from __future__ import annotations

import json
import shutil

import pytest

from pipelines.recipe import RecipeError, load_recipe
from tests.pipelines.collecting.crawling import collect
from tests.pipelines.collecting.site import Site

pytestmark = pytest.mark.xdist_group("collect_damaged")
RECIPE = 'name = "collected"\n[[sources]]\nname = "street"\npath = "urban_dictionary"\n[[stages]]\nuse = "split"\n'


@pytest.fixture(scope="module")
def sealed(tmp_path_factory):
    out = tmp_path_factory.mktemp("sealed")
    with Site() as site:
        for term in ("rizz", "drip"):
            site.define(term, 3)
        assert collect(site, "urban_dictionary", out, "--term", "rizz", "--term", "drip").returncode == 0
        yield site, out


def cut(file):
    file.write_bytes(file.read_bytes()[:-70])


def without(*keys):
    def remove(file):
        told = json.loads(file.read_text("utf-8"))
        file.write_text(json.dumps({name: value for name, value in told.items() if name not in keys}))

    return remove


def changed(file):
    file.write_text(file.read_text("utf-8").replace('"sha256": "', '"sha256": "0'))


DAMAGES = {
    "a manifest cut off": ("manifest.json", cut, "manifest.json: cannot be read ("),
    "no manifest": ("manifest.json", lambda file: file.unlink(), "manifest.json: cannot be read ("),
    "a manifest that is a list": ("manifest.json", lambda file: file.write_text("[]"), "manifest.json: is no object"),
    "a manifest without its rights": ("manifest.json", without("redistributable"), "has no proper 'redistributable'"),
    "a manifest without hashes": ("manifest.json", without("files"), "has no proper 'files'"),
    "another hash": ("manifest.json", changed, "records.jsonl: is not what was collected"),
    "a record cut off": ("records.jsonl", cut, "records.jsonl: is not what was collected"),
    "no records": ("records.jsonl", lambda file: file.unlink(), "records.jsonl: No such file"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_snapshot_is_one_line(sealed, tmp_path, name):
    file, damage, said = DAMAGES[name]
    site, out = sealed
    shutil.copytree(out / "urban_dictionary", tmp_path / "urban_dictionary")
    damage(tmp_path / "urban_dictionary" / file)
    site.seen.clear()
    done = collect(site, "urban_dictionary", tmp_path, "--term", "yeet")
    (tmp_path / "recipe.toml").write_text(RECIPE)
    with pytest.raises(RecipeError) as refused:
        load_recipe(tmp_path / "recipe.toml")
    for told in (done.stderr.removesuffix("\n"), str(refused.value)):
        assert said in told
        assert f"put back a copy, or move {tmp_path / 'urban_dictionary'} away and collect anew" in told
        assert "\n" not in told
    assert done.returncode == 2
    assert site.seen == []


def test_what_a_collect_knows_of_its_pages_is_looked_after_too(sealed, tmp_path):
    site, out = sealed
    shutil.copytree(out / "urban_dictionary", tmp_path / "urban_dictionary")
    cut(tmp_path / "urban_dictionary" / ".pages.jsonl")
    done = collect(site, "urban_dictionary", tmp_path, "--term", "rizz")
    assert done.returncode == 2
    assert ".pages.jsonl: is not what was collected" in done.stderr
    assert done.stderr.count("\n") == 1
