"""Put a finished folder in the place of an old one, so that a kill at any moment leaves the old one or the new one."""

from __future__ import annotations

import ctypes
import os
import shutil
from pathlib import Path

AT_FDCWD, RENAME_EXCHANGE = -100, 2  # linux/fcntl.h, linux/fs.h


def replace_folder(new: Path, place: Path) -> None:
    """Move `new` to `place`; what stood there is removed afterwards. Both must lie on one file system."""
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
