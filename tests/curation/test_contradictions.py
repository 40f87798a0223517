"""Contradictions: what two rows of one term cannot both say, and what voters reject; marked, never dropped."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.contradictions import Contradictions, approval, column_values, values_of
from curation.entry import Entry, to_table
from curation.normalize import term_key
from curation.sense.expansions import other_expansion
from curation.sense.opposites import opposed, read
from curation.stage import Given


def rows_of(*rows: dict[str, object], sense: float = 0.6) -> pd.DataFrame:
    """Definitions as the same-sense stage leaves them: every pair of a term compared, with one score."""
    table = to_table([Entry("toy", **row) for row in rows])
    table["term_key"] = table["term"].map(term_key)
    others = [
        [other for other, key in zip(table["id"], table["term_key"], strict=True) if key == own and other != ident]
        for ident, own in zip(table["id"], table["term_key"], strict=True)
    ]
    table["sense_with"] = pd.Series(others, dtype=object)
    table["sense_score"] = pd.Series([[sense] * len(found) for found in others], dtype=object)
    return table


def found(one: str, other: str, term: str = "term", sense: float = 0.6) -> list[str]:
    """[kind, words] of the contradiction between two definitions of a term; [] where there is none."""
    table = rows_of({"term": term, "definition": one}, {"term": term, "definition": other}, sense=sense)
    out = Contradictions()(table, Given())
    first = out.iloc[0]
    assert [list(flags) for flags in out["flags"]] == [["contradiction"] if first["contradicts"] else []] * 2
    return [*first["contradiction_kind"], *first["contradiction_words"]]


@pytest.mark.parametrize(
    ("term", "one", "other", "words"),
    [
        ("IMHO", "In my humble opinion.", 'Acronym for "in my honest opinion"', "humble ≠ honest"),
        ("PTO", "Paid time off", "personal time off", "paid ≠ personal"),
        ("MIRL", "Me in real life", "Meet in real life", "me ≠ meet"),
        ("SMHID", "shaking my head in disgust", "Shaking My Head In Despair", "disgust ≠ despair"),
    ],
)
def test_expansions_that_differ_in_one_word_contradict_each_other(term: str, one: str, other: str, words: str) -> None:
    assert found(one, other, term) == ["expansion", words]


@pytest.mark.parametrize(
    ("term", "one", "other"),
    [
        ("LMAO", "laughing my ass off", "Laughing my a** off"),  # starred out
        ("FUBAR", "Fouled up beyond all recognition", "f**ked up beyond all recognition"),  # softened
        ("NGL", "Not going to lie", "not gonna lie"),
        ("MML", "making me laugh", "made me laugh"),
        ("ICYDK", "in csae you didn't know", "In case you didn't know"),  # misspelled
        ("BF", "Boyfriend", "Best friend"),
        ("BBL", "be back later", "Brazilian butt lift"),  # two senses
        ("NAC", "Not a chance", "Not a chain"),  # nothing that carries the phrase is the same
    ],
)
def test_the_same_words_in_another_form_and_other_phrases_do_not(term: str, one: str, other: str) -> None:
    assert found(one, other, term, sense=0.3) == []


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ("The best show on television.", "The worst show ever made", "judgement"),
        ("A compliment for a friend.", "An insult for a friend", "judgement"),
        ("Somebody who is very cool.", "Somebody who is not cool at all", "judgement"),
        ("A short and wide hat", "A long, narrow hat", "description"),
        ("a girl from the north of town", "a guy from the north of town", "description"),
        ("Somebody who eats meat with cheese", "Somebody who never eats meat with cheese", "negation"),
        ("A respectful answer to a teacher", "A disrespectful answer to a teacher", "judgement"),
        ("A painful trip to the dentist", "A painless trip to the dentist", "negation"),
        ("A teenager of 13 years", "A teenager of 19 years", "number"),
    ],
)
def test_opposites_denials_and_numbers_are_found(one: str, other: str, kind: str) -> None:
    assert found(one, other)[:1] == [kind]
    assert found(other, one)[:1] == [kind]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Easy", "Not difficult"),  # the same pole
        ("Not the worst song", "The best song"),
        ("Neither good nor bad", "Very good"),  # both poles say nothing
        ("Stylish clothes", "A leak in the roof"),
        ("The feeling when you have no water", "A drink of water after a run"),  # another thing is denied
        ("Guys", "Girls who like tea"),
        ("A party on 12 May", "A party that 40 people came to"),
    ],
)
def test_what_is_no_opposite_is_left_alone(one: str, other: str) -> None:
    assert found(one, other) == []


class TwoMeanings:
    """An embedder for which a few words mean the same, and any others nothing alike."""

    fingerprint = "two meanings"

    def __call__(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        places = [0 if text in ("recall", "remember") else 1 + place for place, text in enumerate(texts)]
        return np.eye(len(texts) + 1, dtype=np.float32)[places]


def test_a_synonym_in_an_expansion_is_no_contradiction() -> None:
    rows = [
        {"term": "IIRC", "definition": "If I recall correctly"},
        {"term": "IIRC", "definition": "if I remember correctly"},
        {"term": "IMHO", "definition": "in my humble opinion"},
        {"term": "IMHO", "definition": "in my honest opinion"},
    ]
    out = Contradictions()(rows_of(*rows), Given(embedder=TwoMeanings()))
    assert [len(cell) for cell in out["contradicts"]] == [0, 0, 1, 1]
    without = Contradictions()(rows_of(*rows), Given())
    assert [len(cell) for cell in without["contradicts"]] == [1, 1, 1, 1]


def test_an_opposite_of_another_sense_is_no_contradiction() -> None:
    assert found("Excellent.", "Terrible.", sense=0.6) == ["judgement", "excellent ≠ terrible"]
    assert found("Excellent.", "Terrible.", sense=0.1) == []


def test_columns_that_name_two_things_for_one_sense_are_found_and_lists_that_meet_are_not() -> None:
    def pair(one: str, other: str) -> list[list[str]]:
        table = rows_of(
            {"term": "yeet", "definition": "to throw", "part_of_speech": one},
            {"term": "yeet", "definition": "throw hard", "part_of_speech": other},
        )
        return [list(cell) for cell in Contradictions()(table, Given())["contradiction_words"]]

    assert sorted(pair("n.", "Verb")) == [["part of speech: noun ≠ verb"], ["part of speech: verb ≠ noun"]]
    assert pair("noun, verb", "v") == [[], []]
    assert pair("", "verb") == [[], []]


def test_a_column_of_the_source_itself_may_be_named() -> None:
    table = rows_of(
        {"term": "yeet", "definition": "to throw", "extra": {"Register": "formal"}},
        {"term": "yeet", "definition": "throw hard", "extra": {"Register": "vulgar"}},
    )
    out = Contradictions(columns=["Register"])(table, Given())
    assert out["contradiction_words"].tolist()[0] == ["Register: formal ≠ vulgar"]
    assert Contradictions()(table, Given())["contradicts"].tolist() == [[], []]


def test_what_voters_reject_beside_what_they_accept_is_flagged() -> None:
    rows = [
        {"term": "drip", "definition": "stylish clothes", "votes_up": 412, "votes_down": 33},
        {"term": "drip", "definition": "what my cat Bob is", "votes_up": 12, "votes_down": 95},
        {"term": "drip", "definition": "a leak", "votes_up": 1, "votes_down": 4},  # too few to say
        {"term": "rizz", "definition": "charm", "votes_up": 3, "votes_down": 60},  # nothing better stands beside it
        {"term": "sus", "definition": "suspicious"},
    ]
    out = Contradictions()(rows_of(*rows, sense=0.1), Given())
    assert [list(flags) for flags in out["flags"]] == [[], ["voted_down"], [], [], []]
    assert out["approval_high"][1] < 0.2
    assert out["approval_low"][0] > 0.85
    assert math.isnan(out["approval_low"][2])
    assert math.isnan(out["approval_high"][4])


def test_no_row_leaves_and_no_text_changes() -> None:
    table = rows_of(
        {"term": "IMHO", "definition": "In my humble opinion"}, {"term": "IMHO", "definition": "in my honest opinion"}
    )
    out = Contradictions()(table, Given())
    pd.testing.assert_frame_equal(out[table.columns].drop(columns="flags"), table.drop(columns="flags"))
    assert set(out.columns) - set(table.columns) == set(Contradictions.adds)


def test_the_order_of_rows_changes_nothing() -> None:
    definitions = ["In my humble opinion", "in my honest opinion", "in my holy opinion", "a bad idea", "a good idea"]
    table = rows_of(*({"term": "IMHO", "definition": text} for text in definitions))
    one = Contradictions()(table, Given()).set_index("id").sort_index()
    other = Contradictions()(table.sample(frac=1, random_state=1), Given()).set_index("id").sort_index()
    pd.testing.assert_frame_equal(one, other)
    assert [len(cell) for cell in one["contradicts"]].count(0) < 5


def test_a_table_without_rows_and_one_without_pairs_get_the_columns_too() -> None:
    for table in (rows_of({"term": "a", "definition": "b"}), rows_of({"term": "a", "definition": "b"}).iloc[:0]):
        out = Contradictions()(table, Given())
        assert set(Contradictions.adds) <= set(out.columns)
        assert len(out) == len(table)


def test_opposites_of_another_language_are_not_looked_for() -> None:
    rows = [{"term": "x", "definition": text, "language": "sv"} for text in ("en bra man bad", "en bra man good")]
    assert Contradictions()(rows_of(*rows), Given())["contradicts"].tolist() == [[], []]


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_the_interval_of_the_share_of_up_votes_holds_that_share(up: int, down: int) -> None:
    low, high = approval(pd.DataFrame({"votes_up": [up], "votes_down": [down]}), 0.95, 1)
    if up + down:
        assert 0 <= low[0] <= (up + 0.5) / (up + down + 1) <= high[0] <= 1
    else:
        assert math.isnan(low[0])


@settings(deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_any_two_texts_are_compared_alike_from_both_sides(one: str, other: str) -> None:
    a, b = read(one), read(other)
    assert sorted((y, x, scale) for x, y, scale in opposed(a, b)) == sorted(opposed(b, a))
    assert opposed(a, a) == []


@settings(deadline=None)
@given(st.lists(st.text(min_size=1, max_size=8), min_size=3, max_size=5))
def test_an_expansion_never_contradicts_itself(words: list[str]) -> None:
    assert other_expansion(words, words, 1.0) == ""


def test_cells_are_read_as_lists_of_folded_values() -> None:
    assert values_of("n., Verb") == {"noun", "verb"}
    assert values_of("0") == values_of(" ") == frozenset()
    table = rows_of({"term": "a", "definition": "b", "category": "Food | Drink"})
    assert column_values(table, ["category", "absent"]) == [{"category": {"food", "drink"}, "absent": frozenset()}]
