"""The word lists that stages are given: names (from Faker's own lists) and offensive words (from data/lexicons)."""

from __future__ import annotations

import csv
import importlib
import pkgutil
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args

import regex

from curation.offensive import OffensiveClass

OFFENSIVE_WORDS = Path(__file__).parents[1] / "data" / "lexicons" / "offensive.tsv"
CLASSES: tuple[str, ...] = get_args(OffensiveClass)
# Words of English that are a name somewhere (Vietnamese My, Swedish Per): in a text they are nearly always the word.
_NOT_NAMES_TEXT = """
an as be by can day do gay gun he her his in is it little man my no of on or per post red said she so sun the to
true war was you young
"""
NOT_NAMES = frozenset(_NOT_NAMES_TEXT.split())
_LATIN_NAME = regex.compile(r"[\p{Latin}'’-]{2,}")


@lru_cache(maxsize=1)
def first_names() -> frozenset[str]:
    """First names of every Faker locale that writes them in Latin letters, lower case."""
    return frozenset(_names("first_name")) - NOT_NAMES


@lru_cache(maxsize=1)
def family_names() -> frozenset[str]:
    """Family names of every Faker locale that writes them in Latin letters, lower case."""
    return frozenset(_names("last_name")) - NOT_NAMES


def offensive_words(path: Path = OFFENSIVE_WORDS) -> dict[str, str]:
    """Word or phrase, lower case → its class. ValueError names the file and line that is not `word<TAB>class`."""
    words: dict[str, str] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE), start=1):
            if number == 1 or not row:
                continue
            if len(row) != 2 or not row[0] or row[1] not in CLASSES:
                raise ValueError(
                    f"{path}, line {number}: expected a word, a tab and one of {', '.join(CLASSES)}; "
                    f"found {row!r}. Correct the line or delete it"
                )
            words[row[0].casefold()] = row[1]
    return words


def _names(kind: str) -> Iterable[str]:
    for provider in _person_providers():
        for attribute in dir(provider):
            if attribute.startswith(kind):
                yield from _latin(getattr(provider, attribute))


def _person_providers() -> Iterable[Any]:
    """Faker's classes of names, one a locale. Their lists are read as data: nothing is drawn at random."""
    package = importlib.import_module("faker.providers.person")
    for module in sorted(found.name for found in pkgutil.iter_modules(package.__path__)):
        yield importlib.import_module(f"faker.providers.person.{module}").Provider


def _latin(names: Any) -> Iterable[str]:
    """The single-word names of a list; other attributes (methods, formats) give nothing."""
    if isinstance(names, dict | list | tuple | set | frozenset):
        yield from (name.casefold() for name in names if isinstance(name, str) and _LATIN_NAME.fullmatch(name))
