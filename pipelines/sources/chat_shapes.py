"""How a whole JSON file holds its records: as a list, under keys, by id, or column by column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from curation.doctor.cells import ROLE_KEYS as ROLES
from curation.doctor.layouts import ANSWERED, ASKED, CONTAINERS, IDS, TEXTS
from pipelines.sources.repeated_keys import Repeated

DEEPEST = 100  # lists and objects inside one another
ROLE_KEYS = frozenset(ROLES)
NAMES = frozenset((*CONTAINERS, *ASKED, *ANSWERED, *TEXTS, *IDS, *ROLES, "system", "chosen", "rejected"))


def is_records(value: object) -> bool:
    """Whether a list holds records, not the turns of one conversation."""
    return isinstance(value, list) and not all(
        isinstance(item, (dict, Repeated)) and ROLE_KEYS.intersection(keys_of(item)) for item in value
    )


def records(value: object) -> Iterator[tuple[str, object]]:
    """(split, record) of a whole JSON file: the elements of a list; of an object, its lists of records, or itself."""
    if isinstance(value, list):
        yield from (("", one) for one in value)
        return
    if not isinstance(value, dict) or not value:
        yield "", value
        return
    named = any(str(key).strip().lower() in NAMES for key in value)
    lists = {key: held for key, held in value.items() if isinstance(held, list) and held and is_list_of_records(held)}
    if lists and (not named or len(value) == 1):
        yield from ((split_of(str(key)), one) for key, held in lists.items() for one in held)
    elif not named and all(isinstance(held, (dict, Repeated)) for held in value.values()):
        yield from (("", one) for one in value.values())
    elif named and (columns := as_columns(value)):
        yield from (("", dict(zip(value, cells, strict=True))) for cells in zip(*columns, strict=True))
    else:
        yield "", value


def is_list_of_records(held: list[Any]) -> bool:
    """Whether a list under a key of the outermost object holds records: objects that are no turns."""
    return all(isinstance(one, (dict, Repeated)) and not ROLE_KEYS.intersection(keys_of(one)) for one in held)


def keys_of(value: dict[str, object] | Repeated) -> set[str]:
    return {key.lower() for key in (value.keys if isinstance(value, Repeated) else value)}


def as_columns(value: dict[str, Any]) -> list[list[object]] | None:
    """The columns of a table written column by column, as pandas and datasets do; None where it is a record."""
    columns = [list(held.values()) if isinstance(held, dict) else held for held in value.values()]
    alike = all(isinstance(held, list) and held and len(held) == len(columns[0]) for held in columns)
    if not alike or not all(all(isinstance(cell, (str, list)) for cell in held) for held in columns):
        return None
    return columns if len(columns) > 1 or all(isinstance(cell, str) for cell in columns[0]) else None


SPLITS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev"), "validation"),
    **dict.fromkeys(("test", "testing", "eval", "evaluation"), "test"),
}


def split_of(name: str) -> str:
    """The split that a file, folder or key is named after, by the words that `datasets` looks for; "" for none."""
    words = re.split(r"[^a-z]+", name.lower())
    return next((SPLITS[word] for word in reversed(words) if word in SPLITS), "")


def repeated_in(value: object) -> Iterator[Repeated]:
    """Objects inside a value that repeat a key."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, Repeated):
            yield one
            left += [inner for _, inner in one.pairs]
        elif isinstance(one, (dict, list)):
            left += one.values() if isinstance(one, dict) else one


def deep(value: object) -> bool:
    """Whether lists and objects stand in one another more than DEEPEST deep."""
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for one in level
            if isinstance(one, (dict, list))
            for inner in (one.values() if isinstance(one, dict) else one)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return False
    return True
