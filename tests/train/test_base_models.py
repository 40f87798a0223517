"""The registry of base models, and where their tokenizers come from."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys

import pytest

from curation.templates import encode, end_of_turn
from train.base_models import (
    MODELS_FILE,
    base_models,
    family_template,
    find_base_model,
    load_tokenizer,
    stand_in_tokenizer,
)

CHAT = [{"role": "user", "content": "What is “drip”? 😂"}, {"role": "assistant", "content": "Stylish clothes."}]
SPECS = base_models()


@pytest.fixture
def registry(tmp_path):
    """Writes a models.toml of one model, changed by the keys given."""

    def write(name="tiny", **changes):
        table = {
            "hub": "someone/tiny",
            "family": "qwen2_5",
            "eos": "<|im_end|>",
            "end_of_turn": "<|im_end|>",
            "pad": "<|endoftext|>",
            "special": ["<|im_start|>"],
            "licence": "mit",
            "gated": False,
        } | changes
        lines = [f"{key} = {json.dumps(value)}" for key, value in table.items() if value is not None]
        file = tmp_path / "models.toml"
        file.write_text("\n".join([f'["{name}"]', *lines]), encoding="utf-8")
        return file

    return write


def test_the_registry_has_the_models_that_the_recipes_need():
    hubs = {spec.hub for spec in SPECS.values()}
    assert {
        "meta-llama/Llama-3.2-1B-Instruct",
        "meta-llama/Llama-3.2-3B-Instruct",
        "unsloth/Llama-3.2-1B-Instruct",
        "unsloth/Llama-3.2-3B-Instruct",
        "meta-llama/Llama-3.1-8B-Instruct",
        "HuggingFaceTB/SmolLM2-135M-Instruct",
        "HuggingFaceTB/SmolLM2-360M-Instruct",
        "Qwen/Qwen2.5-0.5B-Instruct",
        "Qwen/Qwen2.5-1.5B-Instruct",
        "Qwen/Qwen3-0.6B",
        "Qwen/Qwen3-1.7B",
        "google/gemma-3-1b-it",
        "microsoft/Phi-3.5-mini-instruct",
        "microsoft/Phi-4-mini-instruct",
        "deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B",
    } <= hubs
    assert len(hubs) == len(SPECS)


@pytest.mark.parametrize("spec", SPECS.values(), ids=lambda spec: spec.name)
def test_no_model_is_padded_with_what_ends_an_answer(spec):
    tokenizer = stand_in_tokenizer(spec)
    assert tokenizer.pad_token == spec.pad
    assert tokenizer.pad_token_id not in (tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids(spec.end_of_turn))


@pytest.mark.parametrize("spec", SPECS.values(), ids=lambda spec: spec.name)
def test_every_control_token_that_a_family_s_template_writes_is_one_token(spec):
    tokenizer = stand_in_tokenizer(spec)
    encoded = encode(CHAT, tokenizer, spec.settings)
    words = [spec.bos, spec.eos, spec.end_of_turn, *spec.special]
    written = re.split("|".join(re.escape(word) for word in words if word), encoded.text)
    assert sum(number in tokenizer.added_tokens_decoder for number in encoded.input_ids) == len(written) - 1
    assert not re.search(r"<[|｜/\w]", "".join(written))


def test_a_model_is_found_by_name_and_by_hub_id_in_any_case():
    spec = find_base_model("llama-3.2-1b-instruct")
    assert find_base_model("meta-llama/llama-3.2-1b-instruct") is not None
    assert find_base_model("META-LLAMA/Llama-3.2-1B-Instruct") == spec == find_base_model("LLAMA-3.2-1B-Instruct")


def test_an_unknown_model_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match=r"unknown base model 'qwen3-0\.6', nearest: qwen3-0\.6b"):
        find_base_model("qwen3-0.6")
    with pytest.raises(ValueError, match=r"unknown base model 'zzz', known: lab, llama-3\.2-1b-instruct, "):
        find_base_model("zzz")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"pad": "<|im_end|>"}, "tiny.pad: '<|im_end|>' ends an answer"),
        ({"eos": "<|endoftext|>"}, "tiny.pad: '<|endoftext|>' ends an answer"),
        ({"colour": "blue"}, "tiny.colour: Unexpected keyword argument"),
        ({"licence": None}, "tiny.licence: Field required"),
        ({"gated": "perhaps"}, "tiny.gated: Input should be a valid boolean"),
        ({"generation_prompt": "none"}, "tiny.generation_prompt: Input should be 'template' or 'trained'"),
        ({"pad": ""}, "tiny.pad: String should have at least 1 character"),
    ],
)
def test_a_faulty_registry_names_the_line(registry, changes, fault):
    with pytest.raises(ValueError) as caught:
        base_models(registry(**changes))
    assert fault in str(caught.value)
    assert "models.toml" in str(caught.value)


def test_a_registry_that_is_no_toml_or_not_there_is_one_line(tmp_path):
    broken = tmp_path / "models.toml"
    broken.write_text("[half", encoding="utf-8")
    with pytest.raises(ValueError, match=r"models\.toml: Expected"):
        base_models(broken)
    with pytest.raises(ValueError, match="No such file"):
        base_models(tmp_path / "none.toml")


def test_without_the_hub_a_stand_in_renders_the_family_exactly():
    loaded = load_tokenizer("meta-llama/Llama-3.2-1B-Instruct")
    assert (loaded.source, loaded.revision) == ("stand-in", "")
    assert loaded.note.startswith("meta-llama/Llama-3.2-1B-Instruct: the Hub cannot be reached")
    assert loaded.tokenizer.chat_template == family_template("llama3_2")
    assert encode(CHAT, loaded.tokenizer, loaded.settings).text == (
        "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\n"
        "Today Date: 26 Jul 2024\n\n<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nWhat is “drip”? 😂<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\nStylish clothes.<|eot_id|>"
    )


def test_a_stand_in_can_be_refused():
    with pytest.raises(ValueError, match=r"no tokenizer for Qwen/Qwen3-0\.6B: the Hub cannot be reached"):
        load_tokenizer("qwen3-0.6b", stand_in=False)


def test_a_hub_id_that_the_registry_does_not_have_gets_no_stand_in():
    with pytest.raises(ValueError, match="no tokenizer for someone/something"):
        load_tokenizer("someone/something")


def test_two_stand_ins_give_the_same_ids_and_every_character_comes_back():
    spec = find_base_model("qwen2.5-0.5b-instruct")
    first, second = stand_in_tokenizer(spec), stand_in_tokenizer(spec)
    text = "Aé “ß” 友達 😂🏽\u200d♀️ \t\n ﬁ \x00 e\u0301"
    ids = first(text, add_special_tokens=False)["input_ids"]
    assert ids == second(text, add_special_tokens=False)["input_ids"]
    assert first.decode(ids) == text
    assert first.backend_tokenizer.to_str() == second.backend_tokenizer.to_str()


def test_a_saved_tokenizer_is_read_from_its_folder(tmp_path):
    spec = find_base_model("qwen2.5-0.5b-instruct")
    stand_in_tokenizer(spec).save_pretrained(tmp_path)
    by_path, by_folder = load_tokenizer(spec, path=tmp_path), load_tokenizer(str(tmp_path))
    assert (by_path.source, by_folder.source) == ("path", "path")
    assert by_path.tokenizer.pad_token == spec.pad
    expected = encode(CHAT, stand_in_tokenizer(spec), spec.settings)
    assert encode(CHAT, by_path.tokenizer, by_path.settings) == expected
    assert encode(CHAT, by_folder.tokenizer, by_folder.settings) == expected


@pytest.mark.parametrize("named", ["TokenizersBackend", "PreTrainedTokenizerFast", "LlamaTokenizerFast", None])
@pytest.mark.parametrize("model_type", ["llama", "qwen2", None])
def test_a_tokenizer_is_the_one_that_auto_tokenizer_gives(tmp_path, named, model_type):
    from transformers import AutoTokenizer

    lab = find_base_model("lab").folder
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        if (lab / name).is_file():
            shutil.copy(lab / name, tmp_path)
    settings = json.loads((lab / "tokenizer_config.json").read_text()) | {"tokenizer_class": named}
    kept = {key: value for key, value in settings.items() if value is not None}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(kept))
    if model_type:
        (tmp_path / "config.json").write_text(json.dumps({"model_type": model_type}))
    ours = load_tokenizer(str(tmp_path)).tokenizer
    theirs = AutoTokenizer.from_pretrained(tmp_path, local_files_only=True)
    assert type(ours) is type(theirs)
    assert ours.backend_tokenizer.to_str() == theirs.backend_tokenizer.to_str()
    assert ours.get_chat_template() == theirs.get_chat_template()
    assert ours.special_tokens_map == theirs.special_tokens_map


def test_a_folder_without_a_tokenizer_is_one_line(tmp_path):
    with pytest.raises(ValueError, match="no tokenizer can be read from") as caught:
        load_tokenizer("qwen3-0.6b", path=tmp_path)
    assert "\n" not in str(caught.value)


def test_a_tokenizer_file_of_another_shape_is_one_line(tmp_path):
    stand_in_tokenizer(find_base_model("qwen3-0.6b")).save_pretrained(tmp_path)
    (tmp_path / "tokenizer_config.json").write_text("[]", encoding="utf-8")
    with pytest.raises(ValueError, match="no tokenizer can be read from") as caught:
        load_tokenizer(str(tmp_path))
    assert "\n" not in str(caught.value)


def test_a_tokenizer_that_disagrees_with_the_registry_is_refused(tmp_path):
    spec = find_base_model("qwen2.5-0.5b-instruct")
    tokenizer = stand_in_tokenizer(spec)
    tokenizer.save_pretrained(tmp_path)
    with pytest.raises(ValueError, match=r"pads with '<\|finetune_right_pad_id\|>', which the tokenizer"):
        load_tokenizer("llama-3.2-1b-instruct", path=tmp_path)
    tokenizer.chat_template = tokenizer.chat_template.replace("<|im_end|>", "<|endoftext|>")
    tokenizer.save_pretrained(tmp_path)
    with pytest.raises(ValueError, match=r"end_of_turn '<\|im_end\|>', the template writes '<\|endoftext\|>'"):
        load_tokenizer(spec, path=tmp_path)


def test_a_template_that_writes_another_begin_token_is_refused(tmp_path):
    spec = find_base_model("gemma-3-1b-it")
    tokenizer = stand_in_tokenizer(spec)
    tokenizer.chat_template = tokenizer.chat_template.replace("{{ bos_token }}", "")
    tokenizer.save_pretrained(tmp_path)
    with pytest.raises(
        ValueError, match=r"gemma-3-1b-it: models\.toml has bos '<bos>', the template writes '<start_of"
    ):
        load_tokenizer(spec, path=tmp_path)


def test_the_hub_s_cache_serves_a_machine_without_network(tmp_path, monkeypatch):
    spec = find_base_model("qwen2.5-0.5b-instruct")
    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = tmp_path / "models--Qwen--Qwen2.5-0.5B-Instruct"
    stand_in_tokenizer(spec).save_pretrained(repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit, encoding="utf-8")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    loaded = load_tokenizer(spec)
    assert (loaded.source, loaded.revision, loaded.note) == ("hub", commit, "")
    assert end_of_turn(loaded.tokenizer, loaded.settings) == "<|im_end|>"


def test_a_family_without_a_template_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match="no chat template for the family 'lama3_2', nearest: llama3_2"):
        family_template("lama3_2")


def test_looking_at_the_registry_imports_no_heavy_library():
    heavy = "{'torch', 'transformers', 'trl', 'tokenizers', 'huggingface_hub', 'pandas', 'numpy'}"
    code = f"import sys, train.base_models as b; b.find_base_model('qwen3-0.6b'); print({heavy} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=MODELS_FILE.parents[1]
    )
    assert done.stdout.strip() == "set()"
