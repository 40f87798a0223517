"""Where a base model's weights come from, which they are, and every way of not having them."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from train.backends import computing
from train.base_models import find_base_model
from train.base_weights import base_name, find_weights
from train.errors import TrainError
from train.recipe import changed, load_recipe


@pytest.fixture
def model(tiny_model, tmp_path):
    return shutil.copytree(tiny_model, tmp_path / "mine")


def test_a_folder_s_weights_are_known_by_their_hash(model, tiny_loaded):
    found = find_weights(str(model), tiny_loaded)
    assert found.folder == model
    assert (found.name, found.revision) == ("mine", "")
    assert found.sha256 == sha256((model / "model.safetensors").read_bytes()).hexdigest()


def test_parameters_are_counted_off_the_headers(model, tiny_loaded):
    from transformers import AutoModelForCausalLM

    loaded = AutoModelForCausalLM.from_pretrained(model)
    assert find_weights(str(model), tiny_loaded).parameters == sum(value.numel() for value in loaded.parameters())


def test_weights_in_several_files_have_one_hash_that_sees_each(model, tiny_loaded):
    from transformers import AutoModelForCausalLM

    whole = find_weights(str(model), tiny_loaded)
    AutoModelForCausalLM.from_pretrained(model).save_pretrained(model, max_shard_size="100KB")
    (model / "model.safetensors").unlink()
    cut = find_weights(str(model), tiny_loaded)
    assert len(list(model.glob("*.safetensors"))) > 1
    assert cut.parameters == whole.parameters
    assert len(cut.sha256) == 64


def test_names_are_those_that_an_adapter_carries(model):
    assert base_name(str(model)) == "mine"
    assert base_name("lab") == "lab"
    assert base_name("llama-3.2-1b-instruct") == "meta-llama/Llama-3.2-1B-Instruct"
    assert base_name(find_base_model("qwen3-0.6b")) == "Qwen/Qwen3-0.6B"
    assert base_name("somebody/else") == "somebody/else"


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(TrainError, match=r"unknown base model 'llama-3\.2-1b', nearest: "):
        base_name("llama-3.2-1b")


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (lambda folder: (folder / "config.json").unlink(), "holds no model (config.json is missing or damaged)"),
        (lambda folder: (folder / "config.json").write_text("{", encoding="utf-8"), "holds no model"),
        (lambda folder: (folder / "model.safetensors").unlink(), "holds no weights (*.safetensors)"),
        (
            lambda folder: (folder / "model.safetensors").write_bytes(b"no"),
            "model.safetensors: the weights are damaged",
        ),
    ],
)
def test_a_damaged_folder_is_one_line(model, tiny_loaded, damage, line):
    damage(model)
    with pytest.raises(TrainError) as caught:
        find_weights(str(model), tiny_loaded)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


@contextmanager
def hub_that_answers(status, code):
    class Hub(BaseHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def do_GET(self):
            self.send_response(status)
            self.send_header("X-Error-Code", code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_HEAD = do_GET  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """Lets the libraries ask a Hub on loopback, with a token in the environment and an empty cache."""

    @contextmanager
    def answering(status, code):
        with hub_that_answers(status, code) as endpoint:
            monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
            monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", endpoint)
            monkeypatch.setattr("huggingface_hub.hf_api.api.endpoint", endpoint)
            monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
            monkeypatch.setenv("HF_TOKEN", "hf_secret_of_somebody")
            yield

    return answering


@pytest.mark.parametrize(
    ("status", "code", "line"),
    [
        (403, "GatedRepo", "accept its licence on the Hub, then set HF_TOKEN"),
        (404, "RepoNotFound", "the Hub has no such model, or it is private (set HF_TOKEN)"),
        (500, "", "the weights are not on this machine, and the Hub cannot be reached"),
    ],
)
def test_what_the_hub_refuses_is_one_line_without_the_token(hub, tiny_loaded, status, code, line):
    with hub(status, code), pytest.raises(TrainError) as caught:
        find_weights("meta-llama/Llama-3.2-1B-Instruct", tiny_loaded)
    assert line in str(caught.value)
    assert "hf_secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_a_network_the_line_says_what_to_do(tiny_loaded):
    with pytest.raises(TrainError, match=r"the Hub cannot be reached .*; connect, or give --base a folder"):
        find_weights("qwen3-0.6b", tiny_loaded)


def test_a_cpu_computes_small_models_plainly_and_large_ones_in_half_the_memory():
    recipe = load_recipe()
    small, middle, large = (computing(count, recipe) for count in (4_458_752, 494_000_000, 1_235_814_400))
    assert (small.dtype, middle.dtype, large.dtype) == ("float32", "float32", "bfloat16")
    assert (small.gradient_checkpointing, middle.gradient_checkpointing) == (False, True)
    assert {how.optim for how in (small, middle, large)} == {"adamw_torch_fused"}
    assert not any(how.load_in_4bit for how in (small, middle, large))
    assert computing(4_458_752, changed(recipe, optim="sgd")).optim == "sgd"
