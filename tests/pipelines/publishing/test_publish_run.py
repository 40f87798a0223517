"""A trained adapter goes to the Hub as a model, and comes back as one that peft loads."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
from word_builds import environment

from pipelines.publish import main

pytestmark = pytest.mark.xdist_group("publishing")
ADAPTER = "tester/slang-adapter"
FACTS = {  # run.json of a real training, without its adapter
    "backend": "unsloth",
    "base": "lab",
    "base_revision": "",
    "base_sha256": "ec6afd439e5da137b51e883b7b8ba4f534b1c881f60d6a3b41d40da4765b5a99",
    "build": "nowhere",
    "build_sha256": "0000000000000000000000000000000000000000000000000000000000000000",
    "computed": {
        "device": "cpu",
        "dtype": "float32",
        "gradient_checkpointing": False,
        "load_in_4bit": False,
        "optim": "adamw_torch_fused",
    },
    "counts": {
        "examples": 4532,
        "left_out_too_long": 0,
        "rows": 4532,
        "steps": 567,
        "tokens": 310233,
        "trained_tokens": 186772,
    },
    "key": "4ece74977769eb73bf42a39a23f51f4f2e7f169edf80f6670ef513b92fd487e1",
    "learning_rate": 0.0033352944413854433,
    "left_out_too_long": 0,
    "loss": {"first": 4.986688, "last": 2.557452},
    "loss_mask": "responses only",
    "marks": ["learning rate carried over to 4.5 M parameters: 0.00334"],
    "parameters": 4458752,
    "recipe": {
        "gradient_accumulation_steps": 4,
        "gradient_checkpointing": True,
        "learning_rate": 0.0002,
        "load_in_4bit": True,
        "lora_alpha": 16,
        "lora_dropout": 0.0,
        "lora_r": 16,
        "lr_scheduler_type": "linear",
        "max_length": 2048,
        "num_train_epochs": 1,
        "optim": "adamw_8bit",
        "packing": False,
        "per_device_train_batch_size": 2,
        "seed": 3407,
        "target_modules": ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
        "warmup_steps": 5,
        "weight_decay": 0.01,
    },
    "recipe_sha256": "94233eacb6e06528d5ca5b92ac4eee7182159123ca6b75173b04adc9777fb8bd",
    "seed": 3407,
    "template_fingerprint": "0e8004bafd78c8287b86418a0cbb24fb8b3fffd3b7a160d1146a5521915630ac",
    "versions": {
        "peft": "0.21.2",
        "python": "3.11.7",
        "torch": "2.13.0+cpu",
        "transformers": "5.17.0",
        "trl": "1.15.0",
        "unsloth": "2026.10.9",
        "unsloth_zoo": "2026.10.9",
    },
}
LOADED = """
import sys, torch
from peft import PeftModel
from transformers import AutoModelForCausalLM
model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(sys.argv[1]), sys.argv[2], revision="v1.0.0")
print(sum(float(p.detach().abs().sum()) for name, p in model.named_parameters() if "lora_A" in name))
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run folder with a small real adapter, and the folder of its base: (run, base, sum of its weights A)."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

    from train.run_folder import digest, finish

    folder = tmp_path_factory.mktemp("trained")
    shape = {"vocab_size": 300, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2}
    torch.manual_seed(3407)
    base = LlamaForCausalLM(LlamaConfig(**shape, num_attention_heads=4, num_key_value_heads=2))
    base.save_pretrained(folder / "base")
    base.config._name_or_path = "lab"
    model = get_peft_model(base, LoraConfig(r=16, lora_alpha=16, target_modules=["q_proj"], task_type="CAUSAL_LM"))
    (folder / "run").mkdir()
    model.save_pretrained(folder / "run" / "adapter")
    weights = sum(float(p.detach().abs().sum()) for name, p in model.named_parameters() if "lora_A" in name)
    finish(folder / "run", FACTS | {"adapter_sha256": digest(folder / "run" / "adapter" / "adapter_model.safetensors")})
    return folder / "run", folder / "base", weights


def test_an_adapter_goes_out_with_its_card_and_loads_from_there(hub, trained, tmp_path):
    run, base, weights = trained
    words = [str(run), "--to", ADAPTER, "--dataset", "tester/slang", "--rights", "words of our own"]
    assert main(words) == 0
    repository = hub.repositories[f"models/{ADAPTER}"]
    assert {"README.md", "adapter_config.json", "adapter_model.safetensors", "run.json"} < repository.files().keys()
    assert repository.tags == {"v1.0.0": repository.branches["main"]}
    assert "tester/slang" in repository.files()["README.md"].decode()
    done = subprocess.run(
        [sys.executable, "-c", LOADED, str(base), ADAPTER],
        env=environment(hub, tmp_path),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split()[-1]) == pytest.approx(weights)


def test_a_damaged_adapter_stays_here(hub, trained, tmp_path, capsys):
    copy = tmp_path / "run"
    shutil.copytree(trained[0], copy)
    weights = copy / "adapter" / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    assert main([str(copy), "--to", ADAPTER]) in (1, 2)
    assert "adapter" in capsys.readouterr().err
    assert not hub.repositories
