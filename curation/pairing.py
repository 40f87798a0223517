"""Definitions and examples that belong to another term: the pairing itself is the label, so nobody has to label any.

Each text is judged beside the rest of its row: the other text, the context, the other rows of its term, the letters it
spells and the headwords it mentions. A model learns, out of fold, true pairs from shuffled ones; cleanlab's confident
learning then says which of the given pairs look like shuffled ones. A text is flagged only when it also names another
owner that it fits better, because a flag keeps it out of the conversations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from curation.entry import content_hash
from curation.label_issues import find_label_issues
from curation.pair_evidence import SPEAKS_FOR, Corpus, View
from curation.stage import Given, Stage, flag, mark

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

OUTSPELLED = 0.05  # the fit of a definition that spells another initialism and none of its own letters


@dataclass(frozen=True)
class TextPairing(Stage):
    """Says how well each definition and example fits its term, and which headword it fits better."""

    name: ClassVar[str] = "text_pairing"
    reasons: ClassVar[tuple[str, ...]] = ("text_of_another_term",)
    flags: ClassVar[tuple[str, ...]] = ("definition_of_another_term", "example_of_another_term")
    scope: ClassVar[Literal["row", "term", "table"]] = "table"
    needs: ClassVar[tuple[str, ...]] = ("kind", "term", "term_key", "definition", "example", "context")
    adds: ClassVar[tuple[str, ...]] = ("definition_fit", "definition_owner", "example_fit", "example_owner")
    embeds: ClassVar[bool] = True

    max_fit: Annotated[float, Field(ge=0, le=1)] = 0.1  # a flagged text fits its own term with at most this probability
    min_owner_fit: Annotated[float, Field(ge=0, le=1)] = 0.5  # and the suggested owner with at least this one
    mentions: bool = True  # also look at the headwords in the text; False judges the text with its own term masked
    min_rows: Annotated[int, Field(ge=10)] = 100  # fewer texts teach no model: none is judged
    folds: Annotated[int, Field(ge=2)] = 5  # a text is judged by a model that never saw its term
    max_suspects_embedded: Annotated[int, Field(ge=0)] = 600  # worst texts of each kind that get sentence embeddings
    action: Literal["mark", "drop"] = "mark"  # mark: flag and ask; drop: leave on the model's word alone

    def __call__(self, table: pd.DataFrame, given: Given) -> pd.DataFrame:
        import pandas as pd

        for column in ("definition", "example"):
            table = table.assign(**{f"{column}_fit": float("nan"), f"{column}_owner": ""})
        rows = table[(table["kind"] == "definition") & (table["term_key"] != "")]
        if len(rows) < self.min_rows:
            return table
        rows = rows.sort_values(["term_key", "definition", "example", "context", "id"])
        corpus = Corpus(rows, self.folds, given.seed)
        for column in ("definition", "example"):
            judged = self._judge(View(corpus, column, mentions=self.mentions), given)
            table.loc[rows.index, f"{column}_fit"] = judged["fit"].to_numpy()
            table.loc[rows.index, f"{column}_owner"] = judged["owner"].to_numpy()
            wrong = pd.Series(judged["wrong"].to_numpy(), index=rows.index).reindex(table.index, fill_value=False)
            table = flag(table, wrong, f"{column}_of_another_term")
            if self.action == "drop":
                detail = column + " fits " + table[f"{column}_owner"]
                table = mark(table, wrong, "text_of_another_term", score=table[f"{column}_fit"], detail=detail)
        return table

    def _judge(self, view: View, given: Given) -> pd.DataFrame:
        """fit, owner and wrong for each row of the corpus, in its order."""
        import numpy as np
        import pandas as pd

        judged = pd.DataFrame({"fit": np.full(view.size, np.nan), "owner": "", "wrong": False})
        rows = view.judgeable()
        if len(rows) < self.min_rows:
            return judged
        model = PairModel(view, rows, given.seed)
        fit = np.full(view.size, np.nan)
        fit[rows] = model.given_fit()
        worst = rows[np.argsort(fit[rows], kind="stable")][: self.max_suspects_embedded]
        if given.embedder is not None and len(worst) > 1:
            fit[worst] = weigh_meaning(view, worst, fit[worst], given)
        beaten = np.array(sorted(view.outspelled), dtype=np.int64)
        fit[beaten] = np.minimum(fit[beaten], OUTSPELLED)
        doubtful = rows[model.issues(fit[rows]) & (fit[rows] <= self.max_fit)]
        owner = np.array([view.owner(row, fit) for row in doubtful], dtype=np.int64)
        doubtful, owner = doubtful[owner >= 0], owner[owner >= 0]
        sure = model.fit(owner, doubtful) >= self.min_owner_fit
        judged["fit"] = fit
        judged.loc[doubtful[sure], "wrong"] = True
        judged.loc[doubtful[sure], "owner"] = view.corpus.terms[owner[sure]]
        return judged


class PairModel:
    """Tells true pairs of row and text from shuffled ones; every term is judged by a model that never saw it."""

    def __init__(self, view: View, rows: Ints, seed: int) -> None:
        import numpy as np
        from threadpoolctl import threadpool_limits

        self.view, self.rows = view, rows
        partner = shuffle(view.corpus, rows)
        self.shuffled = np.flatnonzero(view.corpus.groups[rows] != view.corpus.groups[partner])
        pairs = np.concatenate([rows, rows[self.shuffled]])
        self.truth = np.concatenate([np.ones(len(rows)), np.zeros(len(self.shuffled))]).astype(np.int64)
        self.inputs = view.features(pairs, np.concatenate([rows, partner[self.shuffled]]))
        self.fold = view.corpus.fold[pairs]
        with threadpool_limits(1):  # a few thousand rows: threads would wait for each other
            self.learners = {
                fold: self._learn(self.fold != fold, seed)
                for fold in np.unique(self.fold)
                if len(np.unique(self.truth[self.fold != fold])) == 2
            }
        self.probability = self._predict(self.inputs, self.fold)

    def _learn(self, inside: npt.NDArray[np.bool_], seed: int) -> tuple[Ints, object]:
        """The features that are known for any pair, and what was learned from them."""
        import numpy as np
        from sklearn.ensemble import HistGradientBoostingClassifier

        known = np.flatnonzero(~np.isnan(self.inputs[inside]).all(axis=0))
        learner = HistGradientBoostingClassifier(
            max_iter=100,
            max_leaf_nodes=8,
            min_samples_leaf=20,
            monotonic_cst=[SPEAKS_FOR[at] for at in known],
            early_stopping=False,
            random_state=seed,
        )
        return known, learner.fit(self.inputs[inside][:, known], self.truth[inside])

    def _predict(self, inputs: Floats, folds: Ints) -> Floats:
        import numpy as np

        found = np.full(len(inputs), 0.5)
        for fold, (known, learner) in self.learners.items():
            chosen = folds == fold
            if chosen.any():
                found[chosen] = learner.predict_proba(inputs[chosen][:, known])[:, 1]  # type: ignore[attr-defined] # scikit-learn
        return found

    def given_fit(self) -> Floats:
        """The probability that each given text belongs to its row, in the order of the rows."""
        return self.probability[: len(self.rows)]

    def fit(self, rows: Ints, texts: Ints) -> Floats:
        """The probability that texts belong to other rows, by the model that saw neither the text nor its own row."""
        return self._predict(self.view.features(rows, texts), self.view.corpus.fold[texts])

    def issues(self, fit: Floats) -> npt.NDArray[np.bool_]:
        """Which given pairs confident learning takes for shuffled ones."""
        import numpy as np

        if self.truth.all():  # all rows are of one term: nothing could be shuffled
            return np.zeros(len(self.rows), dtype=bool)
        probability = np.concatenate([fit, self.probability[len(self.rows) :]])
        both = np.column_stack([1 - probability, probability])
        return find_label_issues(self.truth, both, "predicted_neq_given")[2][: len(self.rows)]


def shuffle(corpus: Corpus, rows: Ints) -> Ints:
    """For each row another one of its fold, whose text it is paired with; chosen by content alone."""
    import numpy as np

    partner = rows.copy()
    for fold in np.unique(corpus.fold[rows]):
        inside = np.flatnonzero(corpus.fold[rows] == fold)
        order = sorted(inside, key=lambda at: content_hash("shuffle", str(corpus.ids[rows[at]])))
        partner[order] = rows[np.roll(order, 1)]
    return partner


def weigh_meaning(view: View, suspects: Ints, fit: Floats, given: Given) -> Floats:
    """The fit of the suspects when the meaning of text and partner, by sentence embeddings, is heard as well.

    The cosine's own weight of evidence is learned among the suspects, their pairs against the same texts shuffled.
    """
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    if given.embedder is None:
        return fit
    corpus = view.corpus
    beside = [" ".join(filter(None, (corpus.text[view.partner][row], corpus.text["context"][row]))) for row in suspects]
    texts = [corpus.text[view.column][row] for row in suspects]
    known = np.array([bool(text) for text in beside])
    if known.sum() < 2:
        return fit
    left = given.embedder([text for text, there in zip(texts, known, strict=True) if there])
    right = given.embedder([text for text in beside if text])
    true, shuffled = (left * right).sum(axis=1), (left * np.roll(right, 1, axis=0)).sum(axis=1)
    cosine = np.concatenate([true, shuffled]).astype(np.float64)[:, None]
    truth = np.repeat([1, 0], len(true))
    judge = LogisticRegression(random_state=given.seed).fit(cosine, truth)
    weighed = fit.copy()
    odds = np.log(fit[known] / (1 - fit[known])) + judge.decision_function(true.astype(np.float64)[:, None])
    weighed[known] = 1 / (1 + np.exp(-odds))
    return weighed
