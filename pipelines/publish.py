"""Publishes a build as a dataset of the Hugging Face Hub, or a trained adapter as a model, with a computed card.

    python -m pipelines.publish data/builds/NAME --to OWNER/NAME --dry-run     every file and the card; sends nothing
    python -m pipelines.publish data/builds/NAME --to OWNER/NAME               one commit, one tag, a changelog
    python -m pipelines.publish data/runs/NAME --to OWNER/NAME                 adapter, recipe, evaluation, model card

Looked at before anything leaves: the format doctor, the sums, secrets, personal data, the evaluation's sentences,
licences. What stands there already is never overwritten in silence. The token is HF_TOKEN's or that of `hf auth login`.
Exit status: 0 published, 1 refused (what speaks against it is shown), 2 a wrong argument, or the Hub said no, 130
interrupted.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from train.command_line import fail

if TYPE_CHECKING:
    from pipelines.publishing.diff import Before
    from pipelines.publishing.goods import Wishes
    from pipelines.publishing.hub import Door
    from pipelines.publishing.package import Order, Package
    from pipelines.terminal import Terminal

REPOSITORY = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}", re.ASCII)


def main(argv: list[str] | None = None) -> int:
    options = parse(argv)
    try:
        return run(options)
    except KeyboardInterrupt:
        return fail("interrupted. What was published before is unchanged; the same command goes on", 130)
    except OSError as error:
        return fail(of_disk(error))
    except ValueError as error:  # every error of ours that a user can cause is one
        return fail(str(error), refused(error))


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.publish", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path, metavar="FOLDER", help="a build or a run")
    parser.add_argument("--to", required=True, type=repository, metavar="OWNER/NAME", help="the repository")
    parser.add_argument("--dry-run", action="store_true", help="show every file and the card; write and send nothing")
    parser.add_argument("--private", action="store_true", help="into a private repository only")
    parser.add_argument("--revision", default="main", metavar="BRANCH", help="the branch to commit to (main)")
    parser.add_argument("--version", type=version, metavar="X.Y.Z", help="(default: the one that follows)")
    parser.add_argument("--replace", action="store_true", help="overwrite what stands there, after it was shown")
    parser.add_argument("--merge-card", action="store_true", help="keep what was edited by hand in the card")
    parser.add_argument("--without-restricted", action="store_true", help="leave out texts that may not be passed on")
    parser.add_argument("--rights", default="", metavar="BASIS", help="on what ground they are; stands in the card")
    parser.add_argument(
        "--evaluation", type=Path, action="append", default=[], metavar="DIR", help="results for the card"
    )
    parser.add_argument(
        "--prompts",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="items with id and text not to train on",
    )
    parser.add_argument("--dataset", type=repository, metavar="OWNER/NAME", help="a run: its data, published")
    parser.add_argument("--dataset-version", default="", metavar="TAG", help="a run: which version of it")
    parser.add_argument("--build", type=Path, metavar="FOLDER", help="a run: the build it was trained on")
    parser.add_argument("--licence", type=Path, metavar="FILE", help="a run: the text of its base model's licence")
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    options = parser.parse_args(argv)
    if options.without_restricted and options.rights:
        parser.error("--without-restricted leaves texts out, --rights passes them on: give one of them")
    return options


def repository(text: str) -> str:
    if not REPOSITORY.fullmatch(text):
        raise argparse.ArgumentTypeError(f"expected OWNER/NAME, not {text!r}")
    return text


def version(text: str) -> str:
    from pipelines.publishing.record import parts

    try:
        parts(text.removeprefix("v"))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text.removeprefix("v")


def of_disk(error: OSError) -> str:
    """A fault of the disk in one line. Arrow tells a full one by its message only."""
    from errno import ENOSPC
    from tempfile import gettempdir

    if error.errno == ENOSPC or "No space left" in str(error):
        return f"{gettempdir()}: no space is left to lay the files out; free some, or set TMPDIR to another folder"
    return f"{error.filename or 'file'}: {error.strerror or error}"


def refused(error: ValueError) -> int:
    """Exit status: 1 where publishing was refused, 2 where an argument is wrong or the Hub said no."""
    from pipelines.publishing.goods import RefusedError
    from pipelines.publishing.licences import LicenceError

    return 1 if isinstance(error, (RefusedError, LicenceError)) else 2


def run(options: argparse.Namespace) -> int:
    """Lay out, look, show, refuse or send."""
    from tempfile import TemporaryDirectory

    from pipelines.publishing.goods import goods_of
    from pipelines.publishing.package import Order
    from pipelines.terminal import Terminal

    terminal, wishes = Terminal(quiet=options.quiet), wishes_of(options)
    door = open_door(options, terminal)
    with TemporaryDirectory(prefix="publish-") as folder:
        goods = goods_of(options.source, wishes, Path(folder))
        for warning in goods.warnings:
            terminal.say(f"note: {warning}", "yellow")
        before = look(door, dry_run=options.dry_run, terminal=terminal)
        order = Order(goods, door.place, before, wishes, door.endpoint)
        return deliver(order, door, Path(folder), terminal, dry_run=options.dry_run)


def deliver(order: Order, door: Door, folder: Path, terminal: Terminal, *, dry_run: bool = False) -> int:
    """From what is laid out to what is published. Gives the exit status; raises RefusedError, HubError."""
    from pipelines.publishing.package import package
    from pipelines.publishing.showing import show_card, show_plan

    made = package(order)
    files = ready(order, made, folder, terminal)
    show_plan(terminal, order, made, files)
    if dry_run:
        show_card(terminal, files["README.md"].read_text(encoding="utf-8"))
        terminal.say("Dry run: nothing was sent")
        return 0
    return send(door, order, made, files, terminal)


def wishes_of(options: argparse.Namespace) -> Wishes:
    from pipelines.publishing.goods import Wishes

    return Wishes(
        private=options.private,
        replace=options.replace,
        merge_card=options.merge_card,
        without_restricted=options.without_restricted,
        rights=options.rights,
        version=options.version or "",
        evaluations=tuple(options.evaluation),
        prompts=tuple(options.prompts),
        dataset=options.dataset or "",
        dataset_version=options.dataset_version,
        build=options.build,
        licence=options.licence,
    )


def open_door(options: argparse.Namespace, terminal: Terminal) -> Door:
    """The repository, with the token of the environment or of the login. Raises HubError where there is none."""
    from pipelines.publishing.hub import Door, HubError, Place, listen
    from pipelines.swap import is_build

    door = Door(Place(options.to, "dataset" if is_build(options.source) else "model", options.revision))
    listen(terminal.say, door.token, bars=not options.quiet and sys.stderr.isatty())
    if not door.token and not options.dry_run:
        raise HubError(f"{options.to}: no token for the Hub; set HF_TOKEN, or run: hf auth login")
    return door


def look(door: Door, *, dry_run: bool, terminal: Terminal) -> Before:
    """What stands there. A dry run goes on where the Hub cannot be asked."""
    from pipelines.publishing.diff import Before, read_before
    from pipelines.publishing.hub import HubError

    try:
        return read_before(door)
    except HubError as error:
        if not dry_run:
            raise
        terminal.say(f"note: shown as a first version: {error}", "yellow")
        return Before()


def ready(order: Order, made: Package, folder: Path, terminal: Terminal) -> dict[str, Path]:
    """All files that leave, checked. Raises RefusedError where something would be lost, or must not leave."""
    from pipelines.publishing.checks import check_files
    from pipelines.publishing.diff import obstacles
    from pipelines.publishing.goods import RefusedError, checked
    from pipelines.publishing.merge import ConflictError
    from pipelines.publishing.package import conflict, papers
    from pipelines.publishing.showing import permitted, refusal, show_obstacles

    files: dict[str, Path] = {}
    found = obstacles(order.before, order.goods, made.card, order.wishes, is_there=made.is_there)
    try:
        files = papers(order, made, folder)
    except ConflictError as error:
        found.append(conflict(order, made, error))
    show_obstacles(terminal, found)
    if not files or not permitted(found, order.wishes):
        raise RefusedError(refusal(order.place, found))
    for warning in checked(check_files(files)):
        terminal.say(f"note: {warning}", "yellow")
    return files


def send(door: Door, order: Order, made: Package, files: dict[str, Path], terminal: Terminal) -> int:
    from pipelines.publishing.commit import mend_tag, publish

    if made.is_there:
        mend_tag(door, order.before)
        terminal.say(f"{door.place} holds this already, as version {made.record.version}. Nothing was sent")
        return 0
    commit = publish(door, made, files, order.before, private=order.wishes.private)
    terminal.say(f"Published {made.record.tag} as commit {commit[:12]}")
    terminal.say(f"Open  {door.page()}", "bold")
    return 0


if __name__ == "__main__":
    sys.exit(main())
