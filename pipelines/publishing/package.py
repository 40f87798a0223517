"""All that one publish sends, lying ready in a folder: goods, card, changelog and record, and how it is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from pipelines.publishing import changes as change
from pipelines.publishing.diff import Before, Obstacle, edited_files
from pipelines.publishing.goods import Goods, Wishes
from pipelines.publishing.hub import Place
from pipelines.publishing.merge import ConflictError, diff, merged
from pipelines.publishing.record import CARD, CHANGELOG, README, RECORD, FileFacts, Record, file_facts, to_json


@dataclass(frozen=True)
class Package:
    """What leaves."""

    record: Record
    card: str  # as computed
    title: str  # of the commit
    is_there: bool  # the very same is published already

    def named(self) -> str:
        return f"{self.record.tag}: {self.title}"


@dataclass(frozen=True)
class Order:
    """One publish: what, whereto, before what, and how it was asked for."""

    goods: Goods
    place: Place
    before: Before
    wishes: Wishes
    endpoint: str

    @property
    def record(self) -> Record | None:
        """What the last publish of the same wrote down."""
        found = self.before.record
        return found if found and (found.kind, found.name) == (self.goods.kind, self.goods.name) else None


def package(order: Order) -> Package:
    """Card, record and number of this publish. Raises ValueError with one line."""
    goods, record, wishes = order.goods, order.record, order.wishes
    facts = {name: file_facts(path) for name, path in goods.files.items()}
    if record and wishes.version in ("", record.version):  # is it published already, under that number?
        again = make(order, facts, record, record.changes)
        if again.record.content() == record.content() and untouched(order.before, record, wishes):
            return replace(again, is_there=True)
    found = changes(order, facts)
    entry = change.changelog_entry(found, record.tag if record else "")
    weights = goods.kind == "model" and any("safetensors" in line for line in found.files)
    follows = change.next_version(record.version, found, weights=weights) if record else change.FIRST
    follows = change.free_version(follows, order.before.standing.tags if order.before.standing else ())
    made_before = [*record.before, (record.version, record.made_from)] if record else []
    blank = Record(goods.kind, goods.name, wishes.version or follows, "", {}, "", before=made_before)
    return replace(make(order, facts, blank, entry), title=change.summary(found) if record else first_title(goods))


def untouched(before: Before, record: Record, wishes: Wishes) -> bool:
    """Whether there is nothing that this publish would set right."""
    return not edited_files(before, record) and (before.card == before.computed or not wishes.replace)


def first_title(goods: Goods) -> str:
    rows = sum(sum(splits.values()) for name, splits in goods.rows.items() if name != "ledger")
    return f"{rows:,} rows" if rows else f"{len(goods.files):,} files"


def changes(order: Order, facts: Mapping[str, FileFacts]) -> change.Changes:
    goods, record = order.goods, order.record
    rows = change.row_changes(order.before.seen if record else {}, goods.seen)
    if record is None:
        return change.Changes(rows)
    columns = change.column_changes(record, goods.columns())
    return change.Changes(rows, columns, change.file_changes(record.files, facts))


def make(order: Order, facts: Mapping[str, FileFacts], like: Record, entry: str) -> Package:
    """A package with the number, and the versions before it, of `like`."""
    goods = order.goods
    card = card_of(order, like.tag, entry)
    record = Record(
        kind=goods.kind,
        name=goods.name,
        version=like.version,
        made_from=goods.made_from,
        files=dict(facts),
        card_sha256=sha256(card.encode()).hexdigest(),
        changes=entry,
        columns=goods.columns(),
        rows={name: dict(splits) for name, splits in goods.rows.items()},
        before=list(like.before),
    )
    return Package(record, card, "", is_there=False)


def card_of(order: Order, tag: str, entry: str) -> str:
    from pipelines.publishing.adapter import AdapterFacts, adapter_card
    from pipelines.publishing.card import CardFacts, dataset_card

    goods, place, wishes, endpoint = order.goods, order.place, order.wishes, order.endpoint
    if goods.kind == "model":
        return adapter_card(
            goods.source,
            AdapterFacts(
                place.repository,
                tag,
                dataset=wishes.dataset,
                dataset_version=wishes.dataset_version,
                build=wishes.build,
                evaluations=wishes.evaluations,
                rights=wishes.rights,
                private=wishes.private,
                endpoint=endpoint,
            ),
        )
    return dataset_card(
        goods.source,
        CardFacts(
            place.repository,
            tag,
            goods.configs,
            schemas=goods.schemas,
            without_restricted=wishes.without_restricted,
            rights=wishes.rights,
            private=wishes.private,
            evaluations=wishes.evaluations,
            changelog=entry,
            endpoint=endpoint,
        ),
    )


def papers(order: Order, made: Package, folder: Path) -> dict[str, Path]:
    """Write card, changelog and record; name in the repository → file here, for everything that leaves.

    Raises ConflictError where --merge-card cannot tell what is meant.
    """
    before, known = order.before, order.record is not None
    card = merged(before.computed, before.card, made.card) if known and order.wishes.merge_card else made.card
    log = change.changelog(made.record.version, made.record.changes, before.changelog if known else "")
    texts = {README: card, CARD: made.card, CHANGELOG: log, RECORD: to_json(made.record)}
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8", newline="")
    return {name: folder / name for name in texts} | dict(order.goods.files)


def conflict(order: Order, made: Package, error: ConflictError) -> Obstacle:
    """What a person sees where both changed the same lines of the card."""
    before = order.before
    by_hand = diff(before.computed, before.card, f"{README} as it was published", f"{README} as it stands")
    anew = diff(before.computed, made.card, f"{README} as it was published", f"{README} computed anew")
    way = "edit the card there so that these lines are as they were published, or overwrite them with --replace"
    return Obstacle(f"--merge-card: {error}", (*by_hand, *anew), way)
