"""Texts that are nearly what a template writes: header blanks, a missing end of turn, a dangling generation prompt.

The template's own headers are looked for, blanks between their parts aside; what ends a turn may be missing. It is
tried only for templates whose headers hold marks of their own, since "User:" stands in many a text that no template
wrote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from curation.doctor.families import SPECIAL
from curation.doctor.family import DATE, Family, Messages

_PART = re.compile(r"<[^<>\s]{1,40}>|\[/?[A-Z_]{1,20}\]|<｜[^<>]{1,40}｜>|[^\s<\[]+|[<\[]")
_MARK = re.compile(r"[^\w\s:#*>.,-]")  # what no heading and no speaker's name has: "|USER|"
_SYSTEM = "sentinelsystemq"


@dataclass(frozen=True)
class Loose:
    """One template, read loosely."""

    family: Family

    def parse(self, text: str) -> tuple[Messages, bool] | None:
        """The turns of a text, and whether it ends in the header of an answer that is not there.

        None where the template's headers are not there, or what stands between them cannot be what somebody says.
        """
        cut = self._cut(text)
        if not cut:
            return None
        asks = cut[-1] == {"role": "assistant", "content": ""}
        turns = self._without_own_system(cut[:-1] if asks else cut)
        inside = any(not turn["content"] or self._own.search(turn["content"]) for turn in turns)
        return None if inside or not turns else (turns, asks)

    @cached_property
    def possible(self) -> bool:
        """Whether it can be read loosely at all."""
        headers = self.family.headers
        marked = all(SPECIAL.search(header) or _MARK.search(header) for header in headers.values())
        return {"user", "assistant"} <= headers.keys() and marked and bool(self._tokens)

    @cached_property
    def _headers(self) -> re.Pattern[str]:
        ways = (rf"(?P<{role}>{loosely(header)})" for role, header in self.family.headers.items())
        return re.compile("|".join(ways))

    @cached_property
    def _tokens(self) -> frozenset[str]:
        """The control tokens that the template writes."""
        family = self.family
        closings = [literals[-1] for literals in family.edges if literals]
        openings = [literals[0] for literals in family.edges if literals]
        written = "".join((*family.headers.values(), family.answer_end, *closings, *openings, family.bos, family.eos))
        return frozenset(SPECIAL.findall(written))

    @cached_property
    def _own(self) -> re.Pattern[str]:
        return re.compile("|".join(map(re.escape, sorted(self._tokens, key=lambda token: (-len(token), token)))))

    @cached_property
    def _edges(self) -> re.Pattern[str]:
        """Control tokens and blanks at the end of a turn."""
        return re.compile(rf"(?:\s|{self._own.pattern})*\Z")

    def without_end(self, text: str) -> str:
        """The text without the control tokens and blanks at its end."""
        return self._edges.sub("", text)

    def _cut(self, text: str) -> Messages:
        """The turns between headers, [] where the text does not begin with one (a begin token and blanks aside)."""
        if not self.possible:
            return []
        found = list(self._headers.finditer(text))
        if not found or self._own.sub("", text[: found[0].start()]).strip():
            return []
        borders = [header.start() for header in found[1:]] + [len(text)]
        said = [self._edges.sub("", text[at.end() : border]).strip() for at, border in zip(found, borders, strict=True)]
        return [
            {"role": str(at.lastgroup), "content": content.removeprefix(self._added).lstrip()}
            for at, content in zip(found, said, strict=True)
        ]

    @cached_property
    def _added(self) -> str:
        """What the template writes between the header and the last answer (Qwen 3: an empty <think> block)."""
        shape = self.family.shape(("user", "assistant"), asks=False)
        before = shape.literals[shape.holes.index(1)] if shape else ""
        return before.removeprefix(self.family.answer_mark).strip()

    # ------------------------------------------------------------ what the template itself says in a system turn

    def _without_own_system(self, turns: Messages) -> Messages:
        """The turns without what the template writes into a system turn by itself: its default, dates."""
        if not turns or turns[0]["role"] != "system":
            return turns
        said = turns[0]["content"]
        if not said or (self._default and self._default.fullmatch(said)):
            return turns[1:]
        own = self._around.fullmatch(said) if self._around else None
        return (
            [{"role": "system", "content": own["said"].strip()}, *turns[1:]] if own and own["said"].strip() else turns
        )

    @cached_property
    def _default(self) -> re.Pattern[str] | None:
        """Matches the system turn of conversations that have none."""
        return self._written(("user", "assistant"))

    @cached_property
    def _around(self) -> re.Pattern[str] | None:
        """Matches the system turn of conversations that have one, where the template adds to it."""
        found = self._written(("system", "user", "assistant"))
        return found if found and found.pattern != r"(?P<said>.*)" else None

    def _written(self, roles: tuple[str, ...]) -> re.Pattern[str] | None:
        shape = self.family.shape(roles, asks=False)
        if shape is None:
            return None
        filled = [DATE if hole < 0 else _SYSTEM if roles[hole] == "system" else "x" for hole in shape.holes]
        text = "".join(part for pair in zip(shape.literals, [*filled, ""], strict=True) for part in pair)
        turns = self._cut(text)
        if not turns or turns[0]["role"] != "system":
            return None
        lines = [r"\s+".join(map(re.escape, line.split())) for line in turns[0]["content"].split("\n") if line.strip()]
        words = r"\s*\n\s*".join(lines)  # a date ends where its line does
        return re.compile(words.replace(DATE, r"[^\n]{1,40}?").replace(_SYSTEM, r"(?P<said>.*)"), re.DOTALL)


def loosely(header: str) -> str:
    """A pattern of a header, whatever blanks stand between its parts."""
    return r"\s*".join(map(re.escape, _PART.findall(header)))
