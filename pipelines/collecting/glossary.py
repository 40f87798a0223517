"""Glossaries on any HTML page, found by their structure: tables, definition lists, headings, `term – meaning`.

Pure: a page's HTML in, layouts and rows out. A layout says in which shape and where (a CSS selector) the terms stand;
what was found is shown to a person, who confirms it, and then the same layout is read from every page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from parsel import Selector

Row: TypeAlias = tuple[str, str, str]  # term, definition, example

LONGEST_TERM, MOST_WORDS = 80, 8
FEWEST_ROWS = 3
DASH = re.compile(r"\s+[–—-]+\s+|\s*[–—]\s*|\s*[:=]\s+|\s+[=]\s*")
EXAMPLE = re.compile(r"(?is)^\s*(?:example|e\.g\.|for example|usage|beispiel|ejemplo|exemple)\s*[:.–—-]*\s*(.+)$")
IDENTIFIER = re.compile(r"-?[A-Za-z_][\w-]*")
BLOCKS = "p, blockquote, ul, ol, dl, table, pre"
OUTSIDE = "nav, header, footer, aside, form, script, style, noscript, template, sup.reference"


class LayoutError(ValueError):
    """A layout that cannot be read, as one line."""


@dataclass(frozen=True)
class Layout:
    """Where a page's terms stand. The columns of a table are counted from 0; -1 where it has none."""

    shape: str  # of SHAPES
    where: str  # CSS selector of the tables, lists, or headings
    term: int = 0
    definition: int = 1
    example: int = -1

    def as_toml(self) -> dict[str, Any]:
        known = asdict(self)
        return known if self.shape == "table" else {"shape": self.shape, "where": self.where}


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
    return sorted(fit, key=lambda one: (-one.score, one.layout.shape, one.layout.where))


def read_glossary(html: str, layout: Layout) -> list[Row]:
    """The rows of a page by a confirmed layout, in its order. Raises LayoutError for a layout that is none."""
    if layout.shape not in SHAPES:
        raise LayoutError(f"shape = {layout.shape!r}: expected one of {', '.join(SHAPES)}")
    return [row for row in rows_of(parse(html), layout) if row[0] and row[1]]


def plausible(row: Row) -> bool:
    """Whether a row looks like a term and what it means, rather than like a menu or a table of figures."""
    term, definition, _ = row
    words = definition.split()
    letters = sum(map(str.isalpha, definition))
    short = 0 < len(term) <= LONGEST_TERM and len(term.split()) <= MOST_WORDS
    return short and bool(words) and letters * 2 > len(definition) and (len(words) > 1 or len(definition) > 3)


def parse(html: str) -> Selector:
    """The page without its navigation, scripts and footnote marks."""
    from parsel import Selector

    page = Selector(html or "<html></html>", type="html")
    for part in page.css(OUTSIDE):
        if part.root.getparent() is not None:
            part.drop()
    return page


def layouts(page: Selector) -> Iterator[Layout]:
    """Layouts worth trying: one for each selector that tables, lists and headings of this page have in common."""
    for where, first in selectors(page, "table").items():
        yield Layout("table", where, *columns_of(first))
    for where in selectors(page, "dl"):
        yield Layout("definition list", where)
    for tag in ("h2", "h3", "h4", "h5", "h6"):
        for where in selectors(page, tag):
            yield Layout("headings", where)
    for tag in ("ul", "ol"):
        for where in selectors(page, tag):
            yield Layout("list", where)
    yield Layout("paragraphs", "p")


def selectors(page: Selector, tag: str) -> dict[str, Selector]:
    """selector → its first element, for every tag with its classes; an id would tell one letter from the next."""
    found: dict[str, Selector] = {}
    for element in page.css(tag):
        classes = [name for name in (element.attrib.get("class") or "").split() if IDENTIFIER.fullmatch(name)]
        found.setdefault(tag + "".join(f".{name}" for name in classes), element)
    return found


def columns_of(table: Selector) -> tuple[int, int, int]:
    """(term, definition, example) columns of a table, by its header's names where they are known."""
    from pipelines.sources.columns_known import FIELDS, key_of

    header = next((row for row in table.css("tr") if row.css("th") and not row.css("td")), None)
    names = [key_of(text_of(cell))[0] for cell in header.css("th")] if header else []
    place = {field: next((n for n, name in enumerate(names) if name in FIELDS[field]), -1)
             for field in ("term", "definition", "example")}  # fmt: skip
    term = max(place["term"], 0)
    definition = place["definition"] if place["definition"] >= 0 else term + 1
    return term, definition, place["example"]


def rows_of(page: Selector, layout: Layout) -> Iterator[Row]:
    try:
        elements = page.css(layout.where)
    except (ValueError, SyntaxError) as error:
        raise LayoutError(f"where = {layout.where!r}: no CSS selector ({error})") from None
    for element in elements:
        yield from SHAPES[layout.shape](element, layout)


def in_table(table: Selector, layout: Layout) -> Iterator[Row]:
    """Rows with enough cells; a header has no <td>."""
    for row in table.xpath("./tr | ./tbody/tr | ./thead/tr"):
        cells = [text_of(cell) for cell in row.xpath("./td | ./th")]
        if row.css("td") and len(cells) > max(layout.term, layout.definition):
            example = cells[layout.example] if 0 <= layout.example < len(cells) else ""
            yield cells[layout.term], cells[layout.definition], example


def in_definition_list(listed: Selector, _: Layout) -> Iterator[Row]:
    """Each <dd> means the <dt>s before it."""
    terms: list[str] = []
    fresh = True
    for part in listed.css("dt, dd"):
        text = own_text(part)
        if part.root.tag == "dt":
            terms = [text] if fresh else [*terms, text]
            fresh = False
        else:
            definition, example = with_example([text])
            yield from ((term, definition, example) for term in terms)
            fresh = True


def own_text(part: Selector) -> str:
    """The words of a <dt> or <dd> without those that the parser put inside it where the page closes none."""
    depth = int(float(part.xpath("count(ancestor-or-self::*[self::dt or self::dd])").get() or 1))
    words = part.xpath(f".//text()[count(ancestor::*[self::dt or self::dd]) = {depth}]").getall()
    return " ".join("".join(words).split())


def under_headings(heading: Selector, _: Layout) -> Iterator[Row]:
    """A heading means the blocks up to the next heading."""
    blocks = []
    for element in heading.xpath("following-sibling::*"):
        if re.fullmatch(r"h[1-6]", str(element.root.tag)) or element.css("h1, h2, h3, h4, h5, h6"):
            break
        blocks += [text_of(element)] if element.root.tag in ("p", "blockquote", "div", "ul") else []
    definition, example = with_example([block for block in blocks if block])
    yield without_number(text_of(heading)), definition, example


def in_list(listed: Selector, _: Layout) -> Iterator[Row]:
    for item in listed.xpath("./li"):
        if not item.css("ul, ol"):
            yield dashed(item)


def in_paragraph(paragraph: Selector, _: Layout) -> Iterator[Row]:
    """`Term: meaning` with the term in bold; other paragraphs are prose."""
    if paragraph.xpath("./node()[normalize-space()][1][self::b or self::strong or self::dfn]"):
        yield dashed(paragraph)


def dashed(element: Selector) -> Row:
    """`term – meaning`: the term is what stands in bold at the start, otherwise what stands before the dash."""
    whole = text_of(element)
    first = element.xpath("./node()[normalize-space()][1][self::b or self::strong or self::dfn or self::em]")
    bold = text_of(first[0]) if first else ""
    if bold and whole.startswith(bold):
        term, rest = bold, whole[len(bold) :]
        rest = re.sub(r"^\s*[–—:=-]+\s*", "", rest)
    else:
        parts = DASH.split(whole, maxsplit=1)
        term, rest = (parts[0], parts[1]) if len(parts) == 2 else ("", whole)
    definition, example = with_example([rest])
    return without_number(term.strip(" :–—-=")), definition, example


def with_example(blocks: list[str]) -> tuple[str, str]:
    """(definition, example) of a term's blocks of text: an example says so, or follows the definition in quotes."""
    examples = [found[1] for block in blocks[1:] if (found := EXAMPLE.match(block))]
    text = " ".join(block for number, block in enumerate(blocks) if not (number and EXAMPLE.match(block)))
    inside = re.match(r"(?is)^(.{3,}?[.;!?)])\s+(?:example|e\.g\.)\s*[:.]?\s*(.{3,})$", text)
    if not examples and inside:
        text, examples = inside[1], [inside[2]]
    return text.strip(), examples[0].strip() if examples else ""


def without_number(term: str) -> str:
    """`3. rizz` → `rizz`; `24/7` stays."""
    return re.sub(r"^\d{1,3}[.)]\s+", "", term).strip()


def text_of(element: Selector) -> str:
    """An element's words in one line; a line break is a blank."""
    return (
        " ".join(" ".join(element.xpath(".//text()").getall()).split())
        if element.css("br")
        else " ".join("".join(element.xpath(".//text()").getall()).split())
    )


SHAPES: dict[str, Callable[[Any, Layout], Iterator[Row]]] = {
    "table": in_table,
    "definition list": in_definition_list,
    "headings": under_headings,
    "list": in_list,
    "paragraphs": in_paragraph,
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
