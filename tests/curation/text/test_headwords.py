"""What a text says by its letters: initialisms, mentions, spellings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.text.headwords import Headwords, initials, letters_of, spells, tokens, uses, variants


@pytest.mark.parametrize(
    ("letters", "definition", "how"),
    [
        ("afaik", "As far as I know", 3),
        ("idk", "I don’t know", 3),
        ("lol", "laughing out loud (in a chat)", 3),
        ("cua", "See you around", 2),
        ("b4n", "Bye for now", 2),
        ("gr8", "great", 0),
        ("msg", "message", 1),
        ("brb", "talk to you later", 0),
        ("wyd", "", 0),
    ],
)
def test_how_a_definition_spells_an_initialism(letters, definition, how):
    assert spells(letters, definition) == how


def test_initials_take_numbers_whole_and_leave_parentheses_out():
    assert initials("Battlefield 2 (a game)") == "b2"
    assert initials("") == ""


def test_a_sentence_or_a_long_word_is_no_initialism():
    assert letters_of("B4N") == "b4n"
    assert letters_of("L.O.L") == "lol"
    assert letters_of("no cap") == ""
    assert letters_of("extraordinarily") == ""
    assert letters_of("😂") == ""


def test_headwords_in_capitals_are_found_only_in_capitals():
    headwords = Headwords(["it", "drip", "i can't even", "😂"], ["IT", "drip", "I can’t even", "😂"])

    def found(text):
        return sorted(headwords.keys[number] for number in headwords.mentioned(tokens(text)))

    assert found("it has DRIP") == ["drip"]
    assert found("our IT guy") == ["it"]
    assert found("I can’t even 😂") == ["i can't even", "😂"]
    assert found("dripping") == []


def test_a_headword_gives_each_of_its_spellings():
    assert variants("JK (J/K)") == [["jk", "(", "j", "/", "k", ")"], ["jk"], ["j", "/", "k"]]
    assert ["2tg"] in variants("1TG, 2TG")


def test_a_term_is_used_with_another_ending_but_not_inside_another_word():
    assert uses(["she", "is", "ghosting", "me"], ["ghost"]) == [range(2, 3)]
    assert uses(["ghostwriters"], ["ghost"]) == []
    assert uses(["a", "red", "flags"], ["red", "flag"]) == [range(1, 3)]
    assert uses(["id"], ["i"]) == []


@given(st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), min_size=2, max_size=8))
def test_every_phrase_spells_its_own_initials(words):
    phrase = " ".join(words)
    assert spells(initials(phrase), phrase) == 3


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_can_be_asked(term, text):
    assert spells(letters_of(term) or "x", text) in range(4)
    headwords = Headwords([term], [term])
    assert headwords.mentioned(tokens(text)) <= {0}
    assert all(variants(term))
