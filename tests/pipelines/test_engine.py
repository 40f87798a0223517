from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd
import pytest

from curation.entry import BadRecord, Entry, to_table
from curation.stage import Given, Stage, flag, mark
from pipelines.engine import EmptyBuildError, run_stages, table_key
from pipelines.ledger import ConservationError, bad_records_to_ledger, check_conservation
from pipelines.tables import read_table, write_table

ENTRIES = [
    Entry("forum", row=n, term=term, definition=text, votes_up=votes)
    for n, (term, text, votes) in enumerate(
        [("rizz", "charm", 3), ("cap", "a lie", None), ("NaN", "", 0), ("null", "nothing", 5)]
    )
]


@dataclass(frozen=True)
class DropEmpty(Stage):
    name: ClassVar[str] = "drop_empty"
    reasons: ClassVar[tuple[str, ...]] = ("empty_definition",)
    flags: ClassVar[tuple[str, ...]] = ("short",)
    adds: ClassVar[tuple[str, ...]] = ("length",)
    shortest: int = 1

    def __call__(self, table, given):
        length = table["definition"].str.len()
        table = table.assign(length=length.astype("int64"))
        table = flag(table, length < 6, "short")
        return mark(table, length < self.shortest, "empty_definition", detail="no text", score=0.5)


@dataclass(frozen=True)
class Loses(DropEmpty):
    name: ClassVar[str] = "loses"

    def __call__(self, table, given):
        return super().__call__(table, given).iloc[1:]


@dataclass(frozen=True)
class Reorders(DropEmpty):
    name: ClassVar[str] = "reorders"

    def __call__(self, table, given):
        return super().__call__(table, given).iloc[::-1]


@dataclass(frozen=True)
class SaysOtherwise(DropEmpty):
    name: ClassVar[str] = "says_otherwise"
    reasons: ClassVar[tuple[str, ...]] = ()


@dataclass(frozen=True)
class Counts(DropEmpty):
    name: ClassVar[str] = "counts"
    calls: ClassVar[list[int]] = []

    def __call__(self, table, given):
        self.calls.append(len(table))
        return super().__call__(table, given)


def run(stage, tmp_path, table=None, **more):
    table = to_table(ENTRIES) if table is None else table
    return run_stages(table, [stage], Given(), key=table_key(table), cache=tmp_path, **more)


def test_marked_rows_move_to_the_ledger_with_their_evidence(tmp_path):
    result = run(DropEmpty(), tmp_path)
    assert list(result.kept["term"]) == ["rizz", "cap", "null"]
    assert result.ledger[["term", "stage", "reason", "detail", "score"]].to_numpy().tolist() == [
        ["NaN", "drop_empty", "empty_definition", "no text", 0.5]
    ]
    assert result.steps[0].reasons == {"empty_definition": 1}
    assert result.steps[0].flags == {"short": 3}
    assert "reason" not in result.kept


@pytest.mark.parametrize("stage", [Loses(), Reorders(), SaysOtherwise()])
def test_a_stage_that_breaks_its_contract_stops_the_build(stage, tmp_path):
    with pytest.raises(ConservationError, match=stage.name):
        run(stage, tmp_path)


def test_a_stage_that_leaves_nothing_stops_the_build_with_the_cause(tmp_path):
    with pytest.raises(EmptyBuildError, match="drop_empty left no row of 4: empty_definition 4"):
        run(DropEmpty(shortest=100), tmp_path)


def test_a_source_emptied_by_one_stage_stops_the_build_unless_the_recipe_allows_it(tmp_path):
    table = pd.concat([to_table(ENTRIES), to_table([Entry("blog", term="mid")])], ignore_index=True)
    with pytest.raises(EmptyBuildError, match="no row of source 'blog'"):
        run(DropEmpty(), tmp_path, table)
    assert set(run(DropEmpty(), tmp_path, table, may_empty=frozenset({"blog"})).kept["source"]) == {"forum"}


def test_a_finished_stage_is_not_run_again_and_a_changed_setting_is(tmp_path):
    Counts.calls.clear()
    first = run(Counts(), tmp_path)
    again = run(Counts(), tmp_path)
    assert Counts.calls == [4]
    assert again.steps[0].cached
    assert not first.steps[0].cached
    pd.testing.assert_frame_equal(first.kept, again.kept)
    run(Counts(shortest=2), tmp_path)
    assert Counts.calls == [4, 4]
    assert len(list(tmp_path.iterdir())) == 1, "results of the older chain are forgotten"


def test_a_result_that_was_cut_off_is_computed_again(tmp_path):
    Counts.calls.clear()
    run(Counts(), tmp_path)
    next(tmp_path.iterdir()).joinpath("step.json").unlink()
    run(Counts(), tmp_path)
    assert Counts.calls == [4, 4]


def test_a_changed_cell_changes_the_key_of_the_table():
    one, other = to_table(ENTRIES), to_table(ENTRIES)
    assert table_key(one) == table_key(other)
    other.loc[0, "definition"] = "charm!"
    assert table_key(one) != table_key(other)


def test_tables_survive_parquet_with_types_and_the_same_bytes(tmp_path):
    table = flag(
        to_table([*ENTRIES, Entry("forum", term="😂", linked_terms=["a", "b"], extra={"k": "None"})]),
        [True] + [False] * 4,
        "x",
    )
    table = table.assign(sense_score=pd.Series([[0.25]] + [[] for _ in range(4)], dtype=object))
    for name in ("one.parquet", "two.parquet"):
        write_table(tmp_path / name, table)
    back = read_table(tmp_path / "one.parquet")
    pd.testing.assert_frame_equal(back, table)
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()
    write_table(tmp_path / "empty.parquet", table.iloc[:0])
    assert list(read_table(tmp_path / "empty.parquet").columns) == list(table.columns)


def test_bad_records_stand_in_the_ledger_with_file_and_line():
    ledger = bad_records_to_ledger(
        [BadRecord("forum", "a.csv", 3, 5, "wrong_field_count", "3 fields, 2 expected", "x,y,z")] * 2
    )
    assert ledger["stage"].tolist() == ["read", "read"]
    assert ledger["detail"][0] == "a.csv, line 5: 3 fields, 2 expected"
    assert ledger["id"].nunique() == 2


def test_conservation_notices_a_lost_row_and_a_repeated_id():
    table = to_table(ENTRIES)
    check_conservation(3, 1, table.iloc[:3], table.iloc[3:])
    with pytest.raises(ConservationError, match="4 entries"):
        check_conservation(4, 0, table.iloc[:3], table.iloc[:0])
    with pytest.raises(ConservationError, match="more than once"):
        check_conservation(4, 1, table, table.iloc[:1])


@pytest.mark.parametrize("name", ["kept.parquet", "left.parquet", "step.json"])
def test_a_damaged_result_is_computed_again(tmp_path, name):
    Counts.calls.clear()
    first = run(Counts(), tmp_path)
    path = next(tmp_path.iterdir()) / name
    path.write_bytes(path.read_bytes()[:20])
    again = run(Counts(), tmp_path)
    assert Counts.calls == [4, 4]
    pd.testing.assert_frame_equal(first.kept, again.kept)
