"""Sites of other shapes on loopback: glossary pages, and the rows service of the Hub."""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

from tests.pipelines.collecting.site import Site


class GlossaryPages(Site):
    """Pages by their names."""

    def __init__(self, pages: dict[str, str]) -> None:
        super().__init__()
        self.pages = {f"/{name}": html for name, html in pages.items()}

    def answer(self, path: str) -> tuple[int, object]:
        return (200, self.pages[path].encode()) if path in self.pages else (404, {"title": "Not found."})


def chained(count: int, rows: int = 4) -> dict[str, str]:
    """Pages p0, p1, … of a glossary, each with a link to the next."""
    pages = {}
    for number in range(count):
        cells = (f"<tr><td>word{number}x{row}</td><td>Meaning {row} of it.</td></tr>" for row in range(rows))
        following = f'<a rel="next" href="/p{number + 1}">Next</a>' if number + 1 < count else ""
        pages[f"p{number}"] = f"<html><body><table>{''.join(cells)}</table>{following}</body></html>"
    return pages


class RowsService(Site):
    total = 250
    own_rows: ClassVar[list[dict[str, str]]] = []  # its rows, where the ordinary ones will not do

    def answer(self, path: str) -> tuple[int, object]:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        if path.startswith("/splits"):
            return 200, {"splits": [{"dataset": "someone/slang", "config": "default", "split": "train"}]}
        offset, length = int(asked["offset"]), int(asked["length"])
        if length > 100:
            return 422, {"error": "Parameter 'length' must not be greater than 100"}
        shown = range(offset, min(offset + length, self.total))
        rows = self.own_rows or [{"Slang": f"word{number}", "Description": f"Meaning {number}."} for number in shown]
        wrapped = [
            {"row_idx": number, "row": row, "truncated_cells": []} for number, row in zip(shown, rows, strict=True)
        ]
        return 200, {"features": [], "rows": wrapped, "num_rows_total": self.total, "num_rows_per_page": 100}
