"""A small real adapter of the lab's base: which files of it go out, and what its card says."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from hashlib import sha256

import pytest
from huggingface_hub import ModelCard
from small_build import DRIP, MID, RIZZ, THEIRS, Small

from pipelines.publishing.adapter import AdapterFacts, adapter_card, adapter_files, combined
from pipelines.publishing.checks import check_run
from pipelines.publishing.licences import LicenceError

pytestmark = pytest.mark.xdist_group("publish_adapter")


def trained(build, out):
    """A run of two steps on a build."""
    from train.base_models import load_tokenizer
    from train.build_folder import read_build
    from train.examples import encode_conversations
    from train.recipe import load_recipe
    from train.training import train_adapter

    loaded = load_tokenizer("lab")
    rows = encode_conversations(read_build(build).conversations("train"), loaded, 2048)
    note = {"build": "small", "build_sha256": sha256((build / "manifest.json").read_bytes()).hexdigest()}
    run = train_adapter(rows, "lab", loaded, load_recipe(), out, backend="trl", say=lambda line: None, note=note)
    return run.folder


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    return Small([RIZZ, DRIP, MID]).write(tmp_path_factory.mktemp("builds") / "small")


@pytest.fixture(scope="module")
def run(build, tmp_path_factory):
    return trained(build, tmp_path_factory.mktemp("runs") / "small-lab")


@pytest.fixture
def facts(build):
    return AdapterFacts("ann/slang-lab", "v1.0.0", dataset="ann/slang", dataset_version="v2.1.0", build=build)


def test_a_finished_run_has_nothing_against_it(run):
    assert [str(one) for one in check_run(run) if one.fatal] == []


def test_damaged_weights_are_told(run, tmp_path):
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    weights = copy / "adapter" / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-8] + b"12345678")
    assert "the adapter is damaged" in str(check_run(copy)[0])


def test_what_goes_out_is_the_adapter_its_facts_and_the_datas_recipe(run, facts):
    names = set(adapter_files(run, facts))
    assert {
        "adapter_config.json",
        "adapter_model.safetensors",
        "tokenizer.json",
        "run.json",
        "data/recipe.toml",
    } <= names
    assert not {name for name in names if "timings" in name or ("jsonl" in name and "history" not in name)}


def test_the_published_files_load_as_an_adapter(run, facts, tmp_path):
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from train.base_models import find_base_model

    for name, path in adapter_files(run, facts).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, tmp_path / name)
    base = AutoModelForCausalLM.from_pretrained(find_base_model("lab").folder)
    model = PeftModel.from_pretrained(base, str(tmp_path))
    asked = AutoTokenizer.from_pretrained(tmp_path)("What does rizz mean?", return_tensors="pt")
    assert model.generate(**asked, max_new_tokens=3, do_sample=False).shape[1] > asked["input_ids"].shape[1]


def test_the_card_says_what_it_was_made_from(run, facts):
    text = adapter_card(run, facts)
    data = ModelCard(text).data.to_dict()
    assert (data["library_name"], data["datasets"], data["license"]) == ("peft", ["ann/slang"], "other")
    assert data["license_name"] == "apache-2.0-and-wordnet-3.0"
    assert "base_model" not in data  # the lab is no repository of the Hub
    read = json.loads((run / "run.json").read_text())
    for told in (
        "[ann/slang](https://huggingface.co/datasets/ann/slang), v2.1.0",
        f"SHA-256 is `{read['adapter_sha256']}`",
        f"| steps | {read['counts']['steps']:,},",
        "The texts that it learned from are under CC-BY-4.0; their sources are named.",
        "Not evaluated.",
    ):
        assert told in text, told


def test_another_build_than_the_one_it_was_trained_on_is_refused(run, facts, tmp_path):
    other = Small([RIZZ, MID]).write(tmp_path / "other")
    with pytest.raises(ValueError, match="was not trained on this build"):
        adapter_card(run, replace(facts, build=other))


def test_without_its_build_nobody_knows_its_licence(run):
    with pytest.raises(LicenceError, match=r"is not here as it was.*--build.*--private.*--rights"):
        adapter_card(run, AdapterFacts("ann/slang-lab", "v1"))


def test_weights_made_of_texts_without_a_licence_need_a_ground(run, facts, tmp_path):
    theirs = Small([RIZZ, THEIRS]).write(tmp_path / "theirs")
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    read = json.loads((copy / "run.json").read_text())
    read["build_sha256"] = sha256((theirs / "manifest.json").read_bytes()).hexdigest()
    (copy / "run.json").write_text(json.dumps(read))
    with pytest.raises(LicenceError, match=r"trained on texts that may not be passed on: source theirs"):
        adapter_card(copy, replace(facts, build=theirs))
    text = adapter_card(copy, replace(facts, build=theirs, rights="ours by contract"))
    assert "**On what ground it is passed on:** ours by contract" in text
    assert "Trained on texts that may not be passed on themselves: source theirs" in text


def test_the_bases_licence_leads_and_share_alike_stays():
    assert combined({"base": "llama3.2", "data": "CC-BY-4.0"}).metadata == {"license": "llama3.2"}
    assert combined({"base": "apache-2.0", "data": "CC-BY-SA-4.0"}).ids == ("Apache-2.0", "CC-BY-SA-4.0")
    with pytest.raises(LicenceError, match=r"exclude each other"):
        combined({"base": "llama3.2", "data": "CC-BY-SA-4.0"})
