"""How the evaluation asks. One wording that training may contain, and others that it never does (a test compares)."""

from __future__ import annotations

from curation.chat.sentences import lower, quote, quote_term, unquoted

GAP = "____"


def usual(term: str) -> str:
    """The commonest question of the training conversations."""
    return f"What does {quote_term(term)} mean?"


def said(definition: str) -> str:
    """A definition as a person gives it in answer to `usual`: in quotation marks, without a capital at its start.

    A small model knows a definition only as its answers say it: 60 terms learnt by heart gave chance for definitions as
    the entries have them, and twice that in this form.
    """
    return quote(lower(unquoted(definition.strip())))


def unseen(term: str) -> str:
    """The same question as no training conversation puts it."""
    return f"Pretend that I am new to the internet: in one line, what is {quote_term(term)} about?"


def which_fits(sentence: str) -> str:
    """Asks for the term that stood in the gap of a sentence."""
    return f"One slang expression is missing here, shown as {GAP}. Name it. “{sentence}”"


def plainly(sentence: str) -> str:
    """Asks for a sentence without its slang; a wording that training may contain."""
    return f"Say this in plain English: “{sentence}”"


def meaning(sentence: str) -> str:
    """Asks what a sentence means, as the case's first prompt does; a wording that training may contain."""
    return f"What is the meaning of this sentence, “{sentence}”"
