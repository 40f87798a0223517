"""People settle the doubtful rows in Label Studio, and the next build obeys.

    python -m pipelines.review push genz            the questions of data/builds/genz to the server
    python -m pipelines.review pull genz            the answers into data/reviews/genz.jsonl, a file for git
    python -m pipelines.review status genz          progress, agreement, who needs help, what is disputed
    python -m pipelines.review serve                a server of one's own, on this machine
    python -m pipelines.review export genz          the questions as files, for a server elsewhere
    python -m pipelines.review import genz FILE …   the answers from the files that a server exported

The server is LABEL_STUDIO_URL (default: http://127.0.0.1:8080), the token LABEL_STUDIO_API_KEY. Whatever was killed or
broke off half-way: the same command again finishes the work, adds nothing twice and loses no answer.
Exit status: 0 done, 2 something is wrong (one line says what, and what to do), 130 interrupted.
"""

from __future__ import annotations

import argparse
import re
import signal
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from train.command_line import fail, folder, positive

if TYPE_CHECKING:
    from pipelines.reviewing.pull import Pulled
    from pipelines.reviewing.questions_of_build import Task
    from pipelines.reviewing.studio import Stored

ROOT = Path(__file__).resolve().parents[1]


def main(argv: list[str] | None = None) -> int:
    options = parse(argv)
    work = {"push": push, "pull": pull, "status": status, "serve": serve, "export": export, "import": import_files}
    try:
        work[options.command](options)
    except KeyboardInterrupt:
        return fail("interrupted. What was sent is there: the same command goes on from there", 130)
    except OSError as error:
        return fail(f"{error.filename or 'file'}: {error.strerror or error}")
    except ValueError as error:  # every error of ours that a user can cause is one
        return fail(str(error))
    return 0


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.review", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, what in (("push", "questions to the server"), ("pull", "answers from it"), ("status", "how far it is"),
                       ("export", "questions to files"), ("import", "answers from files")):  # fmt: skip
        _about_a_build(commands.add_parser(name, help=what, description=what), name)
    server = commands.add_parser("serve", help="start a server of one's own", description="A server of one's own.")
    server.add_argument("--port", type=positive, default=8080, metavar="N", help="on loopback (default: 8080)")
    server.add_argument("--data", type=folder, default=ROOT / "data" / "label-studio", metavar="DIR",
                        help="its database and its secrets (default: data/label-studio)")  # fmt: skip
    return parser.parse_args(argv)


def _name(text: str) -> str:
    if not re.fullmatch(r"[\w-][\w.-]*", text):
        raise argparse.ArgumentTypeError(f"expected the name of a recipe, not {text!r}")
    return text


def _about_a_build(parser: argparse.ArgumentParser, command: str) -> None:
    parser.add_argument(
        "name", nargs="?", type=_name, default="sample", metavar="NAME", help="a recipe's name (default: sample)"
    )
    parser.add_argument("--build", type=folder, metavar="DIR", help="a build (default: data/builds/NAME)")
    if command != "push":
        parser.add_argument(
            "--reviews", type=Path, metavar="FILE", help="the decisions (default: data/reviews/NAME.jsonl)"
        )
    if command in ("push", "pull", "status"):
        parser.add_argument("--url", metavar="URL", help="the server (default: LABEL_STUDIO_URL)")
    if command in ("push", "export"):
        parser.add_argument("--budget", type=positive, metavar="N", help="ask at most the N most useful questions")
    if command in ("push", "pull"):
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    if command == "push":
        parser.add_argument(
            "--people", type=positive, metavar="N", help="answers wanted for each question (default: 1)"
        )
    if command == "export":
        parser.add_argument("--out", type=folder, metavar="DIR", help="default: data/label-studio/export/NAME")
    if command == "import":
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="Label Studio's export, JSON")
        parser.add_argument("--server", metavar="URL", help="where they come from (default: LABEL_STUDIO_URL)")


def push(options: argparse.Namespace) -> None:
    from pipelines.reviewing import push as pushing
    from pipelines.reviewing.questions_of_build import contents_of, name_of, tasks_of
    from pipelines.reviewing.studio import connect

    build = _build(options)
    name, tasks = name_of(build), tasks_of(build)
    studio = connect(options.url)
    first = frozenset(task["id"] for task in tasks[: options.budget])
    print(f"{len(first):,} questions of {build} to {studio.url}", flush=True)
    asked = pushing.Asked(tasks, first, contents_of(build))
    pushing.push(studio, name, asked, options.people, partial(print, flush=True), dry_run=options.dry_run)


def pull(options: argparse.Namespace) -> None:
    from pipelines.reviewing import decision_file
    from pipelines.reviewing.pull import decisions_in
    from pipelines.reviewing.studio import StudioError, connect

    decision_file.read(_reviews(options))  # what is wrong with the file is told before the server works for minutes
    studio = connect(options.url)
    projects = studio.projects(options.name)
    if not projects:
        raise StudioError(f"{studio.url}: no project asks about {options.name}; python -m pipelines.review push first")
    tasks = [task for project in projects for task in studio.tasks(project)]
    _keep(options, decisions_in(tasks, studio.url, _queue(options)))


def status(options: argparse.Namespace) -> None:
    from pipelines.reviewing import decision_file
    from pipelines.reviewing.status import decision_lines, links_of, progress_line
    from pipelines.reviewing.studio import connect

    studio = connect(options.url)
    projects = [(project, studio.tasks(project)) for project in studio.projects(options.name)]
    print(f"{options.name} on {studio.url}")
    links: dict[str, str] = {}
    for project, tasks in projects:
        links |= links_of(studio, project, tasks)
        print(progress_line(studio, project, tasks))
    print(f"Pulled into {_reviews(options)}")
    print("\n".join(decision_lines(decision_file.read(_reviews(options)), links)))


def serve(options: argparse.Namespace) -> None:
    from pipelines.reviewing.server import Place, find_program, how_to_use, running

    place = Place(find_program(ROOT), options.data.resolve(), options.port)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `kill` stops the server too, as Ctrl+C does
    try:
        with running(place, lambda line: print(line, flush=True)) as server:
            print(how_to_use(place), flush=True)
            server.wait()
    except KeyboardInterrupt:
        print("\nStopped.")


def export(options: argparse.Namespace) -> None:
    from pipelines.reviewing.files import write_files
    from pipelines.reviewing.questions_of_build import name_of, tasks_of

    build = _build(options)
    name = name_of(build)
    out: Path = (options.out or ROOT / "data" / "label-studio" / "export" / name).resolve()
    for kind, count in write_files(out, name, tasks_of(build)[: options.budget]).items():
        print(f"  {kind:<28} {count:,} questions")
    print(f"Wrote {out}; HOW.txt there says how to ask them")


def import_files(options: argparse.Namespace) -> None:
    from pipelines.reviewing.files import read_file
    from pipelines.reviewing.pull import decisions_in
    from pipelines.reviewing.studio import address

    tasks: list[Stored] = [task for file in options.files for task in read_file(file)]
    _keep(options, decisions_in(tasks, address(options.server), _queue(options)))


def _keep(options: argparse.Namespace, pulled: Pulled) -> None:
    """Add what was pulled to the file of decisions, and say what was no decision."""
    from pipelines.reviewing import decision_file

    people, questions = (len({getattr(one, name) for one in pulled.decisions}) for name in ("who", "id"))
    print(f"Answers: {len(pulled.decisions):,} (people: {people:,}, questions: {questions:,})")
    for task, why in pulled.odd:
        print(f"  left out: an answer to task {task}, which {why}")
    file = _reviews(options)
    if getattr(options, "dry_run", False):
        print(f"Not written: {file}")
        return
    merged = decision_file.merge(file, pulled.decisions)
    print(f"{file}: {merged.new:,} new, {merged.changed:,} changed, {len(merged.decisions):,} in all")


def _build(options: argparse.Namespace) -> Path:
    build: Path = options.build or ROOT / "data" / "builds" / options.name
    return build.resolve()


def _queue(options: argparse.Namespace) -> dict[str, Task]:
    """The questions of the build by key, where there is a build."""
    from pipelines.reviewing.questions_of_build import tasks_of

    build = _build(options)
    return {task["id"]: task for task in tasks_of(build)} if options.build or build.is_dir() else {}


def _reviews(options: argparse.Namespace) -> Path:
    return options.reviews or ROOT / "data" / "reviews" / f"{options.name}.jsonl"


if __name__ == "__main__":
    sys.exit(main())
