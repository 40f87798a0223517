"""A tiny Llama with random weights, wide apart so that no two next tokens are nearly as likely, and prompts for it."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest

from train.base_models import find_base_model, load_tokenizer, stand_in_tokenizer

VOCABULARY = 300


@pytest.fixture(scope="session")
def tiny_llama():
    """2 layers, hidden 64, float32."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(3407)
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        initializer_range=0.3,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=None,
    )
    return LlamaForCausalLM(config).eval()


@pytest.fixture(scope="session")
def prompts():
    """Eight prompts of 2 to 30 ids; the last two are alike."""
    chance = random.Random(3407)
    drawn = [[chance.randrange(VOCABULARY) for _ in range(length)] for length in (30, 2, 11, 11, 5, 17, 23)]
    return [*drawn, drawn[-1]]


@pytest.fixture(scope="session")
def tiny_folder(tiny_llama, tmp_path_factory):
    """The tiny model and a tokenizer in a folder, and the tokenizer loaded."""
    folder = tmp_path_factory.mktemp("tiny-llama")
    spec = find_base_model("llama-3.2-1b-instruct")
    tokenizer = stand_in_tokenizer(spec)
    tokenizer.save_pretrained(folder)
    facts = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    facts["model"]["vocab"]["th"] = len(tokenizer)
    facts["model"]["merges"] = [["t", "h"]]  # llama.cpp refuses a tokenizer that has none
    (folder / "tokenizer.json").write_text(json.dumps(facts), encoding="utf-8")
    tiny_llama.save_pretrained(folder)
    found = load_tokenizer(str(folder))
    return folder, replace(found, settings=spec.settings)
