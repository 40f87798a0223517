"""Copies across terms: (nearly) the same definition under different terms, linked and flagged, never merged.

Spam and copypasta look like this, and so do honest synonyms: only a person can tell, so nothing leaves here.

How near copies are found: each definition is cut into runs of `RUN` words, its own term blanked out. Two texts whose
runs overlap by a Jaccard index of t must share one of the rarest (1 - t) of their runs (prefix filtering: Chaudhuri,
Ganti and Kaushik, 2006), so only texts that meet in a rare run are candidates, and none is missed. The exact Jaccard
index of each candidate decides.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from curation.deduplicate import still_open
from curation.entry import content_hash
from curation.stage import Given, Stage, flag
from curation.text.comparison import comparison_key

if TYPE_CHECKING:
    import pandas as pd

RUN = 3  # words a run
OWN_TERM = "~"  # stands for the term of a definition inside that definition


@dataclass(frozen=True)
class CopiesAcrossTerms(Stage):
    """Links definitions that are copied from term to term.

    A group is a star: every member is the same as, or nearly the same as, the group's centre, the text that the most
    terms share (then the one with the smallest key). Texts are taken into a group once, so no chain of likenesses
    joins two texts that are not alike. `copy_group` is a hash of the centre's text; it does not depend on row order.
    """

    name = "copies_across_terms"
    flags = ("copied_across_terms",)
    scope = "table"
    needs = ("term_key",)
    adds = ("copy_group", "copied_terms")

    least_words: Annotated[int, Field(ge=1)] = 4  # words: a shorter definition under two terms is a synonym, no copy
    least_words_near: Annotated[int, Field(ge=RUN)] = 10  # words: a shorter one must be the same to be a copy
    near: Annotated[float, Field(gt=0.5, le=1)] = 0.7  # Jaccard index of word runs from which two texts are near copies
    most_terms_named: Annotated[int, Field(ge=1)] = 20  # other terms listed in `copied_terms`

    def __call__(self, table: pd.DataFrame, given: Given) -> pd.DataFrame:
        import pandas as pd

        keys = self._compared(table)
        terms: defaultdict[str, set[str]] = defaultdict(set)
        for key, term_key in zip(keys, table["term_key"], strict=True):
            terms[key].add(term_key)
        terms.pop("", None)
        centre_of = stars(terms, near_copies(terms, self.near, self.least_words_near))
        groups: defaultdict[str, set[str]] = defaultdict(set)
        for key, centre in centre_of.items():
            groups[centre] |= terms[key]
        spread = {key: centre for key, centre in centre_of.items() if len(groups[centre]) > 1}
        names = {centre: sorted(members) for centre, members in groups.items()}
        copied = [key in spread for key in keys]
        others = [
            [name for name in names[spread[key]] if name != own][: self.most_terms_named] if key in spread else []
            for key, own in zip(keys, table["term_key"], strict=True)
        ]
        table = table.assign(
            copy_group=pd.Series(
                [content_hash(spread[key]) if key in spread else "" for key in keys], index=table.index, dtype="str"
            ),
            copied_terms=pd.Series(others, index=table.index, dtype=object),
        )
        return flag(table, copied, "copied_across_terms")

    def _compared(self, table: pd.DataFrame) -> list[str]:
        """What is compared of each definition; "" for a row that is not compared.

        That is its comparison key: as it is where several terms have the very same text, its own term blanked out else.
        """
        columns = zip(still_open(table), table["kind"], table["definition"], strict=True)
        texts = [comparison_key(text) if is_open and kind == "definition" else "" for is_open, kind, text in columns]
        terms: defaultdict[str, set[str]] = defaultdict(set)
        for text, term_key in zip(texts, table["term_key"], strict=True):
            terms[text].add(term_key)
        keys = []
        for text, term_key in zip(texts, table["term_key"], strict=True):
            key = text if len(terms[text]) > 1 else _blanked(text, comparison_key(term_key))
            words = sum(word != OWN_TERM for word in key.split())
            keys.append(key if words >= self.least_words else "")
        return keys


def _blanked(key: str, term: str) -> str:
    """`emma is a girl` of the term Emma and `anna is a girl` of Anna are copies of one text."""
    return f" {key} ".replace(f" {term} ", f" {OWN_TERM} ").replace(f" {term}s ", f" {OWN_TERM} ").strip()


def near_copies(texts: dict[str, set[str]], near: float, least_words: int) -> dict[str, list[tuple[float, str]]]:
    """For each text its near copies: the Jaccard index of their word runs, at least `near`, and the text.

    `texts` maps a comparison key to the terms it stands under; two texts under one and the same term are no copies.
    """
    runs = _runs(sorted(key for key in texts if key.count(" ") + 1 >= least_words))
    common = Counter(run for own in runs.values() for run in own)
    found: defaultdict[str, list[tuple[float, str]]] = defaultdict(list)
    seen: defaultdict[tuple[int, ...], list[str]] = defaultdict(list)
    for key in sorted(runs, key=lambda key: (len(runs[key]), key)):
        own = runs[key]
        rare = sorted(own, key=lambda run: (common[run], run))
        # a text meets only shorter ones here, and those must have at least `near` of its length
        candidates: set[str] = set()
        for run in rare[: len(own) - math.ceil(near * len(own) - 1e-9) + 1]:
            if common[run] > 1:
                candidates.update(seen[run])
                seen[run].append(key)
        for other in candidates:
            shared = len(own & runs[other])
            jaccard = shared / (len(own) + len(runs[other]) - shared)
            if jaccard >= near and len(texts[key] | texts[other]) > 1:
                found[key].append((jaccard, other))
                found[other].append((jaccard, key))
    return found


def _runs(keys: list[str]) -> dict[str, frozenset[tuple[int, ...]]]:
    """The runs of RUN words of each text; a word is its number, so that runs are small and cheap to compare."""
    numbers: dict[str, int] = {}
    runs = {}
    for key in keys:
        words = [numbers.setdefault(word, len(numbers)) for word in key.split()]
        runs[key] = frozenset(zip(*(words[start:] for start in range(RUN)), strict=False))
    return runs


def stars(texts: dict[str, set[str]], near: dict[str, list[tuple[float, str]]]) -> dict[str, str]:
    """Each text's centre: itself, or a text that it is itself a near copy of.

    Centres are chosen greedily: under the most terms first, then with the most near copies, then by key.
    """
    centre_of: dict[str, str] = {}
    for key in sorted(texts, key=lambda key: (-len(texts[key]), -len(near.get(key, ())), key)):
        if key not in centre_of:
            centre_of[key] = key
            for _, other in near.get(key, ()):
                centre_of.setdefault(other, key)
    return centre_of
