"""The terms of a build that can be asked about: what is right for each, beyond doubt, and short enough."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import regex

from curation.decontaminate import words_of
from train.evaluation.distractors import Candidate, rank
from train.evaluation.wording import GAP

if TYPE_CHECKING:
    from train.build_folder import BuildFolder, Split

Side = Literal["held_out", "trained"]
SIDES: dict[Side, tuple[Split, ...]] = {"held_out": ("validation", "test"), "trained": ("train",)}
# Flags of stages: what is doubted is neither right nor wrong beyond doubt.
DOUBTED = frozenset({"definition_of_another_term", "label_issue", "overlaps_evaluation"})
BAD_EXAMPLE = frozenset({"example_of_another_term", "example_lacks_term"})
LONGEST = 160  # characters of a definition; a longer one is a story, and costs time
SHORTEST_SENTENCE = 5  # words of an example with a gap
Row = dict[str, Any]


@dataclass(frozen=True)
class Asked(Candidate):
    """A term to ask about; `text` is the right answer."""

    term: str = ""
    sentence: str = ""  # an example of its use, with a gap in its place


class Terms:
    """Usable rows of a build, by side and term, in an order of chance that the seed fixes."""

    def __init__(self, rows: Iterable[Row], seed: int) -> None:
        self._terms: dict[str, list[Row]] = defaultdict(list)
        for row in sorted(rows, key=lambda row: rank(seed, row["id"])):
            self._terms[row["term_key"]].append(row)

    @classmethod
    def read(cls, build: BuildFolder, seed: int, trained_terms: Collection[str] | None = None) -> Terms:
        """The definitions that conversations of the build were made from."""
        names = ("id", "kind", "term", "term_key", "definition", "example", "flags", "split", "conversations")
        table = build.entries()
        rows = [dict(zip(names, cells, strict=True)) for cells in zip(*(table[name] for name in names), strict=True)]
        usable = [row for row in rows if row["kind"] == "definition" and len(row["conversations"])]
        if trained_terms is not None:
            usable = [row for row in usable if row["split"] != "train" or row["term_key"] in trained_terms]
        return cls(usable, seed)

    def definitions(self, side: Side) -> list[Asked]:
        """One definition a term, no two of them the same text."""
        found: dict[str, Asked] = {}
        for row, *more in self._of(side):
            text, term = row["definition"].strip(), row["term"]
            if askable(text, term):
                senses = tuple(dict.fromkeys(other["definition"].strip() for other in more))
                found.setdefault(text.casefold(), Asked(row["id"], row["term_key"], text, senses, term=term))
        return list(found.values())

    def gaps(self, side: Side) -> list[Asked]:
        """One sentence a term, with a gap for the term; capital letters alone shall not tell which fits."""
        found = []
        for row, *_ in self._of(side):
            term, sentence = row["term"].strip(), with_gap(row["example"], row["term"])
            if sentence and not BAD_EXAMPLE & set(row["flags"]):
                shape = term.isupper()
                found.append(Asked(row["id"], row["term_key"], term, shape=shape, term=term, sentence=sentence))
        return found

    def _of(self, side: Side) -> Iterable[list[Row]]:
        """The rows of each term of a side, without those that were doubted."""
        for rows in self._terms.values():
            sound = [row for row in rows if row["split"] in SIDES[side] and not DOUBTED & set(row["flags"])]
            if sound:
                yield sound


def askable(definition: str, term: str) -> bool:
    """Short enough, and not giving itself away by naming its term."""
    words, named = words_of(definition), words_of(term)
    named_in = any(words[start : start + len(named)] == named for start in range(len(words))) if named else False
    return 0 < len(definition) <= LONGEST and bool(words) and not named_in


def with_gap(sentence: str, term: str) -> str:
    """The sentence with a gap in the term's place; "" where the term is not there exactly once, or little else is."""
    place = regex.compile(rf"(?<![\p{{L}}\p{{N}}]){regex.escape(term.strip())}(?![\p{{L}}\p{{N}}])", regex.IGNORECASE)
    sentence = " ".join(sentence.split())
    if len(place.findall(sentence)) != 1 or len(words_of(sentence)) < SHORTEST_SENTENCE or "“" in sentence:
        return ""
    return str(place.sub(lambda _: GAP, sentence))
