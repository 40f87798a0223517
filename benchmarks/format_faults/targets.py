"""The models that sets are made for: template families, and what each writes as text and as token ids.

The ids and the loss mask are worked out here by plain prefixes of the rendered text, apart from curation.templates, so
that the benchmark does not take over a mistake of what it measures.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from benchmarks.format_faults.talks import Messages

FAMILIES = (
    "llama-3.2-1b-instruct",
    "qwen2.5-0.5b-instruct",
    "gemma-3-1b-it",
    "phi-3.5-mini-instruct",
    "smollm2-135m-instruct",
    "lab",
)
IGNORED = -100


@dataclass(frozen=True)
class Target:
    """One model: its tokenizer (a stand-in of bytes where the real one cannot be had) and facts about its template."""

    name: str
    tokenizer: Any
    settings: Any
    bos: str  # begin token that the template writes, "" = none
    end: str  # token that ends an answer

    def text(self, messages: Messages, *, prompt: bool = False, tools: Any = None) -> str:
        """What the template writes; the day is pinned."""
        from curation.chat.format import render

        return render(messages, self.tokenizer, self.settings, parts=False, prompt=prompt)

    def ids(self, messages: Messages) -> tuple[list[int], list[int]]:
        """Token ids, and labels that train each answer with its end of turn."""
        text = self.text(messages)
        spans = [
            self._span(messages, place, text) for place, turn in enumerate(messages) if turn["role"] == "assistant"
        ]
        encoded = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        ids = list(encoded["input_ids"])
        trained = [any(begin <= left < end for begin, end in spans) for left, _ in encoded["offset_mapping"]]
        return ids, [token if is_trained else IGNORED for token, is_trained in zip(ids, trained, strict=True)]

    def _span(self, messages: Messages, place: int, text: str) -> tuple[int, int]:
        begin = len(self.text(messages[:place], prompt=True))
        answer = text.index(str(messages[place]["content"]).strip(), begin)
        return begin, text.index(self.end, answer) + len(self.end)

    def token(self, text: str) -> int:
        return int(self.tokenizer.convert_tokens_to_ids(text))

    def pieces(self, text: str) -> list[int]:
        """A text in ordinary pieces, control tokens spelled out."""
        return list(self.tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"])

    def writes(self, needle: str, messages: Messages) -> bool:
        """Whether the template takes this conversation and prints the needle once."""
        from curation.chat.format import EncodeError

        try:
            return self.text(messages).count(needle) == 1
        except EncodeError:
            return False


@cache
def target(name: str) -> Target:
    """Raises ValueError for a name that data/models.toml does not have."""
    from train.base_models import find_base_model, load_tokenizer

    spec = find_base_model(name)
    loaded = load_tokenizer(spec)
    return Target(spec.name, loaded.tokenizer, loaded.settings, spec.bos, spec.end_of_turn)
