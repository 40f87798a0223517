"""What a build leaves: one folder, written beside the old one and put in its place in one step."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.decontaminate import trained_items
from curation.people.effect import review_effect
from curation.people.queue import review_queue
from curation.stage import Given
from pipelines.chat import SPLITS, Chat, ChatError
from pipelines.doctoring.gate import check_conversations
from pipelines.engine import Result, Step, code_version, library_versions
from pipelines.reading import Read
from pipelines.recipe import Recipe
from pipelines.report import ConversationFacts, ReportFacts, StageFacts, write_report
from pipelines.swap import replace_folder
from pipelines.tables import write_json, write_table, write_text

if TYPE_CHECKING:
    import pandas as pd

    from curation.conversations import Conversation
    from pipelines.timing import Timer
    from train.base_models import LoadedTokenizer

PAGES = Path(__file__).parent / "pages"
SHOWN = 24  # conversations in the report


@dataclass(frozen=True)
class Built:
    """All that one build made, before it is written."""

    recipe: Recipe
    read: Read
    result: Result
    ledger: pd.DataFrame
    chat: Chat
    tokenizer: LoadedTokenizer
    given: Given
    evaluation: list[dict[str, Any]]  # items: {"id", "text", "expressions"}


def write_build(folder: Path, built: Built, timer: Timer) -> dict[str, Any]:
    """Write everything beside `folder`, then put it in its place. Returns the manifest."""
    part = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    shutil.rmtree(part, ignore_errors=True)
    (part / "chat").mkdir(parents=True)
    (part / "review").mkdir()
    entries = with_conversations(built.result.kept, built.chat.conversations)
    tasks = review_queue(entries, built.ledger, built.recipe.settings.review_budget, built.given)
    effect = review_effect(entries, built.ledger, built.given, sense_thresholds(built))
    facts = manifest(built, entries, len(tasks)) | decisions_facts(built, effect)
    write_table(part / "entries.parquet", entries)
    write_table(part / "ledger.parquet", built.ledger)
    for split in SPLITS:
        write_text(part / "chat" / f"{split}.jsonl", json_lines(built.chat.of(split)))
    gate(part, built)
    write_json(part / "review" / "tasks.json", tasks)
    if effect:
        write_json(part / "review" / "effect.json", effect)
    write_text(part / "recipe.toml", built.recipe.text)
    facts["files"] = file_hashes(part)
    write_json(part / "manifest.json", facts)
    write_text(part / "README.md", readme(built, facts))
    write_report(part, replace(report_facts(built, entries, facts, len(tasks)), decisions=effect))
    write_json(part / "timings.json", timer.facts())
    replace_folder(part, folder)
    return facts


def file_hashes(part: Path) -> dict[str, str]:
    """SHA-256 of every file of data: whoever reads one later can tell that it is as the build left it."""
    files = sorted(file for file in part.rglob("*") if file.is_file())
    return {file.relative_to(part).as_posix(): sha256(file.read_bytes()).hexdigest() for file in files}


def gate(part: Path, built: Built) -> None:
    """Have the format doctor look at what was written. Raises ChatError, and leaves nothing, at a fatal fault."""
    try:
        check_conversations(part / "chat", built.recipe.settings.base_model, built.tokenizer)
    except ChatError:
        shutil.rmtree(part, ignore_errors=True)
        raise


def with_conversations(kept: pd.DataFrame, conversations: list[Conversation]) -> pd.DataFrame:
    """The kept entries with the ids of the conversations that each of them gave."""
    import pandas as pd

    became: dict[str, list[str]] = {}
    for conversation in conversations:
        for entry in conversation["entry_ids"]:
            became.setdefault(entry, []).append(conversation["id"])
    column = pd.Series([became.get(entry, []) for entry in kept["id"]], index=kept.index, dtype=object)
    return kept.assign(conversations=column)


def json_lines(conversations: Iterable[Conversation]) -> str:
    fields = ("messages", "id", "term", "task")
    return "".join(
        json.dumps({name: conversation[name] for name in fields}, ensure_ascii=False) + "\n"  # type: ignore[literal-required]
        for conversation in conversations
    )


def manifest(built: Built, entries: pd.DataFrame, tasks: int) -> dict[str, Any]:
    """Versions, hashes and counts: what a person needs to know that two builds are the same. No times."""
    read = {"read": len(built.read.table), "bad_records": len(built.read.bad)}
    return {
        "name": built.recipe.settings.name,
        "recipe_sha256": sha256(built.recipe.text.encode()).hexdigest(),
        "sources": {
            source["name"]: {**source, "sha256": built.read.fingerprints[source["name"]]}
            for source in built.read.sources
        },
        "counts": {**read, "kept": len(entries), "ledger": len(built.ledger)},
        "stages": [stage_facts(step) for step in built.result.steps],
        "left": dict(sorted(Counter(built.ledger["stage"] + "/" + built.ledger["reason"]).items())),
        "flags": dict(sorted(Counter(name for flags in entries["flags"] for name in flags).items())),
        "chat": {
            "conversations": built.chat.counts(),
            "tokens": built.chat.tokens,
            "trained_tokens": built.chat.trained_tokens,
            "longest": built.chat.longest,
        },
        "evaluation_terms_trained_on": trained_items(entries, built.chat.conversations, built.evaluation),
        "review_tasks": tasks,
        "base_model": {
            "name": built.recipe.settings.base_model,
            "tokenizer": built.tokenizer.source,
            "revision": built.tokenizer.revision,
        },
        "embedding_model": built.given.embedder.fingerprint if built.given.embedder else "",
        "seed": built.recipe.settings.seed,
        "code_sha256": code_version(),
        "python": ".".join(map(str, sys.version_info[:3])),
        "versions": library_versions(),
    }


def stage_facts(step: Step) -> StageFacts:
    return {
        "name": step.name,
        "read": step.read,
        "marked": step.left,
        "reasons": step.reasons,
        "flags": step.flags,
        "settings": step.settings,
    }


def report_facts(built: Built, entries: pd.DataFrame, facts: dict[str, Any], tasks: int) -> ReportFacts:
    return ReportFacts(
        recipe=built.recipe.settings.model_dump(mode="json", exclude_defaults=True),
        manifest=facts,
        entries=entries,
        ledger=built.ledger,
        stages=[stage_facts(step) for step in built.result.steps],
        sources=built.read.sources,
        conversations=[shown(conversation, built.tokenizer) for conversation in sample(built.chat.conversations)],
        chat_counts=built.chat.counts(),
        thresholds=sense_thresholds(built),
        review_tasks=tasks,
    )


def sense_thresholds(built: Built) -> dict[str, float]:
    """From which probability of one sense rows are merged, and people asked; {} where the recipe has no such stage."""
    sense = next((step.settings for step in built.result.steps if step.name == "same_sense"), {})
    return {name: float(sense[name]) for name in ("merge", "ask") if name in sense}


def decisions_facts(built: Built, effect: dict[str, Any]) -> dict[str, Any]:
    """What the manifest tells of people's decisions: counts, and the hash of what they say; {} where there are none."""
    if not effect:
        return {}
    from curation.people.decisions import write_decisions

    counted = {name: len(effect[name]) for name in ("disputed", "orphans", "unmet")}
    told = ("people", "answers", "settled", "rows_changed", "as_it_was")
    sha256_of = sha256(write_decisions(built.given.answers).encode()).hexdigest()
    return {"decisions": {**{name: effect[name] for name in told}, **counted, "sha256": sha256_of}}


def sample(conversations: list[Conversation]) -> list[Conversation]:
    """A few conversations of every task, the same ones each time: those whose hashed ids come first."""
    by_task: dict[str, list[Conversation]] = {}
    for conversation in sorted(conversations, key=lambda one: sha256(one["id"].encode()).digest()):
        by_task.setdefault(conversation["task"], []).append(conversation)
    share = max(1, SHOWN // max(1, len(by_task)))
    return [conversation for task in sorted(by_task) for conversation in by_task[task][:share]]


def shown(conversation: Conversation, tokenizer: LoadedTokenizer) -> ConversationFacts:
    """A conversation as the model will see it."""
    from curation.templates import encode

    encoded = encode(conversation["messages"], tokenizer.tokenizer, tokenizer.settings)
    return {
        "task": conversation["task"],
        "term": conversation["term"],
        "split": conversation["split"],
        "pieces": encoded.pieces,
    }


def readme(built: Built, facts: dict[str, Any]) -> str:
    """What lies in the folder and how to load it, as Markdown."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    pages = Environment(loader=FileSystemLoader(PAGES), undefined=StrictUndefined, keep_trailing_newline=True)  # noqa: S701 (Markdown)
    described = built.recipe.settings.description or "A slang dataset built with `python -m pipelines.build`."
    return pages.get_template("build.md.jinja").render(facts, description=described)
