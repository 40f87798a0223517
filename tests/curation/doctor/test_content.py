"""Turns that are no text, and keys and layouts that nobody reads: found in every layout, silent on their good twins."""

from __future__ import annotations

import pytest

from curation.doctor import diagnose, repair

ASKED = "What does “rizz” mean?"
PARTS = [{"type": "text", "text": "Charm, "}, {"type": "text", "text": "with people."}]
MAKE = {
    "messages": lambda said, asked=ASKED: {
        "messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]
    },
    "sharegpt": lambda said, asked=ASKED: {
        "conversations": [{"from": "human", "value": asked}, {"from": "gpt", "value": said}]
    },
    "alpaca": lambda said, asked=ASKED: {"instruction": asked, "input": "", "output": said},
    "prompt and completion": lambda said, asked=ASKED: {"prompt": asked, "completion": said},
}


def good(layout, count):
    """So many good rows, each about a word of its own."""
    words = ("drip", "stan", "flex", "salty", "ghost")[:count]
    return [MAKE[layout](f"It is said of {word} and nothing else.", f"What does “{word}” mean?") for word in words]


def found(rows, target, fault):
    return [one.row for one in diagnose(rows, target).findings if one.fault == fault]


@pytest.mark.parametrize("layout", MAKE)
@pytest.mark.parametrize("said", [None, 7, 1.5, True, {"a": 1}, ["x", "y"], PARTS, [], float("nan")])
def test_what_is_no_text_is_found_in_every_layout(layout, said, lab):
    rows = good(layout, 3)
    rows.insert(1, MAKE[layout](said))
    assert found(rows, lab, "NON-STRING") == [1]


@pytest.mark.parametrize("name", ["lab", "smollm2-135m-instruct", "gemma-3-1b-it", "llama-3.2-1b-instruct"])
def test_text_parts_are_good_where_the_template_takes_them(name, target_named):
    target = target_named(name)
    assert (found([MAKE["messages"](PARTS)], target, "NON-STRING") == []) == target.takes_parts


def test_some_templates_take_text_parts_and_some_do_not(target_named):
    assert target_named("gemma-3-1b-it").takes_parts
    assert not target_named("smollm2-135m-instruct").takes_parts


def test_text_parts_are_joined_and_numbers_written_out(lab):
    repaired = repair([MAKE["messages"](PARTS), MAKE["messages"](143)], lab)
    said = [row.value["messages"][1]["content"] for row in repaired.rows]
    assert said == ["Charm, with people.", "143"]
    assert all(proof.trained > 1 and proof.after for proof in repaired.proofs)


@pytest.mark.parametrize("said", [None, True, {"a": 1}, ["x", "y"], float("nan"), float("inf")])
def test_what_stands_for_no_text_is_quarantined(said, lab):
    repaired = repair([MAKE["messages"](said)], lab)
    assert not repaired.rows
    assert [gone.fault for gone in repaired.quarantined] == ["NON-STRING"]


def test_a_tool_call_needs_no_text(llama):
    call = {"type": "function", "function": {"name": "look_up", "arguments": {"term": "rizz"}}}
    turns = [
        {"role": "user", "content": ASKED},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "content": "charm"},
        {"role": "assistant", "content": "Charm."},
    ]
    assert not found([{"messages": turns}], llama, "NON-STRING")


@pytest.mark.parametrize("value", [{"text": None}, {"text": 5}, {"id": 3, "text": ["a"]}])
def test_a_text_column_without_text_is_found(value, lab):
    assert found([value], lab, "NON-STRING") == [0]


@pytest.mark.parametrize("layout", MAKE)
def test_keys_in_another_case_are_found_and_put_right(layout, lab):
    rows = good(layout, 4)
    rows[2] = {key.capitalize(): value for key, value in rows[2].items()}
    assert found(rows, lab, "KEY-SCHEMA") == [2]
    repaired = repair(rows, lab)
    assert len(repaired.rows) == 4
    assert len({tuple(row.value) for row in repaired.rows}) == 1
    assert not repaired.after.findings


@pytest.mark.parametrize("other", ["sharegpt", "alpaca", "prompt and completion"])
def test_two_layouts_in_one_file_are_made_one(other, lab):
    rows = good("messages", 4)
    rows.insert(3, MAKE[other]("Charm, as others write it down."))
    assert found(rows, lab, "KEY-SCHEMA") == [3]
    repaired = repair(rows, lab)
    assert [list(row.value) for row in repaired.rows] == [["messages"]] * 5
    assert repaired.rows[3].value["messages"][1]["content"] == "Charm, as others write it down."


def test_a_text_among_messages_becomes_messages_when_a_template_wrote_it(lab):
    rows = good("messages", 3)
    turns = MAKE["messages"]("As text.")["messages"]
    repaired = repair([*rows, {"text": lab.render(turns)}], lab)
    assert repaired.rows[3].value == {"messages": turns}


@pytest.mark.parametrize("layout", MAKE)
def test_one_layout_throughout_is_no_fault(layout, lab):
    rows = [row | {"id": number} for number, row in enumerate(good(layout, 5))]
    assert found(rows, lab, "KEY-SCHEMA") == []


def test_text_under_a_key_that_nobody_reads_is_reported_and_the_row_stays(lab):
    rows = good("messages", 3)
    rows[1]["response"] = "An answer that nobody trains on."
    assert found(rows, lab, "KEY-SCHEMA") == [1]
    assert len(repair(rows, lab).rows) == 3


def test_text_under_a_key_that_few_rows_have_is_reported(lab):
    rows = good("messages", 5)
    rows[3]["remarks"] = "They say it of everyone in town."
    assert found(rows, lab, "KEY-SCHEMA") == [3]
    for row in rows:
        row["remarks"] = "They say it of everyone in town."
    assert found(rows, lab, "KEY-SCHEMA") == []


@pytest.mark.parametrize("value", [None, 3, {}, {"Slang": "rizz", "Description": "charm"}, {"messages": "gone"}])
def test_a_record_of_no_layout_is_found_and_quarantined(value, lab):
    repaired = repair([value], lab)
    assert [(gone.fault, gone.row.value) for gone in repaired.quarantined] == [("KEY-SCHEMA", value)]


def test_pairs_of_answers_are_mentioned_once_and_left_alone(lab):
    rows = [{"prompt": ASKED, "chosen": f"Charm, kind {n}.", "rejected": "No idea at all."} for n in range(3)]
    repaired = repair(rows, lab)
    assert [(one.row, one.severity) for one in repaired.findings if one.fault == "KEY-SCHEMA"] == [(-1, "advice")]
    assert [row.value for row in repaired.rows] == rows
