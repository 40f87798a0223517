"""Glossaries on any HTML page, found by their structure: tables, definition lists, headings, `term – meaning`.

Pure: a page's HTML in, layouts and rows out. A layout says in which shape and where (a CSS selector) the terms stand;
what was found is shown to a person, who confirms it, and then the same layout is read from every page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.collecting.glossary_shapes import (
    Layout,
    Row,
    in_definition_list,
    in_lines,
    in_list,
    in_paragraph,
    split_term,
    under_headings,
)
from pipelines.collecting.glossary_tables import columns_of, grid, in_tables

if TYPE_CHECKING:
    from parsel import Selector

LONGEST_TERM, MOST_WORDS = 80, 8
FEWEST_ROWS = 3
IDENTIFIER = re.compile(r"-?[A-Za-z_][\w-]*")
OUTSIDE = (
    "nav, header, footer, aside, form, script, style, noscript, template, #toc, .toc, .mw-editsection, .reflist, "
    "ol.references, .footnotes, sup.reference, .footnote-ref, a[href^='#fn'], a[href^='#cite_note']"
)
NOTE_MARK = re.compile(r"\s*(?:\d{1,3}|[*†‡]+|\[.{1,12}\])\s*")  # in a <sup>
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # the parser gives them and takes none
BLOCKS = "address, blockquote, br, dd, div, dl, dt, h1, h2, h3, h4, h5, h6, li, ol, p, pre, section, td, th, tr, ul"


class LayoutError(ValueError):
    """A layout that cannot be read, as one line."""


@dataclass(frozen=True)
class Found:
    """A layout and what it gives on one page."""

    layout: Layout
    rows: list[Row]

    @property
    def good(self) -> int:
        return sum(map(plausible, self.rows))

    @property
    def score(self) -> float:
        """Rows that look like an entry, times their share: menus and tables of numbers have few."""
        return self.good * self.good / max(len(self.rows), 1)


def find_glossaries(html: str) -> list[Found]:
    """Every layout that gives at least FEWEST_ROWS plausible rows, best first."""
    page = parse(html)
    found = [Found(layout, list(rows_of(page, layout))) for layout in layouts(page)]
    fit = [one for one in found if one.good >= FEWEST_ROWS and one.good * 2 > len(one.rows)]
    fit.sort(key=lambda one: (-one.score, list(SHAPES).index(one.layout.shape), one.layout.where))
    return list({tuple(one.rows): one for one in reversed(fit)}.values())[::-1]  # what says the same is offered once


def read_glossary(html: str, layout: Layout) -> list[Row]:
    """The rows of a page by a confirmed layout, in its order. Raises LayoutError for a layout that is none."""
    if layout.shape not in SHAPES:
        raise LayoutError(f"shape = {layout.shape!r}: expected one of {', '.join(SHAPES)}")
    return [row for row in rows_of(parse(html), layout) if row[0] and row[1]]


def plausible(row: Row) -> bool:
    """Whether a row looks like a term and what it means, rather than like a menu or a table of figures."""
    term, definition = split_term(row[0])[0], row[1]
    words = definition.split()
    letters = sum(map(str.isalpha, definition))
    short = 0 < len(term) <= LONGEST_TERM and len(term.split()) <= MOST_WORDS
    return short and bool(words) and letters * 2 > len(definition) and (len(words) > 1 or len(definition) > 3)


def parse(html: str) -> Selector:
    """The page without its navigation, scripts and footnote marks; a blank stands where a block begins or ends."""
    from parsel import Selector

    page = Selector(html.encode("utf-8", "replace").decode() or "<html></html>", type="html")
    marks = [mark for mark in page.css("sup") if NOTE_MARK.fullmatch(mark.xpath("string()").get() or "")]
    for part in [*page.css(OUTSIDE), *marks]:
        if part.root.getparent() is not None:
            part.drop()
    for block in page.css(BLOCKS):
        block.root.text = f" {CONTROL.sub(' ', block.root.text or '')}"
        block.root.tail = f" {CONTROL.sub(' ', block.root.tail or '')}"
    return page


def layouts(page: Selector) -> Iterator[Layout]:
    """Layouts worth trying: one for each selector that tables, lists and headings of this page have in common."""
    for where, first in selectors(page, "table").items():
        yield Layout("table", where, *columns_of(grid(first)))
    for where in selectors(page, "dl"):
        yield Layout("definition list", where)
    for tag in ("h2", "h3", "h4", "h5", "h6"):
        for where in selectors(page, tag):
            yield Layout("headings", where)
    for tag in ("ul", "ol"):
        for where in selectors(page, tag):
            yield Layout("list", where)
    yield Layout("paragraphs", "p")
    yield Layout("lines", "p")


def selectors(page: Selector, tag: str) -> dict[str, Selector]:
    """selector → its first element, for every tag with its classes; an id would tell one letter from the next."""
    found: dict[str, Selector] = {}
    for element in page.css(tag):
        classes = [name for name in (element.attrib.get("class") or "").split() if IDENTIFIER.fullmatch(name)]
        found.setdefault(tag + "".join(f".{name}" for name in classes), element)
    return found


def rows_of(page: Selector, layout: Layout) -> Iterator[Row]:
    try:
        elements = list(page.css(layout.where))
    except (ValueError, SyntaxError) as error:
        raise LayoutError(f"where = {layout.where!r}: no CSS selector ({error})") from None
    yield from SHAPES[layout.shape](elements, layout)


def each(read: Callable[[Any], Iterator[Row]]) -> Callable[[list[Any], Layout], Iterator[Row]]:
    """A shape whose elements are read one by one."""
    return lambda elements, _: (row for element in elements for row in read(element))


SHAPES: dict[str, Callable[[list[Any], Layout], Iterator[Row]]] = {
    "table": in_tables,
    "definition list": each(in_definition_list),
    "headings": each(under_headings),
    "list": each(in_list),
    "paragraphs": each(in_paragraph),
    "lines": each(in_lines),
}


def next_page(html: str) -> str:
    """The address that a page calls its next, "" where there is none."""
    from parsel import Selector

    return (
        Selector(html or "<html></html>", type="html")
        .css("a[rel~=next]::attr(href), link[rel~=next]::attr(href)")
        .get("")
    )


def numbered(rows: list[Row]) -> Iterator[tuple[int, Row]]:
    """Rows with their number among those of the same term, from 1."""
    counted: Counter[str] = Counter()
    for row in rows:
        counted[row[0]] += 1
        yield counted[row[0]], row
