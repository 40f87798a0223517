"""Reasoning: tags that pair are no stray control tokens, and no repair takes reasoning out of a row."""

from __future__ import annotations

import pytest

from curation.doctor import diagnose, repair
from curation.templates import EncodeError

ASKED = "What does “rizz” mean?"
THOUGHT = "<think>\nThey ask about rizz.\n</think>\n\nIt means charm."
RESERVING = ["qwen3-0.6b", "deepseek-r1-distill-qwen-1.5b"]  # <think> is a control token of theirs
PLAIN = ["llama-3.2-1b-instruct", "gemma-3-1b-it", "smollm2-135m-instruct"]


def chat(*said):
    return {"messages": [{"role": ("user", "assistant")[at % 2], "content": text} for at, text in enumerate(said)]}


def found(row, target):
    return [(one.fault, one.severity) for one in diagnose([row], target).findings]


def reasoned(target):
    """A text as the model is asked and answers, with its reasoning."""
    text = target.render(chat(ASKED, "It means charm.")["messages"])
    return {"text": text.replace(target.form.final.add + "It means charm.", THOUGHT)}


@pytest.mark.parametrize("name", ["qwen3-0.6b", *PLAIN])
def test_reasoning_that_the_template_keeps_is_no_fault_and_stays(name, target_named):
    target = target_named(name)
    rows = [chat(ASKED, THOUGHT), chat(ASKED, "It means charm.", "And “drip”?", THOUGHT)]
    mended = repair(rows, target)
    assert mended.findings == []
    assert [row.value for row in mended.rows] == rows


@pytest.mark.parametrize("name", RESERVING + PLAIN)
def test_a_rendered_text_with_reasoning_is_the_targets_own(name, target_named):
    target = target_named(name)
    row = reasoned(target)
    assert target.turns_of(row["text"])[-1]["content"] == THOUGHT
    assert found(row, target) == []


def test_reasoning_that_the_template_drops_is_fatal_and_never_taken_out(target_named):
    target = target_named("deepseek-r1-distill-qwen-1.5b")
    mended = repair([chat(ASKED, THOUGHT)], target)
    assert [(one.fault, one.severity) for one in mended.findings] == [("THINK", "fatal")]
    assert [one.row.value for one in mended.quarantined] == [chat(ASKED, THOUGHT)]
    spoilt = {"text": reasoned(target)["text"].replace("They ask", "They\x08 ask")}
    assert [one.fault for one in repair([spoilt], target).quarantined] == ["MOJIBAKE"]


def test_dropping_what_earlier_answers_thought_is_advice(target_named):
    row = chat(ASKED, THOUGHT, "And “drip”?", "<think>\nNow drip.\n</think>\n\nIt means style.")
    assert found(row, target_named("qwen3-0.6b")) == [("THINK", "advice")]
    assert found(row, target_named("llama-3.2-1b-instruct")) == []


@pytest.mark.parametrize("name", [*RESERVING, *PLAIN])
@pytest.mark.parametrize(
    "said",
    [
        (ASKED, THOUGHT),
        (ASKED, "<think>They ask.</think>It means charm."),
        (ASKED, "<think>\n\n</think>\n\nIt means charm."),
        (ASKED, THOUGHT, "And “drip”?", THOUGHT),
        (ASKED, THOUGHT, "And “drip”?", "It means style."),
        (ASKED, "Well. <think>They ask.</think> It means charm."),
        (ASKED, "<think>They ask. It means charm."),
        (ASKED, "<think>They ask.</think>"),
        ("What is <think> for?", "It opens a thought."),
    ],
)
def test_the_doctor_passes_reasoning_where_it_can_be_trained_and_nowhere_else(name, said, target_named):
    target = target_named(name)
    refused = isinstance(target.encode([chat(*said)["messages"]])[0], EncodeError)
    assert refused == any(severity == "fatal" for _, severity in found(chat(*said), target))


def test_reasoning_of_the_last_answer_is_trained_and_earlier_answers_that_lost_theirs_are_not(target_named):
    target = target_named("qwen3-0.6b")
    encoded = target.encode([chat(ASKED, THOUGHT, "And “drip”?", THOUGHT)["messages"]])[0]
    assert [piece for piece, trained in encoded.pieces if trained] == [THOUGHT + "<|im_end|>"]


@pytest.mark.parametrize("name", [*RESERVING, "llama-3.2-1b-instruct"])
@pytest.mark.parametrize("answer", ["<think>\nThey ask. It means charm.", "They ask.\n</think>\nIt means charm."])
def test_tags_that_do_not_pair_are_one_fault_and_never_lose_only_their_marks(name, answer, target_named):
    target = target_named(name)
    assert found(chat(ASKED, answer), target) == [("THINK", "fatal" if name in RESERVING else "warning")]
    said = [row.value["messages"][-1]["content"] for row in repair([chat(ASKED, answer)], target).rows]
    assert all("<think>" in text and "</think>" in text for text in said)


@pytest.mark.parametrize("name", RESERVING)
def test_a_tag_in_the_middle_or_in_a_question_is_a_stray_control_token(name, target_named):
    target = target_named(name)
    assert ("CTRL-TOKEN", "fatal") in found(chat(f"What is <think> for? {ASKED}", "It opens a thought."), target)
    assert ("CTRL-TOKEN", "fatal") in found(chat(ASKED, "Charm, as `<think>` shows."), target)
