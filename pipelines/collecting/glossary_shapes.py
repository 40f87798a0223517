"""The shapes of a glossary but for tables: definition lists, headings, list items, paragraphs and lines of text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from parsel import Selector

Row: TypeAlias = tuple[str, str, str]  # term, definition, example

DASH = re.compile(r"\s+[–—-]+\s+|\s*[–—]\s*|\s*[:=]\s+|\s+[=]\s*|\s*[：＝]\s*")
EXAMPLE = re.compile(r"(?is)^\s*(?:example|e\.g\.|for example|usage|beispiel|ejemplo|exemple)\s*[:.–—-]*\s*(.+)$")
QUOTED = re.compile(r"""(?s)^([^“”"„«»]{3,}[.;!?)])\s+[“"„«]([^“”"„«»]+\s[^“”"„«»]+)[”"“»]$""")
NOTE = re.compile(r"\[(?:\d{1,3}|note \d+|citation needed|edit)\]")
CLASS = (
    "noun|verb|adjective|adverb|adj|adv|interjection|interj|intj|exclamation|pronoun|pron|preposition|prep|phrase|"
    "acronym|abbreviation|abbr|initialism|n|v|vb|vt|vi"
)
WORD_CLASS = re.compile(
    rf"(?i)^(.+?)(?:\s*[(\[]((?:{CLASS})\.?(?:\s*[,/&]\s*(?:{CLASS})\.?)*)[)\]]|,\s*((?:{CLASS})\.?))$"
)
QUOTES = re.compile(r"""^[“"„«'‘]([^“”"„«»]+)[”"“»'’]$""")
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
MOST_WORDS_OF_LINE = 4  # before the dash of a line that nothing but the dash marks as an entry


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


def in_definition_list(listed: Selector) -> Iterator[Row]:
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
    return words(part.xpath(f".//text()[count(ancestor::*[self::dt or self::dd]) = {depth}]").getall())


def under_headings(heading: Selector) -> Iterator[Row]:
    """A heading means the blocks up to the next heading; it may stand in a box of its own."""
    anchor = heading.root
    while is_box(anchor.getparent()):
        anchor = anchor.getparent()
    blocks = []
    for element in anchor.itersiblings():
        if next(element.iter(*HEADINGS), None) is not None:
            break
        blocks += [words(element.xpath(".//text()"))] if element.tag in ("p", "blockquote", "div", "ul") else []
    definition, example = with_example([block for block in blocks if block])
    yield without_number(text_of(heading)), definition, example


def is_box(parent: Any) -> bool:
    """Whether an element holds one other and nothing besides."""
    if parent is None or parent.tag != "div" or len(parent) != 1:
        return False
    return not ((parent.text or "") + (parent[0].tail or "")).strip()


def in_list(listed: Selector) -> Iterator[Row]:
    """Items with a dash. What stands in a list inside an item is its example, or items of their own."""
    inner = bool(listed.xpath("ancestor::li"))
    for item in listed.xpath("./li"):
        term, definition, example = dashed(item)
        if term and not example:
            example = text_of(found[0]) if (found := item.xpath("./ul/li | ./ol/li")) else ""
        if term or not inner:
            yield term, definition, example


def in_paragraph(paragraph: Selector) -> Iterator[Row]:
    """`Term: meaning` with the term in bold; other paragraphs are prose."""
    if paragraph.xpath("./node()[normalize-space()][1][self::b or self::strong or self::dfn]"):
        yield dashed(paragraph)


def in_lines(paragraph: Selector) -> Iterator[Row]:
    """`term (n.): meaning`, a line or a paragraph each, with nothing but the dash to tell it; the term is short."""
    lines = [""]
    for node in paragraph.xpath(".//text() | .//br"):
        if isinstance(node.root, str):
            lines[-1] += node.root
        else:
            lines.append("")
    for line in lines:
        term, definition, example = split_at_dash(words([line]))
        if 0 < len(split_term(term)[0].split()) <= MOST_WORDS_OF_LINE:
            yield term, definition, example


def dashed(element: Selector) -> Row:
    """`term – meaning`: the term is what stands in bold at the start, otherwise what stands before the dash."""
    whole = words(element.xpath(".//text()[not(ancestor::li/ancestor::li)]").getall()) or text_of(element)
    first = element.xpath("./node()[normalize-space()][1][self::b or self::strong or self::dfn or self::em]")
    bold = text_of(first[0]) if first else ""
    if not bold or not whole.startswith(bold):
        return split_at_dash(whole)
    rest = whole[len(bold) :]
    if marked := re.match(r"^\s*[(\[][^()\[\]]{1,30}[)\]]", rest):  # **term** (n.) – meaning
        told = split_term(bold + marked[0])
        bold, rest = (bold + marked[0], rest[marked.end() :]) if told[1] else (bold, rest)
    definition, example = with_example([re.sub(r"^\s*[–—:：=-]+\s*", "", rest)])
    return without_number(bold.strip(" :–—-=")), definition, example


def split_at_dash(whole: str) -> Row:
    parts = DASH.split(whole, maxsplit=1)
    term, rest = (parts[0], parts[1]) if len(parts) == 2 else ("", whole)
    definition, example = with_example([rest])
    return without_number(term.strip(" :–—-=")), definition, example


def with_example(blocks: list[str]) -> tuple[str, str]:
    """(definition, example) of a term's blocks of text: an example says so, or follows the definition in quotes."""
    examples = [found[1] for block in blocks[1:] if (found := EXAMPLE.match(block))]
    text = " ".join(block for number, block in enumerate(blocks) if not (number and EXAMPLE.match(block)))
    inside = re.match(r"(?is)^(.{3,}?[.;!?)])\s+(?:example|e\.g\.)\s*[:.]?\s*(.{3,})$", text) or QUOTED.match(text)
    if not examples and inside:
        text, examples = inside[1], [inside[2]]
    return text.strip(), examples[0].strip() if examples else ""


def split_term(text: str) -> tuple[str, str]:
    """(term, part of speech) of `rizz (n.)`; quotes around the whole term go."""
    found = WORD_CLASS.match(text)
    term, word_class = (found[1], (found[2] or found[3]).strip()) if found else (text, "")
    quoted = QUOTES.match(term.strip(" ,"))
    return (quoted[1] if quoted else term).strip(), word_class


def without_number(term: str) -> str:
    """`3. rizz` → `rizz`; `24/7` stays."""
    return re.sub(r"^\d{1,3}[.)]\s+", "", term).strip()


def text_of(element: Selector) -> str:
    """An element's words in one line."""
    return words(element.xpath(".//text()").getall())


def words(texts: list[str]) -> str:
    return " ".join(NOTE.sub("", "".join(texts)).split())
