"""How the text-pairing stage obeys people: a text that they say is another term's leaves its own."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from curation.people.decided import AS_IT_WAS, LEFT, MOVED, TEXT_LEFT, at, change, decided_rows, note, texts_at
from curation.stage import Given, mark
from curation.text.comparison import comparison_key

if TYPE_CHECKING:
    import pandas as pd

    from curation.people.decisions import Settled

REASON = "text_of_another_term"


def obey_pairings(table: pd.DataFrame, given: Given, *, move: bool) -> tuple[pd.DataFrame, dict[str, list[int]]]:
    """Definitions and examples that people say are another term's leave; with `move` they go to their owner's term.

    A row without its definition leaves; without its example it stays, if it says anything else. Also tells, for each
    column, the positions of the texts that people say belong where they are.
    """
    here: dict[str, list[int]] = {}
    for column in ("example", "definition"):
        said = decided_rows(table, given, f"{column}_of_another_term", ("term_key", column))
        here[column] = sorted(place for place, (_, one) in said.items() if one.answer == "here")
        wrong = {place: told for place, told in said.items() if told[1].answer != "here"}
        table = note(table, {place: [(said[place][0], AS_IT_WAS)] for place in here[column]})
        if wrong:
            table = (
                _take_definitions(table, wrong, move=move)
                if column == "definition"
                else _take_examples(table, wrong, move=move)
            )
    return table, here


def _take_definitions(table: pd.DataFrame, wrong: dict[int, tuple[str, Settled]], *, move: bool) -> pd.DataFrame:
    from curation.normalize import term_key

    moved = {place: _owner(one) for place, (_, one) in wrong.items() if move and _owner(one)}
    table = change(table, "term", moved)
    table = change(table, "term_key", {place: term_key(owner) for place, owner in moved.items()})
    told = {place: one.told() for place, (_, one) in wrong.items() if place not in moved}
    table = mark(table, at(table, told), REASON, detail=texts_at(table, told))
    return note(table, {place: [(key, MOVED if place in moved else LEFT)] for place, (key, _) in wrong.items()})


def _take_examples(table: pd.DataFrame, wrong: dict[int, tuple[str, Settled]], *, move: bool) -> pd.DataFrame:
    """Examples go out of their rows, and out of what their rows took over from others."""
    homes = _homes(table, wrong, move=move)
    examples = {place: str(table["example"].iloc[place]) for place in wrong}
    table = change(table, "example", dict.fromkeys(wrong, ""))
    table = _exchange(table, examples, homes)
    cells = zip(*(table[name].tolist() for name in ("definition", "plain", "messages")), strict=True)
    empty = {place for place, texts in enumerate(cells) if place in wrong and not any(text.strip() for text in texts)}
    told = {place: wrong[place][1].told() for place in empty}
    table = mark(table, at(table, told), REASON, detail=texts_at(table, told)) if told else table
    effects: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    for place, (key, _) in wrong.items():
        effects[place].append((key, LEFT if place in empty else MOVED if place in homes else TEXT_LEFT))
        if place in homes:
            effects[homes[place]].append((key, MOVED))
    return note(table, effects)


def _homes(table: pd.DataFrame, wrong: dict[int, tuple[str, Settled]], *, move: bool) -> dict[int, int]:
    """For each example that goes to another term, the row there that takes it: the one with the lowest id.

    Only a row of the same terms of use takes one: it then carries another row's words.
    """
    if not move or "examples" not in table.columns:
        return {}
    terms: dict[str, list[int]] = defaultdict(list)
    for place, (kind, term) in enumerate(zip(table["kind"], table["term"], strict=True)):
        if kind == "definition":
            terms[term].append(place)
    use = list(zip(table["licence"], table["attribution"], table["redistributable"], strict=True))
    ids = table["id"].tolist()
    homes = {}
    for place, (_, one) in wrong.items():
        fit = [other for other in terms[_owner(one)] if use[other] == use[place] and other not in wrong]
        if _owner(one) and fit:
            homes[place] = min(fit, key=lambda other: str(ids[other]))
    return homes


def _exchange(table: pd.DataFrame, examples: dict[int, str], homes: dict[int, int]) -> pd.DataFrame:
    import pandas as pd

    if "examples" not in table.columns:
        return table
    cells: list[list[Any]] = [list(cell) for cell in table["examples"]]
    for place, example in examples.items():
        cells[place] = [text for text in cells[place] if comparison_key(text) != comparison_key(example)]
    for place, home in sorted(homes.items(), key=lambda pair: examples[pair[0]]):
        cells[home].append(examples[place])
    return table.assign(examples=pd.Series(cells, index=table.index, dtype=object))


def _owner(one: Settled) -> str:
    return one.facts.get("owner", "") if one.answer == "owner" else ""
