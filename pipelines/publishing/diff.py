"""What stands there already, and what of it a publish would overwrite: shown, and refused unless it was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipelines.publishing.changes import Changes, Seen, from_bytes, row_changes
from pipelines.publishing.goods import Goods, Wishes
from pipelines.publishing.hub import Door, FileThere, Standing
from pipelines.publishing.merge import diff
from pipelines.publishing.record import (
    CARD,
    CHANGELOG,
    README,
    RECORD,
    ROWS,
    TOLD_APART,
    FileFacts,
    Record,
    UnknownRecordError,
    from_json,
    parts,
)

NOBODYS = frozenset({".gitattributes"})  # the Hub puts it there itself
LATER = "give a later --version, or none"
LISTED = 40  # files of another origin that are listed


@dataclass(frozen=True)
class Before:
    """What an earlier publish, or somebody else, left there."""

    standing: Standing | None = None  # None: there is nothing
    record: Record | None = None
    unreadable: str = ""  # why the record cannot be read, "" where it can or there is none
    card: str = ""  # README.md as it stands
    computed: str = ""  # the card as the earlier publish computed it
    changelog: str = ""
    seen: Seen = field(default_factory=dict)

    @property
    def files(self) -> Mapping[str, FileThere]:
        """What somebody put there."""
        there = self.standing.files if self.standing else {}
        return {name: facts for name, facts in there.items() if name not in NOBODYS}


@dataclass(frozen=True)
class Obstacle:
    """Something that would be lost."""

    what: str  # one line
    shown: tuple[str, ...] = ()  # the difference, for a person
    way: str = ""  # what to do; "" is told by `what`
    replaceable: bool = True  # whether --replace permits it


def read_before(door: Door) -> Before:
    """Look at the repository, and read what the last publish wrote down. Raises HubError."""
    standing = door.look()
    if standing is None:
        return Before()
    record, why = None, ""
    if (data := door.read(RECORD, standing)) is not None:
        try:
            record = from_json(data)
        except UnknownRecordError as error:
            why = str(error)
    texts = {name: (door.read(name, standing) or b"").decode("utf-8", "replace") for name in (README, CHANGELOG)}
    computed = (door.read(CARD, standing) or b"").decode("utf-8", "replace") if record else ""
    seen = from_bytes(door.read(ROWS, standing)) if record and ROWS in record.files else {}
    return Before(standing, record, why, texts[README], computed, texts[CHANGELOG], seen)


def obstacles(before: Before, goods: Goods, card: str, wishes: Wishes, *, is_there: bool = False) -> list[Obstacle]:
    """Everything that speaks against a publish into what stands there; `is_there`: nothing would be overwritten."""
    if before.standing is None:
        return []
    found = visibility(before.standing, wishes)
    if wishes.version and not is_there and f"v{wishes.version}" in before.standing.tags:
        found.append(Obstacle(f"the tag v{wishes.version} stands there already", (), LATER, replaceable=False))
    if is_there:
        return found
    if before.record is None or (before.record.kind, before.record.name) != (goods.kind, goods.name):
        return found + foreign(before, goods, card, wishes)
    found += [] if wishes.merge_card else edited_card(before)
    return found + edited_files(before, before.record) + newer(before, before.record, goods, wishes)


def visibility(standing: Standing, wishes: Wishes) -> list[Obstacle]:
    if not wishes.private or standing.private:
        return []
    return [
        Obstacle(
            "the repository is public and --private was asked: make it private in its settings first", replaceable=False
        )
    ]


def foreign(before: Before, goods: Goods, card: str, wishes: Wishes) -> list[Obstacle]:
    """Files that this command did not put there, or not from this recipe."""
    if not before.files:
        return []
    if wishes.merge_card:
        return [Obstacle("--merge-card needs a card that an earlier publish of this wrote there", replaceable=False)]
    whose = before.unreadable or "it was not written by this command"
    if before.record:
        whose = f"it was published from {before.record.name!r}, and this is {goods.name!r}"
    names = sorted(before.files)
    lines = [
        f"{'~' if ours(name, goods) else '-'} {name}  {before.files[name].size:,} bytes" for name in names[:LISTED]
    ]
    lines += [f"… {len(names) - LISTED:,} more files"] if len(names) > LISTED else []
    lines += diff(before.card, card, f"{README} that stands there", f"{README} of this publish") if before.card else []
    return [Obstacle(f"there are {len(names):,} files of another origin: {whose}", tuple(lines))]


def ours(name: str, goods: Goods) -> bool:
    return name in goods.files or name in TOLD_APART


def edited_card(before: Before) -> list[Obstacle]:
    if before.card == before.computed:
        return []
    shown = diff(before.computed, before.card, f"{README} as it was published", f"{README} as it stands")
    way = "keep the edits with --merge-card, or overwrite them with --replace"
    return [Obstacle("the card was edited by hand", tuple(shown), way)]


def edited_files(before: Before, record: Record) -> list[Obstacle]:
    """Published files that are no longer what was published."""
    lines = []
    for name, facts in record.files.items():
        there = before.files.get(name)
        if there is None:
            lines.append(f"- {name} was removed")
        elif not same(there, facts):
            lines.append(f"~ {name} is another, {there.size:,} bytes instead of {facts.size:,}")
    return [Obstacle(f"{len(lines)} published files were changed by hand", tuple(lines))] if lines else []


def same(there: FileThere, facts: FileFacts) -> bool:
    return there.sha256 == facts.sha256 if there.sha256 else there.blob == facts.blob


def newer(before: Before, record: Record, goods: Goods, wishes: Wishes) -> list[Obstacle]:
    """A version there that is later than what would be published."""
    shown = tuple(change_lines(Changes(row_changes(before.seen, goods.seen)))) if goods.seen else ()
    stale = [version for version, made_from in record.before if made_from == goods.made_from]
    if wishes.version and parts(wishes.version) <= parts(record.version):
        what = f"version {record.version} is published already, and {wishes.version} is not later"
        return [Obstacle(what, shown, LATER, replaceable=False)]
    if stale and goods.made_from != record.made_from:
        what = f"version {record.version} is published already, and this is what version {stale[-1]} was made from"
        return [Obstacle(what, shown)]
    return []


def change_lines(changes: Changes) -> list[str]:
    """Counts for a person, a line for each configuration that differs."""
    return [
        f"{name}: {one.added:,} rows added, {one.removed:,} removed, {one.changed:,} changed, "
        f"{one.annotated:,} annotated anew"
        for name, one in changes.rows.items()
        if one.added or one.removed or one.changed or one.annotated
    ] + list(changes.columns)
