"""Class probabilities of rows, each from models that never saw its label: what confident learning asks for.

Where vectors are given, one learner reads all views of a text through a kernel: least squares on the class indicators
(kernel ridge, also called least-squares SVM: Suykens and Vandewalle 1999), in closed form. Without vectors, two cheap
learners on n-grams are averaged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from curation.labels.trust import calibrate

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    from scipy.sparse import csr_matrix

    Floats = npt.NDArray[np.float64]
    Singles = npt.NDArray[np.float32]
    Ints = npt.NDArray[np.int64]

# Chosen on SlangTrack with 10 % of the labels flipped; average precision moves by 0.01 when one is halved or doubled.
SPARSE_SHARE = 0.2  # of n-grams in the kernel; the vectors share the rest
SHARPNESS = 2.0  # of exp(SHARPNESS · (cosine - 1)) on vectors
RIDGES = (2.5, 1.0, 0.5, 0.25)  # on the kernel's diagonal of 1, tried on the given labels: few rows bear less of it
NO_WORSE = (
    1.01  # a stronger ridge may lose 1 % by the given labels, some of which are wrong: so it is not fitted to them
)


def assign_folds(keys: pd.Series[str], labels: pd.Series[str], folds: int) -> Ints:
    """A fold for each row, from content alone, shape (n,): each class is dealt out evenly in the order of the hashes.

    Rows with the same key share a fold, or a repeated text would vouch for its own label.
    """
    import numpy as np

    first = labels.groupby(keys.to_numpy()).min()  # sorted by key
    fold = first.groupby(first.to_numpy()).cumcount() % folds
    dealt: Ints = fold.reindex(keys.to_numpy()).to_numpy(dtype=np.int64)
    return dealt


def text_kernel(vectors: Sequence[Singles], sparse: csr_matrix) -> Singles:
    """How alike rows are, shape (n, n), 1 on the diagonal at most.

    `vectors` are views of shape (n, d) with rows of length 1 (or 0), `sparse` is a row a text.
    """
    import numpy as np
    from sklearn.preprocessing import normalize

    grams = normalize(sparse.astype(np.float32))
    alike: Singles = (grams @ grams.T).toarray() * np.float32(SPARSE_SHARE)
    for view in vectors:
        cosine = view @ view.T
        cosine -= 1
        cosine *= SHARPNESS
        alike += np.exp(cosine, out=cosine) * np.float32((1 - SPARSE_SHARE) / len(vectors))
    return alike


def best_ridge(alike: Singles, codes: Ints, folds: Ints) -> float:
    """The strongest of RIDGES with which the scores tell the given labels well, out of fold (log loss)."""
    import numpy as np

    losses = []
    for ridge in RIDGES:
        scores = kernel_out_of_fold(alike, codes, folds, ridge)
        own = calibrate(scores, codes, folds)[np.arange(len(codes)), codes]
        losses.append(float(-np.log(np.maximum(own, 1e-6)).mean()))
    return next(ridge for ridge, loss in zip(RIDGES, losses, strict=True) if loss <= NO_WORSE * min(losses))


def kernel_out_of_fold(alike: Singles, codes: Ints, folds: Ints, ridge: float) -> Floats:
    """How strongly each row is of each class, shape (n, classes), about 0 … 1 and out of fold. `alike` is (n, n)."""
    import numpy as np
    from scipy.linalg import solve

    indicators = np.eye(int(codes.max()) + 1, dtype=np.float32)[codes]
    found = np.zeros(indicators.shape)
    for fold in np.unique(folds):
        seen, unseen = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        mean = indicators[seen].mean(axis=0)
        inside = alike[np.ix_(seen, seen)]
        inside[np.diag_indices_from(inside)] += np.float32(ridge)
        weights = solve(inside, indicators[seen] - mean, assume_a="pos", overwrite_a=True, check_finite=False)
        found[unseen] = mean + alike[np.ix_(unseen, seen)] @ weights
    return found


def out_of_fold(features: csr_matrix, codes: Ints, folds: Ints) -> Floats:
    """Class probabilities of shape (n, classes), each row by models that never saw its fold.

    Two learners that err differently are averaged: logistic regression, which is calibrated, and complement naive
    Bayes (Rennie et al. 2003), which a rare class does not scare.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.naive_bayes import ComplementNB

    logistic = OneVsRestClassifier(LogisticRegression(solver="liblinear", random_state=0))
    bayes = predict(ComplementNB(alpha=0.3), features, codes, folds)
    mean: Floats = (predict(logistic, features, codes, folds) + bayes) / 2
    return mean


def predict(learner: object, features: object, codes: Ints, folds: Ints) -> Floats:
    """Out-of-fold probabilities of one scikit-learn classifier, shape (n, classes); 0 for a class it never saw."""
    import numpy as np
    from sklearn.base import clone

    found = np.zeros((len(codes), int(codes.max()) + 1))
    for fold in np.unique(folds):
        inside = folds == fold
        seen = np.unique(codes[~inside])
        if len(seen) == 1:
            found[np.ix_(inside, seen)] = 1.0
            continue
        fitted = clone(learner).fit(features[~inside], codes[~inside])  # type: ignore[index] # a matrix, dense or sparse
        found[np.ix_(inside, fitted.classes_)] = fitted.predict_proba(features[inside])  # type: ignore[index]
    return found
