"""What a cell holds → names, token ids, and lists of turns with role and content, whatever their keys are called."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from typing import Any

from curation.doctor.case import Turn

ROLE_KEYS = ("role", "from", "speaker", "author", "sender")
CONTENT_KEYS = ("content", "value", "text", "message", "utterance", "parts")
# ShareGPT's own names for who speaks (with LLaMA-Factory's for tools); in other layouts a role is judged by the rules.
SHAREGPT_ROLES = {"human": "user", "gpt": "assistant", "function_call": "assistant", "observation": "tool"}
SPEAKERS = {"system": "system", "user": "user", "human": "user", "assistant": "assistant", "gpt": "assistant"}
BESIDE = frozenset({"name", "id", "type", "tool_calls", "function_call", "tool_call_id"})  # beside role and content
DEEPEST = 40  # lists in lists


def name_of(key: object) -> str:
    """A key as layouts spell it."""
    return str(key).strip().lower().replace(" ", "_").replace("-", "_")


def opened(value: object) -> Any:
    """A list or object that a cell holds as text, JSON or Python's own; anything else as it is."""
    if not isinstance(value, str) or not value.lstrip().startswith(("[", "{")):
        return value
    for parse in (json.loads, ast.literal_eval):
        try:
            return parse(value)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
    return value


def holds_turns(value: object) -> bool:
    """Whether a value is a list of turns with the usual keys."""
    turns = value if isinstance(value, list) else []
    return bool(turns) and all(
        isinstance(turn, dict) and all(keys_of(turn, {name_of(key): key for key in turn})) for turn in turns
    )


def conversations_in(value: list[Any], depth: int = 0) -> Iterator[list[Any]]:
    """The lists of turns in a list: itself, or those inside it."""
    if value and all(isinstance(item, dict) for item in value):
        yield value
    elif depth < DEEPEST:
        for item in value:
            if isinstance(item, list):
                yield from conversations_in(item, depth + 1)


def turns_of(raw: list[Any]) -> tuple[list[Turn], str, str, list[str]]:
    """Turns with the keys role and content: (turns, layout, names of the keys found, keys in another case)."""
    turns: list[Turn] = []
    found: dict[str, None] = {}
    misnamed: dict[str, None] = {}
    for turn in raw:
        names = {name_of(key): key for key in turn}
        role, said = keys_of(turn, names)
        if not role:
            if spoken := bool(names) and names.keys() <= SPEAKERS.keys():  # {"user": "Hi", "assistant": "Hello"}
                turns += [{"role": SPEAKERS[name], "content": turn[key]} for name, key in names.items()]
            else:
                turns.append({"role": None, "content": None, **turn})
            found.update({"user,assistant": None} if spoken else {})
            continue
        found[f"{role},{said or 'content'}"] = None
        misnamed.update(dict.fromkeys(names[name] for name in (role, said) if name and not known(name, names[name])))
        rest = {key: value for key, value in turn.items() if key not in (names[role], names.get(said))}
        speaker = turn[names[role]]
        if role == "from" and isinstance(speaker, str):
            speaker = SHAREGPT_ROLES.get(speaker, speaker)
        turns.append({"role": speaker, "content": turn[names[said]] if said else None, **rest})
    keys = "|".join(sorted(found))
    return turns, "sharegpt" if keys == "from,value" else "messages", keys, list(misnamed)


def keys_of(turn: Turn, names: dict[str, str]) -> tuple[str, str]:
    """The names of the keys that tell who speaks and what is said: the usual ones, else the only ones it can be."""
    role = next((name for name in ROLE_KEYS if name in names), "")
    said = next((name for name in CONTENT_KEYS if name in names and name != role), "")
    if role and said:
        return role, said
    texts = [name for name, key in names.items() if isinstance(turn[key], str) and name not in BESIDE]
    if said and len(texts) == 2:
        role = next((name for name in texts if name != said and str(turn[names[name]]).lower() in SPEAKERS), "")
    elif role and len(texts) == 2 and not names.keys() & BESIDE:
        said = next((name for name in texts if name != role), "")
    return role, said


def known(name: str, key: str) -> bool:
    """Whether a turn's key is one of the usual ones, spelt as usual."""
    return name == key and (name in ROLE_KEYS or name in CONTENT_KEYS)


def numbers_of(value: object) -> list[int] | None:
    """A list of token ids, or None."""
    value = opened(value)
    if not isinstance(value, list):
        return None
    if value and isinstance(value[0], list) and len(value) == 1:
        value = value[0]
    return value if all(type(number) is int for number in value) else None
