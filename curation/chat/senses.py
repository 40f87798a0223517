"""Entries to terms and their senses: what of each may be used in a conversation."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from curation.chat import phrasings
from curation.chat.definitions import clean_definition, list_items
from curation.chat.glosses import in_context, predicate
from curation.chat.sentences import tidy, tidy_lines, unquoted
from curation.normalize import term_key

LONGEST_EXAMPLE = 400  # characters; a longer one is a story, not a sentence
AROUND_A_WORD = " #.,!?…"  # marks that make no sentence of a lone term
SIDES = ("train", "validation", "test")
Row = dict[str, Any]


@dataclass
class Sense:
    """One usable definition of a term, with what may be shown of it."""

    id: str
    ids: list[str]  # its own and those of entries that say the same
    term: str
    definition: str  # cleaned
    said: str  # verb and definition, to follow the term; "" where the definition stands on its own
    items: list[str]  # of a definition that is itself a numbered list
    examples: list[str]
    context: str  # a sentence, or ""
    slang: str  # "slang", "Indonesian slang"
    slur: bool
    doubted: bool  # it may be the same as another sense of its term
    split: str
    weight: float  # votes for less votes against, plus one for each row merged into it


@dataclass
class Term:
    """All senses of one term key, the weightiest first."""

    key: str
    name: str  # the spelling that most of its senses have
    slang: str  # "slang" where its senses are of several languages
    split: str
    senses: list[Sense] = field(default_factory=list)


def group_by_term(rows: list[Row]) -> list[Term]:
    """Usable definitions (rows sorted by id) by term key; of two senses that say the same, the first stays."""
    groups: dict[str, dict[str, Sense]] = defaultdict(dict)
    shown = _sides_of_sentences(rows)
    for row in rows:
        if sense := read_sense(row):
            sense.examples = [text for text in sense.examples if shown.get(text.casefold(), sense.split) == sense.split]
            known = groups[row["term_key"]].setdefault(_bare(sense.definition), sense)
            if known is not sense:
                known.ids.append(sense.id)
                known.examples += [text for text in sense.examples if text not in known.examples]
    return [_term(key, list(senses.values())) for key, senses in sorted(groups.items())]


def _bare(definition: str) -> str:
    """A definition for comparison: small letters, no punctuation at the end."""
    return definition.casefold().rstrip(".!?… ") or definition


def _sides_of_sentences(rows: list[Row]) -> dict[str, str]:
    """Example → the one split that may show it: training, where a training entry has it."""
    sides: dict[str, str] = {}
    for row in rows:
        for text in (row["example"], *row["examples"]):
            key = unquoted(tidy_lines(text)).casefold()
            sides[key] = min(sides.get(key, row["split"]), row["split"], key=SIDES.index)
    return sides


def _term(key: str, senses: list[Sense]) -> Term:
    senses.sort(key=lambda sense: (-sense.weight, sense.id))
    spellings = Counter(sense.term for sense in senses)
    name = min(spellings, key=lambda text: (-spellings[text], text))
    languages = {sense.slang for sense in senses}
    return Term(key, name, languages.pop() if len(languages) == 1 else "slang", senses[0].split, senses)


def read_sense(row: Row) -> Sense | None:
    """The sense of a row, or None where its definition says nothing or belongs to another term."""
    term = tidy(row["term"])
    text = clean_definition(term, row["definition"]) if row["definition"].strip() and term else ""
    if not text or "definition_of_another_term" in row["flags"] or text.casefold().strip(".") == term.casefold():
        return None
    language = phrasings.LANGUAGES.get(row["language"].split("-")[0].lower(), "")
    return Sense(
        id=row["id"],
        ids=[row["id"]],
        term=term,
        definition=text,
        said=predicate(term, text, row["id"]),
        items=list_items(text),
        examples=usable_examples(row, term),
        context="" if _example_doubted(row) else in_context(term, row["context"]),
        slang=f"{language} slang" if language else "slang",
        slur=row["offensive"] == "slur",
        doubted="same_sense_doubt" in row["flags"],
        split=row["split"],
        weight=_number(row["votes_up"]) - _number(row["votes_down"]) + len(row["merged_ids"]),
    )


def usable_examples(row: Row, term: str) -> list[str]:
    """Examples that show the term: the row's own unless a stage doubts it, then those of merged rows that hold it."""
    own = unquoted(tidy_lines(row["example"]))
    others = [unquoted(tidy_lines(text)) for text in row["examples"]]
    found = [] if _example_doubted(row) else [own]
    found += [text for text in others if text != own and term.casefold() in text.casefold()]
    return [text for text in dict.fromkeys(found) if _shows_use(text, term) and len(text) <= LONGEST_EXAMPLE]


def _shows_use(text: str, term: str) -> bool:
    """Whether a text says more than the term alone: “#Gaming.” shows nobody how “gaming” is used."""
    said = term_key(text.strip(AROUND_A_WORD))
    return said not in ("", term_key(term.strip(AROUND_A_WORD)))


def _example_doubted(row: Row) -> bool:
    """Whether the example belongs elsewhere. Then the context does too: people write it beside the example."""
    return not {"example_lacks_term", "example_of_another_term"}.isdisjoint(row["flags"])


def _number(votes: Any) -> float:
    """Votes as a number; 0 where a source has none."""
    return float(votes) if isinstance(votes, int | float) and votes == votes else 0.0  # noqa: PLR0124  # not NaN
