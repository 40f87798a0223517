"""The choices of an evaluation as tasks of lm-evaluation-harness, so that anyone can check ours with theirs.

`python -m train.evaluation.harness` writes them; the harness itself (the extra `harness`) is needed to run them only.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.templates import Conversation, EncodeError, try_encode_all
from train.errors import TrainError

if TYPE_CHECKING:
    from train.base_models import LoadedTokenizer
    from train.evaluation.items import Choice, Items

TAG = "slang_curation"
TASK_CLASS = Path(__file__).with_name("four_way_choice.py")

_TASK = """\
task: {name}
tag: {tag}
class: !function four_way_choice.FourWayChoice
output_type: multiple_choice
test_split: test
num_fewshot: 0
doc_to_text: prompt
doc_to_choice: choices
doc_to_target: gold
target_delimiter: ""
metric_list:
  - {{metric: acc, aggregation: mean, higher_is_better: true}}
  - {{metric: acc_norm, aggregation: mean, higher_is_better: true}}
  - {{metric: acc_mutual_info, aggregation: mean, higher_is_better: true}}
metadata: {{version: 1.0, items: "{items}", template: "{template}"}}
"""

_README = """\
# Four-way choices of slang, for lm-evaluation-harness

The prompts are rendered with one model's chat template (sha256 {template}); write the tasks
anew for a model with another. The tasks are {names}; this runs them all:

    lm_eval --model hf --tasks {tag} --include_path FOLDER --device cpu \\
      --model_args pretrained=BASE,peft=ADAPTER,dtype=float32,add_bos_token=False

Without `peft=` it asks the base model. Leave out `--apply_chat_template`: the prompts are rendered already.
`acc_mutual_info` is the headline, guessing gives 0.25. An answer's end of turn is not scored.
"""


def write_task(items: Items, folder: Path, loaded: LoadedTokenizer) -> list[str]:
    """Writes tasks of the items' choices into `folder` and gives their names; older tasks of ours in it are replaced.

    A task for each kind of choice and side: YAML, JSONL of {"id", "prompt", "choices", "gold"}, and the one class that
    scores them. Choices that the template refuses are left out, as `train.evaluation.choice` does. Raises TrainError
    for a stand-in tokenizer, and for a folder that holds something else.
    """
    if loaded.source == "stand-in":
        raise TrainError(f"{loaded.note}: the prompts need the model's own tokenizer, not the stand-in")
    tasks = {name: rows for name, choices, unseen in _kinds(items) if (rows := _rows(choices, loaded, unseen=unseen))}
    _clear(folder)
    for name, rows in tasks.items():
        facts = {"name": name, "tag": TAG, "items": items.sha256, "template": loaded.fingerprint}
        _write(folder / f"{name}.jsonl", "".join(json.dumps(row, ensure_ascii=True) + "\n" for row in rows))
        _write(folder / f"{name}.yaml", _TASK.format(**facts))
    _write(folder / TASK_CLASS.name, TASK_CLASS.read_text(encoding="utf-8"))
    names = ", ".join(f"`{name}`" for name in tasks)
    _write(folder / "README.md", _README.format(template=loaded.fingerprint, tag=TAG, names=names))
    return list(tasks)


def _kinds(items: Items) -> Iterator[tuple[str, list[Choice], bool]]:
    """Name, choices and whether they are asked in the unseen wording, named as the metrics of an evaluation are."""
    unseen = [one for one in items.choices if one.unseen]
    for kind, choices in (("choice", items.choices), ("unseen_wording", unseen), ("cloze", items.cloze)):
        for side in sorted({one.side for one in choices}):
            yield f"slang_{kind}_{side}", [one for one in choices if one.side == side], kind == "unseen_wording"


def _rows(choices: Sequence[Choice], loaded: LoadedTokenizer, *, unseen: bool) -> list[dict[str, Any]]:
    rows = []
    for one in choices:
        question = one.unseen if unseen else one.question
        conversations = [_conversation(question, choice) for choice in one.choices]
        encoded = try_encode_all(conversations, loaded.tokenizer, loaded.settings)
        first = encoded[0]
        if not isinstance(first, EncodeError) and not any(isinstance(each, EncodeError) for each in encoded):
            prompt = first.text[: first.spans[0][0]]
            rows.append({"id": one.id, "prompt": prompt, "choices": list(one.choices), "gold": one.gold})
    return rows


def _conversation(question: str, answer: str) -> Conversation:
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


def _clear(folder: Path) -> None:
    """A folder that holds none of our tasks any more. Raises TrainError where it holds something else."""
    folder.mkdir(parents=True, exist_ok=True)
    present = list(folder.iterdir())
    if present and not (folder / TASK_CLASS.name).is_file():
        raise TrainError(f"{folder}: is not empty and holds no task of ours: name a new folder")
    for file in present:
        if file.name.startswith("slang_") and file.suffix in {".yaml", ".jsonl"}:
            file.unlink()


def _write(file: Path, text: str) -> None:
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(file)
