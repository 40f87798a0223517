"""A whole evaluation of a tiny model: what it leaves, how it goes on, what it refuses."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from train.build_folder import read_build
from train.engines.engine import Generation
from train.engines.transformers_engine import TransformersEngine
from train.errors import TrainError
from train.evaluation.items import make_items
from train.evaluation.journal import NAME as JOURNAL
from train.evaluation.journal import Journal
from train.evaluation.report_lines import never_ended
from train.evaluation.results import read_results
from train.evaluation.suite import evaluate

pytestmark = pytest.mark.xdist_group("suite")


@pytest.fixture(scope="module")
def engine(tiny_model):
    import torch
    from transformers import AutoModelForCausalLM

    return TransformersEngine(AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32), source="tiny")


@pytest.fixture(scope="module")
def items(small_build):
    some = make_items(read_build(small_build), "full", 3407).limited(3)
    return replace(some, prompts=tuple(replace(one, cap=min(one.cap, 80)) for one in some.prompts))


MADE = {"name": "tiny", "marks": ["off recipe: seed 1"]}


class InterruptedHereError(Exception):
    """Stands for a kill."""


class Counting:
    """The engine, counting what it is asked, and stopping after so many calls."""

    def __init__(self, engine, most=math.inf):
        self.engine, self.most, self.calls = engine, most, 0
        self.name, self.model = engine.name, engine.model

    def __getattr__(self, name):
        def call(*args, **named):
            if self.calls >= self.most:
                raise InterruptedHereError
            self.calls += 1
            return getattr(self.engine, name)(*args, **named)

        return call


class Scripted:
    """An engine that says the same always, and finds everything equally likely."""

    name, model = "scripted", "scripted"

    def __init__(self, ids, *, ended=True, logprob=-1.0):
        self.ids, self.ended, self.logprob = ids, ended, logprob

    def generate(self, prompt, *, max_new_tokens, stop_ids, min_new_tokens=0):
        return Generation(self.ids[:max_new_tokens], self.ended, 0.5, 2.5)

    def generate_all(self, prompts, *, max_new_tokens, stop_ids):
        return [self.generate(prompt, max_new_tokens=max_new_tokens, stop_ids=stop_ids) for prompt in prompts]

    def score(self, requests):
        return [[[self.logprob] * len(ids) for ids in one.continuations] for one in requests]

    def close(self):
        pass


def run(engine, loaded, items, out, **more):
    named = {"suite": items.suite, "meta": MADE} | more
    return evaluate(engine, loaded, items, out, **named)


def contents(folder: Path):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "timings.json"}


@pytest.fixture(scope="module")
def whole(engine, tiny_loaded, items, tmp_path_factory):
    """One finished evaluation of everything, and its folder."""
    out = tmp_path_factory.mktemp("evaluations") / "whole"
    return run(engine, tiny_loaded, items, out), out


def test_it_leaves_results_and_nothing_half_done(whole):
    results, out = whole
    assert set(contents(out)) == {"results.json", "results.md", "items.jsonl", "answers.jsonl"}
    assert (out / "timings.json").is_file()
    known = read_results(out)
    assert (known.meta, known.metrics, known.items) == (results.meta, results.metrics, results.items)
    assert known.answers == results.answers
    assert known.marks == ["off recipe: seed 1"]
    assert known.name == "tiny"


def test_every_metric_is_the_mean_of_its_items_and_lies_in_its_interval(whole):
    results, _ = whole
    assert results.metrics
    for name, metric in results.metrics.items():
        values = [one.value for one in results.items if one.metric == name]
        assert metric.n == len(values)
        assert metric.value == pytest.approx(sum(values) / len(values), abs=1e-5)
        assert (metric.low is None) or (metric.low - 1e-6 <= metric.value <= metric.high + 1e-6)
    assert {one.metric for one in results.items} == set(results.metrics)


def test_all_that_the_suite_promises_is_measured(whole):
    results, _ = whole
    promised = {
        "case_explained", "question_explained", "choice_acc_mutual_info_held_out", "choice_acc_trained", "general_nll",
        "unseen_wording_acc_mutual_info", "cloze_acc_mutual_info", "held_out_nll", "plain_definition_nll", "plain_f1",
        "definition_held_out_chrf", "definition_trained_rouge_l", "plain_explained", "general_without_slang",
        "healthy_answers", "ended_answers", "distinct_answers", "answer_tokens",
    }  # fmt: skip
    assert promised - set(results.metrics) == set()


def test_no_clock_stands_outside_of_the_timings(whole, engine, tiny_loaded, items, tmp_path):
    _, out = whole
    run(engine, tiny_loaded, items, tmp_path / "again")
    assert contents(tmp_path / "again") == contents(out)
    timings = json.loads((out / "timings.json").read_text())
    assert set(timings["prompts"]) == {"case-1", "case-2"}
    assert timings["prompts"]["case-1"]["seconds_to_first"] <= timings["prompts"]["case-1"]["seconds"]


def test_an_interrupted_evaluation_goes_on_and_ends_the_same(whole, engine, tiny_loaded, items, tmp_path):
    _, out = whole
    all_calls = Counting(engine)
    run(all_calls, tiny_loaded, items, tmp_path / "counted")
    here = tmp_path / "cut"
    calls = 0
    for most in (2, 3, 1000):
        cut = Counting(engine, most)
        try:
            run(cut, tiny_loaded, items, here)
        except InterruptedHereError:
            assert not (here / "results.json").exists()
            with pytest.raises(TrainError, match="an evaluation that has not finished"):
                read_results(here)
        calls += cut.calls
    assert calls == all_calls.calls
    assert contents(here) == contents(out)


def test_a_line_that_a_kill_cut_is_asked_again(whole, engine, tiny_loaded, items, tmp_path):
    _, out = whole
    with pytest.raises(InterruptedHereError):
        run(Counting(engine, 3), tiny_loaded, items, tmp_path / "x")
    journal = tmp_path / "x" / JOURNAL
    journal.write_bytes(journal.read_bytes()[:-20])
    run(engine, tiny_loaded, items, tmp_path / "x")
    assert contents(tmp_path / "x") == contents(out)


@pytest.mark.parametrize("content", ["[]", "null", '{"what": 5}', '{"what": {}}\n{"a": 1}', '{"what": {}}\n5'])
def test_a_journal_of_something_else_is_refused(content, tmp_path):
    (tmp_path / JOURNAL).write_text(content + "\n", encoding="utf-8")
    with pytest.raises(TrainError, match=r"journal\.jsonl: damaged; begin anew with --fresh"):
        Journal(tmp_path, {})


def test_a_journal_damaged_in_its_middle_is_refused(engine, tiny_loaded, items, tmp_path):
    with pytest.raises(InterruptedHereError):
        run(Counting(engine, 3), tiny_loaded, items, tmp_path / "x")
    journal = tmp_path / "x" / JOURNAL
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([lines[0], b"{half\n", *lines[1:]]))
    with pytest.raises(TrainError, match=r"journal\.jsonl: damaged; begin anew with --fresh"):
        run(engine, tiny_loaded, items, tmp_path / "x")
    run(Scripted([1]), tiny_loaded, items, tmp_path / "x", fresh=True)


def test_a_finished_evaluation_is_read_and_not_made_again(whole, engine, tiny_loaded, items):
    results, out = whole
    nothing = Counting(engine, most=0)
    assert run(nothing, tiny_loaded, items, out).metrics == results.metrics
    assert nothing.calls == 0


def test_another_evaluation_is_never_taken_for_this_one(whole, tiny_loaded, items):
    _, out = whole
    with pytest.raises(TrainError, match="holds an evaluation with another engine, marks, name"):
        run(Scripted([1]), tiny_loaded, items, out, meta={"name": "another", "model": "tiny"})
    with pytest.raises(TrainError, match="holds an evaluation with another engine, items"):
        run(Scripted([1]), tiny_loaded, items.limited(2), out, meta={**MADE, "model": "tiny"})


def test_a_half_finished_evaluation_is_never_taken_for_another(engine, tiny_loaded, items, tmp_path):
    with pytest.raises(InterruptedHereError):
        run(Counting(engine, 1), tiny_loaded, items, tmp_path)
    with pytest.raises(TrainError, match="holds a half-finished evaluation with another marks, name"):
        run(engine, tiny_loaded, items, tmp_path, meta={"name": "another"})


def test_fresh_makes_it_anew(engine, tiny_loaded, items, tmp_path):
    run(Scripted([1, 2]), tiny_loaded, items, tmp_path / "x")
    results = run(Scripted([1, 2]), tiny_loaded, items, tmp_path / "x", meta={"name": "another"}, fresh=True)
    assert read_results(tmp_path / "x").name == results.name == "another"


def test_a_model_that_never_stops_is_cut_counted_and_said(tiny_loaded, items, tmp_path):
    endless = tiny_loaded.tokenizer("so on and so forth ", add_special_tokens=False)["input_ids"] * 40
    results = run(Scripted(endless, ended=False), tiny_loaded, items, tmp_path / "x")
    free = [one for one in results.answers if one.cap > 48]
    assert all("cut_off" in one.faults and one.tokens == one.cap for one in free)
    assert results.metrics["ended_answers"].value == 0.0
    assert results.format_health["faults"]["cut_off"] == len(free)
    assert (
        never_ended(results)
        == f"{len(free)} of {len(free)} answers never ended: they were cut off at their cap of tokens."
    )
    assert never_ended(results) in (tmp_path / "x" / "results.md").read_text(encoding="utf-8")


def test_an_answer_that_was_cut_on_purpose_is_no_fault(tiny_loaded, items, tmp_path):
    long = tiny_loaded.tokenizer("It is a word that people use when they are very happy", add_special_tokens=False)
    results = run(Scripted(long["input_ids"][:48], ended=False), tiny_loaded, items, tmp_path / "x")
    short = [one for one in results.answers if one.group == "definition"]
    assert short
    assert not any("cut_off" in one.faults for one in short)


def test_a_collapsed_model_is_healthy_and_hardly_ever_distinct(tiny_loaded, items, tmp_path):
    said = tiny_loaded.tokenizer("It is a kind of person.", add_special_tokens=False)["input_ids"]
    results = run(Scripted(said), tiny_loaded, items, tmp_path / "x")
    assert results.metrics["healthy_answers"].value == 1.0
    assert results.metrics["distinct_answers"].value == pytest.approx(1 / len(results.answers), abs=1e-5)
    assert results.format_health["top_answer_share"] == 1.0


def test_control_tokens_inside_an_answer_are_shown_and_are_a_fault(tiny_loaded, items, tmp_path):
    header = tiny_loaded.tokenizer.convert_tokens_to_ids("<|start_header_id|>")
    results = run(Scripted([header, 65, 66]), tiny_loaded, items, tmp_path / "x")
    assert all(one.text.startswith("<|start_header_id|>") for one in results.answers)
    assert all("template_leak" in one.faults for one in results.answers)


def test_half_a_character_is_written_as_text_and_not_as_an_error(tiny_loaded, items, tmp_path):
    half = tiny_loaded.tokenizer("😂", add_special_tokens=False)["input_ids"][:2]
    run(Scripted(half), tiny_loaded, items, tmp_path / "x")
    assert read_results(tmp_path / "x").answers[0].text == "\ufffd"


def test_a_model_without_finite_likelihoods_is_one_line(tiny_loaded, items, tmp_path):
    with pytest.raises(TrainError, match="no finite number"):
        run(Scripted([1], logprob=math.nan), tiny_loaded, items, tmp_path / "x")
    assert not (tmp_path / "x" / "results.json").exists()


def test_the_stand_in_tokenizer_is_refused(engine, items, tmp_path):
    from train.base_models import load_tokenizer

    with pytest.raises(TrainError, match="needs the model's own tokenizer, not the stand-in"):
        run(engine, load_tokenizer("meta-llama/Llama-3.2-1B-Instruct"), items, tmp_path / "x")


def test_items_of_another_suite_are_refused(engine, tiny_loaded, items, tmp_path):
    with pytest.raises(TrainError, match="the items are those of the suite full, not of quick"):
        run(engine, tiny_loaded, items, tmp_path / "x", suite="quick")


def test_an_experiment_asks_everything_at_once(engine, tiny_loaded, small_build, tmp_path):
    experiment = make_items(read_build(small_build), "experiment", 3407).limited(2)
    counted = Counting(engine)
    results = run(counted, tiny_loaded, experiment, tmp_path / "x")
    assert counted.calls == 4  # choices alone, choices, answers told, answers
    assert {"held_out_nll", "general_nll", "choice_acc_mutual_info", "healthy_answers"} <= set(results.metrics)


@pytest.mark.parametrize("name", ["results.json", "items.jsonl", "answers.jsonl"])
def test_a_damaged_result_is_one_line_with_its_file(whole, tmp_path, name):
    _, out = whole
    for path in out.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / name).write_bytes((out / name).read_bytes()[:-30])
    with pytest.raises(TrainError, match=f"{name}: .*damaged; evaluate again with --fresh") as caught:
        read_results(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_folder_without_results_is_one_line(tmp_path):
    with pytest.raises(TrainError, match=r"no evaluation: results\.json is missing"):
        read_results(tmp_path)
