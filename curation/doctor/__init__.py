"""The format doctor: finds every formatting fault of a chat dataset, repairs it, and proves the repair.

`diagnose(rows, tokenizer).findings` lists what is wrong; `repair(rows, tokenizer)` gives rows, quarantine and proofs.
"""

from curation.doctor.diagnosis import Diagnosis, diagnose
from curation.doctor.repairing import Repaired, repair

__all__ = ["Diagnosis", "Repaired", "diagnose", "repair"]
