"""Learns true pairs of row and text from shuffled ones; every term is judged by a judge that never saw it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from curation.entry import content_hash

if TYPE_CHECKING:
    from curation.pairs.corpus import Corpus, Floats, Ints

    Features = Callable[[Ints, Ints], Floats]  # rows, texts → shape (pairs, features), NaN for unknown

SHUFFLES = 2  # foreign texts that each row is shown
SHUFFLES_OF_FEW, RIDGE_OF_FEW = 8, 10.0  # where only hundreds of rows teach; chosen on other swaps than those reported
LOUDEST = 3.0  # standard deviations at which a feature is cut off: a word shared by chance must not outvote the rest
MOST_PAIRS = 30_000  # that one judge learns from: more make it slower and no wiser


@dataclass(frozen=True)
class Weights:
    """A logistic regression on standardised features; what is unknown speaks neither for nor against."""

    mean: Floats
    spread: Floats
    coefficients: Floats
    intercept: float

    def odds(self, inputs: Floats) -> Floats:
        """The logarithm of the odds that a pair is a true one, shape (pairs,)."""
        found: Floats = standard(inputs, self.mean, self.spread) @ self.coefficients + self.intercept
        return found


def standard(inputs: Floats, mean: Floats, spread: Floats) -> Floats:
    """Features in standard deviations from their mean, unknown ones at the mean, and none of them allowed to shout."""
    import numpy as np

    found: Floats = np.nan_to_num(np.clip((inputs - mean) / spread, -LOUDEST, LOUDEST), nan=0.0)
    return found


class PairJudge:
    """Out-of-fold judges of one column's pairs, taught on `rows` and their texts, true ones and shuffled ones.

    `shuffles` is the number of foreign texts that each row is shown, `ridge` the weight of the squared coefficients.
    """

    def __init__(
        self, corpus: Corpus, rows: Ints, features: Features, *, shuffles: int = SHUFFLES, ridge: float = 1.0
    ) -> None:
        import numpy as np

        self.corpus, self.features = corpus, features
        partners = [shuffle(corpus, rows, number) for number in range(shuffles)]
        foreign = [np.flatnonzero(corpus.groups[rows] != corpus.groups[partner]) for partner in partners]
        shown = np.concatenate([rows, *(rows[chosen] for chosen in foreign)])
        texts = np.concatenate([rows, *(partner[chosen] for partner, chosen in zip(partners, foreign, strict=True))])
        self.truth = np.zeros(len(shown), dtype=np.int64)
        self.truth[: len(rows)] = 1
        inputs, fold = features(shown, texts), corpus.fold[shown]
        self.weights = {
            int(number): teach(inputs[fold != number], self.truth[fold != number], ridge)
            for number in np.unique(corpus.fold)
            if len(np.unique(self.truth[fold != number])) == 2
        }
        self.shuffled_fit = fit_of(self._odds(inputs, fold))[len(rows) :]
        self.taught = len(rows)

    def odds(self, rows: Ints, texts: Ints) -> Floats:
        """The logarithm of the odds that each text belongs to the row, by judges that saw neither text nor its row."""
        return self._odds(self.features(rows, texts), self.corpus.fold[texts])

    def _odds(self, inputs: Floats, folds: Ints) -> Floats:
        import numpy as np

        found = np.zeros(len(inputs))
        for number, weights in self.weights.items():
            found[folds == number] = weights.odds(inputs[folds == number])
        return found


def teach(inputs: Floats, truth: Ints, ridge: float) -> Weights:
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    step = -(-len(inputs) // MOST_PAIRS)
    true, shuffled = (np.flatnonzero(truth == answer)[::step] for answer in (1, 0))
    chosen = np.concatenate([true, shuffled])
    inputs, truth = inputs[chosen], truth[chosen]
    known = ~np.isnan(inputs)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, inputs, 0).sum(axis=0) / count
    spread = np.sqrt(np.where(known, (inputs - mean) ** 2, 0).sum(axis=0) / count)
    spread = np.where(spread > 1e-9, spread, 1.0)
    learner = LogisticRegression(C=1 / ridge, class_weight="balanced", max_iter=300)
    learner.fit(standard(inputs, mean, spread), truth)
    return Weights(mean, spread, learner.coef_[0].astype(np.float64), float(learner.intercept_[0]))


def shuffle(corpus: Corpus, rows: Ints, number: int = 0) -> Ints:
    """For each row another one of its fold, whose text it is shown; chosen by content alone, anew for each number."""
    import numpy as np

    partner = rows.copy()
    for fold in np.unique(corpus.fold[rows]):
        inside = np.flatnonzero(corpus.fold[rows] == fold)
        order = sorted(inside, key=lambda at: content_hash("shuffle", str(corpus.ids[rows[at]])))
        partner[order] = rows[np.roll(order, number + 1)]
    return partner


def fit_of(odds: Floats) -> Floats:
    """Probabilities from logarithms of odds, one half at zero."""
    import numpy as np

    found: Floats = 1 / (1 + np.exp(-np.clip(odds, -30, 30)))
    return found
