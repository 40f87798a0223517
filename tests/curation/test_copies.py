"""Copies across terms: found whether the same or nearly the same, linked, flagged, and never marked to leave."""

from __future__ import annotations

import random

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.copies import CopiesAcrossTerms, near_copies, stars
from curation.entry import Entry, to_table
from curation.stage import Given

PASTA = "the kind of person who will always steal your fries and then tell everybody that you never had any fries"


def run(*definitions: tuple[str, str], **settings_: object) -> pd.DataFrame:
    table = to_table([Entry("a", term=term, definition=definition) for term, definition in definitions])
    return stage(table.assign(term_key=table["term"].str.casefold()), **settings_)


def stage(table: pd.DataFrame, **settings_: object) -> pd.DataFrame:
    return CopiesAcrossTerms(**settings_)(table, Given())


def test_a_definition_under_two_terms_is_linked_and_stays() -> None:
    out = run(("Zib", PASTA), ("Zob", PASTA.upper() + "!!!"), ("Zub", "a very small boat made of bread and butter"))
    assert out["copied_terms"].tolist() == [["zob"], ["zib"], []]
    assert out["copy_group"].iloc[0] == out["copy_group"].iloc[1] != ""
    assert out["copy_group"].iloc[2] == ""
    assert out["flags"].tolist() == [["copied_across_terms"], ["copied_across_terms"], []]
    assert "reason" not in out.columns


def test_a_near_copy_is_linked_and_a_text_on_the_same_subject_is_not() -> None:
    out = run(
        ("Zib", PASTA),
        ("Zob", PASTA.replace("everybody", "people")),
        ("Zub", "someone who steals fries from your plate and denies it in front of all your friends every time"),
    )
    assert out["copied_terms"].tolist() == [["zob"], ["zib"], []]


def test_the_term_itself_may_differ_inside_the_text() -> None:
    out = run(
        ("Emma", "Emma is the nicest girl in class and every Emma has long hair"),
        ("Olivia", "Olivia is the nicest girl in class and every Olivia has long hair"),
    )
    assert out["copy_group"].iloc[0] == out["copy_group"].iloc[1] != ""
    assert out["copied_terms"].tolist() == [["olivia"], ["emma"]]


def test_the_same_text_is_a_copy_although_it_holds_the_term_of_one_of_them() -> None:
    out = run(("tea", "Gossiping (spilling the tea)"), ("sip tea", "gossiping, spilling the tea"))
    assert out["copied_terms"].tolist() == [["sip tea"], ["tea"]]


def test_short_synonyms_are_no_copies_unless_the_recipe_says_so() -> None:
    words = (("lol", "laughing out loud"), ("lool", "Laughing out loud"))
    assert run(*words)["copied_terms"].tolist() == [[], []]
    assert run(*words, least_words=3)["copied_terms"].tolist() == [["lool"], ["lol"]]


def test_a_term_repeated_with_one_text_is_no_copy() -> None:
    assert run(("zib", PASTA), ("ZIB", PASTA), ("Zib", PASTA + " now"))["copy_group"].tolist() == ["", "", ""]


def test_no_chain_of_likenesses_makes_a_group() -> None:
    near = {"a": [(0.8, "b")], "b": [(0.8, "a"), (0.8, "c")], "c": [(0.8, "b"), (0.8, "d")], "d": [(0.8, "c")]}
    texts = {key: {key} for key in near}
    centre_of = stars(texts, near)
    assert all(centre == key or any(centre == other for _, other in near[key]) for key, centre in centre_of.items())
    assert centre_of["a"] != centre_of["d"]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.6, 0.7, 0.8, 1.0]))
def test_the_sieve_finds_every_pair_that_comparing_all_pairs_finds(seed: int, near: float) -> None:
    chance = random.Random(seed)
    base = [chance.choice("abcdefgh") for _ in range(14)]
    texts = {}
    for place in range(12):
        words = [word if chance.random() < 0.95 else chance.choice("abcdefgh") for word in base]
        texts[" ".join(words[: chance.randint(4, 14)])] = {str(place)}
    runs = {text: set(zip(*(text.split()[start:] for start in range(3)), strict=False)) for text in texts}
    expected = {
        (one, other)
        for one in texts
        for other in texts
        if one != other and len(runs[one] & runs[other]) >= near * len(runs[one] | runs[other]) - 1e-12
    }
    found = near_copies(texts, near, least_words=3)
    assert {(one, other) for one, others in found.items() for _, other in others} == expected


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(chance) -> None:
    changed = [
        PASTA,
        PASTA.replace("kind", "sort"),
        PASTA.replace("fries", "chips"),
        PASTA + " ever again",
        "a b c d e f",
    ]
    table = to_table([Entry("a", term=f"t{place}", definition=text) for place, text in enumerate(changed * 2)])
    table["term_key"] = table["term"]
    order = list(table.index)
    chance.shuffle(order)
    columns = ["copy_group", "copied_terms"]
    pd.testing.assert_frame_equal(stage(table.loc[order])[columns].sort_index(), stage(table)[columns])


@pytest.mark.parametrize("count", [0, 1, 300])
def test_no_row_one_row_and_hundreds_alike(count: int) -> None:
    table = to_table([Entry("a", term=f"t{place}", definition="💀 " * 5_000) for place in range(count)])
    out = stage(table.assign(term_key=table["term"]))
    assert out["id"].tolist() == table["id"].tolist()
    assert (out["copy_group"] != "").sum() == (count if count > 1 else 0)
    assert out["copied_terms"].map(len).max() == 20 if count > 20 else True


def test_only_definitions_are_compared() -> None:
    table = to_table([
        Entry("a", kind="sentence", term="x", example=PASTA, definition=PASTA),
        Entry("a", term="y", definition=PASTA),
        Entry("a", term="z", definition=""),
    ])  # fmt: skip
    assert stage(table.assign(term_key=table["term"]))["copy_group"].tolist() == ["", "", ""]
