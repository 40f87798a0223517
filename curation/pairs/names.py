"""Which headwords a text names, by mentioning or spelling them, and who could own it by its letters."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from curation.text.headwords import expansions, spells

if TYPE_CHECKING:
    from curation.pairs.corpus import Corpus, Floats

SAYS_MUCH = 3  # letters of a headword that is worth finding: shorter ones are met by chance
SAYS_ALL = 4  # letters of an initialism that no definition spells by chance
OWNER_WANTS = 0.5  # a row whose own text fits it less well may be where a misplaced text comes from


class Names:
    """The headwords that the texts of one column name. Headwords and rows are numbers of the corpus."""

    def __init__(self, corpus: Corpus, column: str) -> None:
        self.corpus, self.column = corpus, column
        self.spelled = [expansions(text) for text in corpus.text["definition"]] if column == "definition" else []
        self.named = self._named()
        self.outspelled = self._outspelled() if column == "definition" else {}

    def _named(self) -> list[list[int]]:
        """For each text the headwords that it names as its own, the rarest first.

        A definition names those whose letters are its initials. An example names those it mentions, unless other
        terms' examples mention them too: "alcohol" in passing says nothing.
        """
        groups, headwords = self.corpus.groups, self.corpus.headwords
        if self.column == "definition":
            return [
                sorted(
                    {n for letters in spelled if len(letters) >= SAYS_MUCH for n in headwords.spelled.get(letters, [])}
                )
                for spelled in self.spelled
            ]
        short = {n for n, key in enumerate(headwords.keys) if sum(map(str.isalnum, key)) < SAYS_MUCH}
        mentioned = [headwords.mentioned(words) for words in self.corpus.tokens[self.column]]
        own: Counter[int] = Counter()
        foreign: Counter[int] = Counter()
        for group, found in zip(groups, mentioned, strict=True):
            own.update(found & {group})
            foreign.update(found - {group})
        return [
            sorted(found - short - {n for n in found if foreign[n] > 1 + own[n]}, key=lambda n: (foreign[n], n))
            for found in mentioned
        ]

    def _outspelled(self) -> dict[int, int]:
        """Definitions that spell another term's initialism and no letter of their own: row → a row of that term.

        The other is known to be an initialism: one of its own definitions spells it. Headwords that begin alike may be
        two spellings of one (ROFFLE, ROTFL), and in small letters any word may be spelled by chance ("food of the gods"
        under `cookie` gives fotg), so neither counts.
        """
        corpus, capitals = self.corpus, self.corpus.capitals
        proven = {int(group): row for row, group in enumerate(corpus.groups) if group in self.named[row]}
        found = {}
        for row, letters in enumerate(corpus.letters):
            if (
                len(letters) >= SAYS_MUCH
                and self.named[row]
                and spells(letters, corpus.text["definition"][row], self.spelled[row]) == 0
            ):
                spelled = [proven[n] for n in self.elsewhere(row, row) if n in proven]
                owners = [
                    at
                    for at in spelled
                    if len(corpus.letters[at]) >= SAYS_ALL
                    and corpus.letters[at][0] != letters[0]
                    and capitals[at]
                    and capitals[row]
                ]
                if owners:
                    found[row] = owners[0]
        return found

    def elsewhere(self, row: int, text: int) -> list[int]:
        """The headwords that a text names when it stands in a row; none if it names the row's own or a relative."""
        own, named, keys = self.corpus.groups[row], self.named[text], self.corpus.headwords.keys
        return [] if own in named or any(related(keys[n], keys[own]) for n in named) else named

    def owner(self, row: int, fit: Floats) -> tuple[int, bool]:
        """The row of another headword that a text names (-1: none), and whether that row wants a text.

        It wants one if its own text does not name it and fits badly: then the two may have been swapped. A text that
        only mentions somebody else's headword was perhaps copied, or says it in passing. A definition spells some
        initialism by chance, so only that of an initialism which it does not spell counts.
        """
        corpus = self.corpus
        if row in self.outspelled:
            return self.outspelled[row], True
        if self.column == "definition" and not (corpus.capitals[row] and corpus.letters[row]):
            return -1, False
        mentioned = self.elsewhere(row, row)
        for number in mentioned:
            own = range(corpus.first_row[number], corpus.first_row[number] + corpus.sizes[number])
            wanting = [at for at in own if number not in self.named[at] and not fit[at] >= OWNER_WANTS]
            if wanting:
                return wanting[0], True
        return (int(corpus.first_row[mentioned[0]]), False) if mentioned else (-1, False)


def related(key: str, other: str) -> bool:
    """Whether two headwords are forms of one: communist, communism; jk, j/k; colin, colin macharie."""
    from rapidfuzz import fuzz

    first, second = ("".join(filter(str.isalnum, text)) for text in (key, other))
    return (
        first in second
        or second in first
        or (len(first) > 3 and first[:4] == second[:4])
        or fuzz.ratio(first, second) >= 75
    )
