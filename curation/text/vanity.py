"""Entries that praise or insult somebody called so, and define nothing: "Avery: the best girl you will ever meet".

Karen, Chad and Stan are slang; what tells them apart is not the headword but how the definition speaks: of one person
whom the writer knows. Every sign has a weight; the weights were chosen on Urban Dictionary entries read by hand.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import regex

_PERSON = (
    r"(?:girls?|boys?|guys?|lass|lad|gal|bloke|m[ae]n|wom[ae]n|person|people|humans?|friends?|bestie|lad(?:y|ies)|"
    r"dude|chick|kid|individual|babe|baby|soul|"
    r"angel|goddess|god|queen|king|gf|bf|girlfriend|boyfriend|wife|husband|sister|brother|mother|mom|daughter|son|"
    r"bitch|creature|being|legend)"
)
_PRAISE = (
    "amazing|beautiful|gorgeous|stunning|loving|caring|kind|kindest|kindhearted|sweet|sweetest|sweetheart|smart|"
    "smartest|intelligent|funny|"
    "funniest|hilarious|loyal|lovely|lovable|adorable|cute|cutest|hot|hottest|sexy|sexiest|awesome|perfect|"
    "perfection|pretty|prettiest|"
    "handsome|talented|athletic|charming|generous|gentle|honest|humble|trustworthy|strong|brave|outgoing|shy|crazy|"
    "wonderful|nice|nicest|"
    "cool|coolest|great|greatest|best|special|unique|helpful|fun|attractive|creative|popular|passionate|thoughtful|"
    "affectionate|independent|"
    "confident|flirty|flirtatious|fabulous|incredible|brilliant|selfless|bubbly"
)
_INSULT = (
    "ugly|ugliest|stupid|stupidest|dumb|dumbest|fat|fattest|annoying|gay|worst|bitch|bitchy|slut|slutty|whore|hoe|"
    "loser|idiot|retard|retarded|"
    "lazy|fake|selfish|rude|mean|weird|weirdo|smelly|psycho|liar|cheater|player|jerk|asshole|moody|clumsy|short|"
    "small|big|tiny"
)
_QUALITIES = frozenset(f"{_PRAISE}|{_INSULT}".split("|"))
_PRONOUNS_TEXT = """
she he her him his hers she's he's she'll he'll shes hes
"""
_PRONOUNS = frozenset(_PRONOUNS_TEXT.split())
_TOKEN = regex.compile(r"[\p{L}\p{M}'’-]+")
_MEETING = regex.compile(
    r"\b(?:(?:you(?:'ll| will|'d| would|'ve| have)?|anyone(?:'ll| will)?|one (?:will|can)|i(?:'ve| have)?|ever)"
    r" (?:ever |could ever |can ever )?(?:meet|met|know|have|find|come across)"
    r"|lucky (?:to (?:have|know|be|meet)|if you)|heart of (?:pure )?gold|once you (?:meet|get to know)|"
    r"get to know (?:her|him)"
    r"|fall in love with|(?:keep|hold) (?:on to )?(?:her|him)|(?:never |don'?t )?let (?:her|him) go"
    r"|(?:every|any)(?:one|body) (?:who (?:knows|meets) )?(?:loves?|wants?|needs?) (?:a |an |her|him|to be)"
    r"|always (?:be )?there for|has your back|will always|loves? (?:to|her|his)|good at|great at|bad at"
    r"|if you (?:ever )?(?:meet|know|see|have|find|date|are friends with) (?:a|an|her|him)|"
    r"in the (?:whole )?(?:world|universe)"
    r"|(?:girl|boy|guy|person|man|woman)s? named|marry (?:her|him|a|an)|love of my life|my (?:best |girl |"
    r"boy )?(?:friend|crush|life|world)"
    r"|(?:girl|boy|guy|baby|unisex|female|male|feminine|masculine|first|given|beautiful|popular|hebrew|arabic|irish|"
    r"greek|latin|indian) name"
    r"|name (?:of|for|meaning|given|that))\b",
    regex.I,
)
# Kinds of people that a name stands for are slang: "a stereotypical …", "slang for", "a term for", "to do something".
_SLANG = regex.compile(
    r"\b(?:slang|term|word|phrase|expression|stereotyp\w*|nickname|abbreviation|acronym|short for|refers? to|"
    r"used (?:to|by|as|for|when|in)|"
    r"another (?:way|word|term)|synonym|euphemism|derogatory|pejorative|meme|the (?:act|state|process|art) of|"
    r"a (?:type|kind|sort|form|piece|brand|measure|unit) of|drugs?|heroin|cocaine|marijuana|weed|verb|adjective)\b"
    r"|^\(?(?:v|adj)\b\.?|^to \p{Ll}+",
    regex.I,
)
# First names that everybody uses for a kind of person: only the plainest eulogy counts.
_SLANG_NAMES = frozenset(["becky", "chad", "felicia", "heather", "karen", "kyle", "stacy", "stan", "tyrone"])
# A sentence about one person: "She is …", "He loves …". A kind of people is spoken of as "someone who …", "they".
_OF_ONE = regex.compile(
    r"(?:^\W*|[.!?…]\s*|\n\W*)(?:s?he(?:['’ ]?s|['’]ll)?)\b(?! (?:or|then)\b)(?=\s+\p{L})",
    regex.I,
)
_INDEFINITE = regex.compile(r"^\W*an?\b", regex.I)
_NAME_ORIGIN = regex.compile(
    r"\b(?:(?:gift|grace|blessing|light|beloved|favou?red|promised?) (?:of|from|by|to) (?:god|allah|the lord|heaven)|"
    r"(?:arabic|hebrew|persian|sanskrit|hindu|greek|latin|irish|celtic|hawaiian|african|biblical) "
    r"(?:name|origin|for|word)|all (?:girls|boys) named)\b",
    regex.I,
)
_WRITER = regex.compile(r"\b(?:i|i['’]m|me|my)\b", regex.I)  # who writes a dictionary does not speak of himself
_CAPITALISED = regex.compile(r"(?<=[\p{L},] )\p{Lu}\p{Ll}+")
# What people call one another: a text that praises a hubby defines the word.
_KINDS_TEXT = """
babe baby baddie bae bestie bff bimbo boo boss boyfriend bro brother buddy chick crush cutie cuz dad daddy daughter dude
fam father femboy friend gamer girlfriend goat hero himbo homeboy homegirl homie hottie hubby husband king lad lady
ladies legend mama milf mom mommy mother mum neighbor player princess queen sis sister soulmate teacher tomboy twin wife
wifey
"""
_KINDS = frozenset(_KINDS_TEXT.split())
_PUBLIC = regex.compile(
    r"\b(?:band|singer|actor|actress|album|song|movie|film|character|novel|series|president|senator|politician|"
    r"footballer|quarterback|"
    r"pitcher|baseball|nba|nfl|nhl|mlb|wrestler|rapper|guitarist|drummer|author|comedian|founder|inventor|anime|"
    r"manga|video ?game|town|city|"
    r"village|county|street|river|suburb|school|university|college|company|born (?:on|in)|\d{4})\b",
    regex.I,
)


def vanity_score(term: str, definition: str, first_names: AbstractSet[str], family_names: AbstractSet[str]) -> float:
    """How much an entry looks like a vanity entry, from 0; 2.5 or more is nearly sure. 0 where the term is no name.

    `term` and `definition` as written; the name sets in lower case.
    """
    listed = is_personal_name(term, first_names, family_names)
    if not listed and not _could_be_name(term, first_names):
        return 0.0
    words = [word.replace("’", "'") for word in _TOKEN.findall(definition.lower())]
    qualities = sum(word in _QUALITIES for word in words)
    pronouns = sum(word in _PRONOUNS for word in words)
    a_kind = not listed and bool(_INDEFINITE.match(definition))  # "A guy who … He …" may define a kind of people
    of_one = len(_OF_ONE.findall(definition)) if pronouns and not a_kind else 0
    opens = _opens_on_person(term, definition)
    if qualities + pronouns < (1 - opens if listed else 2):
        return 0.0  # most entries end here
    score = 0.0 if listed else -2.0
    score += 1.5 * (of_one > 0) + 0.5 * min(max(of_one - 1, 0), 3) + 1.0 * bool(of_one and _OF_ONE.match(definition))
    score += 1.0 * bool(_NAME_ORIGIN.search(definition))
    score -= (1.0 if listed else 2.0) * _is_common_noun(term, definition)
    score -= 1.5 * (term.islower() and a_kind) + 0.5 * (term.islower() and not listed and not of_one)
    score -= 3.0 * (term.casefold() in _SLANG_NAMES)
    score += 2.0 * opens
    score += 1.0 * (listed and _names_another(term, definition, first_names))
    score += 0.5 * (listed and bool(_WRITER.search(definition)))
    score += 1.0 * min(len(_MEETING.findall(definition)), 3)
    score += 0.5 * min(qualities, 4)
    score += 1.0 * bool(regex.search(rf"(?<!\w){regex.escape(term)} (?:is|will) ", definition, regex.I))
    score += 1.0 * (pronouns >= max(2, len(words) / 25))
    score -= 2.0 * bool(_SLANG.search(definition))
    score -= 1.5 * (len(_PUBLIC.findall(definition)) >= 2) + 0.5 * bool(_PUBLIC.search(definition))
    return max(score, 0.0)


def is_personal_name(term: str, first_names: AbstractSet[str], family_names: AbstractSet[str]) -> bool:
    """Whether a term is a first name, or a first name followed by a family name (or its initial)."""
    tokens = [token.casefold() for token in term.split()]
    if not tokens or len(tokens) > 3 or tokens[0].removesuffix("'s") not in first_names:
        return False
    last = tokens[-1].rstrip(".")
    return len(tokens) == 1 or last in family_names or last in first_names or (len(last) == 1 and last.isalpha())


def _could_be_name(term: str, first_names: AbstractSet[str]) -> bool:
    """A name that no list knows (`Ke'ashia`, `djerty`): one word of letters, or a first name and a word."""
    first, *others = term.split() or [""]
    known = not others or (len(others) == 1 and first.casefold() in first_names)
    return known and term.casefold() not in _KINDS and all(map(_NAME_LIKE.fullmatch, (first, *others)))


def _names_another(term: str, definition: str, first_names: AbstractSet[str]) -> bool:
    """Whether somebody else is called by a first name in the middle of a sentence: "loves Alecia"."""
    own = term.casefold().split()
    found = (name.casefold() for name in _CAPITALISED.findall(definition))
    return any(name in first_names and name not in own for name in found)


def _is_common_noun(term: str, definition: str) -> bool:
    """Whether the definition writes a headword in small letters and with an article: "A hubby is …"."""
    return bool(regex.search(rf"\b(?i:an?|the|to) {regex.escape(term.lower())}\b", definition))


_NAME_LIKE = regex.compile(r"\p{L}[\p{Ll}'’-]{2,}(?:\p{Lu}\p{Ll}+)?")
_BEFORE_NAME = regex.compile(r"^\W*(?:an? |the |all |if your name is |usually |your |my )?(?:name )?", regex.I)
_AFTER_NAME = regex.compile(r"(?:e?s)?(?:[\'’]s)? (?:is|are|was|has|will|can|loves)\b|[\'’]s (?:an?|the)\b", regex.I)
_EULOGY = regex.compile(
    rf"^\W*(?:the|an?|my|is|one of|someone|that|this|some)\b[^.\n]{{0,60}}?\b(?:{_PRAISE}|"
    rf"{_INSULT})\b[^.\n]{{0,40}}?\b{_PERSON}\b"
    rf"|^\W*(?:the|an?)\s+(?:\w+\s+)?(?:{_PERSON})\s+(?:who|that|whom|with|you|named)\b",
    regex.I,
)


def _opens_on_person(term: str, definition: str) -> bool:
    """Whether it opens like a eulogy: "Avery is the …", "A Avery is a …", "The best girl", "An amazing person"."""
    head = definition[:200]
    before = _BEFORE_NAME.match(head)
    start = before.end() if before else 0
    if head[start : start + len(term)].casefold() == term.casefold():
        return bool(_AFTER_NAME.match(head, start + len(term)))
    return bool(_EULOGY.search(head))
