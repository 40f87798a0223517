"""What is missing: terms that a build's own texts and the evaluation speak of and that have no entry of their own.

Sought in the evaluation's expressions, in linked terms, and in examples. A word of examples that is neither frequent
in English nor used by a definition, which is written in plain words, may be slang. It may also be a name or a slip of
the pen: the examples of two terms at least must use it.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.normalize import term_key
from pipelines.collecting.source import CollectError
from pipelines.collecting.terms import entries_file, refusal
from pipelines.embedding import common_words

if TYPE_CHECKING:
    import pandas as pd

EVALUATION = Path(__file__).resolve().parents[2] / "data" / "evaluation"
COLUMNS = ["term", "definition", "example", "examples", "context", "plain", "linked_terms"]
WORD = re.compile(r"(?<![\w’'#@/.-])[^\W\d_]{3,}(?:[’'-][^\W\d_]+)*(?![\w@])")
ENDINGS = ("s", "es", "ed", "d", "ing", "er", "ly", "’s", "'s", "n't", "in'")
TERMS_OF_EXAMPLES = 2  # a word of examples is missing when the examples of so many terms use it


@dataclass(frozen=True)
class Gap:
    """A term without an entry: where it was met, and how often there (rows, terms or prompts)."""

    term: str
    where: str  # "evaluation", "links" or "examples"
    count: int


def gaps_of_build(build: str, builds: Path) -> list[Gap]:
    """The gaps of a build, named or by its folder. Raises CollectError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = entries_file(build, builds)
    try:
        have = pq.read_schema(file).names
        table = pq.read_table(file, columns=[name for name in COLUMNS if name in have]).to_pandas()
    except (OSError, ValueError, pa.ArrowException) as error:
        raise CollectError(f"{file}: cannot be read: {str(error).splitlines()[0]}") from None
    return find_gaps(table, expressions(EVALUATION), common_words())


def expressions(folder: Path) -> list[str]:
    """The expressions that the evaluation asks about, in its order."""
    items = [item for file in sorted(folder.glob("*.json")) for item in json.loads(file.read_text(encoding="utf-8"))]
    found = [one["term"] for item in items if isinstance(item, dict) for one in item.get("expressions", ())]
    return list(dict.fromkeys(found))


def find_gaps(entries: pd.DataFrame, asked: Iterable[str], common: frozenset[str] = frozenset()) -> list[Gap]:
    """Gaps, most useful first: the evaluation's, then by how often they were met; each once.

    `common` are frequent words of English in lower case: they are no gaps of examples.
    """
    known = {term_key(term) for term in entries["term"]}
    found: dict[str, Gap] = {}
    for gap in (*in_evaluation(asked), *in_links(entries), *in_examples(entries, known, common)):
        key = term_key(gap.term)
        if key and key not in known and key not in found and not refusal(gap.term):
            found[key] = gap
    order = {"evaluation": 0}
    return sorted(found.values(), key=lambda gap: (order.get(gap.where, 1), -gap.count, gap.term))


def in_evaluation(asked: Iterable[str]) -> Iterator[Gap]:
    return (Gap(term, "evaluation", 1) for term in asked)


def in_links(entries: pd.DataFrame) -> Iterator[Gap]:
    """Terms that definitions and examples link to, by rows."""
    counted = Counter(term for linked in texts_of(entries, "linked_terms") for term in set(linked))
    return (Gap(term, "links", count) for term, count in sorted(counted.items()))


def in_examples(entries: pd.DataFrame, known: set[str], common: frozenset[str]) -> Iterator[Gap]:
    """Words of examples that no definition uses, in the spelling that is met most, by terms."""
    plain = {word.casefold() for name in ("definition", "context", "plain") if name in entries
             for text in entries[name] for word in WORD.findall(text)}  # fmt: skip
    users: dict[str, set[str]] = defaultdict(set)
    small: set[str] = set()  # met in lower case: most that never are are names
    columns = [name for name in ("example", "examples") if name in entries]
    for term, *cells in zip(entries["term"], *(entries[name] for name in columns), strict=True):
        for word in {word for cell in cells for text in texts(cell) for word in WORD.findall(text)}:
            small |= {word} if word.islower() else set()
            users[word.casefold()].add(term)
    ordinary = plain | common | {word for key in known for word in key.split()}
    for word, terms in sorted(users.items()):
        if len(terms) >= TERMS_OF_EXAMPLES and word in small and not is_form(word, ordinary):
            yield Gap(word, "examples", len(terms))


def is_form(word: str, ordinary: set[str]) -> bool:
    """Whether a word or what is left without an ending is known; `stopping` goes back to `stop`, `making` to `make`."""
    stems = [word.removesuffix(ending) for ending in ENDINGS if word.endswith(ending)]
    doubled = [stem[:-1] for stem in stems if stem[-1:] == stem[-2:-1]]
    return any(form in ordinary for stem in (word, *stems, *doubled) for form in (stem, stem + "e", stem[:-1] + "y"))


def texts_of(entries: pd.DataFrame, name: str) -> Iterator[list[str]]:
    return (texts(cell) for cell in entries[name]) if name in entries else iter(())


def texts(cell: Any) -> list[str]:
    """The texts of a cell, whether it holds one or a list."""
    return [cell] if isinstance(cell, str) else [] if cell is None else list(cell)
