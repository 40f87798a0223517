"""Offensive words as an annotation: slang is rude at times, and a recipe decides what that means for its dataset.

The class comes from a word list; the score from alt-profanity-check, a linear model that was trained on comments.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import regex
from pydantic import Field

from curation.people.decided import AS_IT_WAS, RELABELLED, decided_rows, note
from curation.stage import Given, Stage, flag, mark

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

OffensiveClass = Literal["slur", "sexual", "profanity"]  # gravest first
Policy = Literal["keep", "mark", "drop"]  # keep: annotate only; mark: flag the row; drop: the row leaves
NOT_OFFENSIVE = "not offensive"  # what a person may answer
SEVERITY: dict[str, int] = {"slur": 3, "sexual": 2, "profanity": 1, "": 0}
TEXTS = ("term", "definition", "example", "plain")

_WORD = regex.compile(r"[@$]?[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}@$!*]|['’](?=\p{L}))*|[\p{L}\p{N}]")
_LEET = str.maketrans("013457@$!", "oieastasi")
_STRETCHED = regex.compile(r"(\p{L})\1{2,}")
_PLURALS = ("s", "z", "'s")
_ENDINGS = (
    "es",
    "ed",
    "er",
    "ers",
    "in",
    "ing",
)  # for words of five letters or more: spic is not in spices, cum not in cumin
_INSIDE = ("fuck", "bitch", "whore", "faggot")  # these words are offensive inside any other


@dataclass(frozen=True)
class Offensive(Stage):
    """Says which rows hold slurs, sexual words or profanity, and how offensive the whole sounds."""

    name: ClassVar[str] = "offensive"
    reasons: ClassVar[tuple[str, ...]] = ("offensive",)
    flags: ClassVar[tuple[str, ...]] = ("offensive",)
    needs: ClassVar[tuple[str, ...]] = (*TEXTS, "messages")
    adds: ClassVar[tuple[str, ...]] = ("offensive", "offensive_score")
    obeys: ClassVar[tuple[str, ...]] = ("offensive",)

    slur: Policy = "mark"  # words against a group of people
    sexual: Policy = "mark"  # sexual words
    profanity: Policy = "mark"  # swear words
    unlisted: Policy = "keep"  # rows without a listed word whose score reaches the threshold
    score_threshold: Annotated[float, Field(ge=0, le=1)] = 0.98  # probability from which an unlisted row counts

    def __call__(self, table: pd.DataFrame, given: Given) -> pd.DataFrame:
        import pandas as pd

        texts = [
            "\n".join((*parts, *spoken(messages)))
            for *parts, messages in zip(*(table[name] for name in TEXTS), table["messages"], strict=True)
        ]
        find = WordFinder(given.offensive_words)
        classes = pd.Series([find(text) for text in texts], index=table.index, dtype="str")
        scores = pd.Series(profanity_scores(texts), index=table.index, dtype="float64")
        by_itself = classes.copy()
        said = decided_rows(table, given, "offensive", ("term_key", "definition", "example"))
        for place, (_, one) in said.items():
            classes.iloc[place] = "" if one.answer == NOT_OFFENSIVE else one.answer
        table = table.assign(offensive=classes, offensive_score=scores)
        policies: dict[str, Policy] = {"slur": self.slur, "sexual": self.sexual, "profanity": self.profanity}
        unlisted = (classes == "") & (scores >= self.score_threshold)
        unlisted.iloc[list(said)] = False  # a person has read it
        wanted = classes.map(policies).where(classes != "", "keep").mask(unlisted, self.unlisted)
        detail = classes.mask(unlisted, "no listed word")
        for place, (_, one) in said.items():
            detail.iloc[place] = one.told()
        effects = {
            place: [(key, AS_IT_WAS if classes.iloc[place] == by_itself.iloc[place] else RELABELLED)]
            for place, (key, _) in said.items()
        }
        table = note(table, effects)
        table = mark(table, wanted == "drop", "offensive", score=scores, detail=detail)
        return flag(table, wanted == "mark", "offensive")


def spoken(messages: str) -> list[str]:
    """The texts of a conversation's messages; none of what is not a list of messages."""
    if not messages:
        return []
    try:
        turns = json.loads(messages)
    except json.JSONDecodeError:
        return []
    turns = turns if isinstance(turns, list) else []
    return [turn["content"] for turn in turns if isinstance(turn, dict) and isinstance(turn.get("content"), str)]


def profanity_scores(texts: list[str]) -> npt.NDArray[np.float64]:
    """Probability that each text is offensive, shape (len(texts),), by alt-profanity-check's linear model."""
    import numpy as np

    if not texts:
        return np.zeros(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its model was pickled by another scikit-learn; the numbers are the same
        from profanity_check import predict_prob

        return np.asarray(predict_prob(texts), dtype=np.float64)


class WordFinder:
    """Finds the gravest class of listed words in a text. Each different word is judged once."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = {word: kind for word, kind in words.items() if " " not in word}
        self._phrases: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for phrase, kind in words.items():
            first, *rest = phrase.split(" ")
            if rest:
                self._phrases.setdefault(first, []).append((tuple(rest), kind))
        self._judged: set[str] = set()
        self._offensive: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        """The gravest class found, or "" where no listed word stands."""
        tokens = _WORD.findall(text.casefold())
        unique = set(tokens)
        for token in unique - self._judged:
            self._judge(token)
        found = [self._offensive[token] for token in unique & self._offensive.keys()]
        if unique & self._phrases.keys():
            found += self._of_phrases(tokens)
        return max(found, key=SEVERITY.__getitem__, default="")

    def _of_phrases(self, tokens: list[str]) -> Iterator[str]:
        for place, token in enumerate(tokens):
            for rest, kind in self._phrases.get(token, ()):
                if tuple(tokens[place + 1 : place + 1 + len(rest)]) == rest:
                    yield kind

    def _judge(self, token: str) -> None:
        self._judged.add(token)
        kind = next((kind for form in _forms(token) if (kind := self._words.get(form))), "")
        if not kind and "*" in token:
            kind = self._of_masked(token)
        if kind:
            self._offensive[token] = kind

    def _of_masked(self, token: str) -> str:
        """The class of a listed word whose letters are those of the token, a star being any one letter: `f**k`."""
        known = sum(letter.isalpha() for letter in token)
        if known < 2 or 2 * known < len(token) - 1 or not token[0].isalpha():
            return ""
        pattern = regex.compile("".join(r"\p{L}" if letter == "*" else regex.escape(letter) for letter in token))
        # `ni*` may be anything: a word without its end is not taken for a slur
        open_end = token.endswith("*")
        kinds = [
            kind for word, kind in self._words.items() if pattern.fullmatch(word) and not (open_end and kind == "slur")
        ]
        return min(kinds, key=SEVERITY.__getitem__, default="")


def _forms(token: str) -> Iterator[str]:
    """Spellings under which a listed word may stand: itself, unstretched, digits as letters, uninflected."""
    plain = token.strip("'!*")
    spellings = [plain, _STRETCHED.sub(r"\1", plain), _STRETCHED.sub(r"\1\1", plain)]
    if not plain.isalpha() and any(letter.isalpha() for letter in plain):
        spellings.append(plain.translate(_LEET))
    for form in dict.fromkeys(spellings):
        yield form
        yield from (form.removesuffix(ending) for ending in _PLURALS if form.endswith(ending) and len(form) > 4)
        yield from (
            form.removesuffix(ending) for ending in _ENDINGS if form.endswith(ending) and len(form) - len(ending) > 4
        )
        yield from (word for word in _INSIDE if word in form)
