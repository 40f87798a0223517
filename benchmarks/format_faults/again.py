"""Runs a command of its own environment over and over, loaded once: arguments come in, what the command said goes out.

    DIR/<peer>/bin/python again.py MODULE FUNCTION SECONDS MODULE-TO-LOAD…

A line of stdin is a JSON list of arguments, a line of stdout a JSON text: all that the command printed. Each run is a
process of its own, forked from one that has loaded the tool, so that no run sees what another did and none waits for
imports. Nothing but the standard library is used: a peer's environment has none of ours.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable


def main(module: str, function: str, seconds: str, *needed: str) -> None:
    with os.fdopen(os.dup(1), "w", encoding="ascii") as answers:  # the command's own words must not come between
        os.dup2(2, 1)
        for name in needed:
            importlib.import_module(name)
        command = getattr(importlib.import_module(module), function)
        for line in sys.stdin:
            print(json.dumps(said_by(command, [module, *json.loads(line)], float(seconds))), file=answers, flush=True)


def said_by(command: Callable[[], object], words: list[str], seconds: float) -> str:
    """What a run of the command prints; what ran past `seconds` is ended."""
    with tempfile.TemporaryFile() as printed:
        child = os.fork()
        if child == 0:
            run(command, words, printed.fileno())
        end = time.monotonic() + seconds
        while os.waitpid(child, os.WNOHANG) == (0, 0):
            if time.monotonic() > end:
                os.killpg(child, signal.SIGKILL)
                os.waitpid(child, 0)
                return f"no answer within {seconds:.0f} seconds"
            time.sleep(0.01)
        printed.seek(0)
        return printed.read().decode("utf-8", "replace")


def run(command: Callable[[], object], words: list[str], printed: int) -> None:
    """The command in this process, which ends with it."""
    os.setsid()
    os.dup2(printed, 1)
    os.dup2(printed, 2)
    sys.argv = words
    try:
        command()
    except SystemExit as stop:
        if isinstance(stop.code, str):
            print(stop.code)
    except BaseException:  # noqa: BLE001 - told as the interpreter would tell it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
