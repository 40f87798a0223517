"""The benchmark of formatting faults: its sets are what they say, and its scorer counts what it should."""

from __future__ import annotations

import json
from random import Random

import pytest

from benchmarks.format_faults.make import BAD, GOOD, write
from benchmarks.format_faults.ours import Seen
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
