"""Engines side by side, on models of Llama 3.2's shapes with random weights: `python -m benchmarks.engines --shape 1b`.

Every engine answers in a process of its own, in turn. llama.cpp at q4_k_m, which is what people use, writes answers of
the full lengths; of the others a few dozen tokens are timed and the rest is reckoned (≈). An engine reads all of its
weights for every token, so the machine's reading speed over the file's size is the most that it could reach.

The case: a page served Llama 3.2 1B in 40 and 80 seconds an answer, 3B in 300 and 300, on a CPU.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import gettempdir
from typing import Any

ENGINES = ("llama.cpp q4_k_m", "llama.cpp q8_0", "ctranslate2 int8", "transformers bfloat16")
IN_FULL = "llama.cpp q4_k_m"
LENGTHS = {"tiny": (190, 310), "1b": (190, 310), "3b": (280, 440)}  # tokens of the two answers
CASE = {"1b": (40.0, 80.0), "3b": (300.0, 300.0)}  # seconds that they took
REACH = {"1b": (3, 4), "3b": (5, 8)}  # how many times faster it must be, and should be
SAMPLE = {"llama.cpp": 48, "ctranslate2": 48, "transformers": 6}  # tokens that are timed where not all are
PROMPT, LONG_PROMPT = 64, 256  # ids
AT_ONCE = 8
STOP = frozenset({0})  # never said below the least number of tokens
SEED = 3407
CHOICES, CHOICE = 4, 17  # continuations of a prompt that are scored, and the ids of each

Measured = dict[str, Any]
Answer = Callable[[list[int], int], tuple[float, float]]  # prompt, tokens → seconds to the first, seconds


def main(argv: list[str] | None = None) -> int:
    options = parse(argv)
    if options.measure:
        print(json.dumps(measure(options.measure, options.shape, options.cache)))
        return 0
    speed = float(run("-c", f"from {__spec__.name} import reading_speed; print(reading_speed())").stdout)
    print(f"Machine: {os.cpu_count()} cores, reads {speed / 1e9:.1f} GB/s, load {os.getloadavg()[0]:.1f} at the start")
    rows = [in_a_process(engine, options.shape, options.cache) for engine in options.engines]
    print_table(rows, options.shape, speed)
    if options.json:
        found = {"shape": options.shape, "bytes_per_second": speed, "load": os.getloadavg()[0], "engines": rows}
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engines", description=__doc__.split("\n\n")[0])
    parser.add_argument("--shape", choices=list(LENGTHS), default="1b")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES, metavar="ENGINE")
    parser.add_argument("--cache", type=Path, default=Path(gettempdir()) / "slang-engines", metavar="DIR",
                        help="where the models are made once and kept: 7 GB for 1b, 18 GB for 3b")  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures too")
    parser.add_argument("--measure", choices=ENGINES, help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def in_a_process(engine: str, shape: str, cache: Path) -> Measured:
    """Figures of one engine; {"engine", "error"} where it cannot run here."""
    load = os.getloadavg()[0]
    done = run("-m", __spec__.name, "--measure", engine, "--shape", shape, "--cache", str(cache))
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        return {"engine": engine, "error": lines[-1]}
    return {"engine": engine, "load": load, **json.loads(done.stdout.splitlines()[-1])}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Python in a process of its own: what it does counts to nobody else's memory."""
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)


# ---------------------------------------------------------------- one engine


def measure(engine: str, shape: str, cache: Path) -> Measured:
    """All figures of an engine; models that are not there are made first."""
    kind, form = engine.split()
    opened = OPENERS[kind](shape, cache, form)
    answer = opened["answer"]
    answer(ids(PROMPT), 2)  # pages and caches are warm, as for everybody but the first who asks
    prompt_seconds, _ = answer(ids(LONG_PROMPT), 1)
    found = {"file": opened["bytes"], "load_seconds": opened["seconds"], "prompt_rate": LONG_PROMPT / prompt_seconds}
    return (
        found | answers(answer, shape, kind, in_full=engine == IN_FULL) | together(opened.get("engine"), kind) | peak()
    )


def answers(answer: Answer, shape: str, kind: str, *, in_full: bool) -> Measured:
    """Seconds of the two answers, to the first token and in all; `reckoned` from the rate of a shorter one."""
    wanted = LENGTHS[shape]
    if in_full:
        timed = [answer(ids(PROMPT), length) for length in wanted]
        rate = sum(length - 1 for length in wanted) / sum(whole - first for first, whole in timed)
        return {"first_token": timed[0][0], "rate": rate, "seconds": [whole for _, whole in timed], "reckoned": False}
    tokens = SAMPLE[kind]
    first, whole = answer(ids(PROMPT), tokens)
    rate = (tokens - 1) / (whole - first)
    seconds = [first + (length - 1) / rate for length in wanted]
    return {"first_token": first, "rate": rate, "seconds": seconds, "reckoned": True}


def together(engine: Any, kind: str) -> Measured:
    """Tokens a second of several answers at once, and of scored continuations; {} for an engine that we do not use."""
    if engine is None:
        return {}
    from train.engines.engine import Scored

    items = 2 if kind == "transformers" else 10
    tokens = SAMPLE[kind]
    prompts = [ids(PROMPT) for _ in range(AT_ONCE)]
    begin = time.perf_counter()
    engine.generate_all(prompts, max_new_tokens=1, stop_ids=STOP)
    read = time.perf_counter()
    made = engine.generate_all(prompts, max_new_tokens=tokens, stop_ids=STOP)
    written = time.perf_counter()
    engine.score([Scored(ids(PROMPT), [ids(CHOICE) for _ in range(CHOICES)]) for _ in range(items)])
    scored = items / (time.perf_counter() - written)
    count = sum(len(answer.ids) for answer in made)
    return {"rate_at_once": count / max(1e-9, (written - read) - (read - begin)), "items_rate": scored}


def open_llama_cpp(shape: str, cache: Path, form: str) -> Measured:
    from benchmarks.random_models import gguf_file
    from train.engines.llama_cpp import LlamaCppEngine

    file = gguf_file(shape, cache, form)
    begin = time.perf_counter()
    return of_ours(LlamaCppEngine(file), begin, file.stat().st_size)


def open_transformers(shape: str, cache: Path, form: str) -> Measured:
    import torch
    from transformers import AutoModelForCausalLM

    from benchmarks.random_models import hub_folder
    from train.engines.transformers_engine import TransformersEngine

    folder = hub_folder(shape, cache)
    begin = time.perf_counter()
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, form), local_files_only=True)
    return of_ours(TransformersEngine(model), begin, size(folder))


def of_ours(engine: Any, begin: float, file: int) -> Measured:
    """An engine of train.engines, asked for answers of a forced length."""

    def answer(prompt: list[int], tokens: int) -> tuple[float, float]:
        made = engine.generate(prompt, max_new_tokens=tokens, min_new_tokens=tokens, stop_ids=STOP)
        assert len(made.ids) == tokens
        return made.seconds_to_first, made.seconds

    return {"engine": engine, "answer": answer, "bytes": file, "seconds": time.perf_counter() - begin}


def open_ctranslate2(shape: str, cache: Path, form: str) -> Measured:
    import ctranslate2

    from benchmarks.random_models import ctranslate2_folder, tokenizer

    folder = ctranslate2_folder(shape, cache)
    words = tokenizer().tokenizer
    begin = time.perf_counter()
    generator = ctranslate2.Generator(str(folder), device="cpu", compute_type=form, intra_threads=os.cpu_count() or 1)
    loaded = time.perf_counter() - begin

    def answer(prompt: list[int], tokens: int) -> tuple[float, float]:
        times: list[float] = []
        start = time.perf_counter()
        generator.generate_batch(
            [[words.convert_ids_to_tokens(one % 250) for one in prompt]],
            max_length=tokens,
            min_length=tokens,
            include_prompt_in_result=False,
            callback=lambda _: bool(times.append(time.perf_counter() - start)),
        )
        return times[0], times[-1]

    return {"answer": answer, "bytes": size(folder), "seconds": loaded}


OPENERS = {"llama.cpp": open_llama_cpp, "transformers": open_transformers, "ctranslate2": open_ctranslate2}


def ids(count: int, chance: random.Random = random.Random(SEED)) -> list[int]:  # noqa: B008  # one stream of ids
    """Ids as far apart as random text's; all below the smallest vocabulary."""
    return [chance.randrange(1, 4_000) for _ in range(count)]


def peak() -> Measured:
    """The most memory that the process has had, in bytes; pages of a file that is mapped count."""
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return {"memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit}


def size(folder: Path) -> int:
    """Bytes of the weights in a folder."""
    return sum(file.stat().st_size for file in folder.iterdir() if file.suffix in (".safetensors", ".bin"))


def reading_speed(rounds: int = 5) -> float:
    """Bytes a second that all cores together read from memory: the best of some passes over one GB."""
    import numpy as np

    numbers = np.ones(2**28, dtype=np.float32)
    best = 0.0
    for _ in range(rounds):
        begin = time.perf_counter()
        np.dot(numbers, numbers)  # BLAS, on all cores
        best = max(best, numbers.nbytes / (time.perf_counter() - begin))
    return best


# ---------------------------------------------------------------- for people


def print_table(rows: list[Measured], shape: str, speed: float) -> None:
    from rich.console import Console
    from rich.table import Table

    short, long = LENGTHS[shape]
    table = Table(title=f"Llama 3.2 {shape.upper()}, random weights, prompt of {PROMPT} tokens")
    for head in ("engine", "GB", "memory, GB", "loads in, s", "prompt tokens/s", "first token, s", "tokens/s"):
        table.add_column(head, justify="left" if head == "engine" else "right")
    for head in (
        "memory allows",
        f"{short} tokens, s",
        f"{long} tokens, s",
        f"{AT_ONCE} at once",
        "choice items/s",
        "load",
    ):
        table.add_column(head, justify="right")
    for row in rows:
        table.add_row(*cells(row, speed))
    Console(width=170).print(table)
    for row in rows:
        if "error" in row:
            print(f"{row['engine']}: {row['error']}")
        elif shape in CASE:
            print(f"{row['engine']}: {beside_the_case(row, shape)}")
    if "ctranslate2 int8" in {row["engine"] for row in rows if "error" in row}:
        print("CTranslate2 is no dependency of this project: pip install ctranslate2")


def cells(row: Measured, speed: float) -> list[str]:
    if "error" in row:
        return [row["engine"], "–"]
    about = "≈ " if row["reckoned"] else ""
    bound = speed / row["file"]
    return [
        row["engine"],
        f"{row['file'] / 1e9:.2f}",
        f"{row['memory'] / 1e9:.2f}",
        f"{row['load_seconds']:.1f}",
        f"{row['prompt_rate']:.0f}",
        f"{row['first_token']:.2f}",
        f"{row['rate']:.1f}",
        f"{bound:.1f} ({row['rate'] / bound:.0%})",
        *(f"{about}{seconds:.1f}" for seconds in row["seconds"]),
        f"{row['rate_at_once']:.1f}" if "rate_at_once" in row else "",
        f"{row['items_rate']:.2f}" if "items_rate" in row else "",
        f"{row['load']:.1f}",
    ]


def beside_the_case(row: Measured, shape: str) -> str:
    """How many times faster than the case, and whether that is what must be reached."""
    times = [took / seconds for took, seconds in zip(CASE[shape], row["seconds"], strict=True)]
    must, should = REACH[shape]
    verdict = "the aim" if min(times) >= should else "enough" if min(times) >= must else "too slow"
    shown = " and ".join(f"{one:.1f}" for one in times)
    return f"{shown} times as fast as the case (wanted {must}, aim {should}): {verdict}"


if __name__ == "__main__":
    sys.exit(main())
