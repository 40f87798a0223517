"""NAME.toml beside a glossary's snapshot: its pages, where the terms stand, whose text it is; and the preview of it."""

from __future__ import annotations

import json
import tomllib
from itertools import compress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipelines.collecting.glossary import Found, find_glossaries
from pipelines.collecting.glossary_shapes import Layout, split_term
from pipelines.collecting.source import Ask, CollectError, Page, Record, WebSource

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_GLOSSARY = (
    "no table, definition list, headings, list or lines of terms with meanings; what is built otherwise, or by "
    "JavaScript, needs a source of its own (CONTRIBUTING.md)"
)
SHOWN = 5  # rows of a layout
OFFERED = 4  # layouts
COLUMNS = {"term": 24, "part of speech": 14, "definition": 60, "example": 40}  # shown, with their widths


class GlossarySettings(BaseModel):
    """What a person has confirmed."""

    model_config = ConfigDict(extra="forbid")
    confirmed: bool = False
    urls: list[str] = Field(min_length=1)
    title: str = ""
    language: str = ""
    licence: str = ""
    attribution: str = ""
    terms: str = ""
    redistributable: bool = False
    layout: Layout

    @model_validator(mode="after")
    def rights(self) -> GlossarySettings:
        if self.redistributable and not self.licence:
            raise ValueError("redistributable = true: under which licence? Set licence, such as CC-BY-4.0")
        return self


def read_settings(file: Path) -> GlossarySettings:
    """Raises CollectError, one line, where the file is missing, wrong, or not yet confirmed."""
    look = "python -m pipelines.collect glossary --url URL --name NAME --preview"
    try:
        found = GlossarySettings.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise CollectError(f"{file}: is missing; look at the page first: {look}") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CollectError(f"{file}: cannot be read, {error}") from None
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"]))
        raise CollectError(
            f"{file}: {place + ': ' if place else ''}{fault['msg'].removeprefix('Value error, ')}"
        ) from None
    if not found.confirmed:
        raise CollectError(f"{file}: not confirmed yet; read it, correct it, and set confirmed = true")
    return found


def preview(source: WebSource, urls: list[str]) -> int:
    """Fetch the pages, show every layout with its first rows, and write the TOML of the best where there is none."""
    from pipelines.terminal import Terminal

    pages = fetch(source, Terminal(quiet=True))
    offered = find_glossaries(pages[0].text) if pages else []
    if not offered:
        why = NO_GLOSSARY if pages else "the page could not be had"
        raise CollectError(f"{urls[0]}: {why}")
    for number, found in enumerate(offered[:OFFERED], 1):
        show(number, found)
    file = source.options.out / f"{source.options.name}.toml"
    if file.exists():
        print(f"{file} stands already and was left as it is")
        return 0
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(toml(urls, offered), encoding="utf-8")
    print(f"Wrote {file}: read it, say whose text it is and under which licence, and set confirmed = true")
    return 0


def fetch(source: WebSource, terminal: object) -> list[Page]:
    """The pages as a collect would fetch them, with all of its care, and kept nowhere."""
    from pipelines.collecting import run
    from pipelines.collecting.snapshot import Snapshot

    pages: list[Page] = []

    def read(page: Page) -> Iterator[Record | Ask]:
        pages.append(page)
        return iter(())

    source.read = read  # type: ignore[method-assign]
    with TemporaryDirectory() as place:
        snapshot = Snapshot(Path(place) / "preview")
        run.fetch(source, snapshot, terminal)  # type: ignore[arg-type]
        snapshot.forget_crawl()
    return pages


def show(number: int, found: Found) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    title = (
        f"{number}. {found.layout.shape} at {found.layout.where}: {len(found.rows):,} rows, {found.good:,} plausible"
    )
    rows = [(*split_term(term), definition, example) for term, definition, example in found.rows[:SHOWN]]
    table = Table()
    filled = [any(cells) for cells in zip(*rows, strict=True)]
    for name, width in compress(COLUMNS.items(), filled):
        table.add_column(name, overflow="fold", max_width=width)
    for row in rows:
        table.add_row(*(Text(clean(cell)) for cell in compress(row, filled)))
    print(f"\n{title}")
    Console().print(table)


def clean(text: str) -> str:
    """Shown text cannot steer the terminal."""
    return "".join(c if c.isprintable() else "�" for c in text[:200])


def toml(urls: list[str], offered: list[Found]) -> str:
    """The settings of the best layout; the others stand as comments."""
    best, *others = offered[:OFFERED]
    lines = [
        "# What `collect glossary --preview` found. Nothing is collected before a person has set confirmed = true.",
        "confirmed = false",
        f"urls = {json.dumps(urls, ensure_ascii=False)}",
        'title = ""',
        'language = ""           # BCP 47, such as "en"',
        'licence = ""            # SPDX, such as "CC-BY-4.0"; "" where the page declares none',
        'attribution = ""        # who must be named',
        'terms = ""              # the address of the terms of use',
        "redistributable = false",
        "",
        *layout_lines(best),
    ]
    if others:
        lines += ["", "# Also found. A file has one layout: a page with two glossaries is two snapshots (--name)."]
    for found in others:
        lines += ["", *(f"# {line}" for line in layout_lines(found))]
    return "\n".join(lines) + "\n"


def layout_lines(found: Found) -> list[str]:
    values = (f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in found.layout.as_toml().items())
    return [f"[layout]                # {len(found.rows):,} rows", *values]
