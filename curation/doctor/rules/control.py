"""7 CTRL-TOKEN: a control token inside what somebody says, the target's own or another family's.

The target's tokenizer turns its own into a control id, whoever wrote it: never good. Another family's is text to it,
and good where the question is about it ("what does <|im_start|> do?"). At the edge of a turn it is what is left of a
template, and is stripped; a whole conversation inside one turn becomes its turns; anything else leaves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from curation.doctor.case import Case, Turn
from curation.doctor.families import SPECIAL, Families
from curation.doctor.hints import BLANK
from curation.doctor.loose import loosely
from curation.doctor.reasoned import leads, marks
from curation.doctor.row import Finding
from curation.doctor.rule import CannotMendError, Rule, finding
from curation.doctor.spoken import spoken, without_code
from curation.doctor.survey import Survey
from curation.doctor.target import Target

# Tags that people and tools write too; other rules look at them.
TAGS = frozenset({"<s>", "<think>", "</think>", "<tool_call>", "</tool_call>", "<tools>", "</tools>"})
STRUCK = re.compile(r"<s>[^<]+</s>")  # HTML for text that is struck out
SPACED = re.compile(r"[<＜]\s*[|｜]\s*(\w+)\s*[|｜]\s*[>＞]")  # "< | im_end | >": a token spelled in pieces
SHAPED = re.compile(
    r"<\|[A-Za-z]\w{2,40}\|>|<(?:bos|eos|pad)>"
)  # a token of some tokenizer, though no template writes it
FIRST = ("<", "[", "＜")  # what every marker begins with


@dataclass(frozen=True)
class ControlToken:
    """Control tokens where text should be."""

    fault: str = "CTRL-TOKEN"
    needs_ids: bool = False
    hints: tuple[str, ...] = (r"[<\[＜]", rf":{BLANK}*(?:\n|\z)")  # a marker, or the header of an answer at an end
    _known: dict[int, re.Pattern[str]] = field(default_factory=dict, compare=False, repr=False)

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        for number, turn in enumerate(case.turns):
            for marker in self._markers(turn, case, target):
                detail = f"turn {number} ({turn['role']}) holds {marker!r}"
                yield finding(case, self.fault, "fatal", detail, "taken off the edge, or taken back to turns")

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        turns: list[Turn] = []
        for number, turn in enumerate(case.turns):
            found = self._markers(turn, case, target)
            turns += self._mended(turn, number, found, turns, target) if found else [turn]
        return [case.but(turns=turns)]

    def _markers(self, turn: Turn, case: Case, target: Target) -> list[str]:
        """The markers in a turn, once each; without those that the question is about."""
        content = turn["content"]
        if wrapped := prompt_around(turn, target):
            return [wrapped[1]]
        if not isinstance(content, str) or not any([first in content for first in FIRST]):  # noqa: C419 - quicker
            return []
        own = {found.group() for found in target.form.control.finditer(content)}
        if turn["role"] == "assistant" and leads(content):
            own -= {tag.group() for _, _, tag in marks(content)}  # rule 27 judges them
        shown = without_code(content) if spoken(case).speaks_of("markup") else content
        others = {found.group() for found in foreign(target).finditer(shown)} if may_hold(shown, target) else set()
        others |= set(SHAPED.findall(without_code(content)))
        others |= {found.group() for found in SPACED.finditer(shown) if f"<|{found[1]}|>" in markers_of(target)}
        if "</s>" in others and STRUCK.search(content) and len(others) == 1:
            others = set()
        asked = {marker for marker in others - own if is_subject(marker, case)}
        if others - own - asked and any(is_subject(one, case) for one in foreign(target).findall(asked_in(case))):
            asked |= {marker for marker in others if not whole_line(marker, content)}  # "[INST] and [/INST] enclose …"
        return sorted((own | others) - asked)

    def _mended(self, turn: Turn, number: int, markers: list[str], before: list[Turn], target: Target) -> list[Turn]:
        content = turn["content"]
        if wrapped := prompt_around(turn, target):
            return [turn | {"content": wrapped[0]}]
        if inner := whole_chat(content, target) or asked_alone(turn, target):
            return spliced(turn, inner, before, number)
        plain = within(turn, markers, target)
        if not plain:
            raise CannotMendError(f"turn {number}: nothing but {', '.join(markers)}")
        left = [marker for marker in markers if marker in plain]
        if left:
            raise CannotMendError(f"turn {number}: {left[0]!r} stands inside the text; nobody can tell what was meant")
        return [turn | {"content": plain}]


def whole_chat(content: str, target: Target) -> list[dict[str, str]]:
    """The turns of a conversation that a template wrote, where a content is one; else []."""
    judged = target.text_rows.judge(content)
    answered = any(turn["role"] == "assistant" for turn in judged.messages)
    return judged.messages if answered and SPECIAL.search(content) else []


def prompt_around(turn: Turn, target: Target) -> tuple[str, str] | None:
    """(question, header of the answer), where a user's turn is a prompt of a template without control tokens."""
    content = turn["content"].strip() if turn["role"] == "user" and isinstance(turn["content"], str) else ""
    for family in target.families.known if content.endswith(":") else ():
        user, answer = (family.headers.get(side, "").strip() for side in ("user", "assistant"))
        if not user or not answer.endswith(":") or not content.endswith(answer):
            continue
        before, _, asked = content.removesuffix(answer).partition(user)
        own = not before.strip() or any(opening.startswith(before.strip()) for opening in family.openings)
        if own and asked.strip() and answer not in asked and user not in asked:
            return asked.strip(), answer
    return None


def asked_alone(turn: Turn, target: Target) -> list[dict[str, str]]:
    """The question, and what the system says before it, where a template wrote them around a user's turn; else []."""
    for family in target.families.known if turn["role"] == "user" else ():
        header = family.headers.get("user", "")
        token = SPECIAL.search(header)
        if token and token.group() in turn["content"]:
            turns, _ = target.text_rows.loose(family).parse(turn["content"]) or ([], False)
            if [one["role"] for one in turns] in (["user"], ["system", "user"]):
                return turns
    return []


def within(turn: Turn, markers: list[str], target: Target) -> str:
    """What a turn says between the markers at its edges.

    A header ("<|im_start|>user") is taken off whole, and in front only that of who speaks: half a header is none.
    """
    own, every, named = set(), set(), set()
    for family in target.families.known:
        for role, header in family.headers.items():
            tokens = SPECIAL.findall(header)
            if tokens and re.search(r"\w", SPECIAL.sub("", header)):  # tokens and a name
                every.add(loosely(header))
                own |= {loosely(header)} if role == turn["role"] else set()
                named |= set(tokens)
    plain = {re.escape(marker) for marker in markers}
    front = sorted({*own, *(re.escape(marker) for marker in markers if marker not in named)}, key=len, reverse=True)
    back = sorted(plain | every, key=len, reverse=True)
    content = re.sub(rf"(?:\s|{'|'.join(back)})*\Z", "", turn["content"])
    return re.sub(rf"\A(?:\s|{'|'.join(front)})+" if front else r"\A\s+", "", content)


def spliced(turn: Turn, inner: list[dict[str, str]], before: list[Turn], number: int) -> list[Turn]:
    """The turns of a conversation found inside one turn.

    Raises CannotMendError where they do not fit what is before.
    """
    if turn["role"] == "user" and not any(one["role"] != "system" for one in before):
        own = [one for one in inner if one["role"] != "system" or not before]
        return [dict(one) for one in own]
    asked = [one for one in inner if one["role"] == "user"]
    if turn["role"] == "assistant" and before and len(asked) == 1 and asked[0]["content"] == before[-1]["content"]:
        return [dict(one) for one in inner if one["role"] == "assistant"]
    raise CannotMendError(f"turn {number} holds a whole conversation that does not fit the turns before it")


def asked_in(case: Case) -> str:
    """All that the user says."""
    return "\n".join(case.said("user"))


def is_subject(marker: str, case: Case) -> bool:
    """Whether a question speaks of the marker: it stands between the words of what the user says."""
    for asked in case.said("user"):
        place = asked.find(marker)
        if place > 0 and asked[:place].strip() and asked[place + len(marker) :].strip():
            return asked.count(marker) == 1 or not whole_line(marker, asked)
    return False


def whole_line(marker: str, text: str) -> bool:
    """Whether the marker begins or ends a line of a text, as a template writes it."""
    return any(line.strip().startswith(marker) or line.strip().endswith(marker) for line in text.split("\n"))


def markers_of(target: Target) -> frozenset[str]:
    """Special-looking tokens that some known template writes, tags that people write too apart."""
    return _marks(tuple(sorted(target.templates.items()))) - TAGS


def may_hold(content: str, target: Target) -> bool:
    """Whether to look for such tokens: to know them all, every template is compiled, which takes long.

    They stand in the text of their template, except those that it puts together of a name and bars: "<|" + role + "|>".
    """
    looks_so = SPECIAL.findall(content)
    return any(
        set("|｜") & set(token) or any(token in jinja for jinja in target.templates.values()) for token in looks_so
    )


def foreign(target: Target) -> re.Pattern[str]:
    """Matches one of them."""
    return _pattern(markers_of(target))


@lru_cache(maxsize=16)
def _pattern(tokens: frozenset[str]) -> re.Pattern[str]:
    longest_first = sorted(tokens, key=lambda token: (-len(token), token))
    return re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")


@lru_cache(maxsize=16)
def _marks(templates: tuple[tuple[str, str], ...]) -> frozenset[str]:
    return frozenset(Families(dict(templates)).tokens)


RULES: tuple[Rule, ...] = (ControlToken(),)
