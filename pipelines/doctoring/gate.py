"""The last gate of a build: the doctor looks at the conversations as they were written; a fatal fault stops the build.

Token ids are not made again: each conversation was encoded and checked by the same function just before.
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
    found = diagnose(data.rows, target, events=data.events, ids=False)
    fatal = [one for one in found.findings if one.severity == "fatal"]
    if fatal:
        first = fatal[0]
        where = f"{first.file} row {first.row}" if first.row >= 0 else first.file
        more = f", and {len(fatal) - 1:,} more fatal faults" if len(fatal) > 1 else ""
        raise ChatError(f"the format doctor stops the build: {where}: {first.fault}: {first.detail}{more}")
