"""Answers that hold other turns: 22 RUNAWAY (they go on with the next turn), 26 ECHO (they say the question again)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from curation.doctor.case import Case
from curation.doctor.row import Finding
from curation.doctor.rule import CannotMendError, finding
from curation.doctor.spoken import Spoken, spoken, without_code
from curation.doctor.survey import Survey
from curation.doctor.target import Target

# ---------------------------------------------------------------- the next turn

_ROLES = r"(?:user|human|assistant|system|model|instruction|input|response|gpt|chatgpt|ai|bot|prompter|end ?user)"
_HEADER = re.compile(
    rf"^[ \t>*_]*(?:\#{{1,4}}[ \t]*(?:{_ROLES}|question|answer)[ \t]*:?|\[/?(?:{_ROLES}|INST)\]|<</?SYS>>|"
    rf"</?(?:{_ROLES})>|<\|?(?:{_ROLES}|im_start|im_end|end|eot_id)\|>|(?:{_ROLES}|question|prompt|q)[ \t]*\**[ \t]*:)",
    re.IGNORECASE | re.MULTILINE,
)
_NAKED = re.compile(
    r"^(?:user|assistant|system|model|human)[ \t]*\n", re.MULTILINE
)  # a header without its control tokens
_INLINE = re.compile(  # behind a sentence: "… cool. User: What does …"
    r"(?<=[.!?…”\"')])[ \t]+(?:\*\*)?(?:(?:User|USER|Human|HUMAN|Assistant|ASSISTANT|Instruction|"
    r"INSTRUCTION)(?:\*\*)?:|"
    r"\#{2,4} ?(?:Instruction|Input|Response|User|Human|Assistant|Question)\b:?|\[/?INST\]|Q: (?=[A-Z][^?\n]{0,200}\?))"
)
_HINTS = (
    rf"##|<\||(?i:\[/?inst|<</?sys|[\[<]/?{_ROLES})",  # a heading, a marker of a turn
    rf"(?im)^[ \t>*_]*#[ \t]*(?:{_ROLES}|question|answer)",
    r"(?i)(?:user|assistant|system|model|human)[ \t]*\n",
    rf"(?i)(?:{_ROLES}|question|prompt|q)[ *\t]*:",
)
_PARTS = frozenset(
    {"definition", "meaning", "example", "examples", "note", "origin", "usage", "term", "slang", "context"}
)
_SPEAKER = re.compile(r"^[*# \t\"“>-]*(?!https?:)[^\W\d][^:.!?\n]{0,30}:", re.MULTILINE)
_OWN_NAME = re.compile(
    r"\s*(?:\**(?P<name>assistant|AI|bot|chat ?gpt|gpt)\**:\**|\#{1,4} ?(?:response|assistant)\b:?)\s*"
    r"(?![^\0]*^[^\w\n]*(?:user|human)\b)",
    re.MULTILINE | re.IGNORECASE,
)
_ENDS = tuple(".!?…”\"')]}*`。！？।؟:;~>")


@dataclass(frozen=True)
class Runaway:
    """An answer that goes on with what the user says next."""

    fault: str = "RUNAWAY"
    needs_ids: bool = False
    hints: tuple[str, ...] = _HINTS

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        if not case.turns:
            return
        said = spoken(case)
        for number, text in said.answers:
            place = next_turn(text, said)
            if place >= 0:
                detail = f"turn {number} goes on with another turn: {text[place : place + 60].strip()!r}"
                yield finding(case, self.fault, "warning", detail, "cut off where the next turn begins")

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        said = spoken(case)
        turns = list(case.turns)
        for number, text in said.answers:
            place = next_turn(text, said)
            if place < 0:
                continue
            if name := own_name(text, said):
                turns[number] = turns[number] | {"content": text[name.end() :]}
                continue
            answer = text[:place].rstrip().rstrip("*#>").rstrip()
            if not isinstance(turns[number]["content"], str) or not is_whole(answer):
                raise CannotMendError(f"turn {number} goes on with another turn, and no whole answer stands before it")
            turns[number] = turns[number] | {"content": answer}
        return [case.but(turns=turns)]


def next_turn(text: str, said: Spoken) -> int:
    """Where another turn begins inside an answer; -1 where none does, or where it is what was asked for."""
    text = without_code(text)
    found = [one for pattern in (_HEADER, _NAKED, _INLINE) if (one := pattern.search(text))]
    if not found:
        return -1
    if own_name(text, said):
        return 0
    first = min(found, key=lambda one: one.start())
    before = text[: first.start()]
    if said.speaks_of("dialogue") or is_dialogue(before, text, said):
        return -1
    if (marker := first.group().strip())[0] in "<[" and said.user_says(marker):
        return -1  # what the question is about
    name = first.group().strip(" \t*_#:\n>").lower()
    if (
        name
        in (
            "q",
            "question",
            "input",
            "prompt",
            "system",
            "model",
            "ai",
            "bot",
            "response",
            "instruction",
            "answer",
        )
        and first.group().lstrip(" *>")[0] not in "#[<"
        and not is_followed(text[first.end() :], name)
    ):
        return -1
    return first.start()


def own_name(text: str, said: Spoken) -> re.Match[str] | None:
    """The assistant's name or header in front of an answer; not a headword, nor one speaker of several."""
    found = _OWN_NAME.match(text)
    if not found or said.speaks_of("dialogue"):
        return None
    rest, name = text[found.end() :], (found["name"] or "").lower()
    if name in ("", "assistant"):
        return found if rest.strip() else None
    later = _SPEAKER.findall(rest.partition("\n")[2])
    others = {line.strip(' *#\t"“>-:').lower() for line in later if len(line.split()) < 4}
    asked = any(role == "user" and re.search(rf"\b{name}\b", part, re.IGNORECASE) for role, part in said.turns)
    return None if asked or others - _PARTS or not rest.strip() else found


def is_dialogue(before: str, text: str, said: Spoken) -> bool:
    """Whether the answer tells a conversation: it is announced, others speak before, or the question has speakers."""
    if before.rstrip().endswith(":") and len(before.split()) > 1:
        return True
    if not before.strip():
        return not (_NAKED.match(text.lstrip()) or text.lstrip()[0] in "#[<")
    speakers = {line.strip(' *#\t"“>-:').lower() for line in _SPEAKER.findall(before) if len(line.split()) < 4}
    quoted = any(role == "user" and _HEADER.search(part) for role, part in said.turns)
    return quoted or len(speakers - _PARTS) > 1  # one is a headword or a heading


def is_followed(rest: str, name: str) -> bool:
    """Whether another turn's name stands further down, as an answer behind a question."""
    after = {
        "q": "a|answer",
        "question": "a|answer",
        "prompt": "response|answer|completion",
        "input": "output|response",
    }
    names = after.get(name, "user|human|assistant|instruction|response|input|output")
    return bool(re.search(rf"^[\s*#>]*(?:{names})\W{{0,3}}:", rest, re.IGNORECASE | re.MULTILINE)) or (
        name in ("q", "question") and "?" in rest
    )


def is_whole(answer: str) -> bool:
    """Whether an answer says something and comes to an end."""
    return bool(answer) and (answer.endswith(_ENDS) or ord(answer[-1]) > 0x2000 or answer[-1].isalnum())


# ---------------------------------------------------------------- the question again

_WORDS = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[^\w\s]", re.UNICODE)
_LABELLED = re.compile(
    r"\A[\s*#>]*(?:q|question|user|human|prompt|instruction|you asked|input)\W{0,3}:\W*", re.IGNORECASE
)
_ANSWER_LABEL = re.compile(r"\A[\s*#>]*(?:a|answer|assistant|response|output|bot|ai|gpt)\W{0,3}:[\s*]*", re.IGNORECASE)
_CLOSES = re.compile(
    r"\A[\"”'’*_)]*[.?!:;…]*[\"”'’*_)]*(?:\s+[-–—>:]+(?=\s))?\s*"
)  # the end of a question that is said again
_QUOTED = re.compile(r"[“\"]([^“”\"]+)[”\"]|(?<!\w)[‘']([^‘’'\n]{3,})[’'](?!\w)")
_ASKS = re.compile(  # what no sentence goes on from
    r"\W*(?:(?:hey|hi|hello|ok|okay|so|please|yo|um)\W+)*(?:what|whats|who|how|why|when|where|which|can|could|would|will|do|does|is|"
    r"are|explain|define|describe|tell|give|translate|rewrite|say|use)\b",
    re.IGNORECASE,
)
_TASK = re.compile(r"\A[^:\n]{4,120}:\s+(\S.*)\Z", re.DOTALL)  # "Say this in slang: I am tired."
_INSTRUCTS = re.compile(
    r"\b(?:say|put|translat\w+|re-?writ\w+|re-?phras\w+|paraphras\w+|convert|express|explain|defin\w+|describe|turn|simplify|"
    r"change|restate|make|give|tell|what|how|mean\w*|following|sentences?|phrases?|words?|terms?|slang|text|message|english)\b",
    re.IGNORECASE,
)
_FRAME = frozenset(
    """
    it this that means mean meaning the is a an term word phrase slang sentence expression stands for refers in plain
    english words of says said asked question follows here answer definition translates translation sure certainly
    """.split()  # noqa: SIM905 - a list of words reads best as one
)
# Who asks for the use of a word is answered by its use: “Bet!”.
_USE = re.compile(r"\b(?:us(?:e|ed|ing)|examples?|in (?:an?|one|your own) sentence|in context)\b", re.IGNORECASE)
# Of these, what may stand behind a quotation and tells nothing of it; not so: "“tht” means that", "Rizz is here".
_NAMING = frozenset("is a an the in plain slang english term word phrase expression sentence".split())  # noqa: SIM905


@dataclass(frozen=True)
class Echo:
    """An answer that begins with its question, or is nothing else."""

    fault: str = "ECHO"
    needs_ids: bool = False
    hints: tuple[str, ...] = ()

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        for number, asked, answered in pairs(case):
            rest = without_echo(asked, answered)
            if rest is None:
                continue
            if tokens(asked) != tokens(answered) and spoken(case).speaks_of("repetition"):
                continue  # "Repeat after me: …"
            what = "begins with its question" if rest else "says nothing but its question, or what that quotes"
            yield finding(
                case, self.fault, "warning", f"turn {number} {what}: {answered[:60]!r}", "left out" if rest else ""
            )

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        turns = list(case.turns)
        for number, asked, answered in pairs(case):
            rest = without_echo(asked, answered)
            if rest is None:
                continue
            if not rest:
                raise CannotMendError(f"turn {number} says nothing but its question: {answered[:60]!r}")
            turns[number] = turns[number] | {"content": rest}
        return [case.but(turns=turns)]


def pairs(case: Case) -> Iterator[tuple[int, str, str]]:
    """(turn, question, answer) of each answer that follows a question."""
    before = None
    for number, turn in enumerate(case.turns):
        if before is not None and turn["role"] == "assistant" and before["role"] == "user":
            asked, answered = before["content"], turn["content"]
            if isinstance(asked, str) and isinstance(answered, str) and may_echo(asked, answered):
                yield number, asked, answered
        before = turn


def may_echo(asked: str, answered: str) -> bool:
    """Whether an answer might say its question again; quick, since nearly none does."""
    if not asked or not answered:
        return False
    if len(answered) < len(asked) + 24:
        low = answered.lower()
        parts = (next(filter(None, found)) for found in _QUOTED.findall(asked))
        if any(part.strip(" .!?").lower() in low for part in parts):
            return True
        task = asked.partition(": ")[2].strip().lower()
        if task and task[:8] in low:
            return True
    begin = asked.strip()[:8].lower()
    return begin in answered[: len(asked) + 60].lower()


def without_echo(asked: str, answered: str) -> str | None:
    """What an answer says behind its question: "" for nothing, None where it does not say its question."""
    question, said = tokens(asked), tokens(answered)
    words = [word for word in question if word[0].isalnum()]
    if words and (end := echo_end(asked, answered, words)) > 0:
        rest = _ANSWER_LABEL.sub("", _CLOSES.sub("", answered[end:], count=1)).strip()
        return rest if any(sign.isalnum() for sign in rest) else ""
    own = [word for word in said if word[0].isalnum()]
    if not own:
        return None
    if own == words:
        return ""
    return "" if only_quotes(asked, own) and not _USE.search(asked) else None


def echo_end(asked: str, answered: str, words: list[str]) -> int:
    """The place behind the question at the start of an answer; 0 where it does not stand there, or goes on."""
    label = _LABELLED.match(answered)
    start = label.end() if label else 0
    place = start
    for word in words:
        found = _WORDS.search(answered, place)
        while found and not found.group()[0].isalnum():
            found = _WORDS.search(answered, found.end())
        if not found or found.group().lower().replace("’", "'") != word:
            return 0
        place = found.end()
    behind = answered[place:].lstrip("\"”'’*_) ")
    if re.match(r"[.?!]?[”’\"]\s+[a-z]", answered[place:]):
        return 0  # “What does rizz mean?” is asked a lot: the question is quoted, as a part of a sentence
    ends = (
        not behind
        or behind[0] in ".?!\n:…"
        or bool(re.match(r"\s*[-—]+\s", answered[place:]))
        or "\n" in answered[place : place + 3]
    )
    if not ends and label is None and asked.rstrip().endswith(("?", ".", "!")) and behind[:1].isupper():
        ends = len(words) >= 5  # "what does rizz mean It means …", the mark left out
    ends = ends or (len(words) > 3 and _ASKS.match(asked) is not None)
    is_question = asked.rstrip().endswith("?") or len(words) >= 5 or label is not None
    alone = "\n" in answered[place : place + 3]
    if len(words) < 3:  # "Rizz? It's charm." is how people answer; on a line of its own it is the question
        asks = _ASKS.match(asked) is not None
        return place if (alone and (is_question or asks)) or (asks and len(words) == 2 and behind[:1].isupper()) else 0
    is_question = is_question or (alone and (":" in asked or _ASKS.match(asked) is not None))
    return place if ends and is_question else 0


def only_quotes(asked: str, said: list[str]) -> bool:
    """Whether an answer is what the question quotes, and words that frame an answer."""
    quoted = [next(filter(None, found)) for found in _QUOTED.findall(asked)]
    task = _TASK.match(asked.strip())
    task = task if task and _INSTRUCTS.search(asked, 0, task.start(1)) else None  # "Hey, QQ: …" is part of a message
    parts = quoted if len(quoted) == 1 else []
    if task and not quoted:
        parts = [task[1]] if len(task[1].split()) > 2 else []  # a word or two may have no other form
    for part in parts:
        own = [word for word in tokens(part) if word[0].isalnum()]
        if not own or place_of(said, own) < 0 or place_of(said, own + own) >= 0:  # "orang-orang" is not "orang"
            continue
        rest = list(said)
        while (at := place_of(rest, own)) >= 0:
            rest[at : at + len(own)] = []
            behind = rest[at:]
        if set(rest) <= _FRAME and set(behind[:-1]) <= _NAMING and set(behind[-1:]) <= _NAMING | {"means"}:
            return True
    return False


def place_of(said: list[str], own: list[str]) -> int:
    """Where some words stand in a row inside others; -1 for nowhere."""
    size = len(own)
    return next((at for at in range(len(said) - size + 1) if said[at : at + size] == own), -1)


def tokens(text: str) -> list[str]:
    """Words and marks in small letters."""
    return [word.lower().replace("’", "'") for word in _WORDS.findall(text)]
