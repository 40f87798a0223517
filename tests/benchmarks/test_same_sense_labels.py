"""The labelled pairs of benchmarks/same_sense: ids and labels only, and their texts are found again."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest

from benchmarks.same_sense.fit import calibration, chosen, folds, nested, unseen
from benchmarks.same_sense.texts import LABELS, SOURCES, read_labelled

LINES = [json.loads(line) for line in LABELS.read_text(encoding="utf-8").splitlines()]


def test_labels_hold_ids_and_no_text() -> None:
    names = {str(source["name"]) for source in SOURCES}
    for line in LINES:
        assert set(line) == {"source_a", "id_a", "source_b", "id_b", "label"}
        assert line["label"] in ("same", "related", "different")
        assert {line["source_a"], line["source_b"]} <= names
        assert all(set(line[f"id_{side}"]) <= set("0123456789abcdef-") for side in "ab")
    assert len({frozenset((line["id_a"], line["id_b"])) for line in LINES}) == len(LINES) >= 1_000


@pytest.mark.slow  # reads 65,000 rows
@pytest.mark.shared
def test_every_text_is_found_again_and_none_is_of_a_term_of_the_other_pairs(shared_data) -> None:
    pairs = read_labelled(shared_data)
    assert Counter(pair["label"] for pair in pairs) == Counter(line["label"] for line in LINES)
    lines = (shared_data / "gold" / "same_sense_pairs.jsonl").read_text(encoding="utf-8").splitlines()
    others = {json.loads(line)["term_a"].casefold() for line in lines}
    assert not others & {pair["term_a"].casefold() for pair in pairs}


def test_a_text_that_changed_is_told(tmp_path) -> None:
    (tmp_path / "labels.jsonl").write_text(json.dumps(LINES[0]) + "\n")
    for source in SOURCES:
        path = tmp_path / str(source["path"])
        path.parent.mkdir(parents=True, exist_ok=True)
        if source.get("format") == "entry_map":
            path.mkdir()
            (path / "A.json").write_text('{"cap": [{"definition": "a lie"}]}')
        elif path.suffix == ".json":
            path.write_text('{"cap": {"meaning": "a lie"}}')
        elif path.suffix == ".csv":
            path.write_text("term,definition\ncap,a lie\n")
        else:
            path.write_text("Slag`Meaning\ncap`a lie\ncap=a lie\n")
    with pytest.raises(ValueError, match=f"no row {LINES[0]['id_a']}"):
        read_labelled(tmp_path, tmp_path / "labels.jsonl")


def made_up(count: int = 300) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values, labels and terms in which one value tells the label, with noise."""
    chance = np.random.default_rng(1)
    labels = chance.choice(["same", "related", "different"], count)
    place = np.select([labels == "same", labels == "related"], [2.0, 0.0], -2.0)
    values = np.stack([place + chance.normal(size=count), chance.normal(size=count)], axis=1)
    return values, labels, chance.integers(0, 60, count)


def test_a_term_is_in_one_fold_and_a_threshold_keeps_what_is_promised() -> None:
    values, labels, terms = made_up()
    numbers = folds(terms, 0)
    assert all(len(set(numbers[terms == term])) == 1 for term in set(terms.tolist()))
    likely = unseen(values, labels, terms)
    at = chosen(likely, labels)
    merged = {label: int(((likely >= at) & (labels == label)).sum()) for label in ("same", "related", "different")}
    assert merged["same"] >= 0.97 * (merged["same"] + merged["different"])
    assert merged["related"] <= 0.09 * (labels == "related").sum()
    assert nested(values, labels, terms)[0][labels == "same"].mean() > nested(values, labels, terms)[0].mean()


def test_the_calibration_counts_every_pair_once() -> None:
    values, labels, terms = made_up()
    bins = calibration(unseen(values, labels, terms), labels)
    assert [low for low, *_ in bins] == [tenth / 10 for tenth in range(10)]
    assert sum(count for _, _, count, _ in bins) == len(labels)
    assert sum(same for *_, same in bins) == (labels == "same").sum()
