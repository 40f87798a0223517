"""Fits the coefficients of curation/sense/score.py on labelled pairs, and says what they are worth on unseen terms.

    python -m benchmarks.same_sense.fit --data FOLDER [--pairs PAIRS.jsonl]

FOLDER holds the published files that `benchmarks.same_sense.texts` names: the pairs of labels.jsonl are found there.
PAIRS has a line a pair: {"term_a", "definition_a", "term_b", "definition_b", "label": same, related or different}.
Folds keep a term together; thresholds are chosen inside the folds; precision is same against different, with Wilson's
95 % interval. Prints the numbers that curation/sense/score.py ships; `--calibration FILE` writes what a report shows
of them (curation/sense/calibration.json).
"""

from __future__ import annotations

import argparse
import json
import sys
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.same_sense.texts import read_labelled
from curation.normalize import term_key
from curation.sense.score import TOPICS, core, describe, features
from pipelines.embedding import find_embedder
from pipelines.word_lists import first_names

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from curation.embed import Embedder

    Floats = npt.NDArray[np.float64]
    Labels = npt.NDArray[np.str_]
    Whole = npt.NDArray[np.int64]

Pair = dict[str, str]
Bin = tuple[float, float, int, int]
FOLDS, SHUFFLES = 6, 3
STRENGTH = 0.1  # scikit-learn's C, on features of unit variance
PRECISION, RELATED = 0.97, 0.09  # what a threshold must reach where it is chosen: a little more than what is promised
LABELS = ("same", "related", "different")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.same_sense.fit", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="the published files")
    parser.add_argument("--pairs", type=Path, metavar="FILE", help="more labelled pairs, JSON lines")
    parser.add_argument("--cache", type=Path, metavar="FOLDER", help="where vectors are kept")
    parser.add_argument("--calibration", type=Path, metavar="FILE", help="write the calibration there")
    options = parser.parse_args(argv)
    ours = read_labelled(options.data)
    others = [json.loads(line) for line in options.pairs.read_text("utf-8").splitlines()] if options.pairs else []
    bins = report(ours, others, find_embedder(cache=options.cache))
    if options.calibration:
        options.calibration.write_text(json.dumps({"bins": bins}) + "\n", encoding="utf-8")
    return 0


def report(ours: list[Pair], others: list[Pair], embedder: Embedder) -> list[Bin]:
    """Prints how good a fit on `ours` is on `others`, one on both is on terms unseen, and the numbers of that fit.

    Returns the calibration of the fit on both, on terms unseen.
    """
    import numpy as np

    pairs = ours + others
    values, labels, terms = matrix(pairs, embedder), np.array([pair["label"] for pair in pairs]), terms_of(pairs)
    here = np.arange(len(pairs)) < len(ours)
    print(f"{len(ours)} + {len(others)} pairs\n")
    print("| fitted on | judged on | threshold | same | related | different merged | precision | recall |")
    print("|---|---|---|---|---|---|---|---|")
    if others:
        at = chosen(unseen(values[here], labels[here], terms[here]), labels[here])
        there = predict(values[here], labels[here], values[~here])
        print(line("labels.jsonl alone", "PAIRS", at, there >= at, labels[~here]))
        for threshold in (0.6, 0.7, 0.8, 0.9):
            print(line("labels.jsonl alone", "PAIRS", threshold, there >= threshold, labels[~here]))
    merged, at = nested(values, labels, terms)
    for name, part in (("all", here | True), ("labels.jsonl", here), ("PAIRS", ~here)):
        if part.any():
            print(line("both, other terms", name, at, merged[part], labels[part]))
    likely = unseen(values, labels, terms)
    for threshold in (0.4, 0.5, 0.6, 0.7, 0.8):
        print(line("both, other terms", "all", threshold, likely >= threshold, labels))
    bins = calibration(likely, labels)
    print("\n| probability said | pairs | of one sense |\n|---|---|---|")
    for low, high, count, same in bins:
        print(f"| {low:.1f}–{high:.1f} | {count} | {same / max(1, count):.2f} |")
    model = fit(values, labels)
    print("\nCOEFFICIENTS =", tuple(round(float(weight), 3) for weight in model[0]))
    print("INTERCEPT =", round(model[1], 3))
    return bins


def matrix(pairs: list[Pair], embedder: Embedder) -> Floats:
    """The features of each pair, shape (pairs, len(FEATURES))."""
    import numpy as np

    sides = [(pair[f"term_{side}"], pair[f"definition_{side}"]) for side in "ab" for pair in pairs]
    vectors = embedder([core(definition) for _, definition in sides]).astype("float64")
    described = [describe(term, definition, first_names()) for term, definition in sides]
    left = np.arange(len(pairs))
    right = left + len(pairs)
    cosines = (vectors[left] * vectors[right]).sum(axis=1)
    return features(described, left, right, cosines, vectors @ embedder(TOPICS).astype("float64").T)


def terms_of(pairs: list[Pair]) -> Whole:
    """A number for the term of each pair."""
    import numpy as np

    return np.unique([term_key(pair["term_a"]) for pair in pairs], return_inverse=True)[1].astype(np.int64)


def fit(values: Floats, labels: Labels) -> tuple[Floats, float]:
    """Coefficients and intercept of a logistic regression, same against the rest, for values as they are."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    middle, spread = values.mean(axis=0), values.std(axis=0)
    spread[spread == 0] = 1
    model = LogisticRegression(C=STRENGTH, max_iter=2000).fit((values - middle) / spread, labels == "same")
    weights = model.coef_[0] / spread
    return weights, float(model.intercept_[0] - np.dot(weights, middle))


def predict(values: Floats, labels: Labels, others: Floats) -> Floats:
    """Probabilities of `others` by a fit on `values`."""
    import numpy as np

    weights, intercept = fit(values, labels)
    return np.asarray(1 / (1 + np.exp(-(others @ weights + intercept))))


def unseen(values: Floats, labels: Labels, terms: Whole) -> Floats:
    """The probability of each pair, mean of SHUFFLES, by fits that saw no pair of its term."""
    import numpy as np

    likely = np.zeros(len(labels))
    for shuffle in range(SHUFFLES):
        fold = folds(terms, shuffle)
        for number in range(FOLDS):
            held = fold == number
            likely[held] += predict(values[~held], labels[~held], values[held]) / SHUFFLES
    return likely


def folds(terms: Whole, seed: int) -> Whole:
    import numpy as np

    numbers: Whole = (np.random.default_rng(seed).permutation(terms.max() + 1) % FOLDS)[terms]
    return numbers


def nested(values: Floats, labels: Labels, terms: Whole) -> tuple[npt.NDArray[np.bool_], float]:
    """Which pairs merge when both the fit and the threshold come from other terms, and the mean threshold."""
    import numpy as np

    merged, thresholds, fold = np.zeros(len(labels), dtype=bool), [], folds(terms, 99)
    for number in range(FOLDS):
        held = fold == number
        at = chosen(unseen(values[~held], labels[~held], terms[~held]), labels[~held])
        merged[held] = predict(values[~held], labels[~held], values[held]) >= at
        thresholds.append(at)
    return merged, float(np.mean(thresholds))


def chosen(likely: Floats, labels: Labels) -> float:
    """The lowest threshold from which PRECISION is reached and at most RELATED of the related pairs merge."""
    import numpy as np

    for at in np.unique(likely.round(3)):
        same, related, different = (float((likely[labels == label] >= at).sum()) for label in LABELS)
        if same >= PRECISION * (same + different) and related <= RELATED * (labels == "related").sum():
            return float(at)
    return 1.0


def line(fitted: str, judged: str, at: float, merged: npt.NDArray[np.bool_], labels: Labels) -> str:
    same, related, different = (int((merged & (labels == label)).sum()) for label in LABELS)
    of = [int((labels == label).sum()) for label in LABELS]
    counts = " | ".join(f"{count} of {all_}" for count, all_ in zip((same, related, different), of, strict=True))
    return f"| {fitted} | {judged} | {at:.2f} | {counts} | {wilson(same, same + different)} | {wilson(same, of[0])} |"


def wilson(hits: float, total: float) -> str:
    """A share and its 95 % interval (Wilson 1927)."""
    if not total:
        return "–"
    z, share = 1.96, hits / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return f"{share:.2f} ({middle - half:.2f}–{middle + half:.2f})"


def calibration(likely: Floats, labels: Labels) -> list[Bin]:
    """For each tenth of the probability: from, to, how many pairs fall there, how many of them are one sense."""
    tenths = (likely * 10).astype(int).clip(0, 9)
    return [
        (tenth / 10, (tenth + 1) / 10, int((tenths == tenth).sum()), int((labels[tenths == tenth] == "same").sum()))
        for tenth in range(10)
    ]


if __name__ == "__main__":
    sys.exit(main())
