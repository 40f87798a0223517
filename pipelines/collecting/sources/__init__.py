"""The sources that can be collected, by name.

To add one, write a file of it here and a line in SOURCES: CONTRIBUTING.md has a worked example, which a test runs.

`source_id` is what the source calls the record: by it the next collect knows it again. The other names are those of an
entry's fields (curation/entry.py); what is no field travels as an annotation. Take only what you name: whoever wrote a
text is never stored. The group says whose records a page holds; a page's further pages have its group, so that what
was in the group before and is in none of its pages now has vanished. A list of terms is a group of its own, and asks
for each term's group; mark it `again=True` where it grows. Crawling, politeness, resume, freshness and the snapshot are
not the source's business. A source in files that are already here is a FileSource: it says what the items of a
file are and which records a part of them holds. By the file's name the next collect knows what has vanished from it.
"""

from __future__ import annotations

import difflib
from importlib import import_module

from pipelines.collecting.source import CollectError, Source

SOURCES = {  # name → module of this folder and class; imported when used
    "dictd": "dictd:Dictd",
    "glossary": "glossary:Glossary",
    "hub_dataset": "hub_dataset:HubDataset",
    "hub_rows": "hub_rows:HubRows",
    "reddit_dump": "reddit_dump:RedditDump",
    "urban_dictionary": "urban_dictionary:UrbanDictionary",
    "wiktextract": "wiktextract:Wiktextract",
    "wiktionary": "wiktionary:Wiktionary",
}


def find_source(name: str) -> type[Source]:
    """The source of a name. Raises CollectError, naming near ones."""
    if name not in SOURCES:
        close = difflib.get_close_matches(name.lower().replace("-", "_"), SOURCES, n=2, cutoff=0.4)
        known = f"did you mean {' or '.join(map(repr, close))}?" if close else f"known: {', '.join(sorted(SOURCES))}"
        raise CollectError(f"there is no source {name!r}; {known}")
    module, _, kind = SOURCES[name].partition(":")
    found: type[Source] = getattr(import_module(f"{__name__}.{module}"), kind)
    return found
