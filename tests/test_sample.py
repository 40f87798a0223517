"""The bundled sample keeps the promises of data/README.md: read here with plain csv and json, none of our readers."""

from __future__ import annotations

import csv
import gzip
import html
import json
import re
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

import pytest

from curation.entry import READ_REASONS

PROJECT = Path(__file__).parents[1]
RAW = PROJECT / "data" / "raw"
EVALUATION = PROJECT / "data" / "evaluation"
README = (PROJECT / "data" / "README.md").read_text(encoding="utf-8")

CASE_EXPRESSIONS = (
    "cancelled",
    "no cap",
    "clout chasing",
    "drip",
    "rizz",
    "hella",
    "pressed",
    "it's giving",
    "red flag",
)
REASONS = {
    "circular_definition",
    "empty_definition",
    "empty_term",
    "exact_duplicate",
    "gibberish",
    "label_issue",
    "offensive",
    "over_long",
    "private_text",
    "same_sense_duplicate",
    "spam",
    "template_text",
    "vanity_name",
    "wrong_language",
}
FLAGS = {
    "contradiction",
    "copied_across_terms",
    "definition_of_another_term",
    "example_lacks_term",
    "example_of_another_term",
    "full_name",
    "masked_private",
    "overlaps_evaluation",
    "same_sense_doubt",
    "voted_down",
}
KINDS = ("mojibake", "entities", "markup", "brackets", "edge_blanks", "quotes", "line_breaks")
REPAIRS = {f"repair:{kind}" for kind in (*KINDS, "control_characters", "unicode")}
NAMES = REASONS | FLAGS | REPAIRS | set(READ_REASONS)
EXPECTED = {"left", "flagged", "repaired", "bad_record", "kept"}

# Faults after which a row says nothing true about its term.
SPOILT = {
    "vanity_name",
    "spam",
    "gibberish",
    "over_long",
    "template_text",
    "circular_definition",
    "empty_definition",
    "wrong_language",
    "private_text",
    "definition_of_another_term",
    "copied_across_terms",
    *READ_REASONS,
}


class Row(NamedTuple):
    file: str
    row: int
    line: int  # 0: the format has no lines
    term: str | None  # None: the record is broken, and only PLANTED.tsv knows what it was to say
    definition: str
    example: str = ""
    context: str = ""


def delimited(name: str, term: str, definition: str, example: str = "", context: str = "", **how: str) -> list[Row]:
    separator, encoding = how.get("separator", ","), how.get("encoding", "utf-8")
    with (RAW / name).open(encoding=encoding, newline="") as file:
        reader = csv.reader(file, delimiter=separator)
        head, line, rows = next(reader), reader.line_num, []
        for record in reader:
            whole = dict(zip(head, record, strict=True)) if len(record) == len(head) else {}
            cells = [whole.get(column, "") for column in (definition, example, context)]
            rows.append(Row(name, len(rows), line + 1, whole.get(term), *cells))
            line = reader.line_num
    return rows


def listed(name: str, separator: str, skip: int = 0) -> list[Row]:
    lines = (RAW / name).read_text(encoding="utf-8").split("\n")
    rows: list[Row] = []
    for number, line in enumerate(lines, 1):
        if number <= skip or not line:
            continue
        term, found, meaning = line.partition(separator)
        rows.append(Row(name, len(rows), number, term if found else None, meaning))
    return rows


def json_lines(name: str) -> list[tuple[int, dict[str, object]]]:
    data = (RAW / name).read_bytes()
    text = (gzip.decompress(data) if name.endswith(".gz") else data).decode("utf-8")
    records = []
    for number, line in enumerate(text.splitlines()):
        try:
            record = json.loads(line)
        except ValueError:
            record = {}
        records.append((number, record if isinstance(record, dict) else {}))
    return records


def street() -> list[Row]:
    words = json.loads((RAW / "street_dictionary.json").read_text(encoding="utf-8"))
    senses = [(word, sense) for word, of_word in words.items() for sense in of_word]
    return [
        Row("street_dictionary.json", number, 0, word, re.sub(r"[\[\]]", "", sense["definition"]), sense["example"])
        for number, (word, sense) in enumerate(senses)
    ]


def wiktextract() -> list[Row]:
    rows = []
    for number, record in json_lines("wiktextract.jsonl"):
        senses = record.get("senses", [{"glosses": [""], "tags": ["slang"]}])
        for sense in senses:
            if "slang" in sense.get("tags", []) and not sense.get("form_of") and not sense.get("alt_of"):
                example = sense.get("examples", [{"text": ""}])[0]["text"]
                rows.append(
                    Row("wiktextract.jsonl", number, number + 1, record.get("word"), sense["glosses"][0], example)
                )
    return rows


def naija() -> list[Row]:
    rows = []
    for number, record in json_lines("naija.jsonl.gz"):
        term, *texts = (record.get(key) for key in ("word", "meaning", "example", "context"))
        cells = [text if isinstance(text, str) else "" for text in texts]
        rows.append(Row("naija.jsonl.gz", number, number + 1, term if isinstance(term, str) else None, *cells))
    return rows


def meanings() -> list[Row]:
    pairs = json.loads((RAW / "meanings.json").read_text(encoding="utf-8"), object_pairs_hook=list)
    return [Row("meanings.json", number, 0, term, meaning or "") for number, (term, meaning) in enumerate(pairs)]


def chats() -> list[Row]:
    conversations = json.loads((RAW / "chat.json").read_text(encoding="utf-8"))
    return [Row("chat.json", number, 0, "", "", json.dumps(chat)) for number, chat in enumerate(conversations)]


def pairs() -> list[Row]:
    """A pair has no term: the column `normal` is read as its definition."""
    rows = delimited("plain_and_slang.csv", "gen_z", "normal", "gen_z")
    return [row._replace(term="" if row.term is not None else None) for row in rows]


def all_rows() -> list[Row]:
    return [
        *delimited("genz_slang.csv", "Slang", "Description", "Example", "Context"),
        *delimited("uk_and_ireland.csv", "term", "meaning", "example", "region", encoding="cp1252"),
        *delimited("around_the_world.csv", "term", "definition", "example", "region"),
        *delimited("bahasa_gaul.csv", "slang", "formal", "context"),
        *delimited("jerga.tsv", "palabra", "significado", "ejemplo", "origen", separator="\t"),
        *delimited("emoji.tsv", "emoji", "Description", separator="\t"),
        *delimited("labelled_sentences.csv", "Keyword", "Label", "Text"),
        *listed("abbreviations.txt", "="),
        *listed("backtick_list.txt", "`", skip=1),
        *street(),
        *wiktextract(),
        *naija(),
        *meanings(),
        *chats(),
        *pairs(),
    ]


ROWS = all_rows()
AT: dict[tuple[str, int], list[Row]] = defaultdict(list)
for one in ROWS:
    AT[one.file, one.row].append(one)
with (RAW / "PLANTED.tsv").open(encoding="utf-8", newline="") as planted_file:
    PLANTED = list(csv.DictReader(planted_file, delimiter="\t"))
FAULTS: dict[tuple[str, int], set[str]] = defaultdict(set)
for plant in PLANTED:
    FAULTS[plant["file"], int(plant["row"])].add(plant["fault"])


def plain(text: str) -> str:
    """One spelling of a text, for comparing: no case, straight apostrophes, single blanks."""
    return " ".join(unicodedata.normalize("NFKC", text).replace("’", "'").casefold().split())


def true_rows() -> list[Row]:
    """Rows that define a term and are right about it."""
    no_terms = {"labelled_sentences.csv", "plain_and_slang.csv", "chat.json"}
    return [
        row
        for row in ROWS
        if row.file not in no_terms and row.term and row.definition.strip() and not FAULTS[row.file, row.row] & SPOILT
    ]


def test_the_sample_defines_at_least_250_terms():
    assert len({plain(row.term or "") for row in true_rows()}) >= 270


def test_at_least_250_terms_have_a_definition_an_example_and_a_context():
    whole = {plain(row.term or "") for row in true_rows() if row.example.strip() and row.context.strip()}
    assert len(whole) >= 250


def test_at_least_40_terms_have_two_senses():
    told_twice = {"exact_duplicate", "same_sense_duplicate", "same_sense_doubt"}
    senses = defaultdict(set)
    for row in true_rows():
        if not FAULTS[row.file, row.row] & told_twice:
            senses[plain(row.term or "")].add(plain(row.definition))
    assert sum(len(texts) >= 2 for texts in senses.values()) >= 45


@pytest.mark.parametrize("expression", CASE_EXPRESSIONS)
def test_every_expression_of_the_cases_first_prompt_is_defined(expression):
    assert expression in {plain(row.term or "") for row in true_rows()}


def test_many_terms_come_from_outside_the_us_and_outside_english():
    abroad = {"uk_and_ireland.csv", "around_the_world.csv", "naija.jsonl.gz"}
    assert len({plain(row.term or "") for row in true_rows() if row.file in abroad}) >= 40
    with (RAW / "around_the_world.csv").open(encoding="utf-8", newline="") as file:
        others = {row["term"] for row in csv.DictReader(file) if not row["language"].startswith("en")}
    assert len(others) >= 30
    scripts = {unicodedata.name(letter).split()[0] for term in others for letter in term if letter.isalpha()}
    assert {"LATIN", "CYRILLIC", "HIRAGANA", "CJK", "HANGUL"} <= scripts


def test_symbols_numbers_and_words_that_look_like_nothing_are_headwords():
    terms = {row.term for row in true_rows()}
    assert {"💀", "😭", "🧢", ":D", ":P", "143", "404", "6-7", "null", "NaN", "None", "True"} <= terms


def test_at_least_30_initialisms_are_spelt_out():
    def spells(row: Row) -> bool:
        first = "".join(word[0] for word in re.findall(r"[\w']+", row.definition)).upper()
        return bool(row.term) and len(row.term or "") >= 2 and first.startswith((row.term or "").upper())

    assert len({row.term for row in true_rows() if spells(row)}) >= 30


def test_every_planted_row_exists_with_its_line_and_its_term():
    for plant in PLANTED:
        rows = AT[plant["file"], int(plant["row"])]
        assert rows, plant
        assert int(plant["line"]) == rows[0].line, plant
        if rows[0].term is None:
            assert plant["expected"] == "bad_record"
            assert plant["term"] in line_of(plant["file"], rows[0].line), plant
        else:
            assert plant["term"] == rows[0].term, plant
        assert plant["expected"] in EXPECTED


def line_of(file: str, line: int) -> str:
    data = (RAW / file).read_bytes()
    text = (gzip.decompress(data) if file.endswith(".gz") else data).decode(
        "cp1252" if file == "uk_and_ireland.csv" else "utf-8"
    )
    return text.split("\n")[line - 1]


def test_the_names_of_planted_faults_are_those_of_the_stages_and_readers():
    assert {fault for fault in planted_faults() if not fault.startswith("control:")} <= NAMES
    assert all((plant["expected"] == "kept") == plant["fault"].startswith("control:") for plant in PLANTED)


def planted_faults() -> Counter[str]:
    return Counter(plant["fault"] for plant in PLANTED)


def test_every_fault_that_a_stage_looks_for_is_planted_three_times_or_more():
    # a record too long to read would weigh more than the whole sample: the readers' own tests make one
    wanted = NAMES - {"record_too_long"}
    assert {fault: count for fault in wanted if (count := planted_faults()[fault]) < 3} == {}


def test_there_are_at_least_40_controls_on_a_dozen_faults():
    controls = [fault for fault in planted_faults().elements() if fault.startswith("control:")]
    assert len(controls) >= 40
    assert len(set(controls)) >= 12


def test_a_related_row_exists_and_is_of_the_same_term_for_duplicates():
    for plant in PLANTED:
        if not plant["related"]:
            continue
        file, row = plant["related"].rsplit(":", 1)
        assert AT[file, int(row)], plant
        if plant["fault"] in ("exact_duplicate", "same_sense_duplicate", "same_sense_doubt"):
            assert key(AT[file, int(row)][0].term) == key(plant["term"]), plant
        if plant["fault"].endswith("_of_another_term"):
            assert key(AT[file, int(row)][0].term) != key(plant["term"]), plant


def key(term: str | None) -> str:
    """A term without case, entities, edge blanks and what nobody sees."""
    shown = "".join(letter for letter in term or "" if unicodedata.category(letter) not in ("Cf", "Cc"))
    return plain(html.unescape(shown))


def test_no_text_is_repeated_under_one_term_unless_it_is_planted():
    seen: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in true_rows():
        if not FAULTS[row.file, row.row] & {"exact_duplicate", "same_sense_duplicate"}:
            seen[plain(row.term or ""), plain(row.definition).rstrip(".")].append(row)
    assert {where: rows for where, rows in seen.items() if len(rows) > 1} == {}


def test_about_one_label_in_twelve_is_turned_round():
    with (RAW / "labelled_sentences.csv").open(encoding="utf-8", newline="") as file:
        labels = Counter(row["Label"] for row in csv.DictReader(file))
    assert set(labels) == {"slang", "non-slang"}
    assert 0.06 <= planted_faults()["label_issue"] / labels.total() <= 0.10


def test_uk_and_ireland_is_cp1252_and_not_utf8():
    data = (RAW / "uk_and_ireland.csv").read_bytes()
    assert "craic" in data.decode("cp1252")
    with pytest.raises(UnicodeDecodeError):
        data.decode("utf-8")


def test_the_readme_names_every_file_with_its_number_of_records_and_of_faults():
    counts = Counter(file for file, _ in AT)
    for path in RAW.iterdir():
        assert f"`{path.name}`" in README
    counts["wiktextract.jsonl"] = len(json_lines("wiktextract.jsonl"))
    stated = dict(re.findall(r"^\| `(\w+\.[\w.]+)` \|.*?\| (\d+) \|", README, flags=re.MULTILINE))
    assert {file: str(count) for file, count in counts.items()} == stated
    table = dict(re.findall(r"`([\w:]+)` \| (\d+) \|", README.partition("| fault | rows |")[2]))
    assert table == {fault: str(count) for fault, count in planted_faults().items() if not fault.startswith("control:")}


def test_planted_overlaps_hold_a_sentence_of_the_evaluation():
    sentences = [plain(item["text"]) for name in ("prompts", "questions") for item in evaluation(name)]
    case = plain("Justin got cancelled yesterday, no cap.")
    for plant in PLANTED:
        if plant["fault"] == "overlaps_evaluation":
            row = AT[plant["file"], int(plant["row"])][0]
            text = plain(row.example + " " + row.definition)
            assert case in text or any(sentence.rstrip(".") in text for sentence in sentences), plant


def evaluation(name: str) -> list[dict[str, str]]:
    items: list[dict[str, str]] = json.loads((EVALUATION / f"{name}.json").read_text(encoding="utf-8"))
    return items


def test_the_two_prompts_of_the_case_are_there_and_ask_for_its_nine_expressions():
    first, second = json.loads((EVALUATION / "prompts.json").read_text(encoding="utf-8"))
    assert (first["id"], second["id"]) == ("case-1", "case-2")
    assert [expression["term"] for expression in first["expressions"]] == list(CASE_EXPRESSIONS)
    assert all(plain(expression) in plain(first["text"]) for expression in CASE_EXPRESSIONS)


def test_every_question_holds_its_expressions_with_ideas():
    questions = json.loads((EVALUATION / "questions.json").read_text(encoding="utf-8"))
    assert len({question["id"] for question in questions}) == len(questions) >= 40
    for question in questions:
        for expression in question["expressions"]:
            assert expression["ideas"]
            words = set(re.findall(r"\w+", plain(expression["term"])))
            assert words & set(re.findall(r"\w+", plain(question["text"]))), question["id"]
