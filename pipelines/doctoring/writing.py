"""The repaired copy: the dataset's files as JSON Lines, what was quarantined, and the proof. All of it or nothing.

doctor.json tells for every record where it went; the sum is checked before anything is put in place.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.doctoring.dataset import ENDINGS, PACKED
from pipelines.doctoring.lines import json_line, write_bytes
from pipelines.swap import check_replaceable, is_mended, recover, replace_folder

if TYPE_CHECKING:
    from curation.doctor.repairing import Repaired
    from curation.doctor.row import Quarantined
    from pipelines.doctoring.visit import Visit

QUARANTINE, FACTS = "quarantine.jsonl", "doctor.json"


def check_place(out: Path, dataset: str) -> None:
    """Raises ValueError where writing `out` would touch the dataset, or files that the doctor did not write."""
    place, source = out.resolve(), Path(dataset).resolve()
    if os.path.lexists(dataset) and (place == source or place.is_relative_to(source) or source.is_relative_to(place)):
        raise ValueError(f"{out}: lies inside the dataset, or the dataset inside it; give --fix another folder")
    recover(place)
    check_replaceable(place, is_mended)


def write_repaired(out: Path, visit: Visit, repaired: Repaired) -> None:
    """Write everything beside `out`, then put it in its place in one step."""
    check_sum(visit, repaired)
    place = out.resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f".{place.name}.{os.getpid()}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir()
        written = lines_by_name(visit, repaired)
        for name, lines in written.items():
            (part / name).parent.mkdir(parents=True, exist_ok=True)
            (part / name).write_bytes(b"".join(lines))
        write_bytes(part / QUARANTINE, b"".join(json_line(quarantined(one)) for one in repaired.quarantined))
        counts = {name: len(lines) for name, lines in written.items()}
        write_bytes(part / FACTS, facts_text(facts(visit, repaired, counts), repaired))
        replace_folder(part, place, is_mended)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def lines_by_name(visit: Visit, repaired: Repaired) -> dict[str, list[bytes]]:
    """The lines of each file to write; a file that held several splits becomes a file for each."""
    names = written_names(visit.dataset.files)
    splits: dict[str, set[str]] = {}
    for row in visit.dataset.rows:
        splits.setdefault(row.file, set()).add(row.split)
    written: dict[str, list[bytes]] = {}
    for row in repaired.rows:
        name = names[row.file]
        if len(splits[row.file]) > 1:
            name = f"{name.removesuffix('.jsonl')}-{row.split or 'rows'}.jsonl"
        written.setdefault(name, []).append(json_line(as_record(row.value)))
    return written


def check_sum(visit: Visit, repaired: Repaired) -> None:
    """Every record that was read is written, quarantined or merged. Raises ValueError: a fault of ours."""
    came = {(row.file, row.row) for row in visit.dataset.rows}
    came |= {(event.file, event.row) for event in visit.dataset.events if not event.mended and event.row >= 0}
    gone = {(one.row.file, one.row.row) for one in (*repaired.quarantined, *repaired.merged)}
    if lost := came - gone - set(repaired.origins):
        file, row = min(lost)
        raise ValueError(
            f"{len(lost):,} records are neither written nor quarantined, the first is record {row} of {file}; "
            "nothing was written. Please report it"
        )


def as_record(value: object) -> object:
    """A record that every trainer loads: a bare text stands under the key text, bare turns under messages."""
    if isinstance(value, str):
        return {"text": value}
    return {"messages": value} if isinstance(value, list) else value


def written_names(files: list[str]) -> dict[str, str]:
    """File → its name in the copy, .jsonl at the end; two that would be called alike keep their own endings."""
    inside = {file: Path(file).name if len(files) == 1 else Path(file).as_posix() for file in files}
    short = {file: renamed(name) for file, name in inside.items()}
    counts = Counter(short.values())
    names = {file: name if counts[name] == 1 else f"{inside[file]}.jsonl" for file, name in short.items()}
    return {file: re.sub(r"(^|/)quarantine\.jsonl$", r"\1quarantine.rows.jsonl", name) for file, name in names.items()}


def renamed(name: str) -> str:
    for packed in PACKED:
        name = name.removesuffix(packed)
    stem, _, ending = name.rpartition(".")
    return f"{stem if ending.lower() in ENDINGS and stem else name}.jsonl"


def quarantined(one: Quarantined) -> dict[str, object]:
    row = one.row
    value = {"file": row.file, "row": row.row, "line": row.line, "fault": one.fault, "reason": one.reason}
    return value | {"record": row.value}


def facts(visit: Visit, repaired: Repaired, counts: dict[str, int]) -> dict[str, Any]:
    """What doctor.json says, proofs apart. No times."""
    return {
        "doctor": 1,
        "dataset": visit.dataset.name,
        "model": {
            "name": visit.target.name,
            "tokenizer": visit.loaded.source,
            "revision": visit.loaded.revision,
            "fingerprint": visit.loaded.fingerprint,
            "max_length": visit.target.max_length,
        },
        "records": repaired.before.rows,
        "written": len(repaired.rows),
        "quarantined": len(repaired.quarantined),
        "merged": [
            {"file": one.row.file, "row": one.row.row, "fault": one.fault, "reason": one.reason}
            for one in repaired.merged
        ],
        "files": counts,
        "before": repaired.before.counts,
        "after": repaired.after.counts,
    }


def facts_text(told: dict[str, Any], repaired: Repaired) -> bytes:
    """The facts, and a line for each mended row: what the one encode function made of it, before and after."""
    proofs = b",\n".join(b" " + json_line(asdict(proof)).rstrip() for proof in repaired.proofs)
    text = json.dumps(told, indent=1).encode()
    return text.removesuffix(b"\n}") + b',\n "proofs": [' + (b"\n" + proofs + b"\n ]" if proofs else b"]") + b"\n}\n"
