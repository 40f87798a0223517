"""The slang entry: the columns of the one table that every stage reads and annotates, and how an id is made.

Text columns hold "" where nothing is known, never null: a headword may be `NaN`, `null`, `143` or `True`, and stays
what it is.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["definition", "pair", "sentence", "chat"]
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(slots=True)
class Entry:
    """One thing a source says about slang.

    kind `definition`: `term` means `definition`. `pair`: the slang sentence `example` says `plain` plainly.
    `sentence`: `example` uses `term`, and `label` says how. `chat`: `messages` is a whole conversation, as JSON text.
    """

    source: str  # the source's name in the recipe
    file: str = ""  # file name inside the source, for people: never used as a path again
    row: int = 0  # record in that file, counted from 0
    kind: Kind = "definition"
    term: str = ""
    definition: str = ""
    example: str = ""
    context: str = ""  # who says it, where, since when
    plain: str = ""
    messages: str = ""  # JSON text: [{"role", "content"}, …]
    part_of_speech: str = ""
    category: str = ""
    label: str = ""
    language: str = ""  # BCP 47, as declared by the source
    url: str = ""
    licence: str = ""
    attribution: str = ""
    date: str = ""  # as the source has it
    redistributable: bool = True
    votes_up: int | None = None
    votes_down: int | None = None
    linked_terms: list[str] = field(default_factory=list)
    extra: dict[str, str] = field(default_factory=dict)  # columns that no field fits, by their own name


@dataclass(slots=True)
class BadRecord:
    """A record that could not become an entry. It goes to the ledger; the rest of its file is read."""

    source: str
    file: str
    row: int  # record in the file, counted from 0
    line: int  # line in the file, counted from 1; 0 where the format has no lines
    reason: str  # snake_case, one of READ_REASONS
    detail: str  # what was wrong, for a person
    raw: str = ""  # the record's text, cut at 2,000 characters


READ_REASONS = ("wrong_field_count", "broken_record", "missing_term", "missing_text", "not_text", "record_too_long")

CONTENT = ("kind", "term", "definition", "example", "context", "plain", "messages", "label", "date")
TEXT_COLUMNS = (
    "id",
    "kind",
    "source",
    "file",
    "term",
    "definition",
    "example",
    "context",
    "plain",
    "messages",
    "part_of_speech",
    "category",
    "label",
    "language",
    "url",
    "licence",
    "attribution",
    "date",
    "extra",
)
LIST_COLUMNS = ("linked_terms", "flags")
COLUMNS = (*TEXT_COLUMNS[:4], "row", *TEXT_COLUMNS[4:], "redistributable", "votes_up", "votes_down", *LIST_COLUMNS)
EVIDENCE = ("stage", "reason", "survivor", "score", "detail")


def content_hash(*parts: str) -> str:
    """16 hex digits of SHA-256 over the parts, each fenced by its length: gluing two parts gives another hash."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(b"%d:" % len(data))
        digest.update(data)
    return digest.hexdigest()[:16]


def assign_ids(source: str, contents: Iterable[tuple[str, ...]]) -> list[str]:
    """An id for each content of one source: its hash, and `-1`, `-2`, … for exact repeats, in order of reading."""
    seen: Counter[str] = Counter()
    ids = []
    for parts in contents:
        base = content_hash(source, *parts)
        ids.append(f"{base}-{seen[base]}" if seen[base] else base)
        seen[base] += 1
    return ids


def to_table(entries: list[Entry]) -> pd.DataFrame:
    """Entries of ONE source, in reading order, as a table with the columns COLUMNS and an id for each row."""
    import pandas as pd

    rows = [asdict(entry) for entry in entries]
    table = pd.DataFrame(rows, columns=[name for name in COLUMNS if name not in ("id", "flags")])
    table["extra"] = [
        json.dumps(row["extra"], ensure_ascii=False, sort_keys=True) if row["extra"] else "" for row in rows
    ]
    table["flags"] = pd.Series([[] for _ in rows], dtype=object)
    name = entries[0].source if entries else ""
    table["id"] = assign_ids(name, (tuple(str(row[part]) for part in CONTENT) for row in rows))
    return with_types(table)[list(COLUMNS)]


def with_types(table: pd.DataFrame) -> pd.DataFrame:
    """The same table with every entry column in its one dtype, also when it has no row."""
    kinds = dict.fromkeys(TEXT_COLUMNS, "str") | dict.fromkeys(LIST_COLUMNS, "object")
    kinds |= {"row": "int64", "redistributable": "bool", "votes_up": "Int64", "votes_down": "Int64"}
    return table.astype({name: kind for name, kind in kinds.items() if name in table.columns})
