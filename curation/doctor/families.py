"""Text that some chat template wrote → the messages it was written from, with an exact round trip.

No family is coded by hand. A conversation of sentinels is rendered through a template; the literal text between the
sentinels is the template's fingerprint, and dates and the names of the begin and end tokens are left open. A text
that has the fingerprint is cut at it, and the cut is accepted only if the template writes the very same text from the
messages found. Of several templates the one that leaves the least content wins: it explains the most of the text.

    Families({"qwen3": jinja, …}).unrender(text)    Unrendered(family, messages, …), or None
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import takewhile
from typing import Any

from jinja2 import TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from curation.doctor.reasoned import without_reasoning

Messages = list[dict[str, str]]
Roles = tuple[str, ...]

MOST_TURNS = 2_000  # of one conversation; longer ones are not un-rendered
DATE = "Dsentineldate"  # what templates print for today while they are probed
LONGEST_DATE = 40  # characters
SPECIAL = re.compile(r"<[^<>\s]{1,40}>|\[/?[A-Z_]{1,20}\]|<｜[^<>]{1,40}｜>")  # what begin and end tokens look like
BEGIN = re.compile(r"(?:<[^<>\s]{1,40}>|\[[A-Z_]{1,20}\]|<｜[^<>]{1,40}｜>)")
_EMPTY = re.compile(r"<(\w+)>\s*</\1>\s*\Z")  # a block of reasoning without any
SPECIALS_TRIED = 8  # of one text
_USUAL: tuple[Roles, ...] = (("user", "assistant"), ("user", "assistant") * 2, ("system", "user", "assistant"))
_FAILS = (TemplateError, TypeError, ValueError, LookupError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Unrendered:
    """A text taken back to messages."""

    family: str
    messages: Messages
    asks: bool  # whether the text ends in the header of an answer that is not there (a generation prompt)
    content: int  # characters that the messages hold, blanks apart; the rest was template
    bos: str = ""
    eos: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class _Shape:
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
    _shapes: dict[tuple[Roles, bool], _Shape | None] = field(default_factory=dict, compare=False, repr=False)

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
        except _FAILS:
            return False

    @cached_property
    def _takes_parts(self) -> bool:
        """Whether content must be handed over as [{"type": "text", …}]: texts do not come out as they are."""
        asked: list[dict[str, Any]] = [{"role": "user", "content": "sentinelq"}]
        try:
            return "sentinelq" not in _compiled(self.jinja).render(
                messages=asked, add_generation_prompt=True, bos_token=self.bos, eos_token=self.eos
            )
        except _FAILS:
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

    def shape(self, roles: Roles, *, asks: bool) -> _Shape | None:
        """What the template writes around the contents of such a conversation; None where it refuses it."""
        key = (roles, asks)
        if key not in self._shapes:
            self._shapes[key] = self._probe(roles, asks=asks)
        return self._shapes[key]

    def _probe(self, roles: Roles, *, asks: bool) -> _Shape | None:
        marks = [f"sentinel{number}q" for number in range(len(roles))]
        chat = [{"role": role, "content": mark} for role, mark in zip(roles, marks, strict=True)]
        try:
            text = self.render(chat, asks=asks, date=DATE)
        except _FAILS:
            return None
        pieces = re.split(f"(sentinel\\d+q|{DATE})", text)
        holes = [-1 if piece == DATE else int(piece[8:-1]) for piece in pieces[1::2]]
        if [hole for hole in holes if hole >= 0] != list(range(len(roles))):
            return None  # a message is left out, repeated or moved
        return _Shape(tuple(pieces[::2]), tuple(holes))

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


# ---------------------------------------------------------------- one text


@dataclass(frozen=True)
class Families:
    """Known templates: family → Jinja text. They come from tokenizers and files of the user's, never from a dataset."""

    templates: Mapping[str, str]
    target: Family | None = None  # preferred where two explain a text equally well

    def unrender(self, text: str) -> Unrendered | None:
        """The messages that a text was written from, with the family that wrote it; None where no template can have."""
        candidates = list(self._candidates(text))
        likely = {
            family.edges: family
            for family in reversed(candidates)  # of templates that write alike, the first
            if text.startswith(family.openings) and text.endswith(family.closings)
        }
        return self._best(text, likely.values()) or self._best(text, candidates)

    @cached_property
    def known(self) -> list[Family]:
        """The known templates, one of those that write alike; the target's first."""
        own = [self.target] if self.target else []
        found = [*own, *(_family(name, jinja, "", "</s>") for name, jinja in self.templates.items())]
        return list({family.edges: family for family in reversed(found)}.values())[::-1]

    @property
    def tokens(self) -> set[str]:
        """The special-looking tokens that the templates write; `</s>` and its like only as arguments of theirs."""
        written = set()
        for name, jinja in self.templates.items():
            literals = (literal for shape in _family(name, jinja, "", "</s>").edges for literal in shape)
            written |= {token for literal in literals for token in SPECIAL.findall(literal)}
        return written

    def marked(self, text: str) -> list[Family]:
        """Templates whose answers begin with something that stands in the text, one of those that write alike."""
        return list({family.edges: family for family in self._candidates(text)}.values())

    def _best(self, text: str, families: Iterable[Family]) -> Unrendered | None:
        found = [parsed for family in families if (parsed := unrender(text, family)) is not None]
        return min(found, key=self._rank, default=None)

    def _rank(self, found: Unrendered) -> tuple[int, bool, str]:
        return (found.content, self.target is None or found.family != self.target.name, found.family)

    def _candidates(self, text: str) -> Iterator[Family]:
        """The templates whose answers begin with something that stands in the text."""
        if self.target is not None and self.target.answer_mark.strip() and self.target.answer_mark in text:
            yield self.target
        likely = [one for parts, some in self._screens if all(part in text for part in parts) for one in some]
        if not likely:
            return
        specials = list(dict.fromkeys(SPECIAL.findall(text)))[:SPECIALS_TRIED]
        first = BEGIN.match(text)
        begins = ("", first[0]) if first else ("",)
        for name, jinja in likely:
            for bos in begins if "bos_token" in jinja else ("",):
                for eos in (*specials, "") if "eos_token" in jinja else ("",):
                    family = _family(name, jinja, bos, eos)
                    if family.answer_mark.strip() and family.answer_mark in text:
                        yield family

    @cached_property
    def _screens(self) -> list[tuple[tuple[str, ...], list[tuple[str, str]]]]:
        """Templates by what stands before their answers whatever the begin and end tokens are called: quick to miss."""
        found: dict[tuple[str, ...], list[tuple[str, str]]] = {}
        for name, jinja in self.templates.items():
            marks = [_family(name, jinja, *tokens).answer_mark for tokens in (("<|b|>", "<|e|>"), ("", ""))]
            parts = [part for part in re.split(r"<\|[be]\|>", marks[0]) if part.strip() and part in marks[1]]
            found.setdefault(tuple(parts), []).append((name, jinja))
        return list(found.items())


@lru_cache(maxsize=4096)
def _family(name: str, jinja: str, bos: str, eos: str) -> Family:
    return Family(name, jinja, bos, eos)


def unrender(text: str, family: Family) -> Unrendered | None:
    """The messages from which `family` writes exactly this text; None where there are none."""
    mark = family.answer_mark
    answers = text.count(mark) if mark.strip() else 0
    if not answers or answers > MOST_TURNS // 2:
        return None
    for alternatives in _sequences(text, family, answers):
        found = [
            parsed
            for roles, asks in alternatives
            if (shape := family.shape(roles, asks=asks))
            and (parsed := _accepted(text, family, roles, shape, asks=asks))
        ]
        if not found and "</" in text:
            found = [parsed for roles, asks in alternatives if (parsed := _reasoned(text, family, roles, asks=asks))]
        if found:
            return min(found, key=lambda parsed: parsed.content)  # the first of equals: without a system turn
    return None


def _reasoned(text: str, family: Family, roles: Roles, *, asks: bool) -> Unrendered | None:
    """As `unrender`, of a text whose answers reason.

    A template may write an empty block of reasoning otherwise (Qwen 3), or leave reasoning out of what is trained,
    though the model is asked for it (DeepSeek R1).
    """
    shape = family.shape(roles, asks=asks)
    if shape is None:
        return None
    for literals in dict.fromkeys((tuple(_EMPTY.sub("", literal) for literal in shape.literals), shape.literals)):
        parsed = _accepted(text, family, roles, _Shape(literals, shape.holes), asks=asks)
        if parsed:
            return parsed
    return None


def _sequences(text: str, family: Family, answers: int) -> Iterator[list[tuple[Roles, bool]]]:
    """Role sequences that a text with so many answer marks may have; most turns first: they leave least content."""
    for pairs in range(answers, max(answers - 3, 0), -1):
        turns = ("user", "assistant") * pairs
        both = (turns, ("system", *turns))
        yield [(roles, False) for roles in both]
        yield [((*roles, "user"), False) for roles in both]
        yield [(roles[:-1], True) for roles in both]  # the last mark is a generation prompt
    scanned = _scan(text, family)
    if scanned:
        yield [(scanned, False), (("system", *scanned), False)]


def _scan(text: str, family: Family) -> Roles:
    """The roles in the order in which their headers stand in a text, where they do not simply alternate."""
    names = list(family.headers)
    if len(names) < 2:
        return ()
    pattern = re.compile("|".join(f"({re.escape(header)})" for header in family.headers.values()))
    roles = tuple(names[(found.lastindex or 1) - 1] for found in pattern.finditer(text))
    plain = roles == ("user", "assistant") * (len(roles) // 2)
    return () if plain or not roles or len(roles) > MOST_TURNS else roles


def _cut(text: str, shape: _Shape) -> list[str] | None:
    """What fills the holes of a shape, leftmost first; None where a literal is missing."""
    first, last = shape.literals[0], shape.literals[-1]
    if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
        return None
    place, end, filled = len(first), len(text) - len(last), []
    for literal, hole in zip(shape.literals[1:-1], shape.holes, strict=False):
        if not literal:
            return None  # two contents with nothing between them: nobody can tell where one ends
        stop = text.find(literal, place, end)
        if stop < 0 or (hole < 0 and stop - place > LONGEST_DATE):
            return None
        filled.append(text[place:stop])
        place = stop + len(literal)
    if place > end:
        return None
    return [*filled, text[place:end]]


def _accepted(text: str, family: Family, roles: Roles, shape: _Shape, *, asks: bool) -> Unrendered | None:
    """The messages that a shape cuts a text into, if the template writes the text from them again."""
    cut = _cut(text, shape)
    if cut is None:
        return None
    contents = [content for content, hole in zip(cut, shape.holes, strict=True) if hole >= 0]
    dates = {content for content, hole in zip(cut, shape.holes, strict=True) if hole < 0}
    mark = family.answer_mark.strip()
    if len(dates) > 1 or not all(content.strip() for content in contents):
        return None
    if SPECIAL.search(mark) and any(mark in content for content in contents):
        return None  # a turn inside a turn: another sequence of roles, or a damaged text
    date = next(iter(dates), "")
    messages = [{"role": role, "content": content} for role, content in zip(roles, contents, strict=True)]
    if not all(map(family.writes_plainly, contents)):
        bare = [without_reasoning(content) for content in contents]
        if bare != contents and all(map(family.writes_plainly, bare)) and family.drops_reasoning:
            return Unrendered(family.name, messages, asks, _size(contents), family.bos, family.eos, date)
        try:
            if family.render(messages, asks=asks, date=date) != text:
                return None
        except _FAILS:
            return None
    return Unrendered(family.name, messages, asks, _size(contents), family.bos, family.eos, date)


def _size(contents: Iterable[str]) -> int:
    """Characters without blanks: a border of blanks alone (Gemma's after a system turn) explains nothing."""
    return sum(len("".join(content.split())) for content in contents)


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
