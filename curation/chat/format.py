"""What one tokenizer's chat template does, found by rendering probe messages: no model family is written down here.

The probes tell which tokens end an assistant's turn, and how the generation prompt differs from what the template
writes before an answer that is there. `curation.templates` encodes with what is found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Literal, cast
from weakref import WeakKeyDictionary

from jinja2 import TemplateError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# How a template fails that somebody else wrote: also without end, or past what the sandbox or the memory allows.
REFUSALS = (
    TemplateError,
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    MemoryError,
)
Message = Mapping[str, str]
Conversation = Sequence[Message]

# The date that Llama 3.1's and 3.2's templates print by themselves where nothing tells them another.
PINNED_DATE = "26 Jul 2024"


class EncodeError(ValueError):
    """No correct training row can be made of a conversation, a template or a tokenizer: one line, with the cause."""


@dataclass(frozen=True)
class TemplateSettings:
    """What a base model's template needs said; data/models.toml holds it for each model."""

    # "template": ask as the template's generation prompt does. "trained": ask with what stands before the answer in the
    # training text, for families whose generation prompt opens a reasoning that no training text has.
    generation_prompt: Literal["template", "trained"] = "template"
    end_of_turn: str = ""  # the token to write after the last answer where the template itself writes none there
    date_string: str = PINNED_DATE  # "%d %b %Y"; what the template is told when it asks for today


@dataclass(frozen=True)
class Turn:
    """How a template writes an assistant's turn, beside what it asks with."""

    drop: str  # end of the generation prompt that the training text does not have (DeepSeek R1: "<think>\n")
    add: str  # what the training text has between the generation prompt and the answer (Qwen 3: an empty <think> block)
    end: tuple[str, ...]  # the control tokens that end the turn, in order
    end_ids: tuple[int, ...]


@dataclass(frozen=True)
class ChatFormat:
    """One tokenizer's chat template, as the probes found it."""

    settings: TemplateSettings
    control: re.Pattern[str]  # matches one control token
    named: tuple[tuple[str, str, int], ...]  # the tokenizer's begin, end and unknown token: what it is, text, id
    parts: bool  # content is handed over as [{"type": "text", "text": …}], as templates of vision models want it
    appended: str  # end of turn that is written after the last answer, because the template writes none
    middle: Turn  # an answer that more turns follow
    final: Turn  # the last message

    def before(self, prompt: str, turn: Turn) -> str:
        """What an answer is asked with: the generation prompt, or what the training text has in its place."""
        if self.settings.generation_prompt == "trained":
            return prompt.removesuffix(turn.drop) + turn.add
        if turn.drop:
            raise EncodeError(
                f"the template's generation prompt ends in {turn.drop!r}, which its training text has not: "
                'set generation_prompt = "trained" for this model'
            )
        return prompt


def render(
    messages: Conversation, tokenizer: PreTrainedTokenizerBase, settings: TemplateSettings, *, parts: bool, prompt: bool
) -> str:
    """The template's text, with the generation prompt or without.

    The only place that calls apply_chat_template: always for text, never for ids (which come as a list from one release
    and as a BatchEncoding from another), and always told the date.
    """
    chat: list[dict[str, Any]] = [dict(message) for message in messages]
    for message in chat if parts else ():
        message["content"] = [{"type": "text", "text": message["content"]}]
    try:
        text = tokenizer.apply_chat_template(
            chat,
            tokenize=False,
            add_generation_prompt=prompt,
            date_string=settings.date_string,
            strftime_now=_clock(settings.date_string),
        )
    except REFUSALS as error:
        cause = " ".join(str(error).split()) or type(error).__name__
        raise EncodeError(f"the chat template refuses the conversation: {cause}") from error
    return cast("str", text)


@cache
def _clock(date_string: str) -> Callable[[str], str]:
    """A `strftime_now` for templates in which it is always the same day, so that no two renderings differ."""
    try:
        day = datetime.strptime(date_string, "%d %b %Y")  # noqa: DTZ007 - a calendar day, in no time zone
    except ValueError as error:
        raise EncodeError(f"date_string {date_string!r}: expected a day such as {PINNED_DATE!r}") from error
    return day.strftime


_FORMATS: WeakKeyDictionary[PreTrainedTokenizerBase, dict[object, ChatFormat]] = WeakKeyDictionary()


def chat_format(tokenizer: PreTrainedTokenizerBase, settings: TemplateSettings) -> ChatFormat:
    """The tokenizer's template, probed; kept until its template or its vocabulary changes. Raises EncodeError."""
    names = tuple(tokenizer.special_tokens_map.items())
    key = (settings, str(tokenizer.chat_template), len(tokenizer), str(names))
    known = _FORMATS.setdefault(tokenizer, {})
    if key not in known:
        known[key] = _probe(tokenizer, settings)
    return known[key]


_QUESTION, _ANSWER, _QUESTION_2, _ANSWER_2 = _PROBE = ("probeone", "probetwo", "probethree", "probefour")


def _probe(tokenizer: PreTrainedTokenizerBase, settings: TemplateSettings) -> ChatFormat:
    control = _control_pattern(tokenizer, _template(tokenizer))
    parts, text = _probe_text(tokenizer, settings)
    middle = _leading_tokens(text.partition(_ANSWER)[2].partition(_QUESTION_2)[0], control)
    final = _leading_tokens(text.partition(_ANSWER_2)[2], control)
    appended = "" if final or not control.fullmatch(settings.end_of_turn) else settings.end_of_turn
    ends = _ends(middle, final or (appended,) * bool(appended))
    turns = []
    for asked, end in zip((1, 3), ends, strict=True):
        drop, add = _header(_messages()[:asked], text, tokenizer, settings, parts=parts)
        ids = cast("list[int]", tokenizer.convert_tokens_to_ids(list(end)))
        turns.append(Turn(drop, add, end, tuple(ids)))
    return ChatFormat(settings, control, _named(tokenizer), parts, appended, *turns)


def _template(tokenizer: PreTrainedTokenizerBase) -> str:
    try:
        return str(tokenizer.get_chat_template())
    except ValueError as error:
        name = tokenizer.name_or_path or type(tokenizer).__name__
        raise EncodeError(f"the tokenizer {name!r} has no chat template: take an instruct model") from error


def _messages() -> list[dict[str, str]]:
    return [{"role": ("user", "assistant")[number % 2], "content": text} for number, text in enumerate(_PROBE)]


def _probe_text(tokenizer: PreTrainedTokenizerBase, settings: TemplateSettings) -> tuple[bool, str]:
    """Whether content must be handed over in parts, and the probe conversation as text."""
    faults = []
    for parts in (False, True):
        try:
            text = render(_messages(), tokenizer, settings, parts=parts, prompt=False)
        except EncodeError as error:
            faults.append(error)
            continue
        if all(text.count(content) == 1 for content in _PROBE):
            return parts, text
        faults.append(EncodeError("the chat template does not print what each message says, once and as it is"))
    raise faults[0]


def _control_pattern(tokenizer: PreTrainedTokenizerBase, template: str) -> re.Pattern[str]:
    """Matches one token that text must not hold."""
    tokens = sorted(_control_tokens(tokenizer, template), key=lambda token: (-len(token), token))
    return re.compile("|".join(map(re.escape, tokens)) or r"(?!)")


def control_tokens(tokenizer: PreTrainedTokenizerBase) -> frozenset[str]:
    """Tokens that no text to train on may hold. Raises EncodeError where the tokenizer has no chat template."""
    return frozenset(_control_tokens(tokenizer, _template(tokenizer)))


def _control_tokens(tokenizer: PreTrainedTokenizerBase, template: str) -> set[str]:
    """The special tokens, and those that the template writes (such as <think>).

    Other added tokens are plain text with an id of their own (Gemma: blanks, "<b>") and harmless.
    """
    added = {
        token.content
        for token in tokenizer.added_tokens_decoder.values()
        if token.special or (token.content.strip() and token.content in template)
    }
    return added | set(tokenizer.all_special_tokens)


def _leading_tokens(tail: str, control: re.Pattern[str]) -> tuple[str, ...]:
    """The run of control tokens that text starts with, blanks before it apart."""
    run = re.match(rf"\s*((?:{control.pattern})+)", tail)
    return tuple(found.group() for found in control.finditer(run[1])) if run else ()


def _ends(middle: tuple[str, ...], final: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The control tokens that end a middle turn and the final one: of the runs after the answer, what both share.

    What only one has belongs to the next turn's header, or closes the whole conversation (Phi). Where they share none,
    the template ends the two in different ways (gpt-oss).
    """
    if not middle or not final:
        where = "the last" if middle else "an"
        raise EncodeError(
            f"the chat template writes no control token of this tokenizer after {where} answer, so the model could not "
            "learn to stop: name one as end_of_turn, or take the tokenizer that belongs to the template"
        )
    shared = middle[: _shared(middle, final)]
    return shared or middle[:1], shared or final


def _shared(left: Sequence[str], right: Sequence[str]) -> int:
    """How many characters or tokens two sequences have in common at their start."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False)))


def _header(
    asked: Conversation, text: str, tokenizer: PreTrainedTokenizerBase, settings: TemplateSettings, *, parts: bool
) -> tuple[str, str]:
    """What the generation prompt has that `text` has not, and what `text` has between it and the answer."""
    prompt = render(asked, tokenizer, settings, parts=parts, prompt=True)
    before = text[: text.index(_PROBE[len(asked)])]
    shared = _shared(prompt, before)
    if shared < before.index(_PROBE[len(asked) - 1]):
        raise EncodeError("the chat template writes earlier turns anew when later ones follow")
    return prompt[shared:], before[shared:]


def _named(tokenizer: PreTrainedTokenizerBase) -> tuple[tuple[str, str, int], ...]:
    found = []
    for name in ("bos_token", "eos_token", "unk_token"):
        token = getattr(tokenizer, name, None)
        if token:
            found.append((name, str(token), int(getattr(tokenizer, f"{name}_id"))))
    return tuple(found)
