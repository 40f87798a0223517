"""Every real file beside the project: the counts are of the files themselves, found by other means than these readers.

How each was counted stands in its comment; the faults that the files are known for are in the project's notes on data.
"""

from __future__ import annotations

import csv
import json
import re
import time
from collections import Counter

import pytest

from pipelines.sources import SourceSettings, fingerprint, read_source

pytestmark = pytest.mark.shared

COUNTS = [  # path, kind, entries, bad records
    ("genz/all_slangs.csv", "definition", 1_779, 0),  # csv module: 1,780 rows, all of 4 fields
    ("kaspercools/genz_slang.csv", "definition", 145, 0),  # csv module
    ("kaspercools/genz_emojis.csv", "definition", 73, 0),  # csv module
    ("pairs/genz_dataset.csv", "pair", 2_011, 0),  # csv module
    ("urbanarchive", "definition", 48_620, 0),  # occurrences of "defid" in the 13 files
    ("abbreviations/noslang.csv", "definition", 5_517, 107),  # awk -F, 'NF == 2', 'NF != 2'
    ("abbreviations/noslang.json", "definition", 5_616, 0),  # occurrences of "meaning"
    ("abbreviations/noslang.txt", "definition", 5_627, 0),  # grep -c ' , '
    (
        "abbreviations/backtick_slang.txt",
        "definition",
        8_954,
        5,
    ),  # meanings: cut at | in 7,656 lines; 5 lines without `
    ("abbreviations/sms_slang.txt", "definition", 67, 23),  # grep -c =, grep -vc =
    ("labelled/slangtrack_sentences.csv", "sentence", 7_123, 0),  # csv module
    ("languages/indonesian.csv", "definition", 15_006, 0),  # csv module
    ("languages/swahili.csv", "definition", 200, 0),  # csv module: filled cells of the Meaning columns
    ("languages/ukrainian.json", "definition", 107, 0),  # json module
    ("chat/flat_roles.json", "chat", 1_777, 0),  # occurrences of "role": "user"
    ("chat/prompt_strings.json", "sentence", 1_779, 0),  # json module
    ("chat/repeated_key.json", "chat", 191, 0),  # occurrences of "conversations"
    ("chat/text_no_template.jsonl", "sentence", 1_779, 0),  # wc -l
    ("chat/well_formed.jsonl", "chat", 40, 0),  # wc -l
]


def read(path, root, **settings):
    return read_source(SourceSettings(name="real", path=path, **settings), root=root)


@pytest.mark.parametrize(("path", "kind", "entries", "bad"), COUNTS)
def test_every_record_of_a_real_file_is_an_entry_or_a_bad_record(shared_data, path, kind, entries, bad):
    found, broken = read(path, shared_data)
    assert Counter(entry.kind for entry in found) == {kind: entries}
    assert len(broken) == bad
    assert {b.reason for b in broken} <= {"wrong_field_count"}


def test_the_cells_of_the_genz_dataset_come_through_unchanged(shared_data):
    with (shared_data / "genz/all_slangs.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    entries, _ = read("genz/all_slangs.csv", shared_data)
    assert [[e.term, e.definition, e.example, e.context] for e in entries] == rows
    assert {"143", "0.02"} <= {entry.term for entry in entries}


def test_the_bad_rows_of_the_noslang_csv_are_told_by_line(shared_data):
    lines = (shared_data / "abbreviations/noslang.csv").read_text(encoding="utf-8").splitlines()
    _, bad = read("abbreviations/noslang.csv", shared_data)
    assert [b.line for b in bad] == [number for number, line in enumerate(lines, 1) if line.count(",") != 1]
    assert [b.raw.strip() for b in bad] == [lines[b.line - 1] for b in bad]


def test_the_three_shapes_of_noslang_agree(shared_data):
    words = [
        {(e.term.strip(), e.definition.strip().lower()) for e in read(f"abbreviations/noslang.{end}", shared_data)[0]}
        for end in ("csv", "json", "txt")
    ]
    assert len(words[0] & words[2]) > 0.97 * len(words[0])
    assert len(words[1] & words[2]) > 0.97 * len(words[1])


def test_the_archive_comes_through_unchanged_within_seconds(shared_data):
    started = time.process_time()
    entries, _ = read("urbanarchive", shared_data)
    seconds = time.process_time() - started
    expected = [
        (file.name, term, one["definition"], one["example"] or "", one["written_on"], str(one["defid"]))
        for file in sorted((shared_data / "urbanarchive").glob("*.json"))
        for term, every in json.loads(file.read_text(encoding="utf-8")).items()
        for one in every
    ]
    found = [(e.file, e.term, e.definition, e.example, e.date, e.extra["defid"]) for e in entries]
    blank = {row: "" if not row[3].strip() else row[3] for row in expected}
    assert found == [(*row[:3], blank[row], *row[4:]) for row in expected]
    assert seconds < 30


def test_several_meanings_of_a_backtick_line_share_its_row(shared_data):
    entries, bad = read("abbreviations/backtick_slang.txt", shared_data)
    assert [e.definition for e in entries if e.term == ">.<"] == ["Frustrated", "angry", "upset", "in pain"]
    assert len({e.row for e in entries} | {b.row for b in bad}) == 7_661


def test_emojis_are_terms_and_their_names_annotations(shared_data):
    entries, _ = read("kaspercools/genz_emojis.csv", shared_data)
    assert entries[0].term == "💀"
    assert entries[0].extra == {"Name": "Skull"}
    assert not any(re.search("[A-Za-z]", entry.term) for entry in entries)


def test_the_indonesian_standard_form_is_a_meaning_and_its_context_an_example(shared_data):
    entries, _ = read("languages/indonesian.csv", shared_data, language="id")
    entry = entries[2]
    assert (entry.term, entry.definition, entry.category, entry.context) == ("met", "selamat", "abreviasi", "")
    assert entry.example.startswith("Met hari netaas kak")
    assert entry.extra == {"In-dictionary": "1", "category2": "0", "category3": "0"}
    as_pairs, _ = read("languages/indonesian.csv", shared_data, kind="pair")
    assert (as_pairs[2].example, as_pairs[2].plain, as_pairs[2].term) == ("met", "selamat", "")


def test_the_order_of_speakers_in_flat_roles_is_kept(shared_data):
    turns = json.loads((shared_data / "chat/flat_roles.json").read_text(encoding="utf-8"))
    entries, _ = read("chat/flat_roles.json", shared_data)
    assert [turn for entry in entries for turn in json.loads(entry.messages)] == turns


def test_the_fingerprint_of_a_real_folder_is_the_same_twice(shared_data):
    settings = SourceSettings(name="real", path="urbanarchive")
    assert fingerprint(settings, shared_data) == fingerprint(settings, shared_data)
