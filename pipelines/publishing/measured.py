"""How a build was evaluated, for its card: the experiment's headline, or evaluations of models trained on it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.publishing.conservation import sha256_of
from pipelines.publishing.markdown import plain

if TYPE_CHECKING:
    from train.evaluation.results import Metric, Results

EXPERIMENT, RESULTS = "experiment.json", "results.json"
SAME_ROWS = ("entries.parquet", "chat/train.jsonl")  # equal in two builds: both teach the same
# Metrics in the order in which they are told; those of train.evaluate's names that say most.
TOLD = (
    "case_explained",
    "question_explained",
    "choice_acc_mutual_info",
    "choice_acc_mutual_info_trained",
    "choice_acc_mutual_info_held_out",
    "held_out_nll",
    "general_nll",
    "definition_trained_chrf",
    "definition_held_out_chrf",
    "healthy_answers",
    "distinct_answers",
    "ended_answers",
)


def evaluation_text(build: Path, given: Sequence[Path]) -> str:
    """Markdown of all that was measured; "" where nothing was. Without `given` what lies beside the build is looked at.

    Raises ValueError (one line) where a given folder holds neither an experiment nor an evaluation.
    """
    folders = list(given) or list(beside(build))
    experiments = [folder for folder in folders if (folder / EXPERIMENT).is_file()]
    results = [folder for folder in folders if folder not in experiments]
    told = [of_experiment(folder, build) for folder in experiments]
    told += [of_results(results, build)] if results else []
    return "\n\n".join(text for text in told if text)


def beside(build: Path) -> Iterator[Path]:
    """The experiment that made this build, or the one of its name that taught the same rows."""
    build = build.resolve()
    inside, named = build.parent, build.parent.parent / "experiments" / build.name
    for folder in (inside, named):
        if (folder / EXPERIMENT).is_file() and same_rows(folder / "build", build):
            yield folder
            return


def same_rows(one: Path, other: Path) -> bool:
    """Whether two builds hold the same entries and the same training conversations."""
    paths = [(one / name, other / name) for name in SAME_ROWS]
    return all(a.is_file() and b.is_file() and sha256_of(a) == sha256_of(b) for a, b in paths)


def of_experiment(folder: Path, build: Path) -> str:
    """The headline of `python -m pipelines.experiment`, and whether it was measured on these rows."""
    from pipelines.experiments.headline import headline

    path = folder / EXPERIMENT
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        table = headline(facts).partition("\n```")[0].strip()  # its command may name folders of this machine
        marks = [str(mark) for mark in facts["marks"]]
    except (OSError, ValueError, TypeError, KeyError, StopIteration) as error:
        raise ValueError(
            f"{path}: is no experiment that can be read ({error}); run pipelines.experiment again"
        ) from None
    same = same_rows(folder / "build", build)
    where = "on exactly these entries and conversations" if same else "on another build, whose rows differ from these"
    listed = "".join(f"- {plain(mark)}\n" for mark in marks)
    about = (
        "One base model was trained on the same sources in several states of curation, with one recipe and the same "
        f"seeds, and asked the same questions (`python -m pipelines.experiment`). Measured {where}."
    )
    return f"{about}\n\n{table}\n\n{listed}".rstrip()


def of_results(folders: Sequence[Path], build: Path | None = None) -> str:
    """Evaluations of `train.evaluate` side by side, the base model first. Raises ValueError."""
    found = sorted((read(folder) for folder in folders), key=lambda one: bool(one.meta.get("adapter")))
    names = [f"{plain(one.name)}{' (adapter)' if one.meta.get('adapter') else ''}" for one in found]
    known = [name for name in TOLD if any(name in one.metrics for one in found)]
    rows = [row([one.metrics.get(name) for one in found]) for name in known]
    head = f"| | {' | '.join(names)} |\n|---|{'---|' * len(names)}\n"
    notes = "".join(f"- {line}\n" for line in dict.fromkeys(line for one in found for line in about(one, build)))
    return f"{head}{''.join(rows)}\nIn brackets the 95 % interval (`python -m train.evaluate`).\n\n{notes}".rstrip()


def read(folder: Path) -> Results:
    from train.errors import TrainError
    from train.evaluation.results import read_results

    try:
        return read_results(folder)
    except TrainError as error:
        raise ValueError(str(error)) from None


def row(metrics: Iterable[Metric | None]) -> str:
    from train.evaluation.report_lines import figure, titled

    cells, title = [], ""
    for metric in metrics:
        title = title or (plain(titled(metric)) if metric else "")
        cells.append("–" if metric is None else "{} ({})".format(*figure(metric)))
    return f"| {title} | {' | '.join(cells)} |\n"


def about(one: Results, build: Path | None) -> Iterator[str]:
    """What must be known before the column is read."""
    yield f"{plain(one.name)}: suite {plain(one.meta.get('suite', ''))}, engine {plain(one.meta.get('engine', ''))}"
    yield from (f"{plain(one.name)}: {plain(mark)}" for mark in one.marks)
    trained: Mapping[str, Any] = one.meta.get("training") or {}
    if build and trained and trained.get("build_sha256") != sha256((build / "manifest.json").read_bytes()).hexdigest():
        yield f"{plain(one.name)}: trained on another build than this one"
