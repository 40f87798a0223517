"""Opening a base, with or without an adapter, in either engine: the same ids in, the same answers out."""

from __future__ import annotations

import json
import shutil
import sys

import pytest

from train.engines import open_engine as opening
from train.engines.engine import Scored
from train.engines.open_engine import open_engine
from train.errors import TrainError

NEVER = frozenset({299})

pytestmark = pytest.mark.xdist_group("llama_cpp")


@pytest.fixture(scope="module")
def base(tiny_folder):
    folder, loaded = tiny_folder
    return str(folder), loaded


@pytest.fixture(scope="module")
def adapter(tiny_llama, tiny_folder, tmp_path_factory):
    """A LoRA adapter of the tiny model that changes what it says."""
    import copy

    import torch
    from peft import LoraConfig, get_peft_model

    model = get_peft_model(
        copy.deepcopy(tiny_llama), LoraConfig(r=4, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM")
    )
    torch.manual_seed(1)
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if "lora_B" in name:
                weights.normal_(0, 0.5)
    model.peft_config["default"].base_model_name_or_path = tiny_folder[0].name
    folder = tmp_path_factory.mktemp("adapter")
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache") / "gguf"


def mean_difference(ours, theirs):
    pairs = [pair for one, other in zip(ours, theirs, strict=True) for pair in zip(one[0], other[0], strict=True)]
    return sum(abs(one - other) for one, other in pairs) / len(pairs)


def test_a_small_model_opens_in_transformers(base, cache, prompts):
    engine = open_engine("auto", base[0], None, base[1], cache=cache)
    assert engine.name == "transformers"
    assert len(engine.generate(prompts[0], max_new_tokens=4, stop_ids=NEVER).ids) == 4
    assert not cache.exists()


def test_a_large_model_opens_quantised(base, cache, monkeypatch):
    monkeypatch.setattr(opening, "SMALL", 10)
    engine = open_engine("auto", base[0], None, base[1], quantisation="q8_0", threads=1, cache=cache)
    assert engine.name == "llama.cpp q8_0"
    engine.close()


@pytest.mark.parametrize("adapted", [False, True])
def test_both_engines_say_nearly_the_same(base, adapter, cache, prompts, adapted):
    requests = [Scored(prompt, [prompts[2]]) for prompt in prompts]
    scores = {}
    for name in ("transformers", "llama.cpp"):
        chosen = adapter if adapted else None
        engine = open_engine(name, base[0], chosen, base[1], quantisation="q8_0", threads=1, cache=cache)
        scores[name] = engine.score(requests)
        engine.close()
    assert mean_difference(scores["transformers"], scores["llama.cpp"]) < 0.15


def test_an_adapter_changes_what_is_said_in_both_engines(base, adapter, cache, prompts):
    for name in ("transformers", "llama.cpp"):
        plain, adapted = (
            open_engine(name, base[0], chosen, base[1], quantisation="q8_0", threads=1, cache=cache)
            for chosen in (None, adapter)
        )
        requests = [Scored(prompt, [prompts[2]]) for prompt in prompts]
        assert mean_difference(plain.score(requests), adapted.score(requests)) > 0.5
        plain.close(), adapted.close()


def test_a_model_is_converted_once(base, cache, monkeypatch):
    open_engine("llama.cpp", base[0], None, base[1], quantisation="q8_0", threads=1, cache=cache).close()
    monkeypatch.setattr("train.exporting.gguf.convert", lambda *_, **__: pytest.fail("converted again"))
    open_engine("llama.cpp", base[0], None, base[1], quantisation="q8_0", threads=1, cache=cache).close()
    assert not [file for file in cache.iterdir() if file.name.startswith(".converting")]


def test_other_weights_under_the_same_name_are_converted_anew(base, tmp_path, cache):
    """The cached file's name depends on the weights' content, the adapter's and the quantisation."""
    from safetensors.torch import load_file, save_file

    folder = tmp_path / base[0].rsplit("/", 1)[-1]
    shutil.copytree(base[0], folder)
    open_engine("llama.cpp", str(folder), None, base[1], quantisation="q8_0", threads=1, cache=cache).close()
    before = set(cache.glob("*.gguf"))
    weights = load_file(folder / "model.safetensors")
    weights["model.norm.weight"] *= 2
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    open_engine("llama.cpp", str(folder), None, base[1], quantisation="q8_0", threads=1, cache=cache).close()
    assert len(set(cache.glob("*.gguf")) - before) == 1


def test_a_conversion_that_fails_leaves_nothing_behind(base, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise TrainError("the disk caught fire")

    monkeypatch.setattr("train.exporting.quantise.quantise", fail)
    with pytest.raises(TrainError, match="the disk caught fire"):
        open_engine("llama.cpp", base[0], None, base[1], threads=1, cache=tmp_path / "gguf")
    assert [file.name for file in (tmp_path / "gguf").iterdir() if file.name != ".lock"] == []


def test_an_adapter_of_another_base_is_refused_by_both_engines(base, adapter, cache, tmp_path):
    other = tmp_path / "adapter"
    shutil.copytree(adapter, other)
    config = json.loads((other / "adapter_config.json").read_text(encoding="utf-8"))
    config["base_model_name_or_path"] = "someone/else"
    (other / "adapter_config.json").write_text(json.dumps(config), encoding="utf-8")
    for name in ("transformers", "llama.cpp"):
        with pytest.raises(TrainError, match="an adapter of another base"):
            open_engine(name, base[0], other, base[1], threads=1, cache=cache)


@pytest.mark.parametrize("name", ["transformers", "llama.cpp"])
def test_a_model_that_does_not_fit_into_memory_is_one_line(base, cache, monkeypatch, name):
    class Memory:
        available = 1000

    monkeypatch.setattr("psutil.virtual_memory", Memory)
    with pytest.raises(TrainError, match=r"needs about \d+\.\d GB of memory, 0\.0 GB are free"):
        open_engine(name, base[0], None, base[1], quantisation="q8_0", threads=1, cache=cache)


def test_an_unknown_engine_or_quantisation_is_one_line(base, cache):
    with pytest.raises(TrainError, match=r"unknown engine 'vllm', expected one of auto, transformers, llama\.cpp"):
        open_engine("vllm", base[0], None, base[1], cache=cache)
    with pytest.raises(TrainError, match="unknown quantisation 'q8'"):
        open_engine("llama.cpp", base[0], None, base[1], quantisation="q8", cache=cache)


def test_a_missing_package_names_its_install(base, cache, monkeypatch):
    from train.engines import llama_interface, llama_library

    for module in (llama_library.library, llama_interface.llama_interface):
        module.cache_clear()
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    monkeypatch.setattr(llama_library, "find_spec", lambda _: None)
    with pytest.raises(TrainError, match=r"pip install '\.\[train\]'"):
        open_engine("llama.cpp", base[0], None, base[1], quantisation="q4_k_m", cache=cache)
