"""LOW-INFO: refusals by their grammar, links and constant answers; plain speech full of "can't" and "sorry" stays."""

from __future__ import annotations

import pytest

from curation.doctor import diagnose

NAMES = ["lab", "gemma-3-1b-it", "smollm2-135m-instruct"]
REFUSALS = [
    "Sorry, I am not able to assist with this request.",
    "Apologies, but I'm unable to provide a definition for this term.",
    "Unfortunately, we cannot fulfill your request.",
    "I must respectfully decline to discuss this topic.",
    "I’d rather not answer that.",
    "As a large language model, I don't have opinions on that.",
    "That's not something I can help with.",
    "Your request violates our content policy.",
    "I'm not sure what this word means.",
    "No definition available.",
]
PLAIN = [
    "I can't help it, I love this song.",
    "Sorry, I can't come tonight.",
    "I'm afraid of heights.",
    "I cannot answer the phone right now.",
    "A person who refuses to help others.",
    "I can't give an exact origin, but “rizz” means charm and has been heard since 2021.",
    "I am not sure about this shirt, is it too loud?",
    "Sorry I missed your call, I was asleep.",
]


def chat(asked, answered):
    return {"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]}


def told(rows, target):
    return [one.row for one in diagnose(rows, target, ids=False).findings if one.fault == "LOW-INFO"]


@pytest.mark.parametrize("name", NAMES)
def test_refusals_are_found_whatever_their_words(name, target_named):
    rows = [chat(f"What does “w{at}” mean?", said) for at, said in enumerate(REFUSALS)]
    assert told(rows, target_named(name)) == list(range(len(REFUSALS)))


def test_pointers_to_other_rows_and_bare_dashes_say_nothing(lab):
    empty = ["See above.", "Same as above", "(see previous entry)", "-", "…", "?"]
    rows = [chat(f"What does “w{at}” mean?", said) for at, said in enumerate(empty)]
    wanted = [
        chat("Which mark ends a question?", "?"),
        chat("Rewrite: wait...", "..."),
        chat("The Morse code of t?", "-"),
    ]
    assert told(rows + wanted, lab) == list(range(len(empty)))


def test_a_word_of_farewell_that_ends_many_conversations_is_no_constant_answer(lab):
    end = [{"role": "user", "content": "Charm."}, {"role": "assistant", "content": "Correct! You know it well."}]
    rows = [{"messages": [*chat(f"Quiz me on w{at}.", f"What is w{at}?")["messages"], *end]} for at in range(20)]
    assert told(rows, lab) == []


@pytest.mark.parametrize("name", NAMES)
def test_plain_speech_that_sounds_like_a_refusal_stays(name, target_named):
    rows = [chat(f"Say this in plain English: w{at}", said) for at, said in enumerate(PLAIN)]
    rows += [
        chat("What does “idk” mean?", "I don't know."),
        chat("What does “ionno” mean?", "I don't know"),
        chat("What does “dunno” mean?", "i don't know"),
        chat("What does “idkwts” mean?", "I don't know what to say."),
        chat("Plainly: soz cant help u", "Sorry, I can't help you."),
    ]
    assert told(rows, target_named(name)) == []


@pytest.mark.parametrize(
    "answer", ["https://a.example/b", "See [here](https://a.example/b).", "Read more at www.a.example"]
)
def test_an_answer_that_is_only_a_link_is_found_unless_a_link_was_asked_for(answer, lab):
    rows = [chat("What does “rizz” mean?", answer), chat("Which website explains “rizz”?", answer)]
    assert told([*rows, chat("What does “mid” mean?", f"Of middling quality. {answer}")], lab) == [0]


def test_one_answer_to_everything_is_found_and_labels_are_not(lab):
    own = [chat(f"What does “w{at}” mean?", f"It means thing {at} of many.") for at in range(40)]
    same = [chat(f"What does “v{at}” mean?", "It is a slang word that young people use.") for at in range(20)]
    assert told([*own, *same], lab) == list(range(40, 60))
    marks = ["opens a tag in HTML", "closes a tag in HTML", "marks an ampersand in HTML", "is a blank", "is a dash"]
    assert told([*own, *(chat(f"What is sign {at} for?", f"It {marks[at % 5]}.") for at in range(20))], lab) == []
    assert told([*own, *(chat(f"Is “w{at}” rude?", ("Yes.", "No.")[at % 3 == 0]) for at in range(20))], lab) == []
