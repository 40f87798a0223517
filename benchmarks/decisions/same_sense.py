"""The first decision: which rows an engine makes one, of the labelled pairs and of all rows."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.decisions.found import Found
from benchmarks.decisions.measuring import Said, fault, given, in_turn, median, peak_memory
from benchmarks.decisions.peers import PEERS, Peer
from benchmarks.decisions.rows import PAIRS, Pair, Rows, load, prepare, read_rows

NAME = "same_sense"


@dataclass(frozen=True)
class Measured:
    """One engine over all runs; `fault` says in a line why there are no figures.

    What it found is told once where all runs agree, else run by run: some indexes are built by threads that race.
    """

    peer: Peer
    alone: tuple[Found, ...] = ()  # on the rows of the labelled pairs and no others, by position in the whole table
    among: tuple[Found, ...] = ()  # on all rows
    seconds: float = 0.0  # on all rows: the median
    memory: float = 0.0  # of the whole process, in bytes: the median of the peaks
    fault: str = ""


def run(options: argparse.Namespace) -> str:
    """The tables of this part, as Markdown."""
    from benchmarks.decisions import tables
    from pipelines.embedding import find_embedder

    table, pairs = read_rows(options.data, options.pairs, options.limit)
    with TemporaryDirectory() as folder:
        prepare(Path(folder), table, pairs, find_embedder(cache=options.cache / "vectors"))
        said = in_turn(NAME, PEERS, Path(folder), options.cache, options.runs, only=options.engine)
    measured = [of_runs(peer, runs) for peer, runs in zip(PEERS, said, strict=True)]
    parts = (
        tables.pairs_table(measured, pairs, on_unseen_terms(options, pairs)),
        tables.rows_table(measured, table, pairs),
        tables.about_ours(measured, table, pairs),
        tables.setting(table, pairs, options.runs),
    )
    return "\n\n".join(part for part in parts if part)


def on_unseen_terms(options: argparse.Namespace, pairs: Sequence[Pair]) -> list[bool]:
    """Which pairs of DIR our score merges when no pair of their term was in the fit: the shipped fit has seen them.

    [] for other pairs, which it has not seen.
    """
    if not options.data or options.pairs:
        return []
    import numpy as np

    from benchmarks.same_sense import fit
    from benchmarks.same_sense.texts import read_labelled
    from curation.same_sense import SameSense
    from pipelines.embedding import find_embedder

    gold = [json.loads(line) for line in (options.data / PAIRS).read_text(encoding="utf-8").splitlines()]
    both = [*read_labelled(options.data), *gold]
    values = fit.matrix(both, find_embedder(cache=options.cache / "vectors"))
    likely = fit.unseen(values, np.array([pair["label"] for pair in both]), fit.terms_of(both))[-len(gold) :]
    merged: list[bool] = (likely >= SameSense().merge).tolist()
    return merged if [pair["label"] for pair in gold] == [pair.label for pair in pairs] else []


def of_runs(peer: Peer, said: list[Said]) -> Measured:
    """What the runs found, and medians of what they cost."""
    if why := fault(said):
        return Measured(peer, fault=why)
    alone, among = (_distinct([one[name] for one in said]) for name in ("alone", "among"))
    return Measured(peer, alone, among, median(said, "seconds"), median(said, "memory"))


def _distinct(runs: list[dict[str, Any]]) -> tuple[Found, ...]:
    """What was found in each run; once, where all runs found the same."""
    return tuple(_from_json(one) for one in (runs if any(one != runs[0] for one in runs) else runs[:1]))


# ---------------------------------------------------------------- in the process of an engine


def measure(number: int, folder: Path, cache: Path) -> Said:
    """First on the rows of the pairs alone, which also loads the libraries; then on all rows, with the clock."""
    peer = PEERS[number]
    rows, pairs = load(folder, given(cache))
    alone = on_pairs(peer, rows, pairs)
    if peer.reads:
        getattr(rows, peer.reads)  # from the disk before the clock starts
    begin = time.perf_counter()
    among = peer(rows)
    seconds = time.perf_counter() - begin
    return {"alone": _to_json(alone), "among": _to_json(among), "seconds": seconds, "memory": peak_memory()}


def on_pairs(peer: Peer, rows: Rows, pairs: list[Pair]) -> Found:
    """What it finds when the rows of the pairs are all there is, by their position in the whole table."""
    places = sorted({place for pair in pairs for place in pair[:2]})
    found = peer(rows.only(places))
    removed = {places[gone]: places[stays] for gone, stays in found.removed.items()}
    asked = {(places[left], places[right]) for left, right in found.asked}
    return Found(removed, asked, found.compared, found.texts)


def _to_json(found: Found) -> dict[str, Any]:
    return {**vars(found), "removed": sorted(found.removed.items()), "asked": sorted(found.asked)}


def _from_json(said: dict[str, Any]) -> Found:
    removed = {int(gone): int(stays) for gone, stays in said["removed"]}
    asked = {(int(left), int(right)) for left, right in said["asked"]}
    return Found(removed, asked, said["compared"], said["texts"])
