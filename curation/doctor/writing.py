"""Cases → records: a mended row in the plain layout of its kind, with its other columns in their places."""

from __future__ import annotations

from curation.doctor.case import Case


def written(case: Case) -> object:
    """The record of a case that was mended: its other columns in their places, its layout the plain one of its kind."""
    if case.kind == "unknown":
        return case.row.value
    if case.layout == "preference":
        return _preference(case)
    named: dict[str, object] = {"messages": case.turns}
    if case.kind == "text":
        named = {text_column(case): case.text}
    elif case.kind == "ids":
        named = {"input_ids": case.ids, "labels": case.labels, "attention_mask": case.attention}
        named = {name: value for name, value in named.items() if value or name == "input_ids"}
    record: dict[str, object] = {}
    for key in case.row.value if isinstance(case.row.value, dict) else ():
        if key in case.kept:
            record[key] = case.kept[key]
        else:
            record.update(named)
    return {**record, **named, **{key: value for key, value in case.kept.items() if key not in record}}


def text_column(case: Case) -> str:
    """The name of the column that the text of a case stands in."""
    return case.shape.partition(":")[2] or "text" if case.layout == "text" else "text"


def _preference(case: Case) -> object:
    """A pair of answers keeps its layout: only what the chosen one says is written anew."""
    record = dict(case.row.value) if isinstance(case.row.value, dict) else {}
    chosen = record.get("chosen")
    if isinstance(chosen, list):
        record["chosen"] = case.turns if len(chosen) > 1 else case.turns[-1:]
    elif case.turns and case.turns[-1]["role"] == "assistant":
        record["chosen"] = case.turns[-1]["content"]
    return record
