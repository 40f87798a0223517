"""Text files: conversations that a template wrote over several lines are told apart; lines stay lines."""

from __future__ import annotations

import patients
import pytest

from pipelines.doctoring.dataset import read_dataset
from pipelines.doctoring.target import open_target
from pipelines.doctoring.texts import regroup

pytestmark = pytest.mark.xdist_group("doctor")


@pytest.fixture(scope="module")
def target():
    return open_target("lab")[0]


def chatml(messages):
    return "".join(f"<|im_start|>{turn['role']}\n{turn['content']}<|im_end|>\n" for turn in messages)


def texts(tmp_path, target, content):
    (tmp_path / "texts.txt").write_text(content, encoding="utf-8")
    data = read_dataset(str(tmp_path / "texts.txt"))
    regroup(data, target)
    return [row.value for row in data.rows], [(event.row, event.fault) for event in data.events]


@pytest.mark.parametrize("between", ["", "\n", "\n\n"])
def test_texts_of_the_targets_template_are_cut_where_each_begins(tmp_path, target, between):
    written = [target.render(chat["messages"]) for chat in patients.GOOD]
    assert texts(tmp_path, target, between.join(written)) == (written, [(-1, "FILE-READ")])


def test_texts_of_another_template_are_cut_at_blank_lines(tmp_path, target):
    written = [chatml(chat["messages"]) for chat in patients.GOOD]
    told, events = texts(tmp_path, target, "\n".join(written))
    assert [text.rstrip() for text in told] == [text.rstrip() for text in written]
    assert events == [(-1, "FILE-READ")]


@pytest.mark.parametrize("lines", [["one", "two", "three"], [f"[INST] {n} [/INST] said</s>" for n in range(5)]])
def test_a_text_on_every_line_stays_so(tmp_path, target, lines):
    assert texts(tmp_path, target, "\n".join(lines) + "\n\n") == (lines, [])
