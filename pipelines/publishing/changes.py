"""What is new since the version published last: rows by their ids and content, columns, and the number that follows."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from pipelines.publishing.record import VERSION, FileFacts, Record, parts
from pipelines.publishing.tables import Tables

if TYPE_CHECKING:
    import pyarrow as pa

Seen = dict[str, dict[str, tuple[str, str]]]  # configuration → id → (hash of its text, hash of the rest)

# What a row says; every other column says something about it
TEXT = frozenset(
    ("kind", "term", "definition", "example", "examples", "context", "plain", "messages", "label", "language", "date")
)
FIRST = "1.0.0"
REWORDED = "An entry that its source words anew has a new id, so that it counts as one removed and one added."


@dataclass(frozen=True)
class RowChanges:
    """Rows of one configuration."""

    added: int = 0
    removed: int = 0
    changed: int = 0  # in what they say
    annotated: int = 0  # changed in other columns only


@dataclass(frozen=True)
class Changes:
    """Everything that differs from the version before."""

    rows: Mapping[str, RowChanges] = field(default_factory=dict)  # configuration → what changed
    columns: tuple[str, ...] = ()  # lines such as "entries: column language_detected added"
    files: tuple[str, ...] = ()  # lines such as "adapter_model.safetensors changed"

    def total(self, what: str) -> int:
        """Sum over entries and conversations; the ledger is no data."""
        return sum(int(getattr(one, what)) for name, one in self.rows.items() if name != "ledger")


def row_hashes(made: Tables) -> Seen:
    """For every row of every configuration its id and two hashes. A change of split is a change of the rest."""
    seen: Seen = {}
    for name, splits in made.items():
        ours = seen.setdefault(name, {})
        for split, table in splits.items():
            for row in table.to_pylist():
                said = {column: row[column] for column in row if column in TEXT}
                rest = {column: row[column] for column in row if column not in TEXT} | {"": split}
                ours[row["id"]] = (short_hash(said), short_hash(rest))
    return seen


def short_hash(value: Mapping[str, Any]) -> str:
    """16 hex digits of SHA-256."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def to_table(seen: Seen) -> pa.Table:
    import pyarrow as pa

    rows = [(name, key, *seen[name][key]) for name in sorted(seen) for key in sorted(seen[name])]
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    return pa.table(dict(zip(("config", "id", "text", "rest"), map(pa.array, columns), strict=True)))


def from_bytes(data: bytes | None) -> Seen:
    """The hashes that an earlier publish wrote; nothing where they cannot be read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    seen: Seen = {}
    try:
        rows = pq.read_table(pa.BufferReader(data or b"")).to_pylist()
        for row in rows:
            seen.setdefault(row["config"], {})[row["id"]] = (row["text"], row["rest"])
    except (pa.ArrowException, KeyError, TypeError, OSError):
        return {}
    return seen


def row_changes(before: Seen, now: Seen) -> dict[str, RowChanges]:
    """Configuration → counts, for every configuration that is there now or was there before."""
    found = {}
    for name in sorted({*before, *now}):
        old, new = before.get(name, {}), now.get(name, {})
        both = old.keys() & new.keys()
        changed = {key for key in both if old[key][0] != new[key][0]}
        annotated = {key for key in both - changed if old[key][1] != new[key][1]}
        found[name] = RowChanges(
            len(new.keys() - old.keys()), len(old.keys() - new.keys()), len(changed), len(annotated)
        )
    return found


def column_changes(before: Record, columns: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    lines = []
    for name in sorted({*before.columns, *columns}):
        old, new = before.columns.get(name, {}), columns.get(name, {})
        lines += [f"{name}: column {one} added" for one in new if one not in old]
        lines += [f"{name}: column {one} removed" for one in old if one not in new]
        lines += [
            f"{name}: column {one} is {new[one]}, was {old[one]}" for one in new if old.get(one, new[one]) != new[one]
        ]
    return tuple(lines)


def file_changes(before: Mapping[str, FileFacts], now: Mapping[str, FileFacts]) -> tuple[str, ...]:
    lines = [f"{name} added" for name in now if name not in before]
    lines += [f"{name} removed" for name in before if name not in now]
    return tuple(
        sorted(
            lines + [f"{name} changed" for name in now if name in before and now[name].sha256 != before[name].sha256]
        )
    )


def next_version(before: str, changes: Changes, *, weights: bool = False) -> str:
    """The number that follows, as TensorFlow Datasets counts versions of data.

    MAJOR where what was there before is no longer so (rows removed or saying something else, columns gone, other
    weights), MINOR where rows or columns came, PATCH where only annotations, card or papers are others.
    https://www.tensorflow.org/datasets/datasets_versioning
    """
    major, minor, patch = parts(before)
    lost = any(" removed" in line or " is " in line for line in changes.columns)
    if weights or lost or changes.total("removed") or changes.total("changed"):
        return f"{major + 1}.0.0"
    if changes.total("added") or changes.columns:
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1}"


def free_version(follows: str, tags: Collection[str]) -> str:
    """`follows`, or where its tag is taken (by a branch, or another origin) the first number after all."""
    if f"v{follows}" not in tags:
        return follows
    taken = [parts(tag[1:]) for tag in tags if tag.startswith("v") and VERSION.fullmatch(tag[1:])]
    return f"{max(taken)[0] + 1}.0.0"


def summary(changes: Changes) -> str:
    """`12 rows added, 3 removed, 4 changed`, over entries and conversations, for a commit's title."""
    told = [
        f"{count:,} {what}"
        for what, count in (
            ("rows added", changes.total("added")),
            ("removed", changes.total("removed")),
            ("changed", changes.total("changed")),
            ("annotated anew", changes.total("annotated")),
        )
        if count
    ]
    return ", ".join(told) or ("; ".join(changes.files[:3]) or "the same rows")


def changelog_entry(changes: Changes, before: str = "") -> str:
    """What a person reads of one version, as Markdown without a heading."""
    lines = [f"Since {before}:" if before else "The first version.", ""]
    if before and changes.rows and not changes.columns and changes.rows == dict.fromkeys(changes.rows, RowChanges()):
        lines.append("The rows are the same; only what is said of them is another.")
    elif changes.rows:
        lines += ["| | added | removed | changed | annotated anew |", "|---|---:|---:|---:|---:|"]
        lines += [
            f"| {name} | {one.added:,} | {one.removed:,} | {one.changed:,} | {one.annotated:,} |"
            for name, one in changes.rows.items()
        ]
        lines += ["", REWORDED] if before and changes.total("removed") and changes.total("added") else []
        lines.append("")
    lines += [f"- {line}" for line in (*changes.columns, *(changes.files if not changes.rows else ()))]
    return "\n".join(lines).strip() + "\n"


def changelog(version: str, entry: str, before: str) -> str:
    """CHANGELOG.md with the new version on top; what stands below it is left as it is, hands' work too."""
    head = "# Changelog\n"
    body = before.removeprefix(head)
    return f"{head}\n## {version}\n\n{entry.rstrip()}\n" + (f"\n{body.strip()}\n" if body.strip() else "")
