"""The headline: the few figures that a README and a dataset card show."""

from __future__ import annotations

from pathlib import Path

import toy_experiment

from pipelines.experiments.headline import BEGIN, END, headline, put_on
from pipelines.experiments.outputs import write_experiment


def facts_of(folder: Path, card: str = "") -> dict[str, object]:
    jobs = toy_experiment.jobs(folder)
    for job in jobs:
        toy_experiment.finish(job)
    if card:
        (folder / "build").mkdir()
        (folder / "build" / "README.md").write_text(card, encoding="utf-8")
    about, arms = toy_experiment.about(), toy_experiment.arms()
    return write_experiment(folder, about=about, arms=arms, jobs=jobs, failed={}, total_seconds=1.0)


def test_the_headline_has_base_raw_and_curated_with_intervals_and_the_command(tmp_path: Path) -> None:
    facts = facts_of(tmp_path)
    lines = headline(facts).splitlines()
    assert lines[0] == "| base lab, 3 seeds | untrained base | raw | curated |"
    nll = next(line for line in lines if line.startswith("| NLL of held-out")).split("|")
    values = facts["values"]["held_out_nll"]  # type: ignore[index]
    for cell, column in zip(nll[2:5], ("untrained", "raw", "curated"), strict=True):
        assert cell.strip().startswith(f"{values[column]['value']:.3f} (")
    assert facts["command"] in lines


def test_the_card_of_the_build_gets_the_headline_once_and_keeps_its_own_text(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, card="# mine\n\nMy words.\n")
    card = tmp_path / "build" / "README.md"
    once = card.read_text("utf-8")
    assert once.startswith("# mine\n\nMy words.\n")
    assert headline(facts) in once
    put_on(card, "newer\n")
    page = card.read_text("utf-8")
    assert page.count(BEGIN) == page.count(END) == 1
    assert f"{BEGIN}\nnewer\n{END}" in page
    assert headline(facts) not in page


def test_without_a_card_nothing_is_written(tmp_path: Path) -> None:
    put_on(tmp_path / "README.md", "text")
    assert not (tmp_path / "README.md").exists()
