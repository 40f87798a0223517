"""Files of single turns, one a record, without borders between conversations: who says what, in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from curation.doctor.case import Case

BORDERS = ("conversation_id", "conv_id", "dialog_id", "dialogue_id", "chat_id", "session_id", "thread_id")
OPENS = ("system", "user")


@dataclass(slots=True)
class Turns:
    """The single turns of each file."""

    by_file: dict[str, list[tuple[int, dict[str, Any], object]]] = field(default_factory=dict)  # row, turn, border
    _groups: dict[str, dict[int, list[dict[str, Any]]]] = field(default_factory=dict)

    def see(self, case: Case) -> None:
        if case.layout == "turn" and case.turns:
            border = next((case.kept[name] for name in BORDERS if name in case.kept), None)
            self.by_file.setdefault(case.row.file, []).append((case.row.row, case.turns[0], border))

    def merge(self, other: Turns) -> None:
        for file, turns in other.by_file.items():
            self.by_file.setdefault(file, []).extend(turns)

    def conversation(self, case: Case) -> list[dict[str, Any]] | None:
        """The conversation that begins at this row; [] where the row belongs to an earlier one; None to neither."""
        file = case.row.file
        if file not in self._groups:
            self._groups[file] = groups(sorted(self.by_file.get(file, []), key=lambda turn: turn[0]))
        return self._groups[file].get(case.row.row)


def groups(turns: list[tuple[int, dict[str, Any], object]]) -> dict[int, list[dict[str, Any]]]:
    """Row → conversation that begins there, or [] for a row inside one. Rows that fit nowhere are left out.

    A conversation is one question and its answer, with the system turn before it; where a column names the
    conversation, all turns with the same name in a row.
    """
    found: dict[int, list[dict[str, Any]]] = {}
    place = 0
    while place < len(turns):
        stop = _end(turns, place)
        if stop:
            found[turns[place][0]] = [turn for _, turn, _ in turns[place:stop]]
            found |= {row: [] for row, _, _ in turns[place + 1 : stop]}
        place = stop or place + 1
    return found


def _end(turns: list[tuple[int, dict[str, Any], object]], start: int) -> int:
    """The place after a conversation that begins at `start`; 0 where none does."""
    border = turns[start][2]
    if border is not None:
        stop = start
        while stop < len(turns) and turns[stop][2] == border:
            stop += 1
        roles = [turn["role"] for _, turn, _ in turns[start:stop]]
        return stop if "user" in roles and "assistant" in roles else 0
    roles = [turn["role"] for _, turn, _ in turns[start : start + 3]]
    for size, usual in ((2, ["user", "assistant"]), (3, ["system", "user", "assistant"])):
        if roles[:size] == usual:
            return start + size
    return 0
