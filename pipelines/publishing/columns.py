"""What each published column holds, as the card tells it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.publishing.markdown import code

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = Path(__file__).with_name("columns.toml")


@cache
def column_meanings() -> Mapping[str, Mapping[str, str]]:
    """Configuration → column → a sentence."""
    return tomllib.loads(COLUMNS.read_text(encoding="utf-8"))


def column_rows(schemas: Mapping[str, pa.Schema]) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    for name, schema in schemas.items():
        known = column_meanings().get(name, {})
        yield name, [(one.name, type_told(str(one.type)), known.get(one.name, "")) for one in schema]


def type_told(arrow: str) -> str:
    """Arrow's type in words."""
    names = {"string": "text", "int64": "whole number", "double": "number", "bool": "yes or no"}
    names |= {"list<element: string>": "list of texts", "list<element: double>": "list of numbers"}
    names |= {"list<item: string>": "list of texts", "list<item: double>": "list of numbers"}
    return names.get(arrow, "list of role and content" if "struct" in arrow else code(arrow))
