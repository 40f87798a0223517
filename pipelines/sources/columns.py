"""Their columns → the entry's fields: recognised by name or mapped by the recipe; the rest is kept as annotations."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from curation.entry import BadRecord, Entry, Kind
from pipelines.sources import chat
from pipelines.sources.columns_known import CHAT_FIELDS, FIELDS, PERSONAL_OUTSIDE_CHAT, is_personal, key_of
from pipelines.sources.record import Record, bad_record
from pipelines.sources.settings import SourceSettings

RANKED = {key: (name, rank) for name, keys in {**FIELDS, **CHAT_FIELDS}.items() for rank, key in enumerate(keys)}
PLAIN_TEXT = ("context", "part_of_speech", "category", "label", "plain")
WITH_DEFAULT = (
    "language",
    "url",
    "licence",
    "attribution",
    "date",
)  # the source's settings speak where a cell is empty
SEVERAL = ("definition", "example", "messages", "linked_terms")  # fields that numbered columns may fill together
CHAT_COLUMNS = ("messages", *CHAT_FIELDS)  # their values may be more than text
BY_POSITION = {"column_1": ("term", 0), "column_2": ("definition", 0), "column_3": ("example", 0)}  # without a header
PLANS = 10_000
UNKNOWN = "no known column"
VOTE = re.compile(r"[+-]?\d{1,15}(?:\.0*)?")
SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Plan:
    """What to do with the columns of one kind of record. `kind` is None when they tell nothing about slang."""

    kind: Kind | None
    fields: dict[str, list[str]] = field(default_factory=dict)  # our field → their columns, best first
    extra: list[str] = field(default_factory=list)  # their columns that no field fits


class NotTextError(ValueError):
    """A cell holds something that is no text."""


class Columns:
    """Turns the records of one source into entries."""

    def __init__(self, settings: SourceSettings) -> None:
        self.settings = settings
        self.plans: dict[tuple[str, ...], Plan] = {}
        self.usual: Kind | None = None  # what the source's first record was
        self.seen: set[str] = set()  # names of columns that records had

    def plan(self, names: Sequence[str]) -> Plan:
        key = tuple(names)
        if key not in self.plans:
            if len(self.plans) > PLANS:  # records that all differ in their keys must not fill the memory
                self.plans.clear()
            self.plans[key] = make_plan(key, self.settings)
            self.seen.update(mapped_columns(key, self.settings.columns))
        return self.plans[key]

    def recognises(self, names: Sequence[str]) -> bool:
        """Whether columns of these names tell something about slang, or are those of a chat's turns."""
        plan = self.plan(names)
        return plan.kind is not None or len(plan.fields) > 1 or chat.is_turn(dict.fromkeys(names))

    def entries(self, record: Record) -> list[Entry] | BadRecord:
        """The entries of a record, one for each of its meanings or conversations, or why there is none."""
        plan = self.plan(tuple(record.fields))
        self.usual = self.usual or plan.kind
        if self.usual == "definition" and plan.kind == "sentence" and "term" in plan.fields:
            plan = replace(plan, kind="definition")  # its definition is left out, as an empty one might be
        if plan.kind is None:
            wanted = f"a {self.settings.kind}" if self.settings.kind else "a term and what it means"
            detail = f"{UNKNOWN} for {wanted} among {', '.join(map(repr, record.fields))[:300]}"
            return bad_record(record.row, record.line, "missing_term", detail, raw_text(record))
        try:
            cells = {
                name: all_texts(record.fields, columns)
                for name, columns in plan.fields.items()
                if name not in CHAT_COLUMNS
            }
            extra = {name: text for name in plan.extra if (text := any_text(record.fields[name]))}
            fault = self.too_long(plan, cells, extra) or missing(plan, cells)
            if fault:
                return bad_record(record.row, record.line, *fault, raw_text(record))
            return list(self.build(record, plan, cells, extra))
        except NotTextError as error:
            return bad_record(record.row, record.line, "not_text", str(error), raw_text(record))
        except chat.ChatError as error:
            return bad_record(record.row, record.line, error.reason, str(error), raw_text(record))
        except RecursionError:
            return bad_record(record.row, record.line, "broken_record", "values are nested too deeply")

    def too_long(self, plan: Plan, cells: dict[str, list[str]], extra: dict[str, str]) -> tuple[str, str] | None:
        longest = max(
            [*(len(text) for texts in cells.values() for text in texts), *map(len, extra.values())], default=0
        )
        if longest <= self.settings.max_cell_chars:
            return None
        return "record_too_long", f"a cell of {longest:,} characters; max_cell_chars = {self.settings.max_cell_chars:,}"

    def build(self, record: Record, plan: Plan, cells: dict[str, list[str]], extra: dict[str, str]) -> Iterator[Entry]:
        """Entries that share everything but the meaning or the conversation."""
        assert plan.kind
        settings = self.settings
        examples = cells.get("example", [])
        if len(examples) > 1:
            extra = {**extra, "more_examples": json.dumps(examples[1:], ensure_ascii=False)}
        shared: dict[str, Any] = {name: ", ".join(cells.get(name, [])) for name in PLAIN_TEXT}
        shared |= {name: first(cells, name) or getattr(settings, name) for name in WITH_DEFAULT}
        for name in ("votes_up", "votes_down"):
            shared[name] = vote(first(cells, name))
            if shared[name] is None and first(cells, name):
                extra = {**extra, name: first(cells, name)}
        shared["linked_terms"] = [part for text in cells.get("linked_terms", []) for part in split_list(text)]
        for definition, messages in self.meanings(record, plan, cells):
            yield Entry(
                source=settings.name,
                row=record.row,
                kind=plan.kind,
                term=first(cells, "term"),
                definition=definition,
                example=first(cells, "example"),
                messages=messages,
                redistributable=settings.redistributable,
                extra=dict(extra),
                **{**shared, "linked_terms": list(shared["linked_terms"])},
            )

    def meanings(self, record: Record, plan: Plan, cells: dict[str, list[str]]) -> list[tuple[str, str]]:
        """(definition, messages) of each entry to make."""
        definitions = cells.get("definition") or [""]
        if plan.kind != "chat":
            return [(definition, "") for definition in definitions]
        found = chat.conversations(
            [record.fields[name] for name in plan.fields.get("messages", [])],
            {name: record.fields[plan.fields[name][0]] for name in CHAT_FIELDS if name in plan.fields},
        )
        longest = max(map(len, found))
        if longest > self.settings.max_cell_chars:
            raise chat.ChatError("record_too_long", f"a conversation of {longest:,} characters")
        return [(first(cells, "definition"), messages) for messages in found]


def unnamed(width: int) -> list[str]:
    """The columns of rows that have no header."""
    return [f"column_{number}" for number in range(1, width + 1)]


def make_plan(names: tuple[str, ...], settings: SourceSettings) -> Plan:
    """Assign columns to fields: those that the recipe maps, then for each field its best known name."""
    mapped = mapped_columns(names, settings.columns)
    fields: dict[str, list[str]] = {}
    for name, target in mapped.items():
        if target:
            fields.setdefault(target, []).append(name)
    found: dict[str, list[tuple[int, str]]] = {}
    for name in names:
        stem, _ = key_of(name)
        if name in BY_POSITION or (stem in RANKED and name not in mapped and not is_personal(name)):
            target, rank = BY_POSITION.get(name) or RANKED[stem]
            found.setdefault(target, []).append((rank, name))
    for target, ranked in found.items():
        best = min(rank for rank, _ in ranked)
        kin = [name for rank, name in ranked if rank == best]
        fields.setdefault(target, kin if target in SEVERAL else kin[:1])
    kind = choose_kind(fields, settings.kind)
    if kind != "chat":
        for name in CHAT_FIELDS:
            fields.pop(name, None)
    taken = {name for columns in fields.values() for name in columns}
    left = [name for name in names if name not in taken and name not in mapped and not is_personal(name)]
    return Plan(kind, fields, [name for name in left if kind == "chat" or key_of(name)[0] not in PERSONAL_OUTSIDE_CHAT])


def mapped_columns(names: Sequence[str], columns: Mapping[str, str]) -> dict[str, str]:
    """What the recipe says of columns: by their exact name, or in another spelling if no column has the exact one."""
    near = {key_of(name): target for name, target in columns.items() if name not in names}
    return {name: target for name in names if (target := columns.get(name, near.get(key_of(name)))) is not None}


def choose_kind(fields: dict[str, list[str]], wanted: Kind | None) -> Kind | None:
    """What the columns tell, or what the recipe wants if they can tell it. May move a column to another field.

    A word beside its standard form is a definition, and what a word list calls context is then a sentence that has it.
    """
    have = set(fields)
    lexicon = "plain" in have and "term" in have and not have & {"definition", "example"}
    if wanted == "pair" and lexicon:
        fields["example"] = fields.pop("term")
    elif lexicon and wanted in (None, "definition"):
        fields["definition"] = fields.pop("plain")
        if "context" in fields:
            fields["example"] = fields.pop("context")
    have = set(fields)
    possible: dict[Kind, bool] = {
        "chat": "messages" in have or {"prompt", "response"} <= have,
        "definition": {"term", "definition"} <= have,
        "pair": {"example", "plain"} <= have,
        "sentence": "example" in have and (wanted == "sentence" or "definition" not in have),
    }
    if wanted:
        return wanted if possible[wanted] else None
    return next((kind for kind, fits in possible.items() if fits), None)


def missing(plan: Plan, cells: dict[str, list[str]]) -> tuple[str, str] | None:
    """(reason, detail) when a record lacks what its kind needs. An empty definition is the Quality stage's."""
    if "term" in plan.fields and plan.kind in ("definition", "sentence") and not cells["term"]:
        return "missing_term", f"column {plan.fields['term'][0]!r} is empty"
    if len(cells.get("term", [])) > 1:
        return "not_text", f"{len(cells['term'])} terms in one record: {', '.join(cells['term'])[:200]}"
    for name in {"pair": ("example", "plain"), "sentence": ("example",)}.get(str(plan.kind), ()):
        if not cells[name]:
            return "missing_text", f"column {plan.fields[name][0]!r} is empty"
    return None


def all_texts(fields: dict[str, object], columns: list[str]) -> list[str]:
    """The texts of some columns, without the blank ones. Raises NotTextError."""
    found = []
    for name in columns:
        try:
            found += [text for text in texts_in(fields[name]) if text.strip()]
        except NotTextError as error:
            raise NotTextError(f"column {name!r}: {error}") from None
    return found


def texts_in(value: object) -> list[str]:
    """A value as texts: a list gives one for each element."""
    if isinstance(value, (list, tuple)):
        return [text for item in value for text in texts_in(item)]
    if isinstance(value, dict):
        raise NotTextError("an object where a text is expected")
    return [as_text(value)]


def as_text(value: object) -> str:
    """One value as text: nothing is "", numbers and booleans look as in JSON. Raises NotTextError."""
    if isinstance(value, str):
        return value if value.isascii() or not SURROGATE.search(value) else mend_surrogates(value)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            raise NotTextError(f"{len(value):,} bytes that are no UTF-8 text") from None
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def mend_surrogates(text: str) -> str:
    """Join surrogate halves that belong together, replace the others."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def any_text(value: object) -> str:
    """A value of any shape as text, for annotations; objects and lists as JSON, without anybody's name."""
    if isinstance(value, (list, tuple, dict)):
        return json.dumps(without_people(value), ensure_ascii=False) if value else ""
    text = shown(value)
    return text if text.strip() else ""


def shown(value: object) -> str:
    """One value as text, or in brackets why it is none."""
    try:
        return as_text(value)
    except NotTextError as error:
        return f"({error})"


def raw_text(record: Record) -> str:
    """A record for the ledger, without anybody's name."""
    try:
        return any_text(record.fields)
    except RecursionError:
        return ""


def without_people(value: object) -> object:
    if isinstance(value, dict):
        return {shown(name): without_people(inner) for name, inner in value.items() if not is_personal(str(name))}
    if isinstance(value, (list, tuple)):
        return [without_people(inner) for inner in value]
    return shown(value) if value is not None else None


def first(cells: dict[str, list[str]], name: str) -> str:
    texts = cells.get(name)
    return texts[0] if texts else ""


def vote(text: str) -> int | None:
    """A number of votes, or None where the text is none."""
    number = text.strip().replace(",", "")
    return int(number.split(".")[0]) if VOTE.fullmatch(number) else None


def split_list(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[,;|]", text) if part.strip()]
