"""Labels that look wrong, in any categorical column: out-of-fold probabilities, judged by cleanlab's Datalab.

Confident learning (Northcutt, Jiang and Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels")
needs only the given labels and probabilities from models that never saw the row. Nobody has to label anything by hand.
"""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from curation.embed import ContextEmbedder, Embedder
from curation.entry import content_hash
from curation.labels.learners import assign_folds, best_ridge, kernel_out_of_fold, out_of_fold, text_kernel
from curation.labels.surroundings import surroundings
from curation.labels.texts import sparse_views, uses
from curation.labels.trust import calibrate, noise_matrix, trust
from curation.people.decided_labels import obey_labels
from curation.stage import Given, Stage, flag, mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    Floats = npt.NDArray[np.float64]
    Singles = npt.NDArray[np.float32]
    Ints = npt.NDArray[np.int64]

MAX_CHARACTERS = 2_000  # of a text that are read: a rant's label is decided long before its end
SHARE = 8_000  # rows that learn from one another through the kernel: 7,123 took 1 GB and 24 CPU seconds
TRIED = 2_000  # rows on which the kernel's ridge is tried
DIGITS = 4  # of a score: sums of floats differ behind that from one machine to another


@dataclass(frozen=True)
class LabelIssues(Stage):
    """Score every row's label in each categorical column, suggest the likelier one, flag those that look wrong.

    `label_score` is the probability that the given label is right. Of several columns the least trusted one is told in
    `label_column`, `label_score` and `label_suggested`; `label_verdicts` holds all of them, as JSON text, and what else
    Datalab says of the row beside the others of its column (curation/labels/surroundings.py).
    """

    name: ClassVar[str] = "label_issues"
    reasons: ClassVar[tuple[str, ...]] = ("label_issue",)
    flags: ClassVar[tuple[str, ...]] = ("label_issue",)
    scope: ClassVar[Literal["row", "term", "table"]] = "table"
    needs: ClassVar[tuple[str, ...]] = ("term", "extra")
    adds: ClassVar[tuple[str, ...]] = ("label_column", "label_score", "label_suggested", "label_verdicts")
    obeys: ClassVar[tuple[str, ...]] = ("label",)
    embeds: ClassVar[bool] = True

    columns: list[str] = field(default_factory=lambda: ["label"])  # columns of the table, or keys inside `extra`
    text_columns: list[str] = field(
        default_factory=lambda: ["definition", "example", "context", "plain"]
    )  # what a label is predicted from, beside the term
    min_rows_per_class: Annotated[int, Field(ge=2)] = 20  # distinct texts; rows of a rarer class are not judged
    max_classes: Annotated[int, Field(ge=2)] = 100  # more of them, and the column is no category
    folds: Annotated[int, Field(ge=2)] = 5  # a row is judged by models that learned from the other folds
    max_score: Annotated[float, Field(ge=0, le=1)] = 0.95  # what Datalab doubts is flagged when its score is below
    max_rows_embedded: Annotated[int, Field(ge=0)] = 20_000  # larger columns are judged by their n-grams alone
    action: Literal["mark", "drop"] = "mark"  # mark: flag and ask; drop: leave on the model's word alone
    drop_below: Annotated[float, Field(ge=0, le=1)] = 0.5  # with "drop", a flagged row leaves when its score is below

    def __call__(self, table: pd.DataFrame, given: Given) -> pd.DataFrame:
        import pandas as pd

        table, settled = obey_labels(table, dict.fromkeys(self.columns), given)
        table = table.assign(label_column="", label_score=float("nan"), label_suggested="")
        doubtful = table["id"] == ""  # none yet
        verdicts: dict[Any, dict[str, Any]] = {}
        for column in dict.fromkeys(self.columns):
            judged = self._judge(table, column, given)
            judged.loc[judged.index.isin(table.index[settled[column]]), "issue"] = False  # people say which is right
            worse = judged[~(judged["label_score"] >= table.loc[judged.index, "label_score"])]
            names = ["label_score", "label_suggested"]
            table.loc[worse.index, names] = worse[names]
            table.loc[worse.index, "label_column"] = column
            doubtful |= judged["issue"].reindex(table.index, fill_value=False)
            for row, score, suggested, issue, also in judged.itertuples():
                said = {"score": score, "suggested": suggested, "issue": bool(issue), "also": also}
                verdicts.setdefault(row, {})[column] = said
        texts = [json.dumps(verdicts.get(row, {}), ensure_ascii=False) for row in table.index]
        table["label_verdicts"] = pd.Series(texts, index=table.index, dtype="str")
        table = flag(table, doubtful, "label_issue")
        if self.action == "drop":
            detail = table["label_column"] + ": rather " + table["label_suggested"]
            wrong = doubtful & (table["label_score"] < self.drop_below)
            table = mark(table, wrong, "label_issue", score=table["label_score"], detail=detail)
        return table

    def _judge(self, table: pd.DataFrame, column: str, given: Given) -> pd.DataFrame:
        """label_score, label_suggested, issue and also (names of SURROUNDINGS), on the table's index.

        Of the rows of `column` that can be judged.
        """
        import numpy as np
        import pandas as pd

        rows = self.rows(table, column)
        if rows["label"].nunique() < 2:
            empty: dict[str, list[object]] = {"label_score": [], "label_suggested": [], "issue": [], "also": []}
            return pd.DataFrame(empty, index=rows.index[:0])
        classes, codes = np.unique(rows["label"].to_numpy(dtype=str), return_inverse=True)
        if len(classes) > self.max_classes:
            raise ValueError(
                f"label_issues: column {column!r} has {len(classes):,} classes, at most {self.max_classes} make a "
                "category: take it out of `columns`, or raise `max_classes`"
            )
        folds = assign_folds(rows["key"], rows["label"], self.folds)
        embedder = given.embedder if len(rows) <= self.max_rows_embedded else None
        vectors = text_vectors(embedder, rows["text"].tolist(), rows["term"].tolist()) if embedder else []
        scores = class_scores(rows, codes, folds, vectors)
        probabilities = calibrate(scores, codes, folds)
        score = trust(scores, probabilities, codes, noise_matrix(probabilities, codes)).round(DIGITS)
        _, suggested, issue = find_label_issues(codes, probabilities, "prune_by_noise_rate")
        issue = issue & (score < self.max_score)
        read = table.sort_values(["source", "file", "row", "id"]).index  # as their sources gave them
        also = surroundings(vectors[0] if vectors else None, codes, read.get_indexer(rows.index))
        columns = {"label_score": score, "label_suggested": classes[suggested], "issue": issue, "also": also}
        return pd.DataFrame(columns, index=rows.index)

    def rows(self, table: pd.DataFrame, column: str) -> pd.DataFrame:
        """term, text, label and key (a hash of term and text) of the rows to judge, ordered by content."""
        label = categorical(table, column).str.strip()
        used = [name for name in self.text_columns if name != column]
        text = table[used].agg("\n".join, axis=1) if used and len(table) else table["term"]
        rows = table[["id", "term"]].assign(text=text.str.strip().str.slice(0, MAX_CHARACTERS), label=label)
        rows = rows[(rows["label"] != "") & (rows["text"] != "")]
        rows["key"] = [
            content_hash(term.casefold(), text) for term, text in zip(rows["term"], rows["text"], strict=True)
        ]
        sizes = rows.groupby("label")["key"].transform("nunique") if len(rows) else rows["label"].str.len()
        return rows[sizes >= self.min_rows_per_class].sort_values(["key", "label", "id"])


def class_scores(rows: pd.DataFrame, codes: Ints, folds: Ints, vectors: Sequence[Singles]) -> Floats:
    """How strongly each row is of each class, out of fold, shape (n, classes); `vectors` are views of the texts.

    With vectors rows learn from one another through a kernel, whose cost grows with the cube of their number: a larger
    table is dealt into shares of whole terms, as far as they fit.
    """
    import numpy as np

    terms = rows["term"].tolist()
    sparse = sparse_views(rows["text"].tolist(), terms)
    if not vectors:
        return out_of_fold(sparse, codes, folds)

    def kernel(some: Ints) -> Singles:
        return text_kernel([view[some] for view in vectors], sparse[some])

    tried = np.arange(len(rows))[:TRIED]  # rows are in the order of their hashes
    ridge = best_ridge(kernel(tried), codes[tried], folds[tried])
    found = np.zeros((len(rows), int(codes.max()) + 1))
    hashed = np.array([content_hash(term.casefold()) for term in terms])
    for share in np.array_split(np.argsort(hashed, kind="stable"), -(-len(rows) // SHARE)):
        seen = kernel_out_of_fold(kernel(share), codes[share], folds[share], ridge)
        found[share, : seen.shape[1]] = seen
    return found


def text_vectors(embedder: Embedder, texts: list[str], terms: list[str]) -> list[Singles]:
    """Views of the texts, each (n, dimensions): the text, and its term where it stands if the embedder can tell."""
    if not isinstance(embedder, ContextEmbedder):
        return [embedder(texts)]
    both = embedder.in_context(texts, [uses(text, term) for text, term in zip(texts, terms, strict=True)])
    return [both[:, 0], both[:, 1]]


def categorical(table: pd.DataFrame, column: str) -> pd.Series[str]:
    """A column of the table, or the values of a key of the JSON column `extra` ("" where absent).

    Raises ValueError when no row knows the name.
    """
    import pandas as pd

    if column in table.columns:
        return table[column].astype("str")
    extras = [json.loads(text) if text else {} for text in table["extra"]]
    known = set().union(*extras)
    if extras and column not in known:
        near = difflib.get_close_matches(column, [*table.columns, *known], n=3)
        hint = (
            f"did you mean {' or '.join(near)}?"
            if near
            else f"the extra columns are: {', '.join(sorted(known)) or 'none'}"
        )
        raise ValueError(f"label_issues: no column {column!r} in the table or in its extra columns; {hint}")
    return pd.Series([str(extra.get(column, "")) for extra in extras], index=table.index, dtype="str")


def find_label_issues(
    codes: Ints, probabilities: Floats, filter_by: str = "confident_learning"
) -> tuple[Floats, Ints, npt.NDArray[np.bool_]]:
    """Datalab's label quality (0 wrong … 1 right), the likeliest class, and whether it is an issue; each shape (n,).

    `codes` are the given classes, 0 … k-1, and `probabilities` of shape (n, k) are out of fold; `filter_by` is
    cleanlab's.
    """
    import numpy as np
    from cleanlab import Datalab

    lab = Datalab({"label": codes}, label_name="label", verbosity=0)
    thresholds = {"clean_learning_kwargs": {"find_label_issues_kwargs": {"filter_by": filter_by, "n_jobs": 1}}}
    lab.find_issues(pred_probs=probabilities, issue_types={"label": thresholds})
    issues = lab.get_issues("label")
    return (
        issues["label_score"].to_numpy(dtype=np.float64),
        issues["predicted_label"].to_numpy(dtype=np.int64),
        issues["is_label_issue"].to_numpy(dtype=bool),
    )
