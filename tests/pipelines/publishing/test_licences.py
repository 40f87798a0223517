"""Which licence follows from the sources that are in a dataset, and which texts stay at home."""

from __future__ import annotations

from dataclasses import replace

import pytest
from huggingface_hub import DatasetCardData
from packaging.licenses import canonicalize_license_expression
from small_build import DRIP, MID, RIZZ, THEIRS, Small

from pipelines.publishing.checks import read_files
from pipelines.publishing.licences import (
    LicenceError,
    known_licences,
    licence_of,
    restricted,
    resulting_licence,
    terms_of,
    why_restricted,
    without_conversations,
    without_texts,
)

NO_SPDX_ID = {"WordNet-3.0", "llama3.1", "llama3.2", "gemma", "CC-PDM-1.0"}


def ids(*declared):
    return licence_of({f"source {number}": one for number, one in enumerate(declared)}).ids


@pytest.mark.parametrize(
    ("declared", "result"),
    [
        (["CC-BY-4.0"], ("CC-BY-4.0",)),
        (["public domain", "CC-BY-4.0"], ("CC-BY-4.0",)),
        (["CC-BY-3.0", "CC-BY-SA-4.0"], ("CC-BY-SA-4.0",)),
        (["CC-BY-SA-3.0", "CC-BY-4.0"], ("CC-BY-SA-4.0",)),  # share-alike allows a later version, never an earlier one
        (["CC-BY-4.0", "CC-BY-NC-4.0"], ("CC-BY-NC-4.0",)),
        (["CC-BY-NC-4.0", "CC-BY-NC-SA-3.0"], ("CC-BY-NC-SA-4.0",)),
        (["CC-BY-2.5", "CC-BY-NC-2.0"], ("CC-BY-NC-3.0",)),  # NC 2.5 is not in the table: the next later one is
        (["MIT", "CC-BY-4.0"], ("CC-BY-4.0", "MIT")),
        (["public domain", "CC0-1.0"], ("CC0-1.0",)),
        (["ODbL-1.0", "MIT"], ("MIT", "ODbL-1.0")),
        (["Apache-2.0 AND WordNet-3.0"], ("Apache-2.0", "WordNet-3.0")),
        (["CC-BY-4.0; CC-BY-SA-4.0"], ("CC-BY-SA-4.0",)),  # as on rows that were united
    ],
)
def test_the_strictest_terms_win(declared, result):
    assert ids(*declared) == result


@pytest.mark.parametrize(
    "pair", [("CC-BY-SA-4.0", "CC-BY-NC-4.0"), ("CC-BY-SA-4.0", "ODbL-1.0"), ("GFDL-1.3-or-later", "ODbL-1.0")]
)
def test_licences_that_exclude_each_other_are_told_with_their_sources(pair):
    with pytest.raises(LicenceError, match=r"exclude each other: .*source [01].*--rights"):
        ids(*pair)


def test_a_licence_is_known_however_people_write_it():
    written = ["cc-by-sa-4.0", "CC BY-SA 4.0", "https://creativecommons.org/licenses/by-sa/4.0/", " CC_BY-SA-4.0 "]
    assert {terms_of(one)[0].id for one in written} == {"CC-BY-SA-4.0"}
    assert [one.id for one in terms_of("GFDL-9 OR CC-BY-SA-4.0")] == ["CC-BY-SA-4.0"]
    assert terms_of("CC-BY-4.0 AND my own terms") == ()


@pytest.mark.parametrize(
    "declared", ["", "none declared", "all rights reserved", "CC-BY-ND-4.0", "CC-BY-SA", "CC-BY-4.0; ask me"]
)
def test_what_is_undeclared_unknown_or_forbids_changes_stays(declared):
    assert why_restricted(declared, redistributable=True)
    assert "recipe says" in why_restricted("CC-BY-4.0", redistributable=False)
    assert why_restricted("CC-BY-4.0", redistributable=True) == ""


def test_ids_of_the_table_are_spdx_ids():
    for terms in known_licences().values():
        if terms.id not in NO_SPDX_ID:
            assert canonicalize_license_expression(terms.id) == terms.id
        assert terms.url.startswith("https://")


def test_the_metadata_names_what_the_hub_names_and_explains_the_rest():
    assert licence_of({"a": "MIT", "b": "CC-BY-4.0"}).metadata == {"license": ["cc-by-4.0", "mit"]}
    other = licence_of({"a": "Apache-2.0 AND WordNet-3.0"}).metadata
    assert other["license"] == "other"
    assert other["license_name"] == "apache-2.0-and-wordnet-3.0"
    assert other["license_link"].startswith("https://wordnet")
    assert "license_name" in DatasetCardData(**other).to_yaml()


@pytest.fixture
def mixed(tmp_path):
    """Two sources, one of which declares nothing; a row of ours that took an example of theirs over; replay."""
    united = replace(MID, licence="CC-BY-4.0; none declared", redistributable=True)
    greeting = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi, what can I do?"}]
    small = Small(
        [RIZZ, DRIP, united, THEIRS],
        notes={"rizz": {"flags": ["offensive"], "merged_ids": ["ab"], "examples": ["He has rizz."]}},
        replay=[{"id": "r1-replay", "task": "replay", "term": "", "messages": greeting}],
        recipe='[replay]\nshare = 0.1\n[replay.source]\nname = "general"\npath = "x.jsonl"\n',
    )
    return read_files(small.write(tmp_path / "small"))


def test_what_may_not_go_out_is_listed_source_by_source(mixed):
    found = restricted(mixed.entries, mixed.every(), mixed.recipe)
    assert [(one.source, len(one.ids)) for one in found] == [("mine", 1), ("theirs", 1), ("general", 0)]
    assert found[2].conversations == {"r1-replay"}
    assert str(found[1]) == "source theirs: declares no licence (1 entries and 3 conversations)"


def test_without_restricted_no_text_of_theirs_is_left_and_ids_and_notes_stay(mixed):
    found = restricted(mixed.entries, mixed.every(), mixed.recipe)
    table = without_texts(mixed.entries, found).set_index("source")
    theirs = table.loc["theirs"]
    assert (theirs["term"], theirs["definition"], theirs["example"], theirs["term_key"]) == ("", "", "", "")
    assert (theirs["split"], theirs["language"], theirs["offensive_score"]) == ("train", "en", 0.01)
    ours = without_texts(mixed.entries, found).set_index("term").loc["rizz"]
    assert (list(ours["examples"]), list(ours["flags"])) == (["He has rizz."], ["offensive"])
    assert list(table.columns) == list(mixed.entries.set_index("source").columns)
    said = without_conversations(mixed.every(), found)
    assert "yap" not in str([one["messages"] for one in said])
    assert "mid" not in {one["term"] for one in said}
    kept = {one["id"] for one in said}
    assert {chat for cell in table["conversations"] for chat in cell} == kept


def test_a_column_that_nobody_knows_is_emptied_too(mixed):
    table = mixed.entries.assign(new_words=["secret"] * len(mixed.entries), new_number=7)
    left = without_texts(table, restricted(mixed.entries, mixed.every(), mixed.recipe)).set_index("source")
    assert (left.loc["theirs"]["new_words"], left.loc["theirs"]["new_number"]) == ("", 7)
    assert "secret" in set(left.loc["mine"]["new_words"])


def test_only_texts_that_go_out_decide_the_licence(mixed):
    assert resulting_licence(mixed.entries, mixed.recipe).ids == ("CC-BY-4.0",)
    with pytest.raises(LicenceError, match="no licence of a source allows"):
        resulting_licence(mixed.entries[mixed.entries["source"] == "theirs"])
