"""What a library raises, as one line that a person can act on."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from train.errors import TrainError

NO_MEMORY = ("out of memory", "can't allocate memory", "cannot allocate memory", "bad_alloc")
NO_SPACE = ("no space left", "disk quota exceeded", "pytorchstreamwriter failed")  # torch's zip writer hides the cause


def one_line(error: BaseException) -> str:
    """A library's message, short and in one line."""
    return " ".join(str(error).split())[:200] or type(error).__name__


@contextmanager
def in_one_line(doing: str, place: Path) -> Iterator[None]:
    """Turns out of memory, a full disk and a folder that cannot be written into TrainError; the rest passes through.

    `doing` is what was done ("training"), `place` the folder that is written.
    """
    try:
        yield
    except TrainError:
        raise
    except MemoryError as error:
        raise TrainError(no_memory(doing)) from error
    except (OSError, RuntimeError) as error:  # safetensors' own error is a RuntimeError too
        if line := cause(error, doing, place):
            raise TrainError(line) from error
        raise
    except Exception as error:
        if type(error).__name__ == "SafetensorError" and (line := cause(error, doing, place)):
            raise TrainError(line) from error
        raise


def cause(error: Exception, doing: str, place: Path) -> str:
    """The line for a known cause, or ""."""
    said, number = str(error).lower(), getattr(error, "errno", None)
    if any(sign in said for sign in NO_MEMORY) or number == errno.ENOMEM:
        return no_memory(doing)
    if number in (errno.ENOSPC, errno.EDQUOT) or any(sign in said for sign in NO_SPACE):
        return f"{place}: no space left on the disk while {doing}; make room, and the same command goes on"
    if number in (errno.EACCES, errno.EROFS, errno.EPERM):
        return (
            f"{getattr(error, 'filename', None) or place}: cannot be written while {doing}; give --out another folder"
        )
    return ""


def no_memory(doing: str) -> str:
    return (
        f"out of memory while {doing}: take a smaller base (--base), or end what else uses memory; "
        "checkpoints are kept, the same command goes on"
    )
