"""Chat files of every usual layout → messages: [{"role", "content"}, …] as JSON text.

Layouts: `messages` with role and content, ShareGPT's `conversations` with from and value, Alpaca's instruction, input
and output, prompt and completion (texts or messages), and bare lists of roles without conversation borders.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from curation.entry import BadRecord
from pipelines.sources.record import Record, Records

ROLES = {
    **dict.fromkeys(("user", "human", "prompter", "instruction", "question"), "user"),
    **dict.fromkeys(("assistant", "gpt", "bot", "model", "chatgpt", "chatbot", "ai", "answer"), "assistant"),
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("tool", "function", "ipython", "observation"), "tool"),
}
TURN_KEYS = (("role", "content"), ("from", "value"))


class ChatError(ValueError):
    """Why a record is no conversation: a reason for the ledger, and a sentence."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def conversations(values: list[object], columns: Mapping[str, object]) -> list[str]:
    """The conversations of one record as JSON texts, from its messages, or from its prompt and response columns.

    Raises ChatError.
    """
    found = [turns for value in values if value is not None for turns in turn_lists(value)]
    if not values:
        found = [from_columns(columns)]
    if not found:
        raise ChatError("missing_text", "no turn")
    return [json.dumps(normalised(turns), ensure_ascii=False) for turns in found]


def from_columns(columns: Mapping[str, object]) -> list[Any]:
    """The turns of a record with a column for each: Alpaca, or prompt and completion, whose cells may hold turns."""
    asked = [columns[name] for name in ("prompt", "input") if columns.get(name)]
    if not any(isinstance(cell, list) for cell in asked):
        asked = ["\n\n".join(map(content_text, asked))]
    cells = [
        ("system", columns.get("system")),
        *(("user", cell) for cell in asked),
        ("assistant", columns.get("response")),
    ]
    return [
        turn for role, cell in cells for turn in (cell if isinstance(cell, list) else [{"role": role, "content": cell}])
    ]


def turn_lists(value: object) -> Iterator[list[Any]]:
    """The lists of turns in a value: itself, or those inside it. A cell may hold them as JSON text."""
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.lstrip().startswith(("[", "{")) else value
        except ValueError as error:
            raise ChatError("broken_record", f"messages are no valid JSON: {error}") from None
    if not isinstance(value, list):
        raise ChatError("broken_record", f"messages are {type(value).__name__}, not a list of turns")
    if value and all(isinstance(item, (list, str)) for item in value):
        for item in value:
            yield from turn_lists(item)
    elif value:
        yield value


def normalised(turns: list[Any]) -> list[dict[str, str]]:
    """Turns with the three usual roles and text in each; an empty system turn says nothing and is left out."""
    messages = [normalised_turn(turn) for turn in turns]
    messages = [turn for turn in messages if turn["content"].strip() or turn["role"] != "system"]
    for number, turn in enumerate(messages, 1):
        if not turn["content"].strip():
            raise ChatError("missing_text", f"turn {number} ({turn['role']}) has no text")
    roles = {turn["role"] for turn in messages}
    for role in ("user", "assistant"):
        if role not in roles:
            raise ChatError("missing_text", f"no turn of the {role}")
    return messages


def normalised_turn(turn: object) -> dict[str, str]:
    keys = next((keys for keys in TURN_KEYS if isinstance(turn, dict) and keys[0] in turn), None)
    if keys is None or not isinstance(turn, dict):
        raise ChatError("broken_record", f"a turn without role and content: {repr(turn)[:100]}")
    role = ROLES.get(str(turn[keys[0]]).strip().lower())
    if role is None:
        raise ChatError("broken_record", f"unknown role {str(turn[keys[0]])[:50]!r}; known: {', '.join(ROLES)}")
    return {"role": role, "content": content_text(turn.get(keys[1]))}


def content_text(content: object) -> str:
    """The text of a turn: as it is, or of its parts [{"type": "text", "text": …}]."""
    from pipelines.sources.columns import mend_surrogates

    if isinstance(content, list):
        return "".join(content_text(part.get("text") if is_text_part(part) else part) for part in content)
    if isinstance(content, dict):
        raise ChatError("not_text", f"a turn holds more than text: {', '.join(map(repr, content))[:100]}")
    return "" if content is None else mend_surrogates(str(content))


def is_text_part(part: object) -> bool:
    return isinstance(part, dict) and part.get("type") == "text"


def gather(records: Records) -> Records:
    """Join records that are single turns into conversations. Other records pass.

    Without borders, a conversation begins at a system turn, at a user turn behind an assistant's, or where the
    conversation's id changes.
    """
    held: list[Record] = []
    for record in records:
        if isinstance(record, BadRecord) or not is_turn(record.fields):
            yield from flush(held)
            yield record
            continue
        if held and begins(held[-1].fields, record.fields):
            yield from flush(held)
        held.append(record)
    yield from flush(held)


def is_turn(fields: Mapping[str, object]) -> bool:
    return any(keys[0] in fields and keys[1] in fields for keys in TURN_KEYS)


def begins(before: Mapping[str, object], now: Mapping[str, object]) -> bool:
    if before.get("conversation_id") != now.get("conversation_id"):
        return True
    old, new = (ROLES.get(str(turn.get("role", turn.get("from"))).lower()) for turn in (before, now))
    return (new == "system" and old != "system") or (new == "user" and old == "assistant")


def flush(held: list[Record]) -> Iterator[Record]:
    if held:
        yield Record(held[0].row, held[0].line, {"messages": [record.fields for record in held]})
        held.clear()
