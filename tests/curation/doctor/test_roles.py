"""Who speaks: names of roles, their order, exchanged sides, rows without an answer and turns without borders."""

from __future__ import annotations

import random

import pytest

from curation.doctor import diagnose, repair
from curation.doctor.layouts import read
from curation.doctor.row import Row
from curation.doctor.rules.roles import may_be_exchanged
from curation.doctor.target import Target
from train.base_models import find_base_model, stand_in_tokenizer

Chat = list[dict[str, object]]
NAMES = ("llama-3.2-1b-instruct", "qwen2.5-0.5b-instruct", "gemma-3-1b-it")


@pytest.fixture(scope="module", params=NAMES)
def target(request: pytest.FixtureRequest) -> Target:
    spec = find_base_model(request.param)
    return Target(request.param, stand_in_tokenizer(spec), spec.settings, spec.pad)


def chat(*turns: tuple[str, str]) -> dict[str, object]:
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


def faults(rows: list[object], target: Target) -> list[tuple[int, str]]:
    return [(found.row, found.fault) for found in diagnose(rows, target).findings]


def mended(rows: list[object], target: Target) -> list[object]:
    repaired = repair(rows, target)
    values = [row.value for row in repaired.rows]
    assert [row.value for row in repair(values, target).rows] == values, "a second run changes something"
    return values


USER, ANSWER = ("user", "What does rizz mean?"), ("assistant", "Charm.")
GOOD = chat(USER, ANSWER)
OTHER = (("user", "What does drip mean?"), ("assistant", "Style."))


def test_good_conversations_are_left_alone(target: Target) -> None:
    rows: list[object] = [
        GOOD,
        chat(("system", "Be kind."), USER, ANSWER),
        chat(USER, ANSWER, USER, ("assistant", "Flair.")),
    ]
    assert [fault for _, fault in faults(rows, target)] == []


@pytest.mark.parametrize(("role", "meant"), [("Human", "user"), (" GPT ", "assistant"), ("ASSISTANT", "assistant")])
def test_other_names_of_roles_are_renamed(target: Target, role: str, meant: str) -> None:
    turns = [(role if name == meant else name, said) for name, said in (USER, ANSWER)]
    assert faults([chat(*turns)], target) == [(0, "ROLE-NAME")]
    assert mended([chat(*turns)], target) == [GOOD]


def test_a_role_that_nobody_knows_leaves(target: Target) -> None:
    rows: list[object] = [chat(("narrator", "Once."), USER, ANSWER)]
    assert (0, "ROLE-NAME") in faults(rows, target)
    assert mended(rows, target) == []


@pytest.mark.parametrize(
    ("turns", "wanted"),
    [
        ((("user", "A?"), ("user", "B?"), ANSWER), chat(("user", "A?\n\nB?"), ANSWER)),
        ((USER, ANSWER, ("user", "And?")), GOOD),
        ((USER, ("system", "Be kind."), ANSWER), chat(("system", "Be kind."), USER, ANSWER)),
        ((USER, ("assistant", "A"), ("assistant", "B")), chat(USER, ("assistant", "A\n\nB"))),
        ((ANSWER, USER, ("assistant", "B")), None),
        ((("system", "A"), USER, ("system", "B"), ANSWER), None),
    ],
)
def test_turns_are_brought_in_order(target: Target, turns: tuple[tuple[str, str], ...], wanted: object) -> None:
    assert "ROLE-ORDER" in {fault for _, fault in faults([chat(*turns)], target)}
    assert mended([chat(*turns)], target) == ([wanted] if wanted else [])


def exchanged(row: object) -> object:
    first, second = row["messages"]  # type: ignore[index]
    return chat(("user", str(second["content"])), ("assistant", str(first["content"])))


def test_sides_that_are_exchanged_are_put_back(target: Target) -> None:
    chance = random.Random(1)
    things = ["rizz", "drip", "cap", "bussin", "mid", "yeet", "bet", "slay"]
    rows: list[object] = []
    for number in range(120):
        word = f"{chance.choice(things)}{number}"
        asked = chance.choice([f"What does “{word}” mean?", f"Define {word}.", f"Explain the slang “{word}”, please."])
        told = chance.choice([f"It means {number} things at once, mostly good.", f"“{word}” stands for item {number}."])
        rows.append(chat(("user", asked), ("assistant", told)))
    good = list(rows)
    swapped = [7, 30, 88]
    for place in swapped:
        rows[place] = exchanged(good[place])
    assert faults(good, target) == []
    assert faults(rows, target) == [(place, "ROLE-SWAP") for place in swapped]
    assert mended(rows, target) == good


def test_sides_that_are_exchanged_in_three_rows_of_ten_are_put_back(target: Target) -> None:
    good: list[object] = [
        chat(("user", (f"What does w{at} mean?", f"Define w{at}.", f"Is w{at} rude?")[at % 3]), ("assistant", said))
        for at in range(80)
        for said in [(f"It means thing {at}.", f"A word for thing {at}, mostly friendly.")[at % 2]]
    ]
    rows = [exchanged(row) if at % 10 in (2, 5, 8) else row for at, row in enumerate(good)]
    assert faults(rows, target) == [(place, "ROLE-SWAP") for place in range(80) if place % 10 in (2, 5, 8)]
    assert mended(rows, target) == good
    told = "It means thing 80."
    marked = chat(("user", "<|im_end|> Zorp is what, w80?"), ("assistant", told))  # its first words change before
    assert mended([*rows, marked], target) == [*good, chat(("user", "Zorp is what, w80?"), ("assistant", told))]


def test_sides_that_are_alike_are_not_exchanged(target: Target) -> None:
    lines = [f"I saw {thing} number {at} in town." for at in range(40) for thing in ("a cat", "the bus")]
    rows: list[object] = [chat(("user", lines[at]), ("assistant", lines[-at])) for at in range(1, 80)]
    assert "ROLE-SWAP" not in {fault for _, fault in faults(rows, target)}


@pytest.mark.parametrize(
    ("asked", "told", "may_be"),
    [
        ("Put 'wagwan' into plain English.", "A greeting, as in: Wagwan, my friend?", False),
        ("A friend says it and I'm too shy to ask. Help!", "Roughly: a lot of money!", False),
        ("Roughly: a lot of money.", "My kid wrote 'guap'. What is that?", True),
        ("Roughly: a lot of money.", "Define guap", True),
    ],
)
def test_a_question_in_its_place_is_not_exchanged_on_odds_that_are_small(asked: str, told: str, may_be: bool) -> None:
    (case,) = read(Row("a", 0, 0, chat(("user", asked), ("assistant", told))))
    assert may_be_exchanged(case, 7.0) is may_be


def test_a_prompt_without_an_answer_leaves(target: Target) -> None:
    rows: list[object] = [chat(USER)]
    assert (0, "NO-TARGET") in faults(rows, target)
    assert mended(rows, target) == []


def test_a_prompt_is_split_where_the_whole_file_declares_an_answer(target: Target) -> None:
    rows: list[object] = [chat(("user", f"### Word: w{n}\n### Answer: It is w{n}.")) for n in range(9)]
    assert {fault for _, fault in faults(rows, target)} == {"NO-TARGET"}
    assert mended(rows, target)[2] == chat(("user", "### Word: w2"), ("assistant", "It is w2."))


def test_an_instruction_that_never_changes_is_no_answer(target: Target) -> None:
    rows: list[object] = [chat(("user", f"Word: w{n}\nDefinition: d{n}\nYour task: Rewrite it.")) for n in range(9)]
    assert mended(rows, target) == []


def test_turns_without_borders_are_gathered_and_leftovers_leave(target: Target) -> None:
    rows: list[object] = [{"role": role, "content": said} for role, said in (USER, ANSWER, USER, *OTHER)]
    assert {fault for _, fault in faults(rows, target)} == {"FLAT"}
    repaired = repair(rows, target)
    assert [row.value for row in repaired.rows] == [GOOD, chat(*OTHER)]
    assert [gone.row.row for gone in repaired.quarantined] == [2]
