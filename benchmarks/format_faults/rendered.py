"""Faults of rendered text: another family's (4), almost the right one (5), begin tokens (6), none at all (8),
a day printed by the template (30).
"""

# ruff: noqa: ARG001 - every change is called with talk, random source and target
from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import Any

from benchmarks.format_faults.sets import Kind, raw_rows
from benchmarks.format_faults.talks import Messages, Talk
from benchmarks.format_faults.targets import Target
from curation.chat.format import PINNED_DATE

Writer = Callable[[Messages], str]


def pairs(messages: Messages) -> list[tuple[str, str]]:
    said = [turn["content"] for turn in messages if turn["role"] != "system"]
    return list(zip(said[::2], said[1::2], strict=True))


def llama2(messages: Messages) -> str:
    return "".join(f"<s>[INST] {asked} [/INST] {said} </s>" for asked, said in pairs(messages))


def mistral(messages: Messages) -> str:
    return "<s>" + "".join(f"[INST] {asked} [/INST] {said}</s>" for asked, said in pairs(messages))


def chatml(messages: Messages) -> str:
    return "".join(f"<|im_start|>{turn['role']}\n{turn['content']}<|im_end|>\n" for turn in messages)


def llama3(messages: Messages) -> str:
    turns = (f"<|start_header_id|>{turn['role']}<|end_header_id|>\n\n{turn['content']}<|eot_id|>" for turn in messages)
    return "<|begin_of_text|>" + "".join(turns)


def gemma(messages: Messages) -> str:
    names = {"user": "user", "assistant": "model"}
    turns = (f"<start_of_turn>{names[turn['role']]}\n{turn['content']}<end_of_turn>\n" for turn in messages)
    return "<bos>" + "".join(turns)


def phi3(messages: Messages) -> str:
    return "".join(f"<|{turn['role']}|>\n{turn['content']}<|end|>\n" for turn in messages) + "<|endoftext|>"


def zephyr(messages: Messages) -> str:
    return "".join(f"<|{turn['role']}|>\n{turn['content']}</s>\n" for turn in messages)


def alpaca(messages: Messages) -> str:
    asked, said = pairs(messages)[-1]
    head = "Below is an instruction that describes a task. Write a response that appropriately completes the request."
    return f"{head}\n\n### Instruction:\n{asked}\n\n### Response:\n{said}"


def vicuna(messages: Messages) -> str:
    head = (
        "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, "
        "detailed, and polite answers to the user's questions."
    )
    return head + "".join(f" USER: {asked} ASSISTANT: {said}</s>" for asked, said in pairs(messages))


def typed_names(messages: Messages) -> str:
    return "\n".join(f"User: {asked}\nAssistant: {said}" for asked, said in pairs(messages))


def foreign(name: str, writer: Writer, mark: str, *, longest: int = 3) -> Kind:
    """Text of another family; not for targets that write the same marks themselves."""

    def spoil(talk: Talk, random: Random, target: Target) -> Any:
        return {"text": writer(talk.messages)}

    def fits(target: Target) -> bool:
        return mark not in target.text([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}])

    return Kind(f"text_{name}", "FAMILY", raw_rows(spoil, "text", longest=longest), fits)


def changed(change: Callable[[str, Talk, Random, Target], str], **settings: Any) -> Any:
    """The target's own text with something wrong with it."""
    return raw_rows(lambda t, r, g: {"text": change(g.text(t.messages), t, r, g)}, "text", **{"longest": 3, **settings})


def header_blank(text: str, talk: Talk, random: Random, target: Target) -> str:
    """One blank more between the header of an answer and what it says, or a line end less."""
    answer = re.escape(talk.answer)
    with_one = random.choice((r"\1 \2", r"\1\n\2")) if random.random() < 1 / 2 else r"\1\2"
    found = re.sub(rf"\n({answer})", r" \1", text, count=1) if with_one == r"\1\2" else ""
    return found or re.sub(rf"(\s)({answer})", with_one, text, count=1)


def without_end(text: str, talk: Talk, random: Random, target: Target) -> str:
    return text[: text.rindex(target.end)]


def dangling(text: str, talk: Talk, random: Random, target: Target) -> str:
    """The generation prompt once more after the last answer."""
    return text + target.text(talk.messages[:1], prompt=True)[len(target.text(talk.messages[:1])) :]


def end_with_blank(text: str, talk: Talk, random: Random, target: Target) -> str:
    at = text.rindex(target.end)
    return f"{text[:at]} {text[at:]}"


def another_day(text: str, talk: Talk, random: Random, target: Target) -> str:
    """The text as the template printed it on the day of its rendering."""
    return text.replace(PINNED_DATE, f"{random.randint(1, 28):02} {random.choice(('Jan', 'May', 'Nov'))} 2025", 1)


def prints_the_day(target: Target) -> bool:
    return PINNED_DATE in target.text([{"role": "user", "content": "a"}])


def bos_first(target: Target) -> bool:
    """Whether the template opens with a begin token that it writes once."""
    return bool(target.bos) and target.text([{"role": "user", "content": "a"}]).count(target.bos) == 1


def trims(target: Target) -> bool:
    """Whether the template drops the blanks at the ends of what is said; elsewhere they belong to the answer."""
    said: list[Messages] = [
        [{"role": "user", "content": "a"}, {"role": "assistant", "content": answer}] for answer in ("b", "b ")
    ]
    return target.text(said[0]) == target.text(said[1])


KINDS = (
    foreign("llama2", llama2, "[INST]"),
    foreign("mistral", mistral, "[INST]"),
    foreign("chatml", chatml, "<|im_start|>"),
    foreign("llama3", llama3, "<|start_header_id|>"),
    foreign("gemma", gemma, "<start_of_turn>"),
    foreign("phi3", phi3, "<|end|>"),
    foreign("zephyr", zephyr, "<|user|>"),
    foreign("alpaca", alpaca, "### Response", longest=1),
    foreign("vicuna", vicuna, "USER: "),
    foreign("typed_names", typed_names, "User: "),
    Kind("header_blank", "SCAFFOLD", changed(header_blank, longest=1)),
    Kind("dangling_prompt", "SCAFFOLD", changed(dangling)),
    Kind("last_end_missing", "SCAFFOLD", changed(without_end)),
    Kind("blank_before_end", "SCAFFOLD", changed(end_with_blank), trims),
    Kind("two_bos_in_text", "BOS-COUNT", changed(lambda text, t, r, g: g.bos + text), bos_first, ("SCAFFOLD",)),
    Kind("no_bos_in_text", "BOS-COUNT", changed(lambda text, t, r, g: text.removeprefix(g.bos)), bos_first,
         ("SCAFFOLD",)),
    Kind("dated_template", "SYS-DRIFT", changed(another_day), prints_the_day),
    Kind("bare_sentence", "RAW-TEXT",
         raw_rows(lambda t, r, g: {"text": f"{t.entry.term}: {t.entry.meaning}"}, "text", twins=False)),
    Kind("bare_paragraph", "RAW-TEXT",
         raw_rows(lambda t, r, g: {"text": f"{t.entry.meaning} {t.entry.example} {t.entry.origin}"}, "text",
                  twins=False)),
    Kind("question_answer", "RAW-TEXT",
         raw_rows(lambda t, r, g: {"text": f"Question: {t.question}\nAnswer: {t.answer}"}, "text", twins=False),
         also=("FAMILY",)),
)  # fmt: skip
