"""A recipe: one TOML file a dataset version, read into types. A wrong one is refused before any data is read."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from curation.conversations import ConversationSettings
from curation.entry import COLUMNS
from curation.stage import Stage
from curation.stages import STAGES
from pipelines.sources import SourceError, SourceSettings
from pipelines.sources.snapshots import expand_snapshot

REVIEWS = Path(__file__).resolve().parents[1] / "data" / "reviews"
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


class RecipeError(ValueError):
    """What is wrong with a recipe, one line a fault."""


class Replay(BaseModel):
    """General chat mixed into the training split, to prevent forgetting: a local messages file, or a Hub dataset."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    source: SourceSettings
    share: Annotated[float, Field(gt=0, lt=1)] = 0.1  # of the training conversations, replay included


class Settings(BaseModel):
    """Everything of a recipe but its stages."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: Annotated[str, Field(pattern=NAME)]
    description: str = ""
    seed: int = 3407
    base_model: Annotated[str, Field(min_length=1)] = "llama-3.2-1b-instruct"  # a key of data/models.toml, or a Hub id
    tokenizer: str = ""  # folder with its tokenizer, relative to the recipe; empty: the Hub's, or a stand-in without it
    embedding_model: str = ""  # folder or Hub id; empty: all-MiniLM-L6-v2
    evaluation: list[str] = []  # files whose sentences must not be trained on, relative to the recipe
    may_empty: frozenset[str] = frozenset()  # sources that a stage may empty
    review_budget: Annotated[int, Field(ge=0)] = 200  # questions for people
    reviews: str = ""  # people's decisions, relative to the recipe; empty: data/reviews/NAME.jsonl
    sources: Annotated[list[SourceSettings], Field(min_length=1)]
    chat: ConversationSettings = ConversationSettings()
    replay: Replay | None = None


@dataclass(frozen=True)
class Recipe:
    path: Path
    text: str  # the file as it was read
    settings: Settings
    stages: list[Stage]
    decided: Path | None = None  # a file of decisions that was asked for in the recipe's place

    @property
    def reviews(self) -> Path:
        """The file of people's decisions; it need not be there."""
        own = self.root / self.settings.reviews if self.settings.reviews else REVIEWS / f"{self.settings.name}.jsonl"
        return self.decided or own

    @property
    def root(self) -> Path:
        """The folder that relative paths in the recipe start from."""
        return self.path.parent

    @property
    def tokenizer(self) -> Path | str:
        return self.root / self.settings.tokenizer if self.settings.tokenizer else ""


def load_recipe(path: Path, sources: Mapping[str, str] | None = None) -> Recipe:
    """Read and check a recipe; `sources` gives other paths to named sources (`--source NAME=PATH`).

    Raises RecipeError with one line for each fault: file, line, what was expected, the nearest known word.
    """
    text, raw = read_toml(path)
    stages = raw.pop("stages", [])
    faults: list[str] = []
    if not isinstance(stages, list):
        raise RecipeError(
            f"{path}:{line_of(text, 'stages', ['stages'])}: stages: expected [[stages]] tables, each with use = …"
        )
    use_paths(raw, sources or {}, faults)
    use_snapshots(raw, path.parent, faults)
    settings = check(TypeAdapter(Settings), raw, "", text, faults)
    chain = [stage for number, given in enumerate(stages) if (stage := check_stage(given, number, text, faults))]
    faults += [] if faults else [*order_faults(chain), *source_faults(settings, path.parent)]
    if faults:
        raise RecipeError("\n".join(f"{path}{fault}" for fault in faults))
    return Recipe(path, text, settings, chain)


def read_toml(path: Path) -> tuple[str, dict[str, Any]]:
    if not path.is_file():
        known = ", ".join(sorted(str(found) for found in path.parent.glob("*.toml"))) or "none in that folder"
        raise RecipeError(f"{path}: no such recipe. Recipes there: {known}")
    try:
        text = path.read_text(encoding="utf-8")
        return text, tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise RecipeError(f"{path}: not UTF-8 (byte {error.start}). Save the recipe as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{path}: not valid TOML: {error}") from None


def use_paths(raw: dict[str, Any], paths: Mapping[str, str], faults: list[str]) -> None:
    """Point named sources at other files: the path is taken from where the command is run."""
    named = {source.get("name"): source for source in raw.get("sources", []) if isinstance(source, dict)}
    for name, path in paths.items():
        if name not in named:
            faults.append(f": --source {name}={path}: the recipe has no source {name!r}{near(name, named)}")
            continue
        for key in ("hub", "config", "split", "revision", "snapshot"):
            named[name].pop(key, None)
        named[name]["path"] = str(Path(path).absolute())


def use_snapshots(raw: dict[str, Any], root: Path, faults: list[str]) -> None:
    """Point sources that name a snapshot at its files, with the rights that its manifest declares."""
    given = raw.get("sources", [])
    for number, source in enumerate(given if isinstance(given, list) else []):
        try:
            given[number] = expand_snapshot(source, root) if isinstance(source, dict) else source
        except SourceError as error:
            faults.append(f": sources.{number}: {error}")
            given[number] = {"name": source.get("name"), "path": "."}  # that it has no path is not told besides


def check(adapter: TypeAdapter[Any], raw: object, where: str, text: str, faults: list[str]) -> Any:
    """Validate `raw`; add a line to `faults` for each error."""
    try:
        return adapter.validate_python(raw)
    except ValidationError as error:
        faults += [describe(fault, where, text) for fault in error.errors()]
        return None


def describe(fault: Any, where: str, text: str) -> str:
    """One line for one of pydantic's errors, with the line of the file where its key stands."""
    location = [part for part in fault["loc"] if isinstance(part, (str, int))]
    dotted = ".".join(str(part) for part in location)
    key = str(location[-1]) if location else ""
    spot = f"{where}.{dotted}".strip(".")
    stage = re.match(r"stages\[(\d+)\]", where)
    within: list[str | int] = ["stages", int(stage[1]), key] if stage else location
    place = f":{line_of(text, key, within)}: {spot}" if key else f": {spot}"
    if fault["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"{place}: unknown key {key!r}{near(key, known_keys(location, where))}"
    if fault["type"] == "missing":
        return f": {spot}: missing; give it a value"
    if fault["type"] == "value_error":  # a sentence of our own, which says what it found
        return f"{place}: {fault['ctx']['error']!s}"
    return f"{place}: {fault['msg'][:1].lower()}{fault['msg'][1:]}, not {fault['input']!r:.80}"


def known_keys(location: list[str | int], where: str) -> Iterable[str]:
    stage = re.search(r"\((\w+)\)$", where)
    if stage:
        return [field.name for field in fields(STAGES[stage[1]])]
    model: Any = Settings
    for part in location[:-1]:
        model = {
            "sources": SourceSettings,
            "chat": ConversationSettings,
            "replay": Replay,
            "source": SourceSettings,
        }.get(str(part), model)
    return list(get_type_hints(model))


def near(word: object, known: Iterable[object]) -> str:
    """`; did you mean …?` with the nearest known words, or the list of them."""
    words = sorted(str(name) for name in known if not str(name).startswith(("_", "model_")))
    close = difflib.get_close_matches(str(word), words, n=2, cutoff=0.5)
    if close:
        return f"; did you mean {' or '.join(map(repr, close))}?"
    return f"; known: {', '.join(words)}" if words else ""


def line_of(text: str, key: str, location: list[str | int]) -> int:
    """The line where `key` is set: after the n-th [[table]] that the location names, else its first line."""
    start = 0
    if len(location) > 2 and isinstance(location[1], int):
        heads = [match.end() for match in re.finditer(rf"(?m)^\s*\[\[\s*{re.escape(str(location[0]))}\s*\]\]", text)]
        start = heads[location[1]] if location[1] < len(heads) else 0
    found = re.search(rf"(?m)^\s*[\"']?{re.escape(key)}[\"']?\s*=|[{{,]\s*{re.escape(key)}\s*=", text[start:])
    return text.count("\n", 0, start + found.start() + len(found[0])) + 1 if found else 1


def check_stage(given: object, number: int, text: str, faults: list[str]) -> Stage | None:
    """One [[stages]] table to a stage; its `use` names the class, the rest are that class's settings."""
    if not isinstance(given, dict) or not isinstance(given.get("use"), str):
        faults.append(f': stages[{number}]: needs use = "NAME"{near("", STAGES)}')
        return None
    name = given["use"]
    if name not in STAGES:
        line = line_of(text, "use", ["stages", number, "use"])
        faults.append(f":{line}: stages[{number}]: unknown stage {name!r}{near(name, STAGES)}")
        return None
    where = f"stages[{number}] ({name})"
    before = len(faults)
    settings = {key: value for key, value in given.items() if key != "use"}
    stage = check(TypeAdapter(STAGES[name]), settings, where, text, faults)
    return stage if len(faults) == before else None


def order_faults(stages: list[Stage]) -> list[str]:
    """A stage's needs must be entry columns or be added by a stage before it; no stage comes twice."""
    have, seen, faults = set(COLUMNS), set[str](), []
    for number, stage in enumerate(stages):
        missing = sorted(set(stage.needs) - have)
        makers = sorted({other.name for other in STAGES.values() if set(other.adds) & set(missing)})
        if missing:
            faults.append(
                f": stages[{number}] ({stage.name}): needs {', '.join(missing)}; put {' and '.join(makers)} before it"
            )
        if stage.name in seen:
            faults.append(f": stages[{number}] ({stage.name}): stands twice; a stage runs once")
        have |= set(stage.adds)
        seen.add(stage.name)
    faults += [
        f": stages: needs {name!r}, which every build ends on" for name in ("normalize", "split") if name not in seen
    ]
    return faults


def source_faults(settings: Settings, root: Path) -> list[str]:
    names = [source.name for source in settings.sources]
    twice = sorted({name for name in names if names.count(name) > 1})
    faults = [f": sources: the name {name!r} stands twice; a name is unique" for name in twice]
    unknown = sorted(settings.may_empty - set(names))
    faults += [
        f": tokenizer: {tokenizer} is no folder" for tokenizer in [root / settings.tokenizer] if not tokenizer.is_dir()
    ]
    return faults + [f": may_empty: no source {name!r}{near(name, names)}" for name in unknown]
