"""A glossary on any web page: `--preview` shows what is found by structure, NAME.toml confirms it, and then it is read.

python -m pipelines.collect glossary --url https://slang.example/list --name example --preview
(read data/snapshots/example.toml, say under which licence, set confirmed = true)
python -m pipelines.collect glossary --name example
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

from pipelines.collecting.glossary import LayoutError, next_page, numbered, read_glossary
from pipelines.collecting.glossary_settings import GlossarySettings, preview, read_settings
from pipelines.collecting.glossary_shapes import split_term
from pipelines.collecting.source import Ask, CollectError, Page, Record, UnreadableError, WebSource


class Glossary(WebSource):
    name, title, home = "glossary", "glossary page", ""
    terms = "the site's own terms of use"
    base_url = ""
    decisive = ("layout",)
    delay = 2.0
    holds_people = True

    @classmethod
    def arguments(cls, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--url", action="append", default=[], metavar="URL", help="the page; again for more")
        parser.add_argument(
            "--preview", action="store_true", help="show what is found, write NAME.toml, collect nothing"
        )

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(options)
        self.file = options.out / f"{options.name}.toml"
        self.settings: GlossarySettings | None = None
        if not options.preview:
            self.settings = read_settings(self.file)
            self.take(self.settings)
        elif not options.url:
            raise CollectError("glossary --preview: which page? Give --url")

    def take(self, settings: GlossarySettings) -> None:
        """What the TOML says of the text's rights is what travels with it."""
        self.title, self.home = settings.title or urlsplit(settings.urls[0]).hostname or "glossary", settings.urls[0]
        self.licence, self.attribution = settings.licence, settings.attribution or self.title
        self.terms, self.language = settings.terms or self.terms, settings.language
        self.redistributable = settings.redistributable

    def instead(self) -> int | None:
        return preview(self, self.options.url) if self.options.preview else None

    def how(self) -> dict[str, Any]:
        return {"layout": self.settings.layout.as_toml(), "urls": self.settings.urls} if self.settings else {}

    def asks(self) -> Iterator[Ask]:
        urls = self.settings.urls if self.settings else self.options.url
        return (Ask(url, group=url) for url in urls)

    def read(self, page: Page) -> Iterator[Record | Ask]:
        assert self.settings
        try:
            rows = read_glossary(page.text, self.settings.layout)
        except LayoutError as error:
            raise CollectError(f"{self.file}: {error}") from None
        if not rows:
            raise UnreadableError(f"nothing stands at {self.settings.layout.where!r}; look again with --preview")
        place = urlsplit(page.ask.url)
        for number, (name, definition, example) in numbered(rows):
            term, word_class = split_term(name)
            known = {"source_id": f"{place.path}?{place.query}|{name}|{number}", "term": term, "url": page.ask.url}
            yield {**known, "definition": definition, "example": example, "part_of_speech": word_class}
        following = urljoin(page.ask.url, next_page(page.text))
        if urlsplit(following)[:2] == place[:2] and following.split("#")[0] != page.ask.url:
            yield Ask(following.split("#")[0], group=page.ask.group)
