"""Every row of a build as compact columns for the page's search box: small enough to open, and honest about cuts.

Text is cut at the longest length of LENGTHS at which the whole index fits; when even bare terms do not fit, the rows at
the end are left out, and the page says how many.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.pages.evidence import SPOKEN, Rows, cell_list, cell_text, one_line, private_kinds, spoken

if TYPE_CHECKING:
    from collections.abc import Iterable

BUDGET = 11_000_000  # bytes of UTF-8
LENGTHS = (0, 40, 60, 80, 100, 120, 140, 170, 200, 250, 300, 400, 500, 700, 1000)  # characters of a text
TEXTS = ("text", "example", "why")
TERM_LENGTH = 100  # characters
READ = {"id", "term", "extra", "source", "file", "row", "flags", "private", "offensive", "stage", "reason", "survivor"}
READ |= {"detail"} | {name for name, _ in SPOKEN}
UNSAFE = {character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


@dataclass(frozen=True, slots=True)
class SearchIndex:
    data: str  # JSON that may stand inside a <script> element
    rows: int
    left_out: int  # rows that did not fit
    cut_at: int | None  # characters of a definition; None: no text was cut


def search_index(rows: Rows, budget: int = BUDGET) -> SearchIndex:
    """The index of all rows, kept ones first, within `budget` bytes."""
    records = read_records(rows)
    total = len(records)
    fitting = bisect_left(LENGTHS, 1, key=lambda length: size(columns(records, length)) > budget) - 1
    length = LENGTHS[max(fitting, 0)]
    while records and fitting < 0 and (bytes_now := size(columns(records, length))) > budget:
        records = records[: int(len(records) * 0.98 * budget / bytes_now)]
    data = script_json(columns(records, length))
    return SearchIndex(data, len(records), total - len(records), length if is_cut(records, length) else None)


def size(value: object) -> int:
    return len(script_json(value).encode("utf-8", "replace"))


def script_json(value: object) -> str:
    """JSON in which no character can end or open an HTML element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character, escape in UNSAFE.items():
        text = text.replace(character, escape)
    return text


def read_records(rows: Rows) -> list[dict[str, Any]]:
    """One small record a row, sorted by kept or left, then term: the order in which results are listed."""
    records = [
        record(row, hidden=rows.is_private(row))
        for table in (rows.entries, rows.ledger)
        for row in table[[name for name in table.columns if name in READ]].to_dict("records")
    ]
    return sorted(records, key=lambda one: (one["outcome"][1] != "", one["term"].casefold(), one["id"]))


def record(row: dict[str, Any], *, hidden: bool) -> dict[str, Any]:
    said = {} if hidden else spoken(row)
    example = said.pop("example", "")
    label, text = next(iter(said.items()), ("", f"Not shown: it holds {private_kinds(row)}." if hidden else ""))
    return {
        "id": row["id"],
        "term": "" if hidden else row["term"],
        "label": label,
        "text": one_line(text),
        "example": one_line(example),
        "why": "" if hidden else one_line(cell_text(row, "detail")),
        "survivor": cell_text(row, "survivor"),
        "outcome": (cell_text(row, "stage"), cell_text(row, "reason")),
        "flags": tuple(cell_list(row, "flags")),
        "veil": "" if hidden else cell_text(row, "offensive"),
        "source": row["source"],
        "file": row["file"],
        "row": int(row["row"]),
    }


def is_cut(records: list[dict[str, Any]], length: int) -> bool:
    return any(len(one[name]) > share(length, name) for one in records for name in TEXTS)


def share(length: int, name: str) -> int:
    """A definition may be twice as long as an example or a detail."""
    return length if name == "text" else length // 2


def columns(records: list[dict[str, Any]], length: int) -> dict[str, Any]:
    """The records column by column; values that repeat are written once and numbered."""
    places = {one["id"]: place for place, one in enumerate(records)}
    table: dict[str, Any] = {name: [one[name] for one in records] for name in ("id", "row")}
    table["term"] = [cut(one["term"], TERM_LENGTH) for one in records]
    for name in TEXTS:
        table[name] = [cut(one[name], share(length, name)) for one in records]
    for name in ("label", "outcome", "flags", "veil", "source", "file"):
        table[name] = numbered([one[name] for one in records])
    table["survivor"] = {
        place: places[one["survivor"]] for place, one in enumerate(records) if one["survivor"] in places
    }
    return table


def cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[:length] + "…" if length else ""


def numbered(values: Iterable[Any]) -> dict[str, list[Any]]:
    codes: dict[Any, int] = {}
    numbers = [codes.setdefault(value, len(codes)) for value in values]
    return {"names": list(codes), "codes": numbers}
