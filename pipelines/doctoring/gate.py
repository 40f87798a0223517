"""The last gate of a build: the doctor looks at the conversations as they were written; a fatal fault stops the build.

Token ids are looked at too, of what was read back, wherever the model's own tokenizer is on the machine. A stand-in's
ids are nobody's: there the rules about ids are left out, and the build says so (`Terminal.conversations`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.chat import ChatError

if TYPE_CHECKING:
    from train.base_models import LoadedTokenizer


def check_conversations(folder: Path, model: str, loaded: LoadedTokenizer) -> None:
    """Read a build's chat/*.jsonl back and diagnose them. Raises ChatError, one line, where a fault is fatal."""
    from curation.doctor import diagnose
    from curation.doctor.target import Target
    from pipelines.doctoring.dataset import read_dataset
    from pipelines.doctoring.target import known_templates

    data = read_dataset(str(folder))
    target = Target(model, loaded.tokenizer, loaded.settings, templates=known_templates())
    found = diagnose(data.rows, target, events=data.events, ids=looks_at_ids(loaded))
    fatal = [one for one in found.findings if one.severity == "fatal"]
    if fatal:
        first = fatal[0]
        where = f"{first.file} row {first.row}" if first.row >= 0 else first.file
        more = f", and {len(fatal) - 1:,} more fatal faults" if len(fatal) > 1 else ""
        raise ChatError(f"the format doctor stops the build: {where}: {first.fault}: {first.detail}{more}")


def looks_at_ids(loaded: LoadedTokenizer) -> bool:
    """Whether the gate encodes the conversations again: with the tokenizer of the model that will be trained."""
    return loaded.source != "stand-in"
