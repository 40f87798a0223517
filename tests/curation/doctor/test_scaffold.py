"""Rendered text that is not what the target's template writes, and control tokens in what people say."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest

from curation.chat.format import TemplateSettings
from curation.doctor import diagnose, repair
from curation.doctor.family import Family
from curation.doctor.target import Target
from curation.templates import Encoded
from pipelines.doctoring.target import known_templates
from train.base_models import find_base_model, stand_in_tokenizer

PAIR = [{"role": "user", "content": "What does rizz mean?"}, {"role": "assistant", "content": "Charm.\nThat is all."}]
CHATS = (PAIR, [{"role": "system", "content": "Be kind."}, *PAIR], [*PAIR, *PAIR])
NAMES = (
    "llama-3.2-1b-instruct",
    "qwen2.5-0.5b-instruct",
    "gemma-3-1b-it",
    "phi-4-mini-instruct",
    "smollm2-135m-instruct",
)


def target_of(name: str) -> Target:
    spec = find_base_model(name)
    return Target(name, stand_in_tokenizer(spec), spec.settings, spec.pad, templates=known_templates())


@pytest.fixture(scope="module", params=NAMES)
def target(request: pytest.FixtureRequest) -> Target:
    return target_of(request.param)


@pytest.fixture(scope="module")
def llama() -> Target:
    return target_of(NAMES[0])


def find_family(name: str) -> Family:
    return Family(name, known_templates()[name])


def faults(row: object, target: Target) -> list[str]:
    return [found.fault for found in diagnose([row], target).findings if found.severity == "fatal"]


def mended(row: object, target: Target) -> list[object]:
    repaired = repair([row], target)
    again = repair([row.value for row in repaired.rows], target)
    assert [row.value for row in again.rows] == [row.value for row in repaired.rows], "a second run changes something"
    assert not repaired.after.fatal
    return [row.value for row in repaired.rows]


def spoilt(text: str, target: Target) -> Iterator[tuple[str, str]]:
    """Texts that are nearly what the template writes."""
    end = target.form.final.end[0]
    yield "no end of turn", text[: text.rindex(end)]
    yield "a blank more in a header", text.replace(target.family.headers["user"], target.family.headers["user"] + "  ")
    yield "the header of an answer that is not there", text + target.family.headers["assistant"]


def test_what_the_template_writes_is_left_alone(target: Target) -> None:
    for chat in CHATS:
        text = target.render(chat)
        assert faults({"text": text}, target) == []
        assert mended({"text": text}, target) == [{"text": text}]


def test_a_nearly_right_text_is_written_anew(target: Target) -> None:
    text = target.render(PAIR)
    for what, bad in spoilt(text, target):
        assert faults({"text": bad}, target) == ["SCAFFOLD"], what
        assert mended({"text": bad}, target) == [{"text": text}], what


def test_a_text_of_another_family_becomes_the_targets(target: Target) -> None:
    for name in NAMES:
        other = target_of(name)
        if not set(other.form.final.end) & set(target.form.final.end):
            assert faults({"text": other.render(PAIR)}, target) == ["FAMILY"], name
            assert mended({"text": other.render(PAIR)}, target) == [{"text": target.render(PAIR)}], name


def test_begin_tokens_are_those_of_the_template(llama: Target) -> None:
    text, bos = llama.render(CHATS[1]), llama.family.bos
    for bad in (bos + text, text.removeprefix(bos)):
        assert faults({"text": bad}, llama) == ["BOS-COUNT"]
        assert mended({"text": bad}, llama) == [{"text": text}]


def test_declared_columns_tell_what_is_answered(llama: Target) -> None:
    rows = [{"text": f"Task: Explain.\nTerm: t{n}\n\nDefinition: means {n}\nExample: so t{n}"} for n in range(12)]
    assert {found.fault for found in diagnose(rows, llama).findings} == {"RAW-TEXT"}
    chat = [
        {"role": "user", "content": "Task: Explain.\nTerm: t3"},
        {"role": "assistant", "content": "Definition: means 3\nExample: so t3"},
    ]
    assert repair(rows, llama).rows[3].value == {"text": llama.render(chat)}


def test_a_text_without_roles_leaves_with_the_reason(llama: Target) -> None:
    repaired = repair([{"text": "Rizz is charm. Everybody knows."}], llama)
    assert repaired.rows == []
    assert [(gone.fault, bool(gone.reason)) for gone in repaired.quarantined] == [("RAW-TEXT", True)]


def messages(asked: str, answered: str) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]}


@pytest.mark.parametrize("marker", ["<|im_end|>", "<|eot_id|>", "</s>", "[/INST]", "<end_of_turn>", "< | im_end | >"])
def test_a_marker_at_the_edge_is_taken_off(target: Target, marker: str) -> None:
    row = messages("What is rizz?", f"Charm. {marker}\n")
    assert faults(row, target) == ["CTRL-TOKEN"]
    assert mended(row, target) == [messages("What is rizz?", "Charm.")]


def test_a_marker_inside_the_text_leaves(target: Target) -> None:
    row = messages("What is rizz?", "Charm <|im_end|> or so.")
    assert faults(row, target) == ["CTRL-TOKEN"]
    assert mended(row, target) == []


def test_a_question_about_a_marker_stays_unless_it_is_a_control_token_of_the_target() -> None:
    row = messages("What does <|im_start|> do in a chat template?", "<|im_start|> opens a turn.")
    assert faults(row, target_of("llama-3.2-1b-instruct")) == []
    assert set(faults(row, target_of("qwen2.5-0.5b-instruct"))) == {"CTRL-TOKEN"}


@pytest.mark.parametrize("token", ["<|endoftext|>", "<|reserved_special_token_5|>", "<eos>"])
def test_a_token_of_a_tokenizer_that_no_template_writes_is_taken_off(token: str, target: Target) -> None:
    assert faults(messages("What is rizz?", "Charm." + token), target) == ["CTRL-TOKEN"]
    assert mended(messages("What is rizz?", "Charm." + token), target) == [messages("What is rizz?", "Charm.")]


@pytest.mark.parametrize(
    "prompt",
    [
        "### Instruction:\nWhat is rizz?\n\n### Response:\n",
        find_family("alpaca").render([{"role": "user", "content": "What is rizz?"}], asks=True),
        "USER: What is rizz? ASSISTANT:",
    ],
)
def test_a_prompt_of_a_template_without_control_tokens_is_taken_off_a_question(prompt: str, target: Target) -> None:
    assert faults(messages(prompt, "Charm."), target) == ["CTRL-TOKEN"]
    assert mended(messages(prompt, "Charm."), target) == [messages("What is rizz?", "Charm.")]


def test_a_question_that_ends_in_a_colon_is_no_prompt_of_a_template(target: Target) -> None:
    assert faults(messages("How do I go on after this:\nUser: hi\nAssistant:", "Say hi."), target) == []


def test_operators_and_faces_are_no_tokens(target: Target) -> None:
    assert faults(messages("What is <|> in a parser?", "It tries `a <|else|> b`; <|o|> is a space ship."), target) == []


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("Explain [INST] in Llama 2", "[INST] and [/INST] enclose what the user says."),
        ("What does <|im_start|> do?", "<|im_start|> opens a turn in ChatML; <|im_end|> closes it."),
        ("How is a ChatML prompt built?", "Like this:\n```\n<|im_start|>user\nHi<|im_end|>\n```"),
    ],
)
def test_a_question_about_one_marker_may_be_answered_with_its_like(asked: str, told: str, llama: Target) -> None:
    assert faults(messages(asked, told), llama) == []


def test_a_conversation_inside_one_turn_becomes_its_turns(llama: Target) -> None:
    inner = target_of("qwen2.5-0.5b-instruct").render(PAIR)
    row = {"messages": [{"role": "user", "content": inner}]}
    assert "CTRL-TOKEN" in faults(row, llama)
    assert mended(row, llama) == [{"messages": PAIR}]


def test_markup_and_struck_out_text_are_no_control_tokens(target: Target) -> None:
    row = messages("What is <s>slang</s> [link] <b>bold</b>?", "It is `a[0] < b` and <3.")
    assert faults(row, target) == []


@pytest.mark.parametrize("last", ["\n", ""])
def test_a_system_turn_that_says_nothing_is_no_part_of_the_conversation(last: str, llama: Target) -> None:
    text = f"<|system|>\n</s>\n<|user|>\n{PAIR[0]['content']}</s>\n<|assistant|>\n{PAIR[1]['content']}</s>{last}"
    assert faults({"text": text}, llama) == ["FAMILY"]
    assert mended({"text": text}, llama) == [{"text": llama.render(PAIR)}]


# A user's own template: headers without control tokens, numbered, and a generation prompt that ends before its blank.
NUMBERED = (
    "{% for m in messages %}{% if m.role == 'assistant' %}{{ '<< desk: ' + m.content + '<stop>\n' }}"
    "{% else %}{{ '>> caller ' ~ loop.index ~ ': ' + m.content + '\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<< desk:' }}{% endif %}"
)
BARRED = (
    "{% for m in messages %}{{ '|' + m.role + '|\n' + m.content + '<stop>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '|assistant|\n' }}{% endif %}"
)


def own_target(jinja: str) -> Target:
    tokenizer = copy.deepcopy(stand_in_tokenizer(find_base_model(NAMES[0])))
    tokenizer.chat_template = jinja
    tokenizer.add_special_tokens({"eos_token": "<stop>"})
    return Target("own", tokenizer, TemplateSettings(), templates=known_templates())


@pytest.mark.parametrize("jinja", [NUMBERED, BARRED])
def test_the_end_of_a_users_own_template_is_written_anew(jinja: str) -> None:
    target = own_target(jinja)
    good = target.render(PAIR)
    asking = target.family.render(PAIR, asks=True)
    for text in (good.removesuffix("<stop>\n"), good + "<stop>", asking):
        assert faults({"text": text}, target) == ["SCAFFOLD"]
        assert mended({"text": text}, target) == [{"text": good}]


def test_blanks_of_headers_without_control_tokens_are_written_anew() -> None:
    target = own_target(BARRED)
    text = target.render(PAIR).replace("|assistant|\n", "|assistant| ")
    assert faults({"text": text}, target) == ["SCAFFOLD"]
    assert mended({"text": text}, target) == [{"text": target.render(PAIR)}]


def test_an_answer_behind_a_header_without_control_tokens_has_no_end() -> None:
    target = own_target(
        "{% for m in messages %}{% if m.role == 'user' %}{{ '[ASK] ' + m.content + ' [TOLD]' }}"
        "{% else %}{{ ' ' + m.content + '<stop>' }}{% endif %}{% endfor %}"
    )
    target.tokenizer.add_tokens([" Charm"])  # as tokenizers join a blank to the word behind it
    encoded = target.encode([PAIR])[0]
    assert isinstance(encoded, Encoded)
    row = {"input_ids": encoded.input_ids[:-1], "labels": encoded.labels[:-1]}
    assert faults(row, target) == ["EOT-UNTRAINED"]
    assert mended(row, target) == [{"input_ids": encoded.input_ids, "labels": encoded.labels}]
