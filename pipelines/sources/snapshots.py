"""A snapshot that collect left, as a source of a recipe: its records, with the rights that travel with them."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from pipelines.sources.record import SourceError

SNAPSHOTS = Path(__file__).resolve().parents[2] / "data" / "snapshots"
ANEW = "put back a copy, or move {folder} away and collect anew"
NEEDED = {"home": str, "files": dict, "redistributable": bool, "collects": list}  # of a manifest, with the kind of each
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
    if isinstance(path, str) and path and looks_sealed(root / path):
        return root / path
    return None


def looks_sealed(folder: Path) -> bool:
    """Whether a folder is a snapshot, even a damaged one: it must not be read as a folder of data without rights."""
    try:
        if "snapshot" in json.loads((folder / "manifest.json").read_text(encoding="utf-8")):
            return True
    except (OSError, ValueError, TypeError):
        pass
    return (folder / ".pages.jsonl").is_file()


def read_manifest(folder: Path) -> dict[str, Any]:
    """What a snapshot says of itself. Raises SourceError, one line, where it is none or its manifest is damaged."""
    if not looks_sealed(folder):
        near = ", ".join(sorted(path.parent.name for path in folder.parent.glob("[!.]*/manifest.json"))) or "none"
        raise SourceError(f"{folder}: no snapshot there (known: {near}). Make it with: python -m pipelines.collect")
    file = folder / "manifest.json"
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
        fault = "" if isinstance(manifest, dict) else "is no object"
    except (OSError, ValueError) as error:
        manifest, fault = {}, f"cannot be read ({error})"
    wrong = [name for name, kind in NEEDED.items() if not isinstance(manifest.get(name), kind)] if not fault else []
    if fault or wrong:
        raise SourceError(f"{file}: {fault or f'has no proper {wrong[0]!r}'}; {ANEW.format(folder=folder)}")
    for name, facts in {**manifest["files"], **manifest.get("kept", {})}.items():
        if Path(name).name != name:
            raise SourceError(f"{file}: names files outside the snapshot; {ANEW.format(folder=folder)}")
        if not isinstance(facts, dict) or not isinstance(facts.get("sha256"), str):
            raise SourceError(f"{file}: says no SHA-256 of {name}; {ANEW.format(folder=folder)}")
    found: dict[str, Any] = manifest
    return found


def check_file(file: Path, sha256: str) -> None:
    """Raises SourceError where a file is not the one that was sealed."""
    anew = ANEW.format(folder=file.parent)
    try:
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(f"{file}: {error.strerror}; {anew}") from None
    if found != sha256:
        raise SourceError(f"{file}: is not what was collected (another SHA-256 than the manifest's); {anew}")
