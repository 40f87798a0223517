"""Wiktionary: the members of a slang category of any language, then the definitions of each page."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

from pipelines.collecting.source import Ask, Page, Record, UnreadableError, WebSource
from pipelines.collecting.terms import refusal

CATEGORY = "English slang"
A_CALL = 500  # members in one answer, the most that the site gives
LABELS, POINTER = ".ib-content", ".form-of-definition"  # how it marks a sense's labels, and a mere form of another word


class Wiktionary(WebSource):
    name = "wiktionary"
    title = "Wiktionary"
    home = "https://en.wiktionary.org"
    licence = "CC-BY-SA-4.0"
    attribution = "Wiktionary's contributors; each entry's url leads to its authors"
    terms = "https://foundation.wikimedia.org/wiki/Policy:Terms_of_Use"
    redistributable = True
    base_url = "https://en.wiktionary.org"
    delay = 1.0
    holds_people = False
    api_policy = "https://www.mediawiki.org/wiki/API:Etiquette"
    api_paths = ("/w/api.php", "/api/rest_v1/")

    @classmethod
    def arguments(cls, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--category", action="append", metavar="NAME", help=f"of slang terms ({CATEGORY})")
        parser.add_argument("--label", action="append", metavar="L", help="take senses with this label (slang)")
        parser.add_argument("--all-senses", action="store_true", help="take senses with any label or none")

    def how(self) -> dict[str, Any]:
        return {"categories": self.categories(), "labels": [] if self.options.all_senses else self.labels()}

    def categories(self) -> list[str]:
        return [name.removeprefix("Category:") for name in self.options.category or [CATEGORY]]

    def labels(self) -> list[str]:
        return [label.casefold() for label in self.options.label or ["slang"]]

    def asks(self) -> Iterator[Ask]:
        for category in self.categories():
            yield self.members(category, {})
        for term in self.options.terms_wanted:
            yield self.definitions(term, "")

    def members(self, category: str, more: dict[str, str]) -> Ask:
        query = {
            "action": "query",
            "list": "categorymembers",
            "cmtitle": f"Category:{category}",
            "cmtype": "page",
            "cmnamespace": "0",
            "cmlimit": A_CALL,
            "format": "json",
            "formatversion": "2",
            "maxlag": "5",
            **more,
        }
        url = f"{self.base}/w/api.php?{urlencode(query)}"
        return Ask(url, f"Category:{category}", "members", {"category": category}, again=True)

    def definitions(self, title: str, category: str) -> Ask:
        url = f"{self.base}/api/rest_v1/page/definition/{quote(title.replace(' ', '_'), safe='')}"
        return Ask(url, title, "definitions", {"title": title, "category": category})

    def read(self, page: Page) -> Iterator[Record | Ask]:
        if page.ask.what == "members":
            yield from self.read_members(page)
        else:
            yield from self.read_definitions(page)

    def read_members(self, page: Page) -> Iterator[Ask]:
        found, category = page.json(), page.ask.data["category"]
        if "query" not in found:
            answer = str(found.get("error") or found)
            raise UnreadableError(f"the site answers {answer[:150]}")
        for member in found["query"]["categorymembers"]:
            if not refusal(member["title"]):
                yield self.definitions(member["title"], category)
        if more := found.get("continue"):
            yield self.members(category, {str(name): str(value) for name, value in more.items()})

    def read_definitions(self, page: Page) -> Iterator[Record]:
        title, category = page.ask.data["title"], page.ask.data["category"]
        counted: Counter[str] = Counter()
        for code, sections in page.json().items():
            for section in sections:
                language = str(section.get("language") or code)
                if category and not category.casefold().startswith(language.casefold()):
                    continue
                for item in section["definitions"]:
                    place = f"{title}|{code}|{section['partOfSpeech']}"
                    counted[place] += 1
                    sense = self.sense(
                        str(item["definition"]), item.get("parsedExamples") or item.get("examples") or []
                    )
                    if sense:
                        url = f"{self.base}/wiki/{quote(title.replace(' ', '_'), safe='')}"
                        known = {"source_id": f"{place}|{counted[place]}", "term": title, "url": url}
                        code_known = "" if code == "other" else code
                        yield {**known, **sense, "part_of_speech": section["partOfSpeech"], "language": code_known}

    def sense(self, html: str, examples: list[Any]) -> Record | None:
        """The words of a sense; None where it has none, is only a form of another word, or lacks the label."""
        from parsel import Selector

        found = Selector(html or " ", type="html")
        labels = [plain(part.get()).casefold() for part in found.css(LABELS)]
        words = {word for label in labels for word in label.replace(",", " ").split()}
        if found.css(POINTER) or not (self.options.all_senses or words & set(self.labels())):
            return None
        for mark in found.css(".usage-label-sense, .ib-brac, .ib-content, style, script"):
            mark.drop()
        texts = [plain(item["example"] if isinstance(item, dict) else str(item)) for item in examples]
        definition = plain(found.get() or "")
        tags = ", ".join(labels)
        return (
            {"definition": definition, "example": [text for text in texts if text], "tags": tags}
            if definition
            else None
        )


def plain(html: str) -> str:
    """The words of a piece of HTML, in one line."""
    from parsel import Selector

    return " ".join("".join(Selector(html or " ", type="html").xpath("//text()[not(parent::style)]").getall()).split())
