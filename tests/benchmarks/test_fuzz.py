"""The search for failures: it tells what it finds, goes on, and says what it lacks."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import fuzz
from benchmarks.fuzz_properties import PROPERTIES


@given(st.integers())
def sound(number):
    assert number == number + 0


@given(st.integers())
def unsound(number):
    assert number < 100


def test_a_failure_is_told_once_with_its_smallest_example_and_the_search_goes_on(capsys, tmp_path):
    options = fuzz.parse(["--minutes", "0.02", "--found", str(tmp_path / "found.txt")])
    found = fuzz.search({"sound": sound, "unsound": unsound}, options)
    assert found == {"unsound": 1}
    out = capsys.readouterr().out
    assert out.count("=== unsound: AssertionError") == 1
    assert "number=100" in (tmp_path / "found.txt").read_text()
    assert "sound: about" in out


def test_every_property_is_tried_by_default_and_an_unknown_one_refused(capsys):
    assert fuzz.main(["--only", "nothing"]) == 2
    assert f"known: {', '.join(PROPERTIES)}" in capsys.readouterr().err


@pytest.mark.skipif(find_spec("atheris") is not None, reason="atheris is installed")
def test_a_guided_search_names_what_it_needs(capsys):
    assert fuzz.main(["--guided", "reader"]) == 2
    assert capsys.readouterr().err == "benchmarks.fuzz: --guided needs atheris: pip install atheris\n"
