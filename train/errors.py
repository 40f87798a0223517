"""The one kind of error that a person at the terminal can cause in this room: a line that says what to do."""

from __future__ import annotations


class TrainError(ValueError):
    """What is wrong, where, what was expected and what to do; one line a fault."""
