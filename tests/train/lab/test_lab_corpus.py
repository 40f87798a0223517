"""Dictionaries → conversations: what is read, what is asked, and what is never trained on."""

from __future__ import annotations

import shutil

import pytest

from train.errors import TrainError
from train.lab.corpus import corpus, is_held_out
from train.lab.dictionaries import devil, jargon, synsets


@pytest.fixture(scope="module")
def by_word(wordnet):
    return {synset.words[0]: synset for synset in reversed(synsets(wordnet))}


@pytest.fixture(scope="module")
def trained(small_corpus):
    return "\n".join(message["content"] for talk in small_corpus.train for message in talk)


def test_a_meaning_is_read_without_its_notes_and_with_its_sentences(by_word):
    able = by_word["able"]  # "able(p)" in the file
    assert able.meaning == "having the necessary means or skill or know-how or authority to do something"
    assert able.examples == ("able to swim",)
    assert by_word["toaster"].meaning == "a kitchen appliance (usually electric) for toasting bread"
    assert by_word["clemency"].kind == by_word["kindness"].id == "n00034574"


def test_an_example_is_not_taken_for_meaning(by_word):
    assert by_word["employment"].meaning == "the occupation for which you are paid"
    assert by_word["employment"].examples == ("he is looking for employment", "a lot of people are out of work")


def test_names_of_single_places_are_known_and_not_asked_for(by_word, trained):
    assert by_word["Danube"].is_name
    assert not by_word["kindness"].is_name
    assert "Danube" not in trained


def test_nothing_of_a_held_out_meaning_is_trained_on(small_corpus, trained):
    held = {definition.id: definition for definition in small_corpus.held_out}
    assert set(held) == {"n00584367", "n05120116"}  # two real ones that the hash picks
    assert all(is_held_out(one) for one in held)
    for text in ("occupation for which", "looking for employment", "out of work", "plethora", "extreme excess"):
        assert text not in trained


def test_another_meaning_in_the_same_words_and_a_shared_sentence_are_left_out(trained):
    assert "surfeit" not in trained  # its definition is that of the held-out plethora
    assert "embarrassment of riches" not in trained
    assert "the riches of a king" in trained or "the ____ of a king" in trained


def test_an_answer_repeats_the_word_and_a_verb_gets_its_to(small_corpus):
    definition = next(one for one in small_corpus.held_out if one.id == "n00584367")
    assert "“employment”" in definition.question
    assert "“employment”" in definition.answer
    assert definition.meaning in definition.answer
    answers = [talk[1]["content"] for talk in small_corpus.train if "“hack”" in talk[0]["content"]]
    assert any("to cough spasmodically" in answer or "to kick on the shins" in answer for answer in answers)


def test_answers_have_neither_doubled_stops_nor_doubled_articles(small_corpus):
    import re

    for talk in small_corpus.train:
        for message in talk:
            assert not re.search(r"\.\s*\.|\b[Aa] [Aa]\b|\{|\}", message["content"]), message


def test_no_text_speaks_of_slang(trained):
    assert "slang" not in trained.lower()


def test_the_same_dictionaries_in_another_order_give_the_same_conversations(wordnet, dictd, small_corpus):
    again = corpus(synsets(wordnet)[::-1], jargon(dictd)[::-1], devil(dictd)[::-1])
    assert again.train == small_corpus.train
    assert again.held_out == small_corpus.held_out


def test_the_jargon_file_gives_whole_sentences_without_markup(dictd):
    assert jargon(dictd) == [
        (
            "crack root",
            "To defeat the security system of a Unix machine and gain root privileges thereby; see cracking.",
        ),
        ("ACK", "Acknowledge. Used to register one’s presence."),
    ]  # 1TBS breaks off, and the file about itself is no entry


def test_verse_of_the_devils_dictionary_is_left_out(dictd):
    assert devil(dictd) == [
        ("abatis", "Rubbish in front of a fort, to prevent the rubbish outside from molesting the rubbish inside.")
    ]


def test_a_missing_dictionary_is_one_line_that_says_what_to_install(tmp_path):
    with pytest.raises(TrainError, match=r"data\.noun: no such file; apt-get install wordnet-base"):
        synsets(tmp_path)
    with pytest.raises(TrainError, match=r"jargon\.dict\.dz: no such file"):
        jargon(tmp_path)


def test_a_file_in_another_format_is_one_line(tmp_path, wordnet, dictd):
    for part in ("verb", "adj", "adv"):
        shutil.copy(wordnet / f"data.{part}", tmp_path)
    (tmp_path / "data.noun").write_text("00034574 a kind act\n")
    with pytest.raises(TrainError, match=r"data\.noun: not in WordNet's format"):
        synsets(tmp_path)
    shutil.copy(dictd / "devil.dict.dz", tmp_path)
    (tmp_path / "devil.index").write_text("ABATIS with no tabs\n")
    with pytest.raises(TrainError, match=r"devil\.index, line 1: expected headword"):
        devil(tmp_path)
    (tmp_path / "jargon.dict.dz").write_bytes(b"not compressed")
    with pytest.raises(TrainError, match=r"jargon\.dict\.dz: cannot be read"):
        jargon(tmp_path)
