"""One publish is one commit, on top of the very commit that was looked at, and one tag. Cut, it can be run again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipelines.publishing.diff import NOBODYS, Before, same
from pipelines.publishing.hub import Door, HubError, Standing
from pipelines.publishing.package import Package
from pipelines.publishing.record import README, TOLD_APART, file_facts


def publish(door: Door, made: Package, files: Mapping[str, Path], before: Before, *, private: bool) -> str:
    """Send everything. Returns the commit. Raises HubError; then what was published before is unchanged."""
    door.check_card(files[README].read_text(encoding="utf-8"))
    standing = before.standing or create(door, private=private)
    if not standing.branch_is_there:
        door.branch(standing.head)
    mend_tag(door, before)
    gone = sorted(to_remove(before, files, made) & standing.files.keys())
    commit = door.commit(files, gone, made.named(), made.record.changes, standing.head)
    verify(door, commit, files)
    door.tag(made.record.tag, commit)
    return commit


def create(door: Door, *, private: bool) -> Standing:
    door.create(private=private)
    standing = door.look()
    if standing is None:
        raise HubError(f"{door.place}: was created, and yet this token may not see it; check what the token may do")
    if private and not standing.private:
        raise HubError(f"{door.place}: was asked to be private and is public; nothing was sent, look at {door.page()}")
    return standing


def to_remove(before: Before, files: Mapping[str, Path], made: Package) -> set[str]:
    """What an earlier publish wrote and this one does not; of another origin, everything. What people added stays."""
    known = before.record is not None and before.record.name == made.record.name
    wrote = {*before.record.files, *TOLD_APART} if before.record and known else set(before.files)
    return wrote - files.keys() - NOBODYS


def mend_tag(door: Door, before: Before) -> None:
    """Set the tag of the version that stands there, if a cut left it without one."""
    record, standing = before.record, before.standing
    if record and standing and record.tag not in standing.tags:
        door.tag(record.tag, door.commit_titled(f"{record.tag}: ") or standing.head)


def verify(door: Door, commit: str, files: Mapping[str, Path]) -> None:
    """Whether the commit holds every file: a .gitignore that stands there makes the Hub leave files out in silence."""
    there = door.files_at(commit)
    lacks = [name for name, path in files.items() if name not in there or not same(there[name], file_facts(path))]
    if lacks:
        raise HubError(
            f"{door.place}: the commit {commit[:12]} lacks {', '.join(sorted(lacks)[:5])}; "
            "look for a .gitignore there that names them, remove it, and run it again"
        )
