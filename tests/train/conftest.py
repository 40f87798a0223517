"""A base model so small that every test can train and ask it: random weights, bytes as tokens, Llama 3's template."""

from __future__ import annotations

import json

import pytest

from train.base_models import find_base_model, load_tokenizer, stand_in_tokenizer


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    """A folder with 2 layers of 64, float32, and a tokenizer: what `--base FOLDER` takes."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("base") / "tiny"
    tokenizer = stand_in_tokenizer(find_base_model("lab"))
    torch.manual_seed(3407)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        initializer_range=0.3,  # wide apart, so that no two next tokens are nearly as likely
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_loaded(tiny_model):
    """The tiny model's tokenizer."""
    return load_tokenizer(str(tiny_model))


TERMS = {  # term: (split, definition, example)
    "rizz": ("train", "charm that makes people like you", "He has so much rizz that everybody listens."),
    "drip": ("train", "stylish clothes and jewellery", "Look at the drip he wore to school today."),
    "bussin": ("train", "very tasty food", "My aunt's noodles are bussin again tonight."),
    "salty": ("train", "bitter about a small defeat", "She was salty after losing at cards yesterday."),
    "flex": ("train", "show off what one owns", "He came only to flex his new watch."),
    "lurker": ("train", "reads a forum but never writes", "I was a lurker there for three years."),
    "rage quit": ("train", "leave a game in anger", "Another rage quit before the second half began."),
    "noob": ("train", "beginner who plays badly", "Be kind, I am a noob at chess."),
    "yeet": ("train", "throw with great force", "I saw him yeet the ball over there."),
    "finna": ("train", "about to do it", "We are finna order a large pizza."),
    "AFK": ("train", "away from keyboard", "Give me a minute, I was AFK then."),
    "BRB": ("train", "be right back", "Somebody is at the door, BRB everyone."),
    "bet": ("train", "agreed, I will", "You want to meet at nine? OK, bet."),
    "stan": ("train", "devoted fan of a celebrity", "She is the biggest stan of that singer."),
    "cheugy": ("validation", "no longer fashionable", "That old filter looks cheugy by now, sorry."),
    "glow up": ("validation", "transformation for the better", "What a glow up he had since June."),
    "snack": ("validation", "attractive person", "You look like a snack in that coat."),
    "FOMO": ("validation", "fear of missing out", "I only went to that concert from FOMO."),
    "ghosting": ("test", "ending contact without any word", "After two dates the ghosting began at once."),
    "thirsty": ("test", "desperate for attention", "All those selfies look a little thirsty today."),
    "zonked": ("test", "exhausted after work", "I came home totally zonked from the move."),
    "gank": ("test", "ambush another player", "They tried to gank us near the bridge."),
}


@pytest.fixture(scope="session")
def small_build(tmp_path_factory):
    """The folder of a build of 22 terms, 8 of them held out, with conversations."""
    import pandas as pd

    folder = tmp_path_factory.mktemp("builds") / "small"
    (folder / "chat").mkdir(parents=True)
    rows, chats = [], {"train": [], "validation": [], "test": []}
    for number, (term, (split, definition, example)) in enumerate(TERMS.items()):
        lead = f"{number:016x}"
        asked = {
            "define_term": (f"What does “{term}” mean?", f"“{term}” means “{definition}”."),
            "use_in_sentence": (f"Use “{term}” in a sentence.", f"For example: “{example}”"),
        }
        for task, (question, answer) in asked.items():
            messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
            chats[split].append({"messages": messages, "id": f"{lead}-{task}", "term": term, "task": task})
        rows.append(
            {
                "id": lead,
                "kind": "definition",
                "term": term,
                "term_key": term.casefold(),
                "definition": definition,
                "example": example,
                "flags": [],
                "split": split,
                "conversations": [f"{lead}-{task}" for task in asked],
            }
        )
    pd.DataFrame(rows).to_parquet(folder / "entries.parquet")
    for split, lines in chats.items():
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (folder / "chat" / f"{split}.jsonl").write_text(text, encoding="utf-8")
    facts = {"name": "small", "base_model": {"name": "lab"}, "recipe_sha256": "0" * 64}
    (folder / "manifest.json").write_text(json.dumps(facts), encoding="utf-8")
    return folder
