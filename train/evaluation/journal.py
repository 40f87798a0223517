"""What an evaluation has asked so far, line by line on disk, so that one that was killed goes on where it was."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from train.errors import TrainError
from train.evaluation.work import Record, Work

NAME = "journal.jsonl"


class Journal:
    """Records by work and key. The first line says what is evaluated: another evaluation never goes on with it."""

    def __init__(self, folder: Path, what: Mapping[str, Any], *, fresh: bool = False) -> None:
        """Opens or begins the journal. Raises TrainError where it belongs to another evaluation, or cannot be read."""
        self._path = folder / NAME
        self._what = json.loads(json.dumps(what))
        self._records: dict[tuple[str, str], Record] = {}
        folder.mkdir(parents=True, exist_ok=True)
        lines = [] if fresh or not self._path.is_file() else self._whole_lines()
        if lines:
            self._check(lines[0])
            try:
                self._records = {(line["work"], line["key"]): line["record"] for line in lines[1:]}
            except (KeyError, TypeError):
                raise self._damaged() from None
        else:
            self._path.write_text(json.dumps({"what": self._what}) + "\n", encoding="utf-8")

    def lacks(self, work: Work, places: Sequence[int]) -> bool:
        """Whether any of these places has no record yet."""
        return any((work.name, work.keys[place]) not in self._records for place in places)

    def add(self, work: Work, places: Sequence[int], records: Sequence[Record]) -> None:
        """Write the records of one chunk, and be sure that they are on the disk."""
        lines = []
        for place, record in zip(places, records, strict=True):
            self._records[work.name, work.keys[place]] = record
            lines.append(json.dumps({"work": work.name, "key": work.keys[place], "record": record}) + "\n")
        with self._path.open("a", encoding="utf-8") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())

    def of(self, work: Work) -> list[Record]:
        """All records of a finished work, in its order."""
        return [self._records[work.name, key] for key in work.keys]

    def remove(self) -> None:
        """The results are written: it is needed no more."""
        self._path.unlink(missing_ok=True)

    def _whole_lines(self) -> list[dict[str, Any]]:
        """The lines as they were written. A last one that was cut by a kill is taken off the file."""
        text = self._path.read_bytes()
        whole, _, cut = text.rpartition(b"\n")
        if cut:
            os.truncate(self._path, len(text) - len(cut))
        try:
            return [json.loads(line) for line in whole.splitlines()]
        except ValueError:
            raise self._damaged() from None

    def _damaged(self) -> TrainError:
        return TrainError(f"{self._path}: damaged; begin anew with --fresh")

    def _check(self, first: object) -> None:
        known = first.get("what") if isinstance(first, dict) else None
        if not isinstance(known, dict):
            raise self._damaged()
        if known != self._what:
            other = [key for key in sorted({*known, *self._what}) if known.get(key) != self._what.get(key)]
            raise TrainError(
                f"{self._path.parent}: holds a half-finished evaluation with another {', '.join(other)}; "
                "give another --out, or begin anew with --fresh"
            )
