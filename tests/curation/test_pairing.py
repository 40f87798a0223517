"""Text pairing: planted swaps are found with their owner, honest rows are left alone, odd tables survive."""

from __future__ import annotations

import random
import re

import numpy as np
import pandas as pd
import pytest

from curation.entry import Entry, to_table
from curation.pairing import TextPairing
from curation.pairs.corpus import Corpus, unit
from curation.pairs.correspondence import Correspondence
from curation.pairs.evidence import View
from curation.pairs.names import related
from curation.stage import Given

# A hundred and twenty initialisms of three or four words, each word from its own list, so that no two are alike.
WORDS = [
    ["after", "bring", "carry", "drive", "every", "fresh", "giant", "happy", "ideal", "jolly"],
    ["apple", "brown", "crazy", "daily", "early", "funny", "great", "honey", "inner", "juicy"],
    ["always", "better", "clever", "deeper", "easily", "faster", "gently", "harder", "inside", "justly"],
    ["around", "beyond", "corner", "during", "except", "friend", "garden", "health", "island", "jungle"],
]
FRAMES = [
    "We said {} again today.",
    "Honestly, {} is all I can say.",
    "She wrote {} under the photo.",
    "{}, see you there!",
]


def keyed(table: pd.DataFrame) -> pd.DataFrame:
    keys = [re.sub(r"\s+", " ", term.replace("’", "'")).strip().casefold() for term in table["term"]]
    return table.assign(term_key=pd.Series(keys, index=table.index, dtype="str"))


def initialisms(count: int = 160) -> list[Entry]:
    rng = random.Random(3)
    seen: set[str] = set()
    entries: list[Entry] = []
    while len(entries) < count:
        words = [rng.choice(group) for group in WORDS[: rng.choice([3, 4])]]
        term = "".join(word[0] for word in words).upper()
        if term not in seen:
            seen.add(term)
            entries.append(
                Entry(
                    "toy",
                    term=term,
                    definition=" ".join(words),
                    example=rng.choice(FRAMES).format(term),
                    context="online",
                )
            )
    return entries


def swapped(column: str, pairs: list[tuple[int, int]]) -> pd.DataFrame:
    entries = initialisms()
    for left, right in pairs:
        mine, yours = getattr(entries[left], column), getattr(entries[right], column)
        setattr(entries[left], column, yours)
        setattr(entries[right], column, mine)
    return keyed(to_table(entries))


def flagged(table: pd.DataFrame, column: str) -> dict[int, str]:
    name = f"{column}_of_another_term"
    owners = table[f"{column}_owner"].tolist()
    return {place: owners[place] for place, flags in enumerate(table["flags"]) if name in flags}


@pytest.mark.parametrize("column", ["definition", "example"])
def test_swapped_texts_are_flagged_with_their_owner_and_nothing_else_is(column):
    pairs = [(4, 90), (31, 55), (120, 7)]
    table = TextPairing()(swapped(column, pairs), Given())
    terms = table["term"].tolist()
    expected = {left: terms[right] for left, right in pairs} | {right: terms[left] for left, right in pairs}
    assert flagged(table, column) == expected
    assert flagged(table, "example" if column == "definition" else "definition") == {}
    places = sorted(expected)
    assert table[f"{column}_fit"][places].max() < table[f"{column}_fit"].drop(places).min()


def test_a_clean_table_gets_no_flag():
    table = TextPairing()(swapped("example", []), Given())
    assert flagged(table, "example") == flagged(table, "definition") == {}
    assert table["example_fit"].median() > 0.9


def two_terms(entries: list[Entry], letters: int) -> tuple[int, int]:
    """Two rows of the toy whose terms have so many letters and begin differently."""
    places = [place for place, entry in enumerate(entries) if len(entry.term) == letters]
    return places[0], next(place for place in places if not set(entries[place].term) & set(entries[places[0]].term))


def test_three_letters_may_be_spelled_by_chance_but_four_are_not():
    for letters, flags in ((3, 0), (4, 1)):
        entries = initialisms()
        mine, other = two_terms(entries, letters)
        entries[mine].definition = entries[other].definition  # and the other one keeps it
        found = flagged(TextPairing()(keyed(to_table(entries)), Given()), "definition")
        assert found == dict([(mine, entries[other].term)][:flags])


def test_two_spellings_of_one_initialism_share_a_definition_in_peace():
    entries = initialisms()
    mine, _ = two_terms(entries, 4)
    entries.append(
        Entry("toy", term=entries[mine].term[0] + "zzzz", definition=entries[mine].definition, example="Well, well.")
    )
    assert flagged(TextPairing()(keyed(to_table(entries)), Given()), "definition") == {}


def test_an_example_that_mentions_its_own_term_beside_another_is_left_alone():
    entries = initialisms()
    entries[5].example = f"{entries[5].term}, no: {entries[6].term}!"
    entries[6].example = "nothing at all"
    assert 5 not in flagged(TextPairing()(keyed(to_table(entries)), Given()), "example")


def test_a_copied_example_gets_its_owner_suggested_but_no_flag_while_the_owner_has_its_own():
    entries = initialisms()
    entries[5].example = f"Honestly, {entries[60].term} is all I can say, too."
    table = TextPairing()(keyed(to_table(entries)), Given())
    assert flagged(table, "example") == {}
    assert table["example_owner"][5] == entries[60].term
    assert table["example_fit"][5] == table["example_fit"].min()


def test_vectors_that_answer_each_other_are_told_from_strangers():
    rng = np.random.default_rng(0)
    meaning = rng.normal(size=(300, 8))
    turned = meaning @ np.linalg.qr(rng.normal(size=(8, 8)))[0]  # the same meaning in another language
    fold = np.arange(300) % 5
    pairs = Correspondence(unit(meaning), unit(turned), fold, alike=True)
    own = pairs.columns(np.arange(300), np.arange(300))
    foreign = pairs.columns(np.arange(300), np.roll(np.arange(300), 5))
    assert own.shape == (300, pairs.width) == (300, 5)
    assert (own[:, 4] > foreign[:, 4]).mean() > 0.95  # the canonical correlation learned the turn
    assert (own[:, 0] > foreign[:, 0]).mean() < 0.8  # the plain cosine knows nothing of it


def test_forms_of_one_headword_do_not_own_each_others_texts():
    assert related("communist", "communism")
    assert related("jk", "jk (j/k)")
    assert not related("mfw", "mrw")
    assert not related("ion", "bae")


def test_the_order_of_rows_does_not_matter():
    table = swapped("example", [(4, 90), (31, 55)])
    plain = TextPairing()(table, Given()).set_index("id")
    turned = TextPairing()(table.sample(frac=1, random_state=1), Given()).set_index("id").loc[plain.index]
    pd.testing.assert_frame_equal(plain, turned)


def test_marking_is_the_default_and_only_drop_lets_a_row_leave():
    table = swapped("example", [(4, 90)])
    assert "reason" not in TextPairing()(table, Given()).columns
    dropped = TextPairing(action="drop")(table, Given())
    assert set(np.flatnonzero(dropped["reason"] == "text_of_another_term")) == {4, 90}
    assert dropped["detail"][4] == f"example fits {table['term'][90]}"


def test_nothing_of_a_row_but_the_new_columns_and_flags_changes():
    table = swapped("example", [(4, 90)])
    judged = TextPairing()(table, Given())
    kept = [name for name in table.columns if name != "flags"]
    pd.testing.assert_frame_equal(judged[kept], table[kept])
    assert set(judged.columns) - set(table.columns) == set(TextPairing.adds)


class Counting:
    """Vectors from letters; counts the texts that it is asked for."""

    fingerprint = "toy"

    def __init__(self):
        self.texts = 0

    def __call__(self, texts):
        self.texts += len(texts)
        vectors = np.array([[text.count(letter) + 0.01 for letter in "etaoinsh"] for text in texts], dtype=np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_whole_texts_are_embedded_of_so_many_rows_only():
    table = swapped("example", [(4, 90)])
    asked = {}
    for most in (0, 30, 90, 160, 5_000):
        embedder = Counting()
        stage = TextPairing(max_rows_embedded=most, min_rows=30, embed_words=False)
        assert set(flagged(stage(table, Given(embedder=embedder)), "example")) == {4, 90}
        asked[most] = embedder.texts / 4  # definition, example, context and term of each row
    assert asked[0] == asked[30] == 0  # a third of thirty is too few to learn from
    assert 30 < asked[90] <= 90
    assert asked[160] == asked[5_000] == len(table)
    embedder = Counting()
    TextPairing(max_rows_embedded=0)(table, Given(embedder=embedder))
    assert 0 < embedder.texts < 160  # the words that the table repeats


def test_other_kinds_and_rows_with_nothing_beside_them_are_not_judged():
    entries = [
        *initialisms(),
        Entry("toy", kind="sentence", term="x", example="a sentence with x"),
        Entry("toy", term="lonely", definition="alone"),
    ]
    table = TextPairing()(keyed(to_table(entries)), Given())
    assert table["example_fit"][160:].isna().all()
    assert table["definition_fit"][160:].isna().all()


ODD = {
    "no row": [],
    "one row": [Entry("odd", term="a", definition="b", example="c")],
    "all alike": [Entry("odd", term="a", definition="b", example="c") for _ in range(150)],
    "emoji only": [
        Entry("odd", term="😂" * (n % 7 + 1), definition="💀" * (n % 5 + 1), example="👍") for n in range(150)
    ],
    "no text": [Entry("odd", term=f"t{n}") for n in range(150)],
    "only definitions": [Entry("odd", term=f"t{n}", definition=f"d{n}") for n in range(150)],
    "giant cells": [Entry("odd", term=f"t{n}", definition="y " * 5_000, example="x" * 10_000) for n in range(120)],
    "words that code gives meaning": [
        Entry("odd", term=("NaN", "null", "143", "True")[n % 4], definition=f"nan None {n}", example="null")
        for n in range(120)
    ],
}


@pytest.mark.parametrize("name", ODD)
def test_odd_tables_survive(name):
    table = keyed(to_table(ODD[name]))
    judged = TextPairing()(table, Given(embedder=Counting()))
    assert judged["id"].tolist() == table["id"].tolist()
    assert set(TextPairing.adds) <= set(judged.columns)
    assert flagged(judged, "definition") == flagged(judged, "example") == {}


def test_a_text_without_a_partner_is_not_held_against_one():
    table = swapped("example", [])
    table.loc[3, "example"] = ""
    rows = table.sort_values("term_key")
    view = View(Corpus(rows, 5, 0), "definition", mentions=False)
    place = rows.index.get_loc(3)
    several = np.arange(6)
    found = view.features(np.full(6, place), several)
    assert found.shape == (6, view.features(several, several).shape[1])
    assert np.isnan(found[:, 0]).all()  # words shared with the example
    assert not np.isnan(view.features(several[several != place], several[several != place])[:, 0]).any()


@pytest.mark.shared
def test_the_real_swaps_of_a_published_dataset_are_found_with_their_owners(shared_data):
    rows = pd.read_csv(shared_data / "genz" / "all_slangs.csv", dtype=str, keep_default_na=False)
    entries = [Entry("genz", term=a.strip(), definition=b, example=c, context=d) for a, b, c, d in rows.to_numpy()]
    table = TextPairing()(keyed(to_table(entries)), Given())
    terms = table["term"].tolist()
    found = {terms[place]: owner for place, owner in flagged(table, "example").items()}
    assert found == {"I can’t even": "Ion", "Ion": "I can’t even", "MFW": "MRW", "MRW": "MFW"}
    assert len(flagged(table, "definition")) <= 2
