"""Questions to the server: only what is new is added, what changed is told, and nobody's answer is ever touched.

A task is known by its key, a hash of what it asks, so a push that was killed anywhere is finished by the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from pipelines.reviewing.labelling import kind_of
from pipelines.reviewing.shown import STALE, Task, studio_task
from pipelines.reviewing.studio import Project, Stored, Studio, StudioError, batches

Say = Callable[[str], None]


@dataclass
class Plan:
    """What one project lacks."""

    add: list[dict[str, Any]] = field(default_factory=list)
    change: list[tuple[Stored, dict[str, Any], dict[str, Any]]] = field(default_factory=list)  # task, data, meta
    predict: dict[int, dict[str, Any]] = field(default_factory=dict)
    repredict: list[int] = field(default_factory=list)  # tasks whose old predictions go
    copies: list[int] = field(default_factory=list)  # second copies that nobody answered
    stale: int = 0

    def told(self) -> str:
        parts = ((len(self.add), "new"), (len(self.change), "changed"), (len(self.predict), "predictions"),
                 (self.stale, "stale"), (len(self.copies), "second copies removed"))  # fmt: skip
        return ", ".join(f"{count:,} {what}" for count, what in parts if count) or "nothing to do"


@dataclass(frozen=True)
class Asked:
    """What a build asks of people, and what it knows."""

    tasks: Sequence[Task]  # most useful first
    first: AbstractSet[str]  # keys of those that may be added: the budget
    contents: AbstractSet[str]  # content hashes of all rows of the build

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        """The tasks of one kind as Label Studio's, by key."""
        return {task["id"]: studio_task(task) for task in self.tasks if task["question"] == kind}


def push(studio: Studio, name: str, asked: Asked, people: int | None, say: Say, *, dry_run: bool = False) -> None:
    """Bring the server's projects of a recipe up to date with a build's queue; one line for each kind of question.

    Every task is shown to `people`; None leaves that as it is. Raises StudioError.
    """
    known: dict[str, list[Project]] = {}
    for project in studio.projects(name):
        known.setdefault(project.kind, []).append(project)
    wanted = {task["question"] for task in asked.tasks if task["id"] in asked.first}
    for kind in sorted(wanted | known.keys()):
        projects = known.get(kind, [])
        done = _dry(studio, kind, projects, asked) if dry_run else _push(studio, name, kind, projects, asked, people)
        say(f"  {kind:<28} {done}")


def _dry(studio: Studio, kind: str, projects: list[Project], asked: Asked) -> str:
    if not projects:
        return f"a new project, {len(asked.of(kind).keys() & asked.first):,} new"
    return "; ".join(plan.told() for _, plan in _plans(studio, kind, projects, asked))


def _push(  # noqa: PLR0917
    studio: Studio, name: str, kind: str, projects: list[Project], asked: Asked, people: int | None
) -> str:
    """Carry out the plans of one kind of question; what was done, in words, and where it can be answered."""
    look = kind_of(kind)
    projects = projects or [studio.create(name, look, people or 1)]
    told = {project.id: studio.refresh(project, look, people) for project in projects}
    done = []
    for project, plan in _plans(studio, kind, projects, asked):
        _carry_out(studio, project, plan)
        if plan.add:
            _check(studio, project, plan)
        renewed = f" ({told[project.id]})" if told[project.id] else ""
        done.append(f"{plan.told()} → {studio.url}/projects/{project.id}{renewed}")
    return "; ".join(done)


def _plans(studio: Studio, kind: str, projects: Sequence[Project], asked: Asked) -> list[tuple[Project, Plan]]:
    """What each project of a kind lacks; what is new goes into the oldest one."""
    there = [(project, studio.tasks(project)) for project in projects]
    stored_keys = {task.key for _, tasks in there for task in tasks}
    wanted = asked.of(kind)
    plans = [(project, compare(tasks, wanted, asked.contents)) for project, tasks in there]
    plans[0][1].add = [one for key, one in wanted.items() if key in asked.first and key not in stored_keys]
    return plans


def compare(tasks: Sequence[Stored], wanted: Mapping[str, Mapping[str, Any]], contents: AbstractSet[str]) -> Plan:
    """What must be done to the tasks of one project. A task that is asked no more is left alone, or marked stale."""
    plan = Plan(copies=second_copies(tasks))
    gone = set(plan.copies)
    for task in tasks:
        if not task.key or task.id in gone:
            continue  # not ours: somebody added it there
        new = wanted.get(task.key)
        data = {**task.data, **new["data"]} if new else {**task.data, "state": _state(task, contents)}
        meta = dict(new["meta"]) if new else dict(task.meta)
        if (data, meta) != (dict(task.data), dict(task.meta)):
            plan.change.append((task, data, meta))
            plan.stale += bool(data["state"]) and not task.data.get("state")
        if new and (not task.predictions or _suggested(meta) != _suggested(task.meta)):
            plan.predict[task.id] = new["predictions"][0]
            plan.repredict += [task.id] if task.predictions else []
    return plan


def _state(task: Stored, contents: AbstractSet[str]) -> str:
    """Whether one of the rows that a task speaks of is in the build no more."""
    return "" if contents >= set(task.meta.get("contents", ())) else STALE


def _suggested(meta: Mapping[str, Any]) -> tuple[Any, Any]:
    asked = meta.get("asked", {})
    return asked.get("suggestion"), asked.get("score")


def second_copies(tasks: Sequence[Stored]) -> list[int]:
    """Tasks that ask what another one of the project asks, and that nobody has answered.

    They come from two pushes at once, or from one that was killed while the server went on with its last request.
    """
    by_key: dict[str, list[Stored]] = {}
    for task in tasks:
        if task.key:
            by_key.setdefault(task.key, []).append(task)
    found = []
    for same in by_key.values():
        kept = min(same, key=lambda task: (not task.answers, task.id))
        found += [task.id for task in same if task is not kept and not task.answers]
    return sorted(found)


def _carry_out(studio: Studio, project: Project, plan: Plan) -> None:
    studio.remove(project, plan.copies)
    for batch in batches(plan.add):
        studio.add(project, batch)
    studio.predict(project, plan.predict, plan.repredict)
    for task, data, meta in plan.change:  # last: what the meta says is how the next push sees that all was done
        studio.change(task, data, meta)


def _check(studio: Studio, project: Project, plan: Plan) -> None:
    """Read back what was added: nothing may be missing, nothing there twice."""
    tasks = studio.tasks(project)
    missing = {one["data"]["key"] for one in plan.add} - {task.key for task in tasks}
    if missing:
        raise StudioError(f"{studio.url}: {len(missing)} tasks did not arrive; run the same command again")
    copies = second_copies(tasks)
    studio.remove(project, copies)
    plan.copies += copies
