"""One record as the doctor sees it: what kind of training row it is, with the parts that rules look at."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from string import punctuation
from typing import TYPE_CHECKING, Any, Literal

from curation.doctor.row import Row
from curation.templates import Encoded, EncodeError

if TYPE_CHECKING:
    from curation.doctor.spoken import Spoken

Kind = Literal["messages", "text", "ids", "unknown"]
Shape = tuple[str, bool, bool, int, int]  # of a turn: its last character, asks, quotes, length in bits, line ends
Manner = tuple[tuple[str, str, str], Shape]  # how a turn speaks: its first words, and its shape (speakers.py)
Turn = dict[str, Any]  # as the file has it: {"role": …, "content": …} after layouts.py, values of any type


@dataclass(slots=True)
class Case:
    """One training row. A row holds messages, or rendered text, or token ids; rules mend copies of it (`but`).

    Rows of text and ids are taken back to turns where that can be done exactly (diagnosis.py does it, before any rule
    runs), so that a rule about what somebody says works on `turns` and need not know the kind. A rule that mends
    changes either `turns` or `text` or `ids`; whoever runs it brings the others up to date.
    """

    row: Row
    kind: Kind
    layout: str  # name in curation.doctor.layouts: messages, sharegpt, columns, text, ids, turn, string, …
    turns: list[Turn] = field(default_factory=list)  # keys role and content (and others as found), values as found
    text: str = ""  # kind "text"
    ids: list[int] = field(default_factory=list)  # kind "ids"
    labels: list[int] = field(default_factory=list)  # kind "ids"; empty where the dataset has none
    attention: list[int] = field(default_factory=list)  # kind "ids"; empty where the dataset has none
    term: str = ""  # the headword, where a column names it
    kept: dict[str, object] = field(default_factory=dict)  # columns that are not part of the conversation, passed on
    unread: tuple[str, ...] = ()  # columns with text that no layout reads
    shape: str = ""  # the layout with the names of its columns: one file should have one
    misnamed: tuple[str, ...] = ()  # keys that were read though a trainer would not: another case, a list in a list
    done: tuple[str, ...] = ()  # ids of faults whose repair has been applied

    # Worked out once, forgotten by `but`. `encoded`: what the one encode function makes of `turns`, filled in before
    # the rules with needs_ids run; None where it was not asked (rows with tools, rows without turns).
    encoded: Encoded | EncodeError | None = field(default=None, init=False, compare=False, repr=False)
    manners: dict[str, Manner | None] = field(default_factory=dict, init=False, compare=False, repr=False)
    spoken: Spoken | None = field(default=None, init=False, compare=False, repr=False)  # forgotten once rules ran
    asked: str | None = field(default=None, init=False, compare=False, repr=False)  # crowd.py
    same: int | None = field(default=None, init=False, compare=False, repr=False)  # crowd.py
    _strings: list[str] | None = field(default=None, init=False, compare=False, repr=False)
    _said: dict[str, list[str]] | None = field(default=None, init=False, compare=False, repr=False)
    _plain: list[str] | None = field(default=None, init=False, compare=False, repr=False)

    def but(self, **changes: Any) -> Case:
        """A copy with some parts changed; lists are not copied, so build new ones."""
        return replace(self, **changes)

    @property
    def strings(self) -> list[str]:
        """What is said in the row, in order; the whole text where a text could not be taken back to turns."""
        if self._strings is None:
            if self.turns:
                self._strings = [turn["content"] for turn in self.turns if isinstance(turn["content"], str)]
            else:
                self._strings = [self.text] if self.kind == "text" else []
        return self._strings

    def said(self, role: str) -> list[str]:
        """What one role says, in order."""
        if self._said is None:
            self._said = {}
            for turn in self.turns:
                if isinstance(turn["content"], str) and isinstance(turn["role"], str):
                    self._said.setdefault(turn["role"], []).append(turn["content"])
        return self._said.get(role, [])

    @property
    def plain(self) -> list[str]:
        """The words of each turn, whatever their case and the marks between them; "" for a turn that is no text."""
        if self._plain is None:
            said = (turn["content"] for turn in self.turns)
            self._plain = [plain(text) if isinstance(text, str) else "" for text in said]
        return self._plain


_CURLY = "“”‘’…–—"
_MARKS = str.maketrans(dict.fromkeys(punctuation, " "))
_BLANKS = (punctuation + "\x1c\x1d\x1e\x1f").encode()  # marks, and what separates words in a str but not in bytes
_BYTES = bytes.maketrans(_BLANKS, b" " * len(_BLANKS))


def plain(text: str) -> str:
    """The words of a text, in small letters, with one blank between them."""
    if text.isascii():  # most are; bytes take a third of the time
        return b" ".join(text.encode().lower().translate(_BYTES).split()).decode()
    text = text.casefold()
    for mark in _CURLY:
        text = text.replace(mark, " ")
    return " ".join(text.translate(_MARKS).split())
