"""data/reviews/NAME.jsonl: the decisions of a recipe, as text that git keeps. A pull never loses what stands in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from curation.people.decisions import Decision, read_decisions, united, write_decisions


@dataclass(frozen=True)
class Merged:
    """What became of a pull."""

    decisions: list[Decision]  # all in the file now
    new: int
    changed: int  # somebody gave another answer than before


def read(file: Path) -> list[Decision]:
    """The decisions of a file; none where there is no file. Raises ValueError with the file and the line."""
    try:
        return read_decisions(file.read_text(encoding="utf-8").split("\n"))
    except FileNotFoundError:
        return []
    except UnicodeDecodeError as error:
        raise ValueError(f"{file}: is not UTF-8 (byte {error.start}); take it from git again") from None
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None


def merge(file: Path, pulled: Iterable[Decision]) -> Merged:
    """Add decisions to a file, each person's last answer to each question. The same ones again leave it as it is.

    Raises ValueError where the file is damaged, or somebody else is writing it.
    """
    from pipelines.tables import write_text

    with _alone(file):
        known = read(file)
        decisions = united(known, pulled)
        before = {(one.id, one.who): one.answer for one in known}
        after = {(one.id, one.who): one.answer for one in decisions}
        text = write_decisions(decisions)
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            write_text(file, text)
    new = len(after.keys() - before.keys())
    return Merged(decisions, new, sum(after[key] != answer for key, answer in before.items()))


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """One writer at a time. The lock lies beside the file, hidden, and is git-ignored."""
    from filelock import FileLock, Timeout

    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(file.with_name(f".{file.name}.lock"), timeout=60):
            yield
    except Timeout:
        raise ValueError(f"{file}: another pull is writing it; wait for it and run again") from None
