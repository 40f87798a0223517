"""Reads a definition for what it is, and says it in a proper sentence.

Nothing is pasted into one frame. A noun phrase, "to …", "used to …", an expansion or a whole sentence each needs its
own verb; what fits no frame stands on its own after a colon. The word lists are English, found by reading definitions
of real dictionaries; a definition in another language takes the quoted or the colon frame, which fit any language.
"""

from __future__ import annotations

from functools import lru_cache

import regex

from curation.chat import phrasings
from curation.chat.sentences import capital, choose, is_symbol, lower, quiet, quote, quote_term, stop, tidy
from curation.text.headwords import SPOKEN

SHORT_GLOSS = 7  # words: up to here a gloss that is no phrase of a known kind can stand in quotation marks

_A = "a|an|the"
_DETERMINER = (
    f"{_A}|one|someone|somebody|something|anyone|anybody|anything|everyone|everything|nobody|no one|nothing|any|every|"
    "each|some|those|these|that one|this one|two|three|four|people|women|men|girls|guys|your|his|her|their|my|our|"
    r"what(?= (?:you|people|we|someone|he|she|they|girls|guys|one|happens|comes|is called)\\b)"
)
_NOUN = (
    "abbreviation|acronym|acronyms|act|action|activity|adjective|adverb|alternative|animal|answer|attitude|band|beer|"
    "behavior|bitch|blend|body|book|boy|brand|building|call|car|cat|celebration|character|child|chick|city|club|"
    "collection|combination|command|community|company|compliment|concept|condition|contraction|country|creature|day|"
    "derivative|description|device|disease|dog|drink|drug|emotion|event|exclamation|expression|fart|feeling|fetish|"
    "figure|food|form|friend|fruit|game|gathering|gesture|girl|girlfriend|greeting|group|guy|habit|idea|idiot|"
    "individual|insult|interjection|invitation|item|joke|kid|kind|lady|language|level|liquid|location|lover|machine|"
    "man|measure|meme|method|misspelling|mix|mixture|moment|monster|mood|move|movement|movie|name|nickname|noun|number|"
    "object|opinion|organ|part|party|penis|period|person|phenomenon|phrase|piece|place|plan|platform|player|portion|"
    "position|practice|problem|process|product|program|punishment|question|reaction|reference|region|relationship|"
    "religion|remark|request|response|restaurant|rule|sandwich|saying|school|sensation|service|ship|show|sign|singer|"
    "site|situation|slur|song|sound|spelling|sport|state|statement|store|story|style|substance|symbol|synonym|"
    "technique|term|thing|time|title|tool|town|toy|type|unit|variant|variation|vehicle|verb|version|video|virus|way|"
    "weapon|website|woman|word|world|worker"
)
_BARE_NOUN = regex.compile(
    rf"^(?:(?!(?:{_A}|to|of|in|on|at|for|with|by|from|and|or|is|are|was|as|that|who|which|when|if|not|no|how|he|she|it|"
    rf"you|i|we|they|this|her|his|my|your|their|our|its)\b)[\w'’/-]+ ){{0,3}}?(?:{_NOUN})"
    r"(?=[,.;:!?]|$| (?:who|that|which|of|for|to|used|with|in|from|where|when|whose|often|usually|meaning|describing|"
    r"made|given|by|between|at|on|and|or|referring|people|consisting|containing|based|named|known|having|being|born|coined|"
    r"derived|borrowed)\b)",
    regex.IGNORECASE,
)
_SLANG_FOR = regex.compile(
    r"^(?:(?:internet|online|text|texting|gen z|street|british|american|aussie|australian|gay|drug|prison|military|"
    r"common|popular|modern|teen|youth|gaming|gamer|sexual|derogatory|rhyming|cockney|old|new|another|short|shorthand|"
    r"also|simply|just|basically) )*(?:slang|shorthand|short|short form|code|jargon|text speak|similar|akin|"
    r"synonymous)(?: word| term)? (?:for|of|to|with)\b",
    regex.IGNORECASE,
)
_ADVERBS = (
    r"(?:(?:\w+ly|often|also|sometimes|always|most|mostly|almost|usually|now|once|originally|first|just|widely) )*"
)
_PARTICIPLE = regex.compile(
    rf"^{_ADVERBS}(?:used|said|heard|known|seen|found|derived|pronounced|considered|coined|spoken|written|created|"
    r"associated|employed|popularized|popularised|(?:popular|common)(?= (?:in|among|amongst|with|on|for|as|at|to)\b)|"
    r"based|taken|named|called|defined|added|sent|shouted|"
    r"typed|meant|related|shortened|inspired|made popular|made famous|equivalent to|applied|reserved|aimed|posted|"
    r"abbreviated|misspelled|directed|intended|heard|favored|favoured|delivered|expressed|given|shared)\b",
    regex.IGNORECASE,
)
_VERB_S = (
    "means|refers|describes|indicates|expresses|implies|suggests|stands|comes|signifies|denotes|represents|conveys|"
    "emphasizes|emphasises|highlights|acknowledges|shows|encourages|signals|reflects|combines|originated|originates|"
    "captures|asks|tells|serves|can|could|may|has|was|is|applies|derives|references|symbolizes|"
    "symbolises|celebrates|adds|compliments|involves|informs|mocks|notes|alludes|questions|warns|reminds|points|"
    "emerged|became|gained|invites|requests|provides|states|labels|marks|offers|underscores|"
    "parodies|evokes|seeks|confirms|communicates|teases|pokes|thanks(?! (?:for|to|a|so)\\b)|greets|stresses|identifies|"
    "criticizes|"
    "appears|mimics|praises|confesses|sums|contrasts|defines|demonstrates|dismisses|"
    "announces|clarifies|summarizes|summarises|downplays|admits|affirms|allows|apologizes|covers|declares|differentiates|"
    "directs|discourages|emulates|explains|"
    "exaggerates|focuses|follows|includes|introduces|jokes|promises|proposes|rejects|requires|responds|"
    "specifies|substitutes|translates|urges|wishes"
)
_VERB_START = regex.compile(rf"^{_ADVERBS}(?:{_VERB_S})\b(?! I\b)", regex.IGNORECASE)
_GERUND = regex.compile(
    rf"^{_ADVERBS}(?!king\b|thing\b|ring\b|string\b|spring\b|bring\b|sing\b)\w{{2,}}ing\b", regex.IGNORECASE
)
_OWN_SUBJECT = regex.compile(
    r"^(?:basically,? )?(?:it['’]s|its|it is|this is|that is|that['’]s|this means|it means|this refers to|it refers to|"
    r"this term is|this word is|the word is|they are|means|refers to|is|are|was|stands for)\s+(?=\w)",
    regex.IGNORECASE,
)
_CLAUSE = regex.compile(
    r"^(?:i|you|he|she|we|they|it|this|that|let['’]?s|don['’]?t|there|here|who|where|why|how|are|is|do|does|can|could|"
    r"did|have|what the|i['’]\w+|you['’]\w+|he['’]s|she['’]s|we['’]\w+|they['’]\w+|im|ive|youre)\b",
    regex.IGNORECASE,
)
_WHEN = regex.compile(r"^(?:when|whenever|where)\b", regex.IGNORECASE)
_LABEL = regex.compile(
    r"^(?:(?:definition|meaning|description|slang|noun|verb|adjective|adverb|interjection|exclamation|phrase|acronym|"
    r"abbreviation|adj|adv|n|v|vb|vi|vt)\s*[:\-–]\s*(?=\w)|\((?:noun|verb|adjective|adverb|interjection|exclamation|"
    r"phrase|acronym|adj|adv|n|v|vb)\.?\)\s*[:.\-–]?\s*|(?:noun|verb|adjective|adverb|adj|adv|n|v|vb)\.\s+|"
    r"(?:noun|verb|adjective|adverb|interjection|phrase|expression)\.?\s*\n+\s*)+",
    regex.IGNORECASE,
)
_TO = regex.compile(r"^(?:not )?to \w", regex.IGNORECASE)
_DETERMINED = regex.compile(rf"^(?:{_DETERMINER})\b(?!['’]s (?:a|the|not)\b)", regex.IGNORECASE)
_OWN_VERBS = {
    "it's": "is",
    "it’s": "is",
    "its": "is",
    "that's": "is",
    "that’s": "is",
    "for": "stands for",
    "are": "are",
}
_NAMED = regex.compile(
    r"^(?:a|an|the|another|one)\s(?:(?!who\b|that\b|of\b|to\b)[\w'’/,-]+\s){0,4}?"
    r"(?:term|word|phrase|expression|saying|name|nickname|abbreviation|acronym|"
    r"slang|way|insult|greeting|exclamation|interjection|contraction|compliment|euphemism|slur|shorthand|synonym|verb|adjective|adverb)\b",
    regex.IGNORECASE,
)
_SUPERLATIVE = regex.compile(
    r"(?:best|worst|most|(?!test|rest|west|inter|mod|hon|har|for|con|requ|gu|ch|n|p|qu)\w{2,}est)\s\w", regex.IGNORECASE
)
_SLANG_VERB = regex.compile(r"^is (?:a )?slang (?:term )?for\b")
_RUN = regex.compile(r"[\p{L}\p{N}]+")
_ITEM = regex.compile(r"(?<=^|\s)\(?(\d)(?:\)\.|\. ?\)|[.):])\s*(?=\D)")
_ARTICLED = regex.compile(
    r"(?:(?:simply|just|basically|often|usually|also|sometimes) )?(?:a|an|the|another|one)\b", regex.IGNORECASE
)
_SOUNDS_LIKE_A_CONSONANT = regex.compile(r"uni(?!n)|use|usu|eu|one\b|once|ur[aei]|ute|uto")
# "TERM: …", "TERM = …", "TERM. Slang for …", "TERM, a girl who …"
_TERM_LABEL = regex.compile(
    r"['’]?\s*(?:(?:[:=–—]|-(?=\s))\s*(?=\w)|\.\s+(?=\w)|,\s*(?=(?:an?|the|someone|when|to|one who)\b))",
    regex.IGNORECASE,
)
_LONE_NUMBER = regex.compile(r"^1(?:\.|\))\s+(?=\D)")
_MEANING = regex.compile(r"^meaning\s+(?!of\b|in\b)(?=\w)", regex.IGNORECASE)
_PEOPLE = regex.compile(r"^(?:people|women|men|girls|guys|those|these)\b", regex.IGNORECASE)
_ARTICLE = regex.compile(r"^[\"“]?(?:a|an|the|to)\s+", regex.IGNORECASE)
_OWN_VERB = regex.compile(
    rf"(?:['’]?e?s)?[\"”'’]?,?\s+(?:{_VERB_S}|are|were|also|will|tends?|loves?|likes?|always|never|which|who|that|usually|"
    r"often|sometimes|does|do|don['’]t|got|gets?|should|must|just|\w+ly)\b",
    regex.IGNORECASE,
)
_SENTENCE_BORDER = regex.compile(r"(?<=[.!?…][”\"'’)]?)\s+(?=[\p{Lu}“\"(])")
_FRAGMENT = regex.compile(
    rf"^{_ADVERBS}(?:used|derived|coined|pronounced|refers to|originated|stands for|means|describes|"
    r"comes from)\b(?! to be\b)",
    regex.IGNORECASE,
)
_CONTEXT_SUBJECT = regex.compile(
    r"^(?:it|this|these|they|the (?:term|word|phrase|expression)|people|you|if|when)\b", regex.IGNORECASE
)
_PREPOSITION = regex.compile(
    r"^(?:in|on|among|amongst|within|during|by|as|for|at|throughout|across)\b", regex.IGNORECASE
)


def clean_definition(term: str, definition: str) -> str:
    """A definition on one line, without labels ("noun:", "Meaning:") and without "TERM:" or "TERM =" before it."""
    text = _LABEL.sub("", definition.strip())
    text = " ".join(_closed_line(line) for line in text.splitlines() if line.strip())
    text = quiet(tidy(text), term)
    after = _after_term(term, text)
    label = _TERM_LABEL.match(after) if after else None
    text = after[label.end() :] if label else text
    text = text.lstrip(".,;:!?-–— ") or text
    text = text if list_items(text) else _LONE_NUMBER.sub("", text)
    return str(_MEANING.sub("", text))


def _closed_line(line: str) -> str:
    line = line.strip().lstrip(".,;") or line.strip()
    return line if line[-1] in ",;:-–—" else stop(line)


@lru_cache(maxsize=65_536)
def initials(text: str) -> str:
    """First letters or digits of the words, lower case."""
    return "".join(word[0] for word in _RUN.findall(text.casefold().replace("'", "").replace("’", "")))


def is_expansion(term: str, definition: str) -> bool:
    """Whether the definition spells out an initialism: "Laughing out loud" for LOL."""
    letters = "".join(_RUN.findall(term.casefold()))
    if " " in term or not 2 <= len(letters) < len(definition):
        return False
    return letters == initials(definition) or _is_spoken(letters, definition.casefold())


def _is_spoken(letters: str, definition: str) -> bool:
    """Whether each letter is the first of its word, or sounds like it: "bye for now" for B4N."""
    words = _RUN.findall(definition.replace("'", "").replace("’", ""))
    return len(words) == len(letters) and all(
        letter == word[0] or word in SPOKEN.get(letter, ()) for letter, word in zip(letters, words, strict=True)
    )


def list_items(definition: str) -> list[str]:
    """The items of a definition written as "1. … 2. …", or nothing."""
    if not definition.startswith(("1", "(1")):
        return []
    marks = list(_ITEM.finditer(definition))
    if len(marks) < 2 or [found[1] for found in marks] != [str(number + 1) for number in range(len(marks))]:
        return []
    if marks[0].start() > 0:
        return []
    ends = [found.start() for found in marks[1:]] + [len(definition)]
    items = [_LABEL.sub("", definition[found.end() : end].strip()) for found, end in zip(marks, ends, strict=True)]
    return items if all(items) else []


def explain(term: str, definition: str, said: str, key: str, *, slang: str = "slang", begin: str = "") -> str:
    """What a term means, as one or more sentences.

    `definition` comes from clean_definition and `said` from predicate; `key` chooses among frames; `slang` names the
    language ("Indonesian slang"); `begin` is what the sentence starts with ("Here, ").
    """
    if not said and _speaks_of_itself(term, definition):
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
    return "" if _speaks_of_itself(term, text) else _whole(_carried(term, text, key))


def _carried(term: str, text: str, key: str) -> str:
    if is_expansion(term, text):
        return f"{choose(phrasings.STANDS_FOR, key)} {quote(_gloss(text))}"
    if text.endswith(("?", "!")) and (quoted := _quoted(term, text, key)):
        return quoted
    if own := _OWN_SUBJECT.match(text):
        verb = own[0].split()[-1].lower().removesuffix("to").strip() or "refers to"
        return f"{_OWN_VERBS.get(verb, verb)} {text[own.end() :]}"
    if _SLANG_FOR.match(text) or (_PARTICIPLE.match(text) and " " in text):
        return f"is {lower(text)}"
    if _VERB_START.match(text) and len(text.split()) > 2:
        return lower(text)
    if _TO.match(text) or (_GERUND.match(text) and len(text.split()) > 2):
        return f"means {lower(text)}"
    if _WHEN.match(text):
        return f"is {lower(text)}"
    if _is_title(text) and (quoted := _quoted(term, text, key)):
        return quoted
    if _BARE_NOUN.match(text) and len(text.split()) > 1:
        text = f"{article(text)} {lower(text)}"
    if _NAMED.match(text):
        return f"is {lower(text)}"
    if _PEOPLE.match(text):
        return f"refers to {lower(text)}"
    if _DETERMINED.match(text):
        return f"{choose(phrasings.SYMBOL_MEANS if is_symbol(term) else phrasings.MEANS_NOUN, key)} {lower(text)}"
    if quoted := _quoted(term, text, key):
        return quoted
    return f"refers to the {lower(text)}" if _SUPERLATIVE.match(text) else ""


def _quoted(term: str, text: str, key: str) -> str:
    """The quoted frame, for a short gloss or a short thing that somebody says."""
    words = len(text.split())
    says = _CLAUSE.match(text) or text[-1:] in ("!", "?")
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
    if not text or _CONTEXT_SUBJECT.match(text) or _speaks_of_itself(term, text):
        return stop(capital(text))
    if _SLANG_FOR.match(text) or _PARTICIPLE.match(text) or _ARTICLED.match(text):
        joined = f"It is {lower(text)}"
    elif _VERB_START.match(text):
        joined = f"It {lower(text)}"
    elif _GERUND.match(text):
        joined = f"It is a way of {lower(text)}"
    elif _PREPOSITION.match(text):
        joined = f"It is used {lower(text)}"
    elif _BARE_NOUN.match(text):
        joined = f"It is {article(text)} {lower(text)}"
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
    if not _FRAGMENT.match(sentence):
        return sentence
    return f"It {lower(sentence)}" if _VERB_START.match(sentence) else f"It is {lower(sentence)}"


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


def article(text: str) -> str:
    """`a` or `an`, by the first sound of the text as spelled; `the` before a superlative."""
    first = _RUN.match(text.lower())[0] if _RUN.match(text) else ""
    if _SUPERLATIVE.match(text):
        return "the"
    if _SOUNDS_LIKE_A_CONSONANT.match(first):
        return "a"
    return "an" if first[:1] in tuple("aeiou") or first in ("hour", "honest", "honor", "honour", "heir") else "a"


def _speaks_of_itself(term: str, definition: str) -> bool:
    """Whether the definition is a sentence about its own term: "A snack is a person who …", "Yeet means …"."""
    bare = _ARTICLE.sub("", definition, count=1)
    return bool(_OWN_VERB.match(_after_term(term, bare)))


def _after_term(term: str, text: str) -> str:
    """What follows the term at the start of a text, without quotation marks; "" where the text starts otherwise."""
    text = text.lstrip("\"“'‘")
    length = len(term)
    if text[:length].casefold() != term.casefold() or text[length : length + 1].isalnum():
        return ""
    return text[length:].lstrip('"”')
