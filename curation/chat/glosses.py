"""Says a definition in a proper sentence.

Nothing is pasted into one frame. A noun phrase, "to …", "used to …", an expansion or a whole sentence each needs its
own verb; what fits no frame stands on its own after a colon. What a definition is, `grammar` tells, for English; one in
another language takes the quoted or the colon frame, which fit any language.
"""

from __future__ import annotations

import regex

from curation.chat import grammar, phrasings
from curation.chat.definitions import clean_definition, is_expansion, speaks_of_itself
from curation.chat.sentences import capital, choose, is_symbol, lower, quote, quote_term, stop

SHORT_GLOSS = 7  # words: up to here a gloss that is no phrase of a known kind can stand in quotation marks
_OWN_VERBS = {
    "it's": "is",
    "it’s": "is",
    "its": "is",
    "that's": "is",
    "that’s": "is",
    "for": "stands for",
    "are": "are",
}
_SLANG_VERB = regex.compile(r"^is (?:a )?slang (?:term )?for\b")
_SENTENCE_BORDER = regex.compile(r"(?<=[.!?…][”\"'’)]?)\s+(?=[\p{Lu}“\"(])")


def explain(term: str, definition: str, said: str, key: str, *, slang: str = "slang", begin: str = "") -> str:
    """What a term means, as one or more sentences.

    `definition` comes from clean_definition and `said` from predicate; `key` chooses among frames; `slang` names the
    language ("Indonesian slang"); `begin` is what the sentence starts with ("Here, ").
    """
    if not said and speaks_of_itself(term, definition):
        return stop(capital(_whole(definition)))
    if said:
        usual = "" if "slang" in said else choose(("", "", "", "In slang, "), key, "begin")
        begin = begin or (f"In {slang}, " if slang != "slang" else usual)
        said = _SLANG_VERB.sub("means", said) if "slang" in begin else said
        return f"{begin}{quote_term(term)} {stop(said)}"
    where = f" in {slang}" if slang != "slang" else " here" if begin else ""
    frame = choose(phrasings.BEGIN_STANDALONE, key).format(quoted=quote_term(term), where=where)
    text = definition if _is_long(definition) else lower(definition)
    return f"{frame}{stop(_whole(text))}"


def predicate(term: str, text: str, key: str) -> str:
    """What follows the quoted term: a verb and the definition, or "" where no verb can carry it.

    `text` comes from clean_definition; `key` chooses among verbs that fit alike. The full stop is not set here.
    """
    return "" if speaks_of_itself(term, text) else _whole(_carried(term, text, key))


def _carried(term: str, text: str, key: str) -> str:
    if is_expansion(term, text):
        return f"{choose(phrasings.STANDS_FOR, key)} {quote(_gloss(text))}"
    if text.endswith(("?", "!")) and (quoted := _quoted(term, text, key)):
        return quoted
    if own := grammar.OWN_SUBJECT.match(text):
        verb = own[0].split()[-1].lower().removesuffix("to").strip() or "refers to"
        return f"{_OWN_VERBS.get(verb, verb)} {text[own.end() :]}"
    if grammar.SLANG_FOR.match(text) or (grammar.PARTICIPLE.match(text) and " " in text):
        return f"is {lower(text)}"
    if grammar.VERB_START.match(text) and len(text.split()) > 2:
        return lower(text)
    if grammar.TO.match(text) or (grammar.GERUND.match(text) and len(text.split()) > 2):
        return f"means {lower(text)}"
    if grammar.WHEN.match(text):
        return f"is {lower(text)}"
    if _is_title(text) and (quoted := _quoted(term, text, key)):
        return quoted
    if grammar.BARE_NOUN.match(text) and len(text.split()) > 1:
        text = f"{grammar.article(text)} {lower(text)}"
    if grammar.NAMED.match(text):
        return f"is {lower(text)}"
    if grammar.PEOPLE.match(text):
        return f"refers to {lower(text)}"
    if grammar.DETERMINED.match(text):
        return f"{choose(phrasings.SYMBOL_MEANS if is_symbol(term) else phrasings.MEANS_NOUN, key)} {lower(text)}"
    if quoted := _quoted(term, text, key):
        return quoted
    return f"refers to the {lower(text)}" if grammar.SUPERLATIVE.match(text) else ""


def _quoted(term: str, text: str, key: str) -> str:
    """The quoted frame, for a short gloss or a short thing that somebody says."""
    words = len(text.split())
    says = grammar.CLAUSE.match(text) or text[-1:] in ("!", "?")
    if _is_long(text) or "\n" in text or words > (12 if says else SHORT_GLOSS):
        return ""
    alike = term[:1].casefold() == text[:1].casefold()  # "work" for WRK; an "opponent" is nothing that O says
    verbs = phrasings.MEANS_SAYING if says or alike else phrasings.MEANS_QUOTED
    return f"{choose(phrasings.SYMBOL_MEANS if is_symbol(term) else verbs, key)} {quote(_gloss(text))}"


def _is_title(text: str) -> bool:
    """Two words or more that all have a capital: a name or an expansion, no noun phrase."""
    words = text.split()
    return len(words) > 1 and all(word[:1].isupper() for word in words)


def gloss(definition: str) -> str:
    """A short definition in quotation marks, to stand in a row of others."""
    return quote(_gloss(definition))


def in_context(term: str, context: str) -> str:
    """A context ("A term used on …", "Typically used in …", "Refers to …") as a sentence of its own, "" for none."""
    text = clean_definition(term, context) if context.strip() else ""
    if not text or grammar.CONTEXT_SUBJECT.match(text) or speaks_of_itself(term, text):
        return stop(capital(text))
    if grammar.SLANG_FOR.match(text) or grammar.PARTICIPLE.match(text) or grammar.ARTICLED.match(text):
        joined = f"It is {lower(text)}"
    elif grammar.VERB_START.match(text):
        joined = f"It {lower(text)}"
    elif grammar.GERUND.match(text):
        joined = f"It is a way of {lower(text)}"
    elif grammar.PREPOSITION.match(text):
        joined = f"It is used {lower(text)}"
    elif grammar.BARE_NOUN.match(text):
        joined = f"It is {grammar.article(text)} {lower(text)}"
    elif text.lower().startswith("from "):
        joined = f"It comes {lower(text)}"
    else:
        joined = f"Usage note: {capital(text)}"
    return stop(_whole(joined))


def _whole(text: str) -> str:
    """The sentences after the first get a subject where they have none: "Used when …" becomes "It is used when …"."""
    first, *others = _SENTENCE_BORDER.split(text)
    return " ".join([first, *map(_with_subject, others)])


def _with_subject(sentence: str) -> str:
    if not grammar.FRAGMENT.match(sentence):
        return sentence
    return f"It {lower(sentence)}" if grammar.VERB_START.match(sentence) else f"It is {lower(sentence)}"


def _is_long(text: str) -> bool:
    """More than one sentence."""
    return len(_SENTENCE_BORDER.split(text)) > 1


def _gloss(text: str) -> str:
    """A gloss as it stands in quotation marks: no full stop, a small letter where only the first one is a capital."""
    text = text.rstrip(",;: 。")
    word = text.rsplit(" ", 1)[-1]
    text = text[:-1] if word.endswith(".") and word.count(".") == 1 and len(word) > 2 else text
    named = any(word[:1].isupper() and word[:2] not in ("I", "I'", "I’") for word in text.split()[1:])
    return text if named else lower(text)  # "Age of Mythology" is a title
