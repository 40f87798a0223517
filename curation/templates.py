"""Messages to token ids and loss mask, for the chat template of one model: the ONE encode function.

Training, doctor and evaluation all come through here, so what is trained is what is asked at inference. A conversation
is rendered to text once and tokenised once, with no special tokens added. An assistant's turn is trained from where the
generation prompt ends to the end-of-turn token, that token included; nothing else is.

    encode(messages, tokenizer).pieces      what the report colours
    encode_all(conversations, tokenizer)    the same for many, tokenised in one call
    prompt_ids(messages, tokenizer)         what a server feeds the model

Every fault is an EncodeError of one line: a quiet one ends in a model that never stops or says "None".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, ParamSpec, TypeVar, cast

from curation.chat.format import (
    ChatFormat,
    Conversation,
    EncodeError,
    Message,
    TemplateSettings,
    Turn,
    chat_format,
    control_tokens,
    render,
)

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

__all__ = [
    "IGNORED",
    "ROLES",
    "Conversation",
    "EncodeError",
    "Encoded",
    "Message",
    "TemplateSettings",
    "control_tokens",
    "encode",
    "encode_all",
    "end_of_turn",
    "prompt_ids",
    "try_encode_all",
]

_REASONING = re.compile(r"\s*<(think(?:ing)?|thoughts?|reasoning)>(.*?)</\1>", re.DOTALL)  # at the start of an answer
IGNORED = -100  # label of a token without loss: ignore_index of torch.nn.CrossEntropyLoss
ROLES = ("system", "user", "assistant")
_SURROGATE = re.compile("[\ud800-\udfff]")

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Encoded:
    """One conversation, ready for a trainer."""

    input_ids: list[int]
    labels: list[int]  # as long as input_ids: the id itself where it is trained, IGNORED elsewhere
    text: str  # what was tokenised
    spans: tuple[tuple[int, int], ...]  # trained stretches of text: first character, character after the last

    @property
    def loss_mask(self) -> list[int]:
        """1 where a token is trained, 0 elsewhere."""
        return [int(label != IGNORED) for label in self.labels]

    @property
    def pieces(self) -> list[tuple[str, bool]]:
        """The text cut into (piece, trained?), in order; joined, the pieces are the text."""
        borders = [0, *(border for span in self.spans for border in span), len(self.text)]
        cut = [self.text[left:right] for left, right in pairwise(borders)]
        return [(piece, bool(number % 2)) for number, piece in enumerate(cut) if piece]


def encode(
    messages: Conversation, tokenizer: PreTrainedTokenizerBase, settings: TemplateSettings | None = None
) -> Encoded:
    """Token ids and labels of one conversation. Raises EncodeError."""
    result = try_encode_all([messages], tokenizer, settings)[0]
    if isinstance(result, EncodeError):
        raise result
    return result


def encode_all(
    conversations: Sequence[Conversation], tokenizer: PreTrainedTokenizerBase, settings: TemplateSettings | None = None
) -> list[Encoded]:
    """As `encode`, for many. Raises EncodeError for the first that fails, with its place, counted from 0."""
    encoded = []
    for number, result in enumerate(try_encode_all(conversations, tokenizer, settings)):
        if isinstance(result, EncodeError):
            raise EncodeError(f"conversation {number}: {result}")
        encoded.append(result)
    return encoded


def try_encode_all(
    conversations: Sequence[Conversation], tokenizer: PreTrainedTokenizerBase, settings: TemplateSettings | None = None
) -> list[Encoded | EncodeError]:
    """As `encode_all`, but a conversation that cannot be encoded gives its EncodeError in its place.

    A template or tokenizer that can encode nothing at all raises.
    """
    form = chat_format(tokenizer, settings or TemplateSettings())
    plans = [_caught(_plan, messages, tokenizer, form) for messages in conversations]
    ids = iter(_tokenise([text for plan in plans if isinstance(plan, _Plan) for text in plan.texts], tokenizer))
    results: list[Encoded | EncodeError] = []
    for plan in plans:
        if isinstance(plan, EncodeError):
            results.append(plan)
        else:
            results.append(_caught(_assemble, plan, [next(ids) for _ in plan.texts], form))
    return results


def prompt_ids(
    messages: Conversation, tokenizer: PreTrainedTokenizerBase, settings: TemplateSettings | None = None
) -> list[int]:
    """Token ids fed to the model that is to answer `messages`: the first ids of the conversation it is trained on.

    Raises EncodeError, also where the last message is not the user's.
    """
    form = chat_format(tokenizer, settings or TemplateSettings())
    _check_messages(messages, form)
    if messages[-1]["role"] != "user":
        raise EncodeError(f"the last message is the {messages[-1]['role']}'s: there is no question to answer")
    text = _prompt(messages, form.final, tokenizer, form)
    ids = _tokenise([text], tokenizer)[0]
    _check_named(ids, text, form)
    return ids


def end_of_turn(tokenizer: PreTrainedTokenizerBase, settings: TemplateSettings | None = None) -> str:
    """The text that ends an assistant's last turn, as its template writes it: what a server must stop at."""
    return "".join(chat_format(tokenizer, settings or TemplateSettings()).final.end)


# ---------------------------------------------------------------- one conversation: check, render, find the turns


@dataclass(frozen=True)
class _Span:
    """A trained stretch: the prompt before it, the character after its last, and the ids that end it."""

    prompt: str
    stop: int
    end_ids: tuple[int, ...]


@dataclass(frozen=True)
class _Plan:
    """A conversation as text, and what of it is trained."""

    text: str
    spans: list[_Span]

    @property
    def texts(self) -> list[str]:
        """All that must be tokenised."""
        return [self.text, *(span.prompt for span in self.spans)]


def _plan(messages: Conversation, tokenizer: PreTrainedTokenizerBase, form: ChatFormat) -> _Plan:
    _check_messages(messages, form)
    if all(message["role"] != "assistant" for message in messages):
        raise EncodeError("no message of the role assistant: nothing to train on")
    text = render(messages, tokenizer, form.settings, parts=form.parts, prompt=False)
    last = len(messages) - 1
    if messages[last]["role"] == "assistant":
        text += form.appended
    _check_complete(messages, text, form)
    spans = []
    for number, message in enumerate(messages):
        if message["role"] == "assistant":
            turn = form.final if number == last else form.middle
            prompt = _prompt(messages[:number], turn, tokenizer, form)
            if number == last or not _left_out(message, text[len(prompt) :], form):
                spans.append(_span(message, text, prompt, turn, form))
    if not spans:
        raise EncodeError("the template leaves out the reasoning of every answer: nothing to train on")
    return _Plan(text, spans)


def _check_messages(messages: Conversation, form: ChatFormat) -> None:
    """Refuse what a template would print as something else, drop, or take for its own tokens."""
    if not isinstance(messages, Sequence) or not messages:
        raise EncodeError("the conversation has no message")
    for number, message in enumerate(messages):
        fault = _fault(message, number, form)
        if fault:
            raise EncodeError(f"message {number}: {fault}")


def _fault(message: object, number: int, form: ChatFormat) -> str:
    """What is wrong with a message, or ""."""
    if not isinstance(message, Mapping) or set(message) != {"role", "content"}:
        found = ", ".join(sorted(map(str, message))) if isinstance(message, Mapping) else type(message).__name__
        return f"expected the keys content and role, got {found}"
    role, content = message["role"], message["content"]
    if role not in ROLES:
        return f"role {role!r}, expected one of {', '.join(ROLES)}"
    if role == "system" and number:
        return "a system turn that is not the first"
    if not isinstance(content, str):
        return f"what the {role} says is no text but {content!r:.40}"
    if not content.strip():
        return f"what the {role} says is empty"
    reasons = _reasoning(message, form)
    said = reasons[2] + content[reasons.end() :] if reasons else content
    if reasons and not content[reasons.end() :].strip():
        return f"what the {role} says is empty, its reasoning apart"
    if leaked := form.control.search(said):
        return f"what the {role} says holds the control token {leaked.group()!r}"
    if not content.isascii() and _SURROGATE.search(content):
        return f"what the {role} says holds half a character (a lone surrogate)"
    return ""


def _reasoning(message: Message, form: ChatFormat) -> re.Match[str] | None:
    """The reasoning that an answer begins with, where its tags are control tokens (Qwen 3, DeepSeek R1), or where the
    template writes an empty block of it by itself.

    There they stand as the template writes them; anywhere else a control token is refused.
    """
    found = _REASONING.match(message["content"]) if message["role"] == "assistant" else None
    tag = f"<{found[1]}>" if found else ""
    return found if found and (form.control.fullmatch(tag) or tag in form.final.add) else None


def _left_out(message: Message, written: str, form: ChatFormat) -> bool:
    """Whether a template wrote an earlier answer without its reasoning, as Qwen 3's does; `written` begins with it.

    Without its reasoning it is what the model is asked with, and no answer to train.
    """
    reasons, found = _reasoning(message, form), _REASONING.match(written)
    return reasons is not None and reasons[2].strip() != (found[2].strip() if found else "")


def _check_complete(messages: Conversation, text: str, form: ChatFormat) -> None:
    place, last = 0, len(messages) - 1
    for number, message in enumerate(messages):
        content, reasons = message["content"], _reasoning(message, form)
        if number == last and reasons and reasons[2].strip() not in text[place:]:
            raise EncodeError(f"message {number}: the template leaves out the reasoning of the assistant")
        said = (content[reasons.end() :] if reasons else content).strip()
        place = text.find(said, place)
        if place < 0:
            raise EncodeError(f"message {number}: the template leaves out or rewrites what the {message['role']} says")
        place += len(said)


def _prompt(asked: Conversation, turn: Turn, tokenizer: PreTrainedTokenizerBase, form: ChatFormat) -> str:
    """The text before an answer, in training as at inference."""
    return form.before(render(asked, tokenizer, form.settings, parts=form.parts, prompt=True), turn)


def _span(message: Message, text: str, prompt: str, turn: Turn, form: ChatFormat) -> _Span:
    """The trained stretch after `prompt`: the answer with its reasoning, up to and with the end of its turn."""
    answer, reasons = message["content"], _reasoning(message, form)
    if not text.startswith(prompt):
        raise EncodeError(
            "the template writes earlier turns anew when later ones follow: a prompt is no prefix of the text"
        )
    lead = turn.add if form.settings.generation_prompt == "template" and not reasons else ""
    end = "".join(turn.end)
    place = text.find(turn.end[0], len(prompt) + len(lead))
    written = text[len(prompt) + len(lead) : place]
    same = _same_but_blanks(written, reasons) if reasons else written.strip() == answer.strip()
    if not text.startswith(lead, len(prompt)) or not same or not text.startswith(end, place):
        raise EncodeError(f"the template does not write the answer {answer!r:.40} as it is, with {end!r} after it")
    return _Span(prompt, place + len(end), turn.end_ids)


def _same_but_blanks(written: str, reasons: re.Match[str]) -> bool:
    """Whether a template wrote an answer as it is, with blanks of its own; empty reasoning it may leave out."""
    wanted = {"".join(reasons.string.split())}
    if not reasons[2].strip():
        wanted.add("".join(reasons.string[reasons.end() :].split()))
    return "".join(written.split()) in wanted


# ---------------------------------------------------------------- ids and labels


def _tokenise(texts: list[str], tokenizer: PreTrainedTokenizerBase) -> list[list[int]]:
    """Ids of each text, with no special token beyond those that the text holds."""
    if not texts:
        return []
    batch = tokenizer(
        texts, add_special_tokens=False, return_attention_mask=False, return_token_type_ids=False, verbose=False
    )
    return cast("list[list[int]]", batch["input_ids"])


def _assemble(plan: _Plan, tokenised: list[list[int]], form: ChatFormat) -> Encoded:
    """Labels from the ids of the text and of each span's prompt."""
    ids, prompts = tokenised[0], tokenised[1:]
    _check_named(ids, plan.text, form)
    labels = [IGNORED] * len(ids)
    for span, prompt in zip(plan.spans, prompts, strict=True):
        if ids[: len(prompt)] != prompt:
            head = plan.text[len(span.prompt) :][:12]
            raise EncodeError(f"the start of the answer {head!r} fuses with the prompt's last token: strip its blanks")
        stop = _after(ids, list(span.end_ids), len(prompt))
        labels[len(prompt) : stop] = ids[len(prompt) : stop]
    return Encoded(ids, labels, plan.text, tuple((len(span.prompt), span.stop) for span in plan.spans))


def _after(ids: list[int], end: list[int], start: int) -> int:
    """The place after the first `end` beyond `start`."""
    try:
        place = ids.index(end[0], start + 1)
    except ValueError as error:
        raise EncodeError("the end of turn is in the text but not in the ids") from error
    if ids[place : place + len(end)] != end:
        raise EncodeError("the end of turn is in the text but not in the ids")
    return place + len(end)


def _check_named(ids: list[int], text: str, form: ChatFormat) -> None:
    """The begin, end and unknown tokens in the ids are those in the text, and at most one begin token leads."""
    for name, token, number in form.named:
        if ids.count(number) != text.count(token):
            raise EncodeError(
                f"{token!r} ({name}) is {ids.count(number)} times in the ids, {text.count(token)} times in the text: "
                "the tokenizer adds it by itself, or does not know a character"
            )
        if name == "bos_token" and text.startswith(token * 2):
            raise EncodeError(f"two begin tokens {token!r} at the start: the template writes it twice")


def _caught(work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T | EncodeError:
    """What `work` gives, or the EncodeError that it raises."""
    try:
        return work(*given, **named)
    except EncodeError as error:
        return error
