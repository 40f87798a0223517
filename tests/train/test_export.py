"""python -m train.export: every form loads, answers as base and adapter do, and is never half there."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from curation.chat.format import chat_format
from curation.templates import prompt_ids
from train.base_models import LoadedTokenizer, find_base_model, load_tokenizer, stand_in_tokenizer
from train.base_weights import find_weights
from train.engines.llama_cpp import LlamaCppEngine
from train.errors import TrainError
from train.export import export, main
from train.exporting import parts as export_parts
from train.exporting.merging import exported_tokenizer, merge
from train.run_folder import digest, read_run

pytestmark = pytest.mark.xdist_group("export")

QUESTION = [{"role": "user", "content": "What does “no cap” mean?"}]


def make_run(base, folder):
    """A finished run whose adapter was never trained, but changes what the base says."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    loaded = load_tokenizer(str(base))
    weights = find_weights(str(base), loaded)
    model = AutoModelForCausalLM.from_pretrained(weights.folder, dtype=torch.float32)
    torch.manual_seed(3407)
    targets = ["q_proj", "v_proj", "down_proj"]
    config = LoraConfig(r=4, lora_alpha=8, target_modules=targets, task_type="CAUSAL_LM", init_lora_weights=False)
    get_peft_model(model, config).save_pretrained(folder / "adapter", save_embedding_layers=False)
    loaded.tokenizer.save_pretrained(folder / "adapter")
    file = folder / "adapter" / "adapter_config.json"
    file.write_text(
        json.dumps(json.loads(file.read_text("utf-8")) | {"base_model_name_or_path": weights.name}), "utf-8"
    )
    facts = {
        "base": weights.name,
        "base_revision": weights.revision,
        "base_sha256": weights.sha256,
        "adapter_sha256": digest(folder / "adapter" / "adapter_model.safetensors"),
        "marks": ["off recipe: never trained"],
        "build": "genz",
    }
    (folder / "run.json").write_text(json.dumps(facts), "utf-8")
    return folder


@pytest.fixture(scope="module")
def run(tiny_model, tmp_path_factory):
    return make_run(tiny_model, tmp_path_factory.mktemp("runs") / "Tiny Run")


@pytest.fixture(scope="module")
def exported(run, tiny_model):
    """All forms, where the command puts them by itself."""
    assert main(["--run", str(run), "--base", str(tiny_model)]) == 0
    return run / "export"


@pytest.fixture(scope="module")
def adapted(run, tiny_model):
    """Base and adapter as peft puts them together, in 32 bits."""
    from train.training import load_trained

    return load_trained(str(tiny_model), run / "adapter")


def greedy(model, ids, count=8):
    import torch

    return model.generate(torch.tensor([ids]), max_new_tokens=count, do_sample=False)[0, len(ids) :].tolist()


def files_of(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(capsys, *arguments):
    """The one line that a wrong call prints."""
    assert main([str(one) for one in arguments]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    return lines[0]


# ---------------------------------------------------------------- what is written


def test_the_merged_folder_says_what_base_and_adapter_say(exported, adapted):
    import torch
    from transformers import AutoModelForCausalLM

    whole, loaded = adapted
    merged = AutoModelForCausalLM.from_pretrained(exported / "merged")
    assert merged.dtype == torch.float16
    ids = torch.tensor([prompt_ids(QUESTION, loaded.tokenizer, loaded.settings)])
    with torch.no_grad():
        said, wanted = (model(ids).logits.float().log_softmax(-1) for model in (merged.float(), whole))
    assert (said - wanted).abs().max() < 0.05


def test_a_base_in_bfloat16_is_merged_into_bfloat16(tiny_model, tmp_path):
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.bfloat16).save_pretrained(tmp_path / "base")
    load_tokenizer(str(tiny_model)).tokenizer.save_pretrained(tmp_path / "base")
    run = make_run(tmp_path / "base", tmp_path / "run")
    out = export(run, ["merged", "gguf"], ["q8_0"], None, say=print, base=str(tmp_path / "base"))
    assert AutoConfig.from_pretrained(out / "merged").dtype == torch.bfloat16


def test_the_adapter_changes_what_the_base_says(exported, tiny_model):
    from transformers import AutoModelForCausalLM

    ids = prompt_ids(QUESTION, load_tokenizer(str(tiny_model)).tokenizer)
    base, merged = (
        AutoModelForCausalLM.from_pretrained(folder).float() for folder in (tiny_model, exported / "merged")
    )
    assert greedy(base, ids) != greedy(merged, ids)


def test_the_merged_model_stops_at_the_end_of_turn_and_pads_with_something_else(exported):
    from transformers import AutoConfig, GenerationConfig

    loaded = load_tokenizer(str(exported / "merged"))
    end = chat_format(loaded.tokenizer, loaded.settings).final.end_ids[0]
    for facts in (
        GenerationConfig.from_pretrained(exported / "merged"),
        AutoConfig.from_pretrained(exported / "merged"),
    ):
        assert facts.eos_token_id == end
        assert facts.pad_token_id == loaded.tokenizer.pad_token_id != end


def test_q8_0_answers_as_the_merged_model_does(exported):
    from transformers import AutoModelForCausalLM

    ids = prompt_ids(QUESTION, load_tokenizer(str(exported / "merged")).tokenizer)
    merged = AutoModelForCausalLM.from_pretrained(exported / "merged").float()
    engine = LlamaCppEngine(exported / "gguf" / "tiny-run-q8_0.gguf", threads=1)
    assert engine.generate(ids, max_new_tokens=2, stop_ids=frozenset()).ids == greedy(merged, ids, 2)
    engine.close()


def test_the_adapter_loads_with_its_tokenizer(exported, run, tiny_model):
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(tiny_model), exported / "adapter")
    assert digest(exported / "adapter/adapter_model.safetensors") == digest(run / "adapter/adapter_model.safetensors")
    assert load_tokenizer(str(exported / "adapter")).fingerprint == load_tokenizer(str(run / "adapter")).fingerprint


def test_export_json_holds_the_hash_of_every_file_and_the_proof(exported):
    facts = json.loads((exported / "export.json").read_text("utf-8"))
    files = {name: sha256(content).hexdigest() for name, content in files_of(exported).items() if name != "export.json"}
    assert facts["files"] == files
    assert facts["forms"] == ["adapter", "merged", "gguf"]
    assert facts["same_ids"].keys() == {"merged", "q8_0", "q4_k_m"}
    assert all(proof["conversations"] >= 13 and proof["tokens"] > 1000 for proof in facts["same_ids"].values())
    assert facts["marks"] == ["off recipe: never trained"]
    assert facts["chat_template_asks_as_trained"] is True


def test_the_modelfile_and_the_page_name_files_that_are_there(exported):
    modelfile = (exported / "gguf" / "Modelfile").read_text("utf-8")
    assert "FROM ./tiny-run-q4_k_m.gguf\n" in modelfile
    assert (exported / "gguf" / "tiny-run-q4_k_m.gguf").is_file()
    page = (exported / "README.md").read_text("utf-8")
    assert "ollama create tiny-run -f Modelfile" in page
    assert "- off recipe: never trained" in page
    assert not list((exported / "gguf").glob("*16bit*"))


def test_the_same_run_gives_the_same_bytes(exported, run, tiny_model, tmp_path):
    again = export(
        run, ["adapter", "merged", "gguf"], ["q8_0", "q4_k_m"], tmp_path / "again", say=print, base=str(tiny_model)
    )
    assert files_of(again) == files_of(exported)


def test_only_what_is_asked_for_is_written(run, tiny_model, tmp_path, capsys):
    out = tmp_path / "out"
    assert (
        main(
            ["--run", str(run), "--base", str(tiny_model), "--as", "GGUF", "--quantisation", "q8_0", "--out", str(out)]
        )
        == 0
    )
    assert {path.split("/")[0] for path in files_of(out)} == {"gguf", "README.md", "export.json"}
    assert "FROM ./tiny-run-q8_0.gguf" in (out / "gguf" / "Modelfile").read_text("utf-8")
    assert capsys.readouterr().out.splitlines()[-1].startswith(f"Wrote {out}")


def test_an_adapter_alone_needs_no_base(run, tmp_path):
    export(run, ["adapter"], [], tmp_path / "out", say=print)
    assert (tmp_path / "out" / "adapter" / "adapter_model.safetensors").is_file()


def test_the_lab_is_exported_without_saying_where_it_is(tmp_path):
    run = make_run(find_base_model("lab").folder, tmp_path / "lab-run")
    for file, key in (("run.json", "base"), ("adapter/adapter_config.json", "base_model_name_or_path")):
        facts = json.loads((run / file).read_text("utf-8"))
        (run / file).write_text(json.dumps(facts | {key: "lab"}), "utf-8")
    export(run, ["gguf"], ["q8_0", "q4_k_m"], tmp_path / "out", say=print)
    assert "licence of the base: Apache-2.0 AND WordNet-3.0" in (tmp_path / "out" / "gguf" / "Modelfile").read_text(
        "utf-8"
    )


def test_llama_3_2_renders_the_day_of_training_whatever_the_day():
    spec = find_base_model("llama-3.2-1b-instruct")
    loaded = LoadedTokenizer(stand_in_tokenizer(spec), spec.settings, "stand-in", "")
    tokenizer = exported_tokenizer(loaded)
    text = tokenizer.apply_chat_template(QUESTION, tokenize=False, add_generation_prompt=True)
    assert tokenizer.encode(text, add_special_tokens=False) == prompt_ids(QUESTION, loaded.tokenizer, spec.settings)
    assert (
        exported_tokenizer(LoadedTokenizer(tokenizer, spec.settings, "path", "")).chat_template
        == tokenizer.chat_template
    )
    assert "26 Jul 2024" in text


def test_a_page_says_where_the_chat_template_asks_otherwise_than_training():
    from train.exporting.proof import asks_as_trained
    from train.exporting.readme import readme

    for name, same in (("deepseek-r1-distill-qwen-1.5b", False), ("qwen3-0.6b", True), ("gemma-3-1b-it", True)):
        spec = find_base_model(name)
        loaded = LoadedTokenizer(stand_in_tokenizer(spec), spec.settings, "stand-in", "")
        exported = LoadedTokenizer(exported_tokenizer(loaded), spec.settings, "path", "")
        assert asks_as_trained(exported, loaded) is same
        facts = {"chat_template_asks_as_trained": same}
        page = readme("x", {"base": name, "licence": "mit"}, facts, ["gguf"], "x.gguf")
        assert ("Ask through the Modelfile" in page) is not same


# ---------------------------------------------------------------- never half, never in place of something else


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_an_export_that_breaks_off_leaves_the_old_one(interruption, exported, run, monkeypatch, capsys):
    def breaks_off(_):
        raise interruption

    before = files_of(exported)
    monkeypatch.setattr(export_parts, "write_readme", breaks_off)
    status = main(["--run", str(run), "--as", "adapter"])
    assert status == (130 if interruption is KeyboardInterrupt else 2)
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert ("interrupted" if status == 130 else "no space left on the disk while exporting") in said[0]
    assert files_of(exported) == before
    assert not (run / ".export.new").exists()


def test_what_a_killed_export_left_is_cleared_away(run, tmp_path):
    (tmp_path / ".out.new").mkdir()
    (tmp_path / ".out.new" / "half").write_text("half", "utf-8")
    export(run, ["adapter"], [], tmp_path / "out", say=print)
    assert not (tmp_path / "out" / "half").exists()
    assert not (tmp_path / ".out.new").exists()


def test_an_older_export_is_replaced_whole(run, tmp_path):
    export(run, ["adapter"], [], tmp_path / "out", say=print)
    (tmp_path / "out" / "stale").write_text("of an older export", "utf-8")
    export(run, ["adapter"], [], tmp_path / "out", say=print)
    assert not (tmp_path / "out" / "stale").exists()


def test_a_folder_with_other_files_is_never_replaced(run, tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("years of work", "utf-8")
    line = refused(capsys, "--run", run, "--as", "adapter", "--out", tmp_path)
    assert "holds other files than an export's" in line
    assert (tmp_path / "thesis.txt").read_text("utf-8") == "years of work"
    assert "is a file" in refused(capsys, "--run", run, "--as", "adapter", "--out", tmp_path / "thesis.txt")
    assert "the folder that you stand in" in refused(capsys, "--run", run, "--as", "adapter", "--out", Path.cwd())


# ---------------------------------------------------------------- what cannot be


def test_a_run_that_is_not_there_or_half_written_is_one_line(run, tmp_path, capsys):
    assert "no such run" in refused(capsys, "--run", tmp_path / "nowhere")
    half = shutil.copytree(run, tmp_path / "half", ignore=shutil.ignore_patterns("run.json", "export"))
    (half / "training.json").write_text("{}", "utf-8")
    assert "half-written" in refused(capsys, "--run", half)


def test_a_base_in_a_folder_must_be_named(run, capsys):
    assert "unknown base model 'tiny'" in refused(capsys, "--run", run, "--as", "merged", "--out", run / "new")


def test_an_adapter_of_another_base_is_one_line(run, tiny_model, tmp_path, capsys):
    other = shutil.copytree(tiny_model, tmp_path / "other")
    assert "an adapter of another base" in refused(capsys, "--run", run, "--base", other, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_base_of_that_name_with_other_weights_is_one_line(run, tiny_model, tmp_path, capsys):
    import torch
    from safetensors.torch import load_file, save_file

    other = shutil.copytree(tiny_model, tmp_path / "tiny")
    weights = {name: torch.zeros_like(values) for name, values in load_file(other / "model.safetensors").items()}
    save_file(weights, other / "model.safetensors", metadata={"format": "pt"})
    line = refused(capsys, "--run", run, "--base", other, "--out", tmp_path / "out")
    assert "tiny has other weights than the run was trained on" in line


def test_too_little_room_is_said_before_anything_is_written(run, tiny_model, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 1000))
    with pytest.raises(TrainError, match=r"about 0.0 GB are needed there, 0.0 GB are free"):
        merge(read_run(run), tmp_path / "merged", base=str(tiny_model))
    assert not (tmp_path / "merged").exists()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--as", "guff"], "unknown form 'guff', nearest: gguf"),
        (["--quantisation", "q4_k_s"], "unknown quantisation 'q4_k_s', nearest: q4_k_m"),
        (["--out", ""], "expected a folder, not an empty name"),
    ],
)
def test_a_wrong_argument_names_what_was_expected(arguments, line, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--run", "x", *arguments])
    assert stopped.value.code == 2
    assert line in capsys.readouterr().err


def test_help_loads_no_heavy_library(project):
    code = "import sys, train.export\ntry: train.export.main(['--help'])\nexcept SystemExit: print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=project, check=True)
    assert not {"torch", "transformers", "gguf", "numpy", "peft", "xllamacpp"} & set(done.stderr.split())
