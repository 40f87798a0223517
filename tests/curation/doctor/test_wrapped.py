"""A turn with a template's marks around it: the whole header goes, or the row does; and what is stale is told."""

from __future__ import annotations

import pytest

from curation.doctor import diagnose, repair

NAMES = ["lab", "gemma-3-1b-it", "qwen2.5-0.5b-instruct", "phi-3.5-mini-instruct"]
ASKED, TOLD = "What does rizz mean?", "Rizz means charm."
WRAPPED = [
    "<|im_start|>user\n{}<|im_end|>",
    "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n",
    "<|start_header_id|>user<|end_header_id|>\n\n{}<|eot_id|>",
    "<start_of_turn>user\n{}<end_of_turn>",
    "[INST] {} [/INST]",
    "<|user|>\n{}<|end|>",
]


def chat(*said):
    return {"messages": [{"role": ("user", "assistant")[at % 2], "content": text} for at, text in enumerate(said)]}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("frame", WRAPPED)
def test_a_question_is_taken_out_of_its_scaffold_whole(frame, name, target_named):
    made = repair([chat(frame.format(ASKED), TOLD)], target_named(name))
    assert "CTRL-TOKEN" in {one.fault for one in made.findings}
    assert [row.value for row in made.rows] == [chat(ASKED, TOLD)]


@pytest.mark.parametrize("name", NAMES)
def test_half_a_header_is_never_left_as_words(name, target_named):
    made = repair([chat(ASKED, f"<|im_start|>user\n{TOLD}<|im_end|>")], target_named(name))
    assert (made.rows, [one.fault for one in made.quarantined]) == ([], ["CTRL-TOKEN"])


@pytest.mark.parametrize("name", NAMES)
def test_a_text_nearly_of_the_targets_own_template_is_no_other_familys(name, target_named):
    target = target_named(name)
    good = target.render(chat(ASKED, TOLD)["messages"])
    for bad in (good.replace("Rizz means", " Rizz means"), good[: good.rindex(target.form.final.end[0])]):
        made = repair([{"text": bad}], target)
        assert {one.fault for one in made.findings} == {"SCAFFOLD"}
        assert [row.value for row in made.rows] == [{"text": good}]


@pytest.mark.parametrize("asked", ["Question", "Q", "Instruction"])
def test_a_lone_label_of_the_question_is_no_part_of_it_and_a_term_is(asked, lab):
    rows = [chat(f"{asked}: What is w{at}?\nAnswer: It means thing {at}.") for at in range(4)]
    said = [row.value for row in repair(rows, lab).rows]
    assert said == [chat(f"What is w{at}?", f"It means thing {at}.") for at in range(4)]
    rows = [chat(f"Term: w{at}\nDefinition: It means thing {at}.") for at in range(4)]
    assert repair(rows, lab).rows[0].value == chat("Term: w0", "It means thing 0.")


def test_an_empty_answer_is_one_fault(lab):
    for row in (chat(ASKED, ""), chat(ASKED, " \n"), chat(ASKED, "", "And “drip”?", TOLD)):
        assert [(one.fault, one.severity) for one in diagnose([row], lab).findings] == [("NO-TARGET", "fatal")]


@pytest.mark.parametrize("name", NAMES)
def test_a_rendered_text_beside_messages_must_say_the_same(name, target_named):
    target = target_named(name)
    row = chat(ASKED, TOLD)
    same = row | {"text": target.render(row["messages"])}
    other = row | {"text": target.render(chat(ASKED, "Rizz is a hat.")["messages"])}
    assert diagnose([same, same | {"text": "a tweet about rizz"}], target).counts.keys() <= {"DUP"}
    assert "KEY-SCHEMA" in diagnose([other], target).counts


def test_a_question_said_again_leaves_the_quotation_marks_of_the_answer(lab):
    for asked in ("What does “rizz” mean?", 'Can you explain "rizz" to me, please?'):
        made = repair([chat(asked, f"{asked} “Rizz” means charm.")], lab)
        assert [row.value for row in made.rows] == [chat(asked, "“Rizz” means charm.")]


def test_a_message_put_plainly_is_no_echo(lab):
    row = chat("Hey, QQ: What time does the event start?", "What time does the event start?")
    assert diagnose([row], lab).findings == []
    assert "ECHO" in diagnose([chat("Say this in slang: I am very tired.", "I am very tired.")], lab).counts


def test_slips_of_hands_are_no_seams_and_frames_are(lab):
    slips = ["The virus spread into the the north.", "Use a a fire starter.", "He is lazy .. and late"]
    frames = ["Rizz is a a term for charm.", "This is a A term.", "It is unethical.. The concept is new."]
    rows = [chat(f"What is w{at}?", said) for at, said in enumerate([*slips, *frames])]
    assert [one.row for one in diagnose(rows, lab, ids=False).findings if one.fault == "GLUE"] == [3, 4, 5]
