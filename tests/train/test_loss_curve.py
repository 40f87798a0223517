"""The loss as an image."""

from __future__ import annotations

import pytest

from train.loss_curve import SMOOTH, draw_loss, smoothed

HISTORY = [{"step": step, "loss": 5 - step / 20 + (step % 3) / 5} for step in range(1, 60)]


def test_a_curve_is_drawn_as_svg_and_png(tmp_path):
    from PIL import Image

    draw_loss(HISTORY, tmp_path, "a $title$ <with> signs & 59 steps")
    svg = (tmp_path / "loss.svg").read_text(encoding="utf-8")
    assert "<svg" in svg
    assert "<dc:date>" not in svg
    image = Image.open(tmp_path / "loss.png")
    assert image.size == (770, 440)
    assert len(image.convert("RGB").getcolors(maxcolors=100_000)) > 10


def test_the_same_history_gives_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        draw_loss(HISTORY, tmp_path / name, "title")
    for file in ("loss.svg", "loss.png"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_one_step_can_be_drawn(tmp_path):
    draw_loss(HISTORY[:1], tmp_path, "one step")
    assert (tmp_path / "loss.svg").stat().st_size > 1000


def test_the_thick_line_is_the_mean_of_the_last_steps():
    assert smoothed([4.0, 2.0, 3.0]) == pytest.approx([4.0, 3.0, 3.0])
    assert smoothed([100.0] + [1.0] * SMOOTH)[-1] == 1.0
