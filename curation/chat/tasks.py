"""The tasks: what is asked about a term, a sentence or a pair, and what a good assistant answers.

Every function yields drafts. A draft's first entry id leads: it chooses the phrasing and names the conversation.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import NamedTuple

from curation.chat import phrasings
from curation.chat.glosses import explain, gloss
from curation.chat.senses import Row, Sense, Term
from curation.chat.sentences import balanced, capital, choose, quote, quote_term, stop, tidy, tidy_lines

MOST_EXAMPLES = 3  # in one answer
SHORT_LIST = 4  # senses that one sentence can name
SHORT_SENSE = 6  # words of a sense that is named inside a sentence
_ASKS_FOR_ONE = re.compile(r"\ba(?:n example)? sentence|\ban example\b")  # "Write an example sentence with …"


class Draft(NamedTuple):
    """A conversation before it is checked against the others."""

    task: str
    term: str
    split: str
    question: str
    answer: str
    entry_ids: list[str]


def define(term: Term, most: int) -> Iterator[Draft]:
    """What a term means: one answer that tells all its senses, at most `most` of them."""
    lead = term.senses[0]
    answer = _one_sense(term, lead) if len(term.senses) == 1 else _many_senses(term, most)
    ids = ids_of(term.senses[:most])
    yield Draft("define_term", term.name, term.split, ask("define_term", lead.id, term=term), answer, ids)


def use(term: Term, most: int) -> Iterator[Draft]:
    """A term in a sentence, in one for each of its first senses."""
    shown = [sense for sense in term.senses[:most] if sense.examples][:MOST_EXAMPLES]
    if not shown:
        return
    lead = shown[0]
    question = ask("use_in_sentence", lead.id, term=term)
    shown = shown[:1] if _ASKS_FOR_ONE.search(question) else shown
    begin = choose(phrasings.BEGIN_USE, lead.id, "use")
    if len(shown) > 1:
        lines = [stop(sense.examples[0].replace("\n", " / ")) for sense in shown]
        answer = f"Here are {phrasings.NUMBERS[len(shown)]} sentences:\n\n" + "\n".join(f"- {line}" for line in lines)
    elif begin and _fits_a_line(lead.examples[0]):
        answer = f"{begin}{quote(stop(lead.examples[0]))}"
    else:
        answer = stop(lead.examples[0])
    yield Draft("use_in_sentence", term.name, term.split, question, answer, ids_of(shown))


def tell_apart(term: Term, most: int) -> Iterator[Draft]:
    """The senses of a term, told apart by the sentences they stand in."""
    senses = _clearly_different(term.senses[:most])
    if len(senses) < 2 or any(sense.items for sense in senses):
        return
    lead = senses[0].id
    begin = choose(phrasings.BEGIN_APART, lead, "apart").format(quoted=quote_term(term.name))
    answer = f"{begin}\n\n" + "\n".join(f"- {_by_sentence(term, sense)}" for sense in senses)
    question = ask("tell_senses_apart", lead, term=term)
    yield Draft("tell_senses_apart", term.name, term.split, question, answer, ids_of(senses))


def which(term: Term, most: int) -> Iterator[Draft]:
    """Which sense of a term is meant in a sentence that no other sense has."""
    if len(_clearly_different(term.senses)) < 2:
        return
    owners = Counter(example.casefold() for sense in term.senses for example in sense.examples)
    for sense in term.senses[:most]:
        example = next((text for text in sense.examples if owners[text.casefold()] == 1), "")
        if example and not sense.items:
            question = ask("which_sense", sense.id, term=term, sentence=example)
            begin = _begin(example, sense.id, "which")
            answer = explain(term.name, sense.definition, sense.said, sense.id, begin=begin)
            yield Draft("which_sense", term.name, term.split, question, answer, ids_of([sense]))


def _clearly_different(senses: list[Sense]) -> list[Sense]:
    """The senses, and of those that may be one and the same the first only."""
    first = next((sense for sense in senses if sense.doubted), None)
    return [sense for sense in senses if not sense.doubted or sense is first]


TERM_TASKS: dict[str, Callable[[Term, int], Iterator[Draft]]] = {
    "define_term": define,
    "use_in_sentence": use,
    "tell_senses_apart": tell_apart,
    "which_sense": which,
}


def explain_sentences(terms: list[Term]) -> Iterator[Draft]:
    """What a sentence means: every term that has it as an example is explained, in one answer."""
    found: dict[str, list[tuple[Term, Sense]]] = defaultdict(list)
    for term in terms:
        for sense in term.senses:
            for example in sense.examples[:1]:
                found[example.casefold()] += [] if sense.items else [(term, sense)]
    for uses in filter(None, found.values()):
        term, lead = uses[0]
        begin = _begin(lead.examples[0], lead.id, "explain")
        said = [
            explain(other.name, sense.definition, sense.said, sense.id, begin="" if number else begin)
            for number, (other, sense) in enumerate(uses)
        ]
        answer = said[0] if len(said) > 1 else _joined(said[0], lead.context)
        question = ask("explain_sentence", lead.id, sentence=lead.examples[0])
        text = " ".join(dict.fromkeys([answer, *said[1:]]))
        yield Draft("explain_sentence", term.name, term.split, question, text, ids_of([sense for _, sense in uses]))


def retell_pairs(rows: list[Row]) -> Iterator[Draft]:
    """A slang sentence and its plain one, both ways; of several answers to one sentence, the most frequent."""
    pairs = [row for row in rows if row["plain"].strip() and row["example"].strip()]
    pairs = [row for row in pairs if tidy(row["plain"]).casefold() != tidy(row["example"]).casefold()]
    for task, asked, answered in (
        ("plain", "example", "plain"),
        ("explain_sentence", "example", "plain"),
        ("slangify", "plain", "example"),
    ):
        groups: dict[str, list[Row]] = defaultdict(list)
        for row in pairs:
            groups[tidy(row[asked]).casefold()].append(row)
        for group in groups.values():
            answers = Counter(tidy_lines(row[answered]) for row in group)
            best = min(answers, key=lambda text: (-answers[text], text))
            row = next(row for row in group if tidy_lines(row[answered]) == best)
            question = ask(task, row["id"], sentence=tidy_lines(row[asked]))
            yield Draft(task, tidy(row["term"]), row["split"], question, _retold(best, task, row["id"]), [row["id"]])


def ids_of(senses: list[Sense]) -> list[str]:
    """The entries behind some senses, the leading one first."""
    return list(dict.fromkeys(entry for sense in senses for entry in sense.ids))


def ask(task: str, key: str, *, term: Term | None = None, sentence: str = "") -> str:
    """The user's turn. A sentence of several lines, or with marks that do not pair up, stands on its own lines."""
    phrasing = choose(phrasings.PROMPTS[task], key, task)
    if sentence and "\n" in sentence:
        phrasing = phrasing.replace("this sentence", "this exchange").replace(", {sentence}", ": {sentence}")
    if sentence and not _fits_a_line(sentence):
        phrasing = phrasing.replace(" {sentence} ", "\n\n{sentence}\n\n").replace(" {sentence}", "\n\n{sentence}")
    shown = quote(stop(sentence)) if sentence and _fits_a_line(sentence) else sentence
    name, slang = (quote(term.name), term.slang) if term else ("", "slang")
    return phrasing.format(quoted=name, slang=slang, sentence=shown)


def _begin(sentence: str, key: str, task: str) -> str:
    """How an explanation of a sentence starts; several lines are no sentence."""
    begins = phrasings.BEGIN_EXCHANGE if "\n" in sentence else phrasings.BEGIN_SENTENCE
    return choose(begins, key, task)


def _one_sense(term: Term, sense: Sense) -> str:
    if sense.items:
        return _numbered(term, sense.items, sense.id) + _for_example(sense, "\n\n")
    said = explain(term.name, sense.definition, sense.said, sense.id, slang=sense.slang)
    return _joined(said, sense.context) + _for_example(sense, " ")


def _many_senses(term: Term, most: int) -> str:
    """All senses: short glosses in one sentence, longer ones or ones with examples as a numbered list."""
    bare = all(not (sense.examples or sense.context or sense.items) for sense in term.senses)
    short = all(len(sense.definition.split()) <= SHORT_SENSE for sense in term.senses)
    if bare and short and len(term.senses) <= SHORT_LIST:
        *first, last = [gloss(sense.definition) for sense in term.senses]
        begin = "" if term.slang == "slang" else f"In {term.slang}, "
        return stop(f"{begin}{quote_term(term.name)} can mean {', '.join(first)} or {last}")
    items = [item for sense in term.senses[:most] for item in _items(term, sense)]
    return _numbered(term, items, term.senses[0].id, more=len(term.senses) > most)


def _items(term: Term, sense: Sense) -> list[str]:
    if sense.items:
        return sense.items
    where = f"(In {sense.slang}) " if sense.slang != term.slang else ""
    said = _joined(where + stop(capital(sense.definition)), sense.context)
    example = sense.examples[0].replace("\n", " / ") if sense.examples else ""
    return [f"{said} For example, {quote(stop(example))}" if example and balanced(example) else said]


def _numbered(term: Term, items: list[str], key: str, *, more: bool = False) -> str:
    count = phrasings.NUMBERS[len(items)] if len(items) < len(phrasings.NUMBERS) else str(len(items))
    frame = phrasings.BEGIN_SOME_SENSES if more else choose(phrasings.BEGIN_SENSES, key, "senses")
    begin = "" if term.slang == "slang" else f"In {term.slang}, "
    head = begin + frame.format(quoted=quote_term(term.name), count=count)
    return f"{head}\n\n" + "\n".join(f"{number}. {stop(capital(item))}" for number, item in enumerate(items, 1))


def _by_sentence(term: Term, sense: Sense) -> str:
    """One sense with the sentence that shows it: In “…”, it means …"""
    example = sense.examples[0] if sense.examples and _fits_a_line(sense.examples[0]) else ""
    begin = f"In {quote(stop(example))}, " if example else ""
    if sense.said:
        return stop(f"{begin}it {sense.said}" if begin else f"It {sense.said}")
    return explain(term.name, sense.definition, "", sense.id, begin=begin)


def _joined(said: str, context: str) -> str:
    """The meaning, then the context, unless it says the same once more."""
    return f"{said} {context}" if context and context.casefold() not in said.casefold() else said


def _for_example(sense: Sense, border: str) -> str:
    if not sense.examples:
        return ""
    example = sense.examples[0]
    if _fits_a_line(example):
        begin = choose(phrasings.BEGIN_EXAMPLE, sense.id, "example")
        return f"{border}{begin} {quote(stop(example))}"
    return f"\n\n{choose(phrasings.BEGIN_DIALOGUE, sense.id)}\n\n{example}"


def _fits_a_line(text: str) -> bool:
    """Whether a text can stand in quotation marks inside a line."""
    return "\n" not in text and balanced(text)


def _retold(text: str, task: str, key: str) -> str:
    begins = phrasings.BEGIN_SLANG if task == "slangify" else phrasings.BEGIN_PLAIN
    begin = choose(begins[1:] if task == "explain_sentence" else begins, key, task)
    said = stop(capital(text))
    return f"{begin}{quote(said)}" if begin and _fits_a_line(text) else said
