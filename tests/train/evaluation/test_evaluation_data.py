"""The evaluation's own texts: of the right shape, in plain English, healthy, and nobody else's."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from curation.decontaminate import EvaluationIndex, words_of
from train.evaluation.expressions import explained
from train.evaluation.format_health import faults
from train.evaluation.slang_words import slang_in, slang_terms
from train.evaluation.wording import plainly


@pytest.fixture(scope="module")
def read(project):
    def read(name):
        return json.loads((project / "data" / "evaluation" / f"{name}.json").read_text(encoding="utf-8"))

    return read


@pytest.fixture(scope="module")
def prompts(read):
    return read("general_prompts")


@pytest.fixture(scope="module")
def answers(read):
    return read("general_answers")


@pytest.fixture(scope="module")
def plain(read):
    return read("plain_english")


@pytest.fixture(scope="module")
def ours(prompts, answers, plain):
    """Every sentence of the three files, by a name that says where it stands."""
    sentences = {item["id"]: item["text"] for item in [*prompts, *answers, *plain]}
    return sentences | {f"{item['id']} plain": item["plain"] for item in plain}


# ---------------------------------------------------------------- shape


def test_ids_are_numbered_and_keys_are_as_the_readme_says(prompts, answers, plain):
    for items, letter, count, keys in (
        (prompts, "g", 40, {"id", "text"}),
        (answers, "a", 100, {"id", "prompt", "text"}),
        (plain, "p", 30, {"id", "text", "plain", "expressions"}),
    ):
        assert [item["id"] for item in items] == [f"{letter}-{number:03}" for number in range(1, count + 1)]
        assert all(set(item) == keys for item in items)


def test_nothing_is_asked_or_answered_twice(read, ours, answers):
    asked = [item["prompt"] for item in answers] + [item["text"] for item in [*read("prompts"), *read("questions")]]
    times = Counter(words_of(text) for text in [*ours.values(), *asked])
    assert [words for words, count in times.items() if count > 1] == []


def test_texts_are_clean(ours, answers):
    for name, text in [*ours.items(), *((f"{item['id']} asked", item["prompt"]) for item in answers)]:
        assert text == " ".join(text.split()), name
        assert not re.search(r'["’‘`…]|\.\.|<|\|', text), f"{name}: straight apostrophes, curly double quotes: {text}"
        assert text.count("“") == text.count("”"), name


# ---------------------------------------------------------------- general answers and prompts


def test_a_general_answer_is_one_to_four_whole_sentences(answers):
    for item in answers:
        assert 40 <= len(item["text"]) <= 400, item["id"]
        assert item["text"].endswith((".", "”")), item["id"]
        assert 1 <= len(re.findall(r"[.!?]”?(?= |$)", item["text"])) <= 4, item["id"]


def test_general_answers_begin_in_many_ways(answers):
    starts = Counter(" ".join(item["text"].split()[:2]) for item in answers)
    assert max(starts.values()) <= 3, starts.most_common(3)


def test_our_own_answers_are_healthy(answers, plain):
    for item in answers:
        assert faults(item["text"], prompt=item["prompt"], ended=True) == [], item["id"]
    for item in plain:
        assert faults(item["plain"], prompt=plainly(item["text"]), ended=True) == [], item["id"]


def test_what_is_general_or_plain_holds_no_slang(prompts, answers, plain):
    texts = [item["text"] for item in [*prompts, *answers]] + [item["prompt"] for item in answers]
    assert {text: found for text in [*texts, *(item["plain"] for item in plain)] if (found := slang_in(text))} == {}


# ---------------------------------------------------------------- plain English


def test_every_expression_stands_in_its_sentence_and_our_translation_explains_it(plain):
    for item in plain:
        terms = [expression["term"] for expression in item["expressions"]]
        assert terms, item["id"]
        assert all(term in item["text"] and term.casefold() not in item["plain"].casefold() for term in terms)
        assert explained(item["plain"], plainly(item["text"]), item["expressions"]) == terms, item["id"]


@pytest.mark.parametrize(
    "answer", ["{text}", "“{text}” means that.", "It is a term used on social media for a person."]
)
def test_an_answer_that_says_nothing_explains_nothing(plain, answer):
    for item in plain:
        said = answer.format(text=item["text"])
        assert explained(said, plainly(item["text"]), item["expressions"]) == [], item["id"]


# ---------------------------------------------------------------- nobody else's


def test_no_sentence_is_in_the_sample(ours, project):
    assert overlaps(ours, (project / "data" / "raw").iterdir()) == {}


def test_no_sentence_is_in_data_that_people_published(ours, shared_data):
    kinds = {".csv", ".json", ".jsonl", ".txt"}  # of the dump, which would take ten seconds, one letter
    files = [path for path in shared_data.rglob("*") if path.suffix in kinds and path.stem not in set("ABCDEFHIJKLM")]
    assert len(files) > 10
    assert overlaps(ours, files) == {}


def overlaps(ours, files):
    """Evaluation id → a line that overlaps it, as `decontaminate` judges; fields of a line are judged one by one."""
    index = EvaluationIndex(ours, run=8, near=0.7)
    found = {}
    for path in files:
        for line in text_of(path).splitlines():
            if (item := index.item_of(re.split(r'[\t`|=]|","|": "', line))) and words_of(ours[item]):
                found[item] = f"{path.name}: {line[:200]}"
    return found


def text_of(path):
    import gzip

    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return data.decode("utf-8", "replace")


# ---------------------------------------------------------------- slang in answers that should have none


def test_slang_is_found_as_whole_words_in_any_case_and_spelling():
    assert slang_in("NO CAP, she glowed. A real Glow-up! Nocap.") == ["no cap", "glow up"]
    assert slang_in("That soup was bussin’ and bussin.") == ["bussin'", "bussin"]
    assert slang_in("Main character energy from the yass-queen") == ["main character energy", "yass"]


@pytest.mark.parametrize(
    "text",
    [
        "The fire is out, put a cap on the bottle and mind the drip.",
        "Simply put, the lolly melted; a hellacious omgah simpleton said so.",
        "Its main character is an early riser who lives rent-free.",
        "Sus amigos viven en Stan.",
        "",
    ],
)
def test_plain_words_are_no_slang(text):
    assert slang_in(text) == []


def test_the_slang_list_is_sorted_lower_case_and_without_repeats():
    terms = slang_terms()
    assert len(terms) >= 150
    assert [term for term in terms if term != term.lower() or term != " ".join(term.split())] == []
    assert list(terms) == sorted(set(terms))
    assert {slang_in(f"so {term} then")[0] for term in terms} == set(terms)
