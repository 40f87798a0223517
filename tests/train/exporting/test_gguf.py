"""GGUF files: the same next tokens as transformers, the same ids as training, the types that llama.cpp would choose."""

from __future__ import annotations

import errno
import json
import shutil

import numpy as np
import pytest

from curation.templates import encode_all, prompt_ids
from train.base_models import LoadedTokenizer, find_base_model, load_tokenizer, stand_in_tokenizer
from train.engines import llama_library
from train.engines.engine import Scored
from train.engines.llama_cpp import LlamaCppEngine
from train.errors import TrainError
from train.exporting import gguf_file, gguf_tokenizer
from train.exporting.gguf import convert, quantise
from train.exporting.modelfile import turn_texts
from train.exporting.proof import conversations, prove_ids
from train.exporting.quantise import tensor_type

pytestmark = pytest.mark.xdist_group("gguf")

ROPE = {"rope_type": "llama3", "rope_theta": 1e4, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 64}  # fmt: skip
SHAPES = {
    "llama": ("Llama", {}),
    "llama with Llama 3's rope": ("Llama", {"rope_parameters": ROPE}),
    "llama, untied, with biases": ("Llama", {"tie_word_embeddings": False, "attention_bias": True}),
    "qwen2": ("Qwen2", {}),
    "qwen3": ("Qwen3", {"head_dim": 32}),
    "gemma3": ("Gemma3", {"head_dim": 32, "query_pre_attn_scalar": 32, "sliding_window": 32, "num_hidden_layers": 7}),
}
TEXT = (
    "no cap means that somebody is not lying, and drip means stylish clothes. what does it mean? you explain slang. "
    "You are a helpful AI assistant named SmolLM, trained by Hugging Face user system it's they've I'LL 1337 3.14159"
)
WORDS = TEXT.split(" ")


def make_model(folder, kind="Llama", hidden=64, **changes):
    """A model of random weights, with vectors that matter, and a stand-in tokenizer; returns the model."""
    import torch
    import transformers

    tokenizer = stand_in_tokenizer(find_base_model("lab"))
    name = f"{kind}TextConfig" if kind == "Gemma3" else f"{kind}Config"
    shape = {"hidden_size": hidden, "intermediate_size": 2 * hidden, "num_hidden_layers": 2, "num_attention_heads": 4,
             "num_key_value_heads": 2, "vocab_size": len(tokenizer) + 3, "max_position_embeddings": 512,
             "tie_word_embeddings": True, "bos_token_id": None, "eos_token_id": None, "pad_token_id": None}  # fmt: skip
    torch.manual_seed(3407)
    model = getattr(transformers, f"{kind}ForCausalLM")(getattr(transformers, name)(**shape | changes)).eval()
    for name, values in model.named_parameters():
        if "norm" in name or name.endswith("bias"):
            torch.nn.init.normal_(values, mean=0.5, std=0.2)
        else:
            torch.nn.init.normal_(values, std=0.1)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return model


def trained_tokenizer(steps, *, byte_fallback=False, family="lab"):
    """A tokenizer with merges, which cuts text by `steps`; the family's control tokens and template."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    spec = find_base_model(family)
    control = list(
        dict.fromkeys([spec.eos, spec.pad, *([spec.bos] if spec.bos else []), spec.end_of_turn, *spec.special])
    )
    raw = Tokenizer(models.BPE(byte_fallback=byte_fallback, ignore_merges=not byte_fallback))
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    if byte_fallback:
        raw.normalizer = normalizers.Replace(" ", "▁")
        alphabet = [*sorted({letter for word in WORDS for letter in word}), "▁"]
        control += [f"<0x{byte:02X}>" for byte in range(256)]
    else:
        raw.pre_tokenizer = pre_tokenizers.Sequence(steps)
        raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=900, special_tokens=control, initial_alphabet=alphabet, show_progress=False
    )
    raw.train_from_iterator([" ".join(WORDS[start:] + WORDS[:start]) for start in range(len(WORDS))], trainer)
    if byte_fallback:  # bytes are words of the vocabulary, not control tokens
        content = json.loads(raw.to_str())
        content["added_tokens"] = [one for one in content["added_tokens"] if not one["content"].startswith("<0x")]
        raw = Tokenizer.from_str(json.dumps(content))
        raw.add_tokens([AddedToken("\n\n", normalized=False)])
    template = stand_in_tokenizer(spec).chat_template
    named = {"eos_token": spec.eos, "pad_token": spec.pad} | ({"bos_token": spec.bos} if spec.bos else {})
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, chat_template=template, **named)
    return LoadedTokenizer(tokenizer, spec.settings, "path", "")


def whole_length(loaded):
    """Bytes of all that the proof tokenises."""
    chats = conversations(system=True)
    return sum(len(one.text.encode()) for one in encode_all(chats, loaded.tokenizer, loaded.settings))


def cuts():
    from tokenizers import Regex, pre_tokenizers

    def split(pattern):
        return pre_tokenizers.Split(Regex(pattern), behavior="isolated")

    plain = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    own = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return {
        "llama-bpe": [split(gguf_tokenizer._LLAMA_3), plain],
        "qwen2": [split(gguf_tokenizer._QWEN_2), plain],
        "smollm": [pre_tokenizers.Digits(individual_digits=True), own],
        "gpt-2": [own],
    }


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    """A folder with a Llama of random weights, hidden 256, and its GGUF file of 32 bits."""
    folder = tmp_path_factory.mktemp("llama") / "tiny"
    make_model(folder, hidden=256)
    return folder, convert(folder, folder.parent / "tiny-f32.gguf", precision="f32")


def facts_of(file):
    import gguf

    return {name: field.contents() for name, field in gguf.GGUFReader(file).fields.items()}


def tensors_of(file):
    import gguf

    return {
        one.name: (one.tensor_type.name, gguf.dequantize(one.data, one.tensor_type))
        for one in gguf.GGUFReader(file).tensors
    }


# ---------------------------------------------------------------- the model


@pytest.mark.parametrize(("kind", "changes"), SHAPES.values(), ids=SHAPES)
def test_every_architecture_gives_the_log_probabilities_of_transformers(kind, changes, tmp_path):
    import torch

    model = make_model(tmp_path / "model", kind, **changes)
    engine = LlamaCppEngine(convert(tmp_path / "model", tmp_path / "model.gguf", precision="f32"), threads=1)
    ids = [(7 * place) % 250 for place in range(160)]  # longer than the sliding window and the rope's first context
    found = engine.score([Scored(ids[:1], [ids[1:]])])[0][0]
    engine.close()
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0].log_softmax(-1)
    wanted = [logits[place, token].item() for place, token in enumerate(ids[1:])]
    assert np.abs(np.array(found) - wanted).max() < 0.02  # llama.cpp keeps keys and values in 16 bits
    assert np.std(wanted) > 0.2


@pytest.mark.parametrize("precision", ["f32", "f16", "bf16"])
def test_the_greedy_answer_is_that_of_transformers_in_every_precision(precision, llama, tmp_path):
    import torch
    from transformers import AutoModelForCausalLM

    folder, _ = llama
    dtype = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}[precision]
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).float()  # rounded as the file's weights are
    loaded = load_tokenizer(str(folder))
    ids = prompt_ids([{"role": "user", "content": "What does “no cap” mean?"}], loaded.tokenizer)
    wanted = model.generate(torch.tensor([ids]), max_new_tokens=12, do_sample=False, pad_token_id=0)[
        0, len(ids) :
    ].tolist()
    engine = LlamaCppEngine(convert(folder, tmp_path / "x.gguf", precision=precision), threads=1)
    assert engine.generate(ids, max_new_tokens=12, stop_ids=frozenset()).ids == wanted
    engine.close()


def test_the_same_folder_gives_the_same_bytes(llama, tmp_path):
    folder, first = llama
    assert convert(folder, tmp_path / "again.gguf", precision="f32").read_bytes() == first.read_bytes()


# ---------------------------------------------------------------- the tokenizer


@pytest.mark.parametrize("cut", ["llama-bpe", "qwen2", "smollm", "gpt-2", "byte fallback"])
def test_llama_cpp_cuts_text_into_the_ids_of_training(cut, tmp_path):
    loaded = trained_tokenizer(cuts().get(cut), byte_fallback=cut == "byte fallback", family=
                               {"qwen2": "qwen3-0.6b", "smollm": "smollm2-135m-instruct", "byte fallback": "gemma-3-1b-it"}.get(cut, "lab"))  # fmt: skip
    make_model(tmp_path / "model", vocab_size=1000)
    file = convert(tmp_path / "model", tmp_path / "model.gguf", loaded=loaded)
    proof = prove_ids(file, loaded, turn_texts(loaded))
    assert proof.conversations >= 11
    assert proof.tokens < 0.6 * whole_length(loaded)  # words were merged: single bytes would prove little
    facts = facts_of(file)
    assert facts["tokenizer.ggml.model"] == ("llama" if cut == "byte fallback" else "gpt2")
    assert facts["tokenizer.ggml.pre"] == {"byte fallback": "default"}.get(cut, cut)


def test_ids_that_differ_are_found(tmp_path, monkeypatch):
    loaded = trained_tokenizer(cuts()["llama-bpe"])
    make_model(tmp_path / "model", vocab_size=1000)
    monkeypatch.setattr(gguf_tokenizer, "_CUTS", dict.fromkeys(gguf_tokenizer._CUTS, "smollm"))
    file = convert(tmp_path / "model", tmp_path / "model.gguf", loaded=loaded)
    with pytest.raises(
        TrainError, match=r"model.gguf: other ids than in training: \d+ where \d+ belongs, at place \d+ of"
    ):
        prove_ids(file, loaded, turn_texts(loaded))


def test_control_tokens_end_of_turn_and_template_are_written(llama):
    folder, file = llama
    tokenizer, facts = load_tokenizer(str(folder)).tokenizer, facts_of(file)
    end = tokenizer.convert_tokens_to_ids("<|eot_id|>")
    types = facts["tokenizer.ggml.token_type"]
    assert facts["tokenizer.ggml.eos_token_id"] == facts["tokenizer.ggml.eot_token_id"] == end
    assert facts["tokenizer.ggml.padding_token_id"] == tokenizer.pad_token_id != end
    assert types[end] == types[tokenizer.bos_token_id] == gguf_tokenizer.CONTROL
    assert types[0] == gguf_tokenizer.NORMAL
    assert types[-3:] == [gguf_tokenizer.UNUSED] * 3  # rows of the embedding that no token has
    assert facts["tokenizer.ggml.add_bos_token"] is False  # the template writes it
    assert facts["tokenizer.chat_template"] == tokenizer.chat_template


# ---------------------------------------------------------------- fewer bits


def test_q8_0_and_q4_k_m_are_close_to_the_weights_and_small(llama, tmp_path):
    _, whole = llama
    exact = tensors_of(whole)
    for quantisation, allowed, share in (("q8_0", 0.01, 0.28), ("q4_k_m", 0.09, 0.21)):
        file = quantise(whole, tmp_path / f"{quantisation}.gguf", quantisation)
        for name, (kind, values) in tensors_of(file).items():
            error = np.sqrt(np.mean((values - exact[name][1]) ** 2) / np.mean(exact[name][1] ** 2))
            assert error < allowed, (name, kind)
        assert file.stat().st_size < share * whole.stat().st_size


def test_a_quantised_file_says_what_it_is_and_keeps_its_tokenizer(llama, tmp_path):
    _, whole = llama
    before, after = facts_of(whole), facts_of(quantise(whole, tmp_path / "q.gguf", "q4_k_m"))
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    assert changed == {"general.file_type", "general.quantization_version", "GGUF.kv_count"}
    assert after["general.file_type"] == 15


def test_the_number_of_threads_changes_no_byte(llama, tmp_path):
    _, whole = llama
    one, three = (quantise(whole, tmp_path / f"{n}.gguf", "q4_k_m", threads=n).read_bytes() for n in (1, 3))
    assert one == three


def test_tied_embeddings_get_the_bits_of_the_output(llama, tmp_path):
    _, whole = llama
    kinds = {name: kind for name, (kind, _) in tensors_of(quantise(whole, tmp_path / "q.gguf", "q4_k_m")).items()}
    assert "output.weight" not in kinds
    assert kinds["token_embd.weight"] == "Q6_K"
    assert kinds["blk.0.attn_q.weight"] == "Q4_K"
    assert kinds["blk.0.attn_norm.weight"] == "F32"


# What llama-quantize chose for Llama 3.2 1B's 16 layers: https://github.com/ggml-org/llama.cpp, src/llama-quant.cpp
@pytest.mark.parametrize(("layers", "six_bits"), [(16, {0, 1, 4, 7, 10, 13, 14, 15}), (2, {1}), (4, {2, 3})])
def test_value_and_down_projections_of_some_layers_get_six_bits(layers, six_bits):
    for part in ("attn_v", "ffn_down"):
        kinds = [tensor_type(f"blk.{n}.{part}.weight", (256, 256), layers, "q4_k_m", tied=True) for n in range(layers)]
        assert {number for number, kind in enumerate(kinds) if kind == "Q6_K"} == six_bits
        assert set(kinds) == {"Q6_K", "Q4_K"}


@pytest.mark.parametrize(
    ("name", "width", "quantisation", "kind"),
    [
        ("blk.0.attn_q.weight", 64, "q4_k_m", "Q5_0"),  # no multiple of 256
        ("token_embd.weight", 64, "q4_k_m", "Q8_0"),
        ("blk.0.attn_q.weight", 48, "q4_k_m", "F16"),  # nor of 32
        ("blk.0.attn_q.weight", 48, "q8_0", "F16"),
        ("blk.0.ffn_norm.weight", 256, "q8_0", "F32"),
        ("blk.0.attn_q.weight", 256, "q8_0", "Q8_0"),
    ],
)
def test_rows_that_do_not_fit_into_blocks_get_shorter_ones(name, width, quantisation, kind):
    assert tensor_type(name, (8, width), 16, quantisation, tied=True) == kind


def test_an_untied_embedding_gets_four_bits_and_its_output_six():
    assert tensor_type("token_embd.weight", (8, 256), 16, "q4_k_m", tied=False) == "Q4_K"
    assert tensor_type("output.weight", (8, 256), 16, "q4_k_m", tied=False) == "Q6_K"


# ---------------------------------------------------------------- what cannot be


def test_an_unknown_quantisation_names_the_nearest(llama, tmp_path):
    with pytest.raises(TrainError, match="unknown quantisation 'Q4_K_S', nearest: q4_k_m"):
        quantise(llama[1], tmp_path / "q.gguf", "Q4_K_S")


def test_an_unknown_architecture_names_the_converter_that_knows_more(llama, tmp_path):
    folder = shutil.copytree(llama[0], tmp_path / "model")
    config = json.loads((folder / "config.json").read_text("utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "phi3"}), "utf-8")
    with pytest.raises(TrainError, match=r"'phi3' is not converted here .*llama, qwen2, qwen3.*convert_hf_to_gguf.py"):
        convert(folder, tmp_path / "x.gguf")


def test_a_gemma_whose_attention_llama_cpp_would_scale_otherwise_is_refused(tmp_path):
    make_model(tmp_path / "model", "Gemma3", head_dim=32, query_pre_attn_scalar=24)
    with pytest.raises(TrainError, match=r"attention is scaled by 24, llama.cpp would by 32"):
        convert(tmp_path / "model", tmp_path / "x.gguf")


def test_a_rope_that_is_not_known_is_refused(tmp_path):
    make_model(tmp_path / "model", rope_parameters={"rope_type": "linear", "rope_theta": 1e4, "factor": 2.0})
    with pytest.raises(TrainError, match="rope type 'linear' is not converted here"):
        convert(tmp_path / "model", tmp_path / "x.gguf")


def test_a_way_of_cutting_text_that_llama_cpp_would_not_follow_is_refused(tmp_path):
    from tokenizers import pre_tokenizers

    loaded = trained_tokenizer([pre_tokenizers.Punctuation(), *cuts()["gpt-2"]])
    make_model(tmp_path / "model", vocab_size=1000)
    with pytest.raises(TrainError, match="cuts text in a way that is none of gpt-2, llama-bpe, qwen2, smollm"):
        convert(tmp_path / "model", tmp_path / "x.gguf", loaded=loaded)


def test_a_tokenizer_with_more_tokens_than_the_model_is_refused(tmp_path):
    make_model(tmp_path / "model", vocab_size=100)
    with pytest.raises(TrainError, match="the model's embedding only 100 rows"):
        convert(tmp_path / "model", tmp_path / "x.gguf")


def test_damaged_weights_are_refused_in_one_line(llama, tmp_path):
    folder = shutil.copytree(llama[0], tmp_path / "model")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(TrainError, match=r"model.safetensors: damaged weights"):
        convert(folder, tmp_path / "x.gguf")


def test_a_damaged_gguf_file_is_refused_in_one_line(llama, tmp_path):
    file = tmp_path / "half.gguf"
    file.write_bytes(llama[1].read_bytes()[:2000])
    with pytest.raises(TrainError, match=r"half.gguf: no GGUF file can be read"):
        quantise(file, tmp_path / "q.gguf", "q8_0")
    with pytest.raises(TrainError, match=r"half.gguf: llama.cpp cannot load it"):
        llama_library.LlamaVocabulary(file)


def test_a_disk_that_fills_up_leaves_no_half_file(llama, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("train.exporting.gguf._numbers", full)
    with pytest.raises(OSError, match="No space left"):
        convert(llama[0], tmp_path / "x.gguf")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("module", "call"), [("xllamacpp", "library"), ("gguf", "gguf_package")])
def test_a_missing_package_is_one_line_that_names_the_install(module, call, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, module, None)
    monkeypatch.setattr(llama_library, "find_spec", lambda name: None)
    llama_library.library.cache_clear()
    with pytest.raises(TrainError, match=rf"{module}, which is not installed: pip install '.\[train\]'"):
        getattr(llama_library if call == "library" else gguf_file, call)()
