from __future__ import annotations

import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from curation.entry import Entry, to_table
from curation.split import Split, tied
from curation.stage import Given


def table_of(*entries: Entry) -> pd.DataFrame:
    table = to_table(list(entries))
    return table.assign(term_key=table["term"].str.casefold())


def terms(count: int) -> pd.DataFrame:
    return table_of(*(Entry("s", term=f"word{n}", definition=f"Thing {n}") for n in range(count)))


def split(table: pd.DataFrame, seed: int = 1, **chosen: float) -> pd.Series:
    return Split(**chosen)(table, Given(seed=seed))["split"]


def together(groups) -> bool:
    """Whether each group has one value only."""
    return all(len(set(values)) == 1 for _, values in groups)


def test_shares_are_kept_and_the_seed_decides() -> None:
    counts = split(terms(4_000)).value_counts(normalize=True)
    assert 0.04 < counts["test"] < 0.06
    assert 0.04 < counts["validation"] < 0.06
    assert not split(terms(4_000), seed=1).equals(split(terms(4_000), seed=2))


def test_a_whole_term_is_on_one_side() -> None:
    rows = [
        Entry("s", term=term, definition=f"{term} {n}", row=n)
        for n in range(3)
        for term in ("BAE", "bae", "lol", "drip", "sus")
    ]
    table = table_of(*rows)
    sides = table.assign(split=split(table, test=0.3, validation=0.3))
    assert together(sides.groupby("term_key")["split"])


def test_a_term_keeps_its_side_when_others_come() -> None:
    few, many = terms(1_000), terms(3_000)
    pd.testing.assert_series_equal(split(few), split(many)[:1_000])


@pytest.mark.parametrize("count", [3, 4, 10, 30])
@pytest.mark.parametrize("seed", range(5))
def test_small_sets_have_all_three_sides(count: int, seed: int) -> None:
    assert set(split(terms(count), seed)) == {"train", "validation", "test"}


def test_a_share_of_nothing_gives_nothing() -> None:
    assert set(split(terms(50), test=0.0)) == {"train", "validation"}
    assert set(split(terms(50), test=0.0, validation=0.0)) == {"train"}


def test_pairs_with_the_same_sentence_are_together() -> None:
    rows = [Entry("s", kind="pair", example=f"yo {n // 2}", plain=f"hello {n}", row=n) for n in range(200)]
    rows += [Entry("s", kind="pair", example=f"hey {n}", plain=f"Hello  {n}", row=n) for n in range(200)]
    table = table_of(*rows)
    sides = table.assign(split=split(table), plain=table["plain"].str.split().str.join(" ").str.casefold())
    assert sides.groupby("example")["split"]
    assert together(sides.groupby("plain")["split"])
    assert len(set(tied(table))) == 100


def test_copies_across_terms_are_together() -> None:
    table = terms(300).assign(copy_group=["", *(f"g{n // 3}" for n in range(299))])
    sides = table.assign(split=split(table))
    assert together(sides[sides["copy_group"] != ""].groupby("copy_group")["split"])
    assert sides["split"].nunique() == 3


def test_a_group_too_big_for_a_held_out_side_is_trained_on() -> None:
    table = terms(400).assign(copy_group=["big"] * 200 + [""] * 200)
    assert all(set(split(table, seed)[:200]) == {"train"} for seed in range(30))


def test_chats_with_the_same_question_are_together() -> None:
    chat = lambda question, answer: json.dumps(
        [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    )
    rows = [Entry("s", kind="chat", messages=chat(f"q {n % 40}", str(n)), row=n) for n in range(120)]
    table = table_of(*rows, Entry("s", kind="chat", messages="no json", row=121))
    assert len(set(tied(table))) == 41
    sides = table.assign(split=split(table), q=[str(n % 40) for n in range(121)])[:120]
    assert together(sides.groupby("q")["split"])


@pytest.mark.parametrize(
    "question",
    [
        "What does “dreich” mean?",
        'Is "Dreich" rude?',
        "What does dreich mean?",
        "What is the difference between 'dreich' and «smirr»?",
        "Explain dreich.",
    ],
)
def test_a_chat_is_on_the_side_of_the_term_that_it_asks_about(question) -> None:
    messages = json.dumps([{"role": "user", "content": question}, {"role": "assistant", "content": "Grey and wet."}])
    chat = Entry("s", kind="chat", messages=messages, row=1)
    table = table_of(
        Entry("s", term="dreich", definition="Grey and wet"), Entry("s", term="yeet", definition="x"), chat
    )
    dreich, yeet, asked = tied(table)
    assert dreich == asked != yeet


def test_a_pair_whose_sentence_is_a_term_is_on_its_side() -> None:
    pairs = [Entry("s", kind="pair", example="Let him cook.", plain="Let him try.", row=1)]
    table = table_of(Entry("s", term="let him cook", definition="Let him try"), *pairs)
    assert len(set(tied(table))) == 1


def test_what_a_question_quotes_ties_nothing_where_it_is_no_term() -> None:
    ask = lambda said: json.dumps([{"role": "user", "content": said}, {"role": "assistant", "content": "Yes."}])
    chats = [Entry("s", kind="chat", messages=ask(f'What does "it" mean in {n}?'), row=n) for n in range(3)]
    assert len(set(tied(table_of(*chats)))) == 3


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["definition", "pair", "sentence", "chat"]),
            st.sampled_from(["", "a", "b", "😂"]),
            st.text(max_size=12),
        ),
        max_size=9,
    )
)
def test_the_order_of_rows_decides_nothing(rows: list[tuple[str, str, str]]) -> None:
    table = table_of(
        *(
            Entry("s", kind=kind, term=term, example=text, plain=text, row=n)
            for n, (kind, term, text) in enumerate(rows)
        )
    )
    given_order = Split()(table, Given())
    other_order = Split()(table.iloc[::-1], Given())
    assert list(given_order.index) == list(table.index)
    pd.testing.assert_series_equal(given_order["split"].sort_index(), other_order["split"].sort_index())
    assert set(given_order["split"]) <= {"train", "validation", "test"}


def test_shares_that_leave_no_training_are_refused() -> None:
    with pytest.raises(ValidationError, match="leave nothing for training"):
        TypeAdapter(Split).validate_python({"validation": 0.5, "test": 0.5})
    with pytest.raises(ValidationError):
        TypeAdapter(Split).validate_python({"train": 0.9})


@pytest.mark.shared
def test_real_lists_made_from_tweets_are_not_chained_together(shared_data) -> None:
    frame = pd.read_csv(shared_data / "languages" / "indonesian.csv", dtype=str, keep_default_na=False)
    table = table_of(
        *(
            Entry("s", term=row.slang, definition=row.formal, example=row.context, row=n)
            for n, row in enumerate(frame.itertuples())
        )
    )
    counts = split(table).value_counts(normalize=True)
    assert counts["test"] > 0.03
    assert counts["validation"] > 0.03
