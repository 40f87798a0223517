"""An Ollama template asks as the base model's chat template does: the same text, the same ids."""

from __future__ import annotations

import re

import pytest

from curation.templates import encode, prompt_ids
from train.base_models import LoadedTokenizer, base_models, find_base_model, stand_in_tokenizer
from train.errors import TrainError
from train.exporting.modelfile import TurnTexts, go_template, modelfile, turn_texts

SYSTEM = {"role": "system", "content": "You explain slang.\nBe short."}
QUESTION = {"role": "user", "content": "What does “no cap” mean? {{ .System }} 😂"}
ANSWER = {"role": "assistant", "content": "It means “no lie”."}
NEXT = {"role": "user", "content": "And “drip”?"}
CONVERSATIONS = {
    "one question": [QUESTION],
    "a system turn": [SYSTEM, QUESTION],
    "two turns": [QUESTION, ANSWER, NEXT],
    "a system turn and three turns": [SYSTEM, QUESTION, ANSWER, NEXT, ANSWER, QUESTION],
}
# Families whose last answer is trained behind something that the generation prompt does not write.
THINKS = {"qwen3": "<think>\n\n</think>\n\n"}


def loaded(name, **changes):
    spec = find_base_model(name)
    tokenizer = stand_in_tokenizer(spec)
    for key, value in changes.items():
        setattr(tokenizer, key, value)
    return LoadedTokenizer(tokenizer, spec.settings, "stand-in", "")


def go(template, messages):
    """What Go's text/template prints for .System and .Messages: only the actions that go_template writes."""
    system = "\n\n".join(message["content"] for message in messages if message["role"] == "system")
    tokens = re.split(r"\{\{ (.*?) \}\}", template)  # text, action, text, action, …, text

    def value(words, scope):
        if words == "gt (len (slice $.Messages $i)) 1":
            return len(messages[scope["i"] :]) > 1
        if found := re.fullmatch(r'eq \.Role "(\w+)"', words):
            return scope["message"]["role"] == found[1]
        if quoted := re.fullmatch(r'"(.*)"', words):
            return quoted[1]
        return {".System": system, ".Content": scope.get("message", {}).get("content")}[words]

    def block(place, scope, printing):
        """Print from `place` to the `else` or `end` that closes this block; its place, and what was printed."""
        text = ""
        while place < len(tokens):
            if place % 2 == 0:
                text += tokens[place] if printing else ""
            elif tokens[place] == "end" or tokens[place].startswith("else"):
                return place, text
            elif tokens[place].startswith("if "):
                place, printed = branches(place, scope, printing)
                text += printed
            elif tokens[place] == "range $i, $_ := .Messages":
                start = place + 1
                for number, message in enumerate(messages):
                    place, printed = block(start, {"i": number, "message": message}, printing)
                    text += printed
            else:
                text += str(value(tokens[place], scope)) if printing else ""
            place += 1
        return place, text

    def branches(place, scope, printing):
        text, done = "", False
        while tokens[place] != "end":
            condition = tokens[place].removeprefix("else").strip().removeprefix("if ")
            taken = printing and not done and (tokens[place] == "else" or bool(value(condition, scope)))
            done = done or taken
            place, printed = block(place + 1, scope, taken)
            text += printed
        return place, text

    return block(0, {}, True)[1]


def template_of(text):
    """The TEMPLATE of a Modelfile."""
    return re.search(r'^TEMPLATE """(.*?)"""$', text, re.DOTALL | re.MULTILINE)[1]


@pytest.mark.parametrize("messages", CONVERSATIONS.values(), ids=CONVERSATIONS)
@pytest.mark.parametrize("spec", base_models().values(), ids=lambda spec: spec.name)
def test_the_template_asks_with_the_ids_of_training_in_every_family(spec, messages):
    tokenizer = LoadedTokenizer(stand_in_tokenizer(spec), spec.settings, "stand-in", "")
    said = go(template_of(modelfile(tokenizer, "x.gguf")), messages)
    whole = encode([*messages, ANSWER], tokenizer.tokenizer, spec.settings)
    ids = tokenizer.tokenizer(said, add_special_tokens=False)["input_ids"]
    assert ids == whole.input_ids[: len(ids)]
    assert whole.text == said + ANSWER["content"] + whole.text[len(said + ANSWER["content"]) :]
    asked = prompt_ids(messages, tokenizer.tokenizer, spec.settings)
    assert said == tokenizer.tokenizer.decode(asked) + THINKS.get(spec.family, "")


def test_an_answer_to_be_continued_stays_open():
    tokenizer = loaded("lab")
    said = go(go_template(turn_texts(tokenizer)), [QUESTION, ANSWER])
    assert said.endswith("assistant<|end_header_id|>\n\n" + ANSWER["content"])


def test_llama_3_2_is_told_the_day_of_training_for_ever():
    text = modelfile(loaded("llama-3.2-1b-instruct"), "x.gguf")
    assert text.count("Today Date: 26 Jul 2024\n\n") == 2  # with a system turn and without


def test_the_default_system_turn_of_qwen_2_5_stands_only_where_there_is_no_other():
    texts = turn_texts(loaded("qwen2.5-0.5b-instruct"))
    assert "You are Qwen" in texts.prompt([QUESTION])
    assert "You are Qwen" not in texts.prompt([SYSTEM, QUESTION])


@pytest.mark.parametrize("spec", base_models().values(), ids=lambda spec: spec.name)
def test_a_modelfile_stops_at_the_end_of_turn_and_sets_no_temperature(spec):
    tokenizer = LoadedTokenizer(stand_in_tokenizer(spec), spec.settings, "stand-in", "")
    lines = modelfile(tokenizer, "tiny-q4_k_m.gguf", about=["made by\nhand"], context=512).splitlines()
    assert lines[:2] == ["# made by hand", "FROM ./tiny-q4_k_m.gguf"]
    assert [line for line in lines if line.startswith("PARAMETER")] == [
        f'PARAMETER stop "{spec.end_of_turn}"',
        "PARAMETER num_ctx 512",
    ]


def test_braces_in_a_template_are_printed_as_they_are():
    texts = TurnTexts("<{{ x }}>", None, "|", "|", "\n")
    assert go(go_template(texts), [QUESTION]) == "<{{ x }}>" + QUESTION["content"] + "|"


def test_a_template_with_the_closing_quotes_of_a_modelfile_is_refused():
    template = stand_in_tokenizer(find_base_model("lab")).chat_template.replace(
        "<|start_header_id|>", '<|start_header_id|>"""'
    )
    with pytest.raises(TrainError, match="which no Modelfile can hold"):
        modelfile(loaded("lab", chat_template=template), "x.gguf")


def test_a_template_without_a_place_for_a_system_turn_leaves_it_out():
    template = (
        "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system turn') }}{% endif %}"
        "{{ '<|start_header_id|>' + m.role + '<|end_header_id|>' + m.content + '<|eot_id|>' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>' }}{% endif %}"
    )
    texts = turn_texts(loaded("lab", chat_template=template))
    assert texts.system is None
    assert go(go_template(texts), [QUESTION, ANSWER, NEXT]) == texts.prompt([QUESTION, ANSWER, NEXT])
    assert ".System" not in go_template(texts)


def test_a_template_that_numbers_its_turns_is_refused():
    template = (
        "{% for m in messages %}{{ '<|start_header_id|>' ~ m.role ~ loop.index ~ '<|end_header_id|>' ~ m.content ~ "
        "'<|eot_id|>' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant' ~ (messages | length + 1) ~ '<|end_header_id|>' }}"
        "{% endif %}"
    )
    with pytest.raises(TrainError, match="writes a turn differently"):
        turn_texts(loaded("lab", chat_template=template))


def test_a_tokenizer_without_a_template_is_refused_in_one_line():
    with pytest.raises(TrainError, match="has no chat template: take an instruct model"):
        turn_texts(loaded("lab", chat_template=None))
