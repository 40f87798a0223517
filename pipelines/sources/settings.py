"""What one [[sources]] table of a recipe may say."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from curation.entry import Kind
from pipelines.sources.columns_known import CHAT_FIELDS, FIELDS, is_personal

FORMATS = (
    "csv",
    "tsv",
    "json",
    "jsonl",
    "parquet",
    "sqlite",
    "list",
    "entry_map",
    "term_map",
    "wiktextract",
    "dictd",
)
NAME = Field(min_length=1, pattern=r"^[^\s/\\=]+$")


class SourceSettings(BaseModel):
    """One source: files or a Hub dataset, how to read them, and what is known of all their entries."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, NAME]  # how entries, the ledger and `--source NAME=PATH` call it
    path: str | list[str] = ""  # a file, a folder, a glob, or a list of them, from the recipe's root
    hub: str = ""  # a dataset of the Hugging Face Hub, such as "MLBtrio/genz-slang-dataset", instead of a path
    snapshot: str = ""  # what collect left: a name in data/snapshots, or its folder from the recipe's root
    config: str | None = None  # hub: its configuration
    split: str | None = None  # hub: one split, or slices such as "train[:100]"; all splits when not given
    revision: str | None = None  # hub: commit, tag or branch
    format: str | None = None  # one of FORMATS; by extension and content when not given
    kind: Kind | None = None  # by the recognised columns when not given
    columns: dict[str, str] = {}  # their column → our field, or "" to ignore it
    separator: Annotated[str, Field(min_length=1)] | None = None  # lists: between term and meaning; csv: one character
    meaning_separator: Annotated[str, Field(min_length=1)] | None = None  # lists: between the meanings of a term
    header: bool | None = None  # csv, tsv, lists: whether the first line names the columns; recognised when not given
    table: str | None = None  # sqlite: which table
    encoding: str | None = None  # detected when not given
    language: str = ""  # BCP 47, of entries that say none themselves
    licence: str = ""  # SPDX name where there is one
    attribution: str = ""  # who must be named
    url: str = ""  # where the source is found
    redistributable: bool = True  # whether its text may be passed on
    date: str = ""  # of entries that have none themselves
    tags: list[str] = ["slang"]  # wiktextract: senses with one of these tags are taken; [] takes all
    max_cell_chars: Annotated[int, Field(ge=1)] = 100_000  # a longer cell makes its record a bad one

    @field_validator("format")
    @classmethod
    def known_format(cls, value: str | None) -> str | None:
        if value is not None and value not in FORMATS:
            raise ValueError(f"unknown format {value!r}{near(value, FORMATS)}")
        return value

    @field_validator("encoding")
    @classmethod
    def known_encoding(cls, value: str | None) -> str | None:
        try:
            b"a".decode(value or "utf-8", "replace")
        except (LookupError, ValueError):
            raise ValueError(f"Python has no encoding {value!r}; try utf-8, utf-16, cp1252 or cp1251") from None
        return value

    @field_validator("columns")
    @classmethod
    def known_fields(cls, columns: dict[str, str]) -> dict[str, str]:
        for column, field in columns.items():
            if field and field not in FIELDS and field not in CHAT_FIELDS:
                raise ValueError(
                    f"column {column!r}: an entry has no field {field!r}{near(field, (*FIELDS, *CHAT_FIELDS))}"
                )
            if field and is_personal(column):
                raise ValueError(f"column {column!r} names people, who are never kept; it can only be ignored")
        return columns

    @model_validator(mode="after")
    def one_place(self) -> SourceSettings:
        if bool(self.path) == bool(self.hub):
            raise ValueError(f"source {self.name!r}: give it either a path or a hub dataset, or a snapshot")
        return self


def near(word: str, known: Iterable[str]) -> str:
    """`; did you mean …?`, or every known word when none is near."""
    close = difflib.get_close_matches(word, list(known), n=2, cutoff=0.5)
    if close:
        return f"; did you mean {' or '.join(map(repr, close))}?"
    return f"; known: {', '.join(known)}"
