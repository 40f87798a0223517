from __future__ import annotations

import re

import pytest

from pipelines.recipe import RecipeError, load_recipe

GOOD = """\
name = "tiny"
[[sources]]
name = "forum"
path = "forum.csv"
[[stages]]
use = "normalize"
[[stages]]
use = "split"
"""


def refused(tmp_path, text, **more):
    path = tmp_path / "tiny.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecipeError) as error:
        load_recipe(path, **more)
    message = str(error.value)
    assert all(line.startswith(str(path)) for line in message.splitlines())
    return message.replace(str(path), "tiny.toml")


def test_a_good_recipe_becomes_settings_and_stages(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(GOOD)
    recipe = load_recipe(path)
    assert [stage.name for stage in recipe.stages] == ["normalize", "split"]
    assert recipe.root == tmp_path
    assert recipe.settings.sources[0].path == "forum.csv"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nam = 'x'\n" + GOOD, "tiny.toml:1: nam: unknown key 'nam'; did you mean 'name'"),
        (GOOD.replace("path =", "pth ="), "tiny.toml:4: sources.0.pth: unknown key 'pth'; did you mean 'path'"),
        (GOOD + "tst = 1\n", "tiny.toml:9: stages[1] (split).tst: unknown key 'tst'; did you mean 'test'"),
        (
            GOOD.replace("normalize", "normalise"),
            "tiny.toml:6: stages[0]: unknown stage 'normalise'; did you mean 'normalize'",
        ),
        (GOOD.replace('use = "normalize"', 'stage = "normalize"'), 'needs use = "NAME"'),
        (GOOD.replace('name = "tiny"', 'name = "../tiny"'), "tiny.toml:1: name"),
        (GOOD.replace('name = "tiny"\n', ""), "name: missing"),
        (
            GOOD.replace('use = "normalize"', 'use = "quality"'),
            "stages[0] (quality): needs term_key; put normalize before it",
        ),
        (GOOD + '[[stages]]\nuse = "split"\n', "stands twice"),
        (GOOD + '[[sources]]\nname = "forum"\npath = "b.csv"\n', "'forum' stands twice"),
        (GOOD.replace('use = "split"', 'use = "decontaminate"'), "needs 'split'"),
        ("may_empty = ['frum']\n" + GOOD, "no source 'frum'; did you mean 'forum'"),
        ("seed = 'x'\n" + GOOD, "tiny.toml:1: seed"),
        ("name = \n", "not valid TOML"),
    ],
)
def test_a_wrong_recipe_is_refused_with_its_place_and_the_nearest_word(tmp_path, text, said):
    assert said in refused(tmp_path, text)


def test_all_faults_are_told_at_once(tmp_path):
    text = GOOD.replace("path =", "pth =").replace("normalize", "normalise")
    assert len(refused(tmp_path, text).splitlines()) >= 2


def test_a_missing_recipe_names_those_that_are_there(tmp_path, project):
    with pytest.raises(RecipeError, match=r"no such recipe.*genz\.toml"):
        load_recipe(project / "data" / "recipes" / "gnz.toml")


def test_a_recipe_in_another_encoding_is_one_line(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_bytes(GOOD.encode("utf-16"))
    with pytest.raises(RecipeError, match="not UTF-8"):
        load_recipe(path)


def test_a_source_can_be_read_from_elsewhere(tmp_path, monkeypatch):
    path = tmp_path / "tiny.toml"
    path.write_text(GOOD.replace('path = "forum.csv"', 'hub = "owner/name"'))
    monkeypatch.chdir(tmp_path)
    source = load_recipe(path, {"forum": "elsewhere.csv"}).settings.sources[0]
    assert (source.hub, source.path) == ("", str(tmp_path / "elsewhere.csv"))
    assert "no source 'frum'; did you mean 'forum'" in refused(tmp_path, GOOD, sources={"frum": "x"})


def test_the_projects_own_recipes_are_right(project):
    recipes = sorted((project / "data" / "recipes").glob("*.toml"))
    assert recipes
    for path in recipes:
        assert load_recipe(path).settings.name == path.stem
        assert re.search(r"(?m)^#.*python -m pipelines\.build", path.read_text("utf-8")), f"{path} gives no command"
