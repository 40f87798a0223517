r"""Writes the choices of an evaluation as tasks of lm-evaluation-harness.

python -m train.evaluation.harness --data data/builds/genz --base llama-3.2-1b-instruct --out slang_tasks
lm_eval --model hf --tasks slang_curation --include_path slang_tasks --device cpu \
  --model_args pretrained=meta-llama/Llama-3.2-1B-Instruct,peft=data/runs/genz/adapter,dtype=float32,add_bos_token=False
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        names = write(options)
    except ValueError as error:  # TrainError, and what the tokenizer's loading finds
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{options.out}: {', '.join(names)}; how to run them: {options.out / 'README.md'}")
    return 0


def parser() -> argparse.ArgumentParser:
    door = argparse.ArgumentParser(prog="python -m train.evaluation.harness", description=__doc__.splitlines()[0])
    door.add_argument("--data", type=Path, required=True, metavar="BUILD", help="a folder of data/builds")
    door.add_argument("--base", required=True, metavar="MODEL", help="a name of data/models.toml, a Hub id or a folder")
    door.add_argument("--suite", choices=("quick", "full", "experiment"), default="full")
    door.add_argument("--seed", type=int, default=3407, help="of the choice of items (3407)")
    door.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="new, or written by this command")
    return door


def write(options: argparse.Namespace) -> list[str]:
    from train.base_models import load_tokenizer
    from train.build_folder import read_build
    from train.evaluation.harness import write_task
    from train.evaluation.items import make_items

    items = make_items(read_build(options.data), options.suite, options.seed)
    return write_task(items, options.out, load_tokenizer(options.base))


if __name__ == "__main__":
    sys.exit(main())
