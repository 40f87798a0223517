"""Raw slang in, a correct chat dataset out.

    python -m pipelines.build                                   the bundled sample
    python -m pipelines.build --recipe data/recipes/genz.toml --source genz=all_slangs.csv
    python -m pipelines.build --recipe my.toml --dry-run        the plan, without reading data

Writes data/builds/NAME: entries, ledger, conversations, review tasks and report.html. Killed at any moment it leaves
the old folder or the new one; run again, it goes on where it was. Exit status: 0 done, 1 the build stopped itself
(nothing kept, a template that refused a conversation), 2 a wrong recipe, argument or source, 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from train.command_line import fail, folder, positive

if TYPE_CHECKING:
    from pipelines.recipe import Recipe
    from pipelines.terminal import Terminal

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data" / "recipes" / "sample.toml"


# Threads that wait for work sleep instead of spinning: beside other work a stage took half as long (GCC's libgomp).
PATIENT = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "0"}


def main(argv: list[str] | None = None) -> int:
    options = parse(argv)
    for name, value in PATIENT.items():
        os.environ.setdefault(name, value)  # read when torch and scikit-learn are first imported, which is later
    try:
        return plan(options) if options.dry_run else build(options)
    except KeyboardInterrupt:
        return fail("interrupted. Finished stages are kept: the same command goes on from there", 130)
    except OSError as error:
        return fail(f"{error.filename or 'file'}: {error.strerror or error}", 2)
    except ValueError as error:  # every error of ours that a user can cause is one
        if options.debug:
            raise
        return fail(str(error), stopped(error))


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.build", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipe", type=Path, default=SAMPLE, metavar="FILE", help="a recipe (default: the sample's)")
    parser.add_argument(
        "--source", action="append", default=[], metavar="NAME=PATH", help="read a source from elsewhere"
    )
    parser.add_argument("--out", type=folder, metavar="DIR", help="folder to write (default: data/builds/NAME)")
    parser.add_argument(
        "--cache", type=Path, default=ROOT / "data" / "cache", metavar="DIR", help="what can be computed again"
    )
    parser.add_argument(
        "--reviews", type=Path, metavar="FILE", help="people's decisions (default: data/reviews/NAME.jsonl)"
    )
    parser.add_argument("--limit", type=positive, metavar="N", help="at most N records of each source")
    parser.add_argument("--fresh", action="store_true", help="do not use what an earlier build left in the cache")
    parser.add_argument("--dry-run", action="store_true", help="check the recipe, print the plan, read no data")
    parser.add_argument("--debug", action="store_true", help="show where in the code an error came from")
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    options = parser.parse_args(argv)
    wrong = [text for text in options.source if not all(text.partition("="))]
    if wrong:
        parser.error(f"--source {wrong[0]}: expected NAME=PATH")
    if options.reviews and not options.reviews.is_file():
        parser.error(f"--reviews {options.reviews}: no such file; python -m pipelines.review pull writes one")
    options.source = dict(text.split("=", 1) for text in options.source)
    return options


def stopped(error: ValueError) -> int:
    """Exit status: 1 where the build stopped itself, 2 where what it was given is wrong."""
    from pipelines.chat import ChatError
    from pipelines.engine import EmptyBuildError

    return 1 if isinstance(error, (ChatError, EmptyBuildError)) else 2


def plan(options: argparse.Namespace) -> int:
    """Check the recipe and say what a build would do."""
    from pipelines.plan import plan_lines
    from pipelines.recipe import load_recipe

    recipe = load_recipe(options.recipe, options.source)
    print("\n".join(plan_lines(recipe, folder_of(recipe, options))))
    return 0


def folder_of(recipe: Recipe, options: argparse.Namespace) -> Path:
    """The folder to write, links followed. Raises ValueError where something else than a build stands there."""
    from pipelines.swap import check_replaceable

    folder: Path = (options.out or ROOT / "data" / "builds" / recipe.settings.name).resolve()
    check_replaceable(folder)
    return folder


def build(options: argparse.Namespace) -> int:
    """The main job, from raw files to a finished folder."""
    from filelock import FileLock, Timeout

    from pipelines.recipe import load_recipe
    from pipelines.swap import recover
    from pipelines.terminal import Terminal

    recipe = replace(load_recipe(options.recipe, options.source), decided=options.reviews)
    folder = folder_of(recipe, options)
    folder.parent.mkdir(parents=True, exist_ok=True)
    if not os.access(folder.parent, os.W_OK):
        raise ValueError(f"{folder.parent}: cannot be written; give --out another folder")
    try:
        with FileLock(folder.with_name(f".{folder.name}.lock"), blocking=False):
            recover(folder)
            return run(recipe, folder, options, Terminal(quiet=options.quiet))
    except Timeout:
        raise ValueError(f"{folder}: another build is writing it. Wait for it, or give --out another folder") from None


def run(recipe: Recipe, folder: Path, options: argparse.Namespace, terminal: Terminal) -> int:
    from pipelines import chat, given
    from pipelines.engine import run_stages, table_key
    from pipelines.ledger import bad_records_to_ledger, check_conservation, join_ledger
    from pipelines.outputs import Built, write_build
    from pipelines.reading import read_replay, read_sources
    from pipelines.timing import Timer
    from train.base_models import load_tokenizer

    timer = Timer()
    with terminal.working():
        terminal.say(f"Recipe {recipe.path}")
        tokenizer = load_tokenizer(recipe.settings.base_model, path=recipe.tokenizer)
        tools = given.gather(recipe, tokenizer, options.cache, terminal.advance)
        with timer("read"):
            read = read_sources(recipe, options.limit, terminal)
        result = run_stages(
            read.table,
            recipe.stages,
            tools,
            key=table_key(read.table),
            cache=stage_cache(folder, options),
            may_empty=recipe.settings.may_empty,
            started=terminal.starting,
            done=terminal.step,
        )
        timer.steps(result.steps)
        ledger = join_ledger([bad_records_to_ledger(read.bad), result.ledger])
        check_conservation(len(read.table), len(read.bad), result.kept, ledger)
        with timer("conversations"):
            general = chat.uncontaminated(read_replay(recipe, terminal), tools.evaluation, terminal.say)
            general = chat.carried(general, tokenizer, terminal.say)
            conversations = chat.make_conversations(result.kept, recipe.settings, general)
            proved = chat.prove(conversations, tokenizer, terminal.advance)
        terminal.conversations(proved, recipe.settings.base_model, tokenizer)
        with timer("outputs"):
            built = Built(recipe, read, result, ledger, proved, tokenizer, tools, given.evaluation_items(recipe))
            facts = write_build(folder, built, timer)
    terminal.finish(folder, facts)
    return 0


def stage_cache(folder: Path, options: argparse.Namespace) -> Path:
    """Where the results of this build's stages lie: one folder for each folder that is built."""
    from hashlib import sha256
    from shutil import rmtree

    cache: Path = options.cache / "stages" / f"{folder.name}-{sha256(str(folder).encode()).hexdigest()[:8]}"
    if options.fresh:
        rmtree(cache, ignore_errors=True)
    return cache


if __name__ == "__main__":
    sys.exit(main())
