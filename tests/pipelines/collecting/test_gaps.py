"""Terms that a build speaks of and does not explain."""

from __future__ import annotations

import pandas as pd

from pipelines.collect import main
from pipelines.collecting.gaps import Gap, expressions, find_gaps
from tests.pipelines.collecting.crawling import PROJECT

ENTRIES = pd.DataFrame(
    {
        "term": ["rizz", "no cap", "drip"],
        "definition": ["Charm that draws people.", "Honestly, without a lie.", "An outfit with style."],
        "example": ["His rizz is bussin.", "No cap, the food was bussin and Justin paid.", "Nice drip, Justin."],
        "linked_terms": [["charisma", "drip"], ["cap"], ["cap", "fit"]],
    }
)


def test_links_and_words_of_examples_without_an_entry_are_gaps():
    assert find_gaps(ENTRIES, [], frozenset({"the", "food", "was", "paid", "nice", "his"})) == [
        Gap("bussin", "examples", 2),  # by two terms; Justin is never written small
        Gap("cap", "links", 2),
        Gap("charisma", "links", 1),
        Gap("fit", "links", 1),
    ]


def test_the_evaluations_expressions_come_first_and_known_ones_are_no_gaps():
    gaps = find_gaps(ENTRIES, ["No Cap", "RIZZ", "hella", "clout chasing"])
    assert gaps[:2] == [Gap("clout chasing", "evaluation", 1), Gap("hella", "evaluation", 1)]
    assert not {"No Cap", "RIZZ"} & {gap.term for gap in gaps}


def test_forms_of_known_words_and_paths_are_no_gaps():
    table = pd.DataFrame({"term": ["stop", "make"], "definition": ["To halt.", "To build."],
                          "example": ["Making and stopping builds.", "making, stopping"],
                          "linked_terms": [["../../etc/passwd"], []]})  # fmt: skip
    assert find_gaps(table, []) == []


def test_a_build_without_links_or_rows_has_the_evaluations_gaps():
    empty = pd.DataFrame({"term": [], "definition": [], "example": []})
    assert find_gaps(empty, ["hella"]) == [Gap("hella", "evaluation", 1)]


def test_the_case_asked_about_nine_expressions():
    assert {"no cap", "clout chasing", "hella", "rizz", "drip"} <= {
        one.casefold() for one in expressions(PROJECT / "data" / "evaluation")
    }


def test_the_command_lists_them(tmp_path, capsys):
    ENTRIES.to_parquet(tmp_path / "entries.parquet")
    assert main(["--gaps", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "hella\tevaluation\t1" in lines
    assert "charisma\tlinks\t1" in lines
    assert main(["--gaps", str(tmp_path / "absent")]) == 2
    assert "no build there" in capsys.readouterr().err
