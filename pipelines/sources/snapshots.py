"""A snapshot that collect left, as a source of a recipe: its records, with the rights that travel with them."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from pipelines.sources.record import SourceError

SNAPSHOTS = Path(__file__).resolve().parents[2] / "data" / "snapshots"
CARRIED = ("licence", "attribution", "language", "kind")  # what the recipe leaves out, the snapshot says


def expand_snapshot(source: dict[str, Any], root: Path) -> dict[str, Any]:
    """A recipe's source that names a snapshot, as one that names the snapshot's files. Other sources stay as they are.

    A path to a snapshot's folder means the snapshot, so that its rights cannot be lost on the way. Raises SourceError,
    one line, where it is missing or its files are not those that it was sealed with.
    """
    folder = folder_of(source, root)
    if folder is None:
        return source
    manifest = read_manifest(folder)
    if source.get("redistributable") and not manifest["redistributable"]:
        raise SourceError(f"{folder}: its text is not for redistribution; a recipe cannot say otherwise")
    for name, facts in manifest["files"].items():
        check_file(folder / name, facts["sha256"])
    carried = {name: manifest[name] for name in CARRIED if manifest.get(name)}
    paths = [os.path.relpath(folder / name, root.absolute()) for name in manifest["files"]]
    fixed = {"path": paths, "format": "jsonl", "redistributable": manifest["redistributable"]}
    fixed["snapshot"] = str(source.get("snapshot") or folder.name)
    return {"url": manifest["home"], **carried, **source, **fixed}


def folder_of(source: dict[str, Any], root: Path) -> Path | None:
    """The snapshot's folder: by its path from the recipe, or by its name in data/snapshots."""
    named, path = source.get("snapshot"), source.get("path")
    if named and (path or source.get("hub")):
        raise SourceError(f"source {source.get('name')!r}: a snapshot names its own files; leave path and hub out")
    if isinstance(named, str) and named:
        beside = root / named
        return beside if (beside / "manifest.json").is_file() or len(Path(named).parts) > 1 else SNAPSHOTS / named
    if isinstance(path, str) and path and is_sealed(root / path):
        return root / path
    return None


def is_sealed(folder: Path) -> bool:
    try:
        return "snapshot" in json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        return False


def read_manifest(folder: Path) -> dict[str, Any]:
    if not is_sealed(folder):
        near = ", ".join(sorted(path.parent.name for path in folder.parent.glob("[!.]*/manifest.json"))) or "none"
        raise SourceError(f"{folder}: no snapshot there (known: {near}). Make it with: python -m pipelines.collect")
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    if any(Path(name).name != name for name in manifest["files"]):
        raise SourceError(f"{folder}/manifest.json: names files outside the snapshot; collect it anew")
    return manifest


def check_file(file: Path, sha256: str) -> None:
    """Raises SourceError where a file is not the one that was sealed."""
    try:
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(f"{file}: {error.strerror}; collect it anew") from None
    if found != sha256:
        raise SourceError(f"{file}: is not what was collected (another SHA-256 than the manifest's); collect it anew")
