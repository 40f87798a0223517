"""28 MARKUP: HTML entities and tags, BBCode, wiki links and the [links] of dictionary sites, in rows not about them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from curation.doctor.case import Case
from curation.doctor.row import Finding
from curation.doctor.rule import finding
from curation.doctor.spoken import Spoken, outside_code, reworded, spoken, without_code
from curation.doctor.survey import Survey
from curation.doctor.target import Target

# Names of HTML elements: `<G>` and `<3` are slang, `<b>` is markup.
_ELEMENTS = (
    "a|abbr|b|big|blockquote|body|br|button|center|cite|code|dd|del|details|div|dl|dt|em|figure|font|footer|form|h[1-6]|head|"
    "header|hr|html|i|iframe|img|input|ins|kbd|label|li|link|main|mark|meta|nav|ol|p|pre|q|s|samp|script|section|small|span|"
    "strike|strong|style|sub|summary|sup|svg|table|tbody|td|tfoot|th|thead|title|tr|tt|u|ul|var|video|ref|nowiki"
)
_ATTRIBUTE = r"""\s+[\w:-]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>=]+))?"""
_TAG = re.compile(rf"<!--.*?-->|<(?P<closes>/?)(?P<name>{_ELEMENTS})(?:{_ATTRIBUTE})*\s*/?>", re.IGNORECASE | re.DOTALL)
_HIDDEN = re.compile(r"<(script|style)\b[^<>]*>.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_BREAKING = {"br", "p", "div", "li", "tr", "hr", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table"}
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_BBCODE = re.compile(
    r"\[(?P<tag>b|i|u|s|url|img|quote|code|color|size|spoiler|center|list|font)(?:=[^\[\]\n]{1,100})?\](?P<inside>.*?)\[/(?P=tag)\]",
    re.IGNORECASE | re.DOTALL,
)
_WIKI = re.compile(r"\[\[(?:[^\[\]|\n]{1,80}\|)?([^\[\]|\n]{1,80})\]\]")
_LINK = re.compile(
    r"(?<![\w\]\\!\[$.])\[(?P<said>[^\W\d_][^\[\]\n]{0,60}|\d[\w ]*[^\W\d_][\w ]*)\](?![(\[{=]|:[ \t]*(?:https?:|<|/))"
)
# Brackets that writers use themselves.
_WRITTEN = re.compile(
    r"sic|x|laugh\w*|sigh\w*|pause|applause|music|cough\w*|crying|cries|noun|verb|adj\w*|adv\w*|n|v|"
    r"interj\w*|abbr\w*|citation needed|"
    r"edit(?:ed)?|deleted|removed|redacted|censored|name|bleep|unintelligible|inaudible|emphasis (?:mine|"
    r"added)|spoiler\w*|nsfw|"
    r"insert .*|note|todo|ok|info|warn(?:ing)?|error|inst|think|system|user|assistant|optional|verse.*|"
    r"chorus.*|intro|outro|bridge|"
    r"they|he|she|it|we|you|them|him|her|his|their|the|a|an|is|are|was|were|to|of|and|my|your|our|pdf|video|image|pic|link|source",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Markup:
    """Markup that is not what the row is about."""

    fault: str = "MARKUP"
    needs_ids: bool = False
    hints: tuple[str, ...] = (r"[\[&<]",)

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        said = spoken(case)
        if not any(markup_in(part) for _, part in said.turns) or is_about_markup(said):
            return
        for number, (role, part) in enumerate(said.turns):
            if role != "system" and (found := markup_in(part)):
                repair = "entities decoded, tags and brackets removed, their text kept"
                yield finding(case, self.fault, "warning", f"turn {number} ({role}): {found!r:.100}", repair)

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        return [reworded(case, lambda role, text: outside_code(text, plainly) if role != "system" else text)]


def markup_in(text: str) -> str:
    """The first piece of markup in a text, code apart; "" where there is none."""
    text = without_code(text)
    if "&" in text:
        for entity in _ENTITY.finditer(text):
            if html.unescape(entity.group()) != entity.group():
                return entity.group()
    if "<" in text and (tag := _TAG.search(text)):
        return tag.group()
    if "[" in text:
        return next((found.group() for search in (_BBCODE, _WIKI) if (found := search.search(text))), "") or link_in(
            text
        )
    return ""


def link_in(text: str) -> str:
    """The first link of a dictionary site; "" where brackets are the writer's own."""
    return next((found.group() for found in _LINK.finditer(text) if is_link(found)), "")


def is_link(found: re.Match[str], *, among: bool = False) -> bool:
    """Whether brackets are a link: words of the sentence, and neither a remark nor, unless among links, a heading."""
    said, text = found["said"], found.string
    if _WRITTEN.fullmatch(said) or (said.isupper() and len(said) > 1) or said != said.strip():
        return False
    if "=" in said or "_" in said or ": " in said:  # an attribute, a stage direction, "[Ed. note: rare]"
        return False
    if among:
        return True
    begin = text.rfind("\n", 0, found.start()) + 1
    stop = text.find("\n", found.end())
    line = text[begin : stop if stop >= 0 else len(text)].strip()
    if line == found.group() or (line.startswith(("- [", "* [", f"{found.group()} ")) and said[:1].isupper()):
        return False
    return not (
        text[found.start() - 1 : found.start()] in "(/"
        and text[found.end() : found.end() + 1] in ")/"
        and found.start()
    )


def is_about_markup(said: Spoken) -> bool:
    """Whether the question is about markup: it speaks of it, or names a tag or an entity alone."""
    if said.speaks_of("markup") or said.speaks_of("code"):
        return True
    asked = [text for role, text in said.turns if role == "user"]
    for text in asked:
        for pattern in (_ENTITY, _TAG):
            found = pattern.search(text)
            wraps = found and pattern is _TAG and not found["closes"] and f"</{found['name']}" in text
            if found and is_named(text, found) and not wraps:
                return True
    return False


def is_named(text: str, found: re.Match[str]) -> bool:
    """Whether a piece of text stands alone, as a word that is asked about."""
    before, after = text[: found.start()], text[found.end() :]
    return bool(re.search(r"(?:^|[\s\"“'‘`(])$", before) and re.match(r"[\"”'’`)]?(?:[\s?.,!]|$)", after)) and bool(
        re.search(r"\bmean|\bdo(?:es)?\b|\bis\b|\buse|\bwhat|\bhow", text, re.IGNORECASE)
    )


# ---------------------------------------------------------------- mending


def plainly(text: str) -> str:
    """The text without markup: entities decoded, tags and link brackets removed, what they hold kept."""
    for _ in range(3):  # entities may hide tags or other entities: "&amp;lt;b&amp;gt;"
        before = text
        text = _once(text)
        if text == before:
            break
    return text


def _once(text: str) -> str:
    if "<" in text and _TAG.search(text):
        text = _HIDDEN.sub("", text)
        text = _TAG.sub(lambda tag: "\n" if (tag["name"] or "").lower() in _BREAKING else "", text)
        text = re.sub(
            r"[ \t]*\n[ \t]*(?:\n\s*)*", lambda gap: "\n\n" if gap.group().count("\n") > 1 else "\n", text
        ).strip()
    if "[" in text:
        text = _BBCODE.sub(lambda found: found["inside"], text)
        text = _WIKI.sub(lambda found: found[1], text)
        among = bool(link_in(text))
        text = _LINK.sub(lambda found: found["said"] if is_link(found, among=among) else found.group(), text)
    return _ENTITY.sub(lambda entity: html.unescape(entity.group()).replace("\xa0", " "), text) if "&" in text else text
