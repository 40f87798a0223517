"""Urban Dictionary's JSON API: the definitions of terms, page after page until one is empty, or random ones."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from pipelines.collecting.source import Ask, CollectError, Page, Record, UnreadableError, WebSource

LINK = re.compile(r"\[([^\[\]]{1,200})\]")
MOST_PAGES = 200  # of one term: about 2,000 definitions


class UrbanDictionary(WebSource):
    name = "urban_dictionary"
    title = "Urban Dictionary"
    home = "https://www.urbandictionary.com"
    licence = ""
    attribution = "Urban Dictionary and its writers"
    terms = "https://about.urbandictionary.com/tos: no licence to pass the text on is published"
    redistributable = False
    language = "en"
    base_url = "https://api.urbandictionary.com"
    delay = 2.0
    holds_people = True

    @classmethod
    def arguments(cls, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--random", type=int, default=0, metavar="N", help="N pages of random definitions")

    def how(self) -> dict[str, Any]:
        return {"random": self.options.random}

    def asks(self) -> Iterator[Ask]:
        terms = list({term.casefold(): term for term in self.options.terms_wanted}.values())  # it knows no case
        if not terms and self.options.random < 1:
            raise CollectError("urban_dictionary: which terms? Give --term, --terms, --terms-from or --random")
        for term in terms:
            yield self.define(term, 1)
        for number in range(self.options.random):
            yield Ask(f"{self.base}/v0/random", group="", number=number + 1, again=True)

    def define(self, term: str, page: int, seen: list[str] | None = None) -> Ask:
        query = urlencode({"term": term, "page": page})
        data = {"term": term, "page": page, "seen": seen or []}
        return Ask(f"{self.base}/v0/define?{query}", group=term.casefold(), data=data)

    def read(self, page: Page) -> Iterator[Record | Ask]:
        listed = page.json()["list"]
        if not isinstance(listed, list):
            raise UnreadableError("its list is none")
        records = [record(item) for item in listed]
        yield from records
        found = [item["source_id"] for item in records]
        asked = page.ask.data
        if asked and found and not set(found) <= set(asked["seen"]) and asked["page"] < MOST_PAGES:
            yield self.define(asked["term"], asked["page"] + 1, found)  # the same page once more is the end


def record(item: dict[str, Any]) -> Record:
    """One definition, without its author."""
    definition, example = str(item["definition"]), str(item.get("example") or "")
    return {
        "source_id": str(item["defid"]),
        "term": str(item["word"]),
        "definition": definition,
        "example": example,
        "url": str(item.get("permalink") or ""),
        "date": str(item.get("written_on") or ""),
        "votes_up": item.get("thumbs_up"),
        "votes_down": item.get("thumbs_down"),
        "linked_terms": list(dict.fromkeys(LINK.findall(f"{definition}\n{example}"))),
    }
