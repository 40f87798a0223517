"""What only the other rows tell: answers of other rows, cuts, constant answers, drifting dates, copies, conflicts."""

from __future__ import annotations

import random

import pytest

from curation.doctor import diagnose, repair
from curation.doctor.case import plain
from curation.doctor.exchanges import Said, speaks_of
from curation.doctor.row import Row
from curation.doctor.target import Target
from pipelines.doctoring.target import known_templates
from train.base_models import find_base_model, stand_in_tokenizer

THINGS = [
    "rizz",
    "drip",
    "cap",
    "bussin",
    "mid",
    "yeet",
    "bet",
    "slay",
    "simp",
    "stan",
    "sus",
    "tea",
    "vibe",
    "woke",
    "flex",
    "ghost",
    "glow",
    "hype",
    "lit",
    "noob",
    "salty",
]
SAID = ("a way to {0} with style and {1}", "someone who is {0}, but never {1}", "to {0} loudly, mostly at a {1}")
PARTS = [
    "dance",
    "sing",
    "leave",
    "win",
    "lose",
    "argue",
    "shout",
    "eat",
    "party",
    "game",
    "friend",
    "boss",
    "teacher",
    "phone",
    "mirror",
    "car",
    "song",
    "joke",
]
Rows = list[object]


@pytest.fixture(scope="module")
def target() -> Target:
    spec = find_base_model("llama-3.2-1b-instruct")
    return Target(spec.name, stand_in_tokenizer(spec), spec.settings, spec.pad, templates=known_templates())


def chat(asked: str, answered: str, system: str = "") -> dict[str, object]:
    turns = [("system", system)] * bool(system) + [("user", asked), ("assistant", answered)]
    return {"messages": [{"role": role, "content": said} for role, said in turns]}


def good(size: int = 200, seed: int = 3) -> Rows:
    """Questions about made-up words, and answers that name them."""
    chance = random.Random(seed)
    rows: Rows = []
    for number in range(size):
        word = f"{chance.choice(THINGS)}{chance.choice(THINGS)}{number}"
        told = chance.choice(SAID).format(chance.choice(PARTS), chance.choice(PARTS))
        asked = chance.choice(("What does “{0}” mean?", "Explain the slang “{0}”.")).format(word)
        rows.append(
            chat(asked, f"“{word}” means {told}, as {chance.choice(PARTS)} number {chance.randrange(999)} shows.")
        )
    return rows


def answer(row: object) -> str:
    return str(row["messages"][-1]["content"])  # type: ignore[index]


def question(row: object) -> str:
    return str(row["messages"][0]["content"])  # type: ignore[index]


def found(rows: Rows, target: Target) -> list[tuple[int, str]]:
    return [(one.row, one.fault) for one in diagnose(rows, target, ids=False).findings]


def test_good_rows_are_left_alone(target: Target) -> None:
    for seed in (3, 4, 5):
        assert found(good(seed=seed), target) == []


def test_the_answer_of_another_row_is_found_and_leaves(target: Target) -> None:
    rows = good()
    for left, right in ((5, 90), (17, 140)):
        one, other = rows[left], rows[right]
        rows[left], rows[right] = chat(question(one), answer(other)), chat(question(other), answer(one))
    assert found(rows, target) == [(place, "WRONG-TERM") for place in (5, 17, 90, 140)]
    assert {gone.row.row for gone in repair(rows, target).quarantined} == {5, 17, 90, 140}


@pytest.mark.parametrize("step", [1, -1, 2])
def test_answers_that_are_all_shifted_are_put_back(target: Target, step: int) -> None:
    rows = good(60)
    shifted = [chat(question(row), answer(rows[(place - step) % 60])) for place, row in enumerate(rows)]
    mended = [row.value for row in repair(shifted, target).rows]
    assert len(mended) >= 60 - abs(step)
    assert all(row in rows for row in mended)


def test_answers_cut_at_one_length(target: Target) -> None:
    rows = good()
    cut = [place for place in range(0, 200, 10) if len(answer(rows[place])) > 48]
    for place in cut:
        rows[place] = chat(question(rows[place]), answer(rows[place])[:48].rstrip())
    open_ends = {place for place in cut if answer(rows[place])[-1].isalnum()}
    assert len(open_ends) > 10
    assert {place for place, fault in found(rows, target) if fault == "CUT"} == open_ends


def test_answers_cut_where_all_go_on_alike(target: Target) -> None:
    """The parts of words at their ends come again and again, so that none looks like a part."""
    rows = good(80)
    goes_on = " Many people who hear it for the first time take it for something else."
    for place in range(0, 80, 4):
        rows[place] = chat(question(rows[place]), (answer(rows[place]) + goes_on * 3)[:150])
    named = {place for place, fault in found(rows, target) if fault == "CUT"}
    assert named == {place for place in range(0, 80, 4) if answer(rows[place])[-1].isalnum()}
    assert len(named) > 10


@pytest.mark.parametrize(
    "code",
    [
        lambda place: f"{place * 7919 % 10**9:09d}{place * 104729 % 10**9:09d}",
        lambda place: f"+49 30 {place * 7919 % 10**6:06d} {place * 31 % 10**4:04d}",
        lambda place: f"2024-01-05 {place % 24:02d}:{place % 60:02d}:00",
        lambda place: f"{place * 2654435761 % 2**64:016x}",
    ],
)
def test_codes_numbers_and_dates_are_as_long_as_each_other_and_not_cut(target: Target, code) -> None:
    rows = [chat(question(row), code(place)) for place, row in enumerate(good(60))]
    assert {fault for _, fault in found(rows, target)} & {"CUT"} == set()
    assert {fault for _, fault in found([*rows, *good(120)[60:]], target)} & {"CUT"} == set()


def test_a_list_of_answers_as_long_as_each_other_is_not_cut(target: Target) -> None:
    rows = [chat(question(row), f"a term of the group {place % 7} used on phones") for place, row in enumerate(good())]
    assert {fault for _, fault in found(rows, target)} & {"CUT"} == set()


def test_answers_without_a_full_stop_are_not_cut(target: Target) -> None:
    rows: Rows = [chat(question(row), answer(row).rstrip(".")) for row in good()]
    assert [fault for _, fault in found(rows, target)] == []


@pytest.mark.parametrize(
    "said",
    ["https://example.org/rizz", "I'm sorry, but I can't help with that.", "As an AI language model, I have no slang."],
)
def test_an_answer_that_says_nothing(target: Target, said: str) -> None:
    rows = good(40)
    rows[7] = chat(question(rows[7]), said)
    assert (7, "LOW-INFO") in found(rows, target)


def test_one_answer_to_many_prompts_and_labels(target: Target) -> None:
    rows = good()
    for place in range(10, 20):
        rows[place] = chat(question(rows[place]), "It is a slang term used on social media.")
    assert {place for place, fault in found(rows, target) if fault == "LOW-INFO"} == set(range(10, 20))
    labels: Rows = [chat(question(row), ("slang", "not slang")[place % 2]) for place, row in enumerate(good())]
    assert found(labels, target) == []


def test_a_day_in_the_system_prompt_that_changes(target: Target) -> None:
    rows: Rows = [
        chat(question(r), answer(r), f"Today is 2026-03-{n % 27 + 1:02}. Be kind.") for n, r in enumerate(good(40))
    ]
    assert {fault for _, fault in found(rows, target)} == {"SYS-DRIFT"}
    same: Rows = [chat(question(row), answer(row), "Today is 2026-03-01. Be kind.") for row in good(40)]
    assert found(same, target) == []


def test_a_day_that_the_template_printed_is_pinned(target: Target) -> None:
    turns = [{"role": "user", "content": "What is rizz?"}, {"role": "assistant", "content": "Charm."}]
    text = target.render(turns)
    rows: Rows = [{"text": text.replace(target.settings.date_string, "22 Nov 2026")}]
    assert found(rows, target) == [(0, "SYS-DRIFT")]
    assert [row.value for row in repair(rows, target).rows] == [{"text": text}]


def test_copies_are_told_and_stay(target: Target) -> None:
    rows = good(30)
    rows.append(chat(question(rows[4]).upper(), answer(rows[4]) + "!"))
    rows.append(rows[9])
    assert found(rows, target) == [(30, "DUP"), (31, "DUP")]
    assert [row.value for row in repair(rows, target).rows] == rows


def test_answers_that_differ_in_marks_that_matter_are_no_copies(target: Target) -> None:
    assert found([chat("What does 🙂 mean?", "😀"), chat("What does 🙂 mean?", "😢")], target) == [
        (0, "POLYSEMY"),
        (1, "POLYSEMY"),
    ]


def test_questions_about_two_signs_are_two_questions(target: Target) -> None:
    signs = ["@", ";)", "-_-", "^_^", "$$$"]
    assert found([chat(f"What does “{sign}” mean?", f"Sign {at}.") for at, sign in enumerate(signs)], target) == []
    smileys = [":)", "(:", "=)", "=P", ":P", "8-)", "8)", "*$", "*$$"]
    assert found([chat(f"What does {sign} mean?", f"Mood {at // 3}.") for at, sign in enumerate(smileys)], target) == []


@pytest.mark.parametrize(
    ("left", "right", "fault"),
    [
        ("Yes, it is rude.", "No, it is a greeting.", "CONFLICT"),
        ("It is used by older people.", "It is not used by older people.", "CONFLICT"),
        ("It began in 1990 on the radio.", "It began in 2010 on the radio.", "CONFLICT"),
        ("A cigarette.", "To look at somebody for a long time.", "POLYSEMY"),
    ],
)
def test_two_answers_to_one_prompt(target: Target, left: str, right: str, fault: str) -> None:
    rows: Rows = [*good(20), chat("What does “zz” mean?", left), chat("What does “zz” mean?", right)]
    assert found(rows, target) == [(20, fault), (21, fault)]
    assert [row.value for row in repair(rows, target).rows] == rows, "none is dropped in silence"


def test_a_term_on_both_sides_of_a_split(target: Target) -> None:
    rows = good(40)
    train = [Row("train.jsonl", place, 0, row, "train") for place, row in enumerate(rows[:30])]
    test = [Row("test.jsonl", place, 0, row, "test") for place, row in enumerate([*rows[30:], rows[3]])]
    findings = diagnose([*train, *test], target, ids=False).findings
    assert [(one.file, one.row, one.fault) for one in findings] == [("test.jsonl", 10, "LEAK")]
    leaking = {"term": "</3"} | chat("Define it.", "A broken heart.")
    other = {"term": "3"} | chat("Define that.", "A number.")
    both = [Row("train.jsonl", 0, 0, leaking, "train"), Row("test.jsonl", 0, 0, other, "test")]
    assert diagnose(both, target, ids=False).findings == []


def asked_bare(row: object, frame: str) -> object:
    """The row with a question that names its word without quotation marks."""
    return chat(frame.format(question(row).split("“")[1].split("”")[0]), answer(row))


def test_exchanged_answers_are_found_where_a_third_is_and_no_question_quotes(target: Target) -> None:
    frames = ("what is {} in slang", "hey what does {} mean", "please explain {} to my mother")
    rows = [asked_bare(row, frames[place % 3]) for place, row in enumerate(good(90))]
    for place in range(0, 30, 2):
        one, other = rows[place], rows[place + 1]
        rows[place], rows[place + 1] = chat(question(one), answer(other)), chat(question(other), answer(one))
    assert {place for place, fault in found(rows, target) if fault == "WRONG-TERM"} == set(range(30))


def test_an_answer_that_spells_another_rows_initials_is_that_rows(target: Target) -> None:
    spelled = ["what a time to live", "never been so happy", "you only need one", "all my friends left", "see you there bro",
               "good luck with that", "best friends for life", "keep it real man", "too many good ideas", "wish you were here",
               "let us eat now", "no idea at all"]  # fmt: skip
    rows: Rows = [chat(f"What does “{''.join(word[0] for word in one.split()).upper()}” mean?", one) for one in spelled]
    assert found(rows, target) == []
    rows[2], rows[7] = chat(question(rows[2]), answer(rows[7])), chat(question(rows[7]), answer(rows[2]))
    assert found(rows, target) == [(2, "WRONG-TERM"), (7, "WRONG-TERM")]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("oic", "oh i see what you mean"),
        ("idk", "i don t know"),
        ("cu", "see you"),
        ("ttyl", "talk to you later"),
        ("b4n", "bye for now"),
        ("g.o.a.t.", "it is goat"),
    ],
)
def test_an_initialism_is_named_by_the_words_that_it_stands_for_or_sounds_like(name: str, words: str) -> None:
    assert speaks_of(plain(name), Said(words))
    assert not speaks_of(plain(name), Said("a word of praise among close friends"))


def test_answers_that_mention_other_rows_words_are_no_faults(target: Target) -> None:
    rows = good(60)
    names = [question(row).split("“")[1].split("”")[0] for row in rows]
    for place in range(0, 60, 3):
        rows[place] = chat(
            question(rows[place]), f"Nearly what “{names[place - 1]}” means, but said with a smile at {place}."
        )
    assert [place for place, fault in found(rows, target) if fault == "WRONG-TERM"] == []


def test_a_shift_that_begins_inside_a_file_is_put_back(target: Target) -> None:
    rows = good(80)
    shifted = [row if place < 40 else chat(question(row), answer(rows[place - 1])) for place, row in enumerate(rows)]
    mended = [row.value for row in repair(shifted, target).rows]
    assert all(row in rows for row in mended)
    assert len(mended) >= 78


def test_answers_cut_at_one_number_of_tokens(lab: Target) -> None:
    rows, tokens = good(120), 12
    cut = list(range(0, 120, 4))
    for place in cut:
        ids = lab.tokenizer(answer(rows[place]), add_special_tokens=False)["input_ids"][:tokens]
        rows[place] = chat(question(rows[place]), lab.tokenizer.decode(ids).strip())
    named = {place for place, fault in found(rows, lab) if fault == "CUT"}
    open_ends = {place for place in cut if answer(rows[place])[-1].isalnum()}
    assert named <= open_ends
    assert len(named) >= 0.9 * len(open_ends) > 10


def leaking(seed: int = 3) -> list[Row]:
    """Thirty words to train on, of which three are held out too: asked in other words, once without quotation marks."""
    rows = good(40, seed)
    again = [asked_bare(rows[place], "Tell me about the word “{}”.") for place in (3, 4)]
    again.append(asked_bare(rows[5], "what is {} in slang"))
    bare = [asked_bare(row, "what is {} in slang") for row in rows[10:20]]
    train = [Row("train.jsonl", place, 0, row, "train") for place, row in enumerate([*rows[:10], *bare, *rows[20:30]])]
    test = [Row("test.jsonl", place, 0, row, "test") for place, row in enumerate([*rows[30:], *again])]
    return [*test, *train]


def test_a_term_is_moved_to_the_split_with_most_of_its_rows(target: Target) -> None:
    rows = leaking()
    named = [(one.file, one.row) for one in diagnose(rows, target, ids=False).findings if one.fault == "LEAK"]
    assert named == [("test.jsonl", 10), ("test.jsonl", 11), ("test.jsonl", 12)]
    once = repair(rows, target)
    assert not once.quarantined
    assert {row.row for row in once.rows if row.file == "train.jsonl"} == set(range(33))
    assert sorted(map(str, (row.value for row in once.rows))) == sorted(map(str, (row.value for row in rows)))
    again = repair(once.rows, target)
    assert again.rows == once.rows
    assert again.findings == []


def test_a_row_moves_by_the_column_that_tells_its_split(target: Target) -> None:
    rows = [row | {"split": "train"} for row in good(30)]
    rows += [row | {"split": "test"} for row in good(60)[30:]]
    rows.append(asked_bare(rows[2], "Explain “{}” please.") | {"split": "test"})
    once = repair(rows, target)
    assert once.rows[-1].value == rows[-1] | {"split": "train"}
    assert [row.value for row in once.rows[:-1]] == rows[:-1]
    assert [one.fault for one in once.after.findings] == []
