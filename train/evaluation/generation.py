"""Greedy answers, and what can be said of them without a judge model.

Their form: faults, length, how many of them are different. Their content: key ideas of slang expressions, likeness to
definitions and to plain English, slang where none belongs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from curation.chat.format import chat_format
from curation.templates import EncodeError, prompt_ids
from train.evaluation import expressions, format_health
from train.evaluation.items import Prompt
from train.evaluation.results import Answer, ItemValue
from train.evaluation.slang_words import slang_in
from train.evaluation.work import Record, Work, stop_ids

if TYPE_CHECKING:
    from curation.embed import Embedder
    from train.base_models import LoadedTokenizer
    from train.engines.engine import Engine, Generation

SHORT = 64  # tokens; with a cap below it an answer is cut on purpose, which is no fault of the model
DIGITS = 3  # of seconds


def answer_work(name: str, prompts: Sequence[Prompt], loaded: LoadedTokenizer, chunk: int) -> Work:
    """{"text", "tokens", "ended", "seconds_to_first", "seconds", "prompt_tokens"} or {"fault"}; one cap for all.

    A chunk of one is asked alone, so that its seconds are its own.
    """
    ids = [_prompt(one.text, loaded) for one in prompts]
    stops = stop_ids(loaded)

    def ask(engine: Engine, places: list[int]) -> list[Record]:
        sound = {place: one for place in places if not isinstance(one := ids[place], EncodeError)}
        cap = max(prompts[place].cap for place in places)
        if chunk == 1:
            made = [engine.generate(one, max_new_tokens=cap, stop_ids=stops) for one in sound.values()]
        else:
            made = engine.generate_all(list(sound.values()), max_new_tokens=cap, stop_ids=stops)
        answers = dict(zip(sound, made, strict=True))
        return [
            _record(answers[place], loaded, len(sound[place])) if place in sound else {"fault": str(ids[place])}
            for place in places
        ]

    return Work(name, [one.id for one in prompts], chunk, ask)


def _prompt(text: str, loaded: LoadedTokenizer) -> list[int] | EncodeError:
    try:
        return prompt_ids([{"role": "user", "content": text}], loaded.tokenizer, loaded.settings)
    except EncodeError as error:
        return error


def _record(made: Generation, loaded: LoadedTokenizer, prompt_tokens: int) -> Record:
    return {
        # control tokens are shown: one inside an answer is a fault
        "text": loaded.tokenizer.decode(made.ids, skip_special_tokens=False),
        "tokens": len(made.ids),
        "ended": made.ended,
        "prompt_tokens": prompt_tokens,
        "seconds_to_first": round(made.seconds_to_first, DIGITS),
        "seconds": round(made.seconds, DIGITS),
    }


# ---------------------------------------------------------------- judged from the records


def answers(prompts: Sequence[Prompt], records: Sequence[Record], loaded: LoadedTokenizer) -> list[Answer]:
    """Every answer with its faults and the expressions that it explains."""
    control = chat_format(loaded.tokenizer, loaded.settings).control
    found = []
    for one, record in zip(prompts, records, strict=True):
        if "text" in record:
            ended = record["ended"] or one.cap < SHORT
            found.append(
                Answer(
                    one.id,
                    one.group,
                    one.text,
                    record["text"],
                    record["tokens"],
                    record["ended"],
                    one.cap,
                    format_health.faults(record["text"], prompt=one.text, ended=ended, control=control),
                    expressions.explained(record["text"], one.text, one.expressions),
                )
            )
    return found


def judge(prompts: Sequence[Prompt], made: Sequence[Answer], embedder: Embedder | None) -> Iterator[ItemValue]:
    """Values of every answer; likeness in meaning only where there is an embedder."""
    asked = {one.id: one for one in prompts}
    seen: set[str] = set()
    for one in made:
        yield from _form(one, seen)
        yield from _content(asked[one.id], one)
    yield from _meaning(asked, made, embedder)


def _form(one: Answer, seen: set[str]) -> Iterator[ItemValue]:
    text = format_health.normalised(one.text)
    yield ItemValue("healthy_answers", one.id, one.id, float(not one.faults))
    yield ItemValue("distinct_answers", one.id, one.id, float(text not in seen))
    seen.add(text)
    if one.cap >= SHORT:
        yield ItemValue("ended_answers", one.id, one.id, float(one.ended))
        yield ItemValue("answer_tokens", one.id, one.id, float(one.tokens))
        yield ItemValue("answer_characters", one.id, one.id, float(len(one.text)))


def _content(asked: Prompt, one: Answer) -> Iterator[ItemValue]:
    for number, expression in enumerate(asked.expressions):
        name, key = f"{one.group}_explained", f"{one.id}-{number}"
        yield ItemValue(name, key, one.id, float(expression["term"] in one.explained))
    if one.group == "general":
        yield ItemValue("general_answer_characters", one.id, one.id, float(len(one.text)))
        yield ItemValue("general_without_slang", one.id, one.id, float(not slang_in(one.text)))
    if asked.references:
        yield from _likeness(asked, one)


def _likeness(asked: Prompt, one: Answer) -> Iterator[ItemValue]:
    from train.evaluation import text_metrics

    name = f"{one.group}_{asked.side}".rstrip("_")
    measures = {"f1": text_metrics.token_f1, "chrf": text_metrics.chrf, "rouge_l": text_metrics.rouge_l}
    for measure, score in measures.items():
        best = max(score(one.text, reference) for reference in asked.references)
        yield ItemValue(f"{name}_{measure}", one.id, asked.cluster, round(best, 6))


def _meaning(asked: dict[str, Prompt], made: Sequence[Answer], embedder: Embedder | None) -> Iterator[ItemValue]:
    compared = [one for one in made if asked[one.id].references]
    if embedder is None or not compared:
        return
    from train.evaluation import text_metrics

    for one in compared:
        prompt = asked[one.id]
        name = f"{one.group}_{prompt.side}".rstrip("_")
        best = max(text_metrics.cosine(one.text, reference, embedder) for reference in prompt.references)
        yield ItemValue(f"{name}_cosine", one.id, prompt.cluster, best)
