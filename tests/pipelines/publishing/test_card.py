"""The dataset card: computed from the rows, escaped, with metadata that huggingface_hub reads back."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from huggingface_hub import DatasetCard
from markdown_it import MarkdownIt
from small_build import DRIP, MID, RIZZ, THEIRS, Small, word

from curation.entry import COLUMNS
from curation.stage import Stage
from curation.stages import STAGES
from pipelines.publishing.card import CardFacts, dataset_card
from pipelines.publishing.columns import column_meanings
from pipelines.publishing.licences import LicenceError
from pipelines.publishing.markdown import block, code, plain
from pipelines.publishing.tables import NOT_PUBLISHED, paths, tables
from pipelines.tables import read_table

HOSTILE = "</details><script>alert(1)</script> [x](javascript:alert(2)) ![y](http://z) | a | `b` ``` {{7*7}} $x$\n---\nlicense: mit\n# H"
FACTS = CardFacts(
    "ann/slang", "v1.0.0", {"conversations": {"train": "conversations/train.parquet"}, "entries": {"full": "e.parquet"}}
)


def card(small, folder, **changes):
    return dataset_card(small.write(folder), replace(FACTS, **changes))


def html(text):
    body = text.partition("\n---\n")[2]
    return MarkdownIt("commonmark", {"html": True}).enable("table").render(body)


def test_the_card_says_what_the_rows_say(tmp_path):
    small = Small(
        [replace(RIZZ, date="2019"), replace(DRIP, date="2016-03-19", attribution="the club of words"), MID],
        splits={"mid": "test"},
        notes={"drip": {"flags": ["offensive"], "offensive": "sexual"}},
    )
    text = card(small, tmp_path / "b")
    for told in (
        "3 terms in 3 entries",
        "4 entries and 0 records that could not be read = 3 entries kept + 1 rows in the ledger",
        "| `mine` | 4 | 3 | 100 % | `CC-BY-4.0` |",
        "2 of 3 entries carry the date at which they were written: from 2016 to 2019",
        "| sexual | mark | 1 |",
        "| email | mask | 0 |",
        "`mine`: the club of words",
        "for 1 of its 2 items the training split teaches a term",
        "3 questions about doubtful rows wait for a person",
        'load_dataset("ann/slang", "entries", split="full", revision="v1.0.0")',
        "It was not measured on a model",
    ):
        assert told in text, told
    assert "drip" not in text.partition("```text")[2].partition("```")[0].lower()  # no offensive row is shown


def test_the_metadata_reads_back_as_it_was_meant(tmp_path):
    small = Small([RIZZ, DRIP, MID], name="a-name", notes={"drip": {"offensive": "slur"}})
    data = DatasetCard(card(small, tmp_path / "b")).data.to_dict()
    assert data["license"] == "cc-by-4.0"
    assert data["language"] == ["en"]
    assert data["pretty_name"] == "a-name"
    assert data["size_categories"] == ["n<1K"]
    assert "not-for-all-audiences" in data["tags"]
    first, second = data["configs"]
    assert first == {"config_name": "conversations", "default": True, "data_files": [{"split": "train", "path": "conversations/train.parquet"}]}  # fmt: skip
    assert "default" not in second


def test_the_same_build_gives_the_same_card(tmp_path):
    small = Small([RIZZ, DRIP, MID])
    assert card(small, tmp_path / "a") == card(small, tmp_path / "b")


def test_text_of_others_is_never_markdown_html_or_yaml(tmp_path):
    evil = word("evil", HOSTILE, HOSTILE, attribution=HOSTILE)
    small = Small(
        [evil, RIZZ],
        name="x: y\n---\nlicense: mit",
        description=HOSTILE,
        sources={"mine": "url = '''" + HOSTILE + "'''"},
    )
    text = card(small, tmp_path / "b", rights=HOSTILE)
    data = DatasetCard(text).data.to_dict()
    assert (data["license"], data["pretty_name"]) == ("cc-by-4.0", "x: y\n---\nlicense: mit")
    page = html(text)
    assert "<script" not in page
    assert not re.search(r"=\"?javascript:", page)
    assert not re.search(r"<img|<a href=\"(?!https://creativecommons)", page)
    assert page.count("<h1>") == 1
    assert "49" not in page.partition("Known limits")[0].partition("What is in it")[0]
    assert page.count("<details>") == page.count("</details>")


@pytest.mark.parametrize(
    "text", [HOSTILE, "1. a list", "- a list", "# a head", "= a head", "\u202eevil", "a\x1b[31m", "`", "``x``", "|"]
)
def test_a_text_comes_out_as_it_went_in(text):
    shown = MarkdownIt().enable("table").render(f"{plain(text)}\n")
    assert re.fullmatch(r"<p>[^<]*</p>\n", shown)
    cell = MarkdownIt().enable("table").render(f"| h |\n|---|\n| {code(text)} |\n")
    assert cell.count("<td>") == 1
    assert "<code>" in cell
    assert MarkdownIt().render(block(text)).count("<pre>") == 1
    assert not any(letter in shown + cell for letter in "\u202e\x1b")


def test_text_that_may_not_be_passed_on_refuses_the_card(tmp_path):
    with pytest.raises(
        LicenceError, match=r"source theirs: declares no licence.*--without-restricted.*--private.*--rights"
    ):
        card(Small([RIZZ, THEIRS]), tmp_path / "b")


def test_without_restricted_the_card_tells_what_is_left_out_and_how_to_get_it(tmp_path):
    text = card(Small([RIZZ, DRIP, THEIRS]), tmp_path / "b", without_restricted=True)
    assert DatasetCard(text).data.license == "cc-by-4.0"
    assert "its texts are left out" in text
    assert "`theirs`: declares no licence (1 entries, 3 conversations)" in text
    assert "python -m pipelines.build --recipe data/recipes/recipe.toml" in text
    assert "2 terms in 3 entries" in text
    assert "yap" not in text.lower()


def test_nothing_but_ids_is_free(tmp_path):
    small = Small([THEIRS], notes={"yap": {"offensive": "sexual"}})
    text = card(small, tmp_path / "b", without_restricted=True, configs={"entries": {"full": "e.parquet"}})
    assert DatasetCard(text).data.license == "cc0-1.0"
    assert "Ids, flags and scores of 1 entries, without their texts" in text
    assert (
        "it is given away with CC0. No text and no vote of a source is in it, and CC0 says nothing of the texts" in text
    )
    assert not {"chat", "instruction-tuning", "not-for-all-audiences"} & set(DatasetCard(text).data.tags)
    for told in ("Some of it is offensive", "what a model is trained on", "retold", "chat template of", "written by a"):
        assert told not in text, told


def test_the_ground_of_ones_rights_stands_in_the_card(tmp_path):
    text = card(Small([RIZZ, THEIRS]), tmp_path / "b", rights="A contract with *theirs*, 2026")
    data = DatasetCard(text).data.to_dict()
    assert (data["license"], data["license_name"]) == ("other", "see-card")
    assert r"**On what ground the texts are passed on:** A contract with \*theirs\*, 2026" in text
    assert "That does not hold for what is listed below" in text


def test_a_private_card_says_why_it_is(tmp_path):
    text = card(Small([THEIRS]), tmp_path / "b", private=True)
    assert DatasetCard(text).data.license == "unknown"
    assert "This repository is private, since these texts may not be passed on" in text
    assert "No licence can be derived: no licence of a source allows to pass its texts on." in text
    assert "--rights" not in text


def test_licences_that_exclude_each_other_refuse_the_card(tmp_path):
    pair = [replace(RIZZ, licence="CC-BY-SA-4.0"), replace(DRIP, licence="CC-BY-NC-4.0", source="other")]
    with pytest.raises(LicenceError, match="exclude each other"):
        card(Small(pair), tmp_path / "b")


def unexplained(entries, ledger, stages=STAGES):
    """`CONFIGURATION: COLUMN, of STAGE` for each published column that columns.toml has no sentence for."""
    of = {column: stage.name for stage in stages.values() for column in stage.adds}
    wide = entries.assign(**{column: "" for column in of if column not in entries})
    made = tables(wide, ledger, {"train": [{"id": "1", "term": "", "task": "", "messages": []}]})
    schemas = {name: next(iter(splits.values())).schema for name, splits in made.items()}
    return [
        f"{name}: {column}, of {of.get(column, 'every build')}"
        for name, schema in schemas.items()
        for column in schema.names
        if column not in column_meanings()[name]
    ]


def test_every_column_of_every_stage_is_explained(tmp_path):
    build = Small([RIZZ, DRIP]).write(tmp_path / "b")
    read = read_table(build / "entries.parquet"), read_table(build / "ledger.parquet")
    assert unexplained(*read) == []
    mood = type("Mood", (Stage,), {"name": "mood", "adds": ("mood_score",)})
    assert unexplained(*read, {**STAGES, "mood": mood}) == ["entries: mood_score, of mood"]


def test_no_sentence_is_about_a_column_that_is_gone():
    added = {column for stage in STAGES.values() for column in stage.adds}
    assert set(column_meanings()["entries"]) - {"id"} == {*COLUMNS, *added, "conversations", "decided"} - {
        "id",
        *NOT_PUBLISHED,
    }


def test_columns_are_listed_with_type_and_meaning(tmp_path):
    build = Small([RIZZ, DRIP]).write(tmp_path / "b")
    made = tables(read_table(build / "entries.parquet"), read_table(build / "ledger.parquet"), {"train": []})
    schemas = {name: next(iter(splits.values())).schema for name, splits in made.items()}
    text = dataset_card(build, replace(FACTS, configs=paths(made), schemas=schemas))
    assert "| `examples` | list of texts | Examples of all rows" in text
    features = DatasetCard(text).data.to_dict()["dataset_info"][0]["features"]
    assert {"name": "examples", "list": "string"} in features


def test_a_build_of_another_version_is_one_line(tmp_path):
    build = Small([RIZZ]).write(tmp_path / "b")
    manifest = build / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"seed"', '"sod"'))
    with pytest.raises(ValueError, match="was built by another version"):
        dataset_card(build, FACTS)


def test_a_folder_without_an_evaluation_is_one_line(tmp_path):
    with pytest.raises(ValueError, match=r"results\.json is missing"):
        card(Small([RIZZ]), tmp_path / "b", evaluations=(tmp_path,))
