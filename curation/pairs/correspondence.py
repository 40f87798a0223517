"""How well two texts answer each other, from their vectors: cosine, local scaling and canonical correlation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

NEIGHBOURS = 10  # the closest strangers whose mean similarity says how crowded a vector's surroundings are
STRANGERS = 800  # rows, the same for all, among which they are looked for
AXES = 60  # pairs of directions of the canonical correlation that are heard
RIDGE = 0.3  # added to the covariances, as a share of their mean variance


class Correspondence:
    """The texts' vectors on the left, on the right those of what each row is held against; row k of both is given.

    `left` has shape (n, d) and `right` (n, e), zero where nothing is known; `alike` says that both are unit vectors of
    one space, so that their cosine means something. `fold` (n,) keeps what is learned from what it judges.
    """

    def __init__(self, left: Floats, right: Floats, fold: Ints, *, alike: bool, learn: bool = True) -> None:
        import numpy as np

        self.left, self.right, self.fold, self.alike = left, right, fold, alike
        self.known = there(left), there(right)
        both = np.flatnonzero(self.known[0] & self.known[1])
        self.strangers = both[:: max(1, len(both) // STRANGERS)]
        enough = len(self.strangers) > NEIGHBOURS
        self.crowds = [_crowd(left, right[self.strangers]), _crowd(right, left[self.strangers])] if enough else []
        self.centres = [side[both].mean(axis=0) if len(both) else side[:1].sum(axis=0) for side in (left, right)]
        self.axes = learn_axes(left, right, self.centres, both, fold) if learn and enough else {}

    @property
    def width(self) -> int:
        """The number of columns."""
        return 3 * (self.alike and bool(self.crowds)) + 2 * bool(self.axes)

    def columns(self, rows: Ints, texts: Ints) -> Floats:
        """What speaks for text `texts[k]` standing in row `rows[k]`, shape (pairs, width); NaN where unknown.

        Cosine; cosine less the mean of both crowds (cross-domain similarity local scaling, Conneau et al. 2018); how
        far it stands out of both crowds in standard deviations; and by canonical correlation a product and a cosine.
        """
        import numpy as np

        found = np.full((len(rows), self.width), np.nan)
        known = self.known[0][texts] & self.known[1][rows]
        rows, texts = rows[known], texts[known]
        parts = [self._scaled(rows, texts)] if self.alike and self.crowds else []
        parts += [self._canonical(rows, texts)] if self.axes else []
        if parts:
            found[known] = np.hstack(parts)
        return found

    def _scaled(self, rows: Ints, texts: Ints) -> Floats:
        import numpy as np

        cosine = (self.left[texts] * self.right[rows]).sum(axis=1)
        (near, mean, spread), (near_row, mean_row, spread_row) = self.crowds
        scaled = 2 * cosine - near[texts] - near_row[rows]
        standing = (cosine - mean[texts]) / spread[texts] + (cosine - mean_row[rows]) / spread_row[rows]
        return np.column_stack([cosine, scaled, standing])

    def _canonical(self, rows: Ints, texts: Ints) -> Floats:
        import numpy as np

        found = np.zeros((len(rows), 2))
        for fold, (left, right) in self.axes.items():
            chosen = self.fold[texts] == fold
            one = (self.left[texts[chosen]] - self.centres[0]) @ left
            other = (self.right[rows[chosen]] - self.centres[1]) @ right
            product = (one * other).sum(axis=1)
            sizes = np.sqrt((one * one).sum(axis=1) * (other * other).sum(axis=1))
            found[chosen] = np.column_stack([product, product / np.maximum(sizes, 1e-9)])
        return found


def there(vectors: Floats) -> npt.NDArray[np.bool_]:
    """Which vectors are not zero, shape (n,)."""
    import numpy as np

    return np.asarray(vectors.any(axis=1), dtype=bool)


def _crowd(vectors: Floats, strangers: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean cosine with the nearest strangers, with all of them, and its standard deviation; each of shape (n,)."""
    import numpy as np

    if vectors.shape[1] != strangers.shape[1]:
        return np.zeros(len(vectors)), np.zeros(len(vectors)), np.ones(len(vectors))
    parts = []
    for start in range(0, len(vectors), 4096):
        cosines = vectors[start : start + 4096].astype(np.float32) @ strangers.T.astype(np.float32)
        near = np.partition(cosines, -NEIGHBOURS, axis=1)[:, -NEIGHBOURS:].mean(axis=1)
        parts.append(np.column_stack([near, cosines.mean(axis=1), cosines.std(axis=1) + 1e-6]).astype(np.float64))
    near, mean, spread = np.vstack(parts).T
    return near, mean, spread


def learn_axes(
    left: Floats, right: Floats, centres: list[Floats], rows: Ints, fold: Ints
) -> dict[int, tuple[Floats, Floats]]:
    """For each fold the directions of both sides that vary together in the other folds, strongest first.

    Canonical correlation (Hotelling 1936) with a ridge (Vinod 1976). Columns are scaled by the square root of their
    correlation, so that the product of two projections is an estimate of how much more often they meet than by chance.
    """
    import numpy as np

    moments = {}
    for number in np.unique(fold).tolist():
        inside = rows[fold[rows] == number]
        one, other = left[inside] - centres[0], right[inside] - centres[1]
        moments[number] = (one.T @ one, other.T @ other, one.T @ other, len(inside))
    found = {}
    for number in moments:
        rest = [own for other, own in moments.items() if other != number]
        size = sum(count for *_, count in rest)
        if size:
            left_left, right_right, left_right = (np.sum([own[k] for own in rest], axis=0) / size for k in range(3))
            found[number] = _canonical_axes(left_left, right_right, left_right)
    return found


def _canonical_axes(left: Floats, right: Floats, cross: Floats) -> tuple[Floats, Floats]:
    import numpy as np

    roots = [_inverse_root(left), _inverse_root(right)]
    u, strength, v = np.linalg.svd(roots[0] @ cross @ roots[1], full_matrices=False)
    scale = np.sqrt(strength[:AXES])
    return roots[0] @ u[:, :AXES] * scale, roots[1] @ v[:AXES].T * scale


def _inverse_root(covariance: Floats) -> Floats:
    """The inverse square root of a covariance with its ridge."""
    import numpy as np

    ridge = RIDGE * np.trace(covariance) / len(covariance) + 1e-12
    values, vectors = np.linalg.eigh(covariance + ridge * np.eye(len(covariance)))
    root: Floats = vectors / np.sqrt(values) @ vectors.T
    return root
