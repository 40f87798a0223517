"""One visit: what was read, against which model, what was found, and what becomes of each row."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from pipelines.doctoring.dataset import Dataset, read_dataset

if TYPE_CHECKING:
    from curation.doctor.diagnosis import Diagnosis
    from curation.doctor.repairing import Repaired
    from curation.doctor.row import Finding, Row
    from curation.doctor.survey import Survey
    from curation.doctor.target import Target
    from train.base_models import LoadedTokenizer

Place = tuple[str, int]  # file and row


@dataclass(frozen=True)
class Visit:
    """A dataset and a target."""

    dataset: Dataset
    target: Target
    loaded: LoadedTokenizer
    ids: bool
    workers: int


@dataclass(frozen=True, slots=True)
class After:
    """What becomes of a row: records, or the reason why it has none."""

    values: list[object] = field(default_factory=list)
    reason: str = ""  # quarantined
    merged: bool = False  # what it says stands in another row


@dataclass(frozen=True)
class Examined:
    """A visit with its result."""

    visit: Visit
    diagnosis: Diagnosis  # of the rows as they came
    survey: Survey | None = None  # without a repair
    repaired: Repaired | None = None

    @cached_property
    def by_row(self) -> dict[Place, list[Finding]]:
        """What was found in each row, in the order of files and rows; -1: the file as a whole."""
        found: dict[Place, list[Finding]] = {}
        for one in self.diagnosis.findings:
            found.setdefault((one.file, one.row), []).append(one)
        return found

    @cached_property
    def rows(self) -> dict[Place, Row]:
        return {(row.file, row.row): row for row in reversed(self.visit.dataset.rows)}

    def after(self, place: Place) -> After:
        """What the repair made of a row, or would make of it."""
        if self.repaired is None:
            row = self.rows.get(place)
            return After(reason="cannot be read") if row is None else self._tried(row)
        if place in self._gone:
            return self._gone[place]
        return After(self._made.get(place, []))

    def _tried(self, row: Row) -> After:
        from curation.doctor.diagnosis import encode, opened
        from curation.doctor.repairing import LeavesError, mended
        from curation.doctor.writing import written

        assert self.survey is not None
        if not self.visit.ids:
            return After([row.value])  # a repair is never made without ids
        try:
            cases = opened(row, self.visit.target)
            encode(cases, self.visit.target)
            made = [mended(case, self.survey, self.visit.target) for case in cases]
        except LeavesError as leaves:
            return After(reason=leaves.reason, merged=leaves.merged)
        if made == [[case] for case in cases]:
            return After([row.value])
        return After([written(case) for several in made for case in several])

    @cached_property
    def _made(self) -> dict[Place, list[object]]:
        made: dict[Place, list[object]] = {}
        if self.repaired:
            for row, place in zip(self.repaired.rows, self.repaired.origins, strict=True):
                made.setdefault(place, []).append(row.value)
        return made

    @cached_property
    def _gone(self) -> dict[Place, After]:
        if self.repaired is None:
            return {}
        gone = {(one.row.file, one.row.row): After(reason=one.reason, merged=True) for one in self.repaired.merged}
        return gone | {(one.row.file, one.row.row): After(reason=one.reason) for one in self.repaired.quarantined}


def arrive(options: argparse.Namespace) -> Visit:
    """Read the dataset and open the model's tokenizer. Raises ValueError, one line."""
    from pipelines.doctoring.target import open_target
    from pipelines.doctoring.texts import regroup

    dataset = read_dataset(options.dataset, options.split)
    target, loaded = open_target(options.model, max_length=options.max_length)
    regroup(dataset, target)
    return Visit(dataset, target, loaded, not options.no_ids, options.workers)


def diagnosed(visit: Visit) -> Examined:
    """What is wrong."""
    from curation.doctor.diagnosis import look, summed_up

    data = visit.dataset
    survey, by_row = look(data.rows, visit.target, ids=visit.ids, workers=visit.workers)
    found = summed_up(data.rows, survey, by_row, visit.target, data.events, ids=visit.ids)
    return Examined(visit, found, survey)


def repaired(visit: Visit) -> Examined:
    """What is wrong, and every row mended or quarantined."""
    from curation.doctor import repair

    made = repair(visit.dataset.rows, visit.target, events=visit.dataset.events, workers=visit.workers)
    return Examined(visit, made.before, repaired=made)
