"""The engines of the second decision: from labelled sentences to a score for each label, and which are called wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd


class Judged(NamedTuple):
    score: npt.NDArray[np.float64]  # of each label: the lower, the likelier it is wrong
    flagged: npt.NDArray[np.bool_]  # called wrong


@dataclass(frozen=True)
class LabelPeer:
    name: str
    package: str
    judge: Callable[[pd.DataFrame, Any], Judged]  # a table with `example`, `term` and `label`, and an embedder
    embeds: bool = True


def usual_recipe(table: pd.DataFrame, embedder: Any) -> Judged:
    """cleanlab's tutorial for text: embeddings, logistic regression out of fold, the default filter.

    On the folds of ours, by benchmarks/label_issues.
    """
    from benchmarks.label_issues.run import usual

    found = usual(table, embedder)
    return Judged(found.quality, found.flagged)


def features_only(table: pd.DataFrame, embedder: Any) -> Judged:
    """Datalab with embeddings and no model: it asks the nearest neighbours."""
    import numpy as np
    from cleanlab import Datalab

    codes = np.unique(table["label"].to_numpy(dtype=str), return_inverse=True)[1]
    lab = Datalab({"label": codes}, label_name="label", verbosity=0)
    lab.find_issues(features=embedder(table["example"].tolist()), issue_types={"label": {}})
    issues = lab.get_issues("label")
    return Judged(issues["label_score"].to_numpy(dtype=float), issues["is_label_issue"].to_numpy(dtype=bool))


def ours(table: pd.DataFrame, embedder: Any) -> Judged:
    """A label that the stage does not judge counts as right."""
    import numpy as np

    from curation.label_issues import LabelIssues
    from curation.stage import Given

    judged = LabelIssues()(table, Given(embedder=embedder))
    flagged = np.array(["label_issue" in flags for flags in judged["flags"]], dtype=bool)
    return Judged(judged["label_score"].fillna(1.0).to_numpy(dtype=float), flagged)


LABEL_PEERS = (
    LabelPeer("cleanlab's usual recipe: all-MiniLM, logistic regression, default filter", "cleanlab", usual_recipe),
    LabelPeer("cleanlab Datalab, all-MiniLM vectors and no model", "cleanlab", features_only),
    LabelPeer("ours: label_issues", "curation", ours),
)
