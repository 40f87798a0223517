"""A build of a few rows, written as pipelines.outputs writes one, so that each row can be chosen by a test."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd

from curation.conversations import ConversationSettings, build_conversations
from curation.entry import Entry, to_table
from curation.normalize import term_key
from pipelines.ledger import join_ledger
from pipelines.outputs import json_lines, with_conversations
from pipelines.tables import write_json, write_table, write_text

CC = "CC-BY-4.0"
LISTS = ("private", "sources", "merged_ids", "examples")
USUAL = ("normalize", "privacy", "offensive", "split", "decontaminate")


@dataclass
class Small:
    """What a test wants in its build; everything has a value."""

    entries: list[Entry]
    left: list[tuple[Entry, str, str, str]] = field(default_factory=list)  # entry, stage, reason, survivor's id
    replay: list[dict[str, Any]] = field(default_factory=list)  # conversations
    splits: dict[str, str] = field(default_factory=dict)  # term → split
    notes: dict[str, dict[str, Any]] = field(default_factory=dict)  # term → column → value
    recipe: str = ""  # TOML after the sources
    sources: dict[str, str] = field(default_factory=dict)  # name → TOML lines of its table
    head: str = ""  # TOML before the sources
    stages: tuple[str, ...] = USUAL
    without: tuple[str, ...] = ()  # columns that no stage has added
    name: str = "small"
    description: str = "A few words for a test"

    def write(self, folder: Path) -> Path:
        """The build's folder."""
        (folder / "chat").mkdir(parents=True)
        kept = self.annotated([*self.entries])
        ledger = join_ledger([self.swept()])
        made = build_conversations(kept, ConversationSettings())
        kept = with_conversations(kept, made)
        chat = {split: [one for one in made if one["split"] == split] for split in ("train", "validation", "test")}
        chat["train"] += [{"split": "train", "entry_ids": [], **one} for one in self.replay]
        write_table(folder / "entries.parquet", kept)
        write_table(folder / "ledger.parquet", ledger)
        for split, rows in chat.items():
            write_text(folder / "chat" / f"{split}.jsonl", json_lines(rows))
        recipe = self.recipe_text()
        write_text(folder / "recipe.toml", recipe)
        write_json(folder / "manifest.json", self.manifest(kept, ledger, chat, recipe))
        return folder

    def annotated(self, entries: list[Entry]) -> pd.DataFrame:
        by_source: dict[str, list[Entry]] = {}
        for entry in entries:
            by_source.setdefault(entry.source, []).append(entry)
        table = pd.concat([to_table(some) for some in by_source.values()], ignore_index=True)
        table["term_key"] = table["term"].map(term_key).astype("str")
        table["split"] = table["term"].map(lambda term: self.splits.get(term, "train")).astype("str")
        values = {"offensive": "", "offensive_score": 0.01, "evaluation_item": "", "flags": []}
        for name, empty in {**values, **{name: [] for name in LISTS}}.items():
            cells = [self.notes.get(term, {}).get(name, empty) for term in table["term"]]
            kind = "float64" if name == "offensive_score" else "object" if isinstance(empty, list) else "str"
            table[name] = pd.Series(cells, dtype=kind)
        return table.drop(columns=list(self.without))

    def swept(self) -> pd.DataFrame:
        entries = [entry for entry, *_ in self.left] or [Entry("mine", term="gone", definition="Left in a test.")]
        facts = self.left or [(entries[0], "exact_duplicates", "exact_duplicate", "")]
        table = pd.concat([to_table([entry]) for entry in entries], ignore_index=True)
        for place, name in ((1, "stage"), (2, "reason"), (3, "survivor")):
            table[name] = pd.Series([one[place] for one in facts], dtype="str")
        table["detail"] = pd.Series(["as a test wants it"] * len(table), dtype="str")
        table["score"] = 1.0
        return table

    def recipe_text(self) -> str:
        names = sorted({entry.source for entry in self.entries})
        tables = [f'[[sources]]\nname = "{name}"\n{self.sources.get(name, "")}\n' for name in names]
        stages = [f'[[stages]]\nuse = "{name}"\n' for name in self.stages]
        head = f"name = {json.dumps(self.name)}\ndescription = {json.dumps(self.description)}\n"
        return "\n".join([head + self.head + "\n", *tables, self.recipe, *stages])

    def manifest(self, kept: pd.DataFrame, ledger: pd.DataFrame, chat: dict[str, Any], recipe: str) -> dict[str, Any]:
        read = Counter([*kept["source"], *ledger["source"]])
        licences = {entry.source: (entry.licence, entry.redistributable, entry.attribution) for entry in self.entries}
        sources = {
            name: {
                "name": name,
                "read": count,
                "bad_records": 0,
                "licence": licences.get(name, ("", True, ""))[0],
                "redistributable": licences.get(name, ("", True, ""))[1],
                "attribution": licences.get(name, ("", True, ""))[2],
            }
            for name, count in read.items()
        }
        return {
            "name": self.name,
            "recipe_sha256": sha256(recipe.encode()).hexdigest(),
            "sources": sources,
            "counts": {"read": len(kept) + len(ledger), "bad_records": 0, "kept": len(kept), "ledger": len(ledger)},
            "stages": [
                {"name": name, "read": len(kept), "marked": 0, "reasons": {}, "flags": {}, "settings": {}}
                for name in self.stages
            ],
            "left": dict(Counter(ledger["stage"] + "/" + ledger["reason"])),
            "flags": dict(Counter(flag for flags in kept["flags"] for flag in flags)),
            "chat": {"conversations": {split: dict(Counter(c["task"] for c in rows)) for split, rows in chat.items()}},
            "evaluation_terms_trained_on": {"q-001": ["rizz"], "q-002": []},
            "review_tasks": 3,
            "base_model": {"name": "lab", "tokenizer": "path", "revision": ""},
            "seed": 3407,
        }


def word(term: str, definition: str, example: str = "", source: str = "mine", licence: str = CC, **more: Any) -> Entry:
    return Entry(source, term=term, definition=definition, example=example, licence=licence, language="en", **more)


RIZZ = word("rizz", "Charm that draws other people in.", "He has so much rizz that everyone talks to him.")
DRIP = word("drip", "Very stylish clothes and shoes.", "Look at the drip on her today.")
MID = word("mid", "Of average quality, and so a letdown.", "The sequel was mid at best.")
THEIRS = word("yap", "To talk at length about nothing.", "He yaps all day.", source="theirs", licence="none declared")
