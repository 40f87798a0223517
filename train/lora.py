"""Train a LoRA adapter on a build, with the one fixed recipe.

    python -m train.lora --data data/builds/genz --base llama-3.2-1b-instruct
    python -m train.lora --data data/builds/genz --base lab                     the small model that comes along
    python -m train.lora --data data/builds/genz --base /models/Llama-3.2-1B-Instruct --out data/runs/mine

Writes data/runs/NAME: the adapter, run.json, the loss as history.jsonl and as an image. Unsloth trains, on a GPU or a
CPU; TRL and PEFT where Unsloth cannot be installed. Killed at any moment, the same command goes on from the last
checkpoint. Exit status: 0 done, 2 wrong arguments or data, or what this machine cannot do, 130 interrupted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.command_line import fail, folder

if TYPE_CHECKING:
    from train.build_folder import BuildFolder
    from train.recipe import LoraRecipe
    from train.run_folder import Run

RUNS = Path(__file__).resolve().parents[1] / "data" / "runs"


def main(argv: list[str] | None = None) -> int:
    options = parse(argv)
    try:
        return train(options)
    except KeyboardInterrupt:
        return fail("interrupted. Checkpoints are kept: the same command goes on from the last one", 130)
    except OSError as error:
        return fail(f"{error.filename or 'file'}: {error.strerror or error}", 2)
    except ValueError as error:  # every error of ours that a user can cause is one
        if options.debug:
            raise
        return fail(str(error), 2)


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m train.lora", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=folder, required=True, metavar="DIR", help="a build: data/builds/NAME")
    parser.add_argument(
        "--base",
        metavar="MODEL",
        help="a name of data/models.toml, a Hub id or a folder (default: the build's base model)",
    )
    parser.add_argument("--out", type=folder, metavar="DIR", help="folder to write (default: data/runs/BUILD-BASE)")
    parser.add_argument(
        "--seed", type=int, metavar="N", help="of the first values and the order (default: the recipe's)"
    )
    parser.add_argument(
        "--learning-rate", type=float, metavar="X", help="off recipe, but for the lab's (default: the recipe's)"
    )
    parser.add_argument(
        "--max-trained-tokens", type=int, metavar="N", help="end with the step that reaches N, to match another run"
    )
    parser.add_argument("--backend", choices=("auto", "unsloth", "trl"), default="auto", help="(default: auto)")
    parser.add_argument("--fresh", action="store_true", help="train anew: use no checkpoint, replace a finished run")
    parser.add_argument("--debug", action="store_true", help="show where in the code an error came from")
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    return parser.parse_args(argv)


def train(options: argparse.Namespace) -> int:
    """The main job, from a build to a run folder. What is wrong with the data is said before a library is loaded."""
    from train.build_folder import read_build
    from train.contamination import check_uncontaminated
    from train.recipe import load_recipe

    def say(line: str) -> None:
        if not options.quiet:
            print(line)

    recipe = load_recipe()
    build = read_build(options.data)
    conversations = build.conversations("train")
    check_uncontaminated(conversations, str(build.folder / "chat" / "train.jsonl"))
    run = train_on(build, conversations, recipe, options, say)
    report(run, say)
    return 0


def train_on(
    build: BuildFolder,
    conversations: list[dict[str, Any]],
    recipe: LoraRecipe,
    options: argparse.Namespace,
    say: Callable[[str], None],
) -> Run:
    from train.backends import choose_backend
    from train.base_weights import base_name, spec_of
    from train.run_folder import check_replaceable

    base = options.base or str(build.manifest.get("base_model", {}).get("name", ""))
    spec = spec_of(base)
    out: Path = options.out or RUNS / f"{build.name}-{spec.name if spec else base_name(base).replace('/', '--')}"
    check_replaceable(out.resolve())
    backend = choose_backend(options.backend, say)  # on a GPU Unsloth must be imported before transformers

    from train.base_models import load_tokenizer
    from train.errors import TrainError
    from train.examples import encode_counted
    from train.training import train_adapter

    try:
        loaded = load_tokenizer(spec or base)
    except ValueError as error:
        raise TrainError(str(error)) from error
    encoded = encode_counted(conversations, loaded, recipe.max_length)
    if encoded.too_long:
        say(f"{len(encoded.too_long):,} conversations are longer than {recipe.max_length:,} tokens and left out")
    say(f"{len(encoded.examples):,} conversations of {build.name}, base {base_name(base)}, with {backend}")
    note = {"build": build.name, "build_sha256": build.sha256, "left_out_too_long": len(encoded.too_long)}
    with bar(quiet=options.quiet) as progress:
        return train_adapter(
            encoded.examples,
            spec or base,
            loaded,
            recipe,
            out,
            backend=backend,
            seed=options.seed,
            learning_rate=options.learning_rate,
            max_trained_tokens=options.max_trained_tokens,
            progress=progress,
            note=note,
            resume=not options.fresh,
            say=say,
        )


@contextmanager
def bar(*, quiet: bool) -> Iterator[Callable[[int, int, float], None]]:
    """Rows, loss and time left, on stderr."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("training"), BarColumn(bar_width=24), MofNCompleteColumn(), TextColumn("rows"))
    more = (TextColumn("loss {task.fields[loss]:.3f}"), TimeRemainingColumn())
    with Progress(
        *columns, *more, console=console, transient=True, disable=quiet or not console.is_terminal
    ) as progress:
        task = progress.add_task("training", total=None, loss=float("nan"))

        def advance(done: int, total: int, loss: float) -> None:
            progress.update(task, completed=done, total=total, loss=loss)

        yield advance


def report(run: Run, say: Callable[[str], None]) -> None:
    counts, loss = run.facts["counts"], run.facts["loss"]
    losses = f"loss {loss['first']:.2f} → {loss['last']:.2f}"
    say(f"{counts['steps']:,} steps, {counts['trained_tokens']:,} tokens trained, {losses}")
    for mark in run.facts["marks"]:
        say(mark)
    say(f"Wrote {run.folder}")


if __name__ == "__main__":
    sys.exit(main())
