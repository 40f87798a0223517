"""Repairs are honest and proved: rows in are rows out, quarantined or merged, and a second run changes nothing."""

from __future__ import annotations

import json

import hypothesis
import pytest
from hypothesis import strategies as st

from curation.doctor import diagnose, repair
from curation.doctor.row import FileEvent, Row
from curation.templates import encode


def row(asked, answered, **more):
    return {"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}], **more}


GOOD = [row(f"What does “word{n}” mean?", f"It is the {n}th word of a list that goes on.") for n in range(12)]
MIXED = [
    *GOOD[:6],
    row("What is “five”?", 5),
    row("What is “none”?", None),
    {"Messages": GOOD[7]["messages"], "id": 3},
    {"conversations": [{"from": "human", "value": "Define “fit”."}, {"from": "gpt", "value": "An outfit."}]},
    {"zap": 1},
    row("What is “leak”?", "A leak.<|eot_id|> and more"),
    *GOOD[8:],
]


def test_good_rows_are_untouched_and_need_no_proof(shared_data, llama):
    lines = (shared_data / "chat" / "well_formed.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    repaired = repair(rows, llama)
    assert [given.value for given in repaired.rows] == rows
    assert all(out.value is given for out, given in zip(repaired.rows, rows, strict=True))
    assert repaired.proofs == []


@pytest.mark.parametrize("name", ["lab", "smollm2-135m-instruct", "gemma-3-1b-it"])
def test_every_row_is_kept_or_accounted_for(name, target_named):
    repaired = repair(MIXED, target_named(name))
    gone = [one.row.row for one in repaired.quarantined + repaired.merged]
    kept = [origin for _, origin in repaired.origins]
    assert sorted(gone + kept) == list(range(len(MIXED)))
    assert all(one.reason for one in repaired.quarantined)


def test_no_fatal_fault_is_left(lab):
    assert not repair(MIXED, lab).after.fatal


def test_a_second_run_changes_nothing(lab):
    first = repair(MIXED, lab)
    second = repair(first.rows, lab)
    assert json.dumps([one.value for one in second.rows]) == json.dumps([one.value for one in first.rows])
    assert second.proofs == []
    assert second.quarantined == []


def test_each_mended_row_is_proved_by_the_one_encode_function(lab):
    repaired = repair(MIXED, lab)
    places = {origin: place for place, (_, origin) in enumerate(repaired.origins)}
    assert {proof.row for proof in repaired.proofs} >= {6, 8, 9}
    for proof in repaired.proofs:
        encoded = encode(repaired.rows[places[proof.row]].value["messages"], lab.tokenizer, lab.settings)
        assert (proof.tokens, proof.trained) == (len(encoded.input_ids), sum(encoded.loss_mask))
        assert proof.after
        assert proof.faults


def test_a_file_in_which_rows_are_mended_has_one_layout_afterwards(lab):
    rows = [
        {"conversations": [{"from": "human", "value": f"What is “w{n}”?"}, {"from": "gpt", "value": f"Word no. {n}."}]}
        for n in range(5)
    ]
    assert [one.value for one in repair(rows, lab).rows] == rows
    rows[2]["conversations"][1]["value"] = [{"type": "text", "text": "In parts."}]
    assert [list(one.value) for one in repair(rows, lab).rows] == [["messages"]] * 5


def test_other_files_stay_as_they_are(lab):
    sharegpt = {"conversations": [{"from": "human", "value": "What is “a”?"}, {"from": "gpt", "value": "A letter."}]}
    rows = [Row("a.jsonl", 0, 1, sharegpt), Row("b.jsonl", 0, 1, row("What is “five”?", 5))]
    repaired = repair(rows, lab)
    assert [one.value for one in repaired.rows if one.file == "a.jsonl"] == [sharegpt]
    assert [one.file for one in repaired.rows] == ["a.jsonl", "b.jsonl"]


def test_rows_are_numbered_as_the_written_file_will_be(lab):
    repaired = repair(MIXED, lab)
    assert [one.row for one in repaired.rows] == list(range(len(repaired.rows)))


def test_an_unreadable_record_is_quarantined_with_what_stood_there(lab):
    event = FileEvent("f.jsonl", 1, 2, "FILE-READ", "a broken line", mended=False, raw='{"messages"')
    repaired = repair([Row("f.jsonl", 0, 1, GOOD[0])], lab, events=[event])
    assert [(gone.row.row, gone.row.value, gone.fault) for gone in repaired.quarantined] == [
        (1, '{"messages"', "FILE-READ")
    ]


def test_text_and_ids_keep_their_layout(lab):
    turns = GOOD[0]["messages"]
    encoded = encode(turns, lab.tokenizer, lab.settings)
    text = {"text": encoded.text}
    ids = {"input_ids": encoded.input_ids, "labels": encoded.labels}
    assert [one.value for one in repair([text], lab).rows] == [text]
    assert [one.value for one in repair([ids], lab).rows] == [ids]


def test_rules_that_undo_each_other_end_in_quarantine(lab, monkeypatch):
    class Flip:
        fault, needs_ids, hints = "GLUE", False, ()

        def find(self, case, survey, target):
            from curation.doctor.rule import finding

            yield finding(case, "GLUE", "warning", "not as it should be")

        def mend(self, case, survey, target):
            said = case.turns[1]["content"]
            other = "Yes." if said != "Yes." else "No."
            return [case.but(turns=[case.turns[0], {"role": "assistant", "content": other}])]

    for module in ("diagnosis", "repairing"):
        monkeypatch.setattr(f"curation.doctor.{module}.RULES", (Flip(),))
    repaired = repair([GOOD[0]], lab)
    assert not repaired.rows
    assert repaired.quarantined[0].reason == "its repair does not settle"


def test_workers_repair_as_one_process_does(lab, monkeypatch):
    monkeypatch.setattr("curation.doctor.workers.FEWEST", 4)
    assert repair(MIXED, lab, workers=3) == repair(MIXED, lab)


@pytest.mark.parametrize("name", ["text_no_template.jsonl", "flat_roles.json", "prompt_strings.json"])
def test_real_files_settle_and_lose_nothing(name, shared_data, lab):
    text = (shared_data / "chat" / name).read_text("utf-8")
    rows = (json.loads(text) if name.endswith(".json") else [json.loads(line) for line in text.splitlines()])[:120]
    repaired = repair(rows, lab)
    assert not repaired.after.fatal
    kept = {origin for _, origin in repaired.origins}
    assert kept | {gone.row.row for gone in repaired.quarantined + repaired.merged} == set(range(len(rows)))
    again = repair([one.value for one in repaired.rows], lab)
    assert [one.value for one in again.rows] == [one.value for one in repaired.rows]


CONTENT = st.none() | st.integers() | st.booleans() | st.text(max_size=12) | st.lists(st.text(max_size=4), max_size=2)
ROLE = st.sampled_from(["user", "assistant", "system", "human", "gpt", "User", "tool", "zed", ""])
TURN = st.fixed_dictionaries({"role": ROLE, "content": CONTENT})
RECORD = (
    st.fixed_dictionaries({"messages": st.lists(TURN, max_size=4)})
    | st.fixed_dictionaries({"prompt": CONTENT, "completion": CONTENT})
    | st.fixed_dictionaries({"instruction": CONTENT, "Output": CONTENT})
    | st.fixed_dictionaries({"text": CONTENT})
    | TURN
    | st.fixed_dictionaries({"input_ids": st.lists(st.integers(0, 300), max_size=9)})
    | CONTENT
)


@hypothesis.given(st.lists(RECORD, max_size=5))
@hypothesis.settings(max_examples=40, deadline=None, suppress_health_check=list(hypothesis.HealthCheck))
def test_whatever_the_rows_a_second_run_changes_nothing(lab, rows):
    first = repair(rows, lab)
    assert not first.after.fatal
    second = repair([one.value for one in first.rows], lab)
    assert [one.value for one in second.rows] == [one.value for one in first.rows]
    assert not second.quarantined
    assert not diagnose([one.value for one in first.rows], lab).fatal
