"""Two small builds of one recipe, the second a later one, and a Hub on loopback that huggingface_hub talks to."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from hub_server import TOKEN, hub_server
from word_builds import LATER, REPOSITORY, ROWS, build

from pipelines.publish import deliver
from pipelines.publishing.diff import read_before
from pipelines.publishing.goods import Wishes, goods_of
from pipelines.publishing.hub import Door, Place
from pipelines.publishing.package import Order, package, papers
from pipelines.terminal import Terminal


@pytest.fixture(scope="session")
def first(tmp_path_factory) -> Path:
    return build(tmp_path_factory.mktemp("words") / "first", ROWS)


@pytest.fixture(scope="session")
def later(tmp_path_factory) -> Path:
    return build(tmp_path_factory.mktemp("words") / "later", LATER)


@pytest.fixture(scope="session")
def undeclared(tmp_path_factory) -> Path:
    """The same words from a source that declares no licence."""
    return build(
        tmp_path_factory.mktemp("words") / "undeclared", ROWS, 'licence = "none declared"\nredistributable = false'
    )


@pytest.fixture(scope="session")
def goods(first, later, tmp_path_factory):
    """What both builds have to give, laid out once: [first, later]."""
    folders = [tmp_path_factory.mktemp("goods") for _ in range(2)]
    return [goods_of(made, Wishes(), folder) for made, folder in zip((first, later), folders, strict=True)]


@pytest.fixture
def hub(monkeypatch):
    """A Hub of one's own; huggingface_hub in this process asks it, and does not wait before it tries again."""
    from huggingface_hub import constants
    from huggingface_hub.utils import _http as http

    with hub_server() as served:
        http.close_session()
        for name, value in {
            "ENDPOINT": served.endpoint,
            "HUGGINGFACE_CO_URL_TEMPLATE": served.endpoint + "/{repo_id}/resolve/{revision}/{filename}",
            "HF_HUB_OFFLINE": False,
            "HF_HUB_DISABLE_XET": True,
        }.items():
            monkeypatch.setattr(constants, name, value)
        monkeypatch.setattr(http, "time", SimpleNamespace(sleep=lambda seconds: None))
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield served
        http.close_session()


@pytest.fixture
def publish(hub, tmp_path):
    """Publish laid-out goods; returns the exit status, raises what the command would tell."""

    def publish(goods, *, to=REPOSITORY, revision="main", dry_run=False, **wishes):
        door = Door(Place(to, goods.kind, revision))
        order = Order(goods, door.place, read_before(door), Wishes(**wishes), door.endpoint)
        folder = tmp_path / f"papers-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        return deliver(order, door, folder, Terminal(), dry_run=dry_run)

    return publish


@pytest.fixture
def prepared(hub, tmp_path):
    """Everything of a publish but the sending: (door, order, package, files)."""

    def prepared(goods):
        door = Door(Place(REPOSITORY, goods.kind))
        order = Order(goods, door.place, read_before(door), Wishes(), door.endpoint)
        made = package(order)
        return door, order, made, papers(order, made, tmp_path)

    return prepared
