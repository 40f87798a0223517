"""Wiktionary as wiktextract gives it (kaikki.org): JSON Lines, one word and part of speech a line, with its senses.

Only senses with one of the recipe's tags are taken, and no sense that merely points to another word. That is a
selection, not a loss; `passed_over` counts what it leaves out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from pipelines.sources.columns import Columns
from pipelines.sources.json_files import decode
from pipelines.sources.maps import Fields
from pipelines.sources.record import Record, Records, bad_record
from pipelines.sources.text_files import TextLines


def read_wiktextract(lines: TextLines, columns: Columns, passed_over: Counter[str]) -> Records:
    """Yield a record for each selected sense; those of one line share its row."""
    wanted = frozenset(columns.settings.tags)
    row = -1
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row += 1
        try:
            found = list(senses(decode(line), wanted, passed_over))
        except (ValueError, TypeError, AttributeError) as error:
            yield bad_record(row, number, "broken_record", f"no line of wiktextract: {error}", line)
            continue
        for fields in found:
            yield Record(row, number, fields)


def senses(word: Any, wanted: frozenset[str], passed_over: Counter[str]) -> Iterator[Fields]:
    """The selected senses of one word."""
    for sense in word.get("senses") or [{}]:
        tags = [str(tag) for tag in sense.get("tags") or []]
        if sense.get("form_of") or sense.get("alt_of"):
            passed_over["forms of another word"] += 1
        elif wanted and not wanted.intersection(tags):
            passed_over[f"senses without the tag {' or '.join(sorted(wanted))}"] += 1
        else:
            yield to_fields(word, sense, tags)


def to_fields(word: dict[str, Any], sense: dict[str, Any], tags: list[str]) -> Fields:
    """One sense, by the entry's field names. Of nested glosses the last is the sense itself."""
    glosses = [str(gloss) for gloss in sense.get("glosses") or sense.get("raw_glosses") or []]
    return {
        "term": word.get("word"),
        "definition": glosses[-1] if glosses else "",
        "example": example_texts(sense),
        "part_of_speech": word.get("pos"),
        "language": word.get("lang_code"),
        "linked_terms": [item.get("word") for item in sense.get("synonyms") or [] if item.get("word")],
        "tags": ", ".join(tags),
        "topics of the sense": ", ".join(str(topic) for topic in sense.get("topics") or []),
        "wider gloss": " / ".join(glosses[:-1]),
    }


def example_texts(sense: dict[str, Any]) -> list[str]:
    """Texts of the examples, made-up ones before quotations. Their references name authors and are left out."""
    examples = [item for item in sense.get("examples") or [] if str(item.get("text") or "").strip()]
    return [str(item["text"]) for item in sorted(examples, key=lambda item: item.get("type") != "example")]
