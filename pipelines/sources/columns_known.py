"""The column names that people use, and the entry's field that each stands for: data, no logic beyond the spelling.

The order inside a field is its priority: of `Description` and `Name` in one file, the first listed is taken and the
other is kept as an annotation.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# The entry's fields that a column may fill, each with the names it is known by (lower case, letters and digits only).
FIELDS: dict[str, tuple[str, ...]] = {
    "term": (
        *("term", "word", "slang", "slag", "slangword", "slangterm", "headword", "keyword", "targetword", "lemma"),
        *("phrase", "expression", "idiom", "abbreviation", "abbr", "acronym", "initialism", "emoji", "emoticon"),
        *("token", "entry", "key", "name"),
        *("palabra", "mot", "wort", "palavra", "parola", "kata", "neno", "слово", "термин", "термін"),
    ),
    "definition": (
        *("definition", "meaning", "definitions", "meanings", "description", "gloss", "glosses", "expansion"),
        *("fullform", "longform", "expanded", "explanation", "sense", "translation", "desc", "def", "value", "means"),
        *("significado", "definición", "définition", "bedeutung", "significato", "arti", "makna", "maana"),
        *("значение", "значення", "определение", "визначення"),
    ),
    "example": (
        *(
            "example",
            "examples",
            "examplesentence",
            "usageexample",
            "exampleusage",
            "usage",
            "sentence",
            "slangsentence",
        ),
        *("slangtext", "slangexample", "genz", "genzsentence", "genzversion", "genzslang", "informal", "informaltext"),
        *("text", "body", "selftext", "comment", "tweet", "post", "quote", "utterance", "ejemplo", "exemple"),
        *("beispiel", "contoh", "пример", "приклад"),
    ),
    "plain": (
        *("plain", "plainsentence", "plaintext", "plainenglish", "normal", "normalsentence", "normaltext"),
        *("standard", "standardsentence", "standardenglish", "standardtext", "formal", "formalsentence", "formaltext"),
        *("literal", "paraphrase", "rewritten", "translated"),
    ),
    "messages": ("messages", "conversations", "conversation", "dialogue", "dialog", "turns", "chat"),
    "context": (
        "context",
        "contexts",
        "usagecontext",
        "usagenote",
        "usagenotes",
        "notes",
        "note",
        "origin",
        "etymology",
    ),
    "part_of_speech": ("partofspeech", "pos", "wordclass", "wordtype", "grammar"),
    "category": ("category", "categories", "topic", "topics", "theme", "genre"),
    "label": ("label", "labels", "class", "actualpredictions", "goldlabel", "target", "annotation", "sentiment"),
    "language": ("language", "lang", "langcode", "languagecode", "locale"),
    "url": ("url", "permalink", "link", "sourceurl", "uri"),
    "licence": ("licence", "license"),
    "attribution": ("attribution",),
    "date": ("date", "writtenon", "firstseen", "dateadded", "createdat", "created", "createdutc", "timestamp", "year"),
    "votes_up": ("votesup", "thumbsup", "upvotes", "ups", "likes", "votes", "score"),
    "votes_down": ("votesdown", "thumbsdown", "downvotes", "downs", "dislikes"),
    "linked_terms": ("linkedterms", "relatedterms", "related", "synonyms", "seealso"),
}

# A chat told in columns, one turn each: (system), question, (input to it), answer.
CHAT_FIELDS: dict[str, tuple[str, ...]] = {
    "system": ("system", "systemprompt"),
    "prompt": ("prompt", "instruction", "question", "query", "userprompt", "user", "human"),
    "input": ("input",),
    "response": ("response", "completion", "output", "answer", "chosen", "assistant", "gpt", "reply"),
}

# Columns that name people. They are dropped, in nested values too, and cannot be mapped to a field.
PERSONAL = frozenset(
    {
        *("username", "userid"),
        *(
            "screenname",
            "userhandle",
            "nickname",
            "displayname",
            "submitter",
            "submittedby",
            "contributor",
            "createdby",
        ),
        *(
            "postedby",
            "addedby",
            "uploader",
            "editor",
            "editedby",
            "annotator",
            "annotatorname",
            "email",
            "emailaddress",
        ),
    }
)
PERSONAL_OUTSIDE_CHAT = frozenset({"user"})  # a turn in a chat, a name elsewhere


def is_personal(name: str) -> bool:
    """Whether a column names people: authors, users, submitters."""
    key = key_of(name)[0]
    return key in PERSONAL or key.startswith("author")


@lru_cache(maxsize=4_096)
def key_of(name: str) -> tuple[str, str]:
    """A column's name as it is compared, and the number behind it: `Meaning 1` → meaning, 1."""
    letters = "".join(c for c in unicodedata.normalize("NFKC", name).casefold() if c.isalnum())
    stem = re.sub(r"\d+$", "", letters)
    return (stem, letters[len(stem) :]) if stem else (letters, "")
