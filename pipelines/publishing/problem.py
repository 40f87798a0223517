"""What speaks against publishing, as one line for a person."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """Something that speaks against publishing; never quotes a secret or what points at a person."""

    what: str  # "a token of GitHub", "entries.parquet has 3 rows fewer than the manifest says"
    where: str  # file, and the row where there is one
    do: str  # what was expected and what to do
    fatal: bool = True  # False: a warning, told and published

    def __str__(self) -> str:
        """One line for a person."""
        return f"{self.where}: {self.what}. {self.do}"
