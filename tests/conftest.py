"""Fixtures of the whole suite: no test reaches outside loopback, and real data beside the project is optional."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_PROGRESS_BARS"):
    os.environ.setdefault(name, "1")


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
