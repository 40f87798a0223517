"""A whole source: files, folders, globs, the Hub, and the fingerprint of all of it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pipelines.sources import SourceError, SourceSettings, fingerprint, read_source
from pipelines.sources.hub import advice

CSV = "term,meaning\nNaN,not a number\n007,a spy\n,nothing\n"


@pytest.fixture
def folder(tmp_path):
    for name in ("b.csv", "a.csv", "deep/c.csv", ".hidden.csv", "notes.md"):
        path = tmp_path / "data" / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(CSV)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "files"),
    [
        ("data/b.csv", ["b.csv"]),
        ("data", ["a.csv", "b.csv", "deep/c.csv"]),
        ("data/*.csv", ["a.csv", "b.csv"]),
        ("data/**/*.csv", ["a.csv", "b.csv", "deep/c.csv"]),
        (["data/b.csv", "data/a.csv"], ["b.csv", "a.csv"]),
        (["data/b.csv", "data/*.csv", "data/../data/b.csv"], ["b.csv", "a.csv"]),
    ],
)
def test_files_are_read_once_in_a_fixed_order_under_short_names(folder, path, files):
    entries, bad = read_source(SourceSettings(name="toy", path=path), root=folder)
    assert list(dict.fromkeys(entry.file for entry in entries)) == files
    assert len(entries) == 2 * len(files)
    assert [b.file for b in bad] == files


def test_a_file_with_brackets_in_its_name_is_a_file_before_it_is_a_glob(tmp_path):
    (tmp_path / "a[1].csv").write_text(CSV)
    assert len(read_source(SourceSettings(name="toy", path="a[1].csv"), root=tmp_path)[0]) == 2


def test_a_name_that_tells_no_format_is_refused_and_a_stated_format_is_used(tmp_path):
    (tmp_path / "a.dat").write_text(CSV)
    with pytest.raises(SourceError, match="say format = one of csv, tsv"):
        read_source(SourceSettings(name="toy", path="a.dat"), root=tmp_path)
    assert len(read_source(SourceSettings(name="toy", path="a.dat", format="csv"), root=tmp_path)[0]) == 2


def test_limit_holds_over_all_files(folder):
    entries, bad = read_source(SourceSettings(name="toy", path="data"), root=folder, limit=4)
    assert len(entries) + len(bad) == 4
    assert read_source(SourceSettings(name="toy", path="data"), root=folder, limit=0) == ([], [])


def test_the_fingerprint_follows_content_and_settings_and_nothing_else(folder):
    settings = SourceSettings(name="toy", path="data")
    first = fingerprint(settings, folder)
    assert first == fingerprint(settings, folder)
    assert first != fingerprint(settings.model_copy(update={"language": "en"}), folder)
    (folder / "data" / "notes.md").write_text("not read")
    assert first == fingerprint(settings, folder)
    (folder / "data" / "a.csv").write_text(CSV + "rizz,charm\n")
    second = fingerprint(settings, folder)
    assert second != first
    (folder / "data" / "a.csv").rename(folder / "data" / "aa.csv")
    assert fingerprint(settings, folder) not in (first, second)


def test_the_fingerprint_of_a_dictionary_covers_its_text(tmp_path):
    (tmp_path / "a.index").write_text("w\tA\tB\n")
    (tmp_path / "a.dict").write_text("x")
    settings = SourceSettings(name="toy", path="a.index")
    first = fingerprint(settings, tmp_path)
    (tmp_path / "a.dict").write_text("y")
    assert fingerprint(settings, tmp_path) != first


def test_a_dataset_folder_is_loaded_with_every_word_as_text(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "train.csv").write_text(CSV)
    (tmp_path / "set" / "test.csv").write_text("term,meaning\nnull,nothing at all\n")
    entries, bad = read_source(SourceSettings(name="toy", hub="set"), root=tmp_path)
    assert [(entry.term, entry.file) for entry in entries] == [("NaN", "train"), ("007", "train"), ("null", "test")]
    assert [(b.reason, b.row, b.file) for b in bad] == [("missing_term", 2, "train")]
    sliced, _ = read_source(SourceSettings(name="toy", hub="set", split="train[:1]"), root=tmp_path)
    assert [entry.term for entry in sliced] == ["NaN"]
    with pytest.raises(SourceError, match=r'set: check the source.s split .*Unknown split "nope"'):
        read_source(SourceSettings(name="toy", hub="set", split="nope"), root=tmp_path)
    assert fingerprint(SourceSettings(name="toy", hub="set"), tmp_path) != fingerprint(
        SourceSettings(name="toy", hub="set", split="test"), tmp_path
    )


def test_a_hub_that_cannot_be_reached_is_one_line_with_advice(tmp_path):
    with pytest.raises(SourceError, match="nobody/nothing: the Hub cannot be reached; download") as refusal:
        read_source(SourceSettings(name="toy", hub="nobody/nothing"), root=tmp_path)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("says", "told"),
    [
        (
            "Dataset 'a/b' is a gated dataset on the Hub. Visit the page to ask for access.",
            "is gated: accept its terms",
        ),
        ("Dataset 'a/b' doesn't exist on the Hub or cannot be accessed.", "no such dataset"),
        ("Revision 'x' doesn't exist for dataset 'a/b' on the Hub.", "check the source's revision"),
        ("BuilderConfig 'x' not found. Available: ['default']", "check the source's config"),
        ("Something\nnobody has foreseen", "cannot be loaded (Something nobody"),
    ],
)
def test_what_the_hub_says_becomes_one_line_with_advice(says, told):
    line = advice(ValueError(says))
    assert line.startswith(told)
    assert "\n" not in line


def test_importing_the_readers_loads_nothing_heavy(project):
    heavy = "{'pandas', 'numpy', 'pyarrow', 'datasets', 'torch', 'charset_normalizer', 'huggingface_hub'}"
    code = f"import sys, pipelines.sources; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_parquet_cells_that_python_cannot_hold_cost_only_themselves(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    far = pa.array([2**62, 0], pa.timestamp("us"))
    pq.write_table(
        pa.table({"term": ["mid", "cap"], "definition": ["Mediocre.", "A lie."], "seen": far}), tmp_path / "a.parquet"
    )
    entries, bad = read_source(SourceSettings(name="a", path="a.parquet"), root=tmp_path)
    assert [entry.term for entry in entries] == ["mid", "cap"]
    assert not bad


def test_a_separator_of_several_characters_is_refused_for_csv(tmp_path):
    (tmp_path / "a.csv").write_text("term::definition\nmid::Mediocre.\n")
    with pytest.raises(ValueError, match="separator"):
        read_source(SourceSettings(name="a", path="a.csv", separator="::"), root=tmp_path)
