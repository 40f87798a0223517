"""Checkpoints that can be trusted: each is sealed with the hashes of its files once it is whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import file_digest
from itertools import zip_longest
from pathlib import Path

SEAL = "sealed.json"


def seal(checkpoint: Path) -> None:
    """Write the hashes of a checkpoint's files beside them."""
    content = json.dumps(hashes(checkpoint), indent=1, sort_keys=True)
    draft = checkpoint / f".{SEAL}"
    draft.write_text(content, encoding="utf-8")
    draft.replace(checkpoint / SEAL)


def newest_whole(folder: Path, say: Callable[[str], None]) -> Path | None:
    """The last checkpoint of a folder that is as it was sealed; a line for each that is not. None: start afresh."""
    found = sorted(folder.glob("checkpoint-*"), key=step_of, reverse=True)
    for place, before in zip_longest(found, found[1:]):
        if fault := fault_of(place):
            then = f"going on from step {step_of(before):,}, if that is whole" if before else "starting afresh"
            say(f"{place.name} is {fault}: {then}")
        else:
            return place
    return None


def step_of(checkpoint: Path) -> int:
    number = checkpoint.name.rpartition("-")[2]
    return int(number) if number.isdecimal() else -1


def fault_of(checkpoint: Path) -> str:
    """What is wrong with a checkpoint, or ""."""
    try:
        sealed = json.loads((checkpoint / SEAL).read_text(encoding="utf-8"))
    except OSError:
        return "half-written"
    except ValueError:
        return "damaged"
    return "" if sealed == hashes(checkpoint) else "damaged"


def hashes(checkpoint: Path) -> dict[str, str]:
    found = {}
    for file in sorted(checkpoint.iterdir()):
        if file.is_file() and file.name not in (SEAL, f".{SEAL}"):
            with file.open("rb") as content:
                found[file.name] = file_digest(content, "sha256").hexdigest()
    return found
