"""What each step of the ladder trains on: made from real rows, with the real stages that need no model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from toy_recipe import QUESTION, STAGES, write_recipe

from curation.normalize import term_key
from curation.pairing import TextPairing
from curation.people.decided import question_key
from curation.people.decisions import Settled
from curation.templates import IGNORED
from pipelines.experiments.arms import Arm, encode_lines, make_arms, read_lines, write_lines
from pipelines.experiments.columns import Column, ladder_columns, varied_columns
from pipelines.experiments.figures import Finished, before
from pipelines.experiments.glue import glued_messages
from pipelines.experiments.ground import Ground, Untouchable, lay_ground, untouchable, write_curated
from pipelines.experiments.replay import Replayed, without_evaluation
from pipelines.experiments.steps import LADDER, ExperimentError, find_step, in_order
from pipelines.recipe import load_recipe
from pipelines.terminal import Terminal
from train.base_models import LoadedTokenizer, load_tokenizer

pytestmark = pytest.mark.xdist_group("experiment-arms")


@pytest.fixture(scope="module")
def loaded() -> LoadedTokenizer:
    return load_tokenizer("llama-3.2-1b-instruct")


class World:
    """One experiment's data side."""

    def __init__(self, folder: Path, recipe: Path, loaded: LoadedTokenizer) -> None:
        self.folder = folder
        self.ground: Ground = lay_ground(
            load_recipe(recipe),
            "llama-3.2-1b-instruct",
            loaded,
            cache=folder / "cache",
            limit=None,
            terminal=Terminal(quiet=True),
        )
        self.curated = write_curated(self.ground, folder / "build")
        self.never: Untouchable = untouchable(self.ground, self.curated)

    def arms(self, *names: str, replay: Replayed | None = None) -> dict[str, Arm]:
        steps = in_order(names) if names else list(LADDER)
        replay = replay or Replayed(not_run="the recipe names no replay")
        made = make_arms(steps, self.ground, self.curated, self.never, replay=replay, folder=self.folder / "steps")
        return {arm.step.name: arm for arm in made}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, project: Path, loaded: LoadedTokenizer) -> World:
    folder = tmp_path_factory.mktemp("arms")
    return World(folder, write_recipe(folder, project), loaded)


@pytest.fixture(scope="module")
def arms(world: World) -> dict[str, Arm]:
    return world.arms()


def lines(arm: Arm) -> list[dict[str, Any]]:
    assert arm.file
    return read_lines(arm.file)


def test_the_curated_step_trains_on_the_recipes_own_build(world: World, arms: dict[str, Arm]) -> None:
    assert arms["curated"].file
    assert arms["curated"].file.read_bytes() == (world.folder / "build" / "chat" / "train.jsonl").read_bytes()


def test_no_step_trains_on_a_term_that_is_asked_about(world: World, arms: dict[str, Arm]) -> None:
    build = world.curated.kept
    held_out = set(build["term_key"][build["split"] != "train"])
    assert len(held_out) >= 10
    for name in ("glued", "raw", "conversations", "deduplicated", "curated"):
        assert arms[name].counts["rows_of_held_out_terms"] >= len(held_out), name
        assert not held_out & {term_key(line["term"]) for line in lines(arms[name])}, name


def test_no_step_trains_on_a_sentence_of_the_evaluation(arms: dict[str, Arm]) -> None:
    for name in ("glued", "raw", "conversations", "deduplicated", "curated"):
        assert QUESTION not in "".join(map(str, lines(arms[name]))), name
    assert arms["raw"].counts["rows_overlapping_the_evaluation"] == 1


def test_a_raw_answer_is_the_cells_as_they_are_pasted_together(arms: dict[str, Arm]) -> None:
    said = {line["term"]: line["messages"] for line in lines(arms["raw"])}
    user, assistant = said["rizzler"]
    assert user == {"role": "user", "content": "What does rizzler mean?"}
    assert assistant["content"] == "This is a A word of TikTok.. one with charm."


def test_the_step_without_a_template_has_the_words_of_the_raw_step(arms: dict[str, Arm]) -> None:
    pasted = [" ".join(turn["content"] for turn in line["messages"]) for line in lines(arms["raw"])]
    assert [line["text"] for line in lines(arms["glued"])] == pasted


def test_each_step_removes_what_it_says(arms: dict[str, Arm]) -> None:
    rows = [arms[name].counts["rows"] for name in ("conversations", "deduplicated", "curated")]
    assert rows[0] > rows[1] > rows[2]
    terms = {name: {line["term"] for line in lines(arms[name])} for name in ("conversations", "curated")}
    assert "blorp" in terms["conversations"] - terms["curated"]


def test_what_cannot_be_run_says_why(arms: dict[str, Arm]) -> None:
    assert arms["decided"].not_run == "no decisions in data/reviews yet"
    assert arms["replay"].not_run == "the recipe names no replay"
    assert arms["replay"].file is None


def test_what_people_decided_is_a_step_of_its_own(world: World, arms: dict[str, Arm]) -> None:
    rows_of = world.curated.kept["term"].value_counts()
    term = next(line["term"] for line in lines(arms["curated"]) if rows_of[line["term"]] == 1)
    row = world.curated.kept[world.curated.kept["term"] == term].iloc[0]
    key = question_key("definition_of_another_term", (row["term_key"], row["definition"]))
    said = {key: Settled("definition_of_another_term", "elsewhere", 0.9, (("elsewhere", 1),))}
    stages = list(world.ground.recipe.stages)
    stages.insert(-2, TextPairing(min_rows=10**6))  # it judges nothing by itself, and obeys
    ground = replace(
        world.ground,
        recipe=replace(world.ground.recipe, stages=stages),
        people=replace(world.ground.given, decisions=said),
    )
    made = make_arms(
        in_order(["decided"]), ground, world.curated, world.never, replay=Replayed(), folder=world.folder / "people"
    )
    assert made[0].not_run == ""
    ids = {line["id"] for line in lines(made[0])}
    of_row = {line["id"] for line in lines(arms["curated"]) if line["term"] == term}
    assert of_row
    assert not of_row & ids
    assert len(ids) > 10


def test_replay_is_the_curated_step_and_its_share_of_general_chat(world: World, arms: dict[str, Arm]) -> None:
    chats = [[{"role": "user", "content": f"Say {n}."}, {"role": "assistant", "content": f"{n}."}] for n in range(500)]
    mixed = lines(world.arms("replay", replay=Replayed(chats, 0.25, source="ours"))["replay"])
    curated = lines(arms["curated"])
    assert mixed[: len(curated)] == curated
    assert {line["task"] for line in mixed[len(curated) :]} == {"replay"}
    assert len(mixed) - len(curated) == round(len(curated) / 3)


def test_replay_that_overlaps_the_evaluation_is_left_out() -> None:
    chats = [[{"role": "user", "content": text}, {"role": "assistant", "content": "Yes."}] for text in (QUESTION, "Hi")]
    assert without_evaluation(chats, {"q-1": QUESTION}, Terminal(quiet=True)) == chats[1:]


def test_evaluation_sentences_in_a_recipe_that_does_not_look_for_them_stop_the_experiment(
    tmp_path: Path, project: Path, loaded: LoadedTokenizer
) -> None:
    world = World(tmp_path, write_recipe(tmp_path, project, stages=STAGES[:-1]), loaded)
    with pytest.raises(ExperimentError, match=r'evaluation sentences stand in .* Add the stage use = "decontaminate"'):
        world.arms("curated")


def test_a_recipe_that_holds_nothing_out_cannot_be_evaluated(
    tmp_path: Path, project: Path, loaded: LoadedTokenizer
) -> None:
    recipe = write_recipe(tmp_path, project, split="validation = 0.0\ntest = 0.0\n")
    with pytest.raises(ExperimentError, match="holds no term out"):
        World(tmp_path, recipe, loaded)


@pytest.mark.parametrize(
    ("row", "answer"),
    [
        ({"kind": "definition", "term": "W", "context": " ", "definition": "a win"}, "This is a  . a win."),
        ({"kind": "definition", "term": "W", "context": "", "definition": "a win"}, "a win."),
        ({"kind": "pair", "example": "We vibing", "plain": "We enjoy it"}, "We enjoy it"),
        ({"kind": "sentence", "example": "It slaps", "label": "slang"}, "slang"),
        (
            {"kind": "chat", "messages": '[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]'},
            "b",
        ),
    ],
)
def test_every_kind_of_row_is_glued_from_the_columns_it_has(row: dict[str, str], answer: str) -> None:
    assert glued_messages(row)[-1] == {"role": "assistant", "content": answer}


@pytest.mark.parametrize("messages", ["", "no JSON", '{"a": 1}', '["a"]'])
def test_a_chat_that_is_none_gives_nothing(messages: str) -> None:
    assert glued_messages({"kind": "chat", "messages": messages}) == []


def test_the_loss_is_taken_on_what_a_step_says(arms: dict[str, Arm]) -> None:
    lab = load_tokenizer("lab")
    every, responses = (encode_lines(lines(arms[name])[:5], lab, 2048) for name in ("glued", "raw"))
    assert all(example.labels == example.input_ids for example in every)
    assert all(IGNORED in example.labels for example in responses)
    assert every[0].trained_tokens > responses[0].trained_tokens


def test_a_cell_with_a_line_separator_of_unicode_is_one_line_of_its_step(tmp_path: Path) -> None:
    rows = [{"text": f"It's giving{mark} drama"} for mark in ("\u2028", "\u2029", "\x85", "\x0b", "\n")]
    arm = write_lines(find_step("raw"), rows, {}, tmp_path)
    assert arm.file is not None
    assert read_lines(arm.file) == rows


def test_an_unknown_step_is_answered_with_the_nearest() -> None:
    with pytest.raises(ExperimentError, match="--arms curatd: no such step of the ladder; nearest: curated"):
        find_step("curatd")


def test_the_ladder_is_matched_to_raw_but_for_raw_itself(arms: dict[str, Arm]) -> None:
    names = [column.name for column in ladder_columns(list(arms.values()), matched=True)]
    assert names[:4] == ["untrained", "glued", "glued-matched", "raw"]
    assert names[4:] == [
        f"{step}{mode}" for step in ("conversations", "deduplicated", "curated") for mode in ("", "-matched")
    ]


def test_a_setting_is_varied_as_the_recipe_would_hold_it() -> None:
    columns = varied_columns(["learning_rate=1e-4,5e-4", "epochs=3", "target_modules=q_proj+v_proj"], ("learning_rate", "num_train_epochs", "target_modules"))  # fmt: skip
    assert [column.changes for column in columns] == [
        {"learning_rate": 1e-4},
        {"learning_rate": 5e-4},
        {"num_train_epochs": 3},
        {"target_modules": ("q_proj", "v_proj")},
    ]


@pytest.mark.parametrize("text", ["learning_rate", "learning_rate=", "=3", "rank=4", "seed=5"])
def test_a_wrong_variation_is_one_line(text: str) -> None:
    with pytest.raises(ExperimentError, match="--vary"):
        varied_columns([text], ("learning_rate", "lora_r"))


def test_a_step_is_compared_with_the_one_before_it_in_the_same_mode() -> None:
    def finished(name: str, step: str, mode: Any) -> Finished:
        return Finished(Column(name, name, step, mode), [], [], [], [])

    base, raw, one = (
        finished("untrained", "", "untrained"),
        finished("raw", "raw", "epoch"),
        finished("a", "a", "epoch"),
    )
    first, second = finished("a-matched", "a", "matched"), finished("b-matched", "b", "matched")
    curated, varied = finished("curated", "curated", "epoch"), finished("curated-x", "curated", "varied")
    every = [base, raw, one, first, curated, second, varied]
    assert [before(column, every) for column in every] == [None, base, raw, raw, one, first, curated]
