"""What cleanlab's Datalab says of a labelled row beside its label: how it stands among the other rows of its column.

Issue types that suit short texts, from vectors that the judging of the labels has made already: `outlier` (nothing is
near), `near_duplicate` (another row says nearly the same: the two vouch for each other's label), `class_imbalance` (of
a class that is rare) and `non_iid` (on the row that shows best that the order of the rows follows their texts: parts
cut by position would differ from one another). Each is Datalab's own, at its own threshold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SURROUNDINGS = ("outlier", "near_duplicate", "non_iid", "class_imbalance")


def surroundings(
    vectors: npt.NDArray[np.float32] | None, codes: npt.NDArray[np.int64], order: npt.NDArray[np.int64]
) -> list[list[str]]:
    """For each row which of SURROUNDINGS Datalab finds; without vectors only what the labels alone tell.

    `vectors` have shape (n, dimensions), `codes` are classes, `order` says at which place each row was read.
    """
    import numpy as np
    from cleanlab import Datalab

    placed = np.argsort(order, kind="stable")
    wanted = SURROUNDINGS if vectors is not None else ("class_imbalance",)
    lab = Datalab({"label": codes[placed]}, label_name="label", verbosity=0)
    features = {} if vectors is None else {"features": vectors[placed]}
    state = np.random.get_state()  # noqa: NPY002 # the test of the order seeds the generator that everybody shares
    lab.find_issues(**features, issue_types={name: {} for name in wanted})
    np.random.set_state(state)  # noqa: NPY002
    found: list[list[str]] = [[] for _ in codes]
    issues = lab.get_issues()
    for name in wanted:
        for place in np.flatnonzero(issues[f"is_{name}_issue"].to_numpy(dtype=bool)):
            found[placed[place]].append(name)
    return found
