"""lm-evaluation-harness, run on the tasks that we write, finds what our own evaluation finds."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from curation.templates import prompt_ids
from train.base_models import LoadedTokenizer, family_template, find_base_model
from train.engines.transformers_engine import TransformersEngine
from train.errors import TrainError
from train.evaluation.choice import MEASURES, alone_work, choice_work, judge
from train.evaluation.harness import TAG, write_task
from train.evaluation.harness.__main__ import main
from train.evaluation.items import Choice, Items
from train.evaluation.work import pairs

pytestmark = pytest.mark.xdist_group("harness")
WITHOUT_BEGIN = "qwen2.5-0.5b-instruct"  # its prompts have no begin token and end in one line break
FAMILIES = ("llama-3.2-1b-instruct", WITHOUT_BEGIN)
TEXTS = [
    "Charm in talking to someone you like.",
    "Very.",
    "To leave without saying goodbye, and never to write again.",
    "Someone who lies, though everybody knows the truth 🧢.",
    "A lie",
    "Excellent, above all of food that somebody made at home.",
    "naïve, said of a person who believes whatever stands on the internet",
    "Short for “I seek peace at last”.",
]


@pytest.fixture(scope="module")
def items():
    """Twelve questions, the last two of held-out terms, each with four of the texts."""
    choices = [
        Choice(
            id=f"entry-{number}",
            cluster=f"term {number}",
            side="held_out" if number > 9 else "trained",
            question=f"What does “term {number}” mean?",
            unseen=f"In one line, what is “term {number}”?" if number > 9 else "",
            choices=tuple(TEXTS[(number * 3 + step) % len(TEXTS)] for step in range(4)),
            gold=number % 4,
        )
        for number in range(12)
    ]
    return Items("full", 3407, "a build", choices=tuple(choices), cloze=(replace(choices[0], question="Which fits?"),))


@pytest.fixture(scope="module", params=FAMILIES)
def loaded(request):
    """A real tokenizer of the family's shape: its template and control tokens, and merges of our texts."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    spec = find_base_model(request.param)
    pieces = Tokenizer(models.BPE())
    pieces.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    pieces.train_from_iterator(TEXTS * 2, trainers.BpeTrainer(vocab_size=400, initial_alphabet=alphabet))
    named = {"eos_token": spec.eos, "pad_token": spec.pad} | ({"bos_token": spec.bos} if spec.bos else {})
    control = dict.fromkeys([*named.values(), spec.end_of_turn, *spec.special])
    pieces.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in control])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=pieces, chat_template=family_template(spec.family), clean_up_tokenization_spaces=False, **named
    )
    return LoadedTokenizer(tokenizer, spec.settings, "path", "")


@pytest.fixture(scope="module")
def model(loaded):
    """Random weights, wide apart: no two answers are nearly as likely."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(3407)
    shape = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = LlamaConfig(vocab_size=len(loaded.tokenizer), initializer_range=0.3, max_position_embeddings=512, **shape)
    return LlamaForCausalLM(config).eval()


@pytest.fixture(scope="module")
def folder(items, loaded, tmp_path_factory):
    folder = tmp_path_factory.mktemp("harness") / "tasks"
    write_task(items, folder, loaded)
    return folder


@pytest.fixture(scope="module")
def harness(loaded, model):
    """The model, as lm-evaluation-harness holds it."""
    pytest.importorskip("lm_eval", reason="lm-evaluation-harness is not installed: pip install '.[harness]'")
    from lm_eval.models.huggingface import HFLM

    return HFLM(pretrained=model, tokenizer=loaded.tokenizer, device="cpu", batch_size=4, add_bos_token=False)


@pytest.fixture(scope="module")
def theirs(folder, harness):
    """What lm-evaluation-harness says: {"results", "samples"}."""
    return evaluated(folder, harness)


def evaluated(folder, harness, **settings):
    from lm_eval import simple_evaluate
    from lm_eval.tasks import TaskManager

    tasks = TaskManager(include_path=str(folder), include_defaults=False)
    return simple_evaluate(harness, tasks=[TAG], task_manager=tasks, bootstrap_iters=0, log_samples=True, **settings)


@pytest.fixture(scope="module")
def ours(items, loaded, model):
    """What our own choice says: {kind: (choices, records)} and the scores of the answers alone."""
    engine = TransformersEngine(model)
    unseen = [one for one in items.choices if one.unseen]
    kinds = {"choice": items.choices, "unseen_wording": unseen, "cloze": items.cloze}
    alone = alone_work(items.choices, loaded, 99)
    records = {}
    for name, choices in kinds.items():
        work = choice_work(name, choices, loaded, 99, unseen=name == "unseen_wording")
        records[name] = (choices, work.ask(engine, list(range(len(choices)))))
    return records, dict(zip(alone.keys, alone.ask(engine, list(range(len(alone.keys)))), strict=True))


def test_both_find_the_same_for_every_question(theirs, ours):
    records, alone = ours
    own = {}
    for kind, (choices, made) in records.items():
        values = {(value.metric, value.id): value.value for value in judge(choices, made, alone, kind)}
        for one in choices:
            for measure in MEASURES:
                own[f"slang_{kind}_{one.side}", measure, one.id] = values[f"{kind}_{measure}_{one.side}", one.id]
    assert own == {
        (task, measure, sample["doc"]["id"]): sample[measure]
        for task, samples in theirs["samples"].items()
        for sample in samples
        for measure in MEASURES
    }
    assert len(own) == 3 * (12 + 2 + 1)
    answers = {measure: [own["slang_choice_trained", measure, f"entry-{n}"] for n in range(10)] for measure in MEASURES}
    assert len({tuple(row) for row in answers.values()}) == 3, "the measures differ, so that none is taken for another"


def test_both_have_the_same_log_probabilities(theirs, ours):
    records, alone = ours
    for name, (choices, made) in records.items():
        for one, record in zip(choices, made, strict=True):
            samples = theirs["samples"][f"slang_{name}_{one.side}"]
            said = [response[0] for response in next(s for s in samples if s["doc"]["id"] == one.id)["filtered_resps"]]
            blanks = said[8]
            assert [score - blanks for score in said[:4]] == pytest.approx(record["scores"], abs=1e-4)
            assert said[4:8] == pytest.approx([alone[text]["score"] for text in one.choices], abs=1e-4)


def test_the_shares_are_the_means_of_the_questions(theirs, ours):
    records, alone = ours
    values = judge(*records["choice"], alone, "choice")
    for measure in MEASURES:
        own = [value.value for value in values if value.metric == f"choice_{measure}_trained"]
        assert theirs["results"]["slang_choice_trained"][f"{measure},none"] == pytest.approx(sum(own) / len(own))


def test_the_harness_feeds_the_ids_that_we_feed(harness, folder, items, loaded):
    rows = [json.loads(line) for line in (folder / "slang_choice_trained.jsonl").read_text("utf-8").splitlines()]
    for row, one in zip(rows, items.choices, strict=False):
        asked = [[user(one.question), {"role": "assistant", "content": text}] for text in one.choices]
        for text, pair in zip(row["choices"], pairs(asked, loaded), strict=True):
            fed, scored = harness._encode_pair(row["prompt"], text)
            assert fed + scored == pair.prompt + pair.answer
            assert scored[-len(pair.answer) :] == pair.answer
        assert pair.prompt == prompt_ids([user(one.question)], loaded.tokenizer, loaded.settings)


def user(text):
    return {"role": "user", "content": text}


def test_a_template_on_top_of_the_template_is_refused(folder, harness):
    with pytest.raises(ValueError, match="without --apply_chat_template"):
        evaluated(folder, harness, apply_chat_template=True)


# ---------------------------------------------------------------- the folder


def test_written_again_the_tasks_are_the_same_bytes_and_old_ones_are_gone(items, loaded, folder, tmp_path):
    again = tmp_path / "again"
    assert sorted(write_task(items, again, loaded)) == sorted(path.stem for path in folder.glob("*.yaml"))
    assert {path.name: path.read_bytes() for path in again.iterdir()} == {
        path.name: path.read_bytes() for path in folder.iterdir()
    }
    assert write_task(replace(items, cloze=()), again, loaded) == [
        "slang_choice_held_out",
        "slang_choice_trained",
        "slang_unseen_wording_held_out",
    ]
    assert not list(again.glob("*cloze*"))


def test_a_choice_that_the_template_refuses_is_left_out(items, loaded, tmp_path):
    broken = replace(items.choices[0], id="broken", choices=(*TEXTS[:3], loaded.tokenizer.eos_token))
    write_task(replace(items, choices=(broken, *items.choices[1:])), tmp_path / "tasks", loaded)
    lines = (tmp_path / "tasks" / "slang_choice_trained.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == [f"entry-{number}" for number in range(1, 10)]


def test_a_folder_of_something_else_and_a_stand_in_are_refused(items, loaded, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(TrainError, match="not empty"):
        write_task(items, tmp_path, loaded)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    with pytest.raises(TrainError, match="own tokenizer"):
        write_task(items, tmp_path / "new", replace(loaded, source="stand-in", note="gated"))


def test_the_command_says_in_one_line_what_is_missing(capsys, tmp_path):
    assert main(["--data", str(tmp_path / "none"), "--base", "lab", "--out", str(tmp_path / "tasks")]) == 2
    assert capsys.readouterr().err.startswith(f"error: {tmp_path / 'none'}: no such folder")
