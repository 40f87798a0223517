"""Without a server of ours: the questions as Label Studio's own files, and the answers from the files it exports.

The keys are those of a push, so both ways can be mixed: what was answered in a file is not asked twice.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines.reviewing.labelling import kind_of
from pipelines.reviewing.shown import Task, studio_task
from pipelines.reviewing.studio import Stored, stored

HOW = """\
One Label Studio project a kind of question. For each KIND here:
1. Create a project; under Labeling Setup choose Custom template, and paste KIND.xml.
2. Under Settings, Instructions, paste KIND.html, so that people read the guidelines first.
3. Under Import, give KIND.json.
When people have answered: Export, JSON (not JSON-MIN), and
   python -m pipelines.review import {name} FILE.json --server ADDRESS
where ADDRESS is that of the server; with the number of a person on it, it makes the pseudonym.
"""


def write_files(folder: Path, name: str, tasks: Sequence[Task]) -> dict[str, int]:
    """Write the files of every kind of question; how many tasks each has. Replaces only a folder of its own kind."""
    from pipelines.swap import replace_folder
    from pipelines.tables import write_json, write_text

    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    counts = {}
    for kind in sorted({task["question"] for task in tasks}):
        look = kind_of(kind)
        asked = [studio_task(task) for task in tasks if task["question"] == kind]
        write_json(part / f"{kind}.json", asked)
        write_text(part / f"{kind}.xml", look.config())
        write_text(part / f"{kind}.html", look.instruction() + "\n")
        counts[kind] = len(asked)
    write_text(part / "HOW.txt", HOW.format(name=name))
    write_json(part / "export.json", {"review": name, "tasks": counts})
    replace_folder(part, folder, is_export)
    return counts


def is_export(folder: Path) -> bool:
    """Whether a folder is what write_files left."""
    from pipelines.swap import says

    return says(folder / "export.json", "review")


def read_file(file: Path) -> list[Stored]:
    """The tasks of a JSON export of Label Studio. Raises ValueError where it is something else."""
    try:
        found = json.loads(file.read_bytes())
    except OSError as error:
        raise ValueError(f"{file}: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise ValueError(f"{file}: is no JSON; in Label Studio choose Export, JSON") from None
    if not isinstance(found, list) or not all(map(_is_task, found)):
        raise ValueError(f"{file}: is no export of tasks; in Label Studio choose Export, JSON (not JSON-MIN)")
    return [stored({"id": place, **one}) for place, one in enumerate(found, start=1)]


def _is_task(one: Any) -> bool:
    if not isinstance(one, Mapping) or not isinstance(one.get("data"), Mapping):
        return False
    answers = one.get("annotations", [])
    return isinstance(answers, list) and all(isinstance(answer, Mapping) for answer in answers)
