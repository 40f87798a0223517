"""What is new, changed or vanished since the last collect. Pure: pages and records in, pages and records out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipelines.collecting.source import Ask, Record

CLOCKS = ("collected_at", "first_seen_at", "last_seen_at")
UNSTEADY = (*CLOCKS, "votes_up", "votes_down")  # differ from day to day and make no other text
Row = dict[str, Any]  # a page that was read: key, ask, at, ids, next


@dataclass
class Merged:
    """A snapshot after a crawl."""

    pages: dict[str, Row]
    records: dict[str, Record]
    changes: list[dict[str, Any]] = field(default_factory=list)  # what changed or vanished, with the record before
    counts: Counter[str] = field(default_factory=Counter)


def merge(before_pages: Mapping[str, Row], before: Mapping[str, Record], crawled: Iterable[Row], at: str) -> Merged:
    """Join what was known with the lines of a crawl's journal; `at` is the time that vanished records are given.

    A record is new, seen again, or changed (its text differs; votes alone are no change). It has vanished when a group
    that was read to its end, or the list that its group stood in, no longer has it.
    """
    merged = Merged(dict(before_pages), dict(before))
    touched = set()
    for line in crawled:
        for record in line["records"]:
            take(merged, before, record, line["at"])
        row = {name: line[name] for name in ("key", "ask", "at", "next")}
        merged.pages[line["key"]] = {**row, "ids": [record["source_id"] for record in line["records"]]}
        touched.add(group_of(row))
        merged.counts["pages"] += 1
    lost = drop_stale(merged.pages, before_pages, touched - {""})
    held = {name for row in merged.pages.values() for name in row["ids"]}
    for name in sorted((lost - held) & set(merged.records)):
        gone = merged.records.pop(name)
        if name in before:
            merged.changes.append({"at": at, "what": "vanished", "before": gone})
            merged.counts["vanished"] += 1
        else:  # on a page that was read by this crawl and replaced before its end
            merged.counts["new"] -= 1
    merged.pages = {key: row for key, row in merged.pages.items() if group_of(row)}  # a random draw is never known
    return merged


def take(merged: Merged, before: Mapping[str, Record], record: Record, at: str) -> None:
    """Put one record that was read into the snapshot, with its three clocks."""
    name = record["source_id"]
    old = merged.records.get(name)
    clocks = {"collected_at": at, "first_seen_at": at, "last_seen_at": at}
    if old is None:
        merged.counts["new"] += 1
    else:
        clocks["first_seen_at"] = old["first_seen_at"]
        if steady(old) == steady(record):
            clocks["collected_at"] = old["collected_at"]
        elif name in before:
            merged.counts["changed"] += 1
            merged.changes.append({"at": at, "what": "changed", "before": old})
    merged.records[name] = {**record, **clocks}


def steady(record: Record) -> Record:
    return {name: value for name, value in record.items() if name not in UNSTEADY}


def group_of(row: Row) -> str:
    return str(row["ask"]["group"])


def drop_stale(pages: dict[str, Row], before: Mapping[str, Row], touched: set[str]) -> set[str]:
    """Take pages away that nothing leads to any more; give the ids that stood on them or on what they were before.

    Only groups that were read to their end say anything about what is gone.
    """
    now, then = by_group(pages), by_group(before)
    lost: set[str] = set()
    for group in touched:
        reached = reach(now[group])
        if reached is None:
            continue
        known = then.get(group, {})
        for row in known.values():
            lost |= set(row["ids"])
        for key in set(now[group]) - reached:
            lost |= set(pages.pop(key)["ids"])
        gone = children(known.values(), group) - children((pages[key] for key in reached), group)
        for child in gone - named_elsewhere(now, group) if gone else ():
            for key, row in now.get(child, {}).items():
                lost |= set(row["ids"])
                pages.pop(key, None)
    return lost


def named_elsewhere(groups: Mapping[str, Mapping[str, Row]], group: str) -> set[str]:
    """The groups that other lists than this one name."""
    return {child for name, rows in groups.items() if name != group for child in children(rows.values(), name)}


def by_group(pages: Mapping[str, Row]) -> dict[str, dict[str, Row]]:
    groups: dict[str, dict[str, Row]] = {}
    for key, row in pages.items():
        groups.setdefault(group_of(row), {})[key] = row
    return groups


def reach(rows: Mapping[str, Row]) -> set[str] | None:
    """The pages of a group from its first one on; None where one of them is missing."""
    own = {key: [ask.key for ask in asks(row) if ask.group == group_of(row)] for key, row in rows.items()}
    todo = [key for key, row in rows.items() if row["ask"].get("parent", "") != group_of(row)]
    reached: set[str] = set()
    while todo:
        key = todo.pop()
        if key not in rows:
            return None
        if key not in reached:
            reached.add(key)
            todo += own[key]
    return reached


def asks(row: Row) -> Iterator[Ask]:
    return (Ask(**ask) for ask in row["next"])


def children(rows: Iterable[Row], group: str) -> set[str]:
    """The groups that a list names."""
    return {ask.group for row in rows for ask in asks(row)} - {group}
