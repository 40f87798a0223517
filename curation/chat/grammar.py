"""How English phrases begin: the word lists and patterns by which a definition is told for what it is.

They were found by reading definitions of real dictionaries.
"""

from __future__ import annotations

import regex

_A = "a|an|the"
_DETERMINER = (
    f"{_A}|one|someone|somebody|something|anyone|anybody|anything|everyone|everything|nobody|no one|nothing|any|every|"
    "each|some|those|these|that one|this one|two|three|four|people|women|men|girls|guys|your|his|her|their|my|our|"
    r"what(?= (?:you|people|we|someone|he|she|they|girls|guys|one|happens|comes|is called)\b)"
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
_ADVERBS = (
    r"(?:(?:\w+ly|often|also|sometimes|always|most|mostly|almost|usually|now|once|originally|first|just|widely) )*"
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
# "derogatory term for …", "brand of …": a noun without its article
BARE_NOUN = regex.compile(
    rf"^(?:(?!(?:{_A}|to|of|in|on|at|for|with|by|from|and|or|is|are|was|as|that|who|which|when|if|not|no|how|he|she|it|"
    rf"you|i|we|they|this|her|his|my|your|their|our|its)\b)[\w'’/-]+ ){{0,3}}?(?:{_NOUN})"
    r"(?=[,.;:!?]|$| (?:who|that|which|of|for|to|used|with|in|from|where|when|whose|often|usually|meaning|describing|"
    r"made|given|by|between|at|on|and|or|referring|people|consisting|containing|based|named|known|having|being|born|coined|"
    r"derived|borrowed)\b)",
    regex.IGNORECASE,
)
# "usually a …"
ARTICLED = regex.compile(
    r"(?:(?:simply|just|basically|often|usually|also|sometimes) )?(?:a|an|the|another|one)\b", regex.IGNORECASE
)
# "a popular term …", "an insult …": says what kind of word the headword is
NAMED = regex.compile(
    r"^(?:a|an|the|another|one)\s(?:(?!who\b|that\b|of\b|to\b)[\w'’/,-]+\s){0,4}?"
    r"(?:term|word|phrase|expression|saying|name|nickname|abbreviation|acronym|"
    r"slang|way|insult|greeting|exclamation|interjection|contraction|compliment|euphemism|slur|shorthand|synonym|verb|adjective|adverb)\b",
    regex.IGNORECASE,
)
# "those who …"
PEOPLE = regex.compile(r"^(?:people|women|men|girls|guys|those|these)\b", regex.IGNORECASE)
# "a person …", "someone who …", "your …"
DETERMINED = regex.compile(rf"^(?:{_DETERMINER})\b(?!['’]s (?:a|the|not)\b)", regex.IGNORECASE)
# "best friend", "greatest of all", not "honest man"
SUPERLATIVE = regex.compile(
    r"(?:best|worst|most|(?!test|rest|west|inter|mod|hon|har|for|con|requ|gu|ch|n|p|qu)\w{2,}est)\s\w", regex.IGNORECASE
)
_SOUNDS_LIKE_A_CONSONANT = regex.compile(r"uni(?!n)|use|usu|eu|one\b|once|ur[aei]|ute|uto")
# "internet slang for …", "short for …"
SLANG_FOR = regex.compile(
    r"^(?:(?:internet|online|text|texting|gen z|street|british|american|aussie|australian|gay|drug|prison|military|"
    r"common|popular|modern|teen|youth|gaming|gamer|sexual|derogatory|rhyming|cockney|old|new|another|short|shorthand|"
    r"also|simply|just|basically) )*(?:slang|shorthand|short|short form|code|jargon|text speak|similar|akin|"
    r"synonymous)(?: word| term)? (?:for|of|to|with)\b",
    regex.IGNORECASE,
)
# "often used to …", "popular among …"
PARTICIPLE = regex.compile(
    rf"^{_ADVERBS}(?:used|said|heard|known|seen|found|derived|pronounced|considered|coined|spoken|written|created|"
    r"associated|employed|popularized|popularised|(?:popular|common)(?= (?:in|among|amongst|with|on|for|as|at|to)\b)|"
    r"based|taken|named|called|defined|added|sent|shouted|"
    r"typed|meant|related|shortened|inspired|made popular|made famous|equivalent to|applied|reserved|aimed|posted|"
    r"abbreviated|misspelled|directed|intended|heard|favored|favoured|delivered|expressed|given|shared)\b",
    regex.IGNORECASE,
)
# "refers to …", "can mean …"
VERB_START = regex.compile(rf"^{_ADVERBS}(?:{_VERB_S})\b(?! I\b)", regex.IGNORECASE)
# "throwing …", not "thing"
GERUND = regex.compile(
    rf"^{_ADVERBS}(?!king\b|thing\b|ring\b|string\b|spring\b|bring\b|sing\b)\w{{2,}}ing\b", regex.IGNORECASE
)
# "to throw …"
TO = regex.compile(r"^(?:not )?to \w", regex.IGNORECASE)
# "when you …"
WHEN = regex.compile(r"^(?:when|whenever|where)\b", regex.IGNORECASE)
# "I don’t …", "let’s …": what somebody says
CLAUSE = regex.compile(
    r"^(?:i|you|he|she|we|they|it|this|that|let['’]?s|don['’]?t|there|here|who|where|why|how|are|is|do|does|can|could|"
    r"did|have|what the|i['’]\w+|you['’]\w+|he['’]s|she['’]s|we['’]\w+|they['’]\w+|im|ive|youre)\b",
    regex.IGNORECASE,
)
# "in chats …", "among …"
PREPOSITION = regex.compile(
    r"^(?:in|on|among|amongst|within|during|by|as|for|at|throughout|across)\b", regex.IGNORECASE
)
# "it is …", "this means …": has a subject, which the headword takes the place of
OWN_SUBJECT = regex.compile(
    r"^(?:basically,? )?(?:it['’]s|its|it is|this is|that is|that['’]s|this means|it means|this refers to|it refers to|"
    r"this term is|this word is|the word is|they are|means|refers to|is|are|was|stands for)\s+(?=\w)",
    regex.IGNORECASE,
)
# After the headword: " is a …", "s are …": the definition is a sentence of its own
OWN_VERB = regex.compile(
    rf"(?:['’]?e?s)?[\"”'’]?,?\s+(?:{_VERB_S}|are|were|also|will|tends?|loves?|likes?|always|never|which|who|that|usually|"
    r"often|sometimes|does|do|don['’]t|got|gets?|should|must|just|\w+ly)\b",
    regex.IGNORECASE,
)
# A later sentence without its subject: "Used when …"
FRAGMENT = regex.compile(
    rf"^{_ADVERBS}(?:used|derived|coined|pronounced|refers to|originated|stands for|means|describes|"
    r"comes from)\b(?! to be\b)",
    regex.IGNORECASE,
)
# "It is …", "People say …": a context that is a sentence already
CONTEXT_SUBJECT = regex.compile(
    r"^(?:it|this|these|they|the (?:term|word|phrase|expression)|people|you|if|when)\b", regex.IGNORECASE
)
WORDS = regex.compile(r"[\p{L}\p{N}]+")


def article(text: str) -> str:
    """`a` or `an`, by the first sound of the text as spelled; `the` before a superlative."""
    first = WORDS.match(text.lower())[0] if WORDS.match(text) else ""
    if SUPERLATIVE.match(text):
        return "the"
    if _SOUNDS_LIKE_A_CONSONANT.match(first):
        return "a"
    return "an" if first[:1] in tuple("aeiou") or first in ("hour", "honest", "honor", "honour", "heir") else "a"
