"""A diagnosis lists every fault of every row, in the order of the file, whoever does the work."""

from __future__ import annotations

import json

import pytest

from curation.doctor import diagnose
from curation.doctor.row import FileEvent, Row


def row(asked, answered, **more):
    return {"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}], **more}


GOOD = [row(f"What does “word{n}” mean?", f"It is the {n}th word of a list that goes on.") for n in range(30)]


def test_well_formed_rows_raise_nothing(shared_data, lab, llama, chatml):
    lines = (shared_data / "chat" / "well_formed.jsonl").read_text("utf-8").splitlines()
    for target in (lab, llama, chatml):
        assert diagnose(map(json.loads, lines), target).findings == []


def test_plain_records_and_rows_are_the_same(lab):
    bad = [*GOOD[:3], row("What is “x”?", None)]
    plain = diagnose(bad, lab).findings
    rows = diagnose([Row("", number, 0, value) for number, value in enumerate(bad)], lab).findings
    assert plain == rows
    assert [(found.row, found.fault) for found in plain] == [(3, "NON-STRING")]


def test_a_tokenizer_will_do_as_target(lab):
    assert diagnose(GOOD[:2], lab.tokenizer).findings == []


def test_a_row_that_cannot_be_encoded_never_passes(lab):
    leaked = row("What does “word1” mean?", "Charm.<|eot_id|>")
    (found,) = [one for one in diagnose([*GOOD, leaked], lab).findings if one.severity == "fatal"]
    assert (found.row, found.fault) == (30, "CTRL-TOKEN")


@pytest.mark.parametrize("said", ["", " \n"])
def test_an_empty_answer_is_nothing_to_train_on(said, lab):
    fatal = [one for one in diagnose([*GOOD, row("What is “x”?", said)], lab).findings if one.severity == "fatal"]
    assert [(one.row, one.fault) for one in fatal] == [(30, "NO-TARGET")]


def test_events_of_the_reader_are_findings_of_their_rows(lab):
    events = [
        FileEvent("b.jsonl", -1, 0, "FILE-READ", "a byte order mark", mended=True),
        FileEvent("b.jsonl", 1, 2, "FILE-READ", "a broken line", mended=False, raw="{"),
    ]
    rows = [Row("b.jsonl", 0, 1, GOOD[0]), Row("b.jsonl", 2, 3, GOOD[1])]
    diagnosis = diagnose(rows, lab, events=events)
    assert [(one.row, one.fault) for one in diagnosis.findings] == [(-1, "FILE-READ"), (1, "FILE-READ")]
    assert diagnosis.rows == 3
    assert diagnosis.fatal


def test_findings_are_counted_by_row_the_most_harmful_first(lab):
    diagnosis = diagnose([row("What is “a”?", None), row("What is “b”?", None), {"zap": 1}, *GOOD], lab)
    assert list(diagnosis.counts.items())[:2] == [("NON-STRING", 2), ("KEY-SCHEMA", 1)]


def test_workers_find_what_one_process_finds(lab, monkeypatch):
    monkeypatch.setattr("curation.doctor.workers.FEWEST", 10)
    rows = [*GOOD, row("What is “x”?", 5), *GOOD[:7], {"Prompt": "hi there", "completion": "hello"}, {"text": None}]
    alone, together = diagnose(rows, lab), diagnose(rows, lab, workers=3)
    assert alone == together
    assert {found.fault for found in alone.findings} >= {"NON-STRING", "KEY-SCHEMA"}


def test_a_worker_that_fails_fails_the_diagnosis(lab, monkeypatch):
    monkeypatch.setattr("curation.doctor.workers.FEWEST", 10)

    def broken(case):
        if case.row.row == 25:
            raise KeyError("as if a rule were wrong")
        return []

    class Broken:
        fault, needs_ids, hints = "GLUE", False, ()

        def find(self, case, survey, target):
            return broken(case)

    monkeypatch.setattr("curation.doctor.diagnosis.RULES", (Broken(),))
    with pytest.raises(KeyError, match="as if a rule were wrong"):
        diagnose(GOOD, lab, workers=2)


def test_without_ids_nothing_is_encoded(lab, monkeypatch):
    monkeypatch.setattr("curation.doctor.target.try_encode_all", lambda *given: pytest.fail("encoded"))
    assert diagnose(GOOD, lab, ids=False).findings == []


TOOLS = [
    {"role": "user", "content": "Look up “rizz”."},
    {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"type": "function", "function": {"name": "look_up", "arguments": {"term": "rizz"}}}],
    },
    {"role": "tool", "content": "charm"},
    {"role": "assistant", "content": "It means charm."},
]


def test_rows_with_tools_are_only_rendered(llama):
    from curation.doctor.diagnosis import encode, opened

    case = opened(Row("", 0, 0, {"messages": TOOLS}), llama)[0]
    encode([case], llama)
    assert case.encoded is None
    diagnosis = diagnose([{"messages": TOOLS}, *GOOD], llama)
    assert (diagnosis.findings, diagnosis.only_rendered) == ([], 1)


@pytest.mark.parametrize(
    "value",
    [
        row("What is “x”?", "x" * 10_000_000),
        {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}] * 50_000},
        row("{{ 7 * 7 }}{% for x in range(9999999) %}", "{{ ''.__class__.__mro__ }}"),
        row("What is “x”?", "half a character: \ud83d"),
        {f"key{n}": n for n in range(50_000)},
        {"messages": [[[[[[[[[[]]]]]]]]]]},
    ],
    ids=["ten megabytes", "100,000 turns", "Jinja", "a lone surrogate", "50,000 keys", "nested"],
)
def test_hostile_rows_give_findings_and_no_crash(value, lab):
    faults = {found.fault for found in diagnose([value, *GOOD[:3]], lab).findings if found.row == 0}
    assert faults or "{{" in str(value)[:100]
