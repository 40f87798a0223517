from __future__ import annotations

import json
import string

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from curation.chat.definitions import clean_definition
from curation.chat.glosses import explain, in_context, predicate
from curation.chat.phrasings import PROMPTS
from curation.chat.sentences import quote, stop, tidy
from curation.conversations import Conversation, ConversationSettings, build_conversations, mix_replay
from curation.entry import Entry, to_table
from curation.stage import flag

ALL = (*PROMPTS, "chat")


def built(*entries: Entry, **chosen: object) -> list[Conversation]:
    return build_conversations(
        to_table(list(entries)), ConversationSettings(**{"tasks": ALL, "max_per_entry": 99} | chosen)
    )


def answers(made: list[Conversation], task: str) -> list[str]:
    return [one["messages"][-1]["content"] for one in made if one["task"] == task]


def meaning(term: str, definition: str, key: str = "0") -> str:
    text = clean_definition(term, definition)
    return explain(term, text, predicate(term, text, key), key, begin="Here, ")


@pytest.mark.parametrize(
    ("term", "definition", "end"),
    [
        ("Beat your face", "To apply makeup to the face.", "“Beat your face” means to apply makeup to the face."),
        ("Ded", "Used to describe something funny", "“Ded” is used to describe something funny."),
        ("It's giving", "Describes the vibes of something.", "“It's giving” describes the vibes of something."),
        ("W", "Shorthand for win", "“W” is shorthand for win."),
        ("simp", "When you do too much for a crush", "“simp” is when you do too much for a crush."),
        ("Dank", "excellent or of very high quality", "“excellent or of very high quality”."),
        ("cheugy", "Derogatory term for Millennials. Used when they try hard.", "“cheugy” is a derogatory term for Millennials. It is used when they try hard."),
        ("LMAO", "Laugh My A.. Off", "“Laugh My A.. Off”."),
        ("WUF", "Where are you from?", "“where are you from?”"),
        ("yeet", "Yeet means to throw something hard", "Yeet means to throw something hard."),
        ("stan", "It's a fan who goes too far", "“stan” is a fan who goes too far."),
        ("goat", "THE BEST PLAYER THERE EVER WAS. I LOVE IT", "the best player there ever was. I love it."),
        ("草", "笑うこと", "“笑うこと”."),
        ("ghost", "noun: A person who vanishes , ", "a person who vanishes."),
        ("snack", "snack = a person who looks good", "a person who looks good."),
        ("cringe", "So embarrassing!", "“so embarrassing!”"),
        ("💀", "Used as a symbol of laughter", "Here, 💀 is used as a symbol of laughter."),
        ("F", "meaning female", "“female”."),
        ("Z", "said", "“said”."),
        ("T4BU", "Thanks for being you", "“thanks for being you”."),
        ("H-FDAY", "Happy Father's Day", "“Happy Father's Day”."),
        ("AOM", "Age of Mythology", "“Age of Mythology”."),
        ("betide", "1. Happen.", "“happen”."),
        ("Becky", "Becky, a girl who complains", "a girl who complains."),
        ("door", "Door. To leave at once", "Here, “door” means to leave at once."),
        ("clown", "People who are wrong", "Here, “clown” refers to people who are wrong."),
        ("Mustang", "Popular Ford car. It is fast.", "Popular Ford car. It is fast."),
        ("tea", "Popular in chats", "Here, “tea” is popular in chats."),
        ("regulars", "Often people of one street", "“often people of one street”."),
        ("heart", "lots of love <3", "lots of love <3”."),
    ],
)  # fmt: skip
def test_each_kind_of_definition_gets_its_own_verb(term: str, definition: str, end: str) -> None:
    assert meaning(term, definition).endswith(end)


@pytest.mark.parametrize(
    ("context", "sentence"),
    [
        ("A term used on social media to mock.", "It is a term used on social media to mock."),
        ("Typically used in texts  ", "It is typically used in texts."),
        ("Refers to a friend.", "It refers to a friend."),
        ("Directly expressing that one cares", "It is a way of directly expressing that one cares."),
        ("In gaming chats", "It is used in gaming chats."),
        ("The term comes from boxing", "The term comes from boxing."),
        ("Britain, since the 1960s", "Usage note: Britain, since the 1960s."),
        ("From hip-hop.", "It comes from hip-hop."),
        ("   ", ""),
    ],
)
def test_a_context_joins_as_a_sentence_of_its_own(context: str, sentence: str) -> None:
    assert in_context("drip", context) == sentence


def test_the_columns_of_the_case_are_joined_not_glued() -> None:
    entry = Entry("s", term="Clapback", definition="To answer criticism sharply.", example="What a clapback!",
                  context="A term used on social media to describe a reply.")  # fmt: skip
    (answer,) = answers(built(entry), "define_term")
    assert (
        "“Clapback” means to answer criticism sharply. It is a term used on social media to describe a reply." in answer
    )
    assert "“What a clapback!”" in answer
    assert "!." not in answer.replace("”", "")


def test_a_term_with_several_senses_gets_one_answer_that_tells_them_all() -> None:
    made = built(
        Entry("s", term="BC", definition="Because", example="I’m late BC of traffic."),
        Entry("s", term="bc ", definition="Before Christ", example="It was built in 300 BC."),
        Entry("s", term="BC", definition="because.", row=2),
    )
    (answer,) = answers(made, "define_term")
    assert [line[:2] for line in answer.splitlines()[2:]] == ["1.", "2."]
    assert all(text in answer for text in ("Because.", "Before Christ.", "300 BC", "late BC"))
    assert len(answers(made, "tell_senses_apart")) == 1
    assert len(answers(made, "which_sense")) == 2


def test_short_meanings_without_examples_stand_in_one_sentence() -> None:
    (answer,) = answers(
        built(Entry("s", term="ESE", definition="Friend"), Entry("s", term="ESE", definition="Homeboy")), "define_term"
    )
    assert answer in ("“ESE” can mean “friend” or “homeboy”.", "“ESE” can mean “homeboy” or “friend”.")


def test_slang_of_another_language_is_said_to_be_that() -> None:
    made = built(Entry("s", term="kuy", definition="ayo", language="id"))
    assert answers(made, "define_term")[0].startswith("In Indonesian slang, “kuy” ")


def test_a_pair_goes_both_ways_and_the_most_frequent_answer_wins() -> None:
    made = built(
        *(
            Entry("s", kind="pair", example="I'm beat", plain=plain, row=row)
            for row, plain in enumerate(["I am tired", "I'm tired", "I'm tired"])
        )
    )
    assert len(answers(made, "plain")) == 1
    assert "I'm tired." in answers(made, "plain")[0]
    assert "I'm beat." in answers(made, "slangify")[0]


def test_a_sentence_of_two_terms_is_explained_once_with_both() -> None:
    sentence = "He has no drip and no rizz."
    made = built(
        Entry("s", term="drip", definition="A stylish look", example=sentence),
        Entry("s", term="rizz", definition="Charm", example=sentence),
    )
    (answer,) = answers(made, "explain_sentence")
    assert all(term in answer for term in ("“drip”", "“rizz”"))


def test_flagged_texts_are_not_used() -> None:
    table = to_table(
        [Entry("s", term=f"t{n}", definition=f"A thing {n}", example=f"See t{n}?", row=n) for n in range(4)]
    )
    names = ["definition_of_another_term", "overlaps_evaluation", "example_lacks_term", "example_of_another_term"]
    for row, name in enumerate(names):
        table = flag(table, table["row"] == row, name)
    made = build_conversations(table, ConversationSettings())
    assert {one["term"] for one in made} == {"t2", "t3"}
    assert {one["task"] for one in made} == {"define_term"}
    assert not any("See t" in turn["content"] for one in made for turn in one["messages"])


def test_a_slur_carries_its_note_and_the_note_can_be_left_out() -> None:
    table = to_table([Entry("s", term="x", definition="A person")]).assign(offensive="slur")
    (noted,) = build_conversations(table, ConversationSettings())
    (bare,) = build_conversations(table, ConversationSettings(offensive_note=""))
    assert (
        noted["messages"][-1]["content"] == bare["messages"][-1]["content"] + " Note that this is offensive language."
    )


def test_a_chat_passes_through_unless_it_is_no_chat() -> None:
    good = [{"role": "user", "content": "hi "}, {"role": "assistant", "content": "hello"}]
    bad = [{"role": "user", "content": "hi"}, {"role": "gpt", "content": "hello"}]
    empty = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": " "}]
    made = built(
        *(
            Entry("s", kind="chat", messages=text, row=row)
            for row, text in enumerate([json.dumps(good), json.dumps(bad), json.dumps(empty), "{", "[1]"])
        )
    )
    assert [one["messages"] for one in made] == [
        [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]
    ]


def test_every_task_has_at_least_eight_phrasings_and_they_are_used() -> None:
    assert all(len(set(phrasings)) >= 8 for phrasings in PROMPTS.values())
    made = built(*(Entry("s", term=f"word{n}", definition=f"A thing {n}", row=n) for n in range(200)))
    asked = {one["messages"][0]["content"].replace(one["term"], "") for one in made}
    assert len(asked) == len(PROMPTS["define_term"])


def test_the_settings_limit_tasks_and_conversations_an_entry() -> None:
    entry = Entry("s", term="drip", definition="A stylish look", example="Nice drip.")
    assert [one["task"] for one in built(entry, max_per_entry=1)] == ["define_term"]
    assert [one["task"] for one in built(entry, tasks=("use_in_sentence",))] == ["use_in_sentence"]
    system = built(entry, system_prompt="Be kind.")[0]["messages"][0]
    assert system == {"role": "system", "content": "Be kind."}
    with pytest.raises(ValidationError):
        TypeAdapter(ConversationSettings).validate_python({"taks": ["define_term"]})
    with pytest.raises(ValidationError):
        TypeAdapter(ConversationSettings).validate_python({"tasks": ["define_trem"]})


def test_a_sentence_is_shown_on_one_side_only() -> None:
    table = to_table(
        [
            Entry("s", term=term, definition=f"A thing {term}", example="One sentence for aa and bb.")
            for term in ("aa", "bb")
        ]
    )
    made = build_conversations(table.assign(split=["test", "train"]), ConversationSettings())
    shown = {one["split"] for one in made if any("One sentence" in turn["content"] for turn in one["messages"])}
    assert shown == {"train"}


TEXT = st.text(alphabet=string.ascii_letters + " .!?…\"“”'()[]😂é\n1,", max_size=60)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["a", "B", "b", "LOL", "😂", ":)", "a b"]), TEXT, TEXT, TEXT), max_size=6))
def test_any_entries_in_any_order_give_the_same_conversations_with_unique_prompts(
    rows: list[tuple[str, str, str, str]],
) -> None:
    table = to_table(
        [Entry("s", term=t, definition=d, example=e, context=c, row=n) for n, (t, d, e, c) in enumerate(rows)]
    )
    every = ConversationSettings(tasks=ALL)
    made = build_conversations(table, every)
    assert made == build_conversations(table.iloc[::-1], every)
    prompts = [one["messages"][0]["content"].casefold() for one in made]
    assert len(set(prompts)) == len(prompts)
    assert len({one["id"] for one in made}) == len(made)
    for one in made:
        assert all(turn["content"].strip() for turn in one["messages"])
        assert set(one["entry_ids"]) <= set(table["id"])


def test_odd_tables_survive() -> None:
    assert build_conversations(to_table([]), ConversationSettings()) == []
    huge = Entry("s", term="a" * 10_000, definition="b " * 5_000, example="c" * 10_000)
    assert len(built(huge)) == 1
    assert built(Entry("s", term="", definition=""), Entry("s", term="x", definition="X.")) == []
    assert len(built(*[Entry("s", term="x", definition="A thing", example="an x!", row=n) for n in range(9)])) == 3


def test_headwords_that_careless_readers_change_stay() -> None:
    for term in ("NaN", "null", "143", "True", "0.02", "wyd?", "#1", "C'mon"):
        (answer,) = answers(built(Entry("s", term=term, definition="A word that people text a lot")), "define_term")
        assert f"“{term}”" in answer


def test_the_craft_of_one_sentence() -> None:
    assert [stop(text) for text in ("a", "a.", "a?", "a …", 'a "b."', "a (b.)", "笑う", "ok 😂", "x,")] == [
        "a.", "a.", "a?", "a …", 'a "b."', "a (b.).", "笑う。", "ok 😂", "x.",
    ]  # fmt: skip
    assert quote('say "hi" now') == "“say ‘hi’ now”"
    assert tidy("so  funny.. Sh.. up . . . ok") == "so funny… Sh.. up … ok"
    assert tidy("Who, me?. Yes!. What?!.") == "Who, me? Yes! What?!."


def chats(count: int) -> list[list[dict[str, str]]]:
    return [[{"role": "user", "content": f"q{n}"}, {"role": "assistant", "content": f"a{n}"}] for n in range(count)]


def test_replay_is_a_share_of_the_training_conversations() -> None:
    made = built(*(Entry("s", term=f"w{n}", definition="A thing") for n in range(70)))
    mixed = mix_replay(made, chats(100), 0.3, 1)
    replay = [one for one in mixed if one["task"] == "replay"]
    assert len(replay) == 30
    assert mixed[:70] == made
    assert {one["split"] for one in replay} == {"train"}
    assert mix_replay(made, chats(100)[::-1] + chats(50), 0.3, 1) == mixed
    assert mix_replay(made, chats(100), 0.3, 2) != mixed
    assert len(mix_replay(made, chats(5), 0.3, 1)) == 75
    assert mix_replay(made, [[], [{"role": "user", "content": "q"}]], 0.3, 1) == made


def test_replay_has_no_part_where_nothing_is_trained_on() -> None:
    table = pd.DataFrame(to_table([Entry("s", term="w", definition="A thing")])).assign(split="test")
    made = build_conversations(table, ConversationSettings())
    assert mix_replay(made, chats(5), 0.5, 1) == made


def test_an_initialism_may_be_spelled_by_sound_and_nothing_else_is_said_for_a_noun() -> None:
    for key in "abcdefgh":
        assert predicate("B4N", "Bye for now", key).split(" “")[0] in (
            "stands for",
            "is short for",
            "is an abbreviation of",
        )
        assert "another way" not in predicate("XD", "devilish smile", key)
    assert any("another way" in predicate("WRK", "work", key) for key in "abcdefgh")


@pytest.mark.parametrize("example", ["Gaming", "#gaming.", "“Gaming!”", "!!!"])
def test_an_example_that_says_no_more_than_its_term_is_not_shown(example: str) -> None:
    shown = built(Entry("s", term="Gaming", definition="Playing on a computer", example=example))
    assert {one["task"] for one in shown} == {"define_term"}
    assert all("xample" not in one["messages"][1]["content"] for one in shown)


def test_the_context_of_a_swapped_example_is_not_told() -> None:
    row = Entry("s", term="Ion", definition="I don't", example="I can't even!", context="Used when speechless.")
    table = to_table([row])
    assert "speechless" in answers(build_conversations(table, ConversationSettings()), "define_term")[0]
    table = flag(table, [True], "example_lacks_term")
    assert "speechless" not in answers(build_conversations(table, ConversationSettings()), "define_term")[0]


def test_senses_that_may_be_one_are_not_told_apart() -> None:
    rows = [
        Entry("s", row=str(number), term="SSDD", definition=text, example=f"SSDD, number {number}.")
        for number, text in enumerate(("same stuff, different day", "some stuff, different day"))
    ]
    told = ("tell_senses_apart", "which_sense")
    assert len([one for one in built(*rows) if one["task"] in told]) == 3
    table = flag(to_table(rows), [True, True], "same_sense_doubt")
    assert not [one for one in build_conversations(table, ConversationSettings()) if one["task"] in told]


def test_who_asks_for_a_sentence_gets_one_and_a_dialogue_is_no_sentence() -> None:
    made = built(
        *(
            Entry(
                "s",
                row=str(ord(term[0]) * 2 + (sense == "two")),
                term=term,
                definition=f"{sense} of {term}",
                example=f"{term} is {sense}",
            )
            for term in ("aaa", "bbb", "ccc", "ddd", "eee", "fff", "ggg", "hhh")
            for sense in ("one", "two")
        ),
        *(
            Entry("s", row=str(1000 + n), term=f"yo{n}", definition="hello", example=f"A: yo{n}\nB: hi")
            for n in range(20)
        ),
    )
    counts = {"sentence.": set(), "?": set()}
    for one in made:
        question, answer = (turn["content"] for turn in one["messages"])
        if one["task"] == "use_in_sentence" and len(one["term"]) == 3 and one["term"].isalpha():
            counts["sentence." if "sentence" in question or "an example" in question else "?"].add("\n" in answer)
        if one["task"] == "explain_sentence" and "\n" in question:
            assert "sentence" not in question + answer
    assert counts == {"sentence.": {False}, "?": {True}}
