"""Fits the coefficients of curation/sense_score.py on labelled pairs, and says how good they are on unseen terms.

    python -m benchmarks.same_sense.fit PAIRS.jsonl

PAIRS has a line a pair: {"term_a", "definition_a", "term_b", "definition_b", "label": same, related or different}.
Judged by tenfold cross-validation, eight shuffles, in which a term is in one fold; precision is same against different,
with Wilson's 95 % interval. The features were chosen with such pairs in sight, which no cross-validation undoes.
"""

from __future__ import annotations

import json
import sys
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.normalize import term_key
from curation.sense_score import COEFFICIENTS, FEATURES, INTERCEPT, core, describe, features
from pipelines.embedding import find_embedder

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

FOLDS, SHUFFLES = 10, 8
RELATED_WEIGHT = 0.5  # a related pair counts as another sense, but half as much as a different one
STRENGTH = 1.0  # scikit-learn's C


def main() -> int:
    import numpy as np
    from sklearn.metrics import roc_auc_score

    pairs = [json.loads(line) for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()]
    values, labels = matrix(pairs), np.array([pair["label"] for pair in pairs])
    fitted = fit(values, labels)
    print("COEFFICIENTS =", tuple(round(float(weight), 2) for weight in fitted.coef_[0]))
    print("INTERCEPT =", round(float(fitted.intercept_[0]), 2))
    frozen = 1 / (1 + np.exp(-(values @ np.array(COEFFICIENTS) + INTERCEPT)))
    judged = {"cosine": [values[:, 0]], "frozen, seen": [frozen], "unseen": unseen(values, labels, pairs)}
    clear = labels != "related"
    for name, runs in judged.items():
        area = np.mean([roc_auc_score(labels[clear] == "same", run[clear]) for run in runs])
        print(f"AUC, same against different, {name}: {area:.3f}")
    print(
        "\n| rule | threshold | same | related | different merged | precision | recall |\n|---|---|---|---|---|---|---|"
    )
    for name, runs in judged.items():
        for threshold in (0.6, 0.65, 0.7, 0.75, 0.8, 0.9):
            print(line(name, threshold, runs, labels))
    return 0


def matrix(pairs: list[dict[str, str]]) -> Floats:
    """The features of each pair, shape (pairs, len(FEATURES))."""
    import numpy as np

    embedder = find_embedder(cache=None)
    vectors = [embedder([core(pair[f"definition_{side}"]) for pair in pairs]).astype("float64") for side in "ab"]
    cosines = (vectors[0] * vectors[1]).sum(axis=1)
    rows = [
        features(*(describe(pair[f"term_{side}"], pair[f"definition_{side}"]) for side in "ab"), cosine)
        for pair, cosine in zip(pairs, map(float, cosines), strict=True)
    ]
    return np.array(rows).reshape(-1, len(FEATURES))


def fit(values: Floats, labels: npt.NDArray[np.str_]) -> Any:
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    weights = np.where(labels == "related", RELATED_WEIGHT, 1.0)
    return LogisticRegression(C=STRENGTH, max_iter=1000).fit(values, labels == "same", sample_weight=weights)


def unseen(values: Floats, labels: npt.NDArray[np.str_], pairs: list[dict[str, str]]) -> list[Floats]:
    """Probabilities of each pair by models that saw no pair of its term, one array a shuffle."""
    import numpy as np

    _, terms = np.unique([term_key(pair["term_a"]) for pair in pairs], return_inverse=True)
    runs = []
    for shuffle in range(SHUFFLES):
        fold = (np.random.default_rng(shuffle).permutation(terms.max() + 1) % FOLDS)[terms]
        run = np.zeros(len(labels))
        for number in range(FOLDS):
            held = fold == number
            run[held] = fit(values[~held], labels[~held]).predict_proba(values[held])[:, 1]
        runs.append(run)
    return runs


def line(name: str, threshold: float, runs: list[Floats], labels: npt.NDArray[np.str_]) -> str:
    import numpy as np

    merged = {
        label: float(np.mean([((run >= threshold) & (labels == label)).sum() for run in runs]))
        for label in ("same", "related", "different")
    }
    precision = wilson(merged["same"], merged["same"] + merged["different"])
    recall = wilson(merged["same"], float((labels == "same").sum()))
    counts = " | ".join(f"{count:.1f}" for count in merged.values())
    return f"| {name} | {threshold} | {counts} | {precision} | {recall} |"


def wilson(hits: float, total: float) -> str:
    """A share and its 95 % interval (Wilson 1927)."""
    if not total:
        return "–"
    z, share = 1.96, hits / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return f"{share:.2f} ({middle - half:.2f}–{middle + half:.2f})"


if __name__ == "__main__":
    sys.exit(main())
