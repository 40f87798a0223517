"""The sums of a build, counted again from its files: nothing was lost, repeated or invented since it was written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.ledger import READ_STAGE
from pipelines.publishing.licences import REPLAY
from pipelines.publishing.problem import Problem

if TYPE_CHECKING:
    import pandas as pd

BUILD_AGAIN = "A build's files are never edited: build it again with python -m pipelines.build"


@dataclass(frozen=True)
class Files:
    """A build's files, read back."""

    folder: Path
    manifest: Mapping[str, Any]
    recipe: Mapping[str, Any]
    entries: pd.DataFrame
    ledger: pd.DataFrame
    chat: Mapping[str, Sequence[Mapping[str, Any]]]  # split → conversations

    def every(self) -> Iterator[Mapping[str, Any]]:
        for rows in self.chat.values():
            yield from rows


def sum_problems(files: Files) -> Iterator[Problem]:
    """Entries read + bad records = kept + ledger, and every other count of the manifest."""
    counts = files.manifest["counts"]
    bad = files.ledger["stage"] == READ_STAGE
    left = dict(Counter(files.ledger["stage"] + "/" + files.ledger["reason"]))
    sources = files.manifest["sources"].values()
    told = [
        ("entries.parquet", "kept rows", len(files.entries), counts["kept"]),
        ("ledger.parquet", "rows that left", len(files.ledger), counts["ledger"]),
        ("ledger.parquet", "bad records", int(bad.sum()), counts["bad_records"]),
        ("ledger.parquet", "rows by stage and reason", left, files.manifest["left"]),
        ("manifest.json", "records read", sum(one["read"] for one in sources), counts["read"]),
        ("manifest.json", "bad records", sum(one["bad_records"] for one in sources), counts["bad_records"]),
        ("chat/", "conversations", chat_counts(files.chat), files.manifest["chat"]["conversations"]),
    ]
    for where, what, found, wanted in told:
        if found != wanted:
            yield Problem(f"{what}: {differing(found, wanted)} than manifest.json says", where, BUILD_AGAIN)
    if counts["read"] + counts["bad_records"] != len(files.entries) + len(files.ledger):
        read = f"{counts['read']:,} entries + {counts['bad_records']:,} bad records read"
        kept = f"{len(files.entries):,} kept + {len(files.ledger):,} in the ledger"
        yield Problem(f"{read} are not {kept}", "ledger.parquet", BUILD_AGAIN)


def differing(found: object, wanted: object) -> str:
    """`1,690 instead of 1,691`; of counts by name, those that differ."""
    if isinstance(found, Mapping) and isinstance(wanted, Mapping):
        names = sorted(name for name in {*found, *wanted} if found.get(name) != wanted.get(name))
        return "; ".join(f"{name}: {differing(found.get(name, 0), wanted.get(name, 0))}" for name in names[:5])
    return f"{found:,} instead of {wanted:,}" if isinstance(found, int) and isinstance(wanted, int) else "other counts"


def chat_counts(chat: Mapping[str, Iterable[Mapping[str, Any]]]) -> dict[str, dict[str, int]]:
    """Split → task → conversations, as the manifest has them."""
    return {split: dict(Counter(str(row["task"]) for row in rows)) for split, rows in chat.items()}


def id_problems(files: Files) -> Iterator[Problem]:
    """Every id once; survivors that exist; conversations made of kept rows of the same split."""
    ids = [*files.entries["id"], *files.ledger["id"]]
    if len(set(ids)) < len(ids):
        twice = len(ids) - len(set(ids))
        yield Problem(f"{twice:,} ids stand more than once", "entries.parquet and ledger.parquet", BUILD_AGAIN)
    lost = set(files.ledger["survivor"]) - {""} - set(ids)
    if lost:
        yield Problem(f"{len(lost):,} survivors are in no table", "ledger.parquet", BUILD_AGAIN)
    yield from conversation_problems(files)


def conversation_problems(files: Files) -> Iterator[Problem]:
    made = {chat for cell in files.entries["conversations"] for chat in cell}
    seen = Counter(str(row["id"]) for row in files.every())
    known = {str(row["id"]) for row in files.every() if row["task"] != REPLAY}
    if repeated := sum(count > 1 for count in seen.values()):
        yield Problem(f"{repeated:,} ids of conversations stand more than once", "chat/", BUILD_AGAIN)
    if known != made:
        yield Problem(
            f"{len(known - made):,} conversations come from no entry, and {len(made - known):,} that entries name are "
            "missing",
            "chat/",
            BUILD_AGAIN,
        )
    split_of = {str(row["id"]): split for split, rows in files.chat.items() for row in rows}
    pairs = zip(files.entries["split"], files.entries["conversations"], strict=True)
    crossed = {chat for split, cell in pairs for chat in cell if split_of.get(chat, split) != split}
    if crossed:
        what = f"{len(crossed):,} conversations are in another split than an entry they are made of"
        yield Problem(what, "chat/", "A term stands in one split only: build it again")


def hash_problems(folder: Path, manifest: Mapping[str, Any]) -> Iterator[Problem]:
    """Files whose SHA-256 is not the manifest's."""
    wanted = {"recipe.toml": manifest["recipe_sha256"], **manifest.get("files", {})}
    for name, digest in sorted(wanted.items()):
        path = folder / name
        if not path.is_file():
            yield Problem("is missing", name, BUILD_AGAIN)
        elif sha256_of(path) != digest:
            yield Problem("is not the file that was built: its hash is not the manifest's", name, BUILD_AGAIN)


def sha256_of(path: Path) -> str:
    with path.open("rb") as content:
        return file_digest(content, "sha256").hexdigest()
