"""How a kind of question looks in Label Studio: its layout, its guidelines, its answers in words."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LAYOUTS = ("two_sides", "one_side")


@dataclass(frozen=True)
class Kind:
    """One kind of question, as kinds.toml describes it."""

    name: str
    title: str
    layout: str
    left: str  # heading of the first side, with {term} and the facts of the question
    right: str
    said: tuple[str, ...]  # columns; the first that says anything is shown large
    guidelines: tuple[str, ...]
    answers: Mapping[str, str]  # answer → how it is shown

    def config(self) -> str:
        """The labelling configuration, in tags of the open edition. Texts of a dataset are data, never markup here."""
        return (HERE / f"{self.layout}.xml").read_text(encoding="utf-8")

    def instruction(self) -> str:
        """The guidelines as the HTML that Label Studio shows before the first question. All of it is our own text."""
        lines = (*self.guidelines, "Keys: 1, 2, 3 … choose an answer, Ctrl+Enter submits, Ctrl+Space skips.")
        return "<br><br>".join(map(escape, lines))  # lists and paragraphs lose their marks and margins there


def kind_of(name: str) -> Kind:
    """The description of a kind; with the defaults where kinds.toml does not know it, so that it can be asked."""
    known = _kinds()
    told = {**known["default"], **known.get(name, {"title": name.replace("_", " ")})}
    return Kind(
        name=name,
        title=told["title"],
        layout=told["layout"],
        left=told["left"],
        right=told["right"],
        said=tuple(told["said"]),
        guidelines=tuple(told["guidelines"]),
        answers=told["answers"],
    )


@cache
def _kinds() -> dict[str, dict[str, Any]]:
    return tomllib.loads((HERE / "kinds.toml").read_text(encoding="utf-8"))
