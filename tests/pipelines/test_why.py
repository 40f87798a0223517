from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import toy_build
from hypothesis import given
from hypothesis import strategies as st
from toy_build import EMAIL, HOSTILE, RIZZ, RIZZ_AGAIN, id_of

from pipelines.why import main, printable


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("builds")
    toy_build.write_build(folder / "toy")
    return folder


@pytest.fixture
def why(builds: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Ask, and get (exit status, stdout on one line, stderr)."""
    monkeypatch.setenv("COLUMNS", "200")

    def ask(*words: str) -> tuple[int, str, str]:
        status = main([*words, "--builds", str(builds)])
        said = capsys.readouterr()
        return status, " ".join(said.out.split()), said.err

    return ask


def life_of(why, words: str) -> dict:
    status, out, _ = why(words, "--json")
    assert status == 0
    told = json.loads(out)
    assert told["rows"] == len(told["lives"]) == 1
    return told["lives"][0]


def test_a_kept_row_tells_where_it_came_from_what_was_said_and_what_it_became(why) -> None:
    status, out, err = why(id_of(RIZZ))
    assert (status, err) == (0, "")
    for said in (
        RIZZ.definition,
        "toy, toy.csv, record 0 · CC BY 4.0 · the toy's makers · 12 up / 1 down",
        "repaired definition: mojibake",
        "0.93 same sense: merged: the charm with which one wins people over",
        f"absorbed Rizz: {RIZZ_AGAIN.definition} (list) [{id_of(RIZZ_AGAIN)}]",
        "became meaning, train [c1]",
        "assistant: “Rizz” is charm.",
    ):
        assert said in out


def test_a_row_that_left_tells_why_with_its_evidence_and_who_stays(why) -> None:
    status, out, _ = why(id_of(RIZZ_AGAIN))
    assert status == 0
    assert "left at same_sense: same_sense_duplicate" in out
    assert "score 0.93" in out
    assert f"stays rizz: {RIZZ.definition} (toy) [{id_of(RIZZ)}]" in out


def test_a_bad_record_is_told_by_its_id(why) -> None:
    _, ledger = toy_build.tables()
    life = life_of(why, ledger["id"][ledger["stage"] == "read"].iloc[0])
    assert (life["left"]["reason"], life["left"]["detail"], life["stages"]) == (
        "wrong_field_count",
        "list.txt, line 10: no “=”",
        [],
    )


def test_a_term_in_any_spelling_finds_all_its_rows_kept_ones_first(why) -> None:
    status, out, _ = why(" RIZZ ", "--json")
    lives = json.loads(out)["lives"]
    assert status == 0
    assert [(life["term"], life["outcome"]) for life in lives] == [("rizz", "kept"), ("Rizz", "left")]


def test_the_beginning_of_an_id_is_enough(why) -> None:
    assert life_of(why, id_of(RIZZ)[:7])["id"] == id_of(RIZZ)


def test_only_the_stages_that_saw_a_row_speak(why) -> None:
    status, out, _ = why("kevin", "--json")
    life = json.loads(out)["lives"][0]
    assert status == 0
    assert life["left"]["detail"] == "a first name, praised"
    assert {step["stage"] for step in life["stages"]} <= {
        "normalize",
        "privacy",
        "offensive",
        "exact_duplicates",
        "quality",
    }


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_private_text_is_told_by_its_kind_only(why, words: list[str]) -> None:
    for entry in (toy_build.PRIVATE, toy_build.PRIVATE_COPY, toy_build.EARLY):
        status, out, _ = why(id_of(entry), *words)
        assert status == 0
        assert EMAIL not in out
        assert "Not shown: it holds" in out
        assert not entry.term or f"{entry.term}:" not in out


def test_near_terms_are_named_and_private_ones_are_not(why) -> None:
    status, out, err = why("rizzz")
    assert (status, out) == (1, "")
    assert "toy has no row 'rizzz'. Near it: rizz" in err
    assert "janeroe" not in why("janero")[2].lower()


def test_data_is_never_read_as_markup_and_cannot_steer_the_terminal(why) -> None:
    status, out, _ = why("[red]markup[/red]")
    assert status == 0
    assert "[red]markup[/red]" in out
    assert "�[31mescape� bell" in out
    for term in HOSTILE:
        assert why(term)[0] == 0


@given(st.text())
def test_what_is_printed_holds_no_control_characters(text: str) -> None:
    shown = printable(text)
    assert not [c for c in shown if (ord(c) < 32 and c not in "\t\n") or 127 <= ord(c) < 160]
    assert len(shown) == len(text)


def test_the_newest_build_answers_and_says_that_it_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for age, name in ((50, "newer"), (100, "older")):
        manifest = toy_build.write_build(tmp_path / name) / "manifest.json"
        os.utime(manifest, (manifest.stat().st_mtime - age,) * 2)
    assert main(["rizz", "--builds", str(tmp_path), "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["build"] == "newer"
    assert "newest of 2 builds: newer" in said.err
    for named in ("older", str(tmp_path / "older")):
        assert main(["rizz", "--builds", str(tmp_path), "--json", "--build", named]) == 0
        assert json.loads(capsys.readouterr().out)["build"] == "older"


def test_the_same_question_gets_the_same_answer(why) -> None:
    assert why("rizz") == why("rizz")
    assert why("rizz", "--json") == why("rizz", "--json")


BROKEN = {
    "entries.parquet": [b"", b"not parquet", None],
    "ledger.parquet": [b"PAR1PAR1", None],
    "manifest.json": [b"{", b"[]", b"{}", b'{"stages": 3}', b"\xff"],
    "chat/train.jsonl": [b"{\n", b"[1]\n", b"{}\n", b"\xff\n"],
}


@pytest.mark.parametrize(("name", "content"), [(name, content) for name, all_ in BROKEN.items() for content in all_])
def test_a_broken_build_is_one_line_and_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes | None
) -> None:
    broken = toy_build.write_build(tmp_path / "broken") / name
    broken.write_bytes(content) if content is not None else broken.unlink()
    assert main(["rizz", "--builds", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert len(said.err.splitlines()) == 1
    assert name.rpartition("/")[2] in said.err


def test_a_table_that_no_build_wrote_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import pandas as pd

    pd.DataFrame({"a": [1]}).to_parquet(toy_build.write_build(tmp_path / "odd") / "entries.parquet")
    assert main(["rizz", "--builds", str(tmp_path)]) == 2
    assert "entries.parquet: has no column" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["rizz"], ["rizz", "--build", "absent"]])
def test_no_build_is_one_line_and_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert main([*words, "--builds", str(tmp_path)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_help_comes_without_heavy_imports(project: Path) -> None:
    code = "import sys, pipelines.why as w\ntry: w.main(['--help'])\nexcept SystemExit: pass\nprint(sorted({'pandas', 'rich', 'pyarrow', 'torch'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=True)
    assert "TERM_OR_ID" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("end", ["| head -c 10", "--json | head -c 10"])
def test_a_reader_that_goes_away_causes_no_complaint(builds: Path, project: Path, end: str) -> None:
    command = f"{sys.executable} -m pipelines.why longest --builds {builds} {end}"
    done = subprocess.run(command, shell=True, cwd=project, capture_output=True, text=True)
    assert (done.returncode, done.stderr, len(done.stdout)) == (0, "", 10)


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_terminal_without_unicode_still_tells_the_story(builds: Path, project: Path, form: list[str]) -> None:
    command = [sys.executable, "-m", "pipelines.why", "rizz", "--builds", str(builds), *form]
    done = subprocess.run(command, cwd=project, capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, b"")
    assert RIZZ.definition in done.stdout.decode("ascii")
    if form:
        assert json.loads(done.stdout)["lives"][0]["conversations"][0]["messages"][1]["content"] == "“Rizz” is charm."
