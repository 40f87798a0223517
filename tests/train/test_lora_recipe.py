"""The one recipe: its values, its lock, and what departs from it."""

from __future__ import annotations

import pytest

from train import recipe as recipes
from train.errors import TrainError
from train.recipe import RECIPE_FILE, carried_learning_rate, changed, departures, load_recipe


def test_the_recipe_is_that_of_the_case():
    recipe = load_recipe()
    assert (recipe.lora_r, recipe.lora_alpha, recipe.lora_dropout) == (16, 16, 0)
    assert recipe.target_modules == ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
    assert (recipe.optim, recipe.learning_rate, recipe.lr_scheduler_type) == ("adamw_8bit", 2e-4, "linear")
    assert (recipe.warmup_steps, recipe.weight_decay, recipe.num_train_epochs) == (5, 0.01, 1)
    assert (recipe.per_device_train_batch_size, recipe.gradient_accumulation_steps, recipe.batch) == (2, 4, 8)
    assert (recipe.max_length, recipe.packing, recipe.seed) == (2048, False, 3407)
    assert recipe.gradient_checkpointing
    assert recipe.load_in_4bit


def test_the_lock_is_the_hash_of_the_file_s_content():
    assert load_recipe().sha256 == recipes.LOCKED


def test_a_changed_recipe_is_refused_in_one_line(tmp_path, monkeypatch):
    file = tmp_path / "recipe.toml"
    file.write_text(RECIPE_FILE.read_text(encoding="utf-8").replace("2e-4", "1e-4"), encoding="utf-8")
    monkeypatch.setattr(recipes, "RECIPE_FILE", file)
    with pytest.raises(TrainError, match=r"recipe\.toml: the recipe is locked, and its values changed") as caught:
        load_recipe(file)
    assert "\n" not in str(caught.value)


def test_comments_spelling_and_order_are_free(tmp_path):
    lines = [line.partition("#")[0].replace("2e-4", "0.0002") for line in RECIPE_FILE.read_text("utf-8").splitlines()]
    file = tmp_path / "other.toml"
    file.write_text("\n".join(reversed(lines)), encoding="utf-8")
    assert load_recipe(file).sha256 == recipes.LOCKED


def test_a_departure_names_both_values():
    recipe = load_recipe()
    assert departures(recipe) == []
    other = changed(recipe, learning_rate=1e-4, target_modules=["q_proj", "v_proj"], num_train_epochs=3)
    assert departures(other) == [
        "target_modules q_proj v_proj, the recipe has q_proj k_proj v_proj o_proj gate_proj up_proj down_proj",
        "learning_rate 0.0001, the recipe has 0.0002",
        "num_train_epochs 3, the recipe has 1",
    ]
    assert other.sha256 != recipe.sha256


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"lora_rank": 8}, "unknown field 'lora_rank', nearest: lora_r"),
        ({"lora_r": 0}, "lora_r: Input should be greater than or equal to 1"),
        ({"learning_rate": "fast"}, "learning_rate: Input should be a valid number"),
        ({"learning_rate": 0.0}, "learning_rate: Input should be greater than 0"),
        ({"learning_rate": float("inf")}, "learning_rate: Input should be a finite number"),
        ({"target_modules": []}, "target_modules: "),
        ({"packing": True}, "packing: several conversations in one row"),
        ({"num_train_epochs": 1.5}, "num_train_epochs: Input should be a valid integer"),
    ],
)
def test_a_wrong_value_is_one_line(values, fault):
    with pytest.raises(TrainError) as caught:
        changed(load_recipe(), **values)
    assert fault in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_recipe_that_is_no_toml_names_its_file(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("lora_r = = 3", encoding="utf-8")
    with pytest.raises(TrainError, match=r"mine\.toml: cannot be read as TOML"):
        load_recipe(file)
    with pytest.raises(TrainError, match=r"none\.toml: cannot be read as TOML"):
        load_recipe(tmp_path / "none.toml")


def test_the_learning_rate_is_carried_over_by_one_over_the_root_of_the_parameters():
    recipe = load_recipe()
    assert carried_learning_rate(1_240_000_000, recipe) == pytest.approx(2e-4)
    assert carried_learning_rate(2_450_000, recipe) == pytest.approx(4.5e-3, rel=0.01)
    assert carried_learning_rate(310_000_000, recipe) == pytest.approx(4e-4)
