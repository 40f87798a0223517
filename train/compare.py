"""Is one model better than another? Evaluations of both, over the same items, with paired differences.

    python -m train.compare data/evaluations/curated --against data/evaluations/raw
    python -m train.compare curated-1 curated-2 curated-3 --against raw-1 raw-2 raw-3     one folder a seed
    python -m train.compare data/runs/curated --against data/runs/raw --out comparison.md

Takes what train.evaluate wrote, or runs of train.lora that were evaluated. Prints a table; --out FILE.json or FILE.md
writes it too. Exit status: 0 done, whatever came out, 2 something given is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.command_line import fail, folder
from train.errors import TrainError
from train.evaluation.comparison import LEVEL, SEED, Compared, Comparison, Side, compare
from train.evaluation.report_lines import escaped, readable

if TYPE_CHECKING:
    from rich.console import Console

    from train.evaluation.results import Results

__all__ = ["Comparison", "compare", "main"]

ROOT = Path(__file__).resolve().parents[1]
WIDTH = 170  # columns where what is printed goes to a file
COLORS = {"better": "green", "worse": "red"}
HOW = (
    f"Better or worse: the interval leaves 0 out and p is below {LEVEL}. Intervals: 95 %, of the paired difference. p: "
    "corrected for looking at several metrics (Holm; headline metrics among themselves, details among themselves)."
)


def main(argv: list[str] | None = None) -> int:
    options = parse(argv)
    try:
        found = compare(*(([find_results(path) for path in side]) for side in (options.against, options.evaluations)))
        for path in options.out:
            write(found, path)
        print_comparison(found, terminal())
        for path in options.out:
            print(f"Wrote {path}")
        return 0
    except OSError as error:
        return fail(f"{error.filename or 'file'}: {error.strerror or error}")
    except TrainError as error:
        return fail(str(error))


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m train.compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("evaluations", type=folder, nargs="+", metavar="A", help="what is judged: one folder a seed")
    parser.add_argument(
        "--against", type=folder, nargs="+", required=True, metavar="B", help="what it is judged against, likewise"
    )
    parser.add_argument(
        "--out", type=report, action="append", default=[], metavar="FILE", help="write FILE.json or FILE.md; repeatable"
    )
    return parser.parse_args(argv)


def report(text: str) -> Path:
    path = Path(text)
    if path.suffix not in FORMATS or path.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r}: expected a file that ends in {' or '.join(FORMATS)}")
    return path


def find_results(path: Path) -> Results:
    """The evaluation in a folder, or the one evaluation of a run. Raises TrainError."""
    from train.evaluation.results import RESULTS, read_results
    from train.run_folder import facts_of

    if not path.is_dir():
        raise TrainError(f"{path}: no such folder; expected what train.evaluate wrote, or a run of train.lora")
    facts = facts_of(path)
    if facts is None or (path / RESULTS).is_file():
        return read_results(path)
    return evaluation_of(path, facts)


def evaluation_of(run: Path, facts: dict[str, Any]) -> Results:
    """The evaluation of a run as it is now: one from before it was trained anew is another model's."""
    from train.evaluation.results import RESULTS, read_results

    folders = sorted(file.parent for file in (ROOT / "data" / "evaluations").glob(f"*/{RESULTS}"))
    found = [one for one in map(read_results, folders) if one.meta.get("training") == facts]
    if not found:
        raise TrainError(f"{run}: this run was not evaluated yet: python -m train.evaluate --adapter {run}")
    if len(found) > 1:
        raise TrainError(
            f"{run}: evaluated {len(found)} times; name one: {', '.join(str(one.folder) for one in found)}"
        )
    return found[0]


# ---------------------------------------------------------------- what a person sees


def terminal() -> Console:
    from rich.console import Console

    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=WIDTH, soft_wrap=True)


def print_comparison(found: Comparison, console: Console) -> None:
    """Both sides with their marks, the table, and what to know before believing it."""
    from rich.table import Table
    from rich.text import Text

    for line in heading(found):
        console.print(readable(line), markup=False)
    table = Table("metric", "", "against", "judged", "difference", "95 % interval", "p", "verdict")
    for row in found.metrics:
        cells = [Text(readable(cell)) for cell in cells_of(row)]
        cells[-1].stylize(COLORS.get(row.verdict, ""))
        table.add_row(*cells, end_section=row.headline and row is last_headline(found))
    console.print(table)
    for line in footing(found):
        console.print(readable(line), markup=False)


def heading(found: Comparison) -> list[str]:
    return [
        f"judged   {side_line(found.b)}",
        f"against  {side_line(found.a)}",
        f"suite {found.suite}, the same items for both",
    ]


def side_line(side: Side) -> str:
    """`genz, 3 seeds, transformers [off recipe: …]`: marks stand wherever the name is."""
    seeds = f"{side.seeds} seed{'s' * (side.seeds > 1)}"
    marks = f" [{'; '.join(side.marks)}]" if side.marks else ""
    return " ".join(f"{side.name}{marks}, {seeds}, {side.engine}".split())


def cells_of(row: Compared) -> list[str]:
    facts = row.difference.facts()
    bounds = "not known"
    if facts["low"] is not None and facts["high"] is not None:
        bounds = f"{signed(row, facts['low'])} to {signed(row, facts['high'])}"
    p_value = (f"{row.p_corrected:.4f}" if row.p_corrected >= 0.0001 else "< 0.0001") if row.test else "—"
    arrow = {"higher": "↑", "lower": "↓"}.get(row.better, "")
    title = row.title if row.kind == "share" else f"{row.title} ({row.unit})"
    verdict = row.verdict if row.test else "not tested"
    return [title, arrow, figure(row, row.a), figure(row, row.b), change(row), bounds, p_value, verdict]


def figure(row: Compared, number: float) -> str:
    return f"{100 * number:.1f} %" if row.kind == "share" else f"{number:.3f}"


def change(row: Compared) -> str:
    return f"{signed(row, row.difference.value)}{' points' if row.kind == 'share' else ''}"


def signed(row: Compared, number: float) -> str:
    """With its sign, a true minus; percentage points for shares."""
    return (f"{100 * number:+.1f}" if row.kind == "share" else f"{number:+.3f}").replace("-", "−")


def last_headline(found: Comparison) -> Compared | None:
    headline = [row for row in found.metrics if row.headline]
    return headline[-1] if headline and len(headline) < len(found.metrics) else None


def footing(found: Comparison) -> list[str]:
    titles: dict[str, list[str]] = {}
    for row in found.metrics:
        for note in row.notes:
            titles.setdefault(note, []).append(row.title)
    lines = [HOW, *(f"Note: {note}." for note in found.notes)]
    for note, named in titles.items():
        more = f" and {len(named) - 1} more" if len(named) > 1 else ""
        lines.append(f"{named[0]}{more}: {note}.")
    return lines + [f"{name}: not compared, {why}." for name, why in found.left_out.items()]


# ---------------------------------------------------------------- files


def markdown(found: Comparison) -> str:
    lines = ["# Comparison", "", *(f"- {escaped(readable(line))}" for line in heading(found)), ""]
    lines += ["| metric | | against | judged | difference | 95 % interval | p | verdict |", "|---" * 8 + "|"]
    lines += [f"| {' | '.join(escaped(readable(cell)) for cell in cells_of(row))} |" for row in found.metrics]
    return "\n".join([*lines, "", *(f"{escaped(readable(line))}\n" for line in footing(found))])


def as_json(found: Comparison) -> str:
    return json.dumps({"seed": SEED, **found.facts()}, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


FORMATS = {".json": as_json, ".md": markdown}


def write(found: Comparison, path: Path) -> None:
    """The whole file or none of it."""
    text = FORMATS[path.suffix](found)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8", errors="replace")
    part.replace(path)


if __name__ == "__main__":
    sys.exit(main())
