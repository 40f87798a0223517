"""How fast the rooms work beside the plain way that a script would do it: `make bench`.

Each pair runs side by side, in turn, in one process; the ratio of the medians is what counts, not the seconds, which
depend on the machine. Rows are the bundled sample's, repeated with a number so that none is a duplicate of another.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from curation.conversations import ConversationSettings, build_conversations
from curation.deduplicate import ExactDuplicates
from curation.entry import Entry, to_table
from curation.normalize import Normalize
from curation.split import Split
from curation.stage import Given
from curation.templates import encode_all
from pipelines.sources import SourceSettings, read_source
from train.base_models import load_tokenizer

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 3
ROWS = 8_000

Work = Callable[[], object]
Pair = tuple[str, Work, Work]


def main() -> int:
    from rich.console import Console
    from rich.table import Table

    entries = many_entries()
    shown = Table("what", "ours, s", "the plain way, s", "ratio", title=f"{ROWS:,} rows, median of {ROUNDS} rounds")
    with TemporaryDirectory() as folder:
        for name, ours, plain in (
            reading(entries, Path(folder) / "bench.csv"),
            mending_text(entries),
            exact_duplicates(entries),
            encoding(entries),
        ):
            mine, other = race(ours, plain)
            shown.add_row(name, f"{mine:.2f}", f"{other:.2f}", f"{mine / other:.2f}")
    Console().print(shown)
    return 0


def race(ours: Work, plain: Work) -> tuple[float, float]:
    """Median seconds of both, run in turn after one warm-up each."""
    seconds(ours), seconds(plain)
    pairs = [(seconds(ours), seconds(plain)) for _ in range(ROUNDS)]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def seconds(work: Work) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def many_entries() -> list[Entry]:
    sample, _ = read_source(SourceSettings(name="genz", path="genz_slang.csv"), root=ROOT / "data" / "raw")
    return [
        Entry("bench", row=number, term=f"{one.term} {number}", definition=one.definition, example=one.example)
        for number, one in ((number, sample[number % len(sample)]) for number in range(ROWS))
    ]


def reading(entries: list[Entry], path: Path) -> Pair:
    """Ours also keeps the place of every record, refuses broken ones and finds the encoding."""
    import pandas as pd

    texts = {"term": [entry.term for entry in entries], "definition": [entry.definition for entry in entries]}
    pd.DataFrame(texts).to_csv(path, index=False)
    source = SourceSettings(name="bench", path=path.name)
    return (
        "read a CSV, against pandas.read_csv",
        lambda: read_source(source, root=path.parent),
        lambda: pd.read_csv(path, dtype=str, keep_default_na=False),
    )


def mending_text(entries: list[Entry]) -> Pair:
    import ftfy

    table = to_table(entries)
    texts = [*table["term"], *table["definition"], *table["example"]]
    return (
        "normalize, against ftfy on every cell",
        lambda: Normalize()(table, Given()),
        lambda: [ftfy.fix_text(text) for text in texts],
    )


def exact_duplicates(entries: list[Entry]) -> Pair:
    """Ours also chooses the survivor by rules and unites what the rows knew."""
    table = Normalize()(to_table(entries + entries), Given())
    return (
        "exact duplicates united, against drop_duplicates",
        lambda: ExactDuplicates()(table, Given()),
        lambda: table.drop_duplicates(["term_key", "definition"]),
    )


def encoding(entries: list[Entry]) -> Pair:
    """Ours also makes the loss mask and checks it; the plain way gives ids only."""
    table = Normalize()(to_table(entries), Given())
    for stage in (ExactDuplicates(), Split()):
        table = stage(table, Given())
    table = table.assign(**{name: "" for name in ("offensive", "copy_group") if name not in table.columns})
    chats = [chat["messages"] for chat in build_conversations(table, ConversationSettings())][:ROWS]
    loaded = load_tokenizer("llama-3.2-1b-instruct")
    return (
        "encode with loss mask, against apply_chat_template",
        lambda: encode_all(chats, loaded.tokenizer, loaded.settings),
        lambda: [loaded.tokenizer.apply_chat_template(chat, tokenize=True) for chat in chats],
    )


if __name__ == "__main__":
    sys.exit(main())
