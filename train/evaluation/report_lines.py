"""Results for people: a table in the terminal, and the same as Markdown. What a model said is shown as plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from train.evaluation.results import Answer, Metric, Results

if TYPE_CHECKING:
    from rich.console import Console

SHOWN = ("case",)  # groups of answers that are shown whole


def headline(results: Results) -> str:
    """What was evaluated, with every departure from the recipe."""
    marks = f" [{'; '.join(results.marks)}]" if results.marks else ""
    limited = f", at most {limit} items of each kind" if (limit := results.meta.get("limit")) else ""
    return f"{results.name}{marks}: suite {results.meta['suite']}{limited}, engine {results.meta['engine']}"


def never_ended(results: Results) -> str:
    """One plain sentence where answers did not end, else ""."""
    never, n = results.format_health.get("never_ended", 0), results.format_health.get("could_end", 0)
    return f"{never} of {n} answers never ended: they were cut off at their cap of tokens." if never else ""


def faults(results: Results) -> str:
    """`doubled_stop 3, cut_off 1`, the commonest first; "none"."""
    counts = results.format_health["faults"]
    found = sorted(((count, name) for name, count in counts.items() if count), key=lambda one: (-one[0], one[1]))
    return ", ".join(f"{name} {count}" for count, name in found) or "none"


def figure(metric: Metric) -> tuple[str, str]:
    """The value and its interval: `41.0 %` and `31.9–50.8 %`, or `0.912` and `0.870–0.955`."""
    unit = " %" if metric.kind == "share" else ""
    if metric.low is None or metric.high is None:
        return f"{_number(metric, metric.value)}{unit}", "—"
    return (
        f"{_number(metric, metric.value)}{unit}",
        f"{_number(metric, metric.low)}–{_number(metric, metric.high)}{unit}",
    )


def _number(metric: Metric, number: float) -> str:
    return f"{100 * number:.1f}" if metric.kind == "share" else f"{number:.3f}"


def titled(metric: Metric) -> str:
    return metric.title if metric.kind == "share" or not metric.unit else f"{metric.title} ({metric.unit})"


def direction(metric: Metric) -> str:
    return {"higher": "↑", "lower": "↓"}.get(metric.better, "")


def print_results(results: Results, console: Console) -> None:
    """The table, the case's two answers with their times, and the faults."""
    from rich.table import Column, Table
    from rich.text import Text

    console.print(readable(headline(results)), markup=False, style="bold")
    table = Table(
        Column("metric", no_wrap=True),
        "",
        Column("value", justify="right"),
        Column("95 % interval", no_wrap=True),
        "items",
    )
    for metric in results.metrics.values():
        value, interval = figure(metric)
        table.add_row(Text(titled(metric)), direction(metric), value, interval, str(metric.n))
    console.print(table)
    for answer in shown(results):
        console.print(f"\n{answer.id}: {timing(results, answer)}", markup=False, style="bold")
        console.print(f"{readable(answer.text)}", markup=False)
    console.print(f"\nFaults of form: {faults(results)}", markup=False)
    if line := never_ended(results):
        console.print(line, markup=False, style="bold")


def shown(results: Results) -> list[Answer]:
    return [answer for answer in results.answers if answer.group in SHOWN]


def timing(results: Results, answer: Answer) -> str:
    """`12.3 s, first token after 0.6 s, 15.1 tokens/s, 190 tokens, faults: none`."""
    took = results.timings.get("prompts", {}).get(answer.id)
    clock = (
        f"{took['seconds']:.1f} s, first token after {took['seconds_to_first']:.2f} s, "
        f"{took['tokens_per_second']:.1f} tokens/s, "
        if took
        else ""
    )
    cut = "" if answer.ended else f", cut off at {answer.cap}"
    return f"{clock}{answer.tokens} tokens{cut}; faults: {', '.join(answer.faults) or 'none'}"


def readable(text: str) -> str:
    """The text without characters that move the cursor or change colours: an answer must not write on the terminal."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "\ufffd" for letter in text)


def markdown(results: Results) -> str:
    """results.md; it holds no clock, which timings.json has."""
    lines = [f"# {escaped(headline(results))}", ""]
    lines += ["| metric | | value | 95 % interval | items |", "|---|---|---|---|---|"]
    for metric in results.metrics.values():
        value, interval = figure(metric)
        lines.append(f"| {titled(metric)} | {direction(metric)} | {value} | {interval} | {metric.n} |")
    lines += ["", f"Faults of form: {faults(results)}.", *filter(None, [never_ended(results)]), ""]
    for answer in shown(results):
        lines += [f"## {answer.id}", "", *(f"    {line}" for line in readable(answer.text).split("\n")), ""]
    notes = dict.fromkeys(f"{metric.title}: {metric.note}." for metric in results.metrics.values() if metric.note)
    return "\n".join([*lines, *(f"- {note}" for note in notes), ""])


def escaped(text: str) -> str:
    """Plain text inside Markdown."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>#|" else letter for letter in text)
