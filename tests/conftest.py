"""Fixtures of the whole suite: no test reaches outside loopback, and real data beside the project is optional."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_PROGRESS_BARS"):
    os.environ.setdefault(name, "1")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's job in the background: it would ignore Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real files that people published; they are not part of the project."""
    folder = PROJECT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real data is absent: {folder} is not a folder")
    return folder


@pytest.fixture(scope="session")
def project() -> Path:
    return PROJECT
