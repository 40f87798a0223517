"""Entries to conversations: several tasks, natural questions, and answers that are proper sentences.

A term with several senses gets one answer that tells them all, so no prompt ever has two answers. What a stage flagged
as belonging to another term, or as overlapping the evaluation, is not used.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypedDict

from pydantic import ConfigDict, Field

from curation.chat import phrasings
from curation.chat.replay import mix_replay
from curation.chat.senses import Row, group_by_term
from curation.chat.sentences import choose
from curation.chat.tasks import TERM_TASKS, Draft, explain_sentences, retell_pairs

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

__all__ = ["Conversation", "ConversationSettings", "build_conversations", "mix_replay"]

Task = Literal[
    "define_term",
    "explain_sentence",
    "plain",
    "slangify",
    "use_in_sentence",
    "tell_senses_apart",
    "which_sense",
    "chat",
]
USUAL_TASKS: tuple[Task, ...] = (
    "define_term",
    "explain_sentence",
    "plain",
    "use_in_sentence",
    "tell_senses_apart",
    "which_sense",
    "chat",
)
# Columns that are used, and what stands for one that no stage has added.
COLUMNS: dict[str, Any] = dict.fromkeys(
    ("id", "kind", "term", "term_key", "definition", "example", "context", "plain", "messages", "language"), ""
) | {"flags": (), "examples": (), "merged_ids": (), "votes_up": None, "votes_down": None, "offensive": "", "split": ""}


class Conversation(TypedDict):
    """One conversation and where it comes from."""

    id: str  # the leading entry's id, and the task
    task: str  # a Task, or "replay"
    term: str  # headword, "" where there is none
    split: str  # "train" | "validation" | "test"
    entry_ids: list[str]  # every entry that the conversation was made from
    messages: list[dict[str, str]]  # [{"role", "content"}, …]


@dataclass(frozen=True)
class ConversationSettings:
    """What [chat] of a recipe may say."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    tasks: tuple[Task, ...] = USUAL_TASKS  # "slangify" (plain to slang) is there too
    system_prompt: str = ""  # the first message of every conversation made here; "" for none
    max_per_entry: Annotated[int, Field(ge=1)] = 4  # conversations led by one entry; what a term means comes first
    max_senses: Annotated[int, Field(ge=2)] = 8  # senses told in one answer, those with the most votes
    offensive_note: str = "Note that this is offensive language."  # ends an answer about a slur; "" for none


def build_conversations(table: pd.DataFrame, settings: ConversationSettings) -> list[Conversation]:
    """All conversations that the kept entries give, sorted by id; no two have the same prompt.

    Needs the columns of an entry, and uses what the stages have added. Without a `split` column all is training.
    """
    rows = [row for row in _rows(table) if "overlaps_evaluation" not in row["flags"]]
    terms = group_by_term([row for row in rows if row["kind"] == "definition"])
    drafts = [
        *(draft for make in TERM_TASKS.values() for term in terms for draft in make(term, settings.max_senses)),
        *explain_sentences(terms),
        *retell_pairs([row for row in rows if row["kind"] == "pair"]),
    ]
    slurs = {sense.id for term in terms for sense in term.senses if sense.slur}
    made = [_conversation(draft, settings, slurs) for draft in drafts if draft.task in settings.tasks]
    if "chat" in settings.tasks:
        made += [chat for row in rows if row["kind"] == "chat" for chat in _passed_through(row)]
    return _at_most(_one_answer_a_prompt(made), settings.max_per_entry)


def _rows(table: pd.DataFrame) -> list[Row]:
    """The rows as dictionaries, sorted by id."""
    present = [name for name in COLUMNS if name in table.columns]
    absent = {name: value for name, value in COLUMNS.items() if name not in table.columns}
    rows = [
        dict(zip(present, values, strict=True)) | absent
        for values in zip(*(table[name].tolist() for name in present), strict=True)
    ]
    for row in rows:
        row["term_key"] = row["term_key"] or " ".join(row["term"].casefold().split())
        row["split"] = row["split"] or "train"
    return sorted(rows, key=lambda row: str(row["id"]))


def _conversation(draft: Draft, settings: ConversationSettings, slurs: set[str]) -> Conversation:
    answer = draft.answer
    if settings.offensive_note and not slurs.isdisjoint(draft.entry_ids):
        answer += ("\n\n" if "\n" in answer else " ") + settings.offensive_note
    system = [{"role": "system", "content": settings.system_prompt}] if settings.system_prompt else []
    turns = [{"role": "user", "content": draft.question}, {"role": "assistant", "content": answer}]
    return Conversation(
        id=f"{draft.entry_ids[0]}-{draft.task}",
        task=draft.task,
        term=draft.term,
        split=draft.split,
        entry_ids=draft.entry_ids,
        messages=[*system, *turns],
    )


def _passed_through(row: Row) -> Iterator[Conversation]:
    """A source's chat as it is, up to its last answer: known roles, and no empty turn."""
    try:
        turns = json.loads(row["messages"]) if row["messages"] else []
    except json.JSONDecodeError:
        return
    if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
        return
    turns = turns[: 1 + max((place for place, turn in enumerate(turns) if turn.get("role") == "assistant"), default=-1)]
    roles = [turn.get("role") for turn in turns]
    texts = [turn.get("content") for turn in turns]
    if not all(role in ("system", "user", "assistant") for role in roles) or "user" not in roles:
        return
    if all(isinstance(text, str) and text.strip() for text in texts):
        messages = [{"role": turn["role"], "content": turn["content"].strip()} for turn in turns]
        yield Conversation(
            id=f"{row['id']}-chat",
            task="chat",
            term=row["term"],
            split=row["split"],
            entry_ids=[row["id"]],
            messages=messages,
        )


def _one_answer_a_prompt(made: list[Conversation]) -> list[Conversation]:
    """The first conversation of each prompt, by task and id."""
    order = {task: number for number, task in enumerate((*phrasings.PROMPTS, "chat"))}
    unique: dict[str, Conversation] = {}
    for conversation in sorted(made, key=lambda made: (order[made["task"]], made["id"])):
        unique.setdefault(_prompt(conversation), conversation)
    return list(unique.values())


def _prompt(conversation: Conversation) -> str:
    """What the user says before the first answer, for comparison."""
    said: list[str] = []
    for turn in conversation["messages"]:
        if turn["role"] == "assistant":
            break
        said += turn["content"].casefold().split() if turn["role"] == "user" else []
    return " ".join(said)


def _at_most(made: list[Conversation], most: int) -> list[Conversation]:
    """At most `most` for each leading entry: what the term means first, the others by hash."""
    by_entry: dict[str, list[Conversation]] = defaultdict(list)
    for conversation in made:
        by_entry[conversation["entry_ids"][0]].append(conversation)
    rank = lambda made: (made["task"] != "define_term", choose(range(1 << 30), made["id"]))
    kept = [one for group in by_entry.values() for one in sorted(group, key=rank)[:most]]
    return sorted(kept, key=lambda made: made["id"])
