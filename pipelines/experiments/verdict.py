"""The verdict in plain words: what is significant, what is not, and what got worse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.experiments.columns import UNTRAINED
from pipelines.experiments.numbers import difference, listed, number, signed
from pipelines.experiments.steps import CURATED, RAW, REPLAY

Facts = Mapping[str, Any]
KINDS = ("better", "worse", "no significant difference")
HOW = (
    "Paired differences over the same items, terms and seeds resampled. Better or worse: the 95 % interval leaves out "
    "0 and p stays below 0.05 once corrected for looking at several metrics (Holm)."
)
SHORT = {  # metrics in a sentence
    "held_out_nll": "held-out clean definitions (NLL)",
    "plain_definition_nll": "held-out definitions as the entry has them (NLL)",
    "general_nll": "general answers (NLL)",
    "healthy_answers": "healthy answers",
    "question_explained": "explaining slang in sentences",
    "choice_acc_mutual_info": "choosing the right definition",
    "choice_acc_mutual_info_trained": "choosing the right definition of trained terms",
    "unseen_wording_acc_mutual_info_trained": "choosing it when asked in an unseen wording",
    "general_without_slang": "general answers without slang",
}


def verdict(facts: Facts) -> dict[str, Any]:
    """{"sentence", "how", "groups": [{"title", "lines": [{"kind", "word", "text"}]}]}."""
    return {"sentence": sentence(facts), "how": HOW, "groups": [group for group in groups(facts) if group["lines"]]}


def sentence(facts: Facts) -> str:
    """The whole experiment in one breath."""
    rows = compared(facts, CURATED, RAW)
    if not rows:
        missing = [title for title in (RAW, CURATED) if title not in {one["name"] for one in facts["columns"]}]
        return f"Raw and curated data cannot be compared yet: {listed(missing) or 'one of them'} is not finished."
    better, worse, same = (titles(facts, [row for row in rows if row["verdict"] == kind]) for kind in KINDS)
    if not better and not worse:
        return f"Curated data made no significant difference to the model in {listed(same)}."
    parts = [
        f"Curated data made the model better at {listed(better)}"
        if better
        else "Curated data made it better at nothing"
    ]
    parts += [f"worse at {listed(worse)}"] if worse else ["worse at nothing that was measured"]
    parts += [f"no significant difference was seen in {listed(same)}"] if same else []
    return "; ".join(parts) + "."


def titles(facts: Facts, rows: Sequence[Facts]) -> list[str]:
    known = {metric["name"]: metric["title"] for metric in facts["metrics"]}
    return [SHORT.get(row["metric"], known[row["metric"]]) for row in rows]


def compared(facts: Facts, column: str, against: str) -> list[Facts]:
    """The tested differences of two columns in the metrics that are told, and wherever it got worse, in their order."""
    found = {
        row["metric"]: row
        for row in facts["differences"]
        if row["column"] == column and row["against"] == against and row["verdict"] in KINDS
    }
    rows = [(metric, found[metric["name"]]) for metric in facts["metrics"] if metric["name"] in found]
    return [row for metric, row in rows if metric["told"] or row["verdict"] == "worse"]


def groups(facts: Facts) -> list[dict[str, Any]]:
    """What people ask, in their order."""
    matched = f"{CURATED}-matched"
    asked = [
        ("Curated against raw, one epoch each", CURATED, RAW),
        ("Curated against raw, as many trained tokens", matched, RAW),
        ("Curated against the untrained base", CURATED, UNTRAINED),
        ("Raw against the untrained base", RAW, UNTRAINED),
        ("Replay against curated without it", REPLAY, CURATED),
        ("Curated against raw, a few terms learned by heart", f"facts-{CURATED}", f"facts-{RAW}"),
        *(
            (f"{column['title']}, against curated by the recipe", column["name"], CURATED)
            for column in facts["columns"]
            if column["mode"] == "varied"
        ),
    ]
    return [{"title": title, "lines": lines(facts, column, against)} for title, column, against in asked]


def lines(facts: Facts, column: str, against: str) -> list[dict[str, str]]:
    rows = compared(facts, column, against)
    return [line(facts, row) for kind in KINDS for row in rows if row["verdict"] == kind]


def line(facts: Facts, row: Facts) -> dict[str, str]:
    """`NLL of held-out clean definitions: 1.21 instead of 1.52, −0.31 (−0.35 to −0.27) nats per byte`."""
    metric = next(one for one in facts["metrics"] if one["name"] == row["metric"])
    values, unit = facts["values"][row["metric"]], metric["unit"]
    with_, against = (number(values[name]["value"], unit) for name in (row["column"], row["against"]))
    change = f"{signed(row['value'], unit)} ({difference(row['low'], row['high'], unit)})"
    word = row["verdict"] if row["verdict"] != KINDS[2] else "no difference seen"
    told = "" if unit == "share" else f" {unit}"
    return {
        "kind": row["verdict"].split()[0],
        "word": word,
        "text": f"{metric['title']}: {with_} instead of {against}, {change}{told}",
    }
