"""What a row is made of: turns that are no text (11 NON-STRING), keys and layouts that nobody reads (18 KEY-SCHEMA)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from reprlib import repr as shortened
from typing import Any

from curation.doctor.case import Case, Turn, plain
from curation.doctor.layouts import CONTAINERS
from curation.doctor.row import Finding
from curation.doctor.rule import CannotMendError, Rule, finding, whole_file
from curation.doctor.survey import Survey, prose_in
from curation.doctor.target import Target

RENDERED = frozenset({"text", "formatted_text", "formatted", "prompt", "rendered", "chat_text"})
MESSAGES = "messages:role,content"


@dataclass(frozen=True)
class NonString:
    """A turn whose content is null, a number, a list, an object: templates print it as Python does, or as "None"."""

    fault: str = "NON-STRING"
    needs_ids: bool = False
    hints: tuple[str, ...] = ()

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        """Text parts are good where the target's template takes them, and no content where a tool is called."""
        if case.kind == "unknown" and case.layout == "text":
            yield finding(case, self.fault, "fatal", f"the text is {named(whole_text(case))}")
        for number, turn in enumerate(case.turns):
            content = turn["content"]
            if type(content) is str or well_formed(turn, target):
                continue
            repair = "joined to one text" if isinstance(content, list) else "written as text"
            detail = f"turn {number} ({turn['role']!s:.40}): {named(content)}"
            yield finding(case, self.fault, "fatal", detail, "" if content is None else repair)

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        if case.kind == "unknown":
            raise CannotMendError(f"the text is {named(whole_text(case))}")
        turns = [
            turn if well_formed(turn, target) else turn | {"content": as_text(turn["content"], number)}
            for number, turn in enumerate(case.turns)
        ]
        return [case.but(turns=turns)]


def well_formed(turn: Turn, target: Target) -> bool:
    """Whether the content is what the target's template takes."""
    content = turn["content"]
    if isinstance(content, str):
        return True
    if content is None:
        return bool(turn.get("tool_calls"))
    return isinstance(content, list) and bool(content) and all(map(is_text_part, content)) and target.takes_parts


def whole_text(case: Case) -> object:
    """What stands in the text column of a row where it is no text."""
    value = case.row.value
    return next(held for key, held in value.items() if key not in case.kept) if isinstance(value, dict) else value


def is_text_part(part: object) -> bool:
    """Whether a part of content is text: {"type": "text", "text": …}."""
    return isinstance(part, dict) and part.get("type", "text") == "text" and isinstance(part.get("text"), str)


def as_text(content: Any, number: int) -> str:
    """The text that content stands for. Raises CannotMendError where it stands for none."""
    if isinstance(content, str):
        return content
    if type(content) is int or (isinstance(content, float) and isfinite(content)):
        return json.dumps(content)
    if isinstance(content, list) and content and all(map(is_text_part, content)):
        return "".join(part["text"] for part in content)
    if isinstance(content, list) and len(content) == 1 and isinstance(content[0], str):
        return content[0]
    if is_text_part(content):
        return str(content["text"])
    if isinstance(content, list) and any(
        isinstance(part, dict) and part.get("type", "text") != "text" for part in content
    ):
        raise CannotMendError(f"turn {number}: more than text, {named(content)}")
    raise CannotMendError(f"turn {number}: {named(content)}, and nobody can tell what was meant to be said")


def named(content: object) -> str:
    """What content is, for people."""
    kinds = {"NoneType": "null", "list": "a list", "dict": "an object", "bool": "true or false", "int": "a number"}
    kind = kinds.get(type(content).__name__, "a number")
    return kind if content is None else f"{kind}, {shortened(content)}"


@dataclass(frozen=True)
class KeySchema:
    """Keys in another case, two layouts in one file, text under keys that nobody reads, a record of no layout."""

    fault: str = "KEY-SCHEMA"
    needs_ids: bool = False
    hints: tuple[str, ...] = ()

    def find_whole(self, survey: Survey, target: Target) -> Iterator[Finding]:
        """Advice: files of preference pairs are read by half."""
        for file, shapes in survey.shapes.by_file.items():
            if "preference" in shapes:
                detail = f"{shapes['preference']:,} pairs of answers: only the chosen ones are looked at"
                yield whole_file(file, self.fault, "advice", detail)

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        if case.misnamed:
            keys = ", ".join(map(repr, case.misnamed))
            yield finding(case, self.fault, "fatal", f"keys that trainers do not read: {keys}", "keys renamed")
        if case.kind == "unknown":
            if case.layout != "text":  # a text that is none is the rule's below
                yield finding(case, self.fault, "fatal", no_layout(case))
            return
        usual = usual_shape(case.row.file, survey)
        if case.shape != usual and not case.misnamed:
            yield finding(case, self.fault, "fatal", f"layout {case.shape}, the file's is {usual}", "converted")
        if stale := stale_text(case, target):
            detail = f"the text under {stale!r} is another conversation than the messages beside it"
            yield finding(case, self.fault, "warning", f"{detail}: which is trained depends on the trainer")
        unread = [*case.unread, *(key for key in stray_columns(case, survey) if key not in case.unread)]
        if unread:
            keys = ", ".join(map(repr, unread))
            yield finding(case, self.fault, "warning", f"text that no trainer reads, under {keys}")

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        if case.kind == "unknown":
            raise CannotMendError(no_layout(case))
        usual = usual_shape(case.row.file, survey)
        if case.shape == usual:
            return [case.but(misnamed=())]
        return [converted(case, survey.shapes.kinds[usual], usual, target)]


def stale_text(case: Case, target: Target) -> str:
    """The column beside messages that holds a rendered conversation with other words in it; "" where none does."""
    if case.kind != "messages" or case.layout == "turn" or not case.kept:
        return ""
    for name in sorted(RENDERED & case.kept.keys()):
        text = case.kept[name]
        turns = target.turns_of(text) if isinstance(text, str) else []
        said = [turn["content"].strip() for turn in turns if turn["role"] != "system"]
        own = [
            turn["content"].strip() for turn in case.turns if turn["role"] != "system" and type(turn["content"]) is str
        ]
        if said and said != own:
            return name
    return ""


def stray_columns(case: Case, survey: Survey) -> list[str]:
    """Columns with text that few rows of the file have, and that the conversation does not say itself."""
    if not case.kept or case.kind == "ids":
        return []
    stray = [key for key in prose_in(case) if survey.shapes.is_stray(case.row.file, key)]
    return [key for key in stray if not any(plain(str(case.kept[key])) in said for said in case.plain)]


def usual_shape(file: str, survey: Survey) -> str:
    """The shape of most rows of a file that can be read; of equally many, messages, else the first by name."""
    shapes: Counter[str] = survey.shapes.by_file[file]
    if len(shapes) == 1:
        return next(iter(shapes))
    known = survey.shapes.kinds
    return min(shapes, key=lambda shape: (shape not in known, -shapes[shape], shape != MESSAGES, shape))


def converted(case: Case, kind: str, shape: str, target: Target) -> Case:
    """The case in the kind of its file's other rows. Raises CannotMendError where its turns are not known."""
    if kind == case.kind != "messages":
        return case.but(shape=shape, layout=shape.partition(":")[0], misnamed=())
    if not case.turns:
        raise CannotMendError(f"layout {case.shape} in a file of {shape}, and its turns are not known")
    if kind == "text":
        return case.but(kind="text", layout="text", shape=shape, text=target.render(case.turns), misnamed=())
    if kind == "ids":
        encoded = target.encode([case.turns])[0]
        if isinstance(encoded, Exception):
            raise CannotMendError(str(encoded))
        ids, labels = encoded.input_ids, encoded.labels
        return case.but(kind="ids", layout="ids", shape=shape, ids=ids, labels=labels, misnamed=())
    return case.but(kind="messages", layout="messages", shape=MESSAGES, text="", ids=[], labels=[], misnamed=())


def no_layout(case: Case) -> str:
    """Why a record is no training row."""
    value = case.row.value
    if isinstance(value, dict):
        for key, held in value.items():
            if str(key).lower() in CONTAINERS:
                return f"{key}: expected a list of turns with role and content, got {named(held)}"
        keys = ", ".join(map(str, value))[:100] or "no key"
        return f"no known layout: expected messages, prompt and answer, text or input_ids, got {keys}"
    return f"no known layout: a {type(value).__name__} where a record was expected"


RULES: tuple[Rule, ...] = (KeySchema(), NonString())
