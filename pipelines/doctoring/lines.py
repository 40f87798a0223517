"""Findings and rows as JSON Lines, whatever characters they hold."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from curation.doctor.diagnosis import Diagnosis


def write(diagnosis: Diagnosis, out: Path | None) -> None:
    """One finding a line, {file, row, fault, severity, detail, repair}: to a file, or to stdout and nothing else."""
    lines = (json_line(asdict(found)) for found in diagnosis.findings)
    if out is None:
        sys.stdout.flush()
        sys.stdout.buffer.writelines(lines)
        sys.stdout.buffer.flush()
    else:
        write_bytes(out, b"".join(lines))


def check_file(path: Path, dataset: str) -> None:
    """Raises ValueError where a file for the findings would be a folder, the dataset, or somebody else's page."""
    if path.is_dir() or not path.resolve().parent.is_dir():
        raise ValueError(f"{path}: {'is a folder' if path.is_dir() else 'its folder is not there'}; give --out a file")
    if path.resolve().is_relative_to(Path(dataset).resolve()):
        raise ValueError(f"{path}: is the dataset, or lies in it; give --out another file")
    if path.suffix == ".html" and path.exists() and b"Format doctor" not in path.read_bytes()[:60_000]:
        raise ValueError(f"{path}: is another page than the doctor's; give --out another file")


def json_line(value: object) -> bytes:
    """One line of JSON in UTF-8; half characters (lone surrogates), which UTF-8 has not, are written as escapes."""
    try:
        return json.dumps(value, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(value).encode() + b"\n"


def write_bytes(path: Path, content: bytes) -> None:
    """Write atomically."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
