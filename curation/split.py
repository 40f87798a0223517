"""Train, validation and test by term: everything that is said about a term is on one side.

A term's side is a hash of its key and the seed, so it does not change when other terms come or go. What would carry an
answer from one side to the other is tied together first: rows of one term, chats that ask about it, pairs with the same
sentence, and copies of one definition under several terms. Here, unlike in de-duplication, links are followed all the
way: a chain that is cut anywhere leaks.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from curation.normalize import term_key
from curation.stage import Given, Stage

if TYPE_CHECKING:
    import pandas as pd

FEW_ROWS = 20  # a group of up to this many rows may be held out whatever its share
# What a question puts in quotation marks, and what it asks after without any.
QUOTED = re.compile(r"[“\"«„]([^“”\"«»„\n]{1,60})[”\"»“]|(?<!\w)[‘']([^‘’'\n]{1,60})[’'](?!\w)")
ASKED = re.compile(
    r"\b(?:what (?:does|do|is|are)|define|explain|meaning of|meant? by)\s+([^?!.\n]{1,60}?)\s*(?:\bmean|[?!.\n]|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Split(Stage):
    """Gives every row its split; training takes what the two others leave."""

    name = "split"
    scope = "table"
    needs = ("term_key",)
    adds = ("split",)

    validation: Annotated[float, Field(ge=0, lt=1)] = 0.05  # share of the terms
    test: Annotated[float, Field(ge=0, lt=1)] = 0.05  # share of the terms

    def __post_init__(self) -> None:
        if self.validation + self.test >= 1:
            raise ValueError(
                f"split: validation {self.validation} and test {self.test} leave nothing for training; "
                "their sum must be below 1"
            )

    def __call__(self, table: pd.DataFrame, given: Given) -> pd.DataFrame:
        import pandas as pd

        groups = tied(table)
        sizes = Counter(groups)
        places = {group: place(group, given.seed) for group in sizes}
        splits = self._assign(places, sizes)
        return table.assign(split=pd.Series([splits[group] for group in groups], index=table.index, dtype="str"))

    def _assign(self, places: dict[str, float], sizes: Counter[str]) -> dict[str, str]:
        """Group → split: by its place in [0, 1), then the smallest places fill a split that got nothing."""
        splits = {group: self._side(at) for group, at in places.items()}
        held_out = min((share for share in (self.validation, self.test) if share), default=0.0)
        most = max(FEW_ROWS, held_out * sizes.total() / 2)
        splits |= dict.fromkeys((group for group, rows in sizes.items() if rows > most), "train")
        wanted = [name for name, share in (("test", self.test), ("validation", self.validation)) if share]
        for name in wanted:
            training = sorted((places[group], group) for group in places if splits[group] == "train")
            if name not in splits.values() and len(training) > 1:
                splits[training[0][1]] = name
        return splits

    def _side(self, at: float) -> str:
        if at < self.test:
            return "test"
        return "validation" if at < self.test + self.validation else "train"


def place(group: str, seed: int) -> float:
    """A number in [0, 1) that depends on the group's name and the seed alone."""
    digest = hashlib.sha256(f"{seed}\x1f{group}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8]) / 2**64


def tied(table: pd.DataFrame) -> list[str]:
    """For every row the name of its group: the smallest link of all rows that are tied to it (union and find)."""
    terms = set(table["term_key"]) - {""}
    links = [list(row_links(row, terms)) for row in _rows(table)]
    parent: dict[str, str] = {}

    def root(link: str) -> str:
        while parent.setdefault(link, link) != link:
            parent[link] = parent[parent[link]]
            link = parent[link]
        return link

    for first, *others in links:
        for other in others:
            low, high = sorted((root(first), root(other)))
            parent[high] = low
    return [root(first) for first, *_ in links]


def row_links(row: dict[str, Any], terms: set[str]) -> Iterator[str]:
    """What ties a row to others: its term, its copies, a pair's two sentences, a chat's first question; at least one.

    A pair or a chat is tied to the `terms` of other rows too: to the one that a sentence is, and to those that a
    question quotes or asks after. The example of a definition ties nothing: where one sentence illustrates several
    terms (lists made from tweets), it would chain nine in ten rows together. Conversations show such a sentence on one
    side only.
    """
    links = [f"term:{row['term_key']}"] if row["term_key"] else []
    links += [f"copy:{row['copy_group']}"] if row["copy_group"] else []
    names = {"pair": ("example", "plain"), "chat": ("question",), "sentence": () if links else ("example",)}
    sentences = (" ".join(row[name].casefold().split()) for name in names.get(row["kind"], ()))
    links += [f"text:{sentence}" for sentence in sentences if sentence]
    if row["kind"] in ("pair", "chat"):
        links += [f"term:{key}" for key in spoken_of(row) if key in terms]
    yield from links or [f"row:{row['id']}"]


def spoken_of(row: dict[str, Any]) -> Iterator[str]:
    """The keys of what a pair says or a chat's first question asks about, as far as they may be terms."""
    said = (row["example"], row["plain"]) if row["kind"] == "pair" else ()
    quoted = (next(filter(None, found)) for found in QUOTED.findall(row["question"]))
    for text in (*said, *quoted, *ASKED.findall(row["question"])):
        yield from (term_key(text), term_key(text.strip(" .,!?…")))


def _rows(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    names = ("id", "kind", "term_key", "example", "plain", "messages")
    copies = table["copy_group"] if "copy_group" in table.columns else [""] * len(table)
    for values in zip(*(table[name] for name in names), copies, strict=True):
        row = dict(zip((*names, "copy_group"), values, strict=True))
        row["question"] = first_question(row["messages"]) if row["kind"] == "chat" else ""
        yield row


def first_question(messages: str) -> str:
    """The first user turn of a chat's JSON text, "" where there is none."""
    try:
        turns = json.loads(messages) if messages else []
    except json.JSONDecodeError:
        return messages
    said = (turn.get("content") for turn in turns if isinstance(turn, dict) and turn.get("role") == "user")
    return str(next(said, ""))
