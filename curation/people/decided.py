"""How the stages obey people: which decision speaks of a row, and what it changed there.

A decision is found by the key of its question, made of what the row said before any decision changed it. What came of
it stands in the row: `decided` holds the keys of the decisions that were met, `decided_effect` what each of them did,
and `before_decisions` the old values of what was changed, as JSON text. No table has these columns where nothing was
decided.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from curation.entry import content_hash
from curation.stage import Given
from curation.text.comparison import comparison_key

if TYPE_CHECKING:
    import pandas as pd

    from curation.people.decisions import Settled

Effects: TypeAlias = Mapping[int, Sequence[tuple[str, str]]]  # position of a row → (key, effect) of each decision

AS_IT_WAS = "as it was"  # the stage would have done the same by itself
LEFT, MERGED, KEPT_APART, KEPT = "left", "merged", "kept apart", "kept"
RELABELLED, TEXT_LEFT, MOVED, MASKED, CUT = "relabelled", "text left", "moved", "masked", "cut"
UNMET = "not done"  # other decisions say the contrary
EFFECTS = (LEFT, MERGED, KEPT_APART, KEPT, RELABELLED, TEXT_LEFT, MOVED, MASKED, CUT, AS_IT_WAS, UNMET)


def question_key(kind: str, asked: Sequence[str]) -> str:
    """The key of a question: the same for texts that differ in case, blanks and punctuation only."""
    return content_hash(kind, *map(comparison_key, asked))


def side_order(definition: str, part_of_speech: str, category: str) -> tuple[str, ...]:
    """Orders the two rows of a pair by what they say, so that the pair is one question in every build."""
    return (*map(comparison_key, (definition, part_of_speech, category)), definition)


def settled_of(given: Given, *kinds: str) -> dict[str, Settled]:
    """The decisions of these kinds that people agree on, by key."""
    return {key: one for key, one in given.decisions.items() if one.answer and one.question in kinds}


def decided_rows(
    table: pd.DataFrame, given: Given, kind: str, columns: Sequence[str], first: Sequence[str] = ()
) -> dict[int, tuple[str, Settled]]:
    """Position → (key, decision) for each row that a decision of this kind speaks of.

    `first` are parts of the key that stand before the row's own cells. Rows that have left are passed over.
    """
    known = settled_of(given, kind)
    if not known:
        return {}
    cells = [original(table, name) for name in columns]
    found = {}
    for place, (gone, *asked) in enumerate(zip(has_left(table), *cells, strict=True)):
        key = "" if gone else question_key(kind, (*first, *asked))
        if key in known:
            found[place] = (key, known[key])
    return found


def has_left(table: pd.DataFrame) -> list[bool]:
    """Which rows a stage has marked to leave."""
    return [bool(reason) for reason in table["reason"]] if "reason" in table.columns else [False] * len(table)


def original(table: pd.DataFrame, name: str) -> list[str]:
    """A text column's cells as they were before any decision changed them; the term where there is no term key yet."""
    cells: list[str] = table[name if name in table.columns else "term"].tolist()
    if "before_decisions" not in table.columns:
        return cells
    before = (json.loads(text) if text else {} for text in table["before_decisions"])
    return [str(old.get(name, cell)) for old, cell in zip(before, cells, strict=True)]


def note(table: pd.DataFrame, effects: Effects) -> pd.DataFrame:
    """The table with these effects written down in its rows."""
    import pandas as pd

    if not effects:
        return table
    for place, name in enumerate(("decided", "decided_effect")):
        cells = table[name].tolist() if name in table.columns else [[] for _ in range(len(table))]
        told = [[*cell, *(pair[place] for pair in effects.get(row, ()))] for row, cell in enumerate(cells)]
        table = table.assign(**{name: pd.Series(told, index=table.index, dtype=object)})
    return table


def change(table: pd.DataFrame, name: str, values: Mapping[int, str]) -> pd.DataFrame:
    """The table with other texts in one column, or under one key of `extra`, and the old ones kept.

    `values` are by position. What was changed before keeps its first value.
    """
    import pandas as pd

    if not values:
        return table
    cells, extras = (table[column].tolist() for column in (name if name in table.columns else "extra", "extra"))
    before = table["before_decisions"].tolist() if "before_decisions" in table.columns else [""] * len(table)
    for place, value in values.items():
        own: dict[str, Any] = json.loads(extras[place] or "{}")
        old: dict[str, str] = {name: cells[place] if name in table.columns else str(own.get(name, ""))}
        before[place] = _json({**old, **json.loads(before[place] or "{}")})
        cells[place] = value if name in table.columns else _json({**own, name: value})
    changed = {name if name in table.columns else "extra": cells, "before_decisions": before}
    return table.assign(**{column: pd.Series(told, index=table.index, dtype="str") for column, told in changed.items()})


def _json(cells: Mapping[str, Any]) -> str:
    return json.dumps(cells, ensure_ascii=False, sort_keys=True)


def at(table: pd.DataFrame, places: Mapping[int, Any] | Sequence[int]) -> list[bool]:
    """A mask over the table of these positions."""
    chosen = set(places)
    return [place in chosen for place in range(len(table))]


def texts_at(table: pd.DataFrame, texts: Mapping[int, str]) -> pd.Series[str]:
    """A text for each of these positions, "" elsewhere, on the table's index."""
    import pandas as pd

    return pd.Series([texts.get(place, "") for place in range(len(table))], index=table.index, dtype="str")
