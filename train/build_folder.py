"""What a build left, read back: its facts, its conversations and its entries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from train.errors import TrainError
from train.faults import one_line

if TYPE_CHECKING:
    import pandas as pd

Split = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class BuildFolder:
    """A folder that `python -m pipelines.build` wrote."""

    folder: Path
    name: str
    manifest: dict[str, Any]
    sha256: str  # of manifest.json, which holds the hashes of what the build was made from

    def conversations(self, split: Split) -> list[dict[str, Any]]:
        """The split's conversations {"messages", "id", "term", "task"}, in the build's order; none for an empty split.

        Raises TrainError where the file is missing, damaged (with the line) or not the one that the build wrote.
        """
        file = self.folder / "chat" / f"{split}.jsonl"
        lines = enumerate(lines_of(file), 1)
        found = [conversation(line, f"{file}:{number}") for number, line in lines if line.strip()]
        self.check(file)
        return found

    def check(self, file: Path) -> None:
        """Raises TrainError where the file's bytes are not those whose hash the manifest holds."""
        known = self.manifest.get("files", {}).get(file.relative_to(self.folder).as_posix())
        if known and file.is_file() and sha256(file.read_bytes()).hexdigest() != known:
            raise TrainError(
                f"{file}: was changed after it was built, and manifest.json tells of another; build the data set again"
            )

    def entries(self) -> pd.DataFrame:
        """The kept entries: the columns of curation/entry.py and `split`. Raises TrainError."""
        import pandas as pd
        from pyarrow import ArrowException

        file = self.folder / "entries.parquet"
        try:
            found = pd.read_parquet(file)
        except FileNotFoundError as error:
            raise TrainError(f"{file}: is missing; build the data set again") from error
        except (OSError, ValueError, ArrowException) as error:
            raise TrainError(f"{file}: cannot be read, {one_line(error)}; build the data set again") from error
        self.check(file)
        return found


def read_build(folder: Path | str) -> BuildFolder:
    """The build in a folder. Raises TrainError where there is none, or none with conversations."""
    folder = Path(folder)
    if not folder.is_dir():
        raise TrainError(f"{folder}: no such folder; make a build first: python -m pipelines.build --recipe FILE")
    file = folder / "manifest.json"
    try:
        content = file.read_bytes()
        manifest = json.loads(content)
        name = manifest["name"]
    except FileNotFoundError as error:
        raise TrainError(f"{folder}: is no build, it has no manifest.json; give a folder of data/builds") from error
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TrainError(f"{file}: is damaged; build the data set again") from error
    if not (folder / "chat" / "train.jsonl").is_file():
        raise TrainError(f"{folder}: the build has no conversations (chat/train.jsonl); build the data set again")
    return BuildFolder(folder, str(name), manifest, sha256(content).hexdigest())


def lines_of(file: Path) -> Iterator[str]:
    try:
        yield from file.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError as error:
        raise TrainError(f"{file}: is missing; build the data set again") from error
    except (OSError, UnicodeDecodeError) as error:
        raise TrainError(f"{file}: cannot be read, {one_line(error)}; build the data set again") from error


def conversation(line: str, where: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except json.JSONDecodeError as error:
        raise TrainError(f"{where}: damaged, no JSON ({error.msg}); build the data set again") from error
    if not isinstance(found, dict) or not isinstance(found.get("messages"), list) or "id" not in found:
        raise TrainError(f"{where}: damaged, expected an object with messages and id; build the data set again")
    return found
