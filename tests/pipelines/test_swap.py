from __future__ import annotations

import pytest

from pipelines import swap


def folder(path, text):
    path.mkdir()
    (path / "report.html").write_text(text)
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
