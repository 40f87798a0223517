"""Put a finished folder in the place of an old one, so that a kill at any moment leaves the old one or the new one.

Only what an earlier run of the same command wrote is ever replaced: a folder that holds anything else is refused.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

AT_FDCWD, RENAME_EXCHANGE = -100, 2  # linux/fcntl.h, linux/fs.h


def is_build(folder: Path) -> bool:
    """Whether a folder is what a build left: its manifest says so."""
    return says(folder / "manifest.json", "recipe_sha256")


def is_mended(folder: Path) -> bool:
    """Whether a folder is what the doctor wrote."""
    return says(folder / "doctor.json", "doctor")


def says(file: Path, key: str) -> bool:
    """Whether a JSON file holds an object with this key."""
    try:
        return key in json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        return False


def check_replaceable(place: Path, ours: Callable[[Path], bool] = is_build) -> None:
    """Raises ValueError with one line where `place` holds anything that this command did not write."""
    if place == Path(place.anchor) or Path.cwd().is_relative_to(place):
        raise ValueError(
            f"{place}: the folder that you stand in, or one above it, cannot be written anew; give another"
        )
    if place.exists() and not place.is_dir():
        raise ValueError(f"{place}: is a file; give a folder")
    if place.is_dir() and any(place.iterdir()) and not ours(place):
        raise ValueError(
            f"{place}: holds files that this command did not write, which would be lost; give a new or empty folder"
        )


def replace_folder(new: Path, place: Path, ours: Callable[[Path], bool] = is_build) -> None:
    """Move `new` to `place`; the one that stood there is removed afterwards. Both must lie on one file system.

    Raises ValueError where something else than `ours` stands there.
    """
    check_replaceable(place, ours)
    if not place.exists():
        new.rename(place)
        return
    if exchange(new, place):
        shutil.rmtree(new, ignore_errors=True)
        return
    old = place.with_name(f".{place.name}.old")  # two renames where the system cannot exchange; recover() mends the gap
    shutil.rmtree(old, ignore_errors=True)
    place.rename(old)
    new.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def recover(place: Path) -> None:
    """Bring back the old folder if a kill fell between the two renames."""
    old = place.with_name(f".{place.name}.old")
    if old.is_dir() and not place.exists():
        old.rename(place)


def exchange(one: Path, two: Path) -> bool:
    """Swap two paths in one step (Linux's renameat2). False where the system does not offer it."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    return bool(rename(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(two), RENAME_EXCHANGE) == 0)
