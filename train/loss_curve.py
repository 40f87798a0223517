"""The loss over a training's steps, as an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

SMOOTH = 20  # steps averaged in the thick line: a step has eight rows, and its loss jumps


def draw_loss(history: Sequence[Mapping[str, Any]], folder: Path, title: str) -> None:
    """Write loss.svg and loss.png from {"step", "loss"}; the same history, the same bytes. Loss in nats a token."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    steps = [row["step"] for row in history]
    losses = [row["loss"] for row in history]
    with rc_context({"svg.hashsalt": "loss", "svg.fonttype": "path", "text.parse_math": False}):
        figure = Figure(figsize=(7, 4))  # no pyplot: it would keep every figure of a long process
        axes = figure.add_axes((0.09, 0.12, 0.88, 0.8))
        axes.plot(steps, losses, color="#9ab8d8", linewidth=0.8, label="each step")
        axes.plot(steps, smoothed(losses), color="#1f4e8c", linewidth=2, label=f"mean of {SMOOTH} steps")
        axes.set_xlabel("step")
        axes.set_ylabel("loss (nats a trained token)")
        axes.set_title(title, fontsize=10)
        axes.grid(visible=True, alpha=0.25)
        axes.legend(frameon=False)
        figure.savefig(folder / "loss.svg", metadata={"Date": None})
        figure.savefig(folder / "loss.png", dpi=110, metadata={"Software": None})


def smoothed(losses: Sequence[float]) -> list[float]:
    """The mean of each loss and those before it, SMOOTH at most."""
    windows = (losses[max(0, end - SMOOTH) : end] for end in range(1, len(losses) + 1))
    return [sum(window) / len(window) for window in windows]
