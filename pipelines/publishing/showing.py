"""What a person sees of a publish: files with their sizes, the card, obstacles with what would be lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.doctoring.showing import visible
from pipelines.publishing.diff import Before, Obstacle
from pipelines.publishing.goods import Goods, Wishes
from pipelines.publishing.hub import Place
from pipelines.publishing.package import Order, Package

if TYPE_CHECKING:
    from pipelines.terminal import Terminal


def show_plan(terminal: Terminal, order: Order, made: Package, files: Mapping[str, Path]) -> None:
    """Every file with its size in bytes, and what is new since the last version."""
    goods, before = order.goods, order.before
    where = "a new repository" if before.standing is None else "in place of " + stands_there(before)
    terminal.say(f"{order.place}: {goods.kind} {goods.name!r}, version {made.record.version}, {where}")
    for name, path in sorted(files.items()):
        terminal.say(f"  {path.stat().st_size:>13,}  {visible(name)}{rows_of(goods, name)}")
    terminal.say(f"  {sum(path.stat().st_size for path in files.values()):>13,}  bytes in {len(files)} files")
    if not made.is_there:
        terminal.say(f"  {made.named()}")


def stands_there(before: Before) -> str:
    if before.record:
        return f"version {before.record.version}"
    return f"{len(before.files)} files" if before.files else "an empty one"


def rows_of(goods: Goods, name: str) -> str:
    """`, 1,691 rows` for a table."""
    for configuration, splits in goods.configs.items():
        for split, path in splits.items():
            if path == name:
                return f", {goods.rows[configuration][split]:,} rows"
    return ""


def show_card(terminal: Terminal, card: str) -> None:
    terminal.say("")
    for line in card.splitlines():
        terminal.say(f"  │ {visible(line)}".rstrip())


def show_obstacles(terminal: Terminal, found: Iterable[Obstacle]) -> None:
    """What would be lost, as a diff; the lines that say no go to stderr."""
    for obstacle in found:
        terminal.say(f"{visible(obstacle.what)}:" if obstacle.shown else visible(obstacle.what))
        for line in obstacle.shown:
            terminal.say(
                f"  {visible(line)}", "red" if line.startswith("-") else "green" if line.startswith("+") else ""
            )


def refusal(place: Place, found: Iterable[Obstacle]) -> str:
    """A line for each obstacle: what, and what to do."""
    lines = []
    for one in found:
        way = one.way or ("to overwrite it: --replace" if one.replaceable else "nothing was sent")
        lines.append(f"{place}: {visible(one.what)}; {way}")
    return "\n".join(lines)


def permitted(found: Iterable[Obstacle], wishes: Wishes) -> bool:
    """Whether what was shown may be overwritten."""
    return all(wishes.replace and one.replaceable for one in found)
