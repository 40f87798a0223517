"""One real Label Studio for all tests of the room: its own environment, SQLite, loopback.

Making its tables takes minutes, so the fresh database is kept under data/cache and every session starts from a copy.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

from pipelines.reviewing import server
from pipelines.reviewing.studio import TOKEN, URL, Studio

PROJECT = Path(__file__).parents[3]
KEPT = ("label_studio.sqlite3", "token", "password")


@dataclass(frozen=True)
class LabelStudioServer:
    url: str
    token: str

    def connect(self) -> Studio:
        return Studio(self.url, self.token)


@pytest.fixture(scope="session")
def fresh_database(tmp_path_factory) -> Path:
    """A folder with the data of a Label Studio that has just been installed."""
    try:
        program = server.find_program(PROJECT)
    except ValueError as error:
        pytest.skip(str(error))
    version = next(program.parents[1].glob("lib/python3*/site-packages/label_studio-*.dist-info"), Path("unknown")).stem
    kept = PROJECT / "data" / "cache" / "label-studio" / version
    kept.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(kept.with_suffix(".lock")):
        if not kept.is_dir():
            place = server.Place(program, tmp_path_factory.mktemp("first-start"), free_port())
            with server.running(place, print):
                pass
            part = kept.with_suffix(f".{os.getpid()}.part")
            part.mkdir()
            for name in KEPT:
                shutil.copy2(place.data / name, part / name)
            part.rename(kept)
    return kept


@pytest.fixture(scope="session")
def label_studio(fresh_database, tmp_path_factory) -> Iterator[LabelStudioServer]:
    data = tmp_path_factory.mktemp("label-studio")
    for name in KEPT:
        shutil.copy2(fresh_database / name, data / name)
    place = server.Place(server.find_program(PROJECT), data, free_port())
    with server.running(place, print):
        yield LabelStudioServer(place.url, server.secret(place.token))


@pytest.fixture(autouse=True)
def no_server(monkeypatch, request):
    """No test reads the environment of whoever runs it."""
    for name in (URL, TOKEN):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def at_server(label_studio, no_server, monkeypatch) -> LabelStudioServer:
    monkeypatch.setenv(URL, label_studio.url)
    monkeypatch.setenv(TOKEN, label_studio.token)
    return label_studio


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
