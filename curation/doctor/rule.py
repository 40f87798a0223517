"""What a rule is. Rules see one case and a survey of the whole dataset, so that rows can be looked at in any order.

`find` yields what is wrong with a case; it must be cheap where nothing is (most rows are well): a rule about wording
has `hints`, by which it is asked about few rows (a repair asks without them), another begins with a test that costs
next to nothing. `mend` gives a repaired case, or raises CannotMendError
where the case is to leave with a reason. Rules run in the order of RULES (curation/doctor/rules/__init__.py); each
mends what the ones before it left, and is asked to mend only what its own `find` finds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from curation.doctor.case import Case
from curation.doctor.row import WHOLE_FILE, Finding, Severity
from curation.doctor.survey import Survey
from curation.doctor.target import Target


class CannotMendError(ValueError):
    """A case that no rule can repair without inventing something; its text is the reason, one line."""


class Rule(Protocol):
    """One fault.

    A rule may have a third method, `find_whole(survey, target)`, for findings about files as a whole (`whole_file`).
    """

    @property
    def fault(self) -> str:
        """Id. A plain class attribute will do, here and below."""

    @property
    def needs_ids(self) -> bool:
        """Whether it needs `case.encoded`; such rules are skipped by a text-only diagnosis."""

    @property
    def hints(self) -> tuple[str, ...]:
        """Patterns of which one is met by every row in which `find` finds something (hints.py). () to ask about all."""

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]: ...

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        """The case repaired: usually one, several where one row held several conversations, none where a copy leaves.

        A pure warning gives the case back as it is. Raises CannotMendError.
        """
        ...


LONGEST_DETAIL = 400  # characters


def finding(case: Case, fault: str, severity: Severity, detail: str, repair: str = "") -> Finding:
    """A finding about this case's row."""
    return Finding(case.row.file, case.row.row, fault, severity, one_line(detail), repair)


def one_line(detail: str) -> str:
    """A sentence that quotes a dataset, fit for one line anywhere: cut, without line ends and half characters."""
    line = " ".join(detail[: LONGEST_DETAIL + 1].splitlines())
    line = line if len(line) <= LONGEST_DETAIL else line[: LONGEST_DETAIL - 1] + "…"
    return line if line.isascii() else line.encode("utf-8", "replace").decode("utf-8")


def whole_file(file: str, fault: str, severity: Severity, detail: str, repair: str = "") -> Finding:
    """A finding about a file as a whole."""
    return Finding(file, WHOLE_FILE, fault, severity, detail, repair)
