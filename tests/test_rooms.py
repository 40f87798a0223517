"""The direction of imports: pipelines → train → curation, and curation imports none of ours; heavy imports stay inside."""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
MAY_IMPORT = {"curation": set(), "train": {"curation"}, "pipelines": {"curation", "train"}}
HEAVY = {
    "pandas",
    "numpy",
    "torch",
    "sentence_transformers",
    "cleanlab",
    "sklearn",
    "transformers",
    "datasets",
    "ray",
    "unsloth",
    "label_studio_sdk",
    "trl",
    "scipy",
    "pyarrow",
    "peft",
    "safetensors",
    "tokenizers",
    "gguf",
    "xllamacpp",
    "PIL",
    "matplotlib",
}
TOUCHES_OUTSIDE = {
    "socket",
    "requests",
    "httpx",
    "urllib",
    "random",
    "subprocess",
    "tempfile",
    "shutil",
    "os",
    "pathlib",
    "glob",
}


def files(room):
    return sorted((PROJECT / room).rglob("*.py"))


def imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name.split(".")[0], node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0], node


def at_import_time(tree):
    """Import statements that run when the module is imported: not in functions, not for type checkers."""
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from imports(ast.Module([node], []))


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_run_one_way(room):
    for path in files(room):
        ours = {name for name, _ in imports(ast.parse(path.read_text("utf-8"))) if name in MAY_IMPORT}
        assert ours <= MAY_IMPORT[room] | {room}, f"{path} imports {ours}"


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_heavy_libraries_are_imported_inside_functions(room):
    for path in files(room):
        heavy = {name for name, _ in at_import_time(ast.parse(path.read_text("utf-8")))} & HEAVY
        assert not heavy, f"{path} imports {heavy} at its top"


def test_curation_touches_nothing_outside():
    for path in files("curation"):
        tree = ast.parse(path.read_text("utf-8"))
        outside = {name for name, _ in imports(tree)} & (TOUCHES_OUTSIDE - {"os"})
        calls = {
            node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not outside, f"{path} imports {outside}"
        assert not calls & {"open", "print", "input", "exec", "eval"}, f"{path} calls {calls}"


COMMANDS = [
    "benchmarks.fuzz",
    "pipelines.build",
    "pipelines.collect",
    "pipelines.doctor",
    "pipelines.experiment",
    "pipelines.publish",
    "pipelines.review",
    "pipelines.why",
    "train.compare",
    "train.evaluate",
    "train.evaluation.harness",
    "train.export",
    "train.lab.pretrain",
    "train.lora",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_loads_no_heavy_library(command):
    code = f"import sys; sys.argv = ['x', '--help']; import runpy\ntry: runpy.run_module('{command}', run_name='__main__')\n"
    code += f"except SystemExit: pass\nprint(sorted(set(sys.modules) & {HEAVY!r}), file=sys.stderr)"
    begin = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT, check=True)
    assert done.stderr.strip().endswith("[]"), f"{done.stderr} after {time.perf_counter() - begin:.1f} s"
    assert "usage:" in done.stdout
