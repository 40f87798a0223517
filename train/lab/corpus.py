"""Three dictionaries → questions and answers that the lab's model is pre-trained on, and those it never sees.

    corpus(synsets, jargon, devil) → Corpus(train, held_out)

About one meaning in a hundred is held out by a hash of its id. No conversation is made from it, nor from any other
meaning with the same words of definition, and its example sentences are left out everywhere. Names of single persons
and places are left out altogether. What is asked of which meaning, and how, follows from hashes: no chance, no order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from train.lab.dictionaries import Synset
from train.lab.phrasings import ANSWERS, BLANK, PARTS, QUESTIONS

HELD_OUT_PART = 100  # one meaning in so many
DEFINED_WORDS = 2  # words of a meaning that are asked for: a third is mostly a Latin name
LONGEST_MEANING = 240  # characters
SEVERAL_TURNS = 12  # one conversation in so many has up to MOST_TURNS questions
MOST_TURNS = 5

Turn = tuple[str, str]  # question, answer
Messages = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Definition:
    """A question for the meaning of a word, and where in the answer the meaning itself stands."""

    id: str
    question: str
    answer: str
    meaning: str  # a part of answer: what is left without the frame and the repeated word


@dataclass
class Corpus:
    """Conversations to train on, in the order of their hashes, and definitions of unseen meanings."""

    train: list[Messages] = field(default_factory=list)
    held_out: list[Definition] = field(default_factory=list)


def corpus(
    synsets: Sequence[Synset], jargon: Sequence[tuple[str, str]] = (), devil: Sequence[tuple[str, str]] = ()
) -> Corpus:
    """All conversations made from the dictionaries, and one definition for each meaning that is held out."""
    meant = [synset for synset in synsets if not synset.is_name and len(synset.meaning) <= LONGEST_MEANING]
    unseen = [synset for synset in meant if is_held_out(synset.id)]
    hidden = {synset.meaning for synset in unseen} | {text for synset in unseen for text in synset.examples}
    seen = [synset for synset in meant if not is_held_out(synset.id) and synset.meaning not in hidden]
    first_word = {synset.id: synset.words[0] for synset in seen}
    turns = [turn for synset in seen for turn in _turns(synset, first_word, hidden)]
    turns += [_dictionary_turn("hacker", *entry) for entry in jargon] + [
        _dictionary_turn("cynic", *entry) for entry in devil
    ]
    turns = sorted(map(_as_typed, turns), key=lambda turn: _hash(*turn))
    held_out = sorted((define(synset, synset.words[0]) for synset in unseen), key=lambda asked: _hash(asked.id))
    return Corpus(list(_conversations(turns)), held_out)


def is_held_out(synset_id: str) -> bool:
    """Whether nothing that is made from this meaning may be trained on."""
    return _hash("held out", synset_id) % HELD_OUT_PART == 0


def define(synset: Synset, word: str) -> Definition:
    """The question for the meaning of a word, and its answer."""
    return _definition(synset, word, "define", f"define_{synset.pos}", QUESTIONS["define"])


# ---------------------------------------------------------------- turns of one meaning


def _turns(synset: Synset, first_word: dict[str, str], hidden: set[str]) -> Iterator[Turn]:
    sentences = [text for text in synset.examples if text not in hidden]
    for word in synset.words[:DEFINED_WORDS]:
        asked = define(synset, word)
        yield asked.question, asked.answer + _more(synset, word, sentences)
    yield _turn("which_word", synset, word=synset.words[0])
    if len(synset.words) > 1:
        yield _turn("synonyms", synset, word=synset.words[0], other=synset.words[1])
    if synset.kind in first_word and _hash("kind", synset.id) % 3 == 0:  # answers repeat: a third is enough
        yield _turn("kind", synset, word=synset.words[0], other=first_word[synset.kind])
    for number, sentence in enumerate(sentences):
        yield from _sentence_turns(synset, sentence, number)


def _sentence_turns(synset: Synset, sentence: str, number: int) -> Iterator[Turn]:
    """What can be asked of a sentence in which a word of the meaning stands, maybe inflected."""
    found = next(((word, place) for word in synset.words if (place := _find(word, sentence))), None)
    if not found:
        return
    word, place = found
    task = ("define_in_sentence", "explain_sentence")[_hash(sentence) % 2]
    here = _definition(synset, word, sentence, f"here_{synset.pos}", QUESTIONS[task], sentence=sentence)
    yield here.question, here.answer
    if number % 2:
        yield _turn("use", synset, word=word, sentence=sentence)
    else:
        gap = sentence[: place.start()] + BLANK + sentence[place.end() :]
        question, _ = _turn("blank", synset, word=word, sentence=gap)
        yield question, _pick(ANSWERS["blank"], gap).format(word=place.group())
    others = [other for other in synset.words if other != word]
    if others and place.group() == word and not re.search(r"\ban?\s+$", sentence[: place.start()], re.IGNORECASE):
        said = sentence[: place.start()] + others[_hash(sentence) % len(others)] + sentence[place.end() :]
        question, _ = _turn("other_words", synset, word=word, sentence=sentence)
        yield question, _pick(ANSWERS["other_words"], said).format(sentence=said)


def _more(synset: Synset, word: str, sentences: Sequence[str]) -> str:
    """What now and then follows a definition: an example or another word."""
    chance = _hash("more", synset.id, word) % 4
    others = [other for other in synset.words if other != word]
    if chance == 0 and sentences:
        return _pick(ANSWERS["example"], synset.id).format(sentence=sentences[0])
    if chance == 1 and others:
        return _pick(ANSWERS["synonym"], synset.id).format(other=others[0])
    return ""


def _definition(synset: Synset, word: str, salt: str, frame: str, questions: Sequence[str], **more: str) -> Definition:
    meaning = synset.meaning.removeprefix("to ") if synset.pos == "v" else synset.meaning
    frames = ANSWERS[frame]
    if frame == "define_n" and not re.match(r"(?:an?|the|any|some\w*|one)\b", meaning):
        frames = frames[:1]  # "is small bird" and "refers to small bird" are no English
    question = _pick(questions, salt, synset.id, word).format(word=word, part=PARTS[synset.pos], **more)
    answer = _pick(frames, salt, word, synset.id).format(word=word, meaning=meaning)
    return Definition(synset.id, question, answer, meaning)


def _turn(task: str, synset: Synset, **values: str) -> Turn:
    values = {"meaning": synset.meaning, "part": PARTS[synset.pos], **values}
    question = _pick(QUESTIONS[task], task, synset.id, *values.values()).format(**values)
    return question, _pick(ANSWERS[task], synset.id, task, *values.values()).format(**values)


def _dictionary_turn(task: str, word: str, text: str) -> Turn:
    first = text if re.match(r"[A-Z]{2}|I\b|[^A-Za-z]", text) else text[0].lower() + text[1:]
    answer = f"“{word}”: {text}" if "." in text[:-1] else f"“{word}” means {first}"
    return _pick(QUESTIONS[task], word).format(word=word), answer


def _find(word: str, sentence: str) -> re.Match[str] | None:
    """Where a word stands in a sentence: as it is, or else inflected by its ending."""
    stem = re.escape(word[:-1] if word[-1:] in "ey" and len(word) > 3 else word)
    whole = re.search(rf"\b{re.escape(word)}\b", sentence)
    return whole or re.search(rf"\b{stem}(?:\w?(?:ed|ing)|i?e?[srd]|i?est|y)?\b", sentence, re.IGNORECASE)


# ---------------------------------------------------------------- from turns to conversations


def _as_typed(turn: Turn) -> Turn:
    """Half of the turns with straight apostrophes and half with *asterisks* for single quotation marks; some answers
    with asterisks for double ones too.

    A model never learns to write a mark that it never met, and LoRA leaves its embedding as it is.
    """
    chance = _hash("typed", *turn) % 4
    question, answer = turn
    if chance < 2:
        question, answer = (re.sub(r"(?<=\w)’(?=\w)|(?<=s)’(?=\s)", "'", text) for text in (question, answer))
    if chance % 2:
        question, answer = (re.sub(r"‘([^‘’]+)’", r"*\1*", text) for text in (question, answer))
    if _hash("stressed", *turn) % 10 == 0:
        answer = re.sub(r"“([^“”]{1,40})”", r"*\1*", answer)
    return question, answer


def _conversations(turns: Sequence[Turn]) -> Iterator[Messages]:
    """One turn each; now and then several, so that longer texts are met as well."""
    place = 0
    while place < len(turns):
        chance = _hash("turns", *turns[place])
        count = 2 + chance // SEVERAL_TURNS % (MOST_TURNS - 1) if chance % SEVERAL_TURNS == 0 else 1
        yield [message for turn in turns[place : place + count] for message in messages(*turn)]
        place += count


def messages(question: str, answer: str = "") -> Messages:
    """A question as a conversation, with its answer where there is one."""
    asked = [{"role": "user", "content": question}]
    return [*asked, {"role": "assistant", "content": answer}] if answer else asked


def _pick(phrasings: Sequence[str], *salt: str) -> str:
    return phrasings[_hash(*salt) % len(phrasings)]


def _hash(*parts: str) -> int:
    return int.from_bytes(sha256("\0".join(parts).encode()).digest()[:8])
