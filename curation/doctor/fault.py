"""What is said of one kind of fault."""

from __future__ import annotations

from dataclasses import dataclass

from curation.doctor.row import Severity


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault."""

    number: int
    id: str
    severity: Severity  # of its findings, unless a finding says otherwise
    title: str
    harm: str  # one sentence: what a model does that was trained on it
    decided: str  # on what evidence
    repair: str
    source: str  # where it was seen: an issue, a paper, a data set, a template
