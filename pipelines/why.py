"""The whole life of a row: where it came from, what each stage said, why it left or what it became.

    python -m pipelines.why rizz                 every row of a term
    python -m pipelines.why 2c8ff668c74c0981     one row; the beginning of an id is enough
    python -m pipelines.why "no cap" --build genz --json

Exit status: 0 told, 1 no such row (near terms are named), 2 no build, or one that cannot be read.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from rich.text import Text

    from pipelines.pages.evidence import Rows

BUILDS = Path(__file__).resolve().parents[1] / "data" / "builds"
MOST_LIVES = 20  # rows told at once; more are only counted
ID_BEGINNING = re.compile(r"[0-9a-f]{4,16}(-\d*)?")
UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)  # could steer a terminal


def main(argv: list[str] | None = None) -> int:
    options = parse(argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without Unicode still tells the story
    try:
        folder = find_build(options.build, options.builds)
        rows, stages = read_build(folder)
        found = find_rows(options.row, rows)
        if not found:
            return suggest(options.row, rows, folder)
        return tell(found, rows, stages, folder, as_json=options.json)
    except BrokenPipeError:  # whoever reads has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return fail(f"{error.filename or 'build'}: {error.strerror or one_sentence(error)}")
    except ValueError as error:
        return fail(one_sentence(error))


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.why", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("row", metavar="TERM_OR_ID", help="a term in any spelling, or an id or its beginning")
    parser.add_argument("--build", metavar="DIR", help="a build's folder or name (default: the newest)")
    parser.add_argument("--builds", type=Path, default=BUILDS, metavar="DIR", help="where builds lie")
    parser.add_argument("--json", action="store_true", help="the same as JSON")
    return parser.parse_args(argv)


def fail(message: str) -> int:
    print(f"error: {message}", file=sys.stderr)
    return 2


def one_sentence(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def find_build(named: str | None, builds: Path) -> Path:
    """The folder of the build to ask.

    Raises ValueError when there is none.
    """
    if named:
        for folder in (Path(named), builds / named):
            if (folder / "manifest.json").is_file():
                return folder
        raise ValueError(f"{named}: not a build (no manifest.json there, nor in {builds / named})")
    made = [path for path in builds.glob("*/manifest.json") if not path.parent.name.startswith(".")]
    if not made:
        raise ValueError(f"{builds}: no build there. Make one with: python -m pipelines.build")
    newest = max(made, key=lambda path: (path.stat().st_mtime_ns, path.parent.name)).parent
    if len(made) > 1:
        print(f"The newest of {len(made)} builds: {newest.name} (another one: --build NAME)", file=sys.stderr)
    return newest


def read_build(folder: Path) -> tuple[Rows, list[str]]:
    """All rows of a build, and the names of its stages in order.

    Raises ValueError for a file that is not what a build writes.
    """
    from pipelines.pages.evidence import Rows

    manifest = json_object(folder / "manifest.json")
    try:
        stages = [str(stage["name"]) for stage in manifest["stages"]]
    except (KeyError, TypeError):
        raise ValueError(f"{folder / 'manifest.json'}: names no stages. Build again") from None
    before = ["read", *stages[: stages.index("privacy")]] if "privacy" in stages else []
    entries, ledger = (read_rows(folder / name) for name in ("entries.parquet", "ledger.parquet"))
    return Rows(entries, ledger, before), stages


def json_object(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        raise ValueError(f"{path}: not a JSON object. Build again") from None


def read_rows(path: Path) -> pd.DataFrame:
    from curation.entry import COLUMNS, EVIDENCE
    from pipelines.tables import read_table

    if not path.is_file():
        raise ValueError(f"{path}: missing. Build again")
    try:
        table = read_table(path)
    except (ValueError, OSError, TypeError) as error:
        raise ValueError(f"{path}: cannot be read ({one_sentence(error)}). Build again") from None
    expected = {*COLUMNS, *(EVIDENCE if path.stem == "ledger" else ())}
    if missing := sorted(expected - set(table.columns)):
        raise ValueError(f"{path}: has no column {', '.join(missing[:3])}. Build again")
    return table


def find_rows(asked: str, rows: Rows) -> list[dict[str, Any]]:
    """The rows meant by an id, a term in any spelling, or the beginning of an id, tried in this order."""
    from curation.normalize import term_key

    if exact := rows.get(asked):
        return [exact]
    key = term_key(asked)
    found = [row for table in (rows.entries, rows.ledger) for row in having(table, keys(table) == key)] if key else []
    if not found and ID_BEGINNING.fullmatch(asked):
        found = [
            row for table in (rows.entries, rows.ledger) for row in having(table, table["id"].str.startswith(asked))
        ]
    return found


def keys(table: pd.DataFrame) -> pd.Series[str]:
    """The term keys of a table, also of rows that left before they got one."""
    from curation.normalize import term_key

    known = table["term_key"].copy() if "term_key" in table.columns else table["term"].where(table["term"] == "", "")
    late = (known == "") & (table["term"] != "")
    known[late] = table.loc[late, "term"].map(term_key)
    return known


def having(table: pd.DataFrame, mask: pd.Series[bool]) -> list[dict[str, Any]]:
    """Those rows, definitions first."""
    from curation.entry import KINDS

    chosen: list[dict[str, Any]] = table[mask].sort_values("id").to_dict("records")
    return sorted(chosen, key=lambda row: KINDS.index(row["kind"]))


def suggest(asked: str, rows: Rows, folder: Path) -> int:
    """Name the terms nearest to what was asked. Terms of private rows are never named."""
    from rapidfuzz import fuzz, process

    from curation.normalize import term_key

    terms: dict[str, str] = {}
    for table in (rows.entries, rows.ledger):
        for row_id, key, term in zip(table["id"], keys(table), table["term"], strict=True):
            if key and not rows.is_private({"id": row_id}):
                terms.setdefault(key, term)
    near = process.extract(term_key(asked), sorted(terms), scorer=fuzz.ratio, limit=5, score_cutoff=55)
    hint = f" Near it: {', '.join(printable(terms[key]) for key, _, _ in near)}." if near else ""
    print(f"{folder.name} has no row {printable(asked)!r}.{hint}", file=sys.stderr)
    return 1


def tell(found: list[dict[str, Any]], rows: Rows, stages: list[str], folder: Path, *, as_json: bool) -> int:
    from pipelines.pages.evidence import cell_list
    from pipelines.pages.life import read_chat, tell_life

    told = found[:MOST_LIVES]
    chat = read_chat(folder, {key for row in told for key in cell_list(row, "conversations")})
    lives = [tell_life(row, rows, stages, chat) for row in told]
    if as_json:
        ascii_only = (sys.stdout.encoding or "").lower() not in ("utf-8", "utf8")
        told_all = {"build": folder.name, "rows": len(found), "lives": lives}
        print(json.dumps(told_all, ensure_ascii=ascii_only, indent=1), flush=True)
        return 0
    show(lives)
    if len(found) > len(told):
        print(f"{len(found) - len(told):,} more rows: ask for one by its id, or search report.html", flush=True)
    return 0


def show(lives: list[dict[str, Any]]) -> None:
    """Print lives. Texts become rich Text objects, so nothing from the data is read as markup."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    for life in lives:
        console.print(headline(life))
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim", no_wrap=True)
        grid.add_column(overflow="fold")
        for label, text in lines(life):
            grid.add_row(printed(label), printed(text))
        console.print(grid)
        console.print()


def headline(life: dict[str, Any]) -> Text:
    left = life["left"]
    outcome = f"left at {left['stage']}: {left['reason']}" if left else "kept"
    name = life["term"] or life["kind"]
    return (
        printed(name, "bold") + printed(f"  {outcome}", "red" if left else "green") + printed(f"  {life['id']}", "dim")
    )


def lines(life: dict[str, Any]) -> list[tuple[str, str]]:
    """(label, text) for each thing there is to say, in the order in which it happened."""
    said = [("", life["hidden"])] if life["hidden"] else list(life["texts"].items())
    said.append(("from", origin(life["origin"])))
    said += [(step["stage"] if not n else "", text) for step in life["stages"] for n, text in enumerate(step["said"])]
    said += [("" if n else "people", text) for n, text in enumerate(life.get("people", ()))]
    if left := life["left"]:
        facts = [left["means"], left["detail"], f"score {left['score']}" if left["score"] else ""]
        said.append(("left", "\n".join(fact for fact in facts if fact)))
        if left["survivor"]:
            said.append(("stays", in_a_line(left["survivor"])))
    said += [("" if n else "absorbed", in_a_line(other)) for n, other in enumerate(life["absorbed"])]
    said += [("" if n else "became", conversation(one)) for n, one in enumerate(life["conversations"])]
    return said


def origin(facts: dict[str, Any]) -> str:
    votes = [
        f"{facts[name]:,} {word}"
        for name, word in (("votes_up", "up"), ("votes_down", "down"))
        if facts[name] is not None
    ]
    parts = [
        f"{facts['source']}, {facts['file']}, record {facts['row']:,}",
        facts["licence"] or "no licence declared",
        "" if facts["redistributable"] else "not for redistribution",
        facts["attribution"],
        facts["date"],
        " / ".join(votes),
        facts["url"],
    ]
    return " · ".join(part for part in parts if part)


def in_a_line(row: dict[str, str]) -> str:
    return f"{row['term']}: {row['text']} ({row['source']}) [{row['id']}]"


def conversation(one: dict[str, Any]) -> str:
    turns = [f"{turn['role']}: {turn['content']}" for turn in one["messages"]]
    return "\n".join([f"{one['task']}, {one['split']} [{one['id']}]", *turns])


def printed(text: str, style: str = "") -> Text:
    from rich.text import Text

    return Text(printable(text), style)


def printable(text: str) -> str:
    return UNPRINTABLE.sub("�", text)


if __name__ == "__main__":
    sys.exit(main())
