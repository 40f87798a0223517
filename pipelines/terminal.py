"""What a person sees while a command works: progress on stderr, one line for each finished step on stdout."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import TaskID

    from curation.entry import BadRecord
    from curation.stage import Stage
    from pipelines.chat import Chat
    from pipelines.engine import Step
    from train.base_models import LoadedTokenizer


class Terminal:
    """Lines for people. Texts from data are never read as markup."""

    def __init__(self, *, quiet: bool = False) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self.quiet = quiet
        self.out: Console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
        self.progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
            disable=quiet or not sys.stderr.isatty(),
        )
        self.tasks: dict[str, TaskID] = {}

    def say(self, text: str, style: str = "") -> None:
        if not self.quiet:
            self.out.print(text, style=style or None, markup=False)

    def advance(self, what: str, done: int, total: int) -> None:
        """Progress inside a step: `done` of `total`, under the name `what`."""
        if what not in self.tasks:
            self.tasks[what] = self.progress.add_task(what, total=total)
        self.progress.update(self.tasks[what], completed=done, total=total)

    @contextmanager
    def working(self) -> Iterator[None]:
        with self.progress:
            yield

    def clear(self) -> None:
        """Take finished progress bars away."""
        for task in self.progress.task_ids:
            self.progress.remove_task(task)
        self.tasks.clear()

    def starting(self, stage: Stage, rows: int) -> None:
        self.clear()
        self.progress.add_task(f"{stage.name} ({rows:,} rows)", total=None)

    def step(self, step: Step) -> None:
        """`quality  1,779 → 1,702  0.8 s  left: empty_definition 12, …; marked: example_lacks_term 25`."""
        self.clear()
        took = "from cache" if step.cached else f"{step.seconds:.1f} s"
        numbers = f"{step.read:>7,} → {step.read - step.left:>7,}"
        self.say(f"  {step.name:<20} {numbers}  {took:>10}   {said(step)}".rstrip())

    def source(self, name: str, entries: int, broken: list[BadRecord]) -> None:
        self.clear()
        causes = ", ".join(f"{reason} {count:,}" for reason, count in Counter(r.reason for r in broken).most_common())
        self.say(f"  read {name:<15} {entries:>7,} entries" + (f"; bad records: {causes}" if causes else ""))

    def conversations(self, chat: Chat, base_model: str, loaded: LoadedTokenizer) -> None:
        self.clear()
        splits = ", ".join(f"{split} {len(chat.of(split)):,}" for split in chat.counts())
        self.say(
            f"  conversations        {splits}; each proved for {base_model} ({loaded.source} tokenizer), "
            f"{chat.trained_tokens:,} of {chat.tokens:,} tokens trained"
        )
        if loaded.note:
            self.say(
                f"  {loaded.note}. The stand-in writes the same text as the real tokenizer, with other ids: "
                "the format doctor's last look leaves token ids unchecked"
            )

    def finish(self, folder: Path, facts: dict[str, Any]) -> None:
        counts = facts["counts"]
        self.say(
            f"{counts['read']:,} entries + {counts['bad_records']:,} bad records read "
            f"= {counts['kept']:,} kept + {counts['ledger']:,} in the ledger"
        )
        if "decisions" in facts:
            self.say(decisions_line(facts["decisions"]))
        self.say(f"Wrote {folder}")
        self.say(f"Open  {(folder / 'report.html').as_uri()}", "bold")


def decisions_line(told: dict[str, Any]) -> str:
    """`12 answers of 3 people settled 9 questions; rows changed: merged 2, left 1; disputed 1, of content … gone 2`."""
    changed: Counter[str] = Counter()
    for effects in told["rows_changed"].values():
        changed.update(effects)
    rows = ", ".join(f"{name} {count:,}" for name, count in by_count(changed)) or "none"
    one = told["people"] == 1
    return (
        f"{told['answers']:,} answers of {told['people']:,} {'person' if one else 'people'} settled "
        f"{sum(told['settled'].values()):,} questions; rows changed: {rows}; disputed {told['disputed']:,}, "
        f"of content that is gone {told['orphans']:,}, not done {told['unmet']:,} (review/effect.json names them)"
    )


def said(step: Step) -> str:
    left = ", ".join(f"{name} {count:,}" for name, count in by_count(step.reasons))
    marked = ", ".join(f"{name} {count:,}" for name, count in by_count(step.flags))
    return "; ".join(part for part in (f"left: {left}" if left else "", f"marked: {marked}" if marked else "") if part)


def by_count(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
