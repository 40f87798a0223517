"""Text that some chat template wrote → the messages it was written from, with an exact round trip.

No family is coded by hand. A conversation of sentinels is rendered through a template; the literal text between the
sentinels is the template's fingerprint, and dates and the names of the begin and end tokens are left open. A text
that has the fingerprint is cut at it, and the cut is accepted only if the template writes the very same text from the
messages found. Of several templates the one that leaves the least content wins: it explains the most of the text.

    Families({"qwen3": jinja, …}).unrender(text)    Unrendered(family, messages, …), or None
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from curation.chat.format import REFUSALS
from curation.doctor.family import Family, Messages, Roles, Shape
from curation.doctor.reasoned import without_reasoning

__all__ = ["SPECIAL", "Families", "Family", "Unrendered", "unrender"]

MOST_TURNS = 2_000  # of one conversation; longer ones are not un-rendered
LONGEST_DATE = 40  # characters
SPECIAL = re.compile(r"<[^<>\s]{1,40}>|\[/?[A-Z_]{1,20}\]|<｜[^<>]{1,40}｜>")  # what begin and end tokens look like
BEGIN = re.compile(r"(?:<[^<>\s]{1,40}>|\[[A-Z_]{1,20}\]|<｜[^<>]{1,40}｜>)")
_EMPTY = re.compile(r"<(\w+)>\s*</\1>\s*\Z")  # a block of reasoning without any
SPECIALS_TRIED = 8  # of one text


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
        parsed = _accepted(text, family, roles, Shape(literals, shape.holes), asks=asks)
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


def _cut(text: str, shape: Shape) -> list[str] | None:
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


def _accepted(text: str, family: Family, roles: Roles, shape: Shape, *, asks: bool) -> Unrendered | None:
    """The messages that a shape cuts a text into, if the template writes the text from them again."""
    cut = _cut(text, shape)
    if cut is None:
        return None
    contents = [content for content, hole in zip(cut, shape.holes, strict=True) if hole >= 0]
    dates = {content for content, hole in zip(cut, shape.holes, strict=True) if hole < 0}
    mark = family.answer_mark.strip()
    said = contents[roles[0] == "system" :]  # Zephyr's own prompts begin with a system turn that says nothing
    if len(dates) > 1 or not all(content.strip() for content in said):
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
        except REFUSALS:
            return None
    if len(said) < len(contents) and not contents[0].strip():
        messages = messages[1:]
    return Unrendered(family.name, messages, asks, _size(contents), family.bos, family.eos, date)


def _size(contents: Iterable[str]) -> int:
    """Characters without blanks: a border of blanks alone (Gemma's after a system turn) explains nothing."""
    return sum(len("".join(content.split())) for content in contents)
