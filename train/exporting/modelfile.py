"""An Ollama Modelfile whose TEMPLATE writes what the base model's own chat template writes.

The template is found by probing, as in `curation.chat.format`: a conversation of known words is rendered, and what
stands between the words is what a turn is made of. Ollama renders a Go template over .System and .Messages (the system
turn is in both; two turns of one role are joined before). No family of models is written down here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from curation.chat.format import EncodeError, Message, chat_format, render
from train.errors import TrainError

if TYPE_CHECKING:
    from train.base_models import LoadedTokenizer

_SYSTEM, _QUESTION, _ANSWER, _NEXT = "probesystem", "probeone", "probetwo", "probethree"


@dataclass(frozen=True)
class TurnTexts:
    """What a chat template writes around the turns of a conversation that a user begins, and that alternates."""

    opening: str  # before the first question, where there is no system turn
    system: tuple[str, str] | None  # around a system turn, up to the first question; None: the template has none
    asked: str  # between a question and its answer, once more turns follow
    asking: str  # between the last question and the answer that the model is to give
    answered: str  # between an answer and the next question

    def prompt(self, messages: Sequence[Message]) -> str:
        """The text that asks for the answer to `messages`: a system turn or none, then user and assistant in turn."""
        system = messages[0]["content"] if messages[0]["role"] == "system" else ""
        text = self.opening
        if system and self.system:
            text = self.system[0] + system + self.system[1]
        turns = [message for message in messages if message["role"] != "system"]
        for number, message in enumerate(turns):
            after = self.answered if message["role"] == "assistant" else self.asked
            text += message["content"] + (self.asking if number == len(turns) - 1 else after)
        return text


def turn_texts(loaded: LoadedTokenizer) -> TurnTexts:
    """What the tokenizer's chat template writes. Raises TrainError where turns are not written alike each time."""
    question, answer, following = (_message(role, text) for role, text in
                                   (("user", _QUESTION), ("assistant", _ANSWER), ("user", _NEXT)))  # fmt: skip
    one, three = [question], [question, answer, following]
    try:
        opening, asking = _cut(_prompt(one, loaded), _QUESTION)
        _, asked, answered, _ = _cut(_prompt(three, loaded), _QUESTION, _ANSWER, _NEXT)
        texts = TurnTexts(opening, _system(one, loaded), asked, asking, answered)
        for messages in (three, [_message("system", _SYSTEM), *three]):
            if (texts.system or messages is three) and texts.prompt(messages) != _prompt(messages, loaded):
                raise TrainError(
                    "the chat template writes a turn differently from case to case: no Modelfile can be made"
                )
    except EncodeError as error:
        raise TrainError(f"no Modelfile can be made: {error}") from error
    return texts


def modelfile(loaded: LoadedTokenizer, weights: str, *, about: Sequence[str] = (), context: int = 2048) -> str:
    """The Modelfile for the GGUF file `weights`, which lies beside it; `about` stands above as comments.

    `context` is how many tokens Ollama keeps room for. Temperature and the like stay Ollama's. Raises TrainError.
    """
    template = go_template(turn_texts(loaded))
    if '"""' in template:
        raise TrainError('the chat template writes """, which no Modelfile can hold')
    lines = [f"# {' '.join(line.split())}" for line in about]
    stop = chat_format(loaded.tokenizer, loaded.settings).final.end[0]
    return "\n".join([
        *lines,
        f"FROM ./{weights}",
        f'TEMPLATE """{template}"""',
        f'PARAMETER stop "{stop}"',
        f"PARAMETER num_ctx {context}",
        "",
    ])  # fmt: skip


def go_template(texts: TurnTexts) -> str:
    """The same as `TurnTexts.prompt`, in Go's template language; the answer is left out after the last question."""
    opening = _literal(texts.opening)
    if texts.system:
        before, after = map(_literal, texts.system)
        opening = "{{ if .System }}" + before + "{{ .System }}" + after + "{{ else }}" + opening + "{{ end }}"
    asked, asking, answered = map(_literal, (texts.asked, texts.asking, texts.answered))
    more = "{{ if gt (len (slice $.Messages $i)) 1 }}"  # more turns follow
    after_question = asked if asked == asking else more + asked + "{{ else }}" + asking + "{{ end }}"
    after_answer = more + answered + "{{ end }}"  # an answer to be continued stays open
    return (
        opening
        + "{{ range $i, $_ := .Messages }}"
        + '{{ if eq .Role "user" }}{{ .Content }}' + after_question
        + '{{ else if eq .Role "assistant" }}{{ .Content }}' + after_answer
        + "{{ end }}{{ end }}"
    )  # fmt: skip


def _message(role: str, content: str) -> Message:
    return {"role": role, "content": content}


def _prompt(messages: Sequence[Message], loaded: LoadedTokenizer) -> str:
    """What an answer is trained to follow: the generation prompt, and what is trained before the answer's own words.

    The latter is Qwen 3's empty <think> block: written by Ollama, it stays out of the answer, and so out of the
    history, where the chat template does not write it either.
    """
    form = chat_format(loaded.tokenizer, loaded.settings)
    text = form.before(render(messages, loaded.tokenizer, form.settings, parts=form.parts, prompt=True), form.final)
    return text if form.settings.generation_prompt == "trained" else text + form.final.add


def _system(asked: Sequence[Message], loaded: LoadedTokenizer) -> tuple[str, str] | None:
    """What stands around a system turn; None where the template refuses it or leaves it out."""
    try:
        text = _prompt([_message("system", _SYSTEM), *asked], loaded)
    except EncodeError:
        return None
    if text.count(_SYSTEM) != 1:
        return None
    before, between, _ = _cut(text, _SYSTEM, _QUESTION)
    return before, between


def _cut(text: str, *words: str) -> list[str]:
    """What stands before, between and after the words. Raises TrainError where one is not there once, in this order."""
    pieces = []
    for word in words:
        before, found, text = text.partition(word)
        if not found or word in text:
            raise TrainError(
                f"the chat template does not print {word!r} once and in its place: no Modelfile can be made"
            )
        pieces.append(before)
    return [*pieces, text]


def _literal(text: str) -> str:
    """Text that Go's template language prints as it is."""
    return text.replace("{{", '{{ "{{" }}')
