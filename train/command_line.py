"""What the commands of train and pipelines share: types of arguments, and how a person is told what is wrong."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, not {text!r}")
    return int(text)


def folder(text: str) -> Path:
    if not text.strip():
        raise argparse.ArgumentTypeError("expected a folder, not an empty name")
    return Path(text)


def fail(message: str, status: int = 2) -> int:
    """One line on stderr for each line of the message; gives the exit status back."""
    for line in message.splitlines():
        print(f"error: {line}", file=sys.stderr)
    return status
