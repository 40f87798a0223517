"""Wiktionary's page definitions, HTML inside JSON, as records: the senses of a language that have a label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from pipelines.collecting.source import Record

LABELS, POINTER = ".ib-content", ".form-of-definition"  # how it marks a sense's labels, and a mere form of another word


def senses(title: str, page: dict[str, Any], category: str, wanted: frozenset[str]) -> Iterator[Record]:
    """The senses of a page, in the category's language, with one of the wanted labels; with none wanted, all.

    `page` is {language code: [{"partOfSpeech", "language", "definitions": [{"definition", "parsedExamples"}]}]}. A
    sense is known by its place: the n-th of its part of speech.
    """
    counted: Counter[str] = Counter()
    for code, sections in page.items():
        for section in sections:
            language = str(section.get("language") or code)
            if category and not category.casefold().startswith(language.casefold()):
                continue
            for item in section["definitions"]:
                place = f"{title}|{code}|{section['partOfSpeech']}"
                counted[place] += 1
                examples = item.get("parsedExamples") or item.get("examples") or []
                found = sense(str(item["definition"]), examples, wanted)
                if found:
                    known = {"source_id": f"{place}|{counted[place]}", "term": title, **found}
                    yield {
                        **known,
                        "part_of_speech": section["partOfSpeech"],
                        "language": "" if code == "other" else code,
                    }


def sense(html: str, examples: list[Any], wanted: frozenset[str]) -> Record | None:
    """The words of a sense; None where it has none, is only a form of another word, or lacks the label."""
    from parsel import Selector

    found = Selector(html or " ", type="html")
    labels = [plain(part.get()).casefold() for part in found.css(LABELS)]
    words = {word for label in labels for word in label.replace(",", " ").split()}
    if found.css(POINTER) or (wanted and not words & wanted):
        return None
    for mark in found.css(".usage-label-sense, .ib-brac, .ib-content, style, script"):
        mark.drop()
    definition = plain(found.get() or "")
    if not definition:
        return None
    texts = [plain(item["example"] if isinstance(item, dict) else str(item)) for item in examples]
    return {"definition": definition, "example": [text for text in texts if text], "tags": ", ".join(labels)}


def plain(html: str) -> str:
    """The words of a piece of HTML, in one line."""
    from parsel import Selector

    return " ".join("".join(Selector(html or " ", type="html").xpath("//text()[not(parent::style)]").getall()).split())
