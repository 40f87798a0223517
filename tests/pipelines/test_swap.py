from __future__ import annotations

import pytest

from pipelines import swap


def folder(path, text):
    path.mkdir()
    (path / "report.html").write_text(text)
    (path / "manifest.json").write_text('{"recipe_sha256": ""}')
    return path


@pytest.mark.parametrize("system_can_exchange", [True, False])
def test_a_finished_folder_takes_the_place_of_the_old_one(tmp_path, monkeypatch, system_can_exchange):
    if not system_can_exchange:
        monkeypatch.setattr(swap, "exchange", lambda one, two: False)
    place = tmp_path / "sample"
    swap.replace_folder(folder(tmp_path / "new1", "one"), place)
    assert (place / "report.html").read_text() == "one"
    swap.replace_folder(folder(tmp_path / "new2", "two"), place)
    assert (place / "report.html").read_text() == "two"
    assert [path.name for path in tmp_path.iterdir()] == ["sample"]


def test_a_kill_between_two_renames_is_mended(tmp_path):
    folder(tmp_path / ".sample.old", "one")
    swap.recover(tmp_path / "sample")
    assert (tmp_path / "sample" / "report.html").read_text() == "one"
    folder(tmp_path / ".sample.old", "older")
    swap.recover(tmp_path / "sample")
    assert (tmp_path / "sample" / "report.html").read_text() == "one"


@pytest.mark.parametrize("kind", ["other files", "a file", "here", "above"])
def test_nothing_but_a_build_is_ever_replaced(tmp_path, monkeypatch, kind):
    place = tmp_path / "documents"
    place.mkdir()
    (place / "thesis.txt").write_text("precious")
    (place / "manifest.json").write_text('{"name": "a web page"}')
    monkeypatch.chdir(place)
    targets = {"other files": place, "a file": place / "thesis.txt", "here": place, "above": tmp_path}
    if kind == "other files":
        monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"lost|is a file|stand in"):
        swap.replace_folder(folder(tmp_path / "new", "one"), targets[kind])
    assert (place / "thesis.txt").read_text() == "precious"


def test_a_new_build_goes_to_a_new_or_an_empty_folder(tmp_path):
    (tmp_path / "empty").mkdir()
    swap.replace_folder(folder(tmp_path / "new", "one"), tmp_path / "empty")
    assert (tmp_path / "empty" / "report.html").read_text() == "one"
