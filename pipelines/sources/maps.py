"""The shapes that a JSON value gives records in: a record, a list of them, {word: [entries]}, {term: meaning},
{term: {"meaning": …}}, and answers that wrap their records in a key such as `list` or `data`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias, TypeGuard

from pipelines.sources.chat import TURN_KEYS
from pipelines.sources.columns import Columns, Plan, unnamed

Fields: TypeAlias = dict[str, object]
WRAPPERS = ("list", "data", "rows", "entries", "items", "results", "records", "train", "validation", "test")
WIDEST = 200  # columns; an object with more keys is a map


def records_in(value: object, columns: Columns) -> Iterator[Fields | str]:
    """The records in one value of a JSON file, by their own column names; a text says why there is none."""
    if isinstance(value, dict):
        if is_record(value, columns) or not is_map(value):
            yield from expanded(value, columns)
        else:
            for key, inner in value.items():
                yield from map_entry(key, inner, columns, alone=len(value) == 1)
    elif isinstance(value, list):
        yield from in_list(value, columns)
    elif isinstance(value, str):
        yield {"text": value}
    else:
        yield f"{type(value).__name__} where a record is expected"


def is_record(value: Mapping[str, object], columns: Columns, *, but: tuple[str, ...] = ()) -> bool:
    """Whether an object's keys are the columns of one record, not the terms of a map (of which `comment` may be one).

    `but`: kinds that do not count.
    """
    if any(keys[0] in value and keys[1] in value for keys in TURN_KEYS):
        return True
    plan = columns.plan(list(value)) if len(value) <= WIDEST else Plan(None)
    if plan.kind is None or plan.kind in but:
        return False
    told = [value[name] for field in ("term", "example", "plain") for name in plan.fields.get(field, [])]
    return not any(isinstance(cell, dict) or is_list_of_objects(cell) for cell in told)


def is_map(value: Mapping[str, object]) -> bool:
    """Whether an object of unknown keys is a map of terms, not a record whose columns nobody knows."""
    return len(value) == 1 or all(isinstance(cell, (dict, list)) for cell in value.values())


def is_list_of_objects(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)


def in_list(value: list[object], columns: Columns) -> Iterator[Fields | str]:
    """A list inside a file is a conversation when it holds turns, a row of cells when it holds texts."""
    if value and all(isinstance(item, dict) and any(k in item and v in item for k, v in TURN_KEYS) for item in value):
        yield {"messages": value}
    elif len(value) > 1 and all(isinstance(item, str) for item in value):
        yield dict(zip(unnamed(len(value)), value, strict=True))
    else:
        for item in value:
            yield from records_in(item, columns)
        if not value:
            yield "an empty list where a record is expected"


def map_entry(key: str, value: object, columns: Columns, *, alone: bool = False) -> Iterator[Fields | str]:
    """The records of one key of a map: the key is the term, unless a record names its own.

    `alone`: the only key of its object; then it may be a wrapper that says nothing about slang.
    """
    if alone and key.lower() in WRAPPERS and isinstance(value, list) and not any(isinstance(v, str) for v in value):
        for item in value:
            yield from records_in(item, columns)
    elif isinstance(value, dict):
        if is_record({"term": key, **value}, columns):
            yield from expanded(with_term(key, value, columns), columns)
        else:
            for inner_key, inner in value.items():
                yield from map_entry(inner_key, inner, columns)
    elif is_list_of_objects(value):
        for item in value:
            yield from map_entry(key, item, columns)
    else:
        yield {"term": key, "definition": value}


def with_term(key: str, fields: Fields, columns: Columns) -> Fields:
    """The record with the map's key as its term, unless it has a term or is a conversation itself."""
    plan = columns.plan(list(fields))
    return fields if "term" in plan.fields or plan.kind == "chat" else {"term": key, **fields}


def expanded(fields: Fields, columns: Columns) -> Iterator[Fields]:
    """A record whose definitions are records themselves gives one for each."""
    plan = columns.plan(list(fields))
    for name in plan.fields.get("definition", []):
        inner = fields[name]
        if isinstance(inner, list) and inner and all(isinstance(item, dict) for item in inner):
            rest = {key: value for key, value in fields.items() if key != name}
            for item in inner:
                yield {**rest, **item}
            return
    yield fields
