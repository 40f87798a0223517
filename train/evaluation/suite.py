"""Asks an engine the items of a suite, and writes what it makes of the answers.

    quick        the case's two prompts, 100 choices, 30 definitions of at most 48 tokens
    full         everything
    experiment   what one arm of the ladder needs: likelihoods, 56 answers, 100 choices

An evaluation that was interrupted goes on where it was. Its results are written last, in one step.
"""

from __future__ import annotations

import importlib.metadata
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.errors import TrainError
from train.evaluation import choice, format_health, generation, likelihood
from train.evaluation.items import Choice, Items, Prompt, Suite, Told
from train.evaluation.journal import NAME as JOURNAL
from train.evaluation.journal import Journal
from train.evaluation.metrics import measured
from train.evaluation.report_lines import markdown
from train.evaluation.results import OWN, RESULTS, Answer, ItemValue, Results, read_results, write_results
from train.evaluation.work import Record, Work

if TYPE_CHECKING:
    from curation.embed import Embedder
    from train.base_models import LoadedTokenizer
    from train.engines.engine import Engine

Progress = Callable[[str, int, int], None]  # what, done, total
WHOLE = 1_000_000  # a chunk of everything
CHUNKS = {"quick": (25, 16), "full": (25, 16), "experiment": (WHOLE, WHOLE)}  # items scored, answers made at once


def evaluate(
    engine: Engine,
    loaded: LoadedTokenizer,
    items: Items,
    out: Path,
    *,
    suite: Suite,
    progress: Progress | None = None,
    meta: Mapping[str, Any],
    embedder: Embedder | None = None,
    fresh: bool = False,
) -> Results:
    """Results of the engine on the items, also written to `out`.

    `meta` says what is evaluated ("model", "adapter", "marks", …) and holds no clock: with the same meta and items, a
    finished evaluation is read and not made again, a half-finished one goes on. Raises TrainError where `out` holds
    another one (unless `fresh`), the tokenizer is a stand-in, or the model gives no finite number.
    """
    _check(loaded, items, suite)
    check_place(out)
    what = _meta(meta, engine, loaded, items, embedder)
    if known := _finished(out, what, items, fresh=fresh):
        return known
    with _alone(out):
        journal = Journal(out, what | {"items": items.sha256}, fresh=fresh)
        asked = Asked(items, loaded)
        seconds = asked.ask(engine, journal, progress or (lambda what, done, total: None))
        results = asked.results(journal, what, embedder, seconds)
        write_results(out, results, report=markdown(results))
        journal.remove()
    return results


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Holds `out` against a second evaluation, which would mix its answers in. Raises TrainError where one runs."""
    from filelock import FileLock, Timeout

    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(out.with_name(f".{out.name}.lock"), blocking=False):
            yield
    except Timeout:
        raise TrainError(f"{out}: another evaluation is writing it; wait for it, or give --out elsewhere") from None


def _check(loaded: LoadedTokenizer, items: Items, suite: Suite) -> None:
    if suite != items.suite:
        raise TrainError(f"the items are those of the suite {items.suite}, not of {suite}: make them anew")
    if loaded.source == "stand-in":
        raise TrainError(f"{loaded.note}: an evaluation needs the model's own tokenizer, not the stand-in")


def check_place(out: Path) -> None:
    """Raises TrainError where `out` holds other files than an evaluation's, some of whose names an evaluation has."""
    if not out.is_dir() or (out / RESULTS).is_file() or (out / JOURNAL).is_file():
        return
    foreign = sorted(path.name for path in out.iterdir() if path.name not in OWN and not path.name.startswith("."))
    if foreign:
        raise TrainError(
            f"{out}: holds other files ({foreign[0]}) than an evaluation's; give --out a folder of its own"
        )


def _meta(
    given: Mapping[str, Any], engine: Engine, loaded: LoadedTokenizer, items: Items, embedder: Embedder | None
) -> dict[str, Any]:
    """What is evaluated, how: two evaluations with the same meta and items have the same results."""
    own = {
        "suite": items.suite,
        "seed": items.seed,
        "build": items.build,
        "engine": engine.name,
        "template": loaded.fingerprint,
        "embedding_model": embedder.fingerprint if embedder else "",
        "transformers": importlib.metadata.version("transformers"),
    }
    return {"model": engine.model, **given, **own}


def _finished(out: Path, meta: Mapping[str, Any], items: Items, *, fresh: bool) -> Results | None:
    """The evaluation that `out` already holds, when it is this one."""
    if not (out / RESULTS).is_file():
        return None
    if fresh:
        (out / RESULTS).unlink()
        return None
    known = read_results(out)
    mine = {**meta, "items": items.sha256}
    theirs = known.meta | {"items": known.items_sha256}
    if mine != theirs:
        other = [key for key in sorted({*mine, *theirs}) if mine.get(key) != theirs.get(key)]
        raise TrainError(
            f"{out}: holds an evaluation with another {', '.join(other)}; give another --out, or --fresh to replace it"
        )
    return known


class Asked:
    """The works of one suite, and what is made of their records."""

    def __init__(self, items: Items, loaded: LoadedTokenizer) -> None:
        scored, made = CHUNKS[items.suite]
        self.items, self.loaded = items, loaded
        self.alone = choice.alone_work((*items.choices, *items.bare, *items.cloze), loaded, 4 * scored)
        unseen = [one for one in items.choices if one.unseen]
        self.choices: dict[str, tuple[Work, Sequence[Choice]]] = {
            name: (choice.choice_work(name, rows, loaded, scored, unseen=name == "unseen_wording"), rows)
            for name, rows in (
                ("choice", items.choices),
                ("choice_bare", items.bare),
                ("unseen_wording", unseen),
                ("cloze", items.cloze),
            )
            if rows
        }
        self.told: tuple[Work, Sequence[Told]] = (likelihood.likelihood_work(items.told, loaded, scored), items.told)
        self.prompts: list[tuple[Work, Sequence[Prompt]]] = [
            (generation.answer_work(name, rows, loaded, chunk), rows)
            for name, rows, chunk in _answer_groups(items, made)
        ]

    def works(self) -> list[Work]:
        return [
            self.alone,
            *(work for work, _ in self.choices.values()),
            self.told[0],
            *(work for work, _ in self.prompts),
        ]

    def ask(self, engine: Engine, journal: Journal, progress: Progress) -> dict[str, float]:
        """Every chunk that the journal lacks. Returns the seconds of each work, of what was asked now."""
        seconds = {}
        for work in self.works():
            begin = time.perf_counter()
            for places in work.chunks():
                if journal.lacks(work, places):
                    journal.add(work, places, work.ask(engine, places))
                progress(work.name, places[-1] + 1, len(work.keys))
            seconds[work.name] = round(time.perf_counter() - begin, 3)
        return seconds

    def results(
        self, journal: Journal, meta: dict[str, Any], embedder: Embedder | None, seconds: dict[str, float]
    ) -> Results:
        """What the records say."""
        records = {work.name: journal.of(work) for work in self.works()}
        answers = [
            answer
            for work, rows in self.prompts
            for answer in generation.answers(rows, records[work.name], self.loaded)
        ]
        values = [*self._values(records), *generation.judge(self.items.prompts, answers, embedder)]
        return Results(
            meta,
            self.items.sha256,
            measured(values, self.items.seed),
            _health(answers),
            values,
            answers,
            timings(seconds, [(rows, records[work.name]) for work, rows in self.prompts], meta["engine"]),
        )

    def _values(self, records: Mapping[str, list[Record]]) -> list[ItemValue]:
        """Choices and likelihoods."""
        alone = dict(zip(self.alone.keys, records[self.alone.name], strict=True))
        values: list[ItemValue] = []
        for name, (work, rows) in self.choices.items():
            values += choice.judge(rows, records[work.name], alone, name)
        work, told = self.told
        return [*values, *likelihood.judge(told, records[work.name])]


def _answer_groups(items: Items, made: int) -> list[tuple[str, Sequence[Prompt], int]]:
    """Prompts that are answered together: name, prompts, how many at once. The case's two are timed one by one."""
    if items.suite == "experiment":
        return [("answers", items.prompts, made)]
    groups: dict[str, list[Prompt]] = {"case": [], "answers": [], "definitions": []}
    for one in items.prompts:
        groups[{"case": "case", "definition": "definitions"}.get(one.group, "answers")].append(one)
    return [(name, rows, 1 if name == "case" else made) for name, rows in groups.items() if rows]


def _health(answers: Sequence[Answer]) -> dict[str, Any]:
    """The summary of format health, and how many answers did not end though they could have."""
    free = [one for one in answers if one.cap >= generation.SHORT]
    never = sum(not one.ended for one in free)
    return {**format_health.summary(answers), "never_ended": never, "could_end": len(free)}


def timings(
    seconds: Mapping[str, float], asked: Sequence[tuple[Sequence[Prompt], Sequence[Record]]], engine: str
) -> dict[str, Any]:
    """Seconds of each work, and of each of the case's prompts: the whole answer, the first token, tokens a second."""
    pairs = [pair for rows, records in asked for pair in zip(rows, records, strict=True)]
    prompts = {one.id: _timing(record) for one, record in pairs if one.group == "case" and "text" in record}
    return {"engine": engine, "seconds": dict(seconds), "prompts": prompts}


def _timing(record: Record) -> dict[str, float]:
    after_first = record["seconds"] - record["seconds_to_first"]
    return {
        "seconds": record["seconds"],
        "seconds_to_first": record["seconds_to_first"],
        "tokens": record["tokens"],
        "prompt_tokens": record["prompt_tokens"],
        "tokens_per_second": round((record["tokens"] - 1) / after_first, 2) if after_first > 0 else 0.0,
    }
