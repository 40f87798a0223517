"""A small build made by hand: every outcome once, hostile texts among the kept rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from curation.entry import Entry, content_hash, to_table, with_types
from curation.normalize import term_key
from pipelines.report import ReportFacts
from pipelines.tables import write_json, write_table

HOSTILE = {
    "<script>alert(1)</script>": "</script><img src=x onerror=alert(2)>",
    "{{7*7}}": "{% for x in y %} ${7*7} <!-- ]]> </style>",
    "\"quoted' & <b>bold</b>": "onclick=\"alert(3)\" 'single' \\u003c \u2028 line",
    "\u0645\u0631\u062d\u0628\u0627 \u202eevil": "\u200f\u05d8\u05e7\u05e1\u05d8 from right to left\u200e",
    "😂": "💀 " * 40,
    "[red]markup[/red]": "\x1b[31mescape\x07 bell",
    "longest": "long " * 2000,
}
STAGES = (
    "normalize", "privacy", "offensive", "exact_duplicates", "text_pairing", "quality",
    "label_issues", "same_sense", "copies_across_terms", "split", "decontaminate",
)  # fmt: skip
LISTS = ("repairs", "private", "sources", "merged_ids", "examples", "sense_with", "sense_score", "sense_answer",
         "copied_terms", "conversations")  # fmt: skip
TEXTS = ("term_key", "offensive", "definition_owner", "example_owner", "language_detected", "label_column",
         "label_suggested", "copy_group", "split", "evaluation_item", "stage", "reason", "survivor", "detail")  # fmt: skip
NUMBERS = ("offensive_score", "definition_fit", "example_fit", "quality_score", "label_score", "score")
EMAIL = "jane.roe@example.org"


def annotated(entries: list[Entry], notes: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """The entries with all stage columns; `notes` gives other values than the empty ones, by term."""
    table = to_table(entries)
    for name in LISTS:
        table[name] = pd.Series([list(notes.get(term, {}).get(name, [])) for term in table["term"]], dtype=object)
    for name in TEXTS:
        table[name] = pd.Series([notes.get(term, {}).get(name, "") for term in table["term"]], dtype="str")
    for name in NUMBERS:
        table[name] = pd.Series(
            [notes.get(term, {}).get(name, float("nan")) for term in table["term"]], dtype="float64"
        )
    table["flags"] = pd.Series([list(notes.get(term, {}).get("flags", [])) for term in table["term"]], dtype=object)
    table["term_key"] = table["term"].map(term_key).astype("str")
    return with_types(table)


def id_of(entry: Entry) -> str:
    return str(to_table([entry])["id"].iloc[0])


RIZZ = Entry("toy", "toy.csv", 0, term="rizz", definition="Charm that makes people like you.", example="He has rizz.",
             licence="CC BY 4.0", attribution="the toy's makers", votes_up=12, votes_down=1)  # fmt: skip
RIZZ_AGAIN = Entry("list", "list.txt", 3, term="Rizz", definition="the charm with which one wins people over")
DRIP = Entry("toy", "toy.csv", 1, term="drip", definition="Stylish clothes.", example="That drip is loud.")
DRIP_COPY = Entry("list", "list.txt", 5, term="Drip", definition="Stylish clothes.")
SLUR = Entry("toy", "toy.csv", 2, term="rude word", definition="A very rude meaning indeed.")
SWAPPED = Entry("toy", "toy.csv", 3, term="mfw", definition="My reaction when.")
LABELLED = Entry("toy", "toy.csv", 4, kind="sentence", term="salty", example="The sea is salty.", label="slang")
PAIR = Entry("toy", "toy.csv", 5, kind="pair", example="that fit is fire fr", plain="That outfit is great.")
PRIVATE = Entry("toy", "toy.csv", 6, term="janeroe", definition=f"Write to {EMAIL} for more.")
PRIVATE_COPY = Entry("list", "list.txt", 7, term="JaneRoe", definition=f"write to {EMAIL} for more")
EARLY = Entry("toy", "toy.csv", 7, term="[]", definition=f"No term, but {EMAIL} all the same.")
NAMED = Entry("toy", "toy.csv", 9, term="adulting", definition="Grown-up things, by Jane Roe of class 11b.")
VANITY = Entry("toy", "toy.csv", 8, term="Kevin", definition="The best boy in the world.")


def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Kept rows and ledger."""
    hostile = [Entry("toy", "toy.csv", 20 + n, term=t, definition=d) for n, (t, d) in enumerate(HOSTILE.items())]
    pair = {"sense_score": [0.93], "sense_answer": ["merge"]}
    kept = {
        "rizz": {"merged_ids": [id_of(RIZZ_AGAIN)], "sources": ["list", "toy"], "sense_with": [id_of(RIZZ_AGAIN)], **pair,
                 "conversations": ["c1"], "split": "train", "repairs": ["definition:mojibake"]},
        "drip": {"merged_ids": [id_of(DRIP_COPY)], "sources": ["list", "toy"], "flags": ["overlaps_evaluation"],
                 "evaluation_item": "prompt-1", "split": "train"},
        "rude word": {"flags": ["offensive"], "offensive": "slur", "offensive_score": 0.97},
        "adulting": {"flags": ["full_name"], "private": ["full_name"]},
        "mfw": {"flags": ["definition_of_another_term"], "definition_owner": "mrw", "definition_fit": 0.03},
        "salty": {"flags": ["label_issue"], "label_column": "label", "label_suggested": "non-slang", "label_score": 0.08},
    }  # fmt: skip
    left = {
        "Rizz": {"stage": "same_sense", "reason": "same_sense_duplicate", "survivor": id_of(RIZZ), "score": 0.93,
                 "sense_with": [id_of(RIZZ)], **pair},
        "Drip": {"stage": "exact_duplicates", "reason": "exact_duplicate", "survivor": id_of(DRIP), "score": 1.0},
        "janeroe": {"stage": "privacy", "reason": "private_text", "private": ["email"], "detail": "email"},
        "JaneRoe": {"stage": "exact_duplicates", "reason": "exact_duplicate", "survivor": id_of(PRIVATE)},
        "[]": {"stage": "normalize", "reason": "empty_term"},
        "Kevin": {"stage": "quality", "reason": "vanity_name", "detail": "a first name, praised"},
    }  # fmt: skip
    entries = annotated([RIZZ, DRIP, SLUR, SWAPPED, LABELLED, PAIR, NAMED, *hostile], kept)
    entries = entries.drop(columns=["stage", "reason", "survivor", "score", "detail"])
    bad = annotated([Entry("list", "list.txt", 9, extra={"line": "10", "raw": "no equals sign here"})],
                    {"": {"stage": "read", "reason": "wrong_field_count", "detail": "list.txt, line 10: no “=”"}})  # fmt: skip
    bad["id"] = pd.Series([content_hash("bad")], dtype="str")
    gone = [bad, annotated([PRIVATE, EARLY, VANITY], left), annotated([RIZZ_AGAIN, DRIP_COPY, PRIVATE_COPY], left)]
    return entries, pd.concat(gone, ignore_index=True)


def facts() -> ReportFacts:
    entries, ledger = tables()
    rows = len(entries) + len(ledger) - 1
    stages = []
    for name in STAGES:
        reasons = ledger["reason"][ledger["stage"] == name].value_counts().sort_index().to_dict()
        gone = sum(reasons.values())
        stages.append(
            {"name": name, "read": rows, "marked": gone, "reasons": reasons, "flags": {}, "settings": {"n": 1}}
        )
        rows -= gone
    read = pd.concat([entries, ledger[ledger["stage"] != "read"]])["source"].value_counts()
    sources = [
        {"name": "toy", "read": int(read["toy"]), "bad_records": 0, "licence": "CC BY 4.0", "redistributable": True,
         "attribution": "the toy's makers <b>"},
        {"name": "list", "read": int(read["list"]), "bad_records": 1, "licence": "", "redistributable": False, "attribution": ""},
    ]  # fmt: skip
    pieces = [("<|user|>What is <b>rizz</b>?<|end|>", False), ("“Rizz” is charm.<|end|>", True)]
    return ReportFacts(
        recipe={"name": "toy <build>", "stages": [{"use": "normalize"}]},
        manifest={
            "recipe_sha256": "0" * 64,
            "versions": {"pandas": "3"},
            "stages": [{"name": name} for name in STAGES],
        },
        entries=entries,
        ledger=ledger,
        stages=stages,
        sources=sources,
        conversations=[{"task": "meaning", "term": "rizz", "split": "train", "pieces": pieces}],
        chat_counts={"test": {"meaning": 1}, "train": {"meaning": 3, "use_it": 2}},
        thresholds={"merge": 0.9, "ask": 0.7},
        review_tasks=2,
    )


def write_build(folder: Path) -> Path:
    """The files that pipelines.why reads."""
    made = facts()
    (folder / "chat").mkdir(parents=True)
    write_table(folder / "entries.parquet", made.entries)
    write_table(folder / "ledger.parquet", made.ledger)
    write_json(folder / "manifest.json", made.manifest)
    messages = [{"role": "user", "content": "What is rizz?"}, {"role": "assistant", "content": "“Rizz” is charm."}]
    lines = [
        {"messages": messages, "id": "c1", "term": "rizz", "task": "meaning"},
        {"messages": [], "id": "c2", "term": "x", "task": "y"},
    ]
    (folder / "chat" / "train.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return folder
