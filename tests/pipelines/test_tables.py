"""Lists of numbers and lists of text are told apart by what stages declare, and by what stands in them."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest

from curation.contradictions import Contradictions
from curation.entry import Entry, to_table
from curation.normalize import Normalize
from curation.stage import Given
from curation.stages import STAGES
from pipelines.tables import number_lists, read_table, to_arrow, write_table


def of_lists(**columns: list[list[object]]) -> pd.DataFrame:
    table = to_table([Entry("toy", term="rizz"), Entry("toy", term="drip")])
    return table.assign(**{name: pd.Series(cells, dtype=object) for name, cells in columns.items()})


def test_a_list_of_numbers_that_nobody_declared_is_written_and_read_back(tmp_path):
    table = of_lists(weights=[[], [0.5, 1.0]], words=[["a"], []])
    write_table(tmp_path / "table.parquet", table)
    back = read_table(tmp_path / "table.parquet")
    assert back["weights"].tolist() == [[], [0.5, 1.0]]
    assert back["words"].tolist() == [["a"], []]


def test_a_declared_list_of_numbers_has_its_type_even_where_every_list_is_empty():
    schema = to_arrow(of_lists(contradiction_score=[[], []], sense_score=[[], []], sense_with=[[], []])).schema
    assert schema.field("contradiction_score").type == pa.list_(pa.float64())
    assert schema.field("sense_score").type == pa.list_(pa.float64())
    assert schema.field("sense_with").type == pa.list_(pa.string())


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
def test_what_a_stage_declares_to_be_lists_of_numbers_it_adds(stage):
    assert set(stage.number_lists) <= set(stage.adds)
    assert set(stage.number_lists) <= number_lists()


def test_a_table_with_a_contradiction_survives_the_file(tmp_path):
    texts = ("shaking my head in disgust", "shaking my head in despair")
    table = Normalize()(to_table([Entry("toy", term="SMHID", definition=text) for text in texts]), Given())
    others = [[ident] for ident in reversed(table["id"].tolist())]
    table = table.assign(
        sense_with=pd.Series(others, dtype=object), sense_score=pd.Series([[0.6], [0.6]], dtype=object)
    )
    table = Contradictions()(table, Given())
    write_table(tmp_path / "table.parquet", table)
    assert read_table(tmp_path / "table.parquet")["contradiction_score"].tolist() == [[0.7], [0.7]]
