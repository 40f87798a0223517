"""Kept entries to conversations, each proved at token level against the chat template of the model to be trained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from curation.conversations import Conversation, build_conversations, mix_replay

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.recipe import Settings
    from train.base_models import LoadedTokenizer

SPLITS = ("train", "validation", "test")
BLOCK = 2_000  # conversations encoded between two looks at the progress bar


class ChatError(ValueError):
    """Conversations that no model must be trained on, or none at all."""


@dataclass
class Chat:
    """All conversations of a build, and what encoding them showed."""

    conversations: list[Conversation]
    tokens: int
    trained_tokens: int
    longest: int  # tokens of the longest conversation

    def counts(self) -> dict[str, dict[str, int]]:
        """Split → task → number of conversations."""
        return {split: dict(sorted(Counter(c["task"] for c in self.of(split)).items())) for split in SPLITS}

    def of(self, split: str) -> list[Conversation]:
        return [conversation for conversation in self.conversations if conversation["split"] == split]


def faults(chats: list[list[dict[str, str]]], loaded: LoadedTokenizer) -> list[str]:
    """For each conversation, why the template cannot carry it; "" where it can."""
    from curation.templates import EncodeError, try_encode_all

    found = []
    for start in range(0, len(chats), BLOCK):
        encoded = try_encode_all(chats[start : start + BLOCK], loaded.tokenizer, loaded.settings)
        found += [str(one) if isinstance(one, EncodeError) else "" for one in encoded]
    return found


def carried(
    chats: list[list[dict[str, str]]], loaded: LoadedTokenizer, say: Callable[[str], None]
) -> list[list[dict[str, str]]]:
    """The conversations that the template can carry; how many it cannot is said."""
    fit = [chat for chat, fault in zip(chats, faults(chats, loaded), strict=True) if not fault]
    if len(fit) < len(chats):
        say(f"  replay: {len(chats) - len(fit):,} of {len(chats):,} conversations do not fit the chat template")
    return fit


def uncontaminated(
    chats: list[list[dict[str, str]]], evaluation: Mapping[str, str], say: Callable[[str], None]
) -> list[list[dict[str, str]]]:
    """The conversations in which no turn overlaps the evaluation; how many do is said.

    Replay passes through no stage, so that it is compared here, in the way of the stage.
    """
    from curation.decontaminate import Decontaminate, EvaluationIndex

    usual = Decontaminate()
    index = EvaluationIndex(evaluation, usual.run, usual.near)
    clean = [chat for chat in chats if not index.item_of(turn["content"] for turn in chat)]
    if len(clean) < len(chats):
        say(f"  replay: {len(chats) - len(clean):,} of {len(chats):,} conversations overlap the evaluation: left out")
    return clean


def make_conversations(
    kept: pd.DataFrame, settings: Settings, general: list[list[dict[str, str]]]
) -> list[Conversation]:
    """Conversations from the kept entries, with general chat mixed into the training split where the recipe says so.

    Raises ChatError when there is none to train on.
    """
    conversations = build_conversations(kept, settings.chat)
    if settings.replay:
        conversations = mix_replay(conversations, general, settings.replay.share, settings.seed)
    if not any(conversation["split"] == "train" for conversation in conversations):
        raise ChatError(
            f"{len(kept):,} kept entries gave no conversation to train on. Check [chat] tasks and the stages' flags"
        )
    return conversations


def prove(
    conversations: list[Conversation], loaded: LoadedTokenizer, progress: Callable[[str, int, int], None]
) -> Chat:
    """Encode every conversation with the one encode function, which checks ids and loss mask.

    Raises ChatError that names the first conversation that the template cannot carry.
    """
    from curation.templates import IGNORED, EncodeError, try_encode_all

    chat = Chat(conversations, 0, 0, 0)
    for start in range(0, len(conversations), BLOCK):
        block = conversations[start : start + BLOCK]
        messages = [conversation["messages"] for conversation in block]
        for conversation, encoded in zip(
            block, try_encode_all(messages, loaded.tokenizer, loaded.settings), strict=True
        ):
            if isinstance(encoded, EncodeError):
                raise ChatError(
                    f"conversation {conversation['id']} (term {conversation['term']!r}, task {conversation['task']}) "
                    f"does not fit the chat template of the base model: {encoded}"
                )
            chat.tokens += len(encoded.input_ids)
            chat.trained_tokens += len(encoded.labels) - encoded.labels.count(IGNORED)
            chat.longest = max(chat.longest, len(encoded.input_ids))
        progress("prove", start + len(block), len(conversations))
    return chat
