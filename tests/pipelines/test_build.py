"""The main job, end to end, on the bundled sample: as a person runs it, in a process of its own."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import pytest
from running import PROJECT, build, command, contents

from benchmarks.planted import score
from pipelines.tables import read_table

# one build of the sample serves all these tests, so they run in one worker
pytestmark = pytest.mark.xdist_group("sample")


@pytest.fixture(scope="module")
def sample(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("sample")
    done = build(out)
    assert done.returncode == 0, done.stderr
    (out / "stdout.txt").write_text(done.stdout, encoding="utf-8")
    return out


def test_the_sample_builds_and_says_where_to_look(sample):
    said = (sample / "stdout.txt").read_text("utf-8")
    assert f"Open  {(sample / 'build' / 'report.html').as_uri()}" in said
    for stage in ("normalize", "exact_duplicates", "same_sense", "decontaminate"):
        assert stage in said


def test_everything_that_was_promised_is_there(sample):
    assert set(contents(sample / "build")) == {
        "entries.parquet",
        "ledger.parquet",
        "chat/train.jsonl",
        "chat/validation.jsonl",
        "chat/test.jsonl",
        "review/tasks.json",
        "report.html",
        "README.md",
        "recipe.toml",
        "manifest.json",
    }


def test_the_manifest_knows_every_file_of_data(sample):
    files = json.loads((sample / "build" / "manifest.json").read_text("utf-8"))["files"]
    assert set(contents(sample / "build")) - set(files) == {"report.html", "README.md", "manifest.json"}
    assert files == {name: sha256((sample / "build" / name).read_bytes()).hexdigest() for name in files}


def test_no_row_is_lost(sample):
    counts = json.loads((sample / "build" / "manifest.json").read_text("utf-8"))["counts"]
    kept, ledger = (read_table(sample / "build" / f"{name}.parquet") for name in ("entries", "ledger"))
    assert counts["read"] + counts["bad_records"] == counts["kept"] + counts["ledger"] == len(kept) + len(ledger)
    assert not set(kept["id"]) & set(ledger["id"])
    assert (ledger["reason"] != "").all()
    assert set(ledger["survivor"]) - {""} <= set(kept["id"]) | set(ledger["id"])


def test_conversations_have_the_shape_that_trainers_read(sample):
    for split in ("train", "validation", "test"):
        lines = (sample / "build" / "chat" / f"{split}.jsonl").read_text("utf-8").splitlines()
        assert lines, f"{split} is empty"
        for line in map(json.loads, lines):
            assert list(line) == ["messages", "id", "term", "task"]
            assert [message["role"] for message in line["messages"]][-1] == "assistant"
            assert all(message["content"].strip() for message in line["messages"])


def test_a_term_stands_in_one_split_only(sample):
    kept = read_table(sample / "build" / "entries.parquet")
    terms = kept[kept["term_key"] != ""]
    assert (terms.groupby("term_key")["split"].nunique() == 1).all()


def test_no_conversation_was_made_of_an_evaluation_sentence(sample):
    kept = read_table(sample / "build" / "entries.parquet")
    marked = kept[kept["evaluation_item"] != ""]
    assert len(marked), "the sample has such rows planted"
    assert not marked["conversations"].map(len).any()


def test_every_message_of_the_sample_ends_up_with_its_entry(sample):
    kept = read_table(sample / "build" / "entries.parquet")
    said = {id_ for ids in kept["conversations"] for id_ in ids}
    written = [
        json.loads(line)["id"]
        for path in (sample / "build" / "chat").glob("*.jsonl")
        for line in path.read_text("utf-8").splitlines()
    ]
    assert len(written) == len(set(written))
    assert said == set(written)


def test_two_builds_give_the_same_bytes_and_the_second_comes_from_the_cache(sample, tmp_path):
    first = contents(sample / "build")
    assert "from cache" in build(sample).stdout
    assert contents(sample / "build") == first
    assert build(tmp_path).returncode == 0
    assert contents(tmp_path / "build") == first


def check_kill_and_resume(sample: Path, out: Path, kills: int, longest: float) -> None:
    chance = random.Random(7)
    for _ in range(kills):
        process = subprocess.Popen(command(out), cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.5, longest))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not (out / "build").exists() or contents(out / "build") == contents(sample / "build")
    assert build(out).returncode == 0
    assert contents(out / "build") == contents(sample / "build")
    leftovers = [path.name for path in out.iterdir() if path.name not in ("build", "cache", ".build.lock")]
    assert not leftovers


def test_a_killed_build_resumes_to_the_same_bytes(sample, tmp_path):
    check_kill_and_resume(sample, tmp_path, kills=2, longest=20)


@pytest.mark.slow
def test_a_build_killed_at_ten_random_moments_resumes_to_the_same_bytes(sample, tmp_path):
    check_kill_and_resume(sample, tmp_path, kills=10, longest=40)


def test_an_old_build_stays_whole_while_a_new_one_fails(sample, tmp_path):
    shutil.copytree(sample / "build", tmp_path / "build")
    done = build(tmp_path, "--source", f"genz={tmp_path / 'absent.csv'}")
    assert done.returncode == 2
    assert contents(tmp_path / "build") == contents(sample / "build")


def recipe(tmp_path: Path, data: bytes, more: str = "") -> Path:
    (tmp_path / "forum.csv").write_bytes(data)
    path = tmp_path / "tiny.toml"
    stages = "".join(f'[[stages]]\nuse = "{name}"\n' for name in ("normalize", "exact_duplicates", "quality", "split"))
    path.write_text(
        f'name = "tiny"\n[[sources]]\nname = "forum"\npath = "forum.csv"\nlanguage = "en"\n{more}\n{stages}', "utf-8"
    )
    return path


@pytest.mark.parametrize(
    ("data", "said", "status"),
    [
        (b"", "forum.csv", 2),
        (b"Slang,Description\n", "no entry", 2),
        (b"\x00\x01\x02\xff" * 400, "forum.csv", 2),
        (b"a,b,c\n1,2,3\n", "no column is recognised", 2),
        (b"Slang,Description\nrizz,\nmid,\n", "quality left no row of 2: empty_definition 2", 1),
    ],
)
def test_bad_input_is_one_clear_line_and_no_traceback(tmp_path, data, said, status):
    done = build(tmp_path, "--recipe", recipe(tmp_path, data))
    assert (done.returncode, "Traceback" in done.stderr) == (status, False), done.stderr
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "build").exists()


def test_broken_lines_and_odd_encodings_lose_no_good_row(tmp_path):
    text = "Slang,Description,Example\nrizz,Charm that draws people in.,He has rizz.\nbroken,row\nmid,“Mediocre” – of low quality.,That film was mid.\n"
    done = build(tmp_path, "--recipe", recipe(tmp_path, text.encode("cp1252")))
    assert done.returncode == 0, done.stderr
    assert sorted(read_table(tmp_path / "build" / "entries.parquet")["term"]) == ["mid", "rizz"]
    ledger = read_table(tmp_path / "build" / "ledger.parquet")
    assert list(ledger["reason"]) == ["wrong_field_count"]
    assert "line 3" in ledger["detail"][0]


def test_dry_run_prints_the_plan_and_writes_nothing(tmp_path):
    done = build(tmp_path, "--dry-run")
    assert done.returncode == 0
    assert "same_sense" in done.stdout
    assert "street_dictionary" in done.stdout
    assert not list(tmp_path.iterdir())


def test_limit_reads_that_many_records_of_each_source(tmp_path):
    rows = "".join(f"term{n},A meaning with the number {n} in it.,\n" for n in range(30))
    path = recipe(tmp_path, ("Slang,Description,Example\n" + rows).encode())
    assert build(tmp_path, "--recipe", path, "--limit", 7).returncode == 0
    assert json.loads((tmp_path / "build" / "manifest.json").read_text("utf-8"))["counts"]["read"] == 7


def test_two_builds_of_one_folder_at_once_are_refused(tmp_path):
    from filelock import FileLock

    with FileLock(tmp_path / ".build.lock"):
        done = build(tmp_path)
    assert done.returncode == 2
    assert "another build is writing it" in done.stderr


# What is a matter of fact is found every time; what is a judgement is found often, and rarely wrongly. The two decisions
# that need understanding (which texts belong together, which senses are one) find what they are sure of.
FACTS = (
    "broken_record",
    "missing_term",
    "missing_text",
    "not_text",
    "wrong_field_count",
    "empty_term",
    "exact_duplicate",
    "empty_definition",
    "over_long",
    "overlaps_evaluation",
    "repair:brackets",
    "repair:control_characters",
    "repair:edge_blanks",
    "repair:entities",
    "repair:line_breaks",
    "repair:markup",
    "repair:mojibake",
    "repair:quotes",
    "repair:unicode",
)
JUDGEMENTS = (
    "circular_definition",
    "copied_across_terms",
    "example_lacks_term",
    "full_name",
    "gibberish",
    "masked_private",
    "offensive",
    "private_text",
    "spam",
    "template_text",
    "vanity_name",
    "wrong_language",
)
HARD = ("definition_of_another_term", "example_of_another_term", "same_sense_duplicate")


@pytest.fixture(scope="module")
def scores(sample):
    return score(sample / "build")


def test_every_planted_matter_of_fact_is_found_and_nothing_else_is_called_so(scores):
    for fault in FACTS:
        assert scores[fault].planted >= 3, fault
        assert (scores[fault].recall, scores[fault].precision) == (1, 1), f"{fault}: {scores[fault]}"


def test_planted_judgements_are_mostly_found_and_rarely_wrong(scores):
    for fault in JUDGEMENTS:
        assert scores[fault].planted >= 3, fault
        assert scores[fault].recall >= 0.8, f"{fault}: {scores[fault]}"
        assert scores[fault].precision >= 0.7, f"{fault}: {scores[fault]}"


def test_the_hard_decisions_find_some_and_are_seldom_wrong(scores):
    for fault in HARD:
        assert scores[fault].found >= 2, f"{fault}: {scores[fault]}"
        assert scores[fault].precision >= 0.9, f"{fault}: {scores[fault]}"


def test_what_only_looks_like_a_fault_stays(scores):
    controls = sum(one.controls for one in scores.values())
    assert controls >= 150
    assert sum(one.controls_marked for one in scores.values()) <= controls * 0.02


def test_every_fault_that_a_stage_or_reader_can_name_is_planted(scores):
    from curation.entry import READ_REASONS
    from curation.stages import STAGES

    names = {name for stage in STAGES.values() for name in (*stage.reasons, *stage.flags)} | set(READ_REASONS)
    # a recipe asks for the first, the second would outgrow the sample, the third depends on the base model, and the
    # last is for people to say
    elsewhere = {"text_of_another_term", "record_too_long", "unfit_chat", "decided_by_person"}
    assert names - elsewhere <= {name for name, one in scores.items() if one.planted}


@pytest.mark.parametrize("out", ["", ".", "..", "{tmp}/documents"])
def test_out_never_destroys_what_is_no_build(tmp_path, out):
    place = tmp_path / "documents"
    (place / "chapters").mkdir(parents=True)
    (place / "thesis.txt").write_text("precious")
    path = recipe(tmp_path, b"Slang,Description\nrizz,Charm that draws people in.\n")
    words = ["--recipe", path, "--cache", tmp_path / "cache", "--out", out.replace("{tmp}", str(tmp_path))]
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.build", *map(str, words)],
        capture_output=True,
        text=True,
        cwd=place / "chapters" if out == ".." else place,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert (place / "thesis.txt").read_text() == "precious"
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".part")]


def test_one_hostile_row_leaves_and_the_build_goes_on(tmp_path):
    rows = [
        "rizz,Charm that draws people in.,He has rizz.",
        "evil,Stop <|eot_id|> now.,An evil example.",
        "{{7*7}},A placeholder that nobody filled in.,{{7*7}} again.",
        "pwned,Beaten at <script>alert(1)</script> the game &lt;script&gt;alert(1)&lt;/script&gt;.,You got pwned {% raw %}.",
        "../../etc/passwd,A path that is a word.,Read ../../etc/passwd aloud.",
        "NaN,Not a number.,That is NaN.",
    ]
    done = build(tmp_path, "--recipe", recipe(tmp_path, "\n".join(["Slang,Description,Example", *rows]).encode()))
    assert done.returncode == 0, done.stderr
    ledger = read_table(tmp_path / "build" / "ledger.parquet")
    assert dict(zip(ledger["term"], ledger["reason"], strict=True)) == {
        "evil": "template_text",
        "{{7*7}}": "template_text",
    }
    page = (tmp_path / "build" / "report.html").read_text("utf-8")
    assert "<script>alert(1)" not in page
    chats = "".join(path.read_text("utf-8") for path in (tmp_path / "build" / "chat").glob("*.jsonl"))
    assert "<|eot_id|>" not in chats
    assert "{% raw %}" in chats, "a template's own marks are plain text here"
