"""One fixture: write a toy file, read it as a source."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from curation.entry import BadRecord, Entry
from pipelines.sources import SourceError, SourceSettings, read_source

Read = Callable[..., tuple[list[Entry], list[BadRecord]]]


@pytest.fixture(scope="session")
def read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """read(file name, text or bytes, limit=None, **settings) → entries and bad records."""
    folder = tmp_path_factory.mktemp("toys")

    def read_toy(
        name: str, content: str | bytes, limit: int | None = None, **settings: Any
    ) -> tuple[list[Entry], list[BadRecord]]:
        data = content.encode() if isinstance(content, str) else content
        (folder / name).write_bytes(data)
        return read_source(SourceSettings(name="toy", path=name, **settings), root=folder, limit=limit)

    return read_toy


@pytest.fixture(scope="session")
def attempt(read: Read) -> Callable[..., tuple[list[Entry], list[BadRecord], str]]:
    """As `read`, for input that may be refused: entries, bad records, and the refusal or ""."""

    def attempt_toy(name: str, content: str | bytes, **settings: Any) -> tuple[list[Entry], list[BadRecord], str]:
        try:
            return *read(name, content, **settings), ""
        except SourceError as error:
            return [], [], str(error)

    return attempt_toy
