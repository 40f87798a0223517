"""Real trainings of a tiny model: by Unsloth on the CPU and by TRL, interrupted, killed, damaged, and gone on with."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from contextlib import suppress
from importlib.util import find_spec
from itertools import islice

import numpy as np
import pytest
from safetensors.numpy import load_file

from curation.templates import IGNORED, encode
from train.backends import adapted_model, choose_backend, computing, hushed, load_base
from train.build_folder import read_build
from train.errors import TrainError
from train.examples import encode_conversations, encode_text
from train.job import facts_of, make_job
from train.recipe import changed, load_recipe
from train.run_folder import read_history, read_run
from train.trainer import make_trainer, trained_loss
from train.training import load_trained, train_adapter

pytestmark = pytest.mark.xdist_group("training")
RATE = 5e-3


def silent(line):
    """Says nothing."""


@pytest.fixture(scope="module")
def conversations(small_build):
    return {row["id"]: row["messages"] for row in read_build(small_build).conversations("train")}


@pytest.fixture(scope="module")
def rows(small_build, tiny_loaded):
    return encode_conversations(read_build(small_build).conversations("train"), tiny_loaded, 2048)


@pytest.fixture(scope="module")
def train(rows, tiny_model, tiny_loaded):
    """Trains the small build's rows on the tiny model."""

    def go(out, **changes):
        settings = {"backend": "unsloth", "learning_rate": RATE, "say": silent} | changes
        recipe, given = settings.pop("recipe", load_recipe()), settings.pop("rows", rows)
        return train_adapter(given, str(tiny_model), tiny_loaded, recipe, out, **settings)

    return go


@pytest.fixture(scope="module")
def run(train, tmp_path_factory):
    """An uninterrupted training of 4 steps by Unsloth."""
    return train(tmp_path_factory.mktemp("runs") / "whole", note={"build": "small", "build_sha256": "ab"})


LONG = {"max_trained_tokens": 9_000, "checkpoint_steps": 2}  # 8 steps over several epochs


@pytest.fixture(scope="module")
def long_run(train, tmp_path_factory):
    return train(tmp_path_factory.mktemp("runs") / "long", **LONG)


def weights(run):
    return (run.adapter / "adapter_model.safetensors").read_bytes()


def nearly_equal(run, other):
    ours, theirs = (load_file(found.adapter / "adapter_model.safetensors") for found in (run, other))
    assert ours.keys() == theirs.keys()
    return all(np.allclose(ours[name], theirs[name], atol=1e-6) for name in ours)


# ---------------------------------------------------------------- what is fed


def trainer_of(backend, rows, tiny_model, tiny_loaded, folder):
    job = make_job(rows, str(tiny_model), tiny_loaded, load_recipe(), choose_backend(backend, silent))
    with hushed():
        model = adapted_model(job.backend, job.base, job.recipe, job.how, seed=job.seed)
        return job, make_trainer(model, job, folder, 100)


def fed_by(backend, rows, tiny_model, tiny_loaded, folder):
    """Every batch that the trainer of a backend computes a loss for, in a real training."""
    job, trainer = trainer_of(backend, rows, tiny_model, tiny_loaded, folder)
    fed, compute_loss = [], trainer.compute_loss

    def spy(model, inputs, *args, **kwargs):
        fed.append({name: inputs[name].tolist() for name in ("input_ids", "labels", "attention_mask")})
        return compute_loss(model, inputs, *args, **kwargs)

    trainer.compute_loss = spy
    with hushed():
        trainer.train()
    return job, fed


def test_both_trainers_are_fed_the_encode_function_s_ids_and_labels(
    rows, conversations, tiny_model, tiny_loaded, tmp_path
):
    job, by_unsloth = fed_by("unsloth", rows, tiny_model, tiny_loaded, tmp_path / "unsloth")
    _, by_trl = fed_by("trl", rows, tiny_model, tiny_loaded, tmp_path / "trl")
    assert by_unsloth == by_trl
    assert [len(batch["input_ids"]) for batch in by_trl] == [2] * 14
    order, pad = iter(job.rows), tiny_loaded.tokenizer.pad_token_id
    for batch in by_trl:
        for ids, labels, mask in zip(*batch.values(), strict=True):
            row = next(order)
            expected = encode(conversations[row.id], tiny_loaded.tokenizer, tiny_loaded.settings)
            length, gap = len(expected.input_ids), len(ids) - len(expected.input_ids)
            assert ids == expected.input_ids + [pad] * gap
            assert labels == expected.labels + [IGNORED] * gap
            assert mask == [1] * length + [0] * gap
    assert pad not in (tiny_loaded.tokenizer.eos_token_id, None)
    assert any(0 in mask for batch in by_trl for mask in batch["attention_mask"])


def test_the_loss_is_the_model_s_own(rows, tiny_model, tiny_loaded, tmp_path):
    """Computed over the trained columns only, it is what transformers computes over all of them; gradients too."""
    import torch

    _, trainer = trainer_of("unsloth", rows, tiny_model, tiny_loaded, tmp_path)
    model = trainer.model
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(generator=torch.Generator().manual_seed(1))
    batch = next(iter(trainer.get_train_dataloader()))
    found = []
    for loss in (lambda: trained_loss(model, batch)[0], lambda: model(**batch).loss):
        model.zero_grad()
        value = loss()
        value.backward()
        gradients = [parameter.grad.clone() for parameter in model.parameters() if parameter.grad is not None]
        found.append((value.item(), gradients))
    (ours, our_gradients), (theirs, their_gradients) = found
    assert ours == pytest.approx(theirs, rel=1e-5)
    assert len(our_gradients) == len(their_gradients) == 28
    assert all(torch.allclose(one, two, atol=1e-5) for one, two in zip(our_gradients, their_gradients, strict=True))


def test_on_a_4_bit_base_trl_s_adapter_keeps_the_values_it_began_with(rows, tiny_model, tiny_loaded, tmp_path):
    """TRL would round them to bfloat16; no step below that precision would count, and not every GPU computes in it."""
    import torch

    job = make_job(rows, str(tiny_model), tiny_loaded, load_recipe(), "trl")
    with hushed():
        model = adapted_model("trl", job.base, job.recipe, job.how, seed=job.seed)
        model.base_model.model.is_loaded_in_4bit = True  # what TRL asks
        before = {name: values.clone() for name, values in model.named_parameters() if values.requires_grad}
        trainer = make_trainer(model, job, tmp_path, 100)
    after = {name: values for name, values in trainer.model.named_parameters() if values.requires_grad}
    assert {values.dtype for values in after.values()} == {torch.float32}
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], before[name]) for name in after)


def test_a_library_s_banner_is_not_seen_during_a_training_and_what_progress_prints_is(train, tmp_path, capsys):
    def progress(done, total, loss):
        print(f"{done} of {total}")

    make = make_trainer

    def chatty(*arguments):
        trainer = make(*arguments)
        step = trainer.training_step

        def training_step(*more, **settings):
            print("Unsloth: Will smartly offload gradients to save VRAM!")
            return step(*more, **settings)

        trainer.training_step = training_step
        return trainer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("train.trainer.make_trainer", chatty)
        train(tmp_path / "run", backend="trl", progress=progress)
    assert capsys.readouterr().out == "8 of 28\n16 of 28\n24 of 28\n28 of 28\n"


def test_unsloth_and_trl_end_with_the_same_adapter(train, run, tmp_path):
    other = train(tmp_path / "trl", backend="trl")
    assert nearly_equal(run, other)
    assert [row["loss"] for row in read_history(run.folder)] == pytest.approx(
        [row["loss"] for row in read_history(other.folder)], abs=1e-5
    )
    assert (run.facts["backend"], other.facts["backend"]) == ("unsloth", "trl")


# ---------------------------------------------------------------- what is written


def test_a_run_says_what_it_was_made_of(run, rows, tiny_loaded):
    facts = run.facts
    assert (facts["base"], facts["build"], facts["build_sha256"]) == ("tiny", "small", "ab")
    assert facts["recipe_sha256"] == load_recipe().sha256
    assert facts["marks"] == ["off recipe: learning_rate 0.005, the recipe has 0.0002"]
    assert (facts["seed"], facts["loss_mask"], facts["learning_rate"]) == (3407, "responses only", RATE)
    assert facts["template_fingerprint"] == tiny_loaded.fingerprint
    assert len(facts["base_sha256"]) == 64
    assert facts["computed"] == {
        "device": "cpu",
        "dtype": "float32",
        "load_in_4bit": False,
        "gradient_checkpointing": False,
        "optim": "adamw_torch_fused",
    }
    trained = sum(row.trained_tokens for row in rows)
    assert facts["counts"]["trained_tokens"] == trained
    assert (facts["counts"]["examples"], facts["counts"]["rows"], facts["counts"]["steps"]) == (28, 28, 4)
    assert {"python", "torch", "transformers", "peft", "trl", "unsloth", "unsloth_zoo"} == set(facts["versions"])


def test_the_schedule_is_linear_with_warm_up(long_run):
    rates = [row["learning_rate"] for row in read_history(long_run.folder)]
    highest = rates.index(max(rates))
    assert highest in (4, 5)
    assert rates[: highest + 1] == sorted(rates[: highest + 1])
    steps = np.diff(rates[highest:])
    assert np.allclose(steps, steps[0])
    assert 0 <= rates[-1] <= -2 * steps[0]


def test_the_loss_falls_and_trained_tokens_are_counted(long_run):
    history = read_history(long_run.folder)
    assert history[-1]["loss"] < 0.9 * history[0]["loss"]
    assert history[-1]["trained_tokens"] >= 9_000 > history[-2]["trained_tokens"]
    assert long_run.facts["counts"]["examples"] == 28 < long_run.facts["counts"]["rows"]
    assert long_run.facts["marks"][-1] == "matched: trained on 9,000 tokens"


def test_the_same_training_gives_the_same_bytes(train, run, tmp_path):
    again = train(tmp_path / "again", note={"build": "small", "build_sha256": "ab"})
    names = sorted(str(file.relative_to(run.folder)) for file in run.folder.rglob("*") if file.is_file())
    assert [name for name in names if "checkpoint" in name] == []
    assert {"run.json", "history.jsonl", "loss.svg", "loss.png", "timings.json"} < set(names)
    for name in set(names) - {"timings.json"}:
        assert (run.folder / name).read_bytes() == (again.folder / name).read_bytes(), name


def test_an_adapter_names_its_base_and_no_path(run):
    config = json.loads((run.adapter / "adapter_config.json").read_text(encoding="utf-8"))
    assert config["base_model_name_or_path"] == "tiny"
    assert config["target_modules"] == sorted(load_recipe().target_modules)
    assert (config["r"], config["lora_alpha"], config["lora_dropout"], config["bias"]) == (16, 16, 0, "none")
    texts = [file.read_text(encoding="utf-8") for file in run.folder.rglob("*.json*")]
    assert not any(str(run.folder.parent) in text or "/tmp/" in text for text in texts)


def test_every_token_is_trained_where_the_first_arm_of_the_ladder_asks_for_it(train, tiny_loaded, tmp_path):
    texts = encode_text([f"This is a A term number {number}.." for number in range(9)], tiny_loaded, 2048)
    run = train(tmp_path / "run", rows=texts)
    assert run.facts["loss_mask"] == "every token"
    assert run.facts["counts"]["trained_tokens"] == run.facts["counts"]["tokens"] - 9
    assert run.facts["counts"]["steps"] == 2


def test_a_recipe_that_was_changed_is_marked(train, tmp_path):
    run = train(tmp_path / "run", recipe=changed(load_recipe(), lora_r=4), learning_rate=None)
    assert run.facts["marks"] == ["off recipe: lora_r 4, the recipe has 16"]
    assert json.loads((run.adapter / "adapter_config.json").read_text("utf-8"))["r"] == 4


# ---------------------------------------------------------------- interrupted, killed, damaged


def stop_after(step, error=KeyboardInterrupt):
    def progress(done, total, loss):
        if done >= step * 8:
            raise error

    return progress


def test_an_interrupted_training_goes_on_to_the_same_adapter(train, long_run, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "run", progress=stop_after(5), **LONG)
    with pytest.raises(TrainError, match="half-written, the training did not finish; the same command goes on"):
        read_run(tmp_path / "run")
    said, seen = [], []
    run = train(tmp_path / "run", say=said.append, progress=lambda *told: seen.append(told[0]), **LONG)
    assert said == ["going on from checkpoint-4"]
    assert seen[0] == 5 * 8
    assert weights(run) == weights(long_run)
    assert (run.folder / "history.jsonl").read_bytes() == (long_run.folder / "history.jsonl").read_bytes()
    assert not (run.folder / "checkpoints").exists()


KILLED = """
import os, signal, sys
from pathlib import Path
from train.base_models import load_tokenizer
from train.build_folder import read_build
from train.examples import encode_conversations
from train.recipe import load_recipe
from train.training import train_adapter
base, build, out = sys.argv[1:]
loaded = load_tokenizer(base)
rows = encode_conversations(read_build(build).conversations("train"), loaded, 2048)
def kill(done, total, loss):
    if done >= 40:
        os.kill(os.getpid(), signal.SIGKILL)
train_adapter(rows, base, loaded, load_recipe(), Path(out), backend="trl", learning_rate=5e-3, progress=kill,
              max_trained_tokens=9_000, checkpoint_steps=2)
"""


@pytest.fixture
def killed(small_build, tiny_model, project, tmp_path):
    """The folder of a training killed in a process of its own, where TRL trains and Unsloth was never imported."""
    command = [sys.executable, "-c", KILLED, str(tiny_model), str(small_build), str(tmp_path / "run")]
    assert subprocess.run(command, cwd=project, capture_output=True).returncode == -9
    return tmp_path / "run"


def test_a_killed_training_goes_on_to_the_same_adapter(train, long_run, killed):
    said = []
    run = train(killed, backend="trl", say=said.append, **LONG)
    assert said == ["going on from checkpoint-4"]
    assert nearly_equal(run, long_run)


def test_a_damaged_checkpoint_is_said_and_the_one_before_taken(train, long_run, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "run", progress=stop_after(5), **LONG)
    newest = tmp_path / "run" / "checkpoints" / "checkpoint-4"
    optimizer = newest / "optimizer.pt"
    optimizer.write_bytes(optimizer.read_bytes()[:100])
    said = []
    run = train(tmp_path / "run", say=said.append, **LONG)
    assert said == [
        "checkpoint-4 is damaged: going on from step 2, if that is whole",
        "going on from checkpoint-2",
    ]
    assert weights(run) == weights(long_run)


def test_without_a_whole_checkpoint_the_training_starts_afresh(train, long_run, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "run", progress=stop_after(3), **LONG)
    (tmp_path / "run" / "checkpoints" / "checkpoint-2" / "sealed.json").unlink()
    said = []
    run = train(tmp_path / "run", say=said.append, **LONG)
    assert said == ["checkpoint-2 is half-written: starting afresh"]
    assert weights(run) == weights(long_run)


def test_a_finished_run_is_not_trained_again(train, run):
    before, said = (run.folder / "timings.json").stat().st_mtime_ns, []
    again = train(run.folder, say=said.append)
    assert said == [f"{run.folder}: was trained already"]
    assert (run.folder / "timings.json").stat().st_mtime_ns == before
    assert again.facts == run.facts


def test_a_finished_run_of_other_settings_is_kept_unless_told_otherwise(train, run, tmp_path):
    folder = shutil.copytree(run.folder, tmp_path / "run")
    with pytest.raises(TrainError, match="holds a finished run of other data, base or settings; give --fresh"):
        train(folder, seed=5)
    assert read_run(folder).facts == run.facts
    other = train(folder, seed=5, resume=False)
    assert other.facts["seed"] == 5
    assert other.facts["marks"] == run.facts["marks"]
    assert weights(other) != weights(run)


# ---------------------------------------------------------------- what cannot be trained


def test_a_loss_that_is_no_number_stops_the_training(train, tmp_path):
    with pytest.raises(TrainError, match=r"the loss became (nan|inf) in step \d: take a lower learning rate"):
        train(tmp_path / "run", learning_rate=1e9)


def test_a_tokenizer_of_another_model_is_refused(rows, tiny_model, tiny_loaded, tmp_path):
    foreign = [type(row)([9_999, *row.input_ids], [IGNORED, *row.labels], row.id) for row in islice(rows, 8)]
    with pytest.raises(TrainError, match="the tokenizer has the id 9999, the model only 262: not of one model"):
        train_adapter(foreign, str(tiny_model), tiny_loaded, load_recipe(), tmp_path / "run", say=silent)


def test_a_full_disk_is_one_line_and_leaves_no_run(train, tmp_path):
    with pytest.raises(TrainError, match="no space left on the disk while training; make room, and the same command"):
        train(tmp_path / "run", progress=stop_after(1, OSError(28, "No space left on device")))
    assert not (tmp_path / "run" / "run.json").exists()


# ---------------------------------------------------------------- loaded again


def test_what_was_trained_can_be_loaded_and_answers_otherwise_than_its_base(run, rows, tiny_model):
    import torch

    base, _ = load_trained(str(tiny_model), None)
    model, loaded = load_trained(str(tiny_model), run.adapter)
    ids = torch.tensor([rows[0].input_ids])
    with torch.no_grad():
        before, after = base(ids).logits, model(ids).logits
    assert model.dtype == torch.float32
    assert not model.training
    assert not torch.allclose(before, after)
    assert loaded.source == "path"


def test_an_adapter_of_another_base_is_refused(run, tiny_model, tmp_path):
    other = shutil.copytree(tiny_model, tmp_path / "another")
    with pytest.raises(
        TrainError, match="an adapter of another base: it was trained on tiny, and another was asked for"
    ):
        load_trained(str(other), run.adapter)


def test_an_adapter_of_another_shape_is_refused(run, tiny_model, tmp_path):
    from transformers import AutoModelForCausalLM, LlamaConfig

    other = shutil.copytree(tiny_model, tmp_path / "tiny")
    config = LlamaConfig.from_pretrained(other)
    config.intermediate_size = 96
    AutoModelForCausalLM.from_config(config).save_pretrained(other)
    with pytest.raises(TrainError, match="the adapter does not fit its base") as caught:
        load_trained(str(other), run.adapter)
    assert "\n" not in str(caught.value)


def test_the_lab_s_learning_rate_is_carried_over_and_said(monkeypatch):
    from train.base_weights import BaseWeights
    from train.job import learning_rate_for

    lab = BaseWeights(None, "lab", "", "", 4_458_752)
    rate, marks = learning_rate_for(lab, load_recipe(), None)
    assert rate == pytest.approx(3.335e-3, rel=1e-3)
    assert marks == ["learning rate carried over to 4.5 M parameters: 0.00334"]
    assert learning_rate_for(lab, load_recipe(), rate) == (rate, marks)
    other = BaseWeights(None, "tiny", "", "", 4_458_752)
    assert learning_rate_for(other, load_recipe(), None) == (2e-4, [])
    for wrong in (0, -1.0, float("nan")):
        with pytest.raises(TrainError, match="expected a number above 0"):
            learning_rate_for(lab, load_recipe(), wrong)


def test_unsloth_that_cannot_be_imported_gives_way_to_trl_with_one_line(monkeypatch):
    monkeypatch.setattr("train.backends.import_unsloth", lambda: "it is not installed")
    said = []
    assert choose_backend("auto", said.append) == "trl"
    assert said == [
        "Unsloth cannot be used (it is not installed): training with TRL and PEFT, on the same ids and labels"
    ]
    with pytest.raises(TrainError, match=r"it is not installed; pip install '\.\[train,unsloth\]' with a GPU"):
        choose_backend("unsloth", said.append)
    with pytest.raises(TrainError, match="backend 'axolotl': expected auto, unsloth or trl"):
        choose_backend("axolotl", said.append)


def test_the_libraries_are_as_talkative_after_a_training_as_before(capsys):
    import logging
    import warnings

    from transformers.utils import logging as transformers_logging

    before = transformers_logging.is_progress_bar_enabled()
    transformers_logging.enable_progress_bar()
    try:
        with suppress(KeyError), hushed():
            print("a banner")
            warnings.warn("a warning", stacklevel=1)
            assert not transformers_logging.is_progress_bar_enabled()
            raise KeyError
        assert transformers_logging.is_progress_bar_enabled()
    finally:
        if not before:
            transformers_logging.disable_progress_bar()
    assert logging.root.manager.disable == logging.NOTSET
    assert capsys.readouterr() == ("", "")


# ---------------------------------------------------------------- on a GPU, as far as can be seen without one


@pytest.fixture
def gpu(monkeypatch):
    """A machine that says it has a GPU which computes in bfloat16."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.is_bf16_supported", lambda: True)


def test_a_gpu_takes_the_recipe_as_it_is(gpu, monkeypatch):
    recipe = load_recipe()
    how = computing(1_235_814_400, recipe)
    assert (how.device, how.dtype, how.optim) == ("cuda", "bfloat16", recipe.optim)
    assert how.load_in_4bit
    assert how.gradient_checkpointing
    monkeypatch.setattr("torch.cuda.is_bf16_supported", lambda: False)
    assert computing(1_235_814_400, recipe).dtype == "float16"


def test_4_bit_weights_without_their_library_are_one_line_that_says_what_to_install(gpu, monkeypatch, tiny_model):
    found = find_spec
    monkeypatch.setattr("train.backends.find_spec", lambda name: None if name == "bitsandbytes" else found(name))
    with pytest.raises(TrainError, match="need bitsandbytes: pip install bitsandbytes"):
        load_base(tiny_model, computing(100_000, load_recipe()))


def test_one_process_trains_with_unsloth_or_with_trl(gpu, monkeypatch):
    monkeypatch.setitem(sys.modules, "unsloth", sys)
    with pytest.raises(TrainError, match="train with TRL in another process"):
        choose_backend("trl", silent)
    monkeypatch.delitem(sys.modules, "unsloth")
    assert choose_backend("trl", silent) == "trl"


def test_a_run_on_a_gpu_says_which_library_quantised(gpu, monkeypatch, rows, tiny_model, tiny_loaded):
    versions = {"bitsandbytes": "0.50.2"}
    monkeypatch.setattr("train.job.version", lambda name: versions.get(name, "1"))
    job = make_job(rows, str(tiny_model), tiny_loaded, load_recipe(), "trl")
    facts = facts_of(job, [{"loss": 1.0, "trained_tokens": 1}], {})
    assert facts["versions"]["bitsandbytes"] == "0.50.2"
    assert facts["computed"]["load_in_4bit"]
    assert facts["marks"] == []
