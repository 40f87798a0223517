"""Wiktionary as wiktextract dumps it (kaikki.org): JSON Lines, packed or not, read as a stream."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from pipelines.collecting.files import FileSource
from pipelines.collecting.source import Record


class Wiktextract(FileSource):
    name = "wiktextract"
    title = "Wiktionary (wiktextract's dump)"
    home = "https://kaikki.org"
    licence = "CC-BY-SA-4.0"
    attribution = "Wiktionary's contributors; extracted by wiktextract (Ylonen, LREC 2022)"
    terms = "https://foundation.wikimedia.org/wiki/Policy:Terms_of_Use"
    redistributable = True
    part = 5_000  # lines

    @classmethod
    def arguments(cls, parser: argparse.ArgumentParser) -> None:
        super().arguments(parser)
        parser.add_argument("--tag", action="append", metavar="TAG", help="take senses with this tag (slang)")
        parser.add_argument("--language-code", action="append", metavar="CODE", help="of these languages only (all)")

    def how(self) -> dict[str, Any]:
        return {"tags": self.tags(), "languages": self.options.language_code or []}

    def tags(self) -> list[str]:
        return self.options.tag or ["slang"]

    def records(self, items: list[Any]) -> Iterator[Record]:
        from pipelines.sources.wiktextract import senses

        wanted, wanted_terms = frozenset(self.tags()), frozenset(self.options.terms_wanted)
        languages, passed_over = frozenset(self.options.language_code or ()), Counter[str]()
        for line in items:
            if not any(f'"{tag}"' in line for tag in wanted):
                continue  # most of a dump: not even parsed
            try:
                word = json.loads(line)
                if languages and word.get("lang_code") not in languages:
                    continue
                if wanted_terms and word.get("word") not in wanted_terms:
                    continue
                yield from named(word, senses(word, wanted, passed_over))
            except (ValueError, TypeError, AttributeError, RecursionError) as error:
                self.warn(f"a line is no line of wiktextract ({type(error).__name__}) and is left out: {line[:60]!r}")


def named(word: dict[str, Any], senses: Iterator[dict[str, Any]]) -> Iterator[Record]:
    """The senses with a name that stays the same while the entry does: word, language, part of speech, place."""
    parts = (word.get("word"), word.get("lang_code"), word.get("pos"), word.get("etymology_number"))
    place = "|".join(str(part or "") for part in parts)
    for number, fields in enumerate(senses, 1):
        yield {"source_id": f"{place}|{number}", **{name: value for name, value in fields.items() if value}}
