"""A trained adapter goes to the Hub as a model, and comes back as one that peft loads."""

from __future__ import annotations

import shutil

import pytest

from pipelines.publish import main

pytestmark = pytest.mark.xdist_group("publishing")
ADAPTER = "tester/slang-adapter"


def test_an_adapter_goes_out_with_its_card_and_loads_from_there(hub, run, taught, tmp_path):
    import torch
    from peft import PeftModel
    from safetensors.torch import load_file
    from transformers import AutoModelForCausalLM

    from train.base_models import find_base_model

    assert main([str(run), "--to", ADAPTER, "--dataset", "tester/slang", "--build", str(taught)]) == 0
    repository = hub.repositories[f"models/{ADAPTER}"]
    assert {"README.md", "adapter_config.json", "adapter_model.safetensors", "run.json"} < repository.files().keys()
    assert not {"NOTICE.txt", "LICENSE.txt"} & repository.files().keys()  # the lab's licences ask for no such file
    assert repository.tags == {"v1.0.0": repository.branches["main"]}
    assert "tester/slang" in repository.files()["README.md"].decode()
    base = AutoModelForCausalLM.from_pretrained(find_base_model("lab").folder)
    model = PeftModel.from_pretrained(base, ADAPTER, revision="v1.0.0", cache_dir=str(tmp_path))
    came = {name.replace(".default", ""): weights for name, weights in model.named_parameters()}
    for name, weights in load_file(run / "adapter" / "adapter_model.safetensors").items():
        assert torch.equal(came[name], weights)


def test_a_damaged_adapter_stays_here(hub, run, tmp_path, capsys):
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    weights = copy / "adapter" / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    assert main([str(copy), "--to", ADAPTER]) in (1, 2)
    assert "adapter" in capsys.readouterr().err
    assert not hub.repositories
