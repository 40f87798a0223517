"""What changed between two versions, and the number that follows."""

from __future__ import annotations

import pyarrow as pa
import pytest

from pipelines.publishing.changes import (
    Changes,
    RowChanges,
    changelog,
    changelog_entry,
    from_bytes,
    next_version,
    row_changes,
    row_hashes,
    summary,
)
from pipelines.publishing.merge import ConflictError, merged


def entries(*rows):
    table = pa.Table.from_pylist([dict(zip(("id", "definition", "score"), row, strict=True)) for row in rows])
    return {"entries": {"full": table}}


BEFORE = entries(("a", "charm", 0.5), ("b", "a lie", 0.5), ("c", "clothes", 0.5))
NOW = entries(("a", "charm", 0.6), ("b", "an untruth", 0.5), ("d", "gossip", 0.5))


def test_rows_are_told_apart_by_id_text_and_annotation():
    assert row_changes(row_hashes(BEFORE), row_hashes(NOW)) == {"entries": RowChanges(1, 1, 1, 1)}
    assert row_changes(row_hashes(BEFORE), row_hashes(BEFORE)) == {"entries": RowChanges()}


def test_a_row_that_goes_to_another_split_is_annotated_anew():
    train, test = ({"entries": {split: BEFORE["entries"]["full"]}} for split in ("train", "test"))
    assert row_changes(row_hashes(train), row_hashes(test))["entries"].annotated == 3


@pytest.mark.parametrize("data", [None, b"", b"PAR1 nonsense"])
def test_hashes_that_cannot_be_read_are_no_hashes(data):
    assert from_bytes(data) == {}


@pytest.mark.parametrize(
    ("rows", "columns", "follows"),
    [
        (RowChanges(removed=1), (), "2.0.0"),
        (RowChanges(changed=1), (), "2.0.0"),
        (RowChanges(added=1), (), "1.3.0"),
        (RowChanges(annotated=1), (), "1.2.4"),
        (RowChanges(), (), "1.2.4"),
        (RowChanges(), ("entries: column mood added",), "1.3.0"),
        (RowChanges(), ("entries: column mood removed",), "2.0.0"),
        (RowChanges(), ("entries: column mood is int64, was string",), "2.0.0"),
    ],
)
def test_the_number_says_what_a_reader_must_expect(rows, columns, follows):
    assert next_version("1.2.3", Changes({"entries": rows}, columns)) == follows


def test_rows_that_only_left_for_the_ledger_are_no_new_data():
    assert next_version("1.0.0", Changes({"ledger": RowChanges(added=3)})) == "1.0.1"


def test_a_changelog_keeps_what_stands_below():
    changes = Changes({"entries": RowChanges(1, 2, 3, 4)})
    log = changelog("1.0.0", changelog_entry(Changes()), "")
    log = changelog("2.0.0", changelog_entry(changes, "v1.0.0"), log + "\nA word by hand.\n")
    assert log.startswith("# Changelog\n\n## 2.0.0\n\nSince v1.0.0:\n")
    assert "| entries | 1 | 2 | 3 | 4 |" in log
    assert log.endswith("## 1.0.0\n\nThe first version.\n\nA word by hand.\n")
    assert summary(changes) == "1 rows added, 2 removed, 3 changed, 4 annotated anew"


def test_a_version_without_new_rows_says_so_and_one_with_reworded_rows_what_that_counts_as():
    same = {"entries": RowChanges(), "ledger": RowChanges()}
    assert "The rows are the same" in changelog_entry(Changes(same), "v1.0.0")
    assert "has a new id" in changelog_entry(Changes({"entries": RowChanges(2, 1)}), "v1.0.0")
    assert "has a new id" not in changelog_entry(Changes({"entries": RowChanges(2)}), "v1.0.0")


BASE = "one\ntwo\nthree\nfour\nfive\n"


@pytest.mark.parametrize(
    ("theirs", "ours", "both"),
    [
        (BASE, "one\n2\nthree\nfour\nfive\n", "one\n2\nthree\nfour\nfive\n"),
        ("one\n2\nthree\nfour\nfive\n", BASE, "one\n2\nthree\nfour\nfive\n"),
        ("zero\n" + BASE, BASE + "six\n", "zero\n" + BASE + "six\n"),
        ("one\nthree\nfour\nfive\n", "one\ntwo\nthree\nfour\n5\n", "one\nthree\nfour\n5\n"),
        ("one\n2\nthree\nfour\nfive\n", "one\n2\nthree\nfour\nfive\n", "one\n2\nthree\nfour\nfive\n"),
        ("", "", ""),
    ],
)
def test_changes_of_both_sides_come_together(theirs, ours, both):
    assert merged(BASE, theirs, ours) == both


def test_two_changes_of_one_line_are_a_conflict_that_shows_it():
    with pytest.raises(ConflictError, match="'2 by hand'"):
        merged(BASE, BASE.replace("two", "2 by hand"), BASE.replace("two", "2 anew"))
