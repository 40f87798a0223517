"""A small real adapter of the lab's base: which files of it go out, and what its card says."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from hashlib import sha256

import pytest
from huggingface_hub import ModelCard
from small_build import MID, RIZZ, THEIRS, Small

from pipelines.publishing.adapter import AdapterFacts, adapter_card, adapter_files, combined
from pipelines.publishing.base_terms import lacking, papers
from pipelines.publishing.checks import check_run
from pipelines.publishing.licences import LicenceError
from train.base_models import find_base_model

pytestmark = pytest.mark.xdist_group("publishing")


@pytest.fixture
def facts(taught):
    return AdapterFacts("ann/slang-lab", "v1.0.0", dataset="ann/slang", dataset_version="v2.1.0", build=taught)


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


@pytest.fixture
def based_on(monkeypatch):
    """Makes the lab's base one under other licences."""

    def based_on(licence):
        spec = replace(find_base_model("lab"), licence=licence)
        monkeypatch.setattr("pipelines.publishing.adapter.spec_of", lambda base: spec)
        return spec

    return based_on


def test_a_name_that_llamas_licence_forbids_is_refused_in_one_line(run, facts, based_on):
    based_on("llama3.2")
    with pytest.raises(
        LicenceError, match=r"begins with 'Llama'\. Publish as ann/Llama-slang-lab, with --private, or .*--rights"
    ) as error:
        adapter_card(run, facts)
    assert "\n" not in str(error.value)
    for allowed in ({"repository": "ann/Llama-slang"}, {"private": True}, {"rights": "a contract with Meta"}):
        assert "**Built with Llama.**" in adapter_card(run, replace(facts, **allowed))
    based_on("mit AND llama3.1")  # as DeepSeek's models that were distilled into Llama
    with pytest.raises(LicenceError, match=r"the licence llama3\.1 of the base model"):
        adapter_card(run, facts)


def test_what_a_bases_licence_asks_goes_along_and_stands_in_the_card(run, facts, based_on, tmp_path):
    spec = based_on("llama3.2")
    card = adapter_card(run, replace(facts, repository="ann/Llama-slang"))
    wanted = "Llama 3.2 is licensed under the Llama 3.2 Community License, Copyright © Meta Platforms, Inc."
    assert wanted in card
    assert "(https://www.llama.com/llama3_2/use-policy)" in card
    made = papers(spec, None, tmp_path)
    assert made["NOTICE.txt"].read_text("utf-8").startswith(wanted)
    assert [line.partition(",")[0] for line in lacking(spec, made)] == [
        "the licence llama3.2 of the base model asks to pass on a copy of it"
    ]
    (tmp_path / "licence").write_text("LLAMA 3.2 COMMUNITY LICENSE AGREEMENT")
    made = papers(spec, tmp_path / "licence", tmp_path)
    assert made["LICENSE.txt"] == tmp_path / "licence"
    assert list(lacking(spec, made)) == []
    with pytest.raises(ValueError, match="is no file"):
        papers(spec, tmp_path / "nowhere", tmp_path)


def test_gemma_wants_its_notice_and_no_name(run, facts, based_on, tmp_path):
    spec = based_on("gemma")
    card = adapter_card(run, facts)
    assert "Gemma is provided under and subject to the Gemma Terms of Use" in card
    assert "Built with" not in card
    assert "ai.google.dev/gemma/terms" in papers(spec, None, tmp_path)["NOTICE.txt"].read_text("utf-8")


def test_a_base_that_asks_for_nothing_gets_no_papers(run, facts, tmp_path):
    assert papers(find_base_model("lab"), None, tmp_path) == {}
    assert "NOTICE" not in adapter_card(run, facts)


def test_the_bases_licence_leads_and_share_alike_stays():
    assert combined({"base": "llama3.2", "data": "CC-BY-4.0"}).metadata == {"license": "llama3.2"}
    assert combined({"base": "apache-2.0", "data": "CC-BY-SA-4.0"}).ids == ("Apache-2.0", "CC-BY-SA-4.0")
    with pytest.raises(LicenceError, match=r"exclude each other"):
        combined({"base": "llama3.2", "data": "CC-BY-SA-4.0"})
