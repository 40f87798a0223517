"""Slots that hold nothing: 19 NULL-STRING (null as text, empty slots), 20 PLACEHOLDER (slots never filled in)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from curation.doctor.case import Case, plain
from curation.doctor.hints import BLANK
from curation.doctor.row import Finding
from curation.doctor.rule import CannotMendError, finding
from curation.doctor.spoken import BORDER, ROLELESS, Spoken, spoken, without_code
from curation.doctor.survey import Survey
from curation.doctor.target import Target

# How Python, JSON, SQL, spreadsheets and pandas write that there is nothing.
_NULL = r"(?:None|none|NONE|NaN|nan|NAN|Nan|null|NULL|Null|N/A|n/a|\#N/A|<NA>|NaT|nil|undefined|\[null\]|\[None\])"
_NULLS = frozenset({"none", "nan", "null", "n a", "na", "nat", "nil", "undefined"})
_HINTS = (
    rf"(?:\A|{BORDER}\n){BLANK}*(?:\n{BORDER}|\z)",  # nothing is said
    r"(?i)\b(?:none|nan|null|nil|nat|undefined)\b|\*\*\*\*|n/a|<na>",
    r"[\"“'‘«] ?[\"”'’»]",  # quotation marks around nothing
    r"(?i)(?:does|do|explain|define|term|word|slang|of|is|use)  ",  # a gap where a headword belongs
    rf"(?i)(?:meaning of|what does|define|explain)(?:[?.]|{BLANK})*(?:{BORDER}|\z)",  # nothing behind them
    rf":\n|:(?s:.{{0,2}})\z|:{BLANK}*[-–—?.]|(?m:^[^\pL\d]*NA[^\pL\d]*$)",  # nothing under a label, or in all
)

_LABEL = (
    r"(?:slang|term|word|phrase|headword|definition|meaning|example|context|usage|description|origin|"
    r"translation|answer|"
    r"response|question|sentence|explanation|title|synonyms?)"
)
_WHOLE = re.compile(rf"\W*(?:{_LABEL}\s*:\s*)?(?:{_NULL}|(?-i:NA)|[-–—?.]+)\W*", re.IGNORECASE)
_UNDER_LABEL = re.compile(
    rf"^[ \t*#>-]*{_LABEL}\W{{0,3}}:[ \t*]*[\"“'‘]?{_NULL}[\"”'’]?[.*]*[ \t]*$", re.MULTILINE | re.IGNORECASE
)
_IN_LINE = re.compile(  # "Charm. Example: nan", "Meaning: null. Example: null"
    rf"(?:\b(?!answer|response){_LABEL}\s*:|[.!?\"”)] For (?:instance|example)[:,]) ?{_NULL}\.?\s*"
    rf"(?:$|(?={_LABEL}\s*:))",
    re.MULTILINE | re.IGNORECASE,
)
_OPEN, _CLOSE = "[\"“«`'‘]", "[\"”»`'’]"
_QUOTED = re.compile(rf"(?<!\w)(?:{_OPEN}|\*\*){_NULL}(?:{_CLOSE}|\*\*)(?!\w)")
_ASKED = re.compile(  # "What does nan mean?", "Define None.", "I keep seeing nan online."
    rf"\b(?:what (?:does|do|is|are)|what['’]s|whats|define|explain|describe|meaning of|definition of|term|"
    rf"word|slang|phrase|"
    rf"expression|translate|us(?:e|es|ed|ing)|sa(?:y|ys|id|ying)|called|about|by|of|seeing|saw|see|"
    rf"hear(?:d|ing)?|wrote|"
    rf"writes?|texted|posted|typed|sent|call(?:s|ed)? me)(?: the)?(?: (?:slang|gen z|internet))?"
    rf"(?: (?:term|word|phrase|expression|slang))?:? {_NULL}(?= ?(?:[.?!,;]|$|\n|means?\b|stand|online|"
    rf"everywhere|a lot|"
    rf"in (?:a|an|the|slang|gen|plain|internet|this|your|one)\b|to (?:me|my|someone|somebody)\b))"
    rf"|\A[^:\n]{{3,40}}: {_NULL}[.?!]?\s*\Z",
    re.IGNORECASE | re.MULTILINE,
)
_SAID = re.compile(  # "nan means …", "This is a nan.", "It means None."
    rf"\A\W*(?:the (?:slang )?(?:term|word|phrase) )?{_NULL}\W? (?:means|refers to|stands for|describes|"
    rf"is (?:a|an|the|used|when|slang|"
    rf"to))\b|\b(?:means|stands for|refers to|for example,?|such as|used (?:as|to)|"
    rf"e\.g\.,?) ?:? {_NULL}\s*[.\"”]*\s*(?:$|\n)"
    rf"|\b(?:an?|the) (?:nan|NaN|None|NULL|NaT)[.,]|\b(?:mean|of|to|in|as|by|from|with) (?:nan|NaN|<NA>|"
    rf"NaT)\s*[.?!]*\s*(?:$|\n)"
)
_EMPTY = re.compile(  # What does "" mean? Not behind a mark: "The end."", nor four stars that stand for a bad word
    r"(?<![^\s:])(?:\"\"|“\s?”|‘\s?’|''|«\s?»)(?![\w\"'`”*)\]}])"
    r"|(?:\A|\b(?:does|define|explain|meaning of|term|word|phrase) )\*{4}(?![\w\"'`”*)\]}])"
    r"|\b(?:what (?:does|do)|explain|define|term|word|slang|meaning of)(?:[ ]{2,}| \" \" )(?:mean|in|"
    r"stand|means|is|and|to|\?|\.)"
    r"|\A\W*is[ ]{2,}an?\b|\buse[ ]{2,}in (?:a|an|the|my)\b",
    re.IGNORECASE,
)
_ENDS_EMPTY = re.compile(r"\b(?:meaning of|what does|define|explain)[ ]*+[?.]?\s*\Z", re.IGNORECASE)  # of a question
_MARKS = ("''", '""')  # several of them are quotation marks
_NO_VALUE = re.compile(
    rf"^[#* \t>-]*{_LABEL}\**[ \t]*:\**[ \t]*(?:\Z|\n(?=[#*>-]*{_LABEL}\**[ \t]*:\**[ \t]*\S))",
    re.IGNORECASE | re.MULTILINE,
)

# What nan, null and none mean where they are headwords, and questions to which "None" is an answer.
_ANY = re.compile(rf"(?<!\w){_NULL}(?!\w)")
_QUOTES = re.compile(r"[“\"«][^“”\"«»\n]{1,40}[”\"»]")
_SENSES = re.compile(
    r"grand|granny|\bnanna?\b|\bgran\b|nobody|no one|no-one|nothing|empty|blank|worthless|\bvoid\b|"
    r"\bzero\b|number|bread|"
    r"missing|absent|applicable|available|interested|invalid|programm|comput|\bnot (?:any|worth|a|there|"
    r"known|given|defined|one)\b|"
    r"\bno (?:value|answer|score|goals?|point)\b|pandas|python|javascript|\bsql\b|mother|\bgoals?\b",
    re.IGNORECASE,
)
_LISTENER = re.compile(r"\bto (?:my|your|his|her|an?) \w+")  # "Explain … to my grandmother" says nothing of a nan
_MAY_BE_NONE = re.compile(
    r"\b(?:which|how many|how much|any|is there|are there|list|identify|find|extract|label|classify|categor|if there|"
    r"otherwise|does .{1,60} (?:have|contain)|contain|side effects|who|answer with|reply with|yes or no)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class NullString:
    """Null as a word, or nothing, where a term or an answer belongs."""

    fault: str = "NULL-STRING"
    needs_ids: bool = False
    hints: tuple[str, ...] = _HINTS

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        said = spoken(case)
        for number, (role, text) in enumerate(said.turns):
            if (not text or text.isspace()) and role != "assistant" and says_nothing(case, number):  # that is NO-TARGET
                yield finding(case, self.fault, "warning", f"turn {number} ({role}) is empty")
        for number, (role, text) in enumerate(said.turns):
            if found := self._slot(text, role, said, case):
                detail = f"turn {number} ({role}): an empty slot, {found.strip()!r:.80}"
                yield finding(case, self.fault, "warning", detail)
        for number, text in said.answers:
            if label := _NO_VALUE.search(text):
                yield finding(case, self.fault, "warning", f"turn {number}: nothing under {label.group().strip()!r}")

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        raise CannotMendError(next(self.find(case, survey, target)).detail + ": what should stand there is not known")

    def _slot(self, text: str, role: str, said: Spoken, case: Case) -> str:
        """The null that stands in a slot of a text, with what is around it; "" where there is none."""
        text = without_code(text)
        if role == "assistant" and (whole := _WHOLE.fullmatch(text)) and any(sign.isalnum() for sign in text):
            users = " ".join(asked for who, asked in said.turns if who == "user")
            fair = _MAY_BE_NONE.search(users) or plain(text) in plain(users).split()
            fair = fair or "Undefined" in text  # a word of mathematics; JavaScript writes it small
            return "" if fair or said.speaks_of("code") else whole.group()
        empty = _EMPTY.search(text) if role != "system" else None
        empty = empty or (_ENDS_EMPTY.search(text) if role == "user" else None)
        if empty and not said.speaks_of("code") and not (empty.group() in _MARKS and text.count(empty.group()) > 1):
            return empty.group()
        patterns = (
            (_UNDER_LABEL, _IN_LINE, _SAID, _QUOTED)
            if role in ("assistant", ROLELESS)
            else (_UNDER_LABEL, _QUOTED, _ASKED)
        )
        found = next(filter(None, (pattern.search(text) for pattern in patterns)), None)
        if not found or is_headword(case, said):
            return ""
        return found.group()


def says_nothing(case: Case, number: int) -> bool:
    """Whether a turn without text should have one."""
    turn = case.turns[number] if case.turns else {"content": case.text}
    return isinstance(turn["content"], str) and not turn.get("tool_calls")


def is_headword(case: Case, said: Spoken) -> bool:
    """Whether the word for nothing is what the row is about: its term, explained as such a word is."""
    if case.term and plain(case.term) not in _NULLS:
        return plain(case.term) in {"nana", "naan"}
    if said.speaks_of("code"):
        return True
    answers = " ".join(text for _, text in said.answers)
    if _QUOTES.search(answers) and not _ANY.search(answers):
        return False  # it speaks of something else
    if any(_SENSES.search(_LISTENER.sub("", text)) for _, text in said.turns):
        return True
    used = re.sub(
        rf"{_OPEN}?{_NULL}{_CLOSE}?\W? (?:means|is|refers|stands|describes)|{_OPEN}{_NULL}{_CLOSE}", "", answers
    )
    users = " ".join(text for role, text in said.turns if role == "user")
    asked = set(plain(users).split()) & _NULLS
    if "n/a" in users.lower() and "n/a" in used.lower():
        return True
    return bool(asked & set(plain(used).split()))


# ---------------------------------------------------------------- slots of format strings

_SLOT_NAMES = (
    r"(?:slang|term|word|phrase|headword|definition|meaning|example|context|usage|description|sentence|question|answer|"
    r"response|prompt|instruction|input|output|query|name|text|topic|value|placeholder|language|translation|user|"
    r"explanation|quoted|title|item|content|category|label|synonym)s?"
)
_SLOT = re.compile(
    r"(?<![\\\w}\]^_{$#])\$?\{\{?[ ]?(?:\d{0,2}|"
    r"[A-Za-z_][\w.]{0,30}(?:[ -][A-Za-z_]\w{0,20}){0,2})(?:![rsa])?[ ]?\}\}?(?![}{^_])"
    r"|(?<![\w%])%(?:\([A-Za-z_]\w*\))?[sdr](?![\w%])|(?<![\w%])%\([A-Za-z_]\w*\)[sdr]"
    r"|\[\*[^\[\]\n*]{1,40}\*\]"
    rf"|(?<![\w\]!])\[(?i:insert\b[^\[\]\n]{{0,40}}|(?:enter|add|your|fill(?: in)?|put|provide|specify|replace)\b"
    rf"[^\[\]\n]{{0,30}}\b(?:{_SLOT_NAMES}|here)|(?:the )?(?:{_SLOT_NAMES}|slang[ _](?:term|word))"
    rf"(?:[ _](?:here|goes here|\d))?)\](?![(\[:])"
    rf"|(?<![\w<])<<?(?i:(?:insert|enter|your|add|fill)\b[^<>\n]{{0,40}}|(?:the[ _])?(?:{_SLOT_NAMES}|"
    rf"slang[ _-](?:term|word)|"
    rf"blank|fill)(?:[ _](?:here|\d))?)>>?(?!\w)"
    r"|(?<![\w<])<[A-Z][A-Z_]{3,30}>(?!\w)"
    rf"|(?<!\w)(?:__|@@|##|%%)(?i:{_SLOT_NAMES})(?:__|@@|##|%%)(?!\w)"
    r"|\b(?i:lorem ipsum dolor)\b"
)
_LEFT = re.compile(r"(?<!\w)(?:TODO\.?|TBD|XXX)(?=\s*\Z)")  # where the last turn ends
_NAMES_SLOT = re.compile(rf"{_SLOT_NAMES}|your|insert|enter")
_BRACKETS = re.compile(r"\[[^\[\]\n]{1,60}\]")
_LATEX = re.compile(r"\\[a-zA-Z]{2,}|\$[^$\n]+\$")


@dataclass(frozen=True)
class Placeholder:
    """A slot of a format string that nobody filled in."""

    fault: str = "PLACEHOLDER"
    needs_ids: bool = False
    hints: tuple[str, ...] = (rf"[{{%\[<]|__|@@|##|(?i:lorem ipsum)|(?:TODO\.?|TBD|XXX){BLANK}*\z",)

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        said = spoken(case)
        for number, (role, part) in enumerate(said.turns):
            text = part if role == "user" and "```" not in part else without_code(part)
            found = _SLOT.search(text) or (_LEFT.search(text) if number == len(said.turns) - 1 else None)
            if found and not is_meant(found.group(), part, said):
                yield finding(
                    case, self.fault, "warning", f"turn {number} ({role}): {found.group()!r} was never filled in"
                )

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        raise CannotMendError(next(self.find(case, survey, target)).detail + ", and with what is not known")


def is_meant(slot: str, text: str, said: Spoken) -> bool:
    """Whether what looks like a slot is written on purpose: code, LaTeX, or what the question is about."""
    if said.speaks_of("code") or (said.speaks_of("markup") and slot[0] == "<"):
        return True
    if slot[0] == "{" and (_LATEX.search(text) or "{{{" in text or is_aside(slot, said)):
        return True
    if slot[0] != "[" or "_" in slot or "*" in slot or slot[1:].lower().startswith("insert") or said.user_says(slot):
        return False
    if len(_BRACKETS.findall(text)) > 2:
        return True  # links of a dictionary site
    alone = re.match(rf"\W*{re.escape(slot)}\W*(?:\Z|means|is\b|refers|stands)", text)
    return not alone and " " not in slot and not slot.isupper()


def is_aside(slot: str, said: Spoken) -> bool:
    """Whether braces hold what is asked about, or words that name no column: "went {in a hurry} home"."""
    inside = slot.strip("{}$ ").lower()
    if slot.lstrip("$").startswith("{{") or _NAMES_SLOT.search(inside):
        return False
    asked = " ".join(text.lower().replace(slot.lower(), "") for role, text in said.turns if role == "user")
    return " " in inside or (bool(inside) and inside in asked)
