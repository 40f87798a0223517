"""Wiktionary: the members of a slang category of any language, then the definitions of each page."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

from pipelines.collecting.source import Ask, Page, Record, UnreadableError, WebSource
from pipelines.collecting.terms import refusal
from pipelines.collecting.wiktionary_senses import senses

CATEGORY = "English slang"
ASKED = {"action": "query", "list": "categorymembers", "cmtype": "page", "cmnamespace": "0", "cmlimit": "500"}
ASKED |= {"format": "json", "formatversion": "2", "maxlag": "5"}


class Wiktionary(WebSource):
    name, title, home = "wiktionary", "Wiktionary", "https://en.wiktionary.org"
    licence = "CC-BY-SA-4.0"
    attribution = "Wiktionary's contributors; each entry's url leads to its authors"
    terms = "https://foundation.wikimedia.org/wiki/Policy:Terms_of_Use"
    redistributable, holds_people = True, False
    base_url = "https://en.wiktionary.org"
    api_policy = "https://www.mediawiki.org/wiki/API:Etiquette"
    api_paths, decisive = ("/w/api.php", "/api/rest_v1/"), ("labels",)

    @classmethod
    def arguments(cls, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--category", action="append", metavar="NAME", help=f"of slang terms ({CATEGORY})")
        parser.add_argument("--label", action="append", metavar="L", help="take senses with this label (slang)")
        parser.add_argument("--all-senses", action="store_true", help="take senses with any label or none")

    def how(self) -> dict[str, Any]:
        return {"categories": self.categories(), "labels": sorted(self.labels())}

    def categories(self) -> list[str]:
        return [name.removeprefix("Category:") for name in self.options.category or [CATEGORY]]

    def labels(self) -> frozenset[str]:
        wanted = [] if self.options.all_senses else self.options.label or ["slang"]
        return frozenset(label.casefold() for label in wanted)

    def asks(self) -> Iterator[Ask]:
        for category in self.categories():
            yield self.members(category, {})
        for term in self.options.terms_wanted:
            yield self.definitions(term, "")

    def members(self, category: str, more: dict[str, str]) -> Ask:
        url = f"{self.base}/w/api.php?{urlencode({**ASKED, 'cmtitle': f'Category:{category}', **more})}"
        return Ask(url, f"Category:{category}", "members", {"category": category}, again=True)

    def definitions(self, title: str, category: str) -> Ask:
        url = f"{self.base}/api/rest_v1/page/definition/{in_path(title)}"
        return Ask(url, title, "definitions", {"title": title, "category": category})

    def read(self, page: Page) -> Iterator[Record | Ask]:
        return self.read_members(page) if page.ask.what == "members" else self.read_definitions(page)

    def read_members(self, page: Page) -> Iterator[Ask]:
        found, category = page.json(), page.ask.data["category"]
        if "query" not in found:
            raise UnreadableError(f"the site answers {str(found.get('error') or found)[:150]}")
        for member in found["query"]["categorymembers"]:
            if not refusal(member["title"]):
                yield self.definitions(member["title"], category)
        if more := found.get("continue"):
            yield self.members(category, {str(name): str(value) for name, value in more.items()})

    def read_definitions(self, page: Page) -> Iterator[Record]:
        title, category = page.ask.data["title"], page.ask.data["category"]
        for found in senses(title, page.json(), category, self.labels()):
            yield {**found, "url": f"{self.base}/wiki/{in_path(title)}"}


def in_path(title: str) -> str:
    return quote(title.replace(" ", "_"), safe="")
