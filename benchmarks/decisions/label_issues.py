"""The second decision: which labels an engine calls wrong, where it is known which are."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.decisions.label_peers import LABEL_PEERS, Judged
from benchmarks.decisions.measuring import Said, cpu_seconds, fault, given, in_turn, median, peak_memory
from benchmarks.decisions.sentences import Version, load, prepare, read_versions

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

NAME = "label_issues"
FIRST = 100  # what a person looks at first; fewer where fewer labels are wrong
WARM = 500  # rows of a first go that only loads libraries
FIGURES = ("average_precision", "first", "precision", "recall", "rare_recall")


def run(options: argparse.Namespace) -> str:
    """The table of this part, as Markdown."""
    versions = read_versions(options.data, options.limit)
    with TemporaryDirectory() as folder:
        prepare(Path(folder), versions)
        said = in_turn(NAME, LABEL_PEERS, Path(folder), options.cache, options.runs, only=options.engine)
    return f"{shown(said)}\n\n{setting(versions, options.runs)}"


def shown(said: Sequence[Sequence[Said]]) -> str:
    from benchmarks.decisions.tables import markdown

    heads = ["engine", "average precision", "right of the first", "flagged: precision", "flagged: recall"]
    heads += ["recall where the rarer class is right", "CPU seconds", "GiB"]
    lines = []
    for peer, runs in zip(LABEL_PEERS, said, strict=True):
        if why := fault(runs):
            lines.append([peer.name, why, *[""] * (len(heads) - 2)])
            continue
        figures = [spread([version[name] for version in runs[0]["versions"]]) for name in FIGURES]
        cost = [f"{median(runs, 'seconds'):.1f}", f"{median(runs, 'memory') / 2**30:.2f}"]
        lines.append([peer.name, *figures, *cost])
    return markdown(heads, lines)


def spread(values: Sequence[float]) -> str:
    """The mean, and the least and the most where there are several."""
    mean = f"{sum(values) / len(values):.2f}"
    return mean if len(values) == 1 else f"{mean} ({min(values):.2f}–{max(values):.2f})"


def setting(versions: Sequence[Version], runs: int) -> str:
    table, several = versions[0].table, "s" * (len(versions) > 1)
    wrong = " · ".join(str(sum(version.wrong)) for version in versions)
    counts = ", ".join(f"{count:,} {label}" for label, count in table["label"].value_counts().items())
    return (
        f"{len(table):,} sentences ({counts}), of whose labels {wrong} are wrong; the first are {FIRST}, or as many as "
        f"are wrong; mean (least–most) over {len(versions)} version{several} of the labels; CPU seconds are those of "
        "one version, all threads and processes together, with vectors read from the cache; median of "
        f"{runs} run{'s' * (runs > 1)}, each in a process of its own."
    )


# ---------------------------------------------------------------- in the process of an engine


def measure(number: int, folder: Path, cache: Path) -> Said:
    """The figures of one engine for each version of the labels, and the CPU seconds that a version takes."""
    embedder = given(cache).embedder
    judge, versions = LABEL_PEERS[number].judge, load(folder)
    judge(versions[0].table.head(WARM), embedder)
    figures, seconds = [], []
    for version in versions:
        begin = cpu_seconds()
        judged = judge(version.table, embedder)
        seconds.append(cpu_seconds() - begin)
        figures.append(figures_of(judged, version))
    return {"versions": figures, "seconds": sum(seconds) / len(seconds), "memory": peak_memory()}


def figures_of(judged: Judged, version: Version) -> dict[str, float]:
    """FIGURES of one version. A turned label was, before, the other class: with two classes that is the right one."""
    import numpy as np
    from sklearn.metrics import average_precision_score

    wrong = np.array(version.wrong)
    first = np.argsort(judged.score, kind="stable")[: min(FIRST, int(wrong.sum()))]
    labels = version.table["label"].to_numpy(dtype=str)
    rarer = min(sorted(set(labels)), key=labels.tolist().count)
    return {
        "average_precision": float(average_precision_score(wrong, -judged.score)),
        "first": share(wrong[first]),
        "precision": share(wrong[judged.flagged]),
        "recall": share(judged.flagged[wrong]),
        "rare_recall": share(judged.flagged[wrong & (labels != rarer)]),
    }


def share(values: npt.NDArray[np.bool_]) -> float:
    """The share of True; 0 of nothing."""
    return float(values.mean()) if len(values) else 0.0
