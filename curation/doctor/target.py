"""The model that will be trained: its tokenizer, template and limits, and the templates of other families."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from curation.chat.format import (
    REFUSALS,
    ChatFormat,
    Conversation,
    TemplateSettings,
    chat_format,
    control_tokens,
    render,
)
from curation.doctor.families import Families
from curation.doctor.family import Family
from curation.doctor.reasoned import TAG
from curation.doctor.text_rows import TextRows
from curation.doctor.token_rows import TokenRow, header_ids, look_at, real_tokens
from curation.templates import Encoded, EncodeError, try_encode_all

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from curation.doctor.case import Case


@dataclass(frozen=True)
class Target:
    """What rows are checked against."""

    name: str  # as the user wrote it
    tokenizer: PreTrainedTokenizerBase = field(repr=False)
    settings: TemplateSettings
    pad: str = ""  # the token to pad with, never eos; "" where unknown
    max_length: int = 2048  # tokens a row may have
    templates: Mapping[str, str] = field(default_factory=dict, repr=False)  # family → Jinja text, of all known families
    _text: tuple[Sequence[int], str] = field(default=((), ""), init=False, repr=False, compare=False)  # decoded last
    _token_row: tuple[Case, TokenRow] | None = field(default=None, init=False, repr=False, compare=False)

    @cached_property
    def form(self) -> ChatFormat:
        """The template, probed. Raises EncodeError."""
        return chat_format(self.tokenizer, self.settings)

    def render(self, messages: Conversation) -> str:
        """The training text, byte for byte what `encode` tokenises. Raises EncodeError."""
        form = self.form
        text = render(messages, self.tokenizer, self.settings, parts=form.parts, prompt=False)
        return text + (form.appended if messages[-1]["role"] == "assistant" else "")

    def encode(self, conversations: Sequence[Conversation]) -> list[Encoded | EncodeError]:
        """Ids and labels by the one encode function."""
        return try_encode_all(conversations, self.tokenizer, self.settings)

    def counts(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has by itself."""
        return [len(ids) for ids in self.tokenizer(list(texts), add_special_tokens=False)["input_ids"]] if texts else []

    # ------------------------------------------------------------ back to turns

    @cached_property
    def family(self) -> Family:
        """The target's own template, for taking text back to messages."""
        bos, eos = self.tokenizer.bos_token or "", self.tokenizer.eos_token or ""
        jinja = str(self.tokenizer.get_chat_template())
        return Family(self.name, jinja, str(bos), str(eos), self.form.appended, self.settings.date_string)

    @cached_property
    def families(self) -> Families:
        """All known templates, the target's first."""
        return Families(self.templates, self.family)

    @cached_property
    def text_rows(self) -> TextRows:
        """Judges rendered text for this target."""
        return TextRows(self.family, self.families)

    def turns_of(self, text: str) -> list[dict[str, str]]:
        """The messages that a text was written from, or nearly; [] where no known template can have written it."""
        return self.text_rows.judge(text).messages

    def text_of(self, ids: Sequence[int], attention: Sequence[int] = ()) -> str:
        """The text of token ids, without padding at either end; "" where an id is none of this tokenizer's."""
        if self._text[0] is not ids:
            object.__setattr__(self, "_text", (ids, self._decoded(ids, attention)))
        return self._text[1]

    def _decoded(self, ids: Sequence[int], attention: Sequence[int]) -> str:
        if not ids or max(ids) >= self.vocabulary or min(ids) < 0:
            return ""
        first, last = real_tokens(ids, attention, self)
        kept = list(ids[first:last])
        return str(self.tokenizer.decode(kept, skip_special_tokens=False, clean_up_tokenization_spaces=False))

    def token_row(self, case: Case) -> TokenRow:
        """What a row of ids is made of; rules ask about the same row one after the other."""
        known = self._token_row
        if not known or known[0] is not case:
            known = (case, look_at(case, self))
            object.__setattr__(self, "_token_row", known)
        return known[1]

    @cached_property
    def pad_ids(self) -> frozenset[int]:
        """Ids that pad and never end a turn."""
        names = sorted({self.pad, str(self.tokenizer.pad_token or "")} - {""})
        return frozenset(cast("list[int]", self.tokenizer.convert_tokens_to_ids(names))) - self.end_ids

    @cached_property
    def end_ids(self) -> frozenset[int]:
        """Ids that end an assistant's turn."""
        return frozenset(self.form.middle.end_ids + self.form.final.end_ids)

    @cached_property
    def answer_header_ids(self) -> tuple[int, ...]:
        """Ids of what the template puts before an answer."""
        return header_ids(self)

    @cached_property
    def vocabulary(self) -> int:
        """Token ids there are."""
        return len(self.tokenizer)

    @cached_property
    def longest(self) -> int:
        """Characters that one token may stand for."""
        return max(map(len, self.tokenizer.get_vocab()), default=1)

    def surely_too_long(self, turns: Sequence[Mapping[str, Any]]) -> int:
        """Tokens that turns have at the very least, where that is more than max_length; else 0.

        A turn is its content and what ends it. So a row of ten megabytes, or of 100,000 turns, need not be encoded
        (each answer is asked with all turns before it).
        """
        letters = sum(len(turn["content"]) for turn in turns if isinstance(turn["content"], str))
        least = max(letters // self.longest, 2 * len(turns))
        return least if least > self.max_length else 0

    # ------------------------------------------------------------ what the template takes

    @cached_property
    def takes_parts(self) -> bool:
        """Whether content may be a list of text parts: the template prints the same as for plain text."""
        plain = self._printed([{"role": "user", "content": "probe"}])
        return plain == self._printed([{"role": "user", "content": [{"type": "text", "text": "probe"}]}]) != ""

    @cached_property
    def reserves_reasoning(self) -> bool:
        """Whether reasoning tags are control tokens of this tokenizer (Qwen 3, DeepSeek R1)."""
        return any(TAG.fullmatch(token) for token in control_tokens(self.tokenizer))

    @cached_property
    def takes_tools(self) -> bool:
        """Whether the template prints tool calls and what a tool gives back."""
        call = {"type": "function", "function": {"name": "probecall", "arguments": {"probekey": "probevalue"}}}
        asked: list[dict[str, Any]] = [{"role": "user", "content": "probe"}]
        asked.append({"role": "assistant", "content": "", "tool_calls": [call | {"id": "abcdefghi"}]})
        given = {"role": "tool", "name": "probecall", "tool_call_id": "abcdefghi", "content": "probegiven"}
        text = self._printed([*asked, given, {"role": "assistant", "content": "probeend"}])
        return all(said in text for said in ("probecall", "probegiven", "probeend"))

    def refusal(self, turns: Sequence[Mapping[str, Any]], tools: Any = None) -> str:
        """Why the template does not print such turns (tools and all), or ""."""
        try:
            self._rendered(turns, tools)
        except REFUSALS as error:
            return " ".join(str(error).split())[:200] or type(error).__name__
        return ""

    def _printed(self, turns: Sequence[Mapping[str, Any]]) -> str:
        try:
            return self._rendered(turns, None)
        except REFUSALS:
            return ""

    def _rendered(self, turns: Sequence[Mapping[str, Any]], tools: Any) -> str:
        chat = [dict(turn) for turn in turns]
        return str(
            self.tokenizer.apply_chat_template(chat, tools=tools, tokenize=False, date_string=self.settings.date_string)
        )
