"""Label issues: planted wrong labels are found by real cleanlab, whatever the order of rows, and odd tables survive."""

from __future__ import annotations

import json
import random

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from curation import label_issues
from curation.entry import Entry, to_table
from curation.label_issues import LabelIssues, categorical
from curation.labels.learners import assign_folds, best_ridge, kernel_out_of_fold, out_of_fold, text_kernel
from curation.labels.texts import neighbourhood, sparse_views, uses
from curation.stage import Given

FOOD = ["kitchen", "lunch", "fries", "soup", "plate", "cook", "taste", "hungry", "chef", "bakery"]
MONEY = ["cash", "wallet", "bank", "salary", "rich", "spend", "invoice", "loan", "price", "tax"]
WRONG = {3, 17, 44, 61, 88}


def sentences(count: int = 120, wrong: set[int] = WRONG) -> pd.DataFrame:
    """Half the sentences are about food and half about money; those in `wrong` carry the other label."""
    rng = random.Random(7)
    entries = []
    for number in range(count):
        about_food = number % 2 == 0
        words = rng.choices(FOOD if about_food else MONEY, k=7)
        label = "food" if about_food != (number in wrong) else "money"
        text = " ".join([*words, "bread", f"day{number}"])
        entries.append(Entry("toy", kind="sentence", term="bread", example=text, label=label, extra={"topic": label}))
    return to_table(entries)


def flagged(table: pd.DataFrame) -> set[int]:
    return {place for place, flags in enumerate(table["flags"]) if "label_issue" in flags}


def test_planted_wrong_labels_are_flagged_with_the_right_suggestion_and_nothing_else_is():
    table = LabelIssues()(sentences(), Given())
    assert flagged(table) == WRONG
    assert (table["label_suggested"] != table["label"])[sorted(WRONG)].all()
    assert (table["label_column"] == "label").all()
    assert table["label_score"].between(0, 1).all()


def test_marking_is_the_default_and_only_drop_lets_a_row_leave():
    assert "reason" not in LabelIssues()(sentences(), Given()).columns
    table = LabelIssues(action="drop", drop_below=0.95)(sentences(), Given())
    assert set(np.flatnonzero(table["reason"] == "label_issue")) == WRONG
    assert table["detail"][3] == "label: rather money"
    assert table["score"][3] == table["label_score"][3]


def test_only_what_is_likelier_wrong_than_right_is_dropped():
    table = LabelIssues(action="drop")(sentences(), Given())
    dropped = table["reason"] == "label_issue"
    assert flagged(table) == WRONG
    assert set(np.flatnonzero(dropped)) == {place for place in WRONG if table["label_score"][place] < 0.5}
    assert dropped.any()


def test_the_order_of_rows_does_not_matter():
    plain = LabelIssues()(sentences(), Given()).set_index("id")
    turned = LabelIssues()(sentences().sample(frac=1, random_state=1), Given()).set_index("id").loc[plain.index]
    pd.testing.assert_frame_equal(plain, turned)


def test_a_key_of_the_extra_columns_is_judged_like_a_column():
    table = LabelIssues(columns=["topic"])(sentences(), Given())
    assert flagged(table) == WRONG
    assert set(table["label_column"]) == {"topic"}


def test_of_several_columns_the_worst_is_kept_and_named():
    table = sentences()
    right = ["food" if place % 2 == 0 else "money" for place in range(len(table))]
    table["category"] = pd.Series(right, dtype="str")
    judged = LabelIssues(columns=["category", "label"])(table, Given())
    assert flagged(judged) == WRONG
    assert (judged["label_column"][sorted(WRONG)] == "label").all()
    alone = LabelIssues(columns=["category"])(table, Given())["label_score"]
    assert (judged["label_score"] <= alone + 1e-12).all()


def test_the_verdict_on_every_column_is_kept():
    table = LabelIssues(columns=["label", "topic"])(sentences(), Given())
    said = [json.loads(text) for text in table["label_verdicts"]]
    assert all(set(one) == {"label", "topic"} for one in said)
    assert {place for place, one in enumerate(said) if one["topic"]["issue"]} == WRONG
    assert said[3]["label"] == {"score": table["label_score"][3], "suggested": "money", "issue": True, "also": []}


def test_where_nothing_can_be_known_a_rare_class_is_not_doubted():
    rng = random.Random(3)
    entries = [
        Entry("noise", kind="sentence", example=" ".join(rng.choices(FOOD, k=6)), label="a" if place % 8 else "b")
        for place in range(400)
    ]
    table = LabelIssues()(to_table(entries), Given())
    assert len(flagged(table)) < 12


def test_a_column_that_nobody_knows_is_one_line_with_the_nearest_name():
    with pytest.raises(ValueError, match=r"no column 'topics'.*did you mean topic"):
        LabelIssues(columns=["topics"])(sentences(), Given())


def test_a_column_of_free_text_is_no_category():
    table = sentences()
    table["category"] = pd.Series([f"class {place // 3}" for place in range(len(table))], dtype="str")
    with pytest.raises(ValueError, match="'category' has 40 classes, at most 30"):
        LabelIssues(columns=["category"], min_rows_per_class=2, max_classes=30)(table, Given())


def test_rows_without_a_label_and_rows_of_a_rare_class_are_not_judged():
    table = sentences()
    table.loc[0, "label"], table.loc[1, "label"] = "", "weather"
    judged = LabelIssues()(table, Given())
    assert judged["label_score"][[0, 1]].isna().all()
    assert (judged["label_suggested"][[0, 1]] == "").all()
    assert judged["label_score"][2:].notna().all()


@pytest.mark.parametrize("count", [0, 1, 5])
def test_too_few_rows_are_left_alone(count):
    table = LabelIssues()(sentences(count, set()), Given())
    assert len(table) == count
    assert {"label_column", "label_score", "label_suggested"} <= set(table.columns)
    assert not flagged(table)


def test_odd_texts_are_judged_without_harm():
    odd = ["😂", "💀💀", "x" * 10_000, "…", "12 34", "…!?"] * 20
    entries = [
        Entry("odd", kind="sentence", example=text, label="a" if place % 2 else "b") for place, text in enumerate(odd)
    ]
    table = LabelIssues(min_rows_per_class=2)(to_table(entries), Given())
    assert table["label_score"].notna().all()


def test_one_text_everywhere_teaches_nothing_and_breaks_nothing():
    entries = [Entry("same", kind="sentence", example="same", label="ab"[place % 2]) for place in range(60)]
    table = LabelIssues(min_rows_per_class=2)(to_table(entries), Given())
    assert not flagged(table)


def test_a_repeated_text_shares_its_fold_and_classes_are_dealt_out_evenly():
    keys = pd.Series(["k1", "k1", "k2", "k3", "k4", "k5"])
    folds = assign_folds(keys, pd.Series(["x", "y", "x", "x", "y", "y"]), 3)
    assert folds[0] == folds[1]
    assert sorted(folds[[0, 2, 3]]) == [0, 1, 2]


def test_probabilities_are_out_of_fold_and_sum_to_one():
    texts = [" ".join(FOOD if place % 2 else MONEY) + f" {place}" for place in range(40)]
    codes, folds = np.arange(40) % 2, np.arange(40) // 2 % 4
    probabilities = out_of_fold(sparse_views(texts, [""] * 40), codes, folds)
    assert probabilities.shape == (40, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    lied = np.where(np.arange(40) == 5, 1 - codes, codes)
    told = out_of_fold(sparse_views(texts, [""] * 40), lied, folds)
    same_fold = folds == folds[5]
    np.testing.assert_allclose(probabilities[same_fold], told[same_fold])  # its own label never reaches its judge


def test_through_the_kernel_no_label_reaches_its_judge():
    rng = np.random.default_rng(0)
    alike = np.exp(-((rng.normal(size=(40, 1)) - rng.normal(size=(1, 40))) ** 2)).astype(np.float32)
    alike = (alike + alike.T) / 2 + 40 * np.eye(40, dtype=np.float32)
    codes, folds = rng.integers(3, size=40), np.arange(40) % 4
    lied = np.where(np.arange(40) == 5, (codes + 1) % 3, codes)
    told, first = kernel_out_of_fold(alike, lied, folds, 2.5), kernel_out_of_fold(alike, codes, folds, 2.5)
    assert first.shape == (40, 3)
    np.testing.assert_array_equal(first[folds == folds[5]], told[folds == folds[5]])
    assert (first[folds != folds[5]] != told[folds != folds[5]]).any()


def test_few_clean_rows_are_fitted_closely_and_noisy_ones_are_not():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(300, 3)).astype(np.float32)
    alike = np.exp(-((points[:, None] - points[None]) ** 2).sum(axis=2))
    codes, folds = (points[:, 0] * points[:, 1] > 0).astype(int), np.arange(300) % 5
    noisy = np.where(rng.random(300) < 0.35, 1 - codes, codes)
    assert best_ridge(alike[:80, :80], codes[:80], folds[:80]) < best_ridge(alike, noisy, folds)


def test_texts_are_alike_by_their_vectors_and_their_words():
    vectors = np.eye(2, dtype=np.float32)[[0, 0, 1, 1]]
    alike = text_kernel([vectors], sparse_views(["one text", "one text", "one text", "other words"] * 2, [""] * 8)[:4])
    np.testing.assert_allclose(np.diag(alike), 1, rtol=1e-6)
    assert alike[0, 1] == pytest.approx(1, rel=1e-6)
    assert alike[0, 1] > alike[0, 2] > alike[0, 3]


def test_a_term_is_found_where_it_stands_also_inflected():
    assert uses("Saltier than salty chips, old salt!", "salty") == [(0, 7), (13, 18), (30, 34)]
    assert uses("No cap, he said no caps", "no cap") == [(0, 6), (16, 23)]
    assert uses("nothing here", "salty") == uses("nothing here", "") == []


def test_the_neighbourhood_holds_the_words_around_the_term_also_inflected():
    near = neighbourhood("He got saltier than ever", "salty").split()
    assert {"term=salty", "form=saltier", "near=got", "-1=got", "+1=than", "salty~ever"} <= set(near)
    assert neighbourhood("nothing here", "salty") == "term=salty"


def test_an_extra_value_is_read_by_its_key():
    table = to_table([Entry("a", extra={"mood": "calm"}), Entry("a")])
    assert categorical(table, "mood").tolist() == ["calm", ""]
    assert json.loads(table["extra"][0]) == {"mood": "calm"}


def test_embeddings_are_asked_only_up_to_the_limit():
    class Counting:
        fingerprint = "toy"
        texts = 0

        def __call__(self, texts):
            Counting.texts += len(texts)
            found = [
                [sum(word in text for word in FOOD) + 0.1, sum(word in text for word in MONEY) + 0.1] for text in texts
            ]
            vectors = np.array(found, dtype=np.float32)
            return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    LabelIssues(max_rows_embedded=100)(sentences(), Given(embedder=Counting()))
    assert Counting.texts == 0
    assert flagged(LabelIssues(max_rows_embedded=120)(sentences(), Given(embedder=Counting()))) == WRONG
    assert Counting.texts == 120


class WordReader:
    """Its vector of a sentence says nothing; that of the term, where it stands, says what it is about."""

    fingerprint = "toy"

    def __call__(self, texts):
        raise AssertionError("in_context is there to be asked")

    def in_context(self, texts, spans):
        assert all(
            text[start:end].casefold() == "bread"
            for text, found in zip(texts, spans, strict=True)
            for start, end in found
        )
        assert all(spans)
        food = [sum(word in text for word in FOOD) > sum(word in text for word in MONEY) for text in texts]
        return np.stack([np.eye(2, dtype=np.float32)[[0, int(one)]] for one in food])


def test_the_vector_of_the_term_in_its_sentence_is_used_where_the_embedder_has_one():
    assert flagged(LabelIssues()(sentences(), Given(embedder=WordReader()))) == WRONG


def test_a_table_too_large_for_one_kernel_is_judged_in_shares(monkeypatch):
    monkeypatch.setattr(label_issues, "SHARE", 150)
    table = sentences(400)
    judged = LabelIssues()(table, Given(embedder=WordReader()))
    assert flagged(judged) >= WRONG
    turned = LabelIssues()(table.sample(frac=1, random_state=1), Given(embedder=WordReader()))
    pd.testing.assert_frame_equal(judged, turned.sort_index())


@pytest.mark.shared
def test_flipped_labels_of_real_sentences_rank_first(shared_data):
    rows = pd.read_csv(shared_data / "labelled" / "slangtrack_sentences.csv", dtype=str, keep_default_na=False)
    rows = rows.sample(1_500, random_state=0)
    flipped = np.random.default_rng(0).random(len(rows)) < 0.1
    other = {"slang": "non-slang", "non-slang": "slang"}
    given = rows["Actual Predictions"].str.strip()
    labels = [other[label] if flip else label for label, flip in zip(given, flipped, strict=True)]
    entries = [
        Entry("real", kind="sentence", term=term.strip(), example=text, label=label)
        for text, term, label in zip(rows["Text"], rows.iloc[:, 2], labels, strict=True)
    ]
    score = LabelIssues()(to_table(entries), Given())["label_score"].to_numpy()
    assert average_precision_score(flipped, -score) > 0.4  # 0.10 by chance
