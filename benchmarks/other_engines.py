"""llama.cpp beside OpenVINO GenAI and ONNX Runtime GenAI: `python -m benchmarks.other_engines --shape 1b`.

Models of Llama 3.2's shapes with random weights, each engine with its own four-bit format, made by its own exporter.
OpenVINO's wants an older transformers than the project's, so this runs in an environment of its own; the model itself
is made first, in the project's:

    python -m benchmarks.engines --shape 1b --engines "llama.cpp q4_k_m"
    python -m venv other
    other/bin/python -m pip install pydantic jinja2 gguf xllamacpp==2026.10.11549 torch rich
    other/bin/python -m pip install openvino-genai optimum-intel nncf onnxruntime-genai onnx-ir
    other/bin/python -m benchmarks.other_engines --shape 1b

The engines stay loaded, each in a process of its own, and answer in turn, the same prompt ids in each. Of every answer
both clocks are read, the wall's and the processor's: on a busy machine `--threads 1` and the processor's time tell what
an engine costs, where the wall tells what else was going on.

What was seen: the 1B shape on an idle machine of two cores (AMD EPYC with AVX-512 VNNI), two threads, three rounds;
medians of the ratios to llama.cpp Q4_K_M in the same round, by the wall's clock, in brackets the rounds. (On one thread
of a busy machine, by processor time, answers of 32: OpenVINO 0.87 and 2.5, ONNX Runtime 1.04 and 1.1.) "Close" is the
mean correlation of 60 logits with those of the 32-bit model, 4 prompts.

                             GB    writes 64           writes 190          reads               close
    llama.cpp Q4_K_M         0.80  1 (32 tokens/s)     1 (32 tokens/s)     1 (84 tokens/s)     0.86
    OpenVINO GenAI int4      0.77  1.01 (0.95–1.02)    1.00 (0.96–1.08)    2.7 (2.7–2.9)       0.68
    ONNX Runtime GenAI int4  0.81  1.02 (0.77–1.24)    1.22 (1.01–1.23)    1.24 (1.00–1.26)    0.70

    xllamacpp 2026.10.11549; openvino-genai 2026.4.1.0, optimum-intel 2.2.0, nncf 3.4.0, transformers 5.5.4;
    onnxruntime-genai 0.18.0, onnxruntime 1.32.0. Threads that wait turn on the spot, which counts as work on two.

llama.cpp was kept: its four-bit file of the same size stays closer to the model, it is one wheel without a demand on
transformers, and GGUF is the file that people pass on. OpenVINO reads prompts clearly faster; ONNX Runtime wrote long
answers up to a fifth faster.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from tempfile import gettempdir
from typing import NamedTuple

from benchmarks.engines import PROMPT, SEED, STOP

Answer = Callable[[list[int], int], object]  # prompt, how many tokens, neither more nor fewer
BASE = "llama.cpp"
NEEDS = {  # modules, the last being the one that runs, and what to install for them
    "llama.cpp": ("pydantic gguf xllamacpp", "pydantic jinja2 gguf xllamacpp==2026.10.11549"),
    "openvino": ("optimum.intel nncf openvino_genai", "openvino-genai optimum-intel nncf"),
    "onnxruntime": ("torch onnx_ir onnxruntime_genai", "onnxruntime-genai onnx-ir torch transformers"),
}


class Clocks(NamedTuple):
    """Seconds of one answer: as people wait, and as the processor works, all threads together."""

    wall: float
    processor: float


Turn = dict[int, Clocks]  # by the answer's tokens; 1 is the prompt's reading


def main(argv: list[str] | None = None) -> int:
    options = parse(argv)
    if missing := what_is_missing(options.engines):
        return complain(missing)
    if not all(made_before(options.shape, options.cache)):
        first = (
            f'python -m benchmarks.engines --shape {options.shape} --engines "llama.cpp q4_k_m" --cache {options.cache}'
        )
        return complain(f"no model in {options.cache / options.shape}; in the project's environment: {first}")
    try:
        files = {engine: MAKERS[engine](options.shape, options.cache) for engine in options.engines}
    except RuntimeError as fault:
        return complain(str(fault))
    turns = race(options)
    print_table(turns, files, options)
    if options.json:
        found = {
            engine: [{n: list(clocks) for n, clocks in turn.items()} for turn in turns[engine]] for engine in turns
        }
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.other_engines",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--shape", choices=("tiny", "1b", "3b"), default="1b")
    parser.add_argument("--engines", nargs="+", choices=list(NEEDS), default=list(NEEDS), metavar="ENGINE",
                        help=f"of {', '.join(NEEDS)}")  # fmt: skip
    parser.add_argument("--tokens", nargs="+", type=at_least(2), default=[64, 190], metavar="N",
                        help="lengths of the answers (64 190)")  # fmt: skip
    parser.add_argument("--rounds", type=at_least(1), default=3, metavar="N", help="(3)")
    parser.add_argument("--threads", type=at_least(1), default=os.cpu_count() or 1, metavar="N", help="(one a core)")
    parser.add_argument("--cache", type=Path, default=Path(gettempdir()) / "slang-engines", metavar="DIR",
                        help="where the models are made once and kept, as by benchmarks.engines")  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the seconds too")
    return parser.parse_args(argv)


def at_least(least: int) -> Callable[[str], int]:
    def whole_number(text: str) -> int:
        if not text.isdigit() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r}: a whole number from {least} on is expected")
        return int(text)

    return whole_number


def what_is_missing(engines: list[str]) -> str:
    """A line that names what to install; empty where all is here."""
    wanted = {engine: [module for module in NEEDS[engine][0].split() if not here(module)] for engine in engines}
    missing = [engine for engine, modules in wanted.items() if modules]
    if not missing:
        return ""
    modules = ", ".join(module for engine in missing for module in wanted[engine])
    installs = " ".join(NEEDS[engine][1] for engine in missing)
    return f"not installed here: {modules}; in an environment of its own: python -m pip install {installs}"


def here(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # its package is not here
        return False


def complain(line: str) -> int:
    print(f"benchmarks.other_engines: {line}", file=sys.stderr)
    return 2


# ---------------------------------------------------------------- the models


def made_before(shape: str, cache: Path) -> tuple[bool, bool]:
    """Whether the folder that transformers reads and the GGUF file are here: they take the project's environment."""
    return (cache / shape / "transformers").is_dir(), (cache / shape / "q4_k_m.gguf").is_file()


def gguf(shape: str, cache: Path) -> Path:
    from benchmarks.random_models import gguf_file

    return gguf_file(shape, cache, "q4_k_m")


def openvino_folder(shape: str, cache: Path) -> Path:
    """Four bits for 128 weights with one scale, eight for the embedding: optimum-intel's usual choice."""
    from benchmarks.random_models import hub_folder, made

    given = "--task text-generation-with-past --weight-format int4 --sym --group-size 128 --disable-convert-tokenizer"
    source = str(hub_folder(shape, cache))
    command = ["optimum.commands.optimum_cli", "export", "openvino", "--model", source, *given.split()]
    return made(cache / shape / "openvino", lambda out: export([*command, str(out)]))


def onnx_folder(shape: str, cache: Path) -> Path:
    """Four bits for 32 weights with one scale, the embedding too, and that only once: the builder's usual choice."""
    from benchmarks.random_models import hub_folder, made

    given = "-p int4 -e cpu --extra_options shared_embeddings=true accuracy_level=4"
    command = ["onnxruntime_genai.models.builder", "-i", str(hub_folder(shape, cache)), "-c", str(cache / "builder")]
    return made(cache / shape / "onnx", lambda out: export([*command, "-o", str(out), *given.split()]))


def export(command: list[str]) -> None:
    """An exporter, in a process of its own. Raises RuntimeError with its last line."""
    environment = os.environ | {"HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", *command], capture_output=True, text=True, check=False, env=environment
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise RuntimeError(f"{command[0]} could not export the model: {lines[-1]}")


MAKERS = {"llama.cpp": gguf, "openvino": openvino_folder, "onnxruntime": onnx_folder}


# ---------------------------------------------------------------- the engines, each in its process


def open_llama_cpp(shape: str, cache: Path, threads: int) -> Answer:
    from train.engines.llama_cpp import LlamaCppEngine

    engine = LlamaCppEngine(gguf(shape, cache), threads=threads)

    def answer(prompt: list[int], tokens: int) -> None:
        made = engine.generate(prompt, max_new_tokens=tokens, min_new_tokens=tokens, stop_ids=STOP)
        assert len(made.ids) == tokens

    return answer


def open_openvino(shape: str, cache: Path, threads: int) -> Answer:
    import numpy as np

    openvino, genai = import_module("openvino"), import_module("openvino_genai")
    plan = genai.SchedulerConfig()
    plan.enable_prefix_caching = False  # every prompt is a first question, as in the other engines
    folder = openvino_folder(shape, cache)
    pipeline = genai.LLMPipeline(str(folder), "CPU", INFERENCE_NUM_THREADS=threads, scheduler_config=plan)

    def answer(prompt: list[int], tokens: int) -> None:
        wanted = genai.GenerationConfig(max_new_tokens=tokens, ignore_eos=True, do_sample=False)
        made = pipeline.generate(openvino.Tensor(np.array([prompt], dtype=np.int64)), wanted)
        assert len(made.tokens[0]) == tokens

    return answer


def open_onnxruntime(shape: str, cache: Path, threads: int) -> Answer:
    import numpy as np

    genai = import_module("onnxruntime_genai")
    config = genai.Config(str(onnx_folder(shape, cache)))
    config.overlay(json.dumps({"model": {"decoder": {"session_options": {"intra_op_num_threads": threads}}}}))
    model = genai.Model(config)

    def answer(prompt: list[int], tokens: int) -> None:
        wanted, length = genai.GeneratorParams(model), len(prompt) + tokens
        wanted.set_search_options(max_length=length, min_length=length, do_sample=False)
        going = genai.Generator(model, wanted)
        going.append_tokens(np.array([prompt], dtype=np.int32))
        while not going.is_done():
            going.generate_next_token()
        assert len(going.get_sequence(0)) == length

    return answer


OPENERS = {"llama.cpp": open_llama_cpp, "openvino": open_openvino, "onnxruntime": open_onnxruntime}
_opened: list[Answer] = []  # of a process: its one engine


def load(engine: str, shape: str, cache: Path, threads: int) -> None:
    _opened.append(OPENERS[engine](shape, cache, threads))
    _opened[0](ids(0), 2)  # the first answer compiles


def timed(prompt: list[int], tokens: int) -> Clocks:
    wall, processor = time.perf_counter(), time.process_time()
    _opened[0](prompt, tokens)
    return Clocks(time.perf_counter() - wall, time.process_time() - processor)


# ---------------------------------------------------------------- the race


def race(options: argparse.Namespace) -> dict[str, list[Turn]]:
    """Turns of every engine, one a round."""
    turns: dict[str, list[Turn]] = {engine: [] for engine in options.engines}
    with ExitStack() as stack:
        pools = {engine: stack.enter_context(own_process()) for engine in options.engines}
        for engine, pool in pools.items():
            pool.submit(load, engine, options.shape, options.cache, options.threads).result()
        for number in range(options.rounds):
            for engine, pool in pools.items():
                turn = {n: pool.submit(timed, ids(number), n).result() for n in (1, *options.tokens)}
                turns[engine].append(turn)
                told = ", ".join(f"{n} in {clocks.wall:.1f} s ({clocks.processor:.1f})" for n, clocks in turn.items())
                print(f"round {number + 1}, {engine}: tokens {told}", file=sys.stderr, flush=True)
    return turns


def own_process() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


def ids(number: int) -> list[int]:
    """The prompt of a round, the same for every engine; ids below the smallest vocabulary."""
    chance = random.Random(SEED + number)
    return [chance.randrange(1, 4_000) for _ in range(PROMPT)]


def rate(turn: Turn, tokens: int, clock: str) -> float:
    """Tokens after the first, a second: the prompt's reading is taken away. NaN where a busy machine left no time."""
    seconds = float(getattr(turn[tokens], clock) - getattr(turn[1], clock))
    return (tokens - 1) / seconds if seconds > 0 else math.nan


# ---------------------------------------------------------------- for people


def print_table(turns: dict[str, list[Turn]], files: dict[str, Path], options: argparse.Namespace) -> None:
    from rich.console import Console
    from rich.table import Table

    title = (
        f"Llama 3.2 {options.shape.upper()}, random weights, {options.threads} threads, load {os.getloadavg()[0]:.1f}"
    )
    table = Table("engine", "GB", "tokens", "tokens/s", "of llama.cpp's, by round", "by processor time", title=title)
    for engine, path in files.items():
        for tokens in options.tokens:
            seen = statistics.median(rate(turn, tokens, "wall") for turn in turns[engine])
            ratios = [beside(turns, engine, tokens, clock) for clock in Clocks._fields]
            table.add_row(named(engine), f"{size(path) / 1e9:.2f}", str(tokens), f"{seen:.1f}", *ratios)
        reading = [beside(turns, engine, 1, clock) for clock in Clocks._fields]
        table.add_row("", "", "prompt", f"{PROMPT / statistics.median(t[1].wall for t in turns[engine]):.0f}", *reading)
    Console(width=120).print(table)


def beside(turns: dict[str, list[Turn]], engine: str, tokens: int, clock: str) -> str:
    """How fast beside llama.cpp in the same round: median, and every round. Of 1 token: how fast the prompt is read."""
    if BASE not in turns:
        return ""
    pairs = zip(turns[engine], turns[BASE], strict=True)
    if tokens == 1:
        found = [getattr(base[1], clock) / getattr(turn[1], clock) for turn, base in pairs]
    else:
        found = [rate(turn, tokens, clock) / rate(base, tokens, clock) for turn, base in pairs]
    return f"{statistics.median(found):.2f} ({' '.join(f'{one:.2f}' for one in found)})"


def named(engine: str) -> str:
    package = {"llama.cpp": "xllamacpp", "openvino": "openvino-genai", "onnxruntime": "onnxruntime-genai"}[engine]
    return f"{package} {version(package)}"


def size(path: Path) -> int:
    return sum(file.stat().st_size for file in path.iterdir()) if path.is_dir() else path.stat().st_size


if __name__ == "__main__":
    sys.exit(main())
