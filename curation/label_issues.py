"""Labels that look wrong: out-of-fold probabilities from cheap text features, judged by cleanlab's Datalab.

Confident learning (Northcutt, Jiang and Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels")
needs only the given labels and probabilities from models that never saw the row. Nobody has to label anything by hand.
"""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from curation.entry import content_hash
from curation.stage import Given, Stage, flag, mark

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    from scipy.sparse import csr_matrix

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

MAX_CHARACTERS = 2_000  # of a text that are read: a rant's label is decided long before its end
NEAR = 6  # words on each side of the term that count as its neighbourhood
TOKEN = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True)
class LabelIssues(Stage):
    """Score every row's label in each categorical column, suggest the likelier one, flag those that look wrong."""

    name: ClassVar[str] = "label_issues"
    reasons: ClassVar[tuple[str, ...]] = ("label_issue",)
    flags: ClassVar[tuple[str, ...]] = ("label_issue",)
    scope: ClassVar[Literal["row", "term", "table"]] = "table"
    needs: ClassVar[tuple[str, ...]] = ("term", "extra")
    adds: ClassVar[tuple[str, ...]] = ("label_column", "label_score", "label_suggested")
    embeds: ClassVar[bool] = True

    columns: list[str] = field(default_factory=lambda: ["label"])  # columns of the table, or keys inside `extra`
    text_columns: list[str] = field(
        default_factory=lambda: ["definition", "example", "context", "plain"]
    )  # what a label is predicted from, beside the term
    min_rows_per_class: Annotated[int, Field(ge=2)] = 20  # distinct texts; rows of a rarer class are not judged
    max_classes: Annotated[int, Field(ge=2)] = 100  # more of them, and the column is no category
    folds: Annotated[int, Field(ge=2)] = 5  # a row is judged by models that learned from the other folds
    max_score: Annotated[float, Field(ge=0, le=1)] = 0.35  # an issue is flagged when its label's probability is below
    max_rows_embedded: Annotated[int, Field(ge=0)] = 2_000  # up to so many rows a column also get sentence embeddings
    action: Literal["mark", "drop"] = "mark"  # mark: flag and ask; drop: leave on the model's word alone

    def __call__(self, table: pd.DataFrame, given: Given) -> pd.DataFrame:
        table = table.assign(label_column="", label_score=float("nan"), label_suggested="")
        doubtful = table["id"] == ""  # none yet
        for column in dict.fromkeys(self.columns):
            judged = self._judge(table, column, given)
            worse = judged[~(judged["label_score"] >= table.loc[judged.index, "label_score"])]
            names = ["label_score", "label_suggested"]
            table.loc[worse.index, names] = worse[names]
            table.loc[worse.index, "label_column"] = column
            doubtful |= judged["issue"].reindex(table.index, fill_value=False)
        table = flag(table, doubtful, "label_issue")
        if self.action == "drop":
            detail = table["label_column"] + ": rather " + table["label_suggested"]
            table = mark(table, doubtful, "label_issue", score=table["label_score"], detail=detail)
        return table

    def _judge(self, table: pd.DataFrame, column: str, given: Given) -> pd.DataFrame:
        """label_score, label_suggested and issue for the rows of `column` that can be judged, on the table's index."""
        import numpy as np
        import pandas as pd

        rows = self._rows(table, column)
        if rows["label"].nunique() < 2:
            return pd.DataFrame({"label_score": [], "label_suggested": [], "issue": []}, index=rows.index[:0])
        classes, codes = np.unique(rows["label"].to_numpy(dtype=str), return_inverse=True)
        if len(classes) > self.max_classes:
            raise ValueError(
                f"label_issues: column {column!r} has {len(classes):,} classes, at most {self.max_classes} make a "
                "category: take it out of `columns`, or raise `max_classes`"
            )
        folds = assign_folds(rows["key"], rows["label"], self.folds)
        probabilities = out_of_fold(sparse_views(rows["text"].tolist(), rows["term"].tolist()), codes, folds)
        if given.embedder is not None and len(rows) <= self.max_rows_embedded:
            vectors = given.embedder(rows["text"].tolist()).astype(np.float64)
            probabilities = (2 * probabilities + predict(_logistic(), vectors, codes, folds)) / 3
        score, suggested, issue = find_label_issues(codes, probabilities)
        issue = issue & (score < self.max_score)
        columns = {"label_score": score, "label_suggested": classes[suggested], "issue": issue}
        return pd.DataFrame(columns, index=rows.index)

    def _rows(self, table: pd.DataFrame, column: str) -> pd.DataFrame:
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


def assign_folds(keys: pd.Series[str], labels: pd.Series[str], folds: int) -> Ints:
    """A fold for each row, from content alone, shape (n,): each class is dealt out evenly in the order of the hashes.

    Rows with the same key share a fold, or a repeated text would vouch for its own label.
    """
    import numpy as np

    first = labels.groupby(keys.to_numpy()).min()  # sorted by key
    fold = first.groupby(first.to_numpy()).cumcount() % folds
    dealt: Ints = fold.reindex(keys.to_numpy()).to_numpy(dtype=np.int64)
    return dealt


def sparse_views(texts: list[str], terms: list[str]) -> csr_matrix:
    """TF-IDF of words and word pairs, of characters, and of the term's neighbourhood, side by side, a row a text."""
    from scipy.sparse import hstack

    near = [neighbourhood(text, term) for text, term in zip(texts, terms, strict=True)]
    views = [
        _tfidf(texts, tokenizer=TOKEN.findall, ngram_range=(1, 2), min_df=2),
        _tfidf(texts, analyzer="char_wb", ngram_range=(2, 5), min_df=3),
        _tfidf(near, analyzer=str.split),
    ]
    return hstack([view for view in views if view is not None]).tocsr()


def _tfidf(texts: list[str], **settings: object) -> csr_matrix | None:
    """Unit TF-IDF rows, or None where no n-gram is frequent enough, as with texts of one emoji each."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    try:
        return TfidfVectorizer(sublinear_tf=True, token_pattern=None, **settings).fit_transform(texts)
    except ValueError as error:
        if "vocabulary" not in str(error) and "no terms remain" not in str(error).lower():
            raise
        return None


def neighbourhood(text: str, term: str) -> str:
    """The term, and the words around each place where the text uses it (also inflected), as one string of features."""
    words = [word.casefold() for word in TOKEN.findall(text)]
    parts = [word.casefold() for word in TOKEN.findall(term)]
    features = ["term=" + "_".join(parts)]
    for start in _uses(words, parts):
        features.append("form=" + words[start + len(parts) - 1])
        for offset in range(-NEAR, len(parts) + NEAR):
            if 0 <= start + offset < len(words) and not 0 <= offset < len(parts):
                word = words[start + offset]
                features += [f"near={word}", f"{'_'.join(parts)}~{word}"]
                features += [f"{offset:+d}={word}"] if -2 <= offset < len(parts) + 2 else []
    return " ".join(features)


def _uses(words: list[str], parts: list[str]) -> list[int]:
    """Where `words` use `parts`; the last word may have another ending: salty, saltier."""
    if not parts:
        return []
    stem = parts[-1][:-1] if len(parts[-1]) > 4 else parts[-1]
    last = len(parts) - 1
    return [
        start
        for start in range(len(words) - last)
        if words[start + last].startswith(stem) and words[start : start + last] == parts[:-1]
    ]


def out_of_fold(features: csr_matrix, codes: Ints, folds: Ints) -> Floats:
    """Class probabilities of shape (n, classes), each row by models that never saw its fold.

    Two learners that err differently are averaged: logistic regression, which is calibrated, and complement naive
    Bayes (Rennie et al. 2003), which a rare class does not scare.
    """
    from sklearn.naive_bayes import ComplementNB

    bayes = predict(ComplementNB(alpha=0.3), features, codes, folds)
    mean: Floats = (predict(_logistic(), features, codes, folds) + bayes) / 2
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


def _logistic() -> object:
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    return OneVsRestClassifier(LogisticRegression(solver="liblinear", random_state=0))


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
