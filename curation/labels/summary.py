"""What a person should know of a judged column: which classes and terms are in doubt, and what was not judged."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from curation.label_issues import categorical

if TYPE_CHECKING:
    import pandas as pd

RARE = 0.1  # a class below this share of its even part is rare, as in cleanlab's class_imbalance
FEW = 20  # rows of a term: the trust in fewer says nothing of the term
WORST = 5  # terms, and pairs of classes, that are named


@dataclass
class ClassSummary:
    """One class of one column."""

    name: str
    rows: int = 0
    judged: int = 0
    flagged: int = 0
    expected_wrong: float = 0.0  # the sum of 1 - score: how many labels the model believes to be wrong
    suggested: dict[str, int] = field(default_factory=dict)  # of the flagged rows, the likelier class
    outliers: int = 0  # rows that are like no other
    near_duplicates: int = 0  # rows that say nearly what another one says
    rare: bool = False

    @property
    def wrong_share(self) -> float | None:
        """The share of its labels that are likely wrong; None where none was judged."""
        return self.expected_wrong / self.judged if self.judged else None


@dataclass
class LabelSummary:
    """One judged column: its classes by size, the terms whose labels are trusted least, texts with two labels."""

    column: str
    classes: list[ClassSummary]
    unlabelled: int
    confused: list[tuple[str, str, int]]  # given label, likelier label, flagged rows: the most frequent first
    in_order: bool  # the order of the rows follows their texts
    least_trusted: list[tuple[str, float, int]]  # term, mean score, rows
    contradictions: list[tuple[str, str, list[str]]]  # term, text, its labels: one of them must be wrong


def summarize_labels(table: pd.DataFrame) -> list[LabelSummary]:
    """A summary for each column that the stage `label_issues` judged in this table, by name."""
    verdicts = [json.loads(text or "{}") for text in table["label_verdicts"]]
    columns = sorted({column for said in verdicts for column in said})
    return [_summary(table, column, [said.get(column) for said in verdicts]) for column in columns]


def _summary(table: pd.DataFrame, column: str, verdicts: list[dict[str, Any] | None]) -> LabelSummary:
    labels = categorical(table, column).str.strip().tolist()
    classes = {name: ClassSummary(name, rows) for name, rows in Counter(labels).most_common() if name}
    suggested: dict[str, Counter[str]] = defaultdict(Counter)
    for label, said in zip(labels, verdicts, strict=True):
        if said and label:
            one = classes[label]
            one.judged += 1
            one.expected_wrong += 1 - said["score"]
            one.flagged += said["issue"]
            suggested[label][said["suggested"]] += said["issue"]
            one.outliers += "outlier" in said.get("also", ())
            one.near_duplicates += "near_duplicate" in said.get("also", ())
    even = sum(one.rows for one in classes.values()) / max(len(classes), 1)
    for name, one in classes.items():
        one.suggested = {other: count for other, count in suggested[name].most_common() if count}
        one.rare = one.rows < RARE * even
    ordered = sorted(classes.values(), key=lambda one: (-one.rows, one.name))
    return LabelSummary(
        column,
        ordered,
        unlabelled=labels.count(""),
        confused=_confused(ordered),
        in_order=any("non_iid" in said.get("also", ()) for said in verdicts if said),
        least_trusted=_least_trusted(table["term"].tolist(), verdicts),
        contradictions=_contradictions(table, labels),
    )


def _confused(classes: list[ClassSummary]) -> list[tuple[str, str, int]]:
    pairs = [(one.name, other, count) for one in classes for other, count in one.suggested.items()]
    return sorted(pairs, key=lambda pair: (-pair[2], *pair[:2]))[:WORST]


def _least_trusted(terms: list[str], verdicts: list[dict[str, Any] | None]) -> list[tuple[str, float, int]]:
    scores: dict[str, list[float]] = defaultdict(list)
    for term, said in zip(terms, verdicts, strict=True):
        if said:
            scores[term.casefold()].append(said["score"])
    means = [(term, sum(found) / len(found), len(found)) for term, found in scores.items() if len(found) >= FEW]
    return sorted(means, key=lambda one: (one[1], one[0]))[:WORST]


def _contradictions(table: pd.DataFrame, labels: list[str]) -> list[tuple[str, str, list[str]]]:
    """Texts that stand twice under one term, but for case and spaces, with different labels."""
    found: dict[tuple[str, str], tuple[str, str, set[str]]] = {}
    parts = zip(table["term"], table["definition"], table["example"], labels, strict=True)
    for term, definition, example, label in parts:
        text = f"{definition} {example}".strip()
        if label and text:
            key = (term.casefold(), " ".join(text.casefold().split()))
            found.setdefault(key, (term, text, set()))[2].add(label)
    return [(term, text, sorted(said)) for _, (term, text, said) in sorted(found.items()) if len(said) > 1]
