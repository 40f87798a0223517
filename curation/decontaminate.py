"""Nothing of the evaluation's sentences and prompts in what is trained on.

An overlap is (1) a shared run of eight words, the lower bound of the 8 to 13 words of GPT-3's test set filtering
(Brown et al. 2020, appendix C; EleutherAI's lm-evaluation-harness does the same with 13), or (2), since slang sentences
are short and come slightly changed, word trigrams of the shorter text that are mostly found in the longer one. Where an
evaluation prompt quotes a sentence, that sentence is compared and not the question around it.

Headwords and definitions may be on both sides: a model can only be asked about slang that it was taught.
"""

from __future__ import annotations

import json
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import regex
from pydantic import Field

from curation.normalize import term_key
from curation.stage import Given, Stage, flag

if TYPE_CHECKING:
    import pandas as pd

    from curation.conversations import Conversation

GRAM = 3  # words of the runs that near-verbatim overlap is counted in
SHORTEST = 5  # words; a shorter text overlaps only when it is the same
SHORTEST_PIECE = 6  # words; a shorter sentence inside a prompt is too common to stand for it
_WORD = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}ー]|[\p{L}\p{N}\p{M}]+|\p{Extended_Pictographic}")
_SENTENCE_END = regex.compile(r"[.!?…。！？]+")
_QUOTED = regex.compile(r"“([^”]+)”|\"([^\"]+)\"|«([^»]+)»")
Words = tuple[str, ...]


@dataclass(frozen=True)
class Decontaminate(Stage):
    """Flags rows whose sentences overlap an evaluation item; they stay, and give no conversation."""

    name = "decontaminate"
    flags = ("overlaps_evaluation",)
    needs = ("split",)
    adds = ("evaluation_item",)

    run: Annotated[int, Field(ge=4)] = 8  # words in a row that are an overlap by themselves
    near: Annotated[float, Field(gt=0, le=1)] = 0.7  # share of the shorter text's word trigrams found in the other

    def __call__(self, table: pd.DataFrame, given: Given) -> pd.DataFrame:
        import pandas as pd

        index = EvaluationIndex(given.evaluation, self.run, self.near)
        items = [index.item_of(texts) for texts in compared_texts(table)] if given.evaluation else [""] * len(table)
        table = table.assign(evaluation_item=pd.Series(items, index=table.index, dtype="str"))
        return flag(table, [item != "" for item in items], "overlaps_evaluation")


class EvaluationIndex:
    """Finds the evaluation item that a text overlaps."""

    def __init__(self, evaluation: Mapping[str, str], run: int, near: float) -> None:
        self.run = run
        self.near = near
        self.sentences = [(item, words) for item, text in sorted(evaluation.items()) for words in sentences(text)]
        self.whole = {words: item for item, words in reversed(self.sentences)}
        self.where: dict[Words, list[int]] = defaultdict(list)
        for number, (_, words) in enumerate(self.sentences):
            for gram in grams(words, GRAM):
                self.where[gram].append(number)
        self.runs = [grams(words, run) for _, words in self.sentences]
        self.sizes = [len(grams(words, GRAM)) for _, words in self.sentences]
        self.known: dict[str, str] = {}

    def item_of(self, texts: Iterable[str]) -> str:
        """The first item, by text and then by likeness and id, that one of the texts overlaps, or ""."""
        return next(filter(None, map(self._item, texts)), "")

    def _item(self, text: str) -> str:
        if text not in self.known:
            self.known[text] = self._search(words_of(text))
        return self.known[text]

    def _search(self, words: Words) -> str:
        if words in self.whole:
            return self.whole[words]
        own = grams(words, GRAM)
        shared = Counter(number for gram in own if gram in self.where for number in self.where[gram])
        found = [
            (-self._likeness(words, own, number, count), self.sentences[number][0]) for number, count in shared.items()
        ]
        likeness, item = min(found, default=(0.0, ""))
        return item if likeness else ""

    def _likeness(self, words: Words, own: set[Words], number: int, shared: int) -> float:
        """0 for no overlap, else how much of the shorter text is in the longer one."""
        shortest = min(len(words), len(self.sentences[number][1]))
        containment = shared / min(len(own), self.sizes[number])
        near = shortest >= SHORTEST and containment >= self.near
        return containment if near or self.runs[number] & grams(words, self.run) else 0.0


def words_of(text: str) -> Words:
    """Lower-case words without punctuation and apostrophes; each letter of a script without blanks is a word."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return tuple(_WORD.findall(regex.sub(r"['’‘]", "", plain)))


def grams(words: Sequence[str], length: int) -> set[Words]:
    """All runs of `length` words; none when there are fewer words."""
    return {tuple(words[start : start + length]) for start in range(len(words) - length + 1)}


def sentences(prompt: str) -> list[Words]:
    """What a prompt quotes (five words or more), or all of it where it quotes nothing; and its longer sentences."""
    quoted = ["".join(part or "" for part in found) for found in _QUOTED.findall(prompt)]
    texts = [text for text in quoted if len(words_of(text)) >= SHORTEST] or [prompt]
    pieces = [words_of(piece) for text in texts for piece in _SENTENCE_END.split(text)]
    whole = [words_of(text) for text in texts]
    return list(dict.fromkeys([*whole, *(words for words in pieces if len(words) >= SHORTEST_PIECE)]))


def compared_texts(table: pd.DataFrame) -> Iterator[list[str]]:
    """For every row the texts in which an evaluation sentence could stand. Terms and definitions are not compared."""
    united = table["examples"] if "examples" in table.columns else [[]] * len(table)
    columns = (table["example"], table["plain"], table["context"], table["messages"], united)
    for example, plain, context, messages, examples in zip(*columns, strict=True):
        texts = [example, plain, context, *examples, *turns(messages)]
        yield [text for text in dict.fromkeys(texts) if text]


def turns(messages: str) -> list[str]:
    """What is said in a chat's JSON text; the text itself where it is no such JSON."""
    if not messages:
        return []
    try:
        found = json.loads(messages)
    except json.JSONDecodeError:
        return [messages]
    said = [turn.get("content") for turn in found if isinstance(turn, dict)] if isinstance(found, list) else []
    return [text for text in said if isinstance(text, str)]


def trained_items(
    table: pd.DataFrame, conversations: Iterable[Conversation], evaluation: Iterable[Mapping[str, Any]]
) -> dict[str, list[str]]:
    """Evaluation item id → its expressions' terms that some training conversation teaches, sorted.

    `evaluation`: items {"id", "text", "expressions": [{"term", …}, …]}. A term counts as trained on when an entry with
    its term key gave a conversation of the training split; an item of which nothing was trained on has an empty list.
    """
    keys = dict(zip(table["id"], table["term_key"], strict=True))
    training = (conversation for conversation in conversations if conversation["split"] == "train")
    trained = {keys.get(entry, "") for conversation in training for entry in conversation["entry_ids"]}
    return {
        str(item["id"]): sorted(
            {str(one["term"]) for one in item.get("expressions", ()) if term_key(str(one["term"])) in trained - {""}}
        )
        for item in evaluation
    }
