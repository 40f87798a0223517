"""Replay: general chat among the slang, so that a model does not forget how to answer everything else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from curation.entry import content_hash

if TYPE_CHECKING:
    from collections.abc import Iterable

    from curation.conversations import Conversation

Messages = list[dict[str, str]]


def mix_replay(
    conversations: list[Conversation], general: Iterable[Messages], share: float, seed: int
) -> list[Conversation]:
    """The conversations and, after them, general chats as task "replay" in the training split.

    `share` is the replay's part of all training conversations, replay included; fewer are added where `general` has
    fewer. A hash of their content and the seed decides which, so neither order nor repeats in `general` matter.
    """
    training = sum(conversation["split"] == "train" for conversation in conversations)
    wanted = round(share / (1 - share) * training)
    usable = {
        content_hash(json.dumps(chat, ensure_ascii=False)): chat for chat in map(_plain, general) if _is_chat(chat)
    }
    chosen = sorted(usable, key=lambda name: content_hash(str(seed), name))[:wanted]
    return conversations + [_replay(name, usable[name]) for name in sorted(chosen)]


def _plain(chat: Messages) -> Messages:
    """Role and content alone: other keys are the source's own."""
    return [{"role": str(turn.get("role", "")), "content": str(turn.get("content") or "").strip()} for turn in chat]


def _is_chat(chat: Messages) -> bool:
    roles = [turn["role"] for turn in chat]
    speaks = "user" in roles and roles[-1] == "assistant" and {*roles} <= {"system", "user", "assistant"}
    return speaks and all(turn["content"] for turn in chat)


def _replay(name: str, chat: Messages) -> Conversation:
    return {"id": f"{name}-replay", "task": "replay", "term": "", "split": "train", "entry_ids": [], "messages": chat}
