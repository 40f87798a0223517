"""The benchmark of formatting faults: its sets are what they say, and its scorer counts what it should."""

from __future__ import annotations

import json
import subprocess
import sys
from random import Random

import pytest

from benchmarks.format_faults import again, peers
from benchmarks.format_faults.make import BAD, GOOD, write
from benchmarks.format_faults.ours import Seen
from benchmarks.format_faults.peers import by_file
from benchmarks.format_faults.score import score
from benchmarks.format_faults.sets import Scene
from benchmarks.format_faults.talks import talks
from benchmarks.format_faults.targets import FAMILIES, target
from curation.doctor.faults import FAULTS
from curation.templates import encode

KINDS = {kind.name: kind for kind in (*BAD, *GOOD)}


@pytest.fixture(autouse=True)
def _no_hub(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def test_every_fault_has_a_kind_and_no_two_kinds_share_a_name():
    assert {kind.fault for kind in BAD} == set(FAULTS) - {"POLYSEMY"}
    assert len(KINDS) == len(BAD) + len(GOOD)


def test_the_same_seed_writes_the_same_bytes_and_another_seed_other_rows(tmp_path):
    for name, seed in (("one", 3), ("again", 3), ("other", 4)):
        write(tmp_path / name, seed, ["lab"], faulty=2)
    one, again, other = ((tmp_path / name / "truth.jsonl").read_text() for name in ("one", "again", "other"))
    assert one == again != other
    assert {json.loads(line)["fault"] for line in one.splitlines()} == set(FAULTS) - {"POLYSEMY"}


@pytest.mark.parametrize("family", FAMILIES)
def test_ids_worked_out_by_prefixes_are_those_of_the_one_encode_function(family):
    aim = target(family)
    for talk in talks(Random(1), 6, longest=3):
        encoded = encode(talk.messages, aim.tokenizer, aim.settings)
        assert aim.ids(talk.messages) == (encoded.input_ids, encoded.labels)


@pytest.mark.parametrize("faulty", [2, 5])
def test_every_kind_can_be_made_with_any_number_of_rows(faulty):
    for kind in KINDS.values():
        made = kind.make(Scene(target("lab"), Random(2), 0, faulty, 2 * faulty)) if kind.fits(target("lab")) else []
        assert all(file.data and (file.truth or file.good or kind.fault == "LEAK") for file in made), kind.name


def test_a_command_that_is_loaded_once_runs_anew_each_time(tmp_path):
    (tmp_path / "tool.py").write_text(
        "import sys\nseen = []\n"
        "def run():\n    seen.append(sys.argv[1])\n    print(seen)\n"
        "    {'stop': lambda: sys.exit('refused'), 'fail': lambda: 1 / 0}.get(sys.argv[1], int)()\n"
    )
    asked = "".join(f"{json.dumps([word])}\n" for word in ("a", "stop", "fail"))
    words = [sys.executable, again.__file__, "tool", "run", "20", "json"]
    done = subprocess.run(words, input=asked, capture_output=True, text=True, cwd=tmp_path, env={"PYTHONPATH": "."})
    first, second, third = map(json.loads, done.stdout.splitlines())
    assert (first, second) == ("['a']\n", "['stop']\nrefused\n")
    assert "['fail']" in third
    assert "ZeroDivisionError" in third


def test_what_a_peer_says_of_good_files_too_is_no_objection(tmp_path, monkeypatch):
    said = {"good": ["no licence"], "bad": ["no licence", "empty answer"]}
    (tmp_path / "good" / "messages").mkdir(parents=True)
    (tmp_path / "bad").mkdir()
    for folder in ("good/messages", "bad"):
        (tmp_path / folder / "messages.jsonl").write_text(folder.partition("/")[0])

    def look(command, folder, tokenizer):
        return by_file(folder, lambda file: ("", said[file.read_text()]))

    monkeypatch.setitem(peers.PEERS, "toy", peers.Peer(look, "", "", ""))
    monkeypatch.setattr(peers, "opened", lambda name, place: None)
    usual = peers.usual("toy", tmp_path, tmp_path / "good", tmp_path)
    assert usual == {"messages": {"no licence"}}
    assert peers.look("toy", tmp_path, tmp_path / "bad", tmp_path, usual).named == [("messages.jsonl", -1, "ANY")]


def test_the_scorer_tells_named_noticed_and_alarms_apart():
    kind = KINDS["null"]
    made = kind.make(Scene(target("lab"), Random(1), 0, 2, 4))
    first, second = (one.row for one in made[0].truth)
    good = next(row for row in range(6) if row not in (first, second))
    name = made[0].name
    told = score("lab", kind, made, Seen([(name, first, "NON-STRING"), (name, second, "GLUE"), (name, good, "GLUE")]))
    assert (told.faulty, told.named, told.noticed, told.good, told.alarms) == (2, 1, 2, 4, 1)


def test_a_repair_counts_only_when_the_copy_holds_the_clean_twin():
    kind = KINDS["asisstant"]
    made = kind.make(Scene(target("lab"), Random(1), 0, 2, 4))
    twins = [one.twin for one in made[0].truth]
    proved = {(made[0].name, one.row) for one in made[0].truth}
    spoilt = {"messages": [{"role": "user", "content": "something else"}]}
    told = score("lab", kind, made, Seen(written=[*made[0].good, twins[0], spoilt], proved=proved))
    assert (told.twins, told.repaired, told.wrong) == (2, 1, 1)
