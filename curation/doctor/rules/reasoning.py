"""27 THINK: reasoning tags that do not pair, come twice, or do not outlive the target's template."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from curation.chat_format import EncodeError
from curation.doctor.case import Case, Turn
from curation.doctor.row import Finding
from curation.doctor.rule import CannotMendError, finding
from curation.doctor.spoken import spoken, without_code
from curation.doctor.survey import Survey
from curation.doctor.target import Target

_TAG = re.compile(
    r"<(?P<close>/?)(?P<name>think|thinking|thought|thoughts|reasoning|reflection|scratchpad)>|"
    r"\[(?P<closing>/?)(?P<mark>THINK)\]|<\|?(?P<ends>begin|end)_of_(?P<word>thought|thinking)\|?>",
    re.IGNORECASE,
)
_HINTS = ("think", "thought", "reason", "reflect", "scratchpad")


@dataclass(frozen=True)
class Think:
    """Reasoning tags unbalanced, lost or doubled."""

    fault: str = "THINK"
    needs_ids: bool = False

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        if apart := reasoning_apart(case):
            written = printed(case, target)
            if written and apart not in written:
                detail = "the template of the target leaves out the reasoning that stands beside the last answer"
                yield finding(case, self.fault, "warning", detail)
        said = spoken(case)
        if ("<" not in said.text and "[" not in said.text) or not any(hint in said.low for hint in _HINTS):
            return
        if any(role == "user" and _TAG.search(text) for role, text in said.turns) or said.speaks_of("reasoning"):
            return
        for number, text in said.answers:
            wrong = disorder(text)
            if wrong:
                yield finding(
                    case, self.fault, "warning", f"turn {number}: {wrong}", "balanced where one reading is possible"
                )
            elif number == len(case.turns) - 1 and (fate := after_template(case, text, target)):
                yield finding(case, self.fault, "warning", f"turn {number}: {fate}")

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        return [case.but(turns=[self._mended(turn, number) for number, turn in enumerate(case.turns)])]

    def _mended(self, turn: Turn, number: int) -> Turn:
        text = turn["content"]
        if turn["role"] != "assistant" or not isinstance(text, str) or not disorder(text):
            return turn
        if not (balanced := in_order(text)):
            raise CannotMendError(f"turn {number}: {disorder(text)}; nobody can tell where the reasoning ends")
        return turn | {"content": balanced}


def marks(text: str) -> list[tuple[str, bool, re.Match[str]]]:
    """(name, whether it closes, where) of each tag outside of code."""
    found = []
    for tag in _TAG.finditer(without_code(text)):
        name = tag["name"] or tag["mark"] or tag["word"]
        found.append((name.lower(), bool(tag["close"] or tag["closing"] or (tag["ends"] or "").lower() == "end"), tag))
    return found


def disorder(text: str) -> str:
    """What is wrong with the reasoning tags of a text; "" for nothing."""
    open_tag = ""
    blocks = 0
    found = marks(text)
    for name, closes, tag in found:
        if closes and not open_tag:
            return f"{tag.group()} closes what was never opened"
        if closes and name != open_tag:
            return f"{tag.group()} closes <{open_tag}>"
        if not closes and open_tag:
            return f"{tag.group()} opens twice"
        open_tag = "" if closes else name
        blocks += closes
    if open_tag:
        return f"{found[-1][2].group()} is never closed"
    if found and not text[found[-1][2].end() :].strip():
        return f"nothing is answered behind {found[-1][2].group()}"
    return ""


def in_order(text: str) -> str:
    """The text with balanced tags, where one reading is possible; else ""."""
    found = marks(text)
    places: list[re.Match[str]] = []
    for (_, closes, tag), before in zip(found, [None, *found], strict=False):
        if before and before[1] == closes and not text[before[2].end() : tag.start()].strip():
            places.append(tag)  # the same tag twice, nothing between them
    for tag in reversed(places):
        text = (
            text[: tag.start()].rstrip() + text[tag.end() :]
            if tag.group().startswith("</")
            else (text[: tag.start()] + text[tag.end() :].lstrip())
        )
    found = marks(text)
    if len(found) == 1 and found[0][1] and text[: found[0][2].start()].strip():
        opening = found[0][2].group().replace("/", "", 1).replace("end_of", "begin_of")
        text = f"{opening}\n{text.lstrip()}"
    if len(found) == 2 and found[0][1] and not found[1][1]:
        return ""
    return "" if disorder(text) else text


def reasoning_apart(case: Case) -> str:
    """The reasoning that stands beside the last answer, under a key of its own; "" where there is none."""
    last = case.turns[-1] if case.turns else {}
    if len(last) < 3 or last["role"] != "assistant":
        return ""
    reasoning = last.get("reasoning_content") or last.get("thinking")
    return reasoning.strip() if isinstance(reasoning, str) else ""


def printed(case: Case, target: Target) -> str:
    """The turns as the target's template writes them, "" where it does not."""
    try:
        return target.render(case.turns)
    except (EncodeError, KeyError):
        return ""


def after_template(case: Case, text: str, target: Target) -> str:
    """What the target's template makes of the reasoning in the last answer; "" where it stays as it is."""
    found = marks(text)
    if not found or case.kind != "messages" or not (written := printed(case, target)):
        return ""  # what a template refuses, another rule tells
    inside = text[found[0][2].end() : found[-1][2].start()].strip()
    if inside and inside not in written:
        return "the template of the target leaves the reasoning out"
    opening = found[0][2].group()
    expected = sum(turn["content"].count(opening) for turn in case.turns if turn["role"] != "assistant") + 1
    last = written.rfind(inside) if inside else len(written)
    before = written[max(last - 60, 0) : last]
    return f"the template of the target writes {opening} twice" if before.count(opening) > expected else ""
