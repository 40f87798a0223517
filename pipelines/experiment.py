"""Did the data get better? One base model, one training recipe, the same sources raw and curated, and what came of it.

    python -m pipelines.experiment data/recipes/sample.toml                  raw against curated, on a laptop
    python -m pipelines.experiment data/recipes/genz.toml --source genz=all_slangs.csv
    python -m pipelines.experiment RECIPE --ladder                         every step, and at raw's number of tokens
    python -m pipelines.experiment RECIPE --facts                          a few terms learned by heart
    python -m pipelines.experiment RECIPE --arms raw curated replay --facts    the headline of README and dataset card
    python -m pipelines.experiment RECIPE --vary learning_rate=1e-4,5e-4   another model beside other data
    python -m pipelines.experiment RECIPE --base llama-3.2-1b              another base model, on a GPU if there is one

Writes data/experiments/NAME: experiment.html, experiment.json, README.md, the curated build, what each step trains on
(steps/) and every model (models/). Interrupted, the same command goes on; finished models are not trained again.
Exit status: 0 done, 1 some jobs failed (the page says which), 2 a wrong recipe, argument or source, 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from train.command_line import fail, folder, positive

if TYPE_CHECKING:
    from pipelines.experiments.setting import Setting
    from pipelines.experiments.workers import Outcome
    from pipelines.terminal import Terminal

ROOT = Path(__file__).resolve().parents[1]
FIRST_SEED = 3407  # the recipe's; the others follow it


def main(argv: list[str] | None = None) -> int:
    options = parse(argv)
    try:
        return experiment(options)
    except KeyboardInterrupt:
        return fail("interrupted. Finished models are kept: the same command goes on from there", 130)
    except OSError as error:
        return fail(f"{error.filename or 'file'}: {error.strerror or error}", 2)
    except ValueError as error:  # every error of ours that a user can cause is one
        if options.debug:
            raise
        return fail(str(error), 2)


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.experiment", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recipe", type=Path, metavar="RECIPE", help="a recipe of data/recipes")
    parser.add_argument(
        "--source", action="append", default=[], metavar="NAME=PATH", help="read a source from elsewhere"
    )
    parser.add_argument("--base", default="lab", metavar="MODEL", help="a base model of data/models.toml, or a folder")
    parser.add_argument("--arms", nargs="+", default=["raw", "curated"], metavar="STEP", help="steps of the ladder")
    parser.add_argument("--ladder", action="store_true", help="every step, each also at raw's number of trained tokens")
    parser.add_argument("--matched", action="store_true", help="train the steps at raw's number of trained tokens too")
    parser.add_argument("--facts", action="store_true", help="150 terms for 15 epochs, raw and curated (off recipe)")
    parser.add_argument(
        "--vary", action="append", default=[], metavar="SETTING=V,V", help="other settings on curated (off recipe)"
    )
    parser.add_argument("--seeds", type=positive, default=3, metavar="N", help="how many seeds (default: 3)")
    parser.add_argument("--out", type=folder, metavar="DIR", help="folder to write (default: data/experiments/NAME)")
    parser.add_argument(
        "--cache", type=Path, default=ROOT / "data" / "cache", metavar="DIR", help="what can be computed again"
    )
    parser.add_argument("--limit", type=positive, metavar="N", help="at most N records of each source")
    parser.add_argument("--workers", type=positive, metavar="N", help="models trained at once (default: by the base)")
    parser.add_argument("--backend", choices=("auto", "unsloth", "trl"), default="auto", help="what trains")
    parser.add_argument("--fresh", action="store_true", help="train every model again")
    parser.add_argument("--debug", action="store_true", help="show where in the code an error came from")
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    options = parser.parse_args(argv)
    wrong = [text for text in options.source if not all(text.partition("="))]
    if wrong:
        parser.error(f"--source {wrong[0]}: expected NAME=PATH")
    options.source = dict(text.split("=", 1) for text in options.source)
    options.command = " ".join(
        ["python -m pipelines.experiment", shlex.join(argv if argv is not None else sys.argv[1:])]
    )
    return options


def experiment(options: argparse.Namespace) -> int:
    """Check all that can be checked, then run."""
    from filelock import FileLock, Timeout

    from pipelines.experiments.columns import check_varied
    from pipelines.experiments.steps import in_order
    from pipelines.recipe import load_recipe
    from pipelines.terminal import Terminal

    recipe = load_recipe(options.recipe, options.source)
    in_order(options.arms)
    check_varied(options.vary)
    place = place_of(options, recipe.settings.name)
    place.mkdir(parents=True, exist_ok=True)
    (place / ".experiment").touch()
    try:
        with FileLock(place.with_name(f".{place.name}.lock"), blocking=False):
            return run(options, place, Terminal(quiet=options.quiet))
    except Timeout:
        raise ValueError(
            f"{place}: another experiment is writing it. Wait for it, or give --out another folder"
        ) from None


def place_of(options: argparse.Namespace, name: str) -> Path:
    """The folder to write. Raises ValueError where something else than an experiment stands there."""
    from pipelines.experiments.outputs import is_experiment

    place: Path = (options.out or ROOT / "data" / "experiments" / name).resolve()
    if place.exists() and not place.is_dir():
        raise ValueError(f"{place}: is a file; give --out a folder")
    if place.is_dir() and any(place.iterdir()) and not is_experiment(place):
        raise ValueError(f"{place}: holds other files than an experiment's; give --out a new or empty folder")
    return place


def run(options: argparse.Namespace, place: Path, terminal: Terminal) -> int:
    """From sources to the page."""
    import time

    from pipelines.experiments.outputs import write_experiment
    from pipelines.experiments.setting import set_up
    from pipelines.experiments.workers import run_jobs

    begin = time.perf_counter()
    with terminal.working():
        setting = set_up(options, place, FIRST_SEED, terminal)
        waiting = [job for job in setting.jobs if options.fresh or not job.finished()]
        for job in waiting:
            job.make_room(fresh=options.fresh)
        workers, threads = crew_size(options, setting)
        terminal.clear()
        terminal.say(f"{len(setting.jobs)} models, {len(setting.jobs) - len(waiting)} of them finished before")
        outcome = run_jobs(waiting, workers, threads, place / "logs", reporter(terminal, len(waiting)))
        facts = write_experiment(
            place,
            about=setting.about | {"command": options.command},
            arms=setting.arms,
            jobs=setting.jobs,
            failed=outcome.failed,
            total_seconds=time.perf_counter() - begin,
        )
    return finish(place, facts["verdict"]["sentence"], outcome, terminal)


def crew_size(options: argparse.Namespace, setting: Setting) -> tuple[int, int]:
    """Workers and the threads of each: small models side by side on one thread each, a large one alone with all."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = options.workers or (min(cores, 8) if setting.base.small else 1)
    return workers, max(1, cores // workers)


def reporter(terminal: Terminal, total: int) -> Callable[..., None]:
    """Tells a person what the workers tell."""
    ended = 0

    def report(job: object, what: str, done: int, of: int) -> None:
        nonlocal ended
        name = getattr(job, "name", "")
        if what != "done" and not what.startswith("failed"):
            terminal.advance(name, done, of)
            return
        ended += 1
        if name in terminal.tasks:
            terminal.progress.remove_task(terminal.tasks.pop(name))
        terminal.say(f"  {ended:>3} of {total}  {name}: {what}")

    return report


def finish(place: Path, sentence: str, outcome: Outcome, terminal: Terminal) -> int:
    terminal.say(sentence)
    terminal.say(f"Wrote {place}")
    terminal.say(f"Open  {(place / 'experiment.html').as_uri()}", "bold")
    for name, line in outcome.failed.items():
        fail(f"{name}: {line}", 1)
    return 1 if outcome.failed else 0


if __name__ == "__main__":
    sys.exit(main())
