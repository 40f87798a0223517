"""The property that every answer must have, over the bundled sample and all real files: it is joined, not glued.

The checker here shares no code with what it checks.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from curation.conversations import Conversation, ConversationSettings, build_conversations
from curation.entry import to_table
from curation.normalize import Normalize
from curation.stage import Given
from pipelines.sources import SourceSettings, read_source

TASKS = (
    "define_term", "explain_sentence", "plain", "slangify", "use_in_sentence", "tell_senses_apart", "which_sense",
)  # fmt: skip
COLUMN_NAMES = (
    "slang", "description", "definition", "example", "examples", "context", "term", "meaning", "word", "category",
    "keyword", "plain", "normal", "gen_z", "formal", "gloss", "part_of_speech", "label",
)  # fmt: skip
TEXTS = ("term", "definition", "example", "context", "plain")
BRACKETS = (("“", "”"), ("(", ")"), ("[", "]"), ("{", "}"), ("«", "»"))

REAL = {
    "genz": {"path": "genz/all_slangs.csv"},
    "kaspercools_slang": {"path": "kaspercools/genz_slang.csv"},
    "kaspercools_emojis": {"path": "kaspercools/genz_emojis.csv"},
    "pairs": {"path": "pairs/genz_dataset.csv"},
    "noslang": {"path": "abbreviations/noslang.txt", "format": "list", "separator": " , "},
    "backtick": {
        "path": "abbreviations/backtick_slang.txt", "format": "list", "separator": "`", "meaning_separator": "|",
    },
    "sms": {"path": "abbreviations/sms_slang.txt", "format": "list", "separator": "="},
    "indonesian": {
        "path": "languages/indonesian.csv", "language": "id",
        "columns": {"slang": "term", "formal": "definition", "context": "example"},
    },
    "swahili": {"path": "languages/swahili.csv", "language": "sw"},
    "ukrainian": {"path": "languages/ukrainian.json", "language": "uk"},
    "urbanarchive_k": {"path": "urbanarchive/K.json", "format": "entry_map"},
    "urbanarchive": {"path": "urbanarchive", "format": "entry_map"},
}  # fmt: skip
SLOW = ("urbanarchive", "indonesian")


def faults(answer: str, entry_texts: list[str], question: str) -> Iterator[str]:
    """Every sign of glue in an answer that none of its entries' texts has itself."""
    own = " \n ".join(entry_texts)
    flat = re.sub(r"\s+", " ", own).casefold()
    for found in re.finditer(r"\b(?:an?|the) (?:an?|the)\b(?!['’.\-])", answer, re.IGNORECASE):
        if found[0].casefold() not in flat:
            yield f"doubled article {found[0]!r}"
    if re.search(r"\.\s*\.", answer) and not re.search(r"\.\s*\.", own):
        yield "doubled stop"
    if re.search(r"[?!…]\.|[,;:]\.|\.,|\.[”\"’]\.", answer) and not re.search(
        r"[?!…]\s*\.|[,;:]\s*\.|\.,|…|\.[”\"’]\.", own + "…" * (".." in own)
    ):
        yield "two marks in a row"
    for left, right in BRACKETS:
        if answer.count(left) != answer.count(right) and all(
            text.count(left) == text.count(right) for text in entry_texts
        ):
            yield f"unbalanced {left}{right}"
    if answer.count('"') % 2 and all(text.count('"') % 2 == 0 for text in entry_texts):
        yield 'unbalanced "'
    for hole in ("“”", "“ ", " ”", "  ", "{quoted}", "{sentence}", "{slang}", "{term}", " .", " ,", "()"):
        if hole in answer and hole not in re.sub(r"[ \t]+", " ", own) and hole.strip() not in own.replace(" ", ""):
            yield f"empty slot {hole!r}"
    if answer != answer.strip() or not answer:
        yield "blank edge"
    for name in COLUMN_NAMES:
        if re.search(rf"(?<!\w){name}\s*:", answer, re.IGNORECASE) and not re.search(
            rf"{name}\s*[:\-(=)]", own, re.IGNORECASE
        ):
            yield f"column name {name!r}"
    if words(question) in words(answer):
        yield "echo of the question"


def words(text: str) -> str:
    return " " + " ".join(re.findall(r"\w+", text.casefold())) + " "


def conversations_of(source: SourceSettings, root: Path) -> tuple[list[Conversation], dict[str, list[str]]]:
    entries, _ = read_source(source, root=root)
    table = Normalize()(to_table(entries), Given())
    if "reason" in table.columns:
        table = table[table["reason"] == ""]
    texts = {row["id"]: [row[name] for name in TEXTS if row[name]] for row in table.to_dict("records")}
    return build_conversations(table, ConversationSettings(tasks=TASKS, max_per_entry=99)), texts


def all_faults(made: list[Conversation], texts: dict[str, list[str]]) -> list[str]:
    found = []
    for one in made:
        own = [text for entry in one["entry_ids"] for text in texts[entry]]
        question, answer = one["messages"][-2]["content"], one["messages"][-1]["content"]
        found += [f"{one['task']} {one['term']!r}: {fault}: {answer!r}" for fault in faults(answer, own, question)]
    return found


def sample_sources() -> list[SourceSettings]:
    recipe = Path(__file__).parents[2] / "data" / "recipes" / "sample.toml"
    return [SourceSettings(**source) for source in tomllib.loads(recipe.read_text(encoding="utf-8"))["sources"]]


@pytest.mark.parametrize("source", sample_sources(), ids=lambda source: source.name)
def test_no_answer_of_the_sample_is_glued(source: SourceSettings, project: Path) -> None:
    made, texts = conversations_of(source, project / "data" / "recipes")
    assert all_faults(made, texts) == []


@pytest.mark.shared
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in REAL]
)
def test_no_answer_of_a_real_file_is_glued(name: str, shared_data: Path) -> None:
    made, texts = conversations_of(SourceSettings(name=name, **REAL[name]), shared_data)
    assert len(made) >= 60
    assert all_faults(made, texts) == []


@pytest.mark.parametrize(
    ("answer", "own", "question", "fault"),
    [
        ("This is a A term used online.", "A term used online.", "What?", "doubled article"),
        ("It is unethical.. The concept", "It is unethical.", "What?", "doubled stop"),
        ("“Drip means style.", "style", "What?", "unbalanced"),
        ("“” means style.", "style", "What?", "empty slot"),
        ("Definition: style.", "style", "What?", "column name"),
        ("What is drip? It is style.", "style", "What is drip?", "echo"),
        ("Really?. Yes.", "Really?", "What?", "two marks"),
    ],
)
def test_the_checker_sees_glue(answer: str, own: str, question: str, fault: str) -> None:
    assert any(found.startswith(fault) for found in faults(answer, [own], question))


def test_the_checker_spares_what_the_entry_itself_has() -> None:
    assert list(faults("“LMAO” is short for “Laugh My A.. Off.”", ["LMAO", "Laugh My A.. Off."], "What?")) == []
