"""One chat template: what it writes, and what it writes around the contents of a conversation.

No family is coded by hand. A conversation of sentinels is rendered through a template; the literal text between the
sentinels is the template's fingerprint, and dates and the names of the begin and end tokens are left open.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import takewhile
from typing import Any

from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from curation.chat.format import REFUSALS

Messages = list[dict[str, str]]
Roles = tuple[str, ...]
DATE = "Dsentineldate"  # what templates print for today while they are probed
_USUAL: tuple[Roles, ...] = (("user", "assistant"), ("user", "assistant") * 2, ("system", "user", "assistant"))


@dataclass(frozen=True, slots=True)
class Shape:
    """What a template writes around the contents of one sequence of roles: literal, hole, literal, …, literal."""

    literals: tuple[str, ...]  # one more than holes
    holes: tuple[int, ...]  # number of the message that fills each hole; -1: a date


@dataclass(frozen=True)
class Family:
    """One chat template, with names for its begin and end tokens. Raises nothing: what it refuses has no shape."""

    name: str
    jinja: str
    bos: str = ""
    eos: str = ""
    appended: str = ""  # end of turn that is written after the last answer, because the template writes none
    date: str = ""  # what is printed for today when rendered with no other
    _shapes: dict[tuple[Roles, bool], Shape | None] = field(default_factory=dict, compare=False, repr=False)

    def render(self, messages: Sequence[Mapping[str, str]], *, asks: bool = False, date: str = "") -> str:
        """The template's text. Raises one of jinja2's or Python's errors where it refuses the messages."""
        today = date or self.date
        text = _compiled(self.jinja).render(
            messages=[_in_parts(message) if self._takes_parts else dict(message) for message in messages],
            add_generation_prompt=asks,
            bos_token=self.bos,
            eos_token=self.eos,
            date_string=today,
            strftime_now=lambda _format: today,
            tools=None,
            documents=None,
        )
        ends = not asks and messages[-1]["role"] == "assistant"
        return str(text) + (self.appended if ends else "")

    @cached_property
    def drops_reasoning(self) -> bool:
        """Whether the template leaves out what stands between <think> tags in the last answer."""
        chat = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "<think>\nsentinelq\n</think>\n\nb"}]
        try:
            return "sentinelq" not in self.render(chat)
        except REFUSALS:
            return False

    @cached_property
    def _takes_parts(self) -> bool:
        """Whether content must be handed over as [{"type": "text", …}]: texts do not come out as they are."""
        asked: list[dict[str, Any]] = [{"role": "user", "content": "sentinelq"}]
        try:
            return "sentinelq" not in _compiled(self.jinja).render(
                messages=asked, add_generation_prompt=True, bos_token=self.bos, eos_token=self.eos
            )
        except REFUSALS:
            return True

    @cached_property
    def answer_mark(self) -> str:
        """What stands between a question and every answer; "" where the template cannot write two of them."""
        shape = self.shape(("user", "assistant", "user", "assistant"), asks=False)
        if shape is None:
            shape = self.shape(("user", "assistant"), asks=False)
        if shape is None:
            return ""
        before = [left for left, hole in zip(shape.literals, shape.holes, strict=False) if hole in (1, 3)]
        return before[0][: _shared(before[0], before[-1])]

    @cached_property
    def edges(self) -> tuple[tuple[str, ...], ...]:
        """What the usual conversations look like around their contents: alike for templates that write alike."""
        shapes = [self.shape(roles, asks=False) for roles in _USUAL] + [self.shape(_USUAL[0][:1], asks=True)]
        return tuple(shape.literals if shape else () for shape in shapes)

    @cached_property
    def openings(self) -> tuple[str, ...]:
        """How the usual conversations begin, up to the first thing that changes from one to the next."""
        return tuple(sorted({literals[0] for literals in self.edges if literals}))

    @cached_property
    def closings(self) -> tuple[str, ...]:
        """How they end."""
        return tuple(sorted({literals[-1] for literals in self.edges if literals}))

    @cached_property
    def answer_end(self) -> str:
        """What stands behind every answer, before another turn as at the end."""
        shape = self.shape(("user", "assistant") * 2, asks=False)
        if shape is None:
            return ""
        middle, last = shape.literals[shape.holes.index(2)], shape.literals[-1]
        return re.sub(r"<[^<>]*$|\[[^\]]*$", "", _shared_start(middle, last))  # no half of a token

    @cached_property
    def headers(self) -> dict[str, str]:
        """What begins a turn of each role wherever it stands; a role without such a text is left out."""
        shape = self.shape(("user", "assistant") * 2, asks=False)
        if shape is None:
            return {}
        before = dict(zip(shape.holes, shape.literals, strict=False))
        user = _shared_end(before.get(0, ""), before.get(2, "")).removeprefix(self.answer_end)
        user = re.sub(r"\A[\w|｜▁/]*[>\]]", "", user)  # no half of a token
        found = {"user": user, "assistant": self.answer_mark.removeprefix(self.answer_end)}
        system = user.replace("user", "system")
        with_system = self.shape(("system", "user", "assistant"), asks=False)
        if "user" in user and with_system and system in "".join(with_system.literals):
            found["system"] = system
        return {role: header for role, header in found.items() if header.strip()}

    def shape(self, roles: Roles, *, asks: bool) -> Shape | None:
        """What the template writes around the contents of such a conversation; None where it refuses it."""
        key = (roles, asks)
        if key not in self._shapes:
            self._shapes[key] = self._probe(roles, asks=asks)
        return self._shapes[key]

    def _probe(self, roles: Roles, *, asks: bool) -> Shape | None:
        marks = [f"sentinel{number}q" for number in range(len(roles))]
        chat = [{"role": role, "content": mark} for role, mark in zip(roles, marks, strict=True)]
        try:
            text = self.render(chat, asks=asks, date=DATE)
        except REFUSALS:
            return None
        pieces = re.split(f"(sentinel\\d+q|{DATE})", text)
        holes = [-1 if piece == DATE else int(piece[8:-1]) for piece in pieces[1::2]]
        if [hole for hole in holes if hole >= 0] != list(range(len(roles))):
            return None  # a message is left out, repeated or moved
        return Shape(tuple(pieces[::2]), tuple(holes))

    @cached_property
    def _reads(self) -> re.Pattern[str]:
        """Matches what a template might look for in content and write differently: the strings that it holds."""
        strings = {node.value for node in _parsed(self.jinja).find_all(nodes.Const) if isinstance(node.value, str)}
        marks = sorted({text.strip() for text in strings if len(text.strip()) > 1}, key=lambda text: (-len(text), text))
        return re.compile("|".join(map(re.escape, marks)) or r"(?!)")

    def writes_plainly(self, content: str) -> bool:
        """Whether the template must write this content as it wrote the sentinels: nothing to trim, nothing it knows."""
        return content == content.strip() != "" and not self._reads.search(content)


def _in_parts(message: Mapping[str, str]) -> dict[str, Any]:
    return {"role": message["role"], "content": [{"type": "text", "text": message["content"]}]}


# ---------------------------------------------------------------- Jinja


@lru_cache(maxsize=512)
def _compiled(jinja: str) -> Any:
    return _environment().from_string(jinja)


@lru_cache(maxsize=512)
def _parsed(jinja: str) -> nodes.Template:
    return _environment().parse(jinja)


@lru_cache(maxsize=1)
def _environment() -> ImmutableSandboxedEnvironment:
    """As transformers renders chat templates: sandboxed, with its blanks, its tests and its {% generation %} block."""
    from transformers.utils import chat_template_utils

    sample = chat_template_utils._compile_jinja_template("")  # noqa: SLF001 - the one place that builds it
    environment: ImmutableSandboxedEnvironment = sample.environment
    return environment


def _shared(left: str, right: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False)))


def _shared_start(left: str, right: str) -> str:
    return left[: _shared(left, right)]


def _shared_end(left: str, right: str) -> str:
    return left[len(left) - _shared(left[::-1], right[::-1]) :]
