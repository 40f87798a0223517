"""How far a review is: progress, agreement, who needs help, and the questions that want another opinion."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from curation.people.decisions import SKIP, Decision
from pipelines.reviewing.studio import Project, Stored, Studio

MOST = 10  # disputed questions listed


def progress_line(studio: Studio, project: Project, tasks: Sequence[Stored]) -> str:
    """Tasks, answered ones, skips, stale ones, and where."""
    answered = sum(any(not one.get("was_cancelled") for one in task.answers) for task in tasks)
    skipped = sum(bool(one.get("was_cancelled")) for task in tasks for one in task.answers)
    stale = sum(bool(task.data.get("state")) for task in tasks)
    parts = [f"{answered:,} of {len(tasks):,} answered"]
    skips = "skip" if skipped == 1 else "skips"
    parts += [f"{count:,} {what}" for count, what in ((skipped, skips), (stale, "stale")) if count]
    return f"  {project.kind:<28} {', '.join(parts)}   {studio.url}/projects/{project.id}"


def decision_lines(decisions: Sequence[Decision], links: Mapping[str, str]) -> Iterator[str]:
    """What the pulled decisions say: agreement by kind, people, disputes. `links` where to answer, by question."""
    from curation.agreement import alpha_by_kind, annotators, disputed

    if not decisions:
        yield "No decisions yet: python -m pipelines.review pull"
        return
    alphas = alpha_by_kind(decisions)
    for kind, alpha in alphas.items():
        asked = Counter(one.id for one in decisions if one.question == kind and one.answer != SKIP)
        told = _agreement(alpha, max(asked.values()))
        yield f"  {kind:<28} {asked.total():,} {'answer' if asked.total() == 1 else 'answers'}, {told}"
    yield "People"
    for one in annotators(decisions):
        known = f", {one.gold_right} of {one.gold_asked} known answers right" if one.gold_asked else ""
        beside = f", agrees in {one.agreed:,} of {one.beside:,}" if one.beside else ""
        needs = "   needs help: go through the guidelines together" if one.needs_help else ""
        yield f"  {one.who}  {one.answered:,} answers, {one.seconds:.0f} s each{beside}{known}{needs}"
    yield from _disputes(decisions, disputed(decisions), links)


def _agreement(alpha: float, people: int) -> str:
    """Agreement in words; `people` have answered one question, at most."""
    if not math.isnan(alpha):
        return f"Krippendorff's alpha {alpha:.2f}"
    return "all the same: agreement cannot be told from chance" if people > 1 else "no question answered by two people"


def _disputes(decisions: Sequence[Decision], names: Sequence[str], links: Mapping[str, str]) -> Iterator[str]:
    if not names:
        return
    yield f"Disputed, one more opinion wanted: {len(names):,}"
    for name in names[:MOST]:
        answers = [one for one in decisions if one.id == name and one.answer != SKIP]
        votes = ", ".join(f"{answer} {count}" for answer, count in Counter(one.answer for one in answers).most_common())
        yield f"  {name}  {answers[0].asked.get('ask', answers[0].question)}  ({votes})  {links.get(name, '')}".rstrip()
    if len(names) > MOST:
        yield f"  … and {len(names) - MOST:,} more"


def links_of(studio: Studio, project: Project, tasks: Sequence[Stored]) -> dict[str, str]:
    return {task.key: studio.link(project, task) for task in tasks}
