"""Exact duplicates: which rows are one, which of them survives, and what it takes over."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.deduplicate import ExactDuplicates
from curation.entry import Entry, to_table
from curation.stage import Given
from curation.text.comparison import comparison_key


def table_of(*entries: Entry) -> pd.DataFrame:
    """Rows of several sources, each with the plainest term key there is."""
    parts = [
        to_table([entry for entry in entries if entry.source == name])
        for name in dict.fromkeys(entry.source for entry in entries)
    ]
    table = pd.concat(parts, ignore_index=True) if parts else to_table([])
    return table.assign(term_key=table["term"].str.strip().str.casefold())


def run(table: pd.DataFrame, **settings_: object) -> pd.DataFrame:
    return ExactDuplicates(**settings_)(table, Given())


def kept(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["reason"] == ""]


def test_case_punctuation_and_blanks_make_no_other_definition() -> None:
    out = run(table_of(
        Entry("a", term="BAE", definition="Before anyone else!"),
        Entry("a", term="BAE ", definition=" before  anyone else"),
        Entry("b", term="Bae", definition="“Before Anyone Else.”"),
    ))  # fmt: skip
    assert len(kept(out)) == 1
    assert set(out.loc[out["reason"] != "", "reason"]) == {"exact_duplicate"}
    assert set(out.loc[out["reason"] != "", "survivor"]) == set(kept(out)["id"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("costs 0.02", "costs 002"),
        ("level 1", "level 2"),
        ("laughing 😂", "laughing 💀"),
        ("means :)", "means :("),
        ("C#", "C++"),
        ("👍🏻", "👍🏿"),
        ("therapist", "the rapist"),
        ("+1", "-1"),
        (":D", ":P"),
        ("50%", "50"),
    ],
)
def test_what_changes_the_meaning_stays_in_the_key(one: str, other: str) -> None:
    assert comparison_key(one) != comparison_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("don’t", "Don't"), ("don't", "dont"), ("love ❤", "love ❤️"), ("A, b; c.", "a b c"), ("Straße", "STRASSE")]
)  # fmt: skip
def test_typography_does_not(one: str, other: str) -> None:
    assert comparison_key(one) == comparison_key(other)


@given(st.text(max_size=40))
def test_a_key_is_its_own_key_and_is_empty_only_for_blanks(text: str) -> None:
    key = comparison_key(text)
    assert comparison_key(key) == key
    assert bool(key) == bool(text.replace("\ufe0f", "").strip())


def test_the_survivor_unites_sources_votes_examples_and_links() -> None:
    out = run(table_of(
        Entry("a", term="drip", definition="Style", example="nice drip", votes_up=3, linked_terms=["fit"]),
        Entry("b", term="drip", definition="style.", example="Nice drip!", votes_up=2, votes_down=1, linked_terms=["fit", "swag"]),
        Entry("c", term="drip", definition="style", example="all that drip"),
    ))  # fmt: skip
    (row,) = kept(out).to_dict("records")
    assert row["source"] == "a"
    assert sorted(row["sources"]) == ["a", "b", "c"]
    assert row["sources"][0] == "a"
    assert row["examples"] == ["nice drip", "all that drip"]
    assert (row["votes_up"], row["votes_down"]) == (5, 1)
    assert row["linked_terms"] == ["fit", "swag"]
    assert row["merged_ids"] == sorted(out.loc[out["reason"] != "", "id"])


def test_unknown_votes_stay_unknown() -> None:
    out = kept(run(table_of(Entry("a", term="x", definition="y"), Entry("b", term="x", definition="y"))))
    assert out["votes_up"].isna().all()


def test_words_that_may_not_be_passed_on_take_their_terms_of_use_along() -> None:
    free = Entry("free", term="cap", definition="a lie", example="no cap", licence="CC BY 4.0", attribution="A")
    same_words = Entry("site", term="cap", definition="a lie", example="no cap", redistributable=False)
    more_words = Entry(
        "site", term="cap", definition="a lie", example="big cap", redistributable=False, attribution="B"
    )
    (row,) = kept(run(table_of(free, same_words))).to_dict("records")
    assert (row["source"], row["redistributable"], row["attribution"]) == ("free", True, "A")
    (row,) = kept(run(table_of(free, more_words))).to_dict("records")
    assert (row["source"], row["redistributable"], row["attribution"]) == ("free", False, "A; B")


def test_other_senses_terms_and_kinds_stay() -> None:
    out = run(table_of(
        Entry("a", term="cap", definition="a lie"),
        Entry("a", term="cap", definition="a hat"),
        Entry("a", term="fib", definition="a lie"),
        Entry("a", kind="sentence", term="cap", example="a lie", label="slang"),
        Entry("a", kind="sentence", term="cap", example="a lie", label="non-slang"),
        Entry("a", kind="pair", example="a lie", plain="an untruth"),
        Entry("a", kind="pair", example="a lie", plain="a falsehood"),
        Entry("a", term="cap", example="no cap"),
        Entry("a", term="cap", example="that is cap"),
        Entry("a", term="cap"),
        Entry("a", term="cap"),
    ))  # fmt: skip
    assert len(kept(out)) == len(out)


def test_equal_pairs_sentences_and_conversations_are_one() -> None:
    turns = '[{"role": "user", "content": "What is rizz?"}, {"role": "assistant", "content": "Charm."}]'
    out = run(table_of(
        Entry("a", kind="pair", example="no cap", plain="truly"),
        Entry("b", kind="pair", example="No cap!", plain="Truly."),
        Entry("a", kind="sentence", term="cap", example="no cap", label="slang"),
        Entry("b", kind="sentence", term="cap", example="No cap", label="slang"),
        Entry("a", kind="chat", messages=turns),
        Entry("b", kind="chat", messages=turns.replace(": ", ":")),
        Entry("b", kind="chat", messages="no JSON"),
    ))  # fmt: skip
    assert sorted(kept(out)["kind"]) == ["chat", "chat", "pair", "sentence"]


def test_the_recipe_says_whose_rows_survive() -> None:
    entries = [Entry("a", term="x", definition="y", votes_up=9), Entry("b", term="x", definition="y")]
    assert kept(run(table_of(*entries)))["source"].tolist() == ["a"]
    assert kept(run(table_of(*entries), prefer_sources=["b"]))["source"].tolist() == ["b"]


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(chance) -> None:
    entries = [
        Entry(source, term=term, definition=definition, example=example, votes_up=votes)
        for source in ("a", "b")
        for term in ("Rizz", "rizz ")
        for definition in ("charm", "Charm.", "flirting")
        for example, votes in (("", None), ("he has rizz", 2))
    ]
    table = table_of(*entries)
    order = list(table.index)
    chance.shuffle(order)
    columns = ["id", "reason", "survivor", "sources", "examples", "merged_ids", "votes_up"]
    expected = run(table).set_index("id").sort_index()[columns[1:]]
    got = run(table.loc[order]).set_index("id").sort_index()[columns[1:]]
    pd.testing.assert_frame_equal(got, expected)


@pytest.mark.parametrize("count", [0, 1, 50])
def test_no_row_one_row_and_all_rows_alike(count: int) -> None:
    table = table_of(*[Entry("a", term="NaN", definition="null", example="💀" * 10_000)] * count)
    out = run(table)
    assert out["id"].tolist() == table["id"].tolist()
    assert len(kept(out)) == min(count, 1)
    assert {"sources", "merged_ids", "examples"} <= set(out.columns)
    assert sum(map(len, out["merged_ids"])) == max(count - 1, 0)


def test_every_row_stands_for_itself_where_nothing_merges() -> None:
    out = run(table_of(Entry("a", term="x", definition="y", example="z"), Entry("b", term="w", definition="y")))
    assert out["sources"].tolist() == [["a"], ["b"]]
    assert out["examples"].tolist() == [["z"], []]
    assert out["merged_ids"].tolist() == [[], []]


def test_a_row_that_has_left_is_nobodys_survivor() -> None:
    table = table_of(Entry("a", term="x", definition="y", votes_up=5), Entry("b", term="x", definition="y"))
    table = table.assign(reason=["spam", ""], survivor="", score=float("nan"), detail="")
    assert run(table)["reason"].tolist() == ["spam", ""]


@pytest.mark.shared
def test_the_groups_of_the_real_set_that_differ_only_in_typography_become_one(shared_data) -> None:
    rows = pd.read_csv(shared_data / "genz" / "all_slangs.csv", dtype=str, keep_default_na=False)
    table = table_of(*[
        Entry("genz", row=place, term=term, definition=definition, example=example)
        for place, (term, definition, example) in enumerate(zip(rows["Slang"], rows["Description"], rows["Example"], strict=True))
    ])  # fmt: skip
    out = run(table)
    bae = kept(out)[kept(out)["term_key"] == "bae"]
    assert len(bae) < (table["term_key"] == "bae").sum()
    keys = list(zip(kept(out)["term_key"], map(comparison_key, kept(out)["definition"]), strict=True))
    assert len(set(keys)) == len(keys)
    assert 60 <= (out["reason"] != "").sum() <= 100
