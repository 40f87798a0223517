"""Rows of rendered text: which template wrote them, and what of it is not as the target's template writes it.

TextRows(family, families).judge(text)    Judged(messages, faults)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from curation.doctor.families import Families, Unrendered, unrender
from curation.doctor.family import Family, Messages
from curation.doctor.loose import Loose


@dataclass(frozen=True, slots=True)
class Judged:
    """What one text is."""

    messages: Messages  # [] where nobody can tell
    faults: tuple[tuple[str, str], ...] = ()  # (fault, detail); none where the target's template writes exactly this
    family: str = ""  # template that wrote it
    date: str = ""  # that the template printed


@dataclass
class TextRows:
    """Judges texts for one target."""

    family: Family  # the target's
    families: Families
    _last: tuple[str, Judged] = ("", Judged([]))  # rules ask about the same text one after the other
    _loose: dict[tuple[str, str, str], Loose] = field(default_factory=dict)

    def judge(self, text: str) -> Judged:
        """What the text is, by the first that fits: exact, begin token, loose, another family, no family."""
        if self._last[0] != text or not text:
            self._last = (text, self._judge(text))
        return self._last[1]

    def _judge(self, text: str) -> Judged:
        exact = unrender(text, self.family)
        if exact and not exact.asks:
            return self._exact(exact)
        begins, rest = self._begins(text)
        faults: list[tuple[str, str]] = []
        if begins != self.writes_begin:
            faults = [
                ("BOS-COUNT", f"{begins} begin tokens {self.family.bos!r}, the template writes {self.writes_begin}")
            ]
            exact = unrender(self.family.bos * self.writes_begin + rest, self.family)
            if exact and not exact.asks:
                return Judged(exact.messages, tuple(faults), exact.family, exact.date)
        return self._near(text, faults)

    def _exact(self, exact: Unrendered) -> Judged:
        """What the target's template writes, if nobody's words begin with the blanks of a header."""
        turns = [turn | {"content": turn["content"].lstrip()} for turn in exact.messages]
        faults = (("SCAFFOLD", "more blanks behind a header than the template writes"),) * (turns != exact.messages)
        return Judged(turns, faults, exact.family, exact.date)

    def _near(self, text: str, faults: list[tuple[str, str]]) -> Judged:
        """A text that the target's template did not write as it is, begin tokens aside."""
        near = self.loose(self.family).parse(text)
        if near:
            turns, asks = near
            said = "ends in the header of an answer that is not there" if asks else "not as the template writes it"
            return Judged(turns, (*faults, ("SCAFFOLD", said)), self.family.name)
        if ended := self._ended(text):
            said = "not as the template writes it: the end is another"
            return Judged(ended.messages, (*faults, ("SCAFFOLD", said)), ended.family, ended.date)
        other = self.families.unrender(text)
        if other and other.asks and other.family == self.family.name:
            said = "ends in the header of an answer that is not there"
            return Judged(other.messages, (*faults, ("SCAFFOLD", said)), other.family)
        if other:
            return Judged(other.messages, (("FAMILY", f"written by the template of {other.family}"),), other.family)
        for family in self.families.marked(text):
            if near := self.loose(family).parse(text):
                detail = f"nearly what the template of {family.name} writes"
                return Judged(near[0], (("FAMILY", detail),), family.name)
        return Judged([], (("RAW-TEXT", "no known template writes such a text: no roles, no end of turn"),))

    def _ended(self, text: str) -> Unrendered | None:
        """What the target's template wrote but for its end: an end of turn too few or too many, a dangling header.

        Its headers need no control tokens for that: all but the end is the same, byte for byte.
        """
        if self.family.answer_mark not in text:
            return None
        bare = self.loose(self.family).without_end(text.removesuffix(self._asks))
        for closing in self.family.closings:
            exact = unrender(bare + closing, self.family)
            if exact and not exact.asks:
                return exact
        return None

    @cached_property
    def _asks(self) -> str:
        """What the template writes behind an answer to ask for the next one; "" where it ends the answer otherwise."""
        plain, asking = (self.family.shape(("user", "assistant"), asks=asks) for asks in (False, True))
        if plain is None or asking is None or not asking.literals[-1].startswith(plain.literals[-1]):
            return ""
        return asking.literals[-1][len(plain.literals[-1]) :]

    def loose(self, family: Family) -> Loose:
        key = (family.name, family.bos, family.eos)
        if key not in self._loose:
            self._loose[key] = Loose(family)
        return self._loose[key]

    @cached_property
    def writes_begin(self) -> int:
        """Begin tokens that the target's template writes in front."""
        shape = self.family.shape(("user", "assistant"), asks=False)
        return self._begins(shape.literals[0])[0] if shape else 0

    def _begins(self, text: str) -> tuple[int, str]:
        """How many begin tokens stand in front, and what stands behind them."""
        count, rest, token = 0, text, self.family.bos
        if self._opens_turns:
            return 0, text
        while token and rest.lstrip().startswith(token):
            count, rest = count + 1, rest.lstrip()[len(token) :]
        return count, rest

    @cached_property
    def _opens_turns(self) -> bool:
        """Whether the begin token is what opens every turn (SmolLM2), and so no begin token in a text."""
        token = self.family.bos
        return bool(token) and any(token in header for header in self.family.headers.values())
