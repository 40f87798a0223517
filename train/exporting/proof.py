"""The proof that an exported model is fed the ids it was trained on.

Conversations with what tokenizers trip over are encoded as for training. Then each exported file must give the same
ids: the GGUF file by llama.cpp's own tokeniser, for the whole conversation and for the prompt that the Modelfile's
template writes; the merged folder by its own tokenizer. Texts are in Unicode's composed form (NFC), as curated text is:
some tokenizers compose by themselves, llama.cpp never does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from curation.templates import Conversation, Encoded, encode_all, prompt_ids
from train.base_models import LoadedTokenizer
from train.engines.llama_library import LlamaVocabulary
from train.errors import TrainError

if TYPE_CHECKING:
    from train.exporting.modelfile import TurnTexts

_QUESTIONS = (
    "What does “no cap” mean? 😂",
    "It's giving… what, exactly?! I'LL wait, y'all. We've been told he's there",
    "Explain 1337, 24/7, 50-50 and 3.14159 in 10,000 words",
    "two  blanks,\tone tab\n\nan empty line\n  and an indented one",
    "👩🏽‍🚀 🏳️‍🌈 ❤️‍🔥 ¯\\_(ツ)_/¯ — “drip”, ‘fit’, «swag» ™ ½ №",
    "naïve café Straße Ærøskøbing İstanbul çà ốế",
    "草 とは? 是什么意思，“内卷”。 대박 หมายถึง ਕੀ ਹੈ",
    "سلام، يعني إيه «جامد»؟ מה זה סבבה?",
    "code: `if (x<=0) {{ y }}` <b>bold</b> & user@example.com https://example.com/a?b=c#d",
    "!!!??? ------ ====== '''' \"\"\" .... ,,, ((( ]]] \\n \\\\ _^~",
)
_ANSWER = "“No cap” means that somebody is not lying. 😂"
_SYSTEM = "You explain slang.\nBe short."


@dataclass(frozen=True)
class Proof:
    """What was compared, and agreed."""

    conversations: int
    tokens: int


def conversations(*, system: bool) -> list[Conversation]:
    """What the proof encodes: one turn and several, with a system turn and, if the template has one, without."""
    asked = [[{"role": "user", "content": text}] for text in _QUESTIONS]
    told = [{"role": "system", "content": _SYSTEM}]
    answer = {"role": "assistant", "content": _ANSWER}
    long = [turn for question in asked[:3] for turn in (*question, answer)]
    found: list[Conversation] = [[*question, answer] for question in asked]
    found += [long, *([[*told, *asked[0], answer], [*told, *long]] if system else [])]
    return found


def prove_ids(file: Path, loaded: LoadedTokenizer, texts: TurnTexts) -> Proof:
    """Compare the ids of a GGUF file with those of training. Raises TrainError with the first difference."""
    chats = conversations(system=texts.system is not None)
    encoded = encode_all(chats, loaded.tokenizer, loaded.settings)
    with LlamaVocabulary(file) as vocabulary:
        end = next(label for label in reversed(encoded[0].labels) if label >= 0)
        if not vocabulary.ends(end):
            raise TrainError(f"{file}: llama.cpp would not stop at the end of turn, id {end}")
        for chat, wanted in zip(chats, encoded, strict=True):
            for special in (False, True):  # a server asks for special tokens; the text has them all
                _same(file, vocabulary.ids(wanted.text, add_special=special), wanted.input_ids, wanted.text)
            prompt = _modelfile_prompt(file, chat, wanted, texts)
            ids = vocabulary.ids(prompt, add_special=True)
            _same(file, ids, wanted.input_ids[: len(ids)], prompt)
    return Proof(len(chats), sum(len(one.input_ids) for one in encoded))


def prove_folder(folder: Path, exported: LoadedTokenizer, loaded: LoadedTokenizer, *, system: bool) -> Proof:
    """Compare the ids of a folder's own tokenizer with those of training. Raises TrainError where they differ."""
    chats = conversations(system=system)
    wanted = encode_all(chats, loaded.tokenizer, loaded.settings)
    for one, other in zip(wanted, encode_all(chats, exported.tokenizer, loaded.settings), strict=True):
        _same(folder, other.input_ids, one.input_ids, one.text)
    return Proof(len(chats), sum(len(one.input_ids) for one in wanted))


def asks_as_trained(exported: LoadedTokenizer, loaded: LoadedTokenizer) -> bool:
    """Whether the exported chat template by itself, told nothing, asks as training did.

    Not so for DeepSeek R1, whose generation prompt opens a reasoning that no training text has.
    """
    question = [{"role": "user", "content": _QUESTIONS[0]}]
    plain = exported.tokenizer.apply_chat_template(question, tokenize=False, add_generation_prompt=True)
    ids = exported.tokenizer(plain, add_special_tokens=False)["input_ids"]
    return bool(ids == prompt_ids(question, loaded.tokenizer, loaded.settings))


def _modelfile_prompt(file: Path, chat: Conversation, wanted: Encoded, texts: TurnTexts) -> str:
    """What the Modelfile asks the last answer with; the conversation's text must go on from there with the answer."""
    prompt = texts.prompt(chat[:-1])
    if not wanted.text.startswith(prompt + chat[-1]["content"]):
        at = next(_differences(prompt, wanted.text), len(prompt))
        raise TrainError(
            f"{file}: the Modelfile's template writes {prompt[at : at + 30]!r} at character {at}, "
            f"training has {wanted.text[at : at + 30]!r}"
        )
    return prompt


def _same(where: Path, found: Sequence[int], wanted: Sequence[int], text: str) -> None:
    for place in _differences(found, wanted):
        theirs, ours = (ids[place] if place < len(ids) else "nothing" for ids in (found, wanted))
        raise TrainError(
            f"{where}: other ids than in training: {theirs} where {ours} belongs, at place {place} of {text!r}"
        )


def _differences(one: Sequence[object], two: Sequence[object]) -> Iterator[int]:
    return (place for place, (left, right) in enumerate(zip_longest(one, two)) if left != right)
