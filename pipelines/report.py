"""The report of a build: one self-contained HTML page that opens from a file, asks the network for nothing and runs no
script but its own.

`write_report(folder, facts)` writes report.html. Nothing in it depends on a clock: the same build gives the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from pipelines.pages.calibration import asked_share, calibration, shipped_bins
from pipelines.pages.evidence import (
    Example,
    Rows,
    cell_list,
    cell_text,
    clipped,
    meaning,
    meanings,
    sense_pairs,
    why_flagged,
    why_left,
)
from pipelines.pages.histogram import histogram
from pipelines.pages.labels import judged_columns
from pipelines.pages.people import told_of_people
from pipelines.pages.plain_facts import grouped, setting_text
from pipelines.pages.search_index import search_index

if TYPE_CHECKING:
    import pandas as pd
    from jinja2 import Environment

HERE = Path(__file__).parent
EXAMPLES = 3  # of each reason and flag
SIDE_BY_SIDE = 8  # merged pairs, label issues, texts of another term
CONVERSATIONS = 2  # of each task
PIECE_LENGTH = 1200  # characters of one piece of a conversation


class StageFacts(TypedDict):
    """What one stage did, in the order of the recipe; reading is not a stage."""

    name: str
    read: int  # rows that came in
    marked: int  # rows that left
    reasons: dict[str, int]
    flags: dict[str, int]
    settings: dict[str, Any]


class SourceFacts(TypedDict):
    """What one source gave, counted by its reader."""

    name: str
    read: int  # entries
    bad_records: int
    licence: str
    redistributable: bool
    attribution: str


class ConversationFacts(TypedDict):
    """One conversation as the model will see it: pieces of (text, whether the loss is taken on it)."""

    task: str
    term: str
    split: str
    pieces: list[tuple[str, bool]]


@dataclass(frozen=True)
class ReportFacts:
    """All that the page tells. The build fills it in."""

    recipe: dict[str, Any]
    manifest: dict[str, Any]  # versions, hashes, model fingerprints: shown as they are; no times
    entries: pd.DataFrame  # kept, with every annotation
    ledger: pd.DataFrame  # left, with stage, reason, survivor, score, detail
    stages: list[StageFacts]
    sources: list[SourceFacts]
    conversations: list[ConversationFacts]  # a sample
    chat_counts: dict[str, dict[str, int]]  # split → task → conversations
    thresholds: dict[str, float]  # of the same-sense stage: {"merge": …, "ask": …}; {} without it
    review_tasks: int
    decisions: Mapping[str, Any] = field(default_factory=dict)  # what people's decisions did; {} where there are none


def write_report(folder: Path, facts: ReportFacts) -> Path:
    """Write report.html into `folder` and return its path."""
    path = folder / "report.html"
    path.write_bytes(render(facts, folder.name).encode("utf-8", "replace"))
    return path


def render(facts: ReportFacts, fallback_name: str = "build") -> str:
    style = (HERE / "pages" / "report.css").read_text(encoding="utf-8")
    script = "".join((HERE / "pages" / name).read_text(encoding="utf-8") for name in ("search.js", "report.js"))
    rows = Rows(facts.entries, facts.ledger, unchecked=stages_before_privacy(facts))
    senses = histogram(all_sense_pairs(rows), facts.thresholds)
    return (
        environment()
        .get_template("report.html.jinja")
        .render(
            name=str(facts.recipe.get("name") or fallback_name),
            facts=facts,
            style=style,
            script=script,
            policy=content_policy(style, script),
            totals=totals(facts),
            funnel=funnel(facts),
            sources=source_table(facts),
            left=reasons_with_examples(rows),
            flagged=flags_with_examples(rows),
            merges=merges(rows),
            senses=senses,
            asked=asked_share(senses.counts),
            calibration=calibration(shipped_bins()),
            labels=label_issues(rows),
            judged=judged_columns(facts.entries),
            strangers=texts_of_another_term(rows),
            conversations=conversations(facts),
            splits=split_table(facts.chat_counts),
            answers=meanings()["answers"],
            people=told_of_people(facts.decisions),
            review_sentence=review_sentence(facts.review_tasks),
            manifest=grouped(facts.manifest),
            recipe=json.dumps(facts.recipe, ensure_ascii=False, indent=2, default=str),
            index=search_index(rows),
        )
    )


def stages_before_privacy(facts: ReportFacts) -> list[str]:
    """Stages whose rows left before anyone looked for private text; [] when the recipe does not look at all."""
    names = [stage["name"] for stage in facts.stages]
    return ["read", *names[: names.index("privacy")]] if "privacy" in names else []


def review_sentence(tasks: int) -> str:
    if not tasks:
        return "Nothing is left for a person to look at."
    things = "One thing waits" if tasks == 1 else f"{tasks:,} things wait"
    return f"{things} for a person’s answer in review/tasks.json, the most useful first."


def environment() -> Environment:
    """Templates that escape every value and fail on a name that is not there."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {"number": "{:,}".format, "percent": percent, "words": lambda name: str(name).replace("_", " ")}
    return made


def percent(part: int, whole: int) -> str:
    """A share that never rounds a part to nothing or to the whole."""
    share = 100 * part / whole if whole else 0.0
    if part and share < 0.1:
        return "< 0.1 %"
    return "> 99.9 %" if part < whole and share > 99.9 else f"{share:.1f} %"


def content_policy(style: str, script: str) -> str:
    """A Content-Security-Policy that allows this style and this script, by their hashes, and nothing else."""
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)]
    return (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )


def totals(facts: ReportFacts) -> dict[str, int]:
    """The conservation sum: what the readers counted on one side, the tables' lengths on the other."""
    counted = {
        "read": sum(one["read"] for one in facts.sources),
        "bad": sum(one["bad_records"] for one in facts.sources),
    }
    return counted | {"kept": len(facts.entries), "left": len(facts.ledger)}


def funnel(facts: ReportFacts) -> list[dict[str, Any]]:
    """One step for reading and one for each stage: rows that came in, left and went on, and bars in percent of all."""
    first = totals(facts)
    records = first["read"] + first["bad"]
    bad = Counter(facts.ledger["reason"][facts.ledger["stage"] == "read"])
    reading = StageFacts(
        name="read", read=records, marked=first["bad"], reasons=dict(sorted(bad.items())), flags={}, settings={}
    )
    return [
        {
            **stage,
            "went_on": stage["read"] - stage["marked"],
            "bar": round(100 * (stage["read"] - stage["marked"]) / max(records, 1), 3),
            "lost": round(100 * stage["marked"] / max(records, 1), 3),
            "settings": {key: setting_text(value) for key, value in stage["settings"].items()},
        }
        for stage in (reading, *facts.stages)
    ]


def source_table(facts: ReportFacts) -> list[dict[str, Any]]:
    kept, left = (Counter(table["source"]) for table in (facts.entries, facts.ledger))
    return [{**one, "kept": kept[one["name"]], "left": left[one["name"]]} for one in facts.sources]


def reasons_with_examples(rows: Rows) -> list[dict[str, Any]]:
    """Each reason: what it means, how often, and a few rows chosen by id, which is as good as by lot."""
    found = []
    for reason, group in rows.ledger.groupby("reason", sort=True):
        chosen = group.sort_values("id").head(EXAMPLES).to_dict("records")
        examples = [rows.example(row, why_left(row, rows.get(row["survivor"]))) for row in chosen]
        found.append(
            group_facts("reasons", reason, len(group), examples) | {"stage": ", ".join(sorted(set(group["stage"])))}
        )
    return sorted(found, key=lambda one: (-one["count"], one["name"]))


def flags_with_examples(rows: Rows) -> list[dict[str, Any]]:
    """Each flag on kept rows, in the same shape as the reasons. A full name is not put on show: the search finds it."""
    flags = rows.entries["flags"].map(set)
    found = []
    for name in sorted(set().union(*flags)):
        group = rows.entries[[name in had for had in flags]]
        chosen = group.sort_values("id").head(EXAMPLES).to_dict("records")
        examples = [rows.example(row, why_flagged(row, name, rows), hide=name == "full_name") for row in chosen]
        found.append(group_facts("flags", name, len(group), examples))
    return sorted(found, key=lambda one: (-one["count"], one["name"]))


def group_facts(table: str, name: str, count: int, examples: list[Example]) -> dict[str, Any]:
    return {"name": name, "means": meaning(table, name), "count": count, "examples": examples}


def merges(rows: Rows) -> dict[str, Any]:
    """Rows merged into another, beside the row that stays; the least sure ones first."""
    merged = rows.ledger[rows.ledger["reason"] == "same_sense_duplicate"].sort_values(["score", "id"])
    pairs = []
    for row in merged.to_dict("records"):
        survivor = rows.get(row["survivor"])
        if survivor is None or rows.is_private(row) or rows.is_private(survivor):
            continue
        pairs.append((rows.example(survivor, []), rows.example(row, [("score", cell_text(row, "score"))])))
        if len(pairs) == SIDE_BY_SIDE:
            break
    return {"count": len(merged), "pairs": pairs}


def all_sense_pairs(rows: Rows) -> list[tuple[float, str]]:
    """Score and answer of each compared pair, once, though both of its rows tell of it."""
    pairs: dict[tuple[str, str], tuple[float, str]] = {}
    for table in (rows.entries, rows.ledger):
        if "sense_with" not in table.columns:
            continue
        for row in table[["id", "sense_with", "sense_score", "sense_answer"]].to_dict("records"):
            for other, score, answer in sense_pairs(row):
                pairs[min(row["id"], other), max(row["id"], other)] = (float(score), answer)
    return [pairs[key] for key in sorted(pairs)]


def label_issues(rows: Rows) -> dict[str, Any]:
    """Rows whose label is doubted: the given label, the suggested one, and how far the given one is trusted."""
    doubted = [
        row
        for table in (rows.entries, rows.ledger)
        if "label_suggested" in table.columns
        for row in table[table["label_suggested"] != ""].to_dict("records")
        if ("label_issue" in cell_list(row, "flags") or cell_text(row, "reason") == "label_issue")
        and not rows.is_private(row)
    ]
    doubted.sort(key=lambda row: (row["label_score"], row["id"]))
    shown = [
        {
            "example": rows.example(row, []),
            "column": row["label_column"],
            "given": clipped(given_label(row), 100),
            "suggested": clipped(row["label_suggested"], 100),
            "score": cell_text(row, "label_score"),
        }
        for row in doubted[:SIDE_BY_SIDE]
    ]
    return {"count": len(doubted), "shown": shown}


def given_label(row: Mapping[str, Any]) -> str:
    """What the doubted column says, be it a column of the table or one of the source's own."""
    extra = json.loads(cell_text(row, "extra") or "{}")
    return cell_text({**extra, **row}, row["label_column"])


def texts_of_another_term(rows: Rows) -> dict[str, Any]:
    """Texts that seem to belong to another term, with the owner that fits better; worst fit first."""
    found = [
        (row[f"{what}_fit"], row["id"], what, row)
        for table in (rows.entries, rows.ledger)
        if "definition_owner" in table.columns
        for row in table[(table["definition_owner"] != "") | (table["example_owner"] != "")].to_dict("records")
        for what in ("definition", "example")
        if is_of_another_term(row, what) and not rows.is_private(row)
    ]
    found.sort(key=lambda one: one[:3])
    shown = [
        {
            "example": rows.example(row, []),
            "what": what,
            "owner": clipped(cell_text(row, f"{what}_owner"), 100),
            "fit": cell_text(row, f"{what}_fit"),
        }
        for _, _, what, row in found[:SIDE_BY_SIDE]
    ]
    return {"count": len(found), "shown": shown}


def is_of_another_term(row: Mapping[str, Any], what: str) -> bool:
    left = cell_text(row, "reason") == "text_of_another_term" and row[f"{what}_owner"] != ""
    return left or f"{what}_of_another_term" in cell_list(row, "flags")


def conversations(facts: ReportFacts) -> list[dict[str, Any]]:
    """The first few of each task, with over-long pieces clipped."""
    had: Counter[str] = Counter()
    shown = []
    for one in facts.conversations:
        had[one["task"]] += 1
        if had[one["task"]] <= CONVERSATIONS:
            shown.append({**one, "pieces": [(clipped(text, PIECE_LENGTH), trained) for text, trained in one["pieces"]]})
    return shown


def split_table(chat_counts: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """Tasks down, splits across, with sums."""
    order = [name for name in ("train", "validation", "test") if name in chat_counts]
    splits = order + sorted(set(chat_counts) - set(order))
    tasks = sorted({task for counts in chat_counts.values() for task in counts})
    lines = [(task, [chat_counts[split].get(task, 0) for split in splits]) for task in tasks]
    return {"splits": splits, "lines": lines, "sums": [sum(chat_counts[split].values()) for split in splits]}
