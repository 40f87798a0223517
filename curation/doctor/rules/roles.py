"""Who speaks: 10 ROLE-NAME, 12 ROLE-SWAP, 13 ROLE-ORDER, 14 NO-TARGET, 15 FLAT."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from curation.doctor.case import Case, Turn
from curation.doctor.row import Finding
from curation.doctor.rule import CannotMendError, Rule, finding
from curation.doctor.survey import Survey
from curation.doctor.target import Target

USUAL = ("system", "user", "assistant")
ALIASES = {
    **dict.fromkeys(("human", "prompter", "instruction", "question", "customer", "asker", "person", "usr"), "user"),
    **dict.fromkeys(
        ("gpt", "bot", "model", "chatgpt", "chatbot", "ai", "answer", "agent", "asst", "response"), "assistant"
    ),
    **dict.fromkeys(("developer", "sys", "context"), "system"),
    **dict.fromkeys(("function", "ipython", "observation", "tool_response", "tool_output"), "tool"),
}
SURELY = 6.0  # log-odds from which two sides count as exchanged
ASKS = re.compile(  # how questions and requests begin in English; a request in another language is told by its odds
    r"\W*(?:(?:hey|hi|hello|ok|okay|so|please|yo|um)\W+)*(?:what|whats|who|how|why|when|where|which|can|could|would|will|"
    r"do|does|is|are|explain|define|describe|tell|give|translate|rewrite|say|use|put|write|name|list|summari[sz]e)\b",
    re.IGNORECASE,
)
STEP = "\n\n"  # between what one side said in two turns


def known_roles(target: Target) -> frozenset[str]:
    """Roles that the target's template writes as such."""
    return frozenset((*USUAL, "tool") if target.takes_tools else USUAL)


def meant_role(role: object, target: Target) -> str:
    """The role that another name stands for, or ""."""
    name = str(role).strip().lower() if isinstance(role, str) else ""
    name = ALIASES.get(name, name)
    return name if name in known_roles(target) else ""


@dataclass(frozen=True)
class RoleName:
    """A role that the template would print as a header of its own, or refuse."""

    fault: str = "ROLE-NAME"
    needs_ids: bool = False
    hints: tuple[str, ...] = ()

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        for number, turn in enumerate(case.turns):
            role = turn["role"]
            if role in USUAL or (role == "tool" and target.takes_tools):
                continue
            meant = meant_role(role, target)
            yield finding(case, self.fault, "fatal", f"turn {number}: {role!r}", f"renamed {meant}" if meant else "")

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        turns = []
        for number, turn in enumerate(case.turns):
            role = meant_role(turn["role"], target)
            if not role:
                raise CannotMendError(f"turn {number}: nobody can tell who {turn['role']!r} is")
            turns.append(turn | {"role": role})
        return [case.but(turns=turns)]


@dataclass(frozen=True)
class Flat:
    """Single turns without borders between conversations."""

    fault: str = "FLAT"
    needs_ids: bool = False
    hints: tuple[str, ...] = ()

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        if case.layout == "turn":
            found = survey.turns.conversation(case)
            repair = "" if found is None else "gathered into its conversation"
            yield finding(case, self.fault, "fatal", "a turn alone, with no border between conversations", repair)

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        found = survey.turns.conversation(case)
        if found is None:
            raise CannotMendError(f"a turn of the {case.turns[0]['role']} that belongs to no question and answer")
        return [case.but(turns=found, layout="messages")] if found else []


@dataclass(frozen=True)
class NoTarget:
    """A conversation in which nobody answers."""

    fault: str = "NO-TARGET"
    needs_ids: bool = False
    hints: tuple[str, ...] = ()

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        if case.kind != "messages" or case.layout == "turn":
            return
        roles = [turn["role"] for turn in case.turns]
        if "assistant" not in roles and all(meant_role(role, target) != "assistant" for role in roles):
            repair = "split where the file declares an answer" if survey.labels.turns(case) else ""
            yield finding(case, self.fault, "fatal", "no turn of the assistant", repair)
        elif (number := silent(case)) >= 0:
            yield finding(case, self.fault, "fatal", f"turn {number}: what the assistant says is empty")

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        turns = survey.labels.turns(case)
        if (number := silent(case)) >= 0:
            raise CannotMendError(f"turn {number}: what the assistant says is empty")
        if not turns:
            raise CannotMendError("nobody answers, and no marker in the file tells where an answer begins")
        head = [turn for turn in case.turns if turn["role"] == "system"]
        return [case.but(turns=[*head, *turns])]


def silent(case: Case) -> int:
    """The first turn in which the assistant says nothing and calls no tool; -1 where there is none."""
    for number, turn in enumerate(case.turns):
        said = turn["content"]
        if turn["role"] == "assistant" and isinstance(said, str) and not said.strip() and not turn.get("tool_calls"):
            return number
    return -1


@dataclass(frozen=True)
class RoleOrder:
    """Turns in an order that no chat has."""

    fault: str = "ROLE-ORDER"
    needs_ids: bool = False
    hints: tuple[str, ...] = ()

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        roles = [turn["role"] for turn in case.turns]
        if case.layout == "turn" or "assistant" not in roles or _usual(roles):
            return
        for detail, repair in disorders(roles):
            yield finding(case, self.fault, "warning", detail, repair)

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        head, rest = system_first(case.turns)
        while rest and rest[-1]["role"] == "user":
            rest = rest[:-1]
        if not rest or rest[0]["role"] != "user":
            raise CannotMendError("the assistant speaks first: nobody can tell what it was asked")
        return [case.but(turns=[*head, *joined(rest)])]


def _usual(roles: list[object]) -> bool:
    """Whether roles are those of most conversations; quick, since nearly all are."""
    start = roles[0] == "system"
    rest = roles[start:]
    return not len(rest) % 2 and rest[::2].count("user") * 2 == len(rest) == 2 * rest[1::2].count("assistant")


def disorders(roles: list[object]) -> Iterator[tuple[str, str]]:
    """(what is out of order, what is done about it)."""
    spoken = [role for role in roles if role != "system"]
    if "system" in roles[1:]:
        yield f"a system turn at turn {roles.index('system', 1)}, not in front", "moved to the front if it agrees"
    if spoken[:1] == ["assistant"]:
        yield "the assistant speaks first", ""
    if any(left == right == "user" for left, right in pairwise(spoken)):
        yield "two turns of the user in a row", "joined"
    if any(left == right == "assistant" for left, right in pairwise(spoken)):
        yield "two turns of the assistant in a row", "joined"
    if spoken[-1:] == ["user"]:
        yield "it ends in a turn of the user", "that turn is dropped: nobody answers it"


def system_first(turns: list[Turn]) -> tuple[list[Turn], list[Turn]]:
    """The one system turn, and the others. Raises CannotMendError where two system turns differ."""
    systems = [turn for turn in turns if turn["role"] == "system"]
    if len({str(turn["content"]).strip() for turn in systems}) > 1:
        raise CannotMendError("two system turns that differ: nobody can tell which one counts")
    return systems[:1], [turn for turn in turns if turn["role"] != "system"]


def joined(turns: list[Turn]) -> list[Turn]:
    """Turns of one side in a row as one. Raises CannotMendError where they hold more than text."""
    found: list[Turn] = []
    for turn in turns:
        if not found or found[-1]["role"] != turn["role"] or turn["role"] not in USUAL:
            found.append(turn)
            continue
        before, now = found[-1]["content"], turn["content"]
        if not isinstance(before, str) or not isinstance(now, str) or len(turn) > 2:
            raise CannotMendError(f"two turns of the {turn['role']} in a row that cannot be joined")
        found[-1] = found[-1] | {"content": before + STEP + now}
    return found


@dataclass(frozen=True)
class RoleSwap:
    """User and assistant exchanged, as the other rows of the file show."""

    fault: str = "ROLE-SWAP"
    needs_ids: bool = False
    hints: tuple[str, ...] = ()

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        if not case.turns or case.layout == "turn":
            return
        odds = survey.speakers.exchanged(case)
        if odds <= 0 or not may_be_exchanged(case, odds):
            return
        first = next((turn["role"] for turn in case.turns if turn["role"] != "system"), "")
        if odds > (SURELY if first == "user" else 0):
            detail = "the user speaks as the assistant does in the file's other rows, and the other way round"
            yield finding(case, self.fault, "warning", detail, "exchanged")

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        """Names of roles exchanged; and where the answer then came first, each with the question behind it."""
        other = {"user": "assistant", "assistant": "user"}
        head = [turn for turn in case.turns if turn["role"] == "system"]
        rest = [turn | {"role": other.get(turn["role"], turn["role"])} for turn in case.turns if turn not in head]
        if rest and rest[0]["role"] == "assistant":
            rest = [turn for pair in zip(rest[1::2], rest[::2], strict=False) for turn in pair]
        if len(head) + len(rest) != len(case.turns):
            raise CannotMendError("the two sides are exchanged, and a turn has no partner")
        return [case.but(turns=[*head, *rest])]


def may_be_exchanged(case: Case, odds: float) -> bool:
    """Whether the words allow it: the answer asks, or the odds are high, and no question stands where one belongs."""
    user, assistant = (said[0] if (said := case.said(side)) else "" for side in ("user", "assistant"))
    if ASKS.match(user) and not ASKS.match(assistant):
        return False
    return odds > 2 * SURELY or ASKS.match(assistant) is not None or assistant.rstrip().endswith(("?", "？", "؟"))


RULES: tuple[Rule, ...] = (RoleName(), Flat(), RoleSwap(), NoTarget(), RoleOrder())
