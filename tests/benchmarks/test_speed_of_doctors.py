"""The pace of doctors: what is timed, and what is said of it. No test is timed."""

from __future__ import annotations

import json

import pytest

from benchmarks.format_faults import speed


def test_no_term_stands_in_two_blocks_of_made_rows():
    asked = [{json.loads(line)["messages"][0]["content"] for line in speed.made(block)} for block in (0, 1, 2)]
    assert min(map(len, asked)) > 0.99 * speed.FEW
    assert not asked[0] & asked[1]
    assert not asked[1] & asked[2]


def test_the_rows_between_are_divided_by_the_seconds_between(tmp_path, monkeypatch):
    clock = iter([0.0, 2.0, 2.0, 14.0, 14.0, 15.0, 15.0, 27.5])  # few 2 and 1 seconds, many 12 and 12.5
    monkeypatch.setattr(speed.time, "perf_counter", lambda: next(clock))
    options = speed.parse(["--rows", "23000", "--runs", "2"])
    assert speed.pace(lambda folder: None, tmp_path / "few", tmp_path / "many", options) == speed.Pace(2000.0, 1.0)


def test_a_line_of_the_table_tells_the_ratio_to_ours():
    text = speed.table({"ours": speed.Pace(4000.0, 2.0), "other": speed.Pace(1000.0, 0.5)})
    assert "| other | 1,000 | 0.25 | 0.5 s |" in text


def test_too_few_rows_are_one_line(tmp_path, capsys):
    with pytest.raises(SystemExit):
        speed.main(["--rows", "1000"])
    assert "expected more than 1,000" in capsys.readouterr().err
    (tmp_path / "rows.jsonl").write_text("{}\n", encoding="utf-8")
    assert speed.main(["--rows", "2000", "--data", str(tmp_path / "rows.jsonl")]) == 2
    assert "1 rows, expected 2,000" in capsys.readouterr().err
