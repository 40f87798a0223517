"""Format health: what is wrong with the shape of an answer, whatever it says.

Each fault is one that training on badly made data teaches. A rule spares what people write on purpose: ellipses,
censored words ("A..", "Sh.. up"), "A.A.", "so so good". What a rule cannot tell from good writing it leaves alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any, Protocol

import regex

from curation.chat import phrasings
from curation.text.seams import DOUBLED_ARTICLE, DOUBLED_STOP
from train.errors import TrainError
from train.evaluation.statistics import wilson

FAULTS = (
    "cut_off",
    "empty",
    "echo",
    "doubled_stop",
    "doubled_article",
    "repeated_sentence",
    "template_leak",
    "role_token",
    "mojibake",
)

COLUMNS = ("Slang", "Description", "Example", "Context")  # of the case's data set

_WORDS = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}]|[\p{L}\p{M}\p{N}'’]+")
_EMPTY = regex.compile(r"[\s\p{C}.,;:!?…\"'“”‘’`*_-]*")  # blanks, marks of the sentence and what nobody sees


class Judged(Protocol):
    """An answer and its faults."""

    @property
    def text(self) -> str: ...
    @property
    def faults(self) -> Sequence[str]: ...


def faults(
    answer: str,
    *,
    prompt: str,
    ended: bool,
    control: re.Pattern[str] | None = None,
    columns: Collection[str] = COLUMNS,
) -> list[str]:
    """Names out of FAULTS, in that order; none for a healthy answer.

    `prompt` is the last thing the user said, `ended` whether the model ended its turn by itself, `control` matches one
    control token of its tokenizer (`chat_format(…).control`), `columns` are names that the training data's columns had.
    """
    judged = {
        "cut_off": not ended,
        "empty": bool(_EMPTY.fullmatch(answer)),
        "echo": _echoes(answer, prompt),
        "doubled_stop": bool(DOUBLED_STOP.search(answer)),
        "doubled_article": bool(DOUBLED_ARTICLE.search(answer)),
        "repeated_sentence": _repeats(answer, prompt),
        "template_leak": _leaks_columns(answer, columns)
        or bool(_LEAK.search(answer) or (control and control.search(answer))),
        "role_token": _plays_roles(answer),
        "mojibake": _wrongly_decoded(answer if ended else answer.rstrip("\ufffd")),
    }
    return [name for name in FAULTS if judged[name]]


def summary(answers: Sequence[Judged]) -> dict[str, Any]:
    """How healthy answers are together, and how much they differ: a collapsed model says one healthy thing always.

    {"n", "healthy": count, "healthy_share": {"value", "low", "high"} (Wilson), "faults": {name: count} for all FAULTS,
    "distinct_share": different answers ÷ n, "top_answer_share": the commonest answer's count ÷ n, "top_answer": its
    text}. Answers are the same when they differ in case, blanks and marks at most. Raises TrainError for no answer.
    """
    if not answers:
        raise TrainError("no answer to judge: the evaluation asked nothing")
    healthy = sum(not answer.faults for answer in answers)
    said = Counter(normalised(answer.text) for answer in answers)
    top, times = said.most_common(1)[0]
    found = Counter(name for answer in answers for name in set(answer.faults))
    return {
        "n": len(answers),
        "healthy": healthy,
        "healthy_share": wilson(healthy, len(answers)).facts(),
        "faults": {name: found[name] for name in (*FAULTS, *sorted(found.keys() - set(FAULTS)))},
        "distinct_share": len(said) / len(answers),
        "top_answer_share": times / len(answers),
        "top_answer": next(answer.text for answer in answers if normalised(answer.text) == top),
    }


def normalised(text: str) -> str:
    """The words alone, in small letters; a text without words, such as an emoji, with single blanks."""
    return " ".join(words(text)) or " ".join(text.split())


def words(text: str) -> list[str]:
    """Words in small letters without marks; where a script writes no blanks, every character is one."""
    return [word.strip("'").casefold() for word in _WORDS.findall(text.replace("’", "'")) if word != "'"]


# ---------------------------------------------------------------- repetition

_SENTENCE_END = regex.compile(r"(?<=[.!?…。！？][”’\"')\]]*)\s+|(?<=[。！？])|\n+")


LONGEST_LOOP = 40  # words; what goes round in longer turns is a sentence that comes again
_STUTTER = regex.compile(r"([^\W_]{3,12}?)\1{7,}")  # inside a word: "asingasingasing…"


def _repeats(answer: str, prompt: str) -> bool:
    """Whether an answer says again what it said. What the prompt holds may come again: it is what is explained."""
    sentences = [said for sentence in _SENTENCE_END.split(answer) if (said := words(sentence))]
    stutters = any(len(set(one[1])) > 2 or one[1].isdigit() for one in _STUTTER.finditer(answer))
    again = _again(sentences) | {run for sentence in sentences for run in _runs_again(sentence)}
    return stutters or _loops(words(answer)) or any(text not in normalised(prompt) for text in again)


def _again(sentences: list[list[str]]) -> set[str]:
    """Sentences of five words or more that come twice: "Bye bye. Bye bye." is talk."""
    counts = Counter(" ".join(sentence) for sentence in sentences if len(sentence) > 4)
    return {text for text, times in counts.items() if times > 1}


def _runs_again(sentence: list[str]) -> set[str]:
    """Five words in a row that come three times in one sentence."""
    counts = Counter(" ".join(sentence[place : place + 5]) for place in range(len(sentence) - 4))
    return {text for text, times in counts.items() if times > 2 and len(set(text.split())) > 2}


def _loops(said: list[str]) -> bool:
    """Whether words go round: two or more, three times in a row, over eight words; one word eight times.

    A word of up to three letters may come sixteen times: people laugh and sing ("ha ha ha", "na na na").
    """
    for length in range(1, min(len(said) // 3, LONGEST_LOOP) + 1):
        run = 0  # words in a row that are the same as `length` words before
        for place in range(length, len(said)):
            run = run + 1 if said[place] == said[place - length] else 0
            least = 16 if length == 1 and len(said[place]) < 4 else 8
            if run >= 2 * length and run + length >= least and (length == 1 or _varies(said, place, length)):
                return True
    return False


def _varies(said: list[str], last: int, length: int) -> bool:
    """Whether a stretch of words holds more than one: "bye bye" is one word twice."""
    return len(set(said[last - length + 1 : last + 1])) > 1


# ---------------------------------------------------------------- what belongs to a template

_SLOTS = "quoted|sentence|slang|term|definition|description|example|context|prompt|instruction|response|question|answer"
_LEAK = regex.compile(
    r"<\|(?:[a-z0-9_/.-]{1,60}|[A-Z0-9_]{1,60})\|>|<｜[^<>｜]{1,60}｜>"  # <|reserved_special_token_5|>
    r"|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS)\]|<</?SYS>>|\[(?:PAD|UNK|CLS|SEP)\]"  # Mistral, Llama 2, BERT
    r"|</?s>|<(?:bos|eos|pad|unk|mask|end_of_utterance)>|<(?:start|end)_of_turn>|<unused\d+>|<extra_id_\d+>"
    r"|(?m:^[ \t]*#{2,}[ \t]*(?:Instruction|Input|Response)\s*:)|Below is an instruction that describes"  # Alpaca
    rf"|\{{\{{?\s*(?i:{_SLOTS})\s*\}}?\}}|\[(?i:insert [^\[\]]{{1,40}}|{_SLOTS})\](?!\()"
)


# Labels that people write too, in a list: one alone tells nothing.
_COMMON_LABELS = frozenset({"slang", "term", "word", "meaning", "definition", "example"})


def _leaks_columns(answer: str, columns: Collection[str]) -> bool:
    """Whether names of columns stand as labels at the start of a line or a sentence, or were meant to be filled in."""
    if ":" not in answer and "}" not in answer:
        return False
    labels, slots = _of_columns(tuple(columns))
    found = {label.casefold() for label in labels.findall(answer)}
    return len(found) > 1 or bool(found - _COMMON_LABELS) or bool(slots.search(answer))


@lru_cache(maxsize=64)
def _of_columns(columns: tuple[str, ...]) -> tuple[regex.Pattern[str], regex.Pattern[str]]:
    names = "|".join(regex.escape(name) for name in sorted(columns, key=lambda name: (-len(name), name))) or "(?!)"
    label = regex.compile(rf"(?:^|[.!?…|,;]\s)[ \t*_#\"'{{]*({names})[*_\"']*\s*:(?!\w)", regex.M)
    return label, regex.compile(rf"\{{(?:{names})\}}")


_LABEL = r"(?:^|[.!?…”\"]\s+)[#* \t]*"  # where a turn begins
_ROLE = regex.compile(
    rf"{_LABEL}(?i:assistant)\**\s*:"
    r"|^[#* \t]*(?i:user|assistant|system|model)[ \t]*\n"  # a header whose control tokens were left out
    r"|(?<=[^\w\s])(?:assistant|user)\n\n",
    regex.M,
)
_ASKER = regex.compile(rf"{_LABEL}(?i:user|human)\**\s*:", regex.M)
_SPEAKER = regex.compile(r"^[*# \t]*(?!(?i:user|human|system)\b)[^\s:.!?*#][^:.!?\n]{0,30}:", regex.M)


def _plays_roles(answer: str) -> bool:
    """Whether turns of a chat are written out; "User: …" in a dialogue in which others speak too is an example."""
    return bool(_ROLE.search(answer)) or (bool(_ASKER.search(answer)) and not _SPEAKER.search(answer))


# ---------------------------------------------------------------- echo and wrong decoding

_QUOTED = regex.compile(r"[“\"]([^“”\"]+)[”\"]")
_SAYS = ("is", *phrasings.STANDS_FOR, *phrasings.MEANS_SAYING, *phrasings.MEANS_NOUN)
_BEGINS = (*phrasings.BEGIN_SENTENCE, *phrasings.BEGIN_PLAIN, *phrasings.BEGIN_SLANG, *phrasings.BEGIN_USE)
_FRAMES = {f"{normalised(begin)} {says}".strip() for begin in _BEGINS for says in ("", *_SAYS)}


def _echoes(answer: str, prompt: str) -> bool:
    """Whether nothing new is said: the answer is the question, or what it quotes, and words that frame an answer."""
    asked = sorted({normalised(part) for part in (prompt, *_QUOTED.findall(prompt))} - {""}, key=len, reverse=True)
    said = rest = f" {normalised(answer)} "
    for part in asked:
        while f" {part} " in rest:
            rest = rest.replace(f" {part} ", " ")
    return rest != said and rest.strip() in _FRAMES


def _wrongly_decoded(answer: str) -> bool:
    """Whether ftfy would decode the text again, as `curation.normalize` asks, or a byte was no character at all."""
    if answer.isascii():
        return False
    import ftfy

    return "\ufffd" in answer or ftfy.fix_encoding(answer) != answer
