"""Wording: empty slots, placeholders, seams, runaways, wrong characters, echoes, reasoning tags and markup."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.doctor import diagnose, repair
from curation.doctor.rules.characters import repaired, what_is_wrong
from curation.doctor.rules.markup import markup_in, plainly
from curation.doctor.spoken import outside_code
from curation.doctor.target import Target

ASKED = "What does “rizz” mean?"
TOLD = "“Rizz” means charm, the skill of winning somebody over."
WORDING = {"NULL-STRING", "PLACEHOLDER", "GLUE", "RUNAWAY", "MOJIBAKE", "ECHO", "THINK", "MARKUP"}


def messages(asked: str, answered: str) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]}


def sharegpt(asked: str, answered: str) -> dict[str, object]:
    return {"conversations": [{"from": "human", "value": asked}, {"from": "gpt", "value": answered}]}


def alpaca(asked: str, answered: str) -> dict[str, object]:
    return {"instruction": asked, "output": answered}


def found(row: object, target: Target) -> set[str]:
    return {one.fault for one in diagnose([row], target, ids=False).findings} & WORDING


FAULTY = [
    ("NULL-STRING", ASKED, "nan"),
    ("NULL-STRING", ASKED, "None."),
    ("NULL-STRING", ASKED, "Charm.\nExample: None"),
    ("NULL-STRING", "What does nan mean?", "Stylish, said of clothes."),
    ("NULL-STRING", "What does “” mean?", TOLD),
    ("NULL-STRING", 'What does "" mean?', TOLD),
    ("NULL-STRING", "What does **** mean?", TOLD),
    ("NULL-STRING", "Explain the meaning of ?", TOLD),
    ("PLACEHOLDER", "What does {slang} mean?", TOLD),
    ("PLACEHOLDER", ASKED, "“{{term}}” means charm."),
    ("PLACEHOLDER", ASKED, "[*X*] means charm."),
    ("PLACEHOLDER", ASKED, "%s means charm."),
    ("PLACEHOLDER", ASKED, "“Rizz” is {example sentence}."),
    ("PLACEHOLDER", ASKED, "“Rizz” is {pos}."),
    ("PLACEHOLDER", "What does {city} slang mean?", TOLD),
    ("PLACEHOLDER", "What does [INSERT TERM] mean?", TOLD),
    ("GLUE", ASKED, "This is a A term for charm."),
    ("GLUE", ASKED, "It is charm.. The concept is new."),
    ("GLUE", ASKED, "It is charm.  . The concept is new."),
    ("GLUE", ASKED, "Charm.. For example: Tom: Who is he?\nAnna: He has rizz."),
    ("GLUE", ASKED, "“Rizz” is charm. For example: “He has rizz..”"),
    ("GLUE", ASKED, "The word “rizz” is a a term for charm."),
    ("GLUE", ASKED, "Definition: Definition: charm."),
    ("RUNAWAY", ASKED, TOLD + "\nUser: And “drip”?\nAssistant: Style."),
    ("RUNAWAY", ASKED, TOLD + "\n\n### Instruction:\nExplain drip."),
    ("RUNAWAY", ASKED, TOLD + " Human: What does drip mean?"),
    ("MOJIBAKE", ASKED, "Itâ€™s charm."),
    ("MOJIBAKE", ASKED, "Charm\x08 of a person."),
    ("MOJIBAKE", ASKED, "ðŸ˜‚ charm"),
    ("ECHO", ASKED, ASKED),
    ("ECHO", ASKED, "What does rizz mean? It means charm."),
    ("ECHO", "Say this in plain English: “He got rizz”", "“He got rizz”"),
    ("ECHO", ASKED, "Rizz is rizz."),
    ("ECHO", "Use “rizz” in a sentence.", "Use “rizz” in a sentence. He has rizz."),
    ("ECHO", ASKED, "“Rizz” is a slang term."),
    ("THINK", ASKED, "<think>Let me see. Charm."),
    ("THINK", ASKED, "Let me see.</think>Charm."),
    ("THINK", ASKED, "<think><think>Hm.</think>Charm."),
    ("MARKUP", ASKED, "Charm &amp; style"),
    ("MARKUP", ASKED, "<b>Rizz</b> is charm"),
    ("MARKUP", ASKED, "A [slang] term for [charm]."),
    ("NULL-STRING", ASKED, "Charm. Example: nan"),
    ("NULL-STRING", ASKED, "Meaning: null. Example: null"),
    ("NULL-STRING", "Explain “rizz” to my grandmother.", "It means nan."),
    ("NULL-STRING", "In one line: None", TOLD),
    ("NULL-STRING", "Is  an insult?", TOLD),
    ("NULL-STRING", "How do I use  in a sentence?", "He has rizz."),
    ("RUNAWAY", ASKED, "AI: Charm, mostly."),
    ("RUNAWAY", ASKED, "assistant: Charm, mostly."),
    ("ECHO", "rizz?", "rizz?\nCharm, mostly."),
    ("ECHO", "Translate: rizz", "Translate: rizz\n\nCharm, mostly."),
    ("RUNAWAY", ASKED, "assistant: Roughly: charm.\n\nIn use:\nHe has rizz."),
    ("RUNAWAY", ASKED, "Bot: Roughly: charm."),
]


@pytest.mark.parametrize("layout", [messages, sharegpt, alpaca])
@pytest.mark.parametrize(("fault", "asked", "answered"), FAULTY)
def test_a_fault_of_wording_is_found_in_every_layout(layout, fault, asked, answered, llama: Target) -> None:
    assert fault in found(layout(asked, answered), llama)


@pytest.mark.parametrize("name", ["llama-3.2-1b-instruct", "smollm2-135m-instruct", "gemma-3-1b-it"])
@pytest.mark.parametrize(("fault", "asked", "answered"), FAULTY[::3])
def test_a_fault_of_wording_is_found_in_rendered_text(name, fault, asked, answered, target_named) -> None:
    target = target_named(name)
    text = target.render([{"role": "user", "content": asked}, {"role": "assistant", "content": answered}])
    assert fault in found({"text": text}, target)


GOOD = [
    ("What does “nan” mean?", "Grandmother."),
    ("What does “NaN” mean?", "Not worth anything; blank, like a failed calculation."),
    ("Use “None” in a sentence.", "“Who asked?” “None.”"),
    ("Which slang words are in this sentence? “The meeting is at noon.”", "None."),
    ("What does None mean in Python?", "None is what a function gives back that gives nothing."),
    ("How do I use f-strings in Python?", 'Write f"{name} is {age}".'),
    ("How do I write a fraction in LaTeX?", "Use $\\frac{a}{b}$."),
    ("What does “A..” mean?", "“A..” is a censored word, as in “Sh.. up”."),
    ("Show me “bet” in a chat.", "Tom: Coming over..\nAnna: Bet.\nTom: Nice."),
    ("Show me “bet” in a sentence.", "“Coming over.. Maybe later.” “Bet.”"),
    ("What does “meh” mean?", "A word of mild people.. :) It shows indifference."),
    ("What does “hmm” mean?", "It shows doubt... or thought… sometimes both."),
    ("What does “squad” mean?", "Close friends, both of of them loyal. They are a a gift."),
    ("What does “HTE” mean?", "Hard To Explain"),
    ("What does “mush” mean?", "Another word for cool: ''Mush!'' It is old."),
    ("What does “bet” mean?", 'It agrees: "Sure, "bet.""'),
    ("Use “frick” in a sentence.", "What the **** is that? Frick, I don't give a ****."),
    ("What does “poser” mean?", "Somebody who goes through phases {not a real fan}. He is such a {poser}."),
    ("Is “eat” slang in “[Footsteps_approaching] Now eat.”?", "No, it means to have a meal."),
    ("What does “a cappella” mean?", "Singing a cappella is singing without instruments."),
    ("Write a short dialogue about rizz.", "User: Hi!\nBot: Hello!\nUser: Rizz?"),
    ("Show me an example of a chat in which somebody says bet.", "Tom: You coming?\nAnna: Bet."),
    ("Why does my file show â€™?", "â€™ is an apostrophe that was decoded wrongly."),
    ("What does 👩‍👩‍👧 mean?", "A family: 👩‍👩‍👧 with ❤️ and 🏳️‍🌈."),
    ("Що означає «краш»?", "Людина, яка дуже подобається."),
    ("「草」はどういう意味？", "笑うこと。"),
    ("क्‍या मतलब है?", "क्‍या"),
    ("Repeat after me: no cap", "No cap"),
    ("What does “tht” mean?", "“tht” means that."),
    ("Who says “rizz”?", "Rizz is here!"),
    ("Use “hail Denmark” in a sentence.", "Hail Denmark!"),
    ("Apa arti kata “orang”?", "orang-orang"),
    ("How do I make text bold in HTML?", "Use <b>bold</b>."),
    ("What does &amp; mean?", "It is how an ampersand is written: &amp;."),
    ("What does “<3” mean?", "A heart: <3 means love."),
    ("Where can I read about rizz?", "See [the article](https://example.org/rizz?a=1&b=2), note [1] and [sic]."),
    ("Write a loop in C.", '```c\nfor (i = 0; i < n; i++) printf("%s", a[i]);\n```'),
    ("What is 2 + 2?", "<think>Add them.</think>\n4."),
    ("What do the think tags do?", "<think> opens the reasoning of a model."),
    (ASKED, "**Rizz** means charm.\r\n\r\n- *noun*: charm\r\n- [x] done\r\n"),
    (ASKED, "Definition: charm\nExample: He has rizz.\nOrigin: Twitch"),
    ("touch grass", "Touch grass means to go outside."),
    ("Explain [INST] in Llama 2", "[INST] and [/INST] enclose what the user says."),
    ("What does <|im_start|> do?", "<|im_start|> opens a turn in ChatML; <|im_end|> closes it."),
    ("What does </s> mean?", "</s> ends a sequence in Llama."),
    ("What does %s mean in C?", "%s prints a string."),
    (ASKED, "Charm. [Ed. note: informal]"),
    ("Use “bet” in a chat.", 'He said: ""Six?" "Bet.""'),
    ("What is 1/0?", "Undefined."),
    ("What does AI stand for?", "AI: artificial intelligence."),
    ("rizz?", "Rizz? It is charm."),
    (ASKED, "“What does “rizz” mean?” is asked a lot. It is charm."),
    ("What does rizz mean?", "“What does rizz mean?” is asked a lot. It is charm."),
    ("Introduce two robots", "Bot: Beep.\nDroid: Boop."),
]


@pytest.mark.parametrize(("asked", "answered"), GOOD)
def test_good_wording_is_left_alone(asked: str, answered: str, llama: Target) -> None:
    assert found(messages(asked, answered), llama) == set()


def test_real_well_formed_rows_raise_nothing(llama: Target, shared_data) -> None:
    lines = (shared_data / "chat" / "well_formed.jsonl").read_text("utf-8").splitlines()
    assert [line for line in lines if found(json.loads(line), llama)] == []


MENDED = [
    ("This is a A term for charm.", "This is a term for charm."),
    ("It is charm.. The concept is new..", "It is charm. The concept is new."),
    ("It is charm.  . The concept is new.", "It is charm. The concept is new."),
    ("Really?. It is charm.", "Really? It is charm."),
    ("Definition: Definition: charm.", "Definition: charm."),
    (TOLD + "\nUser: And “drip”?\nAssistant: Style.", TOLD),
    ("Itâ€™s charm.", "It’s charm."),
    ("Itâ€™s â€œcharmâ€ in short.", "It’s “charm” in short."),
    ("[Rizz]: a [slang] term for charm.", "Rizz: a slang term for charm."),
    ("[Someone] who has [charm].", "Someone who has charm."),
    ("Charm\x08 of a person.", "Charm of a person."),
    ("What does rizz mean? It means charm.", "It means charm."),
    ("Let me see.</think>Charm.", "<think>\nLet me see.</think>Charm."),
    ("Charm &amp;amp; style, said &quot;so&quot;", 'Charm & style, said "so"'),
    ("A [slang] term for <b>charm</b>.", "A slang term for charm."),
    ("AI: Charm, mostly.", "Charm, mostly."),
    ("### Response:\nCharm, mostly.", "Charm, mostly."),
]


@pytest.mark.parametrize(("answered", "meant"), MENDED)
def test_what_has_one_reading_is_mended_and_stays_so(answered: str, meant: str, llama: Target) -> None:
    once = repair([messages(ASKED, answered)], llama)
    assert [row.value for row in once.rows] == [messages(ASKED, meant)]
    again = repair(once.rows, llama)
    assert [row.value for row in again.rows] == [messages(ASKED, meant)]
    assert not again.proofs


@pytest.mark.parametrize(
    ("fault", "asked", "answered"),
    [
        ("NULL-STRING", ASKED, "nan"),
        ("PLACEHOLDER", "What does {slang} mean?", TOLD),
        ("ECHO", ASKED, ASKED),
        ("THINK", ASKED, "<think>Let me see. Charm."),
        ("MOJIBAKE", ASKED, "char\ufffdm"),
    ],
)
def test_what_nobody_can_know_is_quarantined(fault: str, asked: str, answered: str, llama: Target) -> None:
    done = repair([messages(asked, answered)], llama)
    assert [one.fault for one in done.quarantined] == [fault]
    assert done.rows == []


def test_reasoning_tags_are_good_where_they_pair(target_named) -> None:
    target = target_named("qwen3-0.6b")
    two = messages("Add.", "<think>One.</think>Two.")
    assert found(two, target_named("llama-3.2-1b-instruct")) == set()
    assert found(messages("Add.", "One.</think>Two."), target) == {"THINK"}


def test_reasoning_beside_an_answer_is_told_where_the_template_leaves_it_out(target_named) -> None:
    row = messages("Add one and one.", "Two.")
    row["messages"][-1]["reasoning_content"] = "One and one make two."  # type: ignore[index]
    assert found(row, target_named("qwen3-0.6b")) == set()
    assert found(row, target_named("llama-3.2-1b-instruct")) == {"THINK"}


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Co", "Cn")), max_size=60))
def test_text_that_went_through_a_wrong_decoding_and_is_mended_has_nothing_left_to_mend(text: str) -> None:
    wrong = text.encode().decode("latin-1")
    if not what_is_wrong(wrong):
        return
    try:
        right = repaired(wrong)
    except ValueError:
        return
    assert repaired(right) == right


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(["&amp;", "&lt;b&gt;", "<b>", "</b>", "[charm]", "<br>", " a ", "`<b>`", "\n", "x", "[[y]]"])
    )
)
def test_markup_is_gone_after_one_mending(pieces: list[str]) -> None:
    plain = outside_code("".join(pieces), plainly)
    assert outside_code(plain, plainly) == plain
    assert not markup_in(plain)


def test_an_escape_that_was_never_undone_is_undone() -> None:
    assert repaired("caf\\u00e9 and \\x41") == "café and A"


def test_the_bytes_of_a_character_are_told_as_wrongly_decoded_and_not_as_control_characters() -> None:
    assert what_is_wrong("salty ð\x9f\x98\x82") == r"wrongly decoded: 'salty ð\x9f\x98\x82'"
    assert what_is_wrong("Charm\x9d of a person.") == r"control character '\x9d'"
