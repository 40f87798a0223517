"""Two small builds, the second a later version of the first, and a Hub on loopback that huggingface_hub talks to."""

from __future__ import annotations

from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest
from hub_server import TOKEN, hub_server
from small_build import DRIP, MID, RIZZ, Small
from word_builds import LATER, REPOSITORY, ROWS, small

from pipelines.publish import deliver
from pipelines.publishing.diff import read_before
from pipelines.publishing.goods import Wishes, goods_of
from pipelines.publishing.hub import Door, Place
from pipelines.publishing.package import Order, package, papers
from pipelines.terminal import Terminal


@pytest.fixture(scope="session")
def first(tmp_path_factory) -> Path:
    return small(ROWS).write(tmp_path_factory.mktemp("words") / "first")


@pytest.fixture(scope="session")
def later(tmp_path_factory) -> Path:
    return small(LATER).write(tmp_path_factory.mktemp("words") / "later")


@pytest.fixture(scope="session")
def undeclared(tmp_path_factory) -> Path:
    """The same words from a source that declares no licence."""
    rows = small(ROWS, "none declared", redistributable=False, votes_up=7)
    return rows.write(tmp_path_factory.mktemp("words") / "undeclared")


@pytest.fixture(scope="session")
def goods(first, later, tmp_path_factory):
    """What both builds have to give, laid out once: [first, later]."""
    folders = [tmp_path_factory.mktemp("goods") for _ in range(2)]
    return [goods_of(made, Wishes(), folder) for made, folder in zip((first, later), folders, strict=True)]


@pytest.fixture(scope="session")
def taught(tmp_path_factory) -> Path:
    """The build that `run` was trained on."""
    return Small([RIZZ, DRIP, MID]).write(tmp_path_factory.mktemp("builds") / "small")


@pytest.fixture(scope="session")
def run(taught, tmp_path_factory) -> Path:
    """A run folder: two steps of a real training of the lab's base."""
    from train.base_models import load_tokenizer
    from train.build_folder import read_build
    from train.examples import encode_conversations
    from train.recipe import load_recipe
    from train.training import train_adapter

    out, loaded = tmp_path_factory.mktemp("runs") / "small-lab", load_tokenizer("lab")
    rows = encode_conversations(read_build(taught).conversations("train"), loaded, 2048)
    note = {"build": "small", "build_sha256": sha256((taught / "manifest.json").read_bytes()).hexdigest()}
    train_adapter(rows, "lab", loaded, load_recipe(), out, backend="trl", say=lambda line: None, note=note)
    return out


@contextmanager
def asking(served, monkeypatch):
    """huggingface_hub in this process asks this Hub, and does not wait before it tries again."""
    from huggingface_hub import constants, hf_api
    from huggingface_hub.utils import _http as http

    http.close_session()
    for name, value in {
        "ENDPOINT": served.endpoint,
        "HUGGINGFACE_CO_URL_TEMPLATE": served.endpoint + "/{repo_id}/resolve/{revision}/{filename}",
        "HF_HUB_OFFLINE": False,
        "HF_HUB_DISABLE_XET": True,
    }.items():
        monkeypatch.setattr(constants, name, value)
    monkeypatch.setattr(hf_api.api, "endpoint", served.endpoint)  # whose methods are the library's functions
    monkeypatch.setattr(http, "time", SimpleNamespace(sleep=lambda seconds: None))
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    yield served
    http.close_session()


@pytest.fixture
def hub(monkeypatch):
    """A Hub of one's own; large files go to it as LFS objects."""
    with hub_server() as served, asking(served, monkeypatch) as served:
        yield served


@pytest.fixture
def chunks(hub, monkeypatch, tmp_path_factory):
    """The same Hub, to which large files go as chunks: so huggingface_hub does wherever hf_xet is installed."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)
    monkeypatch.setenv("HF_XET_CACHE", str(tmp_path_factory.getbasetemp() / "xet"))  # read once a process
    monkeypatch.setenv("HF_XET_CLIENT_RETRY_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("HF_XET_CLIENT_RETRY_BASE_DELAY", "10ms")
    return hub


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
