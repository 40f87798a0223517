"""Exact duplicates inside one term key, and the union of rows that say the same.

Rows that differ only in case, punctuation and blanks are one row. The best of them survives and takes over what the
others know: sources, votes, examples, linked terms. Which one that is does not depend on the order of rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from curation.contradictions import column_difference
from curation.entry import content_hash
from curation.people.decided import AS_IT_WAS, KEPT_APART, note
from curation.people.decided_pairs import Pairs, group_exact
from curation.stage import Given, Stage, mark
from curation.text.comparison import comparison_key
from curation.text.example_match import contains_term

if TYPE_CHECKING:
    import pandas as pd

UNITED = ("sources", "merged_ids", "examples")


@dataclass(frozen=True)
class ExactDuplicates(Stage):
    """Marks all but the best of the rows of one kind and term key whose text is the same."""

    name = "exact_duplicates"
    reasons = ("exact_duplicate",)
    scope = "term"
    needs = ("term_key",)
    adds = UNITED
    obeys = ("contradiction",)

    prefer_sources: list[str] = field(default_factory=list)  # names of sources, best first: their rows survive

    def __call__(self, table: pd.DataFrame, given: Given) -> pd.DataFrame:
        table = with_union_columns(table)
        keys, rank = _content_keys(table), survivor_rank(table, self.prefer_sources)
        groups: dict[str, list[int]] = {}
        for place in sorted(range(len(table)), key=rank.__getitem__):
            if keys[place]:
                groups.setdefault(keys[place], []).append(place)
        people = Pairs(table, given, column_difference(table))
        merges, met = group_exact(groups.values(), people)
        table = unite(table, merges, reason="exact_duplicate")
        effects: dict[int, list[tuple[str, str]]] = {}
        for one in met:
            for place in (one.first, one.second):
                effects.setdefault(place, []).append((one.key, KEPT_APART if one.together == "apart" else AS_IT_WAS))
        return note(table, effects)


def _content_keys(table: pd.DataFrame) -> list[str]:
    """What must be the same in two rows that are one, hashed.

    "" for a row that says nothing, is alone in its term or has left: it has no duplicate.
    """
    shared = table.duplicated(["kind", "term_key"], keep=False)
    names = ("kind", "definition", "example", "plain", "label", "messages")
    contents = zip(*(table[name].tolist() for name in names), strict=True)
    keys = []
    for compared, row_is_open, term_key, content in zip(
        shared, still_open(table), table["term_key"], contents, strict=True
    ):
        texts = _compared_texts(*content) if compared and row_is_open else ()
        says = any(text.strip() for text in texts)
        keys.append(content_hash(content[0], term_key, *map(comparison_key, texts)) if says else "")
    return keys


def still_open(table: pd.DataFrame) -> list[bool]:
    """Which rows no stage has marked to leave."""
    return [not reason for reason in table["reason"]] if "reason" in table.columns else [True] * len(table)


def _compared_texts(  # noqa: PLR0917  # one cell a column, in the order of _content_keys
    kind: str, definition: str, example: str, plain: str, label: str, messages: str
) -> tuple[str, ...]:
    match kind:
        case "pair":
            return example, plain
        case "sentence":
            return example, label
        case "chat":
            return (_spoken(messages),)
        case _:
            return (definition,) if definition.strip() else ("", example)


def _spoken(messages: str) -> str:
    """A conversation's turns as one text; text that is no JSON list of turns stands for itself."""
    try:
        return "\n".join(f"{turn['role']}: {turn['content']}" for turn in json.loads(messages))
    except (ValueError, TypeError, KeyError):
        return messages


def with_union_columns(table: pd.DataFrame) -> pd.DataFrame:
    """The table with the columns UNITED; where they are missing, each row stands for itself alone."""
    import pandas as pd

    def lists(values: Iterable[list[str]]) -> pd.Series[object]:
        return pd.Series(list(values), index=table.index, dtype=object)

    own: dict[str, pd.Series[object]] = {
        "sources": lists([source] for source in table["source"]),
        "merged_ids": lists([] for _ in range(len(table))),
        "examples": lists([example] if example.strip() else [] for example in table["example"]),
    }
    return table.assign(**{name: column for name, column in own.items() if name not in table.columns})


def survivor_rank(table: pd.DataFrame, prefer_sources: list[str]) -> list[int]:
    """For each row its rank as a survivor, 0 the best. It depends on what the rows say, never on their order.

    In this order: the preferred sources, may be passed on, votes, quality, has an example that shows its term, says
    more about itself, id.
    """
    import numpy as np

    places = {name: place for place, name in enumerate(prefer_sources)}
    votes = table["votes_up"].fillna(0).astype("int64") - table["votes_down"].fillna(0).astype("int64")
    said = table[["context", "part_of_speech", "category", "label", "url", "date"]].ne("").sum(axis=1)
    quality = table["quality_score"].fillna(0).round(2) if "quality_score" in table.columns else said * 0
    order = np.lexsort(
        (
            table["id"].to_numpy(dtype=object),
            -table["definition"].str.len().to_numpy(),
            -said.to_numpy(),
            ~np.array(
                [shows_term(example, term) for example, term in zip(table["example"], table["term"], strict=True)], bool
            ),
            -quality.to_numpy(),
            -votes.to_numpy(),
            ~table["redistributable"].to_numpy(dtype=bool),
            table["source"].map(lambda name: places.get(name, len(places))).to_numpy(),
        )
    )
    rank = np.empty(len(table), dtype=np.int64)
    rank[order] = np.arange(len(table))
    return [int(place) for place in rank]


def shows_term(example: str, term: str) -> bool:
    """Whether a row brings an example worth keeping: one that uses its term."""
    return bool(example.strip()) and (not term or contains_term(example, term))


def unite(
    table: pd.DataFrame, merges: dict[int, list[int]], *, reason: str, scores: dict[int, float] | None = None
) -> pd.DataFrame:
    """Marks the rows of `merges` (survivor's position → positions that go into it) and gives what they know to it.

    `scores` holds, for a position that goes, how alike it and its survivor are; 1 where nothing is said.
    """
    import pandas as pd

    if merges:
        table = _with_union(table, merges)
    columns = {name: table[name].tolist() for name in ("id", "term", "source")}
    survivor_of = {place: survivor for survivor, places in merges.items() for place in places}
    evidence = []
    for place in range(len(table)):
        survivor = survivor_of.get(place)
        if survivor is None:
            evidence.append(("", 1.0, ""))
        else:
            ident, term, source = (columns[name][survivor] for name in ("id", "term", "source"))
            evidence.append((ident, (scores or {}).get(place, 1.0), f"kept: {term!r} of source {source}"))
    says = pd.DataFrame(evidence, columns=["survivor", "score", "detail"], index=table.index)
    goes = [place in survivor_of for place in range(len(table))]
    return mark(table, goes, reason, survivor=says["survivor"], score=says["score"], detail=says["detail"])


def _with_union(table: pd.DataFrame, merges: dict[int, list[int]]) -> pd.DataFrame:
    """The survivors' cells, each made of its own and those of the rows that go into it, best first."""
    names = (*UNITED, "linked_terms", "votes_up", "votes_down", "redistributable", "licence", "attribution", "id")
    columns = {name: table[name].tolist() for name in names}
    for survivor, places in merges.items():
        rows = [survivor, *places]
        before = len(columns["examples"][survivor])
        columns["merged_ids"][survivor] = sorted(
            {*columns["merged_ids"][survivor]}.union(*([columns["id"][p], *columns["merged_ids"][p]] for p in places))
        )
        columns["examples"][survivor] = distinct(text for row in rows for text in columns["examples"][row])
        for name in ("sources", "linked_terms"):
            columns[name][survivor] = list(dict.fromkeys(cell for row in rows for cell in columns[name][row]))
        for name in ("votes_up", "votes_down"):
            known = [columns[name][row] for row in rows if isinstance(columns[name][row], int)]
            columns[name][survivor] = sum(known) if known else None
        if len(columns["examples"][survivor]) > before:  # it now carries their words, so their terms of use too
            columns["redistributable"][survivor] = all(columns["redistributable"][row] for row in rows)
            for name in ("licence", "attribution"):
                columns[name][survivor] = "; ".join(
                    dict.fromkeys(columns[name][row] for row in rows if columns[name][row])
                )
    return _replaced(table, {name: cells for name, cells in columns.items() if name != "id"})


def _replaced(table: pd.DataFrame, columns: dict[str, list[object]]) -> pd.DataFrame:
    import pandas as pd

    return table.assign(
        **{name: pd.Series(cells, index=table.index, dtype=table[name].dtype) for name, cells in columns.items()}
    )


def distinct(texts: Iterable[str]) -> list[str]:
    """The texts in their order, each once but for typography."""
    seen: dict[str, str] = {}
    for text in texts:
        seen.setdefault(comparison_key(text), text)
    return list(seen.values())
