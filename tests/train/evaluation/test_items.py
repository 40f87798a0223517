"""What is asked: right beyond doubt, wrong beyond doubt, and the same for every model."""

from __future__ import annotations

import re
from dataclasses import replace

import pandas as pd
import pytest

from curation.chat.phrasings import PROMPTS
from curation.decontaminate import grams, words_of
from train.build_folder import BuildFolder, read_build
from train.errors import TrainError
from train.evaluation import items as items_module
from train.evaluation import wording
from train.evaluation.distractors import Candidate, choices
from train.evaluation.items import evaluation_file, make_items
from train.evaluation.terms import GAP, Terms, askable, with_gap


@pytest.fixture(scope="module")
def build(small_build):
    return read_build(small_build)


@pytest.fixture(scope="module")
def full(build):
    return make_items(build, "full", 3407)


def changed(build, **columns):
    """The same build with other values in some columns of its entries."""

    class Changed(BuildFolder):
        def entries(self):
            return super().entries().assign(**columns)

    return Changed(build.folder, build.name, build.manifest, build.sha256)


def test_the_same_seed_gives_the_same_items_and_another_seed_others(build):
    first, again, other = (make_items(build, "quick", seed) for seed in (1, 1, 2))
    assert first == again
    assert first.sha256 == again.sha256
    assert first.sha256 != other.sha256


def test_suites_of_the_same_build_have_different_hashes(build):
    assert len({make_items(build, suite, 1).sha256 for suite in items_module.SUITES}) == 3


def test_the_right_choice_is_the_entry_s_definition_and_the_wrong_ones_are_of_other_terms_on_its_side(build, full):
    entries = build.entries().set_index("id")
    said = [wording.said(text) for text in entries["definition"]]
    owner = dict(zip(said, entries["term_key"], strict=True))
    split = dict(zip(said, entries["split"], strict=True))
    assert len(full.choices) == 22
    for one in full.choices:
        assert one.choices[one.gold] == wording.said(entries.loc[one.id, "definition"])
        assert len(set(one.choices)) == 4
        assert len({owner[text] for text in one.choices}) == 4
        assert {split[text] == "train" for text in one.choices} == {one.side == "trained"}
        assert one.question == f"What does “{entries.loc[one.id, 'term']}” mean?"


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        ("Just kidding", "“just kidding”"),
        ("Facebook chat", "“Facebook chat”"),
        ("I miss you", "“I miss you”"),
        ('It means "cool".', "“it means ‘cool’.”"),
        ("“Just kidding”", "“just kidding”"),
    ],
)
def test_a_definition_is_offered_as_a_person_says_it(definition, said):
    assert wording.said(definition) == said


def test_bare_definitions_are_asked_in_the_same_questions(full):
    assert [(one.id, one.question, one.gold) for one in full.bare] == [
        (one.id, one.question, one.gold) for one in full.choices
    ]
    assert [tuple(map(wording.said, one.choices)) for one in full.bare] == [one.choices for one in full.choices]


def test_held_out_definitions_are_told_in_no_answer_s_frame_too(build, full):
    bare = {one.cluster: one.answer for one in full.told if one.group == "plain_definition"}
    entries = build.entries()
    assert bare == {row.term_key: row.definition for row in entries[entries["split"] != "train"].itertuples()}


def test_every_wrong_choice_is_right_elsewhere_so_that_it_is_scored_alone_once(full):
    right = {one.choices[one.gold] for one in full.choices}
    assert {text for one in full.choices for text in one.choices} == right


def test_the_place_of_the_right_choice_is_no_clue(full):
    assert {one.gold for one in full.choices} == {0, 1, 2, 3}


def test_terms_that_can_be_kept_to_are_kept_to(build):
    asked = make_items(build, "experiment", 1, trained_terms={"rizz", "drip", "bussin", "salty"}).choices
    assert {one.cluster for one in asked if one.side == "trained"} == {"rizz", "drip", "bussin", "salty"}
    assert {one.side for one in asked} == {"trained", "held_out"}


def test_a_definition_of_a_similar_sense_is_no_distractor():
    gold = Candidate("1", "hyped", "full of excitement about it", ("eager",))
    similar = Candidate("2", "stoked", "great excitement")
    other_sense = Candidate("3", "keen", "eager")
    fitting = [
        Candidate(str(n), f"t{n}", text) for n, text in enumerate(("a slow car", "bad weather", "to run away"), 4)
    ]
    texts, place = choices(gold, [gold, similar, other_sense, *fitting], seed=1)
    assert texts[place] == gold.text
    assert {*texts} == {gold.text, *(one.text for one in fitting)}


def test_a_definition_cannot_be_told_by_its_length_while_others_are_there():
    gold = Candidate("1", "gold", "short words")
    near = [Candidate(str(n), f"t{n}", text) for n, text in enumerate(("bad weather", "a slow car", "my old shoe"), 2)]
    far = [Candidate(str(n), f"u{n}", f"{word} " * 5) for n, word in enumerate(("mouse", "house", "table"), 20)]
    for seed in range(20):
        texts, _ = choices(gold, [*far, *near], seed)
        assert {*texts} == {gold.text, *(one.text for one in near)}


def test_too_few_wrong_answers_make_no_question():
    one, two = Candidate("1", "a", "one thing"), Candidate("2", "b", "another matter")
    assert choices(one, [one, two], seed=1) is None


@pytest.mark.parametrize(
    ("definition", "term", "good"),
    [
        ("charm", "rizz", True),
        ("a lot of rizz", "rizz", False),
        ("No Cap at all", "no cap", False),
        ("capital letters", "cap", True),
        ("", "rizz", False),
        ("...", "rizz", False),
        ("very " * 50, "hella", False),
    ],
)
def test_definitions_that_give_themselves_away_or_are_too_long_are_not_asked(definition, term, good):
    assert askable(definition, term) is good


@pytest.mark.parametrize(
    ("sentence", "term", "shown"),
    [
        ("I was  AFK for an hour.", "AFK", f"I was {GAP} for an hour."),
        ("No cap, that was really good.", "no cap", f"{GAP}, that was really good."),
        ("He capped the bottle with a cap.", "cap", f"He capped the bottle with a {GAP}."),
        ("Cap, cap, all of it is cap.", "cap", ""),  # more than one gap
        ("He has some rizzing to do there.", "rizz", ""),  # not there as a word
        ("So much rizz.", "rizz", ""),  # too little to go by
        ("What is up with C++ these days?", "C++", f"What is up with {GAP} these days?"),
        ("Is that 100 % (really) true now?", "(really)", f"Is that 100 % {GAP} true now?"),
    ],
)
def test_a_gap_stands_where_the_term_was(sentence, term, shown):
    assert with_gap(sentence, term) == shown


def test_doubted_definitions_are_neither_right_nor_wrong(build):
    table = build.entries()
    doubted = changed(build, flags=[["definition_of_another_term"] if term == "rizz" else [] for term in table["term"]])
    texts = {text for one in make_items(doubted, "full", 1).bare for text in one.choices}
    assert "charm that makes people like you" not in texts
    assert len(texts) == 21


def test_what_no_conversation_was_made_of_is_not_asked(build):
    table = build.entries()
    unused = changed(build, conversations=[[] if term == "rizz" else ["x"] for term in table["term"]])
    assert "rizz" not in {one.cluster for one in make_items(unused, "full", 1).choices}


def test_a_build_with_too_few_terms_is_one_line(build):
    table = build.entries()
    with pytest.raises(TrainError, match="no four definitions in it are short, undoubted and different enough"):
        make_items(changed(build, conversations=[["x"] if n < 3 else [] for n in range(len(table))]), "quick", 1)


def test_another_sense_of_the_term_is_a_reference_and_never_wrong(build):
    table = build.entries()
    second = table.iloc[[0]].assign(id="f" * 16, definition="smooth talk")

    class TwoSenses(BuildFolder):
        def entries(self):
            return pd.concat([table, second], ignore_index=True)

    terms = Terms.read(TwoSenses(build.folder, build.name, build.manifest, build.sha256), 1)
    both = {"smooth talk", "charm that makes people like you"}
    (rizz,) = [one for one in terms.definitions("trained") if one.cluster == "rizz"]
    assert {rizz.text, *rizz.also_right} == both
    items = make_items(TwoSenses(build.folder, build.name, build.manifest, build.sha256), "full", 1)
    assert sum(bool(both & {*one.choices}) and one.cluster == "rizz" for one in items.bare) == 1
    assert all(len(both & {*one.choices}) <= 1 for one in items.bare)
    (prompt,) = [one for one in items.prompts if one.group == "definition" and one.cluster == "rizz"]
    assert {*prompt.references} == both


def test_the_cases_prompts_are_asked_word_for_word(full):
    cases = {one.id: one.text for one in full.prompts if one.group == "case"}
    assert cases["case-1"].startswith("What is the meaning of this sentence, “Justin got cancelled yesterday, no cap.")
    assert cases["case-2"] == ("What is the best way to study and gain knowledge about machine learning in a fast way?")


def test_the_unseen_wording_is_none_that_conversations_are_made_with():
    term = "zizzle"
    known = [
        prompt.format(quoted=f"“{term}”", slang="slang", sentence="“x”") for many in PROMPTS.values() for prompt in many
    ]
    assert wording.usual(term) in known
    unseen = grams(words_of(wording.unseen(term)), 4)
    assert not any(unseen & grams(words_of(prompt), 4) for prompt in known)
    assert not any(prompt.split(" {")[0] in wording.unseen(term) for many in PROMPTS.values() for prompt in many)


def test_amounts_of_the_suites_are_those_that_they_promise(build):
    quick, experiment = make_items(build, "quick", 1), make_items(build, "experiment", 1)
    assert {one.group for one in quick.prompts} == {"case", "definition"}
    assert all(one.cap == 48 for one in quick.prompts if one.group == "definition")
    assert not quick.told
    assert not quick.cloze
    counts = {group: sum(one.group == group for one in experiment.prompts) for group in ("case", "question", "general")}
    assert counts == {"case": 2, "question": 42, "general": 12}
    assert {one.group for one in experiment.told} == {"held_out", "plain_definition", "general"}
    assert all(one.id.endswith("define_term") for one in experiment.told if one.group == "held_out")


def test_a_limit_keeps_some_of_every_kind_and_is_another_set_of_items(full):
    few = full.limited(2)
    assert few.sha256 != full.sha256
    assert {one.side for one in few.choices} == {"trained", "held_out"}
    assert len(few.choices) == 4
    assert {one.group for one in few.prompts} == {"case", "question", "general", "plain", "definition"}


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("[{", "Invalid JSON"),
        ('[{"id": "x"}]', "0.text: Field required"),
        ('[{"id": "x", "text": 5}]', "0.text: Input should be a valid string"),
        ('[{"id": "x", "text": "y"}]', "x: no expressions"),
        (None, "No such file"),
    ],
)
def test_a_damaged_evaluation_file_is_one_line(tmp_path, monkeypatch, content, fault):
    monkeypatch.setattr(items_module, "EVALUATION", tmp_path)
    if content is not None:
        (tmp_path / "prompts.json").write_text(content, encoding="utf-8")
    with pytest.raises(TrainError, match=re.escape(fault)) as caught:
        evaluation_file("prompts.json", "expressions")
    assert "\n" not in str(caught.value)


def test_items_do_not_change_with_the_order_of_rows(build, full):
    class Turned(BuildFolder):
        def entries(self):
            return super().entries().iloc[::-1].reset_index(drop=True)

    turned = make_items(Turned(build.folder, build.name, build.manifest, build.sha256), "full", 3407)
    assert turned == replace(full)
