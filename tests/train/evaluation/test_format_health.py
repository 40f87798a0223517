"""Real bad answers are faulted, each for what is wrong with it; good ones, slang and all, are not."""

from __future__ import annotations

import csv
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from curation.conversations import ConversationSettings, build_conversations
from curation.entry import to_table
from curation.normalize import Normalize
from curation.stage import Given
from pipelines.sources import SourceSettings, read_source
from train.errors import TrainError
from train.evaluation.format_health import FAULTS, faults, summary

QUESTION = "What does “no cap” mean?"
TASKS = ("define_term", "explain_sentence", "plain", "slangify", "use_in_sentence", "tell_senses_apart", "which_sense")


def found(answer: str, prompt: str = QUESTION, **given) -> list[str]:
    return faults(answer, prompt=prompt, **({"ended": True} | given))


BAD = {
    "doubled_stop": [
        "It is used for behaviour that is unethical.. The concept of being cancelled is new.",
        "Justin lost support .. Meaning that people turned away.",
        "A word used online. . It stands for something.",
        "It is a strategy game *Age of Mythology*.. Age of Mythology.",
        "Pranks are played on April 1st.. April Fools.",
        "It asks “Really?. It is playful.",
        "It means great!. People say it online.",
        "A term of social media,. It means a lie.",
        "Used on social media., it means a lie.",
        "The one “She Who Must Be Obeyed.”. It means wife.",
        "It means wife ; . It is playful.",
        "People do not like it.. They avoid it.",
        "这是一个词。. 它的意思是谎言",
        "It was coined in 2019.. Nobody knows by whom.",
        "It means to be aware of something.....",
    ],
    "doubled_article": [
        "This is a A term used on social media.",
        "This is a A Gen Z term used on social media.",
        "It is a the practice of lying.",
        "People say it in the the group chat.",
        "It is an an idiom.",
        "This is an a word for friends.",
        "This is a An acronym that people type.",
        "This is a The act of leaving without a word.",
        "The a word for friends is “bro”.",
        "It is the the",
    ],
    "repeated_sentence": [
        "It means somebody lies a lot. It is funny. It means somebody lies a lot.",
        "No cap means no lie and it means no lie and it means no lie and it means no lie and",
        "the concept of the concept of the concept of the concept of",
        "people people people people people people people people",
        "这是谎言这是谎言这是谎言这是谎言",
        "“IA” is used in a person who is used in a person who is used to be a person who is used in a tap.",
        "In this sentence, “f” means a 11111111111111111111111111111111.",
        "asingasingasingasingasingasingasingasingasingasing",
    ],
    "template_leak": [
        "It means a lie.<|eot_id|>",
        "<|reserved_special_token_11|> a lie",
        "It means a lie.</s>",
        "[INST] What is it? [/INST] A lie.",
        "### Response: It means a lie.",
        "This is a {Context}. It means a lie.",
        "{quoted} means a lie.",
        "“no cap” means {{ description }}.",
        "Description: a lie",
        "It is a lie. Context: used online.",
        "Slang: no cap\nExample: That was great, no cap.",
        "**Description:** a lie",
        "'Description': 'a lie'",
        "It means [insert definition here].",
        "Below is an instruction that describes a task. It means a lie.",
        "a lie<end_of_turn>",
        "a lie<｜end▁of▁sentence｜>",
        "<|START_OF_TURN_TOKEN|>a lie",
    ],
    "role_token": [
        "User: what is it\nAssistant: a lie",
        "It means a lie. User: And “cap”?",
        "Assistant: It means a lie.",
        "assistant\n\nIt means a lie.",
        "It means a lie.assistant\n\nIt means a lie, they say.",
        "**Human:** what is it?",
        "### Human: what is it?",
        "In other words: a lie.\nUser: and “cap”?\nAssistant: a lie",
    ],
    "echo": [
        "What does “no cap” mean?",
        "“no cap”",
        "No cap.",
        "“no cap” means “no cap”.",
        "Here you go: “No cap!”",
        "In this sentence, “no cap” is slang for no cap.",
        "what does no cap mean what does no cap mean",
    ],
    "empty": ["", "   \n", "...", "“”", "\u200b", "-"],
    "mojibake": ["Itâ€™s giving red flag.", "It is a cafÃ© word.", "It means \ufffd\ufffd."],
}


@pytest.mark.parametrize(("fault", "answer"), [(fault, answer) for fault, answers in BAD.items() for answer in answers])
def test_a_bad_answer_is_faulted(fault: str, answer: str) -> None:
    assert fault in found(answer)


def test_the_answer_of_the_case_has_its_doubled_article_and_stops() -> None:
    answer = (
        "This is a A term used on social media to describe behavior that is considered unethical.. The concept of "
        "“cancelled” has become a form of accountability.. Meaning that Justin was called out."
    )
    assert found(answer) == ["doubled_stop", "doubled_article"]
    assert "doubled_stop" in found("This is a A term … unethical.. The concept of … .. Meaning that …")


GOOD = [
    "“no cap” means “no lie”. People use it like this: “That was great, no cap.”",
    "Wait... what? Well… maybe. I am not sure . . . but fine.",
    "It goes on....",
    "“LMAO” is short for “laughing my a.. off”.",
    "Sh.. up already, you A..!",
    "f..k and b..ch are how people censor it.",
    "“go.. go.. go” is what they shout.",
    "“A.A.” stands for “Alcoholics Anonymous”.",
    "It is used in the U.S. and the U.K., e.g. by teenagers, i.e. people under 20.",
    "“USA” is short for “U.S.A.”.",
    "It is from the U.S.. Nobody minds.",
    "That is so so good. Bye bye! No no no, very very nice.",
    "Bye bye. Bye bye.",
    "Na na na na na na na na, Batman!",
    "ha ha ha ha ha ha ha ha ha",
    "on god on god on god",
    "lie lie lie lie",
    "Really?! Yes!! No way!?",
    "“Really?”, she asked. “Yes!”",
    "He said “Really?”.",
    "Use .NET 8.0, version 1.5.2, or see ../README.md and a..z",
    "It costs $.50, not .75.",
    "Vitamin A a day keeps them away.",
    "She got an A. A friend got a B.",
    "He is an A-list star, a A-level pupil, and an A student of the A team.",
    "They sang an a cappella song, the a priori favourite.",
    "It is a The Beatles song from the The Hague show.",
    "They went from a to the end. Plan A the next day.",
    "It's the A to Z of slang, a.k.a. the list.",
    "😂😂😂 means that something is funny.",
    "😂",
    "💀💀💀💀💀💀💀💀💀💀",
    "GG",
    "Here is one example:\n\n- “That was great, no cap.”\n- “No cap, I saw it.”",
    "1. A lie. For example, “That is cap.”\n2. A hat. For example, “Nice cap.”",
    "Example: “That was great, no cap.”",
    "Slang: yarn\nMeaning: To talk or chat, often informally",
    "In slang: “no cap”. The context: a party.",
    "Definition: no lie.",
    "Anon: who is that?\nUser: me\nGuy: ok",
    "Person A: Are you sure?\nPerson B: No cap.",
    "The user and the assistant talk to a human.",
    "I am your assistant\n\nIt depends on the user\n\nAsk away.",
    "print(f'{name}: {value}') and [link](https://example.org) and <b>bold</b> and a <3",
    "Nick: <|Queen|> said hi",
    "café, naïve, Zoë, ça va, смысл, 「はい」, 哈哈哈哈哈哈哈哈",
    "Artinya “tidak bohong”.",
    "Dear [Name], thank you.",
    "Here, “clout chasing” means doing things for attention.",
    "It is “no cap” in slang and “honestly” in plain English.",
    "¯\\_(ツ)_/¯",
    ":D ;) ^_^ :.(",
    "I I I don't know, like, like, like what?",
    "He does what he wants to do, goes where he wants to go and says what he wants to say.",
    "hahahahahahahahahahahahahahahahaha, looooooooooooooooooool, lololololololololololololol",
    "Never gonna give you up. Never gonna let you down.",
    "“..” is a short pause.",
    "Yahoo! is a site. Jeopardy! is a show.",
    "The deck has J, Q, K, A, a joker and the rest.",
]


@pytest.mark.parametrize("answer", GOOD)
def test_a_good_answer_has_no_fault(answer: str) -> None:
    assert found(answer) == []


def test_an_answer_that_did_not_end_was_cut_off() -> None:
    assert found("It means “no lie", ended=False) == ["cut_off"]


def test_half_a_character_at_the_cut_is_no_mojibake() -> None:
    assert found("It means 😂 \ufffd", ended=False) == ["cut_off"]
    assert found("It means 😂 \ufffd") == ["mojibake"]


def test_control_tokens_of_any_tokenizer_are_leaks() -> None:
    control = re.compile(re.escape("<think>"))
    assert found("<think> It means a lie.") == []
    assert found("<think> It means a lie.", control=control) == ["template_leak"]


def test_columns_of_other_data_are_told_by_their_names() -> None:
    answer = "Gloss: a lie"
    assert found(answer) == []
    assert found(answer, columns=("Word", "Gloss")) == ["template_leak"]
    assert found("{Gloss} is a lie", columns=("Gloss",)) == ["template_leak"]
    assert found("Description: a lie", columns=()) == []


def test_a_headword_that_is_a_sentence_may_come_again() -> None:
    prompt = "What does “and then I found out he was gone” mean?"
    answer = (
        "It ends a dull story.\n\nI bought eggs.\nand then I found out he was gone\nAnd then I found out he was gone."
    )
    assert found(answer, prompt) == []
    assert found(answer) == ["repeated_sentence"]


def test_an_answer_that_says_something_new_is_no_echo() -> None:
    assert found("“cap” means a lie.", "What does “cap” mean?") == []
    assert found("“LT” means like this.", "What does “LT” mean?") == []
    assert found("That was great, honestly.", "Say this in plain English: “That was great, no cap.”") == []
    assert found("That was great, no cap.", "Say this in plain English: “That was great, no cap.”") == ["echo"]
    assert found("That was great, no cap.", "Use “no cap” in a sentence.") == []


def test_every_fault_has_a_name_in_the_list_and_they_come_in_its_order() -> None:
    worst = "User: a A term.. <|eot_id|> itâ€™s bad"
    assert found(worst, ended=False) == [
        "cut_off", "doubled_stop", "doubled_article", "template_leak", "role_token", "mojibake",
    ]  # fmt: skip
    assert set(BAD) == set(FAULTS) - {"cut_off"}


# ---------------------------------------------------------------- answers made from data


def test_of_all_answers_made_from_the_sample_only_the_planted_faults_are_found(project: Path) -> None:
    recipes = project / "data" / "recipes"
    sources = tomllib.loads((recipes / "sample.toml").read_text(encoding="utf-8"))["sources"]
    judged, faulted = 0, set()
    for source in sources:
        entries, _ = read_source(SourceSettings(**source), root=recipes)
        table = Normalize()(to_table(entries), Given())
        table = table[table["reason"] == ""] if "reason" in table.columns else table
        for one in build_conversations(table, ConversationSettings(tasks=TASKS, max_per_entry=99)):
            question, answer = (turn["content"] for turn in one["messages"][-2:])
            judged += 1
            faulted |= {(one["term"], name) for name in found(answer, question)}
    assert judged > 2000
    assert faulted == {  # slots that nobody filled, a chain letter, a definition that is the term itself
        ("crashing out", "template_leak"), ("locked in", "template_leak"), ("chain mail", "repeated_sentence"),
    }  # fmt: skip


@pytest.mark.shared
def test_the_columns_of_the_case_glued_are_unhealthy(shared_data: Path) -> None:
    with (shared_data / "genz" / "all_slangs.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    healthy = [
        row
        for row in rows
        if not found(f"This is a {row['Context']}. {row['Description']}.", f"What does “{row['Slang']}” mean?")
    ]
    assert len(rows) == 1779
    assert len(healthy) <= 5


# ---------------------------------------------------------------- together


@dataclass
class Said:
    text: str
    faults: list[str] = field(default_factory=list)


def test_a_collapsed_model_is_seen_by_its_distinct_answers() -> None:
    answers = [
        Said("It means a lie."),
        Said("it means a lie"),
        Said("It means  a LIE!"),
        Said("😂"),
        Said("💀", ["echo"]),
    ]
    whole = summary(answers)
    assert (whole["n"], whole["healthy"], whole["faults"]["echo"]) == (5, 4, 1)
    assert whole["distinct_share"] == 3 / 5
    assert whole["top_answer_share"] == 3 / 5
    assert whole["top_answer"] == "It means a lie."
    assert whole["healthy_share"]["value"] == 0.8
    assert 0.3 < whole["healthy_share"]["low"] < 0.8 < whole["healthy_share"]["high"] < 1
    assert set(whole["faults"]) == set(FAULTS)


def test_no_answers_are_no_healthy_answers() -> None:
    with pytest.raises(TrainError, match="no answer"):
        summary([])
