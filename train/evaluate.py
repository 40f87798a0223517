"""What a model knows about slang, how healthy its answers are, and what it has forgotten; on a CPU.

    python -m train.evaluate --model lab --data data/builds/genz                   the base model
    python -m train.evaluate --adapter data/runs/genz                              a trained adapter, on its own build
    python -m train.evaluate --adapter data/runs/genz --suite full --engine llama.cpp

Writes results.json, results.md, items.jsonl, answers.jsonl and timings.json. An evaluation that was interrupted goes
on with the same command. Exit status: 0 done, 2 something given is wrong, 130 interrupted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.command_line import fail, folder, positive
from train.errors import TrainError

if TYPE_CHECKING:
    from rich.console import Console

    from train.base_models import LoadedTokenizer
    from train.base_weights import BaseWeights
    from train.build_folder import BuildFolder
    from train.engines.engine import Engine
    from train.evaluation.results import Results
    from train.run_folder import Run

ROOT = Path(__file__).resolve().parents[1]
BUILDS = ROOT / "data" / "builds"
SUITES = ("quick", "full", "experiment")
OTHER_BUILD = "asked about another build than it was trained on: what is held out there may have been trained"


def main(argv: list[str] | None = None) -> int:
    options = parse(argv)
    try:
        return evaluate(options)
    except KeyboardInterrupt:
        return fail("interrupted. What was asked is kept: the same command goes on from there", 130)
    except OSError as error:
        if options.debug:
            raise
        return fail(f"{error.filename or 'file'}: {error.strerror or error}", 2)
    except ValueError as error:  # TrainError, and what loading a tokenizer finds
        if options.debug:
            raise
        return fail(str(error), 2)


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m train.evaluate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="", metavar="BASE", help="a name of data/models.toml, a Hub id or a folder")
    parser.add_argument("--adapter", type=Path, metavar="RUN", help="a run of train.lora on that model")
    parser.add_argument("--data", type=Path, metavar="BUILD", help="build with the terms (default: the adapter's own)")
    parser.add_argument("--suite", choices=SUITES, default="quick", help="how much is asked (default: quick)")
    parser.add_argument("--engine", choices=("auto", "transformers", "llama.cpp"), default="auto")
    parser.add_argument("--quantisation", choices=("q4_k_m", "q8_0"), default="q4_k_m", help="of llama.cpp")
    parser.add_argument("--threads", type=positive, metavar="N", help="threads to compute with")
    parser.add_argument("--seed", type=int, default=3407, help="chooses the items (default: 3407)")
    parser.add_argument("--limit", type=positive, metavar="N", help="at most N items of each kind")
    parser.add_argument("--out", type=folder, metavar="DIR", help="folder to write (default: data/evaluations/NAME)")
    parser.add_argument("--cache", type=Path, default=ROOT / "data" / "cache", metavar="DIR", help="converted models")
    parser.add_argument("--fresh", action="store_true", help="begin anew, also where results stand")
    parser.add_argument("--debug", action="store_true", help="show where in the code an error came from")
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    options = parser.parse_args(argv)
    if not options.model and not options.adapter:
        parser.error("nothing to evaluate: give --model BASE, --adapter RUN, or both")
    return options


def evaluate(options: argparse.Namespace) -> int:
    """The main job, from names to results."""
    from train.base_weights import find_weights
    from train.evaluation.embedding import NOTE, installed_embedder
    from train.evaluation.items import make_items
    from train.evaluation.report_lines import print_results
    from train.evaluation.suite import check_place
    from train.evaluation.suite import evaluate as run_suite

    subject = find_subject(options)
    say = terminal(quiet=options.quiet)
    loaded = tokenizer_of(subject.base)
    items = make_items(subject.build, options.suite, options.seed)
    if options.limit:
        items = items.limited(options.limit)
    embedder = installed_embedder() if any(one.references for one in items.prompts) else None
    if embedder is None and any(one.references for one in items.prompts):
        say.print(NOTE, markup=False)
    weights = find_weights(subject.base, loaded)
    check_weights(subject, weights)
    meta = {**subject.meta, "model": weights.name, "weights": weights.sha256 or weights.revision}
    out = options.out or ROOT / "data" / "evaluations" / f"{subject.name}-{subject.build.name}-{options.suite}"
    check_place(out)
    with progress_bar(quiet=options.quiet) as progress:
        results = with_engine(
            options,
            subject,
            loaded,
            lambda engine: run_suite(
                engine,
                loaded,
                items,
                out,
                suite=options.suite,
                progress=progress,
                meta={**meta, "limit": options.limit},
                embedder=embedder,
                fresh=options.fresh,
            ),
        )
    print_results(results, say)
    say.print(f"\nWrote {out}", markup=False)
    return 0


# ---------------------------------------------------------------- what is evaluated


@dataclass(frozen=True)
class Subject:
    """A base model, perhaps with an adapter, and the build whose terms are asked."""

    base: str
    run: Run | None
    build: BuildFolder

    @property
    def name(self) -> str:
        return self.run.folder.resolve().name if self.run else Path(self.base).name

    @property
    def meta(self) -> dict[str, Any]:
        """What results.json says about it; nothing in it depends on the machine."""
        facts = self.run.facts if self.run else {}
        own = {"name": self.name, "adapter": self.name if self.run else "", "data": self.build.name}
        other = self.run is not None and facts.get("build_sha256") != self.build.sha256
        return {**own, "training": facts, "marks": [*facts.get("marks", []), *([OTHER_BUILD] if other else [])]}


def find_subject(options: argparse.Namespace) -> Subject:
    """Raises TrainError where model, run or build cannot be used, or the run was trained on the questions."""
    from train.build_folder import read_build
    from train.contamination import check_uncontaminated
    from train.run_folder import read_run

    run = read_run(options.adapter) if options.adapter else None
    if options.data:
        build = read_build(options.data)
    elif run:
        build = build_of(run)
    else:
        raise TrainError("slang knowledge is asked about a build's terms: name one with --data data/builds/NAME")
    if run:
        check_uncontaminated(build.conversations("train"), str(build.folder / "chat" / "train.jsonl"))
    return Subject(options.model or base_of(run), run, build)


def base_of(run: Run | None) -> str:
    """The base that a run was trained on. Raises TrainError where it was a folder, which has no name to find it by."""
    from train.base_weights import base_name

    name = str(run.facts["base"]) if run else ""
    try:
        base_name(name)
    except TrainError:
        raise TrainError(f"{run and run.folder}: its base {name} was a folder; name it with --model") from None
    return name


def build_of(run: Run) -> BuildFolder:
    """The build that a run was trained on, where it still lies among the builds and is still the same."""
    from train.build_folder import read_build

    name = run.facts.get("build")
    if not name:
        raise TrainError(f"{run.folder}: does not say which build it was trained on; name one with --data")
    build = read_build(BUILDS / str(name))
    if build.sha256 != run.facts.get("build_sha256"):
        raise TrainError(
            f"{build.folder}: was built anew after {run.folder} was trained on it, so what is held out may be other "
            "terms; name the build with --data, or train again"
        )
    return build


def check_weights(subject: Subject, weights: BaseWeights) -> None:
    """Raises TrainError where the base was made anew after the adapter was trained on it."""
    facts = subject.run.facts if subject.run else {}
    for kind, name, here in (("sha256", "base_sha256", weights.sha256), ("commit", "base_revision", weights.revision)):
        trained_on = str(facts.get(name, ""))
        if trained_on and here and trained_on != here:
            raise TrainError(
                f"{subject.run and subject.run.folder}: was trained on other weights of {weights.name} "
                f"({kind} {trained_on[:12]}) than those that are here ({here[:12]}); train it again"
            )


def tokenizer_of(base: str) -> LoadedTokenizer:
    """The model's own tokenizer, never the stand-in. Raises TrainError."""
    from train.base_models import load_tokenizer

    try:
        return load_tokenizer(base, stand_in=False)
    except ValueError as error:
        raise TrainError(str(error)) from error


def with_engine(
    options: argparse.Namespace, subject: Subject, loaded: LoadedTokenizer, work: Callable[[Engine], Results]
) -> Results:
    """What `work` makes of the model in the chosen engine, whose memory is given back."""
    from train.engines.open_engine import open_engine

    engine = open_engine(
        options.engine,
        subject.base,
        subject.run.adapter if subject.run else None,
        loaded,
        threads=options.threads,
        quantisation=options.quantisation,
        cache=options.cache,
    )
    try:
        return work(engine)
    finally:
        engine.close()


# ---------------------------------------------------------------- what a person sees


def terminal(*, quiet: bool) -> Console:
    from rich.console import Console

    width = None if sys.stdout.isatty() else 120  # of a file or a pipe
    return Console(highlight=False, quiet=quiet, width=width, soft_wrap=width is not None)


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """On stderr: what is asked now, and how much of it is done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(bar_width=24), MofNCompleteColumn())
    hidden = quiet or not sys.stderr.isatty()
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True, disable=hidden) as bar:
        tasks: dict[str, Any] = {}

        def advance(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done)

        yield advance


if __name__ == "__main__":
    sys.exit(main())
