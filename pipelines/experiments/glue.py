"""What a hurried person makes of a row: its columns pasted together, as the case did. Cells stay as they were read.

The case's answers are `This is a {Context}. {Description}.`; its question is not known, so the plainest one is asked.
A row without a context has its definition and a full stop. A slang sentence is answered by the plain one, a labelled
sentence by its label, and a chat stays the chat that it was.
"""

from __future__ import annotations

import json
from typing import Any

Messages = list[dict[str, str]]


def glued_messages(row: dict[str, Any]) -> Messages:
    """A row of the table that was read, as one question and one glued answer; [] where it has nothing to paste."""
    if row["kind"] == "chat":
        return chat_of(row["messages"])
    if row["kind"] == "pair":
        return exchange(f"What does {row['example']} mean?", row["plain"])
    if row["kind"] == "sentence":
        return exchange(f"What is {row['example']}?", row["label"])
    return exchange(f"What does {row['term']} mean?", glue(row["context"], row["definition"] or row["example"]))


def glue(context: str, definition: str) -> str:
    return f"This is a {context}. {definition}." if context else f"{definition}."


def exchange(question: str, answer: str) -> Messages:
    if not answer.strip(" ."):
        return []
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


def chat_of(text: str) -> Messages:
    """A source's own chat, where it is one."""
    try:
        turns = json.loads(text) if text else []
    except json.JSONDecodeError:
        return []
    if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
        return []
    return [{"role": str(turn.get("role", "")), "content": str(turn.get("content", ""))} for turn in turns]


def running_text(messages: Messages) -> str:
    """The same words without any template: what is said, one after the other."""
    return " ".join(message["content"] for message in messages)
