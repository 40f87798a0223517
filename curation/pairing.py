"""Definitions and examples that belong to another term: the pairing itself is the label, so nobody has to label any.

Each text is judged beside the rest of its row: the other text, the context, the term, the other rows of its term, the
letters it spells and the headwords it mentions. A judge learns, out of fold, true pairs from shuffled ones; cleanlab's
confident learning then says which of the given pairs look like shuffled ones. Words, topics and the vectors of single
words are seen for every row; a sentence embedder reads the worst rows and some chosen blindly, to learn from. A text
that names another headword gets it as suggested owner; it is flagged only when that one wants a text, because a flag
keeps it out of the conversations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from curation.label_issues import find_label_issues
from curation.pairs.corpus import Corpus, word_meanings
from curation.pairs.evidence import View
from curation.pairs.judge import RIDGE_OF_FEW, SHUFFLES_OF_FEW, PairJudge, fit_of
from curation.pairs.meaning import Meanings, worth_embedding
from curation.people.decided import has_left
from curation.people.decided_texts import obey_pairings
from curation.stage import Given, Stage, flag, mark

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from curation.pairs.corpus import Floats, Ints

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
    obeys: ClassVar[tuple[str, ...]] = ("definition_of_another_term", "example_of_another_term")

    max_fit: Annotated[float, Field(ge=0, le=1)] = 0.2  # a flagged text has at most this fit to its own term
    min_owner_fit: Annotated[float, Field(ge=0, le=1)] = 0.5  # and the suggested owner with at least this one
    mentions: bool = True  # also look at the headwords in the text; False judges the text with its own term masked
    min_rows: Annotated[int, Field(ge=10)] = 100  # fewer texts teach no model: none is judged
    folds: Annotated[int, Field(ge=2)] = 5  # a text is judged by a model that never saw its term
    embed_words: bool = True  # also look at the vectors of single words, for every row
    max_rows_embedded: Annotated[int, Field(ge=0)] = 900  # rows whose whole texts get sentence embeddings
    action: Literal["mark", "drop"] = "mark"  # mark: flag and ask; drop: leave on the model's word alone
    move_to_owner: bool = False  # a text that people give to another term goes there; False: it only leaves its own

    def __call__(self, table: pd.DataFrame, given: Given) -> pd.DataFrame:
        import pandas as pd

        for column in ("definition", "example"):
            table = table.assign(**{f"{column}_fit": float("nan"), f"{column}_owner": ""})
        table, here = obey_pairings(table, given, move=self.move_to_owner)
        is_open = ~pd.Series(has_left(table), index=table.index, dtype=bool)
        rows = table[(table["kind"] == "definition") & (table["term_key"] != "") & is_open]
        if len(rows) < self.min_rows:
            return table
        rows = rows.sort_values(["term_key", "definition", "example", "context", "id"])
        for column, judged in self._judge(Corpus(rows, self.folds, given.seed), given).items():
            table.loc[rows.index, f"{column}_fit"] = judged["fit"].to_numpy()
            table.loc[rows.index, f"{column}_owner"] = judged["owner"].to_numpy()
            wrong = pd.Series(judged["wrong"].to_numpy(), index=rows.index).reindex(table.index, fill_value=False)
            wrong.iloc[here[column]] = False  # people say that it belongs where it stands
            table = flag(table, wrong, f"{column}_of_another_term")
            if self.action == "drop":
                detail = column + " fits " + table[f"{column}_owner"]
                table = mark(table, wrong, "text_of_another_term", score=table[f"{column}_fit"], detail=detail)
        return table

    def _judge(self, corpus: Corpus, given: Given) -> dict[str, pd.DataFrame]:
        """Column → fit, owner and wrong for each row of the corpus, in its order."""
        words = word_meanings(corpus.masked, given.embedder) if given.embedder and self.embed_words else None
        verdicts = [
            Verdict(View(corpus, column, mentions=self.mentions, meanings=words), self.min_rows)
            for column in ("definition", "example")
        ]
        learn, chosen = worth_embedding(corpus, [one.fit for one in verdicts], self.max_rows_embedded)
        if given.embedder and len(learn) >= self.min_rows:
            meanings = Meanings(corpus, chosen, given.embedder)
            for verdict in verdicts:
                verdict.weigh_meaning(meanings, learn, self.min_rows)
        return {one.view.column: one.judged(self.max_fit, self.min_owner_fit) for one in verdicts}


class Verdict:
    """What is thought of one column's texts: first of all of them by cheap evidence, then of some by their meaning."""

    def __init__(self, view: View, min_rows: int) -> None:
        import numpy as np
        from threadpoolctl import threadpool_limits

        self.view = view
        self.rows = view.judgeable()
        self.odds = np.full(view.size, np.nan)
        self.judge: PairJudge | None = None
        if len(self.rows) >= min_rows:
            with threadpool_limits(1):  # small matrices: threads would wait for each other
                self.judge = PairJudge(view.corpus, self.rows, view.features)
                self.odds[self.rows] = self.judge.odds(self.rows, self.rows)

    @property
    def fit(self) -> Floats:
        """The probability that each text belongs to its row, were as many pairs true as shuffled; NaN: not judged.

        So measured it is right to 0.02–0.06, and rather too trusting (benchmarks/text_pairing/README.md). Where few
        texts are misplaced a low fit means less than it says: Bayes' rule, with the share, gives what it does mean.
        """
        return fit_of(self.odds)

    def weigh_meaning(self, meanings: Meanings, learn: Ints, min_rows: int) -> None:
        """Judge the rows that have sentence embeddings again, with what was thought of them as one of the features.

        It is learned from rows chosen blindly: among the worst, bad evidence would look like the rule. What a text says
        outright stands: where it names another headword and not its own, its meaning is not asked (MFW reads like MRW).
        """
        import numpy as np
        from threadpoolctl import threadpool_limits

        taught = np.intersect1d(learn, self.rows)
        if self.judge is None or len(taught) < min_rows:
            return
        first = self.judge
        parts = meanings.correspondences(self.view.column)

        def features(rows: Ints, texts: Ints) -> Floats:
            places = meanings.place[rows], meanings.place[texts]
            return np.column_stack([first.odds(rows, texts), *(part.columns(*places) for part in parts)])

        with threadpool_limits(1):
            second = PairJudge(self.view.corpus, taught, features, shuffles=SHUFFLES_OF_FEW, ridge=RIDGE_OF_FEW)
            again = np.intersect1d(meanings.rows, self.rows)
            again = again[[self.view.names.owner(row, self.odds)[0] < 0 for row in again]]
            self.odds[again] = second.odds(again, again)

    def judged(self, max_fit: float, min_owner_fit: float) -> pd.DataFrame:
        import numpy as np
        import pandas as pd

        view, fit = self.view, self.fit
        judged = pd.DataFrame({"fit": fit, "owner": "", "wrong": False})
        if self.judge is None:
            return judged
        beaten = np.array(sorted(view.names.outspelled), dtype=np.int64)
        fit[beaten] = np.minimum(fit[beaten], OUTSPELLED)
        doubtful = self.rows[self._issues(fit[self.rows]) & (fit[self.rows] <= max_fit)]
        found = [view.names.owner(row, fit) for row in doubtful]
        owner = np.array([at for at, _ in found], dtype=np.int64)
        wants = np.array([wanting for _, wanting in found], dtype=bool)
        known = owner >= 0
        sure = np.flatnonzero(known)[fit_of(self.judge.odds(owner[known], doubtful[known])) >= min_owner_fit]
        judged["fit"] = fit
        judged.loc[doubtful[sure], "owner"] = view.corpus.terms[owner[sure]]
        judged.loc[doubtful[sure[wants[sure]]], "wrong"] = True
        return judged

    def _issues(self, fit: Floats) -> npt.NDArray[np.bool_]:
        """Which given pairs confident learning takes for shuffled ones."""
        import numpy as np

        assert self.judge is not None
        shuffled = self.judge.shuffled_fit
        if not len(shuffled):  # all rows are of one term: nothing could be shuffled
            return np.zeros(len(fit), dtype=bool)
        probability = np.concatenate([fit, shuffled])
        truth = np.repeat([1, 0], [len(fit), len(shuffled)])
        both = np.column_stack([1 - probability, probability])
        return find_label_issues(truth, both, "predicted_neq_given")[2][: len(fit)]
