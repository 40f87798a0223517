"""Pre-training on small dictionaries: the same weights again, also after a kill; nothing foreign is replaced."""

from __future__ import annotations

import json

import pytest

from train.errors import TrainError
from train.lab import pretrain
from train.lab.pretrain import Run, Settings, batch, loss_of, optimizers, rate, rows_of_tokens

TINY = Settings(
    vocabulary=512,
    hidden_size=64,
    intermediate_size=64,
    layers=2,
    heads=2,
    key_value_heads=1,
    row=32,
    rows=2,
    steps=5,
    warmup=2,
)
pytestmark = pytest.mark.xdist_group("lab_pretrain")


@pytest.fixture(scope="module")
def whole(wordnet, dictd, tmp_path_factory):
    """The folder of a run that nobody disturbed, and its working folder."""
    place = tmp_path_factory.mktemp("whole")
    pretrain.pretrain(wordnet, dictd, place / "model", place / "work", TINY, every=2)
    return place


def weights(folder):
    return (folder / "model.safetensors").read_bytes()


def test_a_run_that_is_killed_and_started_again_ends_in_the_same_weights(whole, wordnet, dictd, tmp_path, monkeypatch):
    def dies_at_four(_work):
        def say(measured):
            if measured["step"] == 4:
                raise KeyboardInterrupt

        return say

    monkeypatch.setattr(pretrain, "_say", dies_at_four)
    with pytest.raises(KeyboardInterrupt):
        pretrain.pretrain(wordnet, dictd, tmp_path / "model", tmp_path / "work", TINY, every=2)
    monkeypatch.undo()
    assert not (tmp_path / "model").exists()
    pretrain.pretrain(wordnet, dictd, tmp_path / "model", tmp_path / "work", TINY, every=2)
    assert [json.loads(line)["step"] for line in (tmp_path / "work" / "log.jsonl").read_text().splitlines()] == [5]
    assert weights(tmp_path / "model") == weights(whole / "model")


def test_what_is_written_can_be_loaded_and_says_how_it_was_made(whole, wordnet):
    from train.lab.measure import load

    model, tokenizer = load(whole / "model")
    facts = json.loads((whole / "model" / "training.json").read_text())
    assert model.num_parameters() == facts["parameters"]
    assert facts["tokens_seen"] == 5 * 2 * 32
    assert facts["settings"]["seed"] == TINY.seed
    assert model.generation_config.eos_token_id == tokenizer.eos_token_id
    assert (whole / "model" / "LICENSE.wordnet").read_text().startswith("This software and database is being provided")


def test_the_log_has_loss_and_fit_at_every_measurement(whole):
    lines = [json.loads(line) for line in (whole / "work" / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 4, 5]
    assert all(0 < line["nats_per_byte"] < 10 and 0 < line["loss"] < 10 for line in lines)


def test_a_checkpoint_of_another_run_is_refused(whole, small_corpus, small_tokenizer):
    rows = rows_of_tokens(small_corpus, small_tokenizer, 32)
    with pytest.raises(TrainError, match="of a run with other text or settings"):
        Run(rows[1:], small_tokenizer, TINY, whole / "work")


def test_a_broken_checkpoint_is_refused(small_corpus, small_tokenizer, tmp_path):
    (tmp_path / "checkpoint.pt").write_bytes(b"half a file")
    with pytest.raises(TrainError, match="cannot be read; delete it"):
        Run(rows_of_tokens(small_corpus, small_tokenizer, 32), small_tokenizer, TINY, tmp_path)


def test_a_folder_with_anything_else_is_never_replaced(wordnet, dictd, tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("years of work")
    code = pretrain.main(["--wordnet", str(wordnet), "--dictd", str(dictd), "--out", str(tmp_path)])
    assert code == 2
    assert "holds something else than a model of this command" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_dictionaries_that_are_not_there_are_one_line_at_the_terminal(tmp_path, capsys):
    assert pretrain.main(["--wordnet", str(tmp_path / "none"), "--out", str(tmp_path / "model")]) == 2
    told = capsys.readouterr().err
    assert "apt-get install wordnet-base" in told
    assert told.count("\n") == 1


def test_too_little_text_for_one_row_is_refused(small_corpus, small_tokenizer):
    with pytest.raises(TrainError, match="one row needs 100000"):
        rows_of_tokens(small_corpus, small_tokenizer, 100_000)


def test_every_epoch_takes_every_row_once_in_an_order_of_its_own(small_corpus, small_tokenizer):
    rows = rows_of_tokens(small_corpus, small_tokenizer, 32)
    even = rows[: len(rows) // 2 * 2]
    steps = len(even) // 2
    first = [row.tolist() for step in range(steps) for row in batch(even, step, TINY)]
    second = [row.tolist() for step in range(steps, 2 * steps) for row in batch(even, step, TINY)]
    assert sorted(first) == sorted(second) == sorted(even.tolist())
    assert first != second


def test_every_weight_is_trained_by_one_optimizer_and_changes(small_corpus, small_tokenizer, tmp_path):
    rows = rows_of_tokens(small_corpus, small_tokenizer, 32)
    run = Run(rows, small_tokenizer, TINY, tmp_path)
    before = {name: weight.detach().clone() for name, weight in run.model.named_parameters()}
    held = [
        id(weight) for one in optimizers(run.model, TINY) for group in one.param_groups for weight in group["params"]
    ]
    assert sorted(held) == sorted(id(weight) for weight in run.model.parameters())
    first = float(loss_of(run.model, batch(rows, 0, TINY), TINY).detach())
    for _ in range(TINY.steps):
        run.advance()
    assert float(loss_of(run.model, batch(rows, 0, TINY), TINY).detach()) < first
    assert all(not weight.equal(before[name]) for name, weight in run.model.named_parameters())


def test_the_rate_rises_then_falls_to_nothing():
    rates = [rate(step, TINY) for step in range(TINY.steps)]
    assert rates == [0.5, 1.0, 1.0, 2 / 3, 1 / 3]
