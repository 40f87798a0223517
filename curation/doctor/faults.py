"""Every fault by name: what it is, what it does to a model, how it is decided, what is done, and where it was seen."""

from __future__ import annotations

from curation.doctor.fault import Fault
from curation.doctor.faults_of_form import OF_FORM
from curation.doctor.faults_of_wording import OF_WORDING

__all__ = ["FATAL", "FAULTS", "Fault"]

FAULTS: dict[str, Fault] = {fault.id: fault for fault in (*OF_FORM, *OF_WORDING)}
FATAL = frozenset(fault.id for fault in FAULTS.values() if fault.severity == "fatal")
