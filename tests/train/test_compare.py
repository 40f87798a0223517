"""Comparisons say what is better, worse or unknown, and refuse what cannot be compared."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from train import compare as command
from train.errors import TrainError
from train.evaluation.comparison import HEADLINE, compare
from train.evaluation.metrics import SPECS
from train.evaluation.results import ItemValue, Metric, Results, write_results

TERMS = 60


def results(name: str, values: dict[str, list[float]], folder: Path | None = None, each: int = 1, **meta) -> Results:
    """An evaluation whose items have these values, `each` in a row of one term."""
    items, metrics = [], {}
    for metric, numbers in values.items():
        spec = SPECS[metric]
        mean = sum(numbers) / len(numbers)
        metrics[metric] = Metric(mean, mean, mean, len(numbers), spec.unit, spec.better, spec.kind, spec.title)
        items += [
            ItemValue(metric, f"item {place}", f"term {place // each}", float(value))
            for place, value in enumerate(numbers)
        ]
    facts = {"name": name, "suite": "quick", "engine": "transformers", "weights": "abc"} | meta
    made = Results(facts, "items-1", metrics, {"faults": {}}, items, [], folder=folder)
    if folder:
        folder.mkdir(parents=True)
        write_results(folder, made)
    return made


def nll(shift: float, seed: int = 0) -> list[float]:
    """Of 60 definitions: hard ones stay hard for every model, which is why differences are paired."""
    hard = np.random.default_rng(1).normal(2, 1, TERMS)
    return list(hard + shift + np.random.default_rng(seed).normal(0, 0.1, TERMS))


def yes(count: int) -> list[float]:
    return [1.0] * count + [0.0] * (TERMS - count)


def verdicts(found) -> dict[str, str]:
    return {row.name: row.verdict for row in found.metrics}


RAW = {"held_out_nll": nll(0), "general_nll": nll(0, 2), "healthy_answers": yes(5), "answer_tokens": nll(30)}
CURATED = {"held_out_nll": nll(-0.3, 3), "general_nll": nll(0, 4), "healthy_answers": yes(58), "answer_tokens": nll(8)}


def test_each_metric_is_judged_in_its_own_direction() -> None:
    found = compare([results("raw", RAW)], [results("curated", CURATED)])
    assert verdicts(found) == {
        "held_out_nll": "better",  # lower is better
        "general_nll": "no significant difference",
        "healthy_answers": "better",
        "answer_tokens": "lower",  # neither is better
    }
    assert verdicts(compare([results("curated", CURATED)], [results("raw", RAW)])) == {
        "held_out_nll": "worse",
        "general_nll": "no significant difference",
        "healthy_answers": "worse",
        "answer_tokens": "higher",
    }


def test_pairing_shows_what_two_separate_intervals_would_hide() -> None:
    row = compare([results("raw", RAW)], [results("curated", CURATED)]).metrics[0]
    assert (row.a, row.b) == (pytest.approx(np.mean(RAW["held_out_nll"])), pytest.approx(np.mean(nll(-0.3, 3))))
    assert row.difference.value == pytest.approx(row.b - row.a)
    assert row.difference.high < 0
    apart = 1.96 * np.std(RAW["held_out_nll"]) / math.sqrt(TERMS)  # half an interval of one side alone
    assert row.difference.high - row.difference.low < apart


def test_yes_and_no_are_tested_by_mcnemar_and_all_else_by_the_bootstrap() -> None:
    rows = {row.name: row for row in compare([results("raw", RAW)], [results("curated", CURATED)]).metrics}
    healthy = rows["healthy_answers"]
    assert healthy.test == "McNemar, exact"
    assert (healthy.mcnemar.only_a, healthy.mcnemar.only_b) == (0, 53)
    assert healthy.p_value == pytest.approx(2 * 0.5**53)
    assert rows["held_out_nll"].mcnemar is None
    assert rows["held_out_nll"].test == "bootstrap over terms"


def test_several_items_of_one_term_or_several_seeds_take_no_mcnemar() -> None:
    a, b = {"healthy_answers": yes(20)}, {"healthy_answers": yes(30)}
    clustered = compare([results("a", a, each=2)], [results("b", b, each=2)]).metrics[0]
    assert (clustered.mcnemar, clustered.terms, clustered.n) == (None, 30, 60)
    seeds = compare([results("a", a), results("a", a)], [results("b", b), results("b", b)]).metrics[0]
    assert seeds.mcnemar is None
    assert seeds.verdict == "better"


def test_headline_metrics_are_corrected_among_themselves() -> None:
    found = compare([results("raw", RAW)], [results("curated", CURATED)])
    assert [row.headline for row in found.metrics] == [True, True, True, False]
    assert {row.name for row in found.metrics if row.headline} <= set(HEADLINE)
    rows = {row.name: row for row in found.metrics}
    assert rows["held_out_nll"].p_corrected == pytest.approx(2 * rows["held_out_nll"].p_value)  # the second of three
    assert rows["answer_tokens"].p_corrected == rows["answer_tokens"].p_value  # the only detail


def test_what_is_significant_alone_may_not_be_among_many() -> None:
    wins = {"case_explained": ([1.0] * 6 + [0.0] * 54, [0.0] * 60)}  # p = 0.031
    alone = compare(*([results("x", {name: side[place] for name, side in wins.items()})] for place in (0, 1)))
    assert verdicts(alone) == {"case_explained": "worse"}
    others = dict.fromkeys(("question_explained", "plain_explained"), yes(30))
    many = compare(*([results("x", {**others, "case_explained": wins["case_explained"][place]})] for place in (0, 1)))
    assert verdicts(many)["case_explained"] == "no significant difference"


def test_a_seed_that_disagrees_takes_the_certainty_away() -> None:
    raw = [results(f"raw {seed}", {"held_out_nll": nll(0, seed)}) for seed in (1, 2, 3)]
    steady = [results("curated", {"held_out_nll": nll(-0.2, seed)}) for seed in (4, 5, 6)]
    assert verdicts(compare(raw, steady)) == {"held_out_nll": "better"}
    shaky = [results("curated", {"held_out_nll": nll(shift, 4)}) for shift in (-0.7, 0.3, -0.2)]
    found = compare(raw, shaky)
    assert found.metrics[0].difference.value == pytest.approx(-0.2, abs=0.05)
    assert verdicts(found) == {"held_out_nll": "no significant difference"}
    assert (found.a.seeds, found.b.name) == (3, "curated")


def test_distinct_answers_are_shown_and_not_tested() -> None:
    found = compare([results("a", {"distinct_answers": yes(60)})], [results("b", {"distinct_answers": yes(5)})])
    row = found.metrics[0]
    assert (row.test, row.verdict) == ("", "no significant difference")
    assert "no test" in row.notes[-1]


def test_one_prompt_alone_is_not_tested() -> None:
    found = compare(
        [results("a", {"case_explained": [0.0] * 9}, each=9)], [results("b", {"case_explained": [1.0] * 9}, each=9)]
    )
    assert (found.metrics[0].test, found.metrics[0].difference.facts()["low"]) == ("", None)


def test_items_that_one_side_lacks_are_left_out_and_counted() -> None:
    short = results("b", {"held_out_nll": nll(-0.3, 3)[:50]})
    row = compare([results("a", {"held_out_nll": nll(0)})], [short]).metrics[0]
    assert row.n == 50
    assert "10 items left out" in row.notes[0]
    assert row.a == pytest.approx(np.mean(nll(0)[:50]))


def test_metrics_that_one_side_lacks_are_named() -> None:
    found = compare([results("a", RAW)], [results("b", {"held_out_nll": nll(0)})])
    assert verdicts(found).keys() == {"held_out_nll"}
    assert found.left_out == dict.fromkeys(("general_nll", "healthy_answers", "answer_tokens"), "missing in b")


def test_marks_stand_beside_the_name_and_differences_of_making_are_noted() -> None:
    a = results("raw", RAW, marks=["matched: 52,000 trained tokens"])
    b = results("curated", CURATED, marks=["off recipe: seed 1"], engine="llama.cpp q4_k_m", weights="def")
    found = compare([a], [b])
    assert found.b.marks == ["off recipe: seed 1"]
    assert "curated [off recipe: seed 1], 1 seed, llama.cpp q4_k_m" in command.heading(found)[0]
    assert "raw [matched: 52,000 trained tokens], 1 seed" in command.heading(found)[1]
    assert [note.split()[1] for note in found.notes] == ["engines", "seed", "base"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"items_sha256": "items-2"}, "different items"),
        ({"meta": {"suite": "full"}}, "--suite"),
        ({"metrics": {}}, "no metric that both have"),
    ],
)
def test_what_cannot_be_compared_is_refused(change: dict, said: str) -> None:
    a = results("raw", RAW)
    with pytest.raises(TrainError, match=said):
        compare([a], [replace(a, **change)])


def test_a_side_without_evaluations_and_one_given_twice_are_refused(tmp_path: Path) -> None:
    a, b = results("raw", RAW, tmp_path / "a"), results("curated", CURATED, tmp_path / "b")
    with pytest.raises(TrainError, match="each side"):
        compare([a], [])
    with pytest.raises(TrainError, match="given twice"):
        compare([a], [b, b])


# ---------------------------------------------------------------- the command


def run(capsys, *arguments: object) -> tuple[int, str, str]:
    status = command.main([str(one) for one in arguments])
    said = capsys.readouterr()
    return status, said.out, said.err


def test_the_command_prints_and_writes_what_it_found(tmp_path: Path, capsys) -> None:
    results("raw", RAW, tmp_path / "raw", marks=["off recipe: [bold]2 epochs[/bold]"])
    results("curated", CURATED, tmp_path / "curated")
    json_file, page = tmp_path / "out" / "c.json", tmp_path / "c.md"
    given = (tmp_path / "curated", "--against", tmp_path / "raw", "--out", json_file, "--out", page)
    status, out, err = run(capsys, *given)
    assert (status, err) == (0, "")
    assert "raw [off recipe: [bold]2 epochs[/bold]]" in out  # never read as markup
    assert "−0.2" in out
    assert "better" in out
    facts = json.loads(json_file.read_text(encoding="utf-8"))
    by_name = {row["name"]: row for row in facts["metrics"]}
    assert by_name["held_out_nll"]["verdict"] == "better"
    assert by_name["held_out_nll"]["difference"]["high"] < 0
    assert by_name["healthy_answers"]["mcnemar"] == {"only_a": 0, "only_b": 53, "p_value": pytest.approx(0)}
    text = page.read_text(encoding="utf-8")
    assert "| NLL of held-out clean definitions (nats per byte) | ↓ |" in text
    assert r"\[off recipe: \[bold\]2 epochs" in text
    before = json_file.read_bytes(), page.read_bytes()
    run(capsys, *given)
    assert (json_file.read_bytes(), page.read_bytes()) == before


def test_several_seeds_are_several_folders(tmp_path: Path, capsys) -> None:
    for seed in (1, 2, 3):
        results("raw", {"held_out_nll": nll(0, seed)}, tmp_path / f"raw-{seed}")
        results("curated", {"held_out_nll": nll(-0.3, seed + 5)}, tmp_path / f"curated-{seed}")
    sides = [[tmp_path / f"{name}-{seed}" for seed in (1, 2, 3)] for name in ("curated", "raw")]
    status, out, _ = run(capsys, *sides[0], "--against", *sides[1])
    assert status == 0
    assert "curated, 3 seeds" in out
    assert "one seed each" not in out


def test_a_run_stands_for_its_one_evaluation(tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.setattr(command, "ROOT", tmp_path)
    runs = {}
    for name, values in (("raw", RAW), ("curated", CURATED), ("new", RAW)):
        runs[name] = tmp_path / "runs" / name
        runs[name].mkdir(parents=True)
        facts = {"base": "lab", "build": name, "marks": []}
        (runs[name] / "run.json").write_text(json.dumps(facts), encoding="utf-8")
        then = facts if name != "new" else facts | {"seed": 1}  # evaluated, and trained anew since
        results(name, values, tmp_path / "data" / "evaluations" / f"{name}-genz-quick", training=then)
    status, out, _ = run(capsys, runs["curated"], "--against", runs["raw"])
    assert status == 0
    assert "curated, 1 seed" in out
    status, _, err = run(capsys, runs["new"], "--against", runs["raw"])
    assert (status, f"python -m train.evaluate --adapter {runs['new']}" in err) == (2, True)
    again = tmp_path / "data" / "evaluations" / "raw-genz-full"
    results("raw", RAW, again, training={"base": "lab", "build": "raw", "marks": []})
    status, _, err = run(capsys, runs["curated"], "--against", runs["raw"])
    assert (status, f"evaluated 2 times; name one: {again}" in err) == (2, True)


def test_what_is_no_evaluation_is_one_line(tmp_path: Path, capsys) -> None:
    results("raw", RAW, tmp_path / "raw")
    (tmp_path / "empty").mkdir()
    for wrong in ("absent", "empty"):
        status, _, err = run(capsys, tmp_path / wrong, "--against", tmp_path / "raw")
        assert status == 2
        assert err.startswith("error: ")
        assert err.count("\n") == 1
        assert wrong in err


@pytest.mark.parametrize("name", ["c.txt", "", "c"])
def test_a_report_of_another_kind_is_refused(name: str, tmp_path: Path, capsys) -> None:
    with pytest.raises(SystemExit) as stop:
        run(capsys, tmp_path, "--against", tmp_path, "--out", name)
    assert stop.value.code == 2
    assert "expected a file that ends in .json or .md" in capsys.readouterr().err
