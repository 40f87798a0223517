"""What is said in a row, for rules about wording; what the row is about, so that its subject is no fault; and code."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from curation.doctor.case import Case

ROLELESS = ""  # whoever speaks in a text that could not be taken back to turns
BORDER = "\ufdd1"  # no character; stands between turns

# Words of a question that show what it is about. Markup, slots and speakers' names in its row are no faults then.
_TOPICS = {
    "code": r"""
        code|coding|coder|python|pandas|javascript|typescript|java|sql|c\+\+|rust|golang|php|ruby|bash|shell|regex\w*|
        regular
        expression|function|variable|f-?strings?|printf|format(?:ting)? (?:string|specifier|character|code)s?|jinja\w*|
        handlebars|mustache|templat\w+|placeholders?|syntax|program(?:s|mer|mers|ming)?|script|json|yaml|toml|latex|
        api|snippet|compil\w+|escape sequences?|curly|braces|brackets|strings?|react|jsx|unix|linux|terminal|
        command line|
        environment variables?|null value|data ?frame|spreadsheet|database|in c""",
    "markup": r"""
        html5?|css|xml|svg|markup|markdown|bbcode|wiki\w*|tags?|entit(?:y|ies)|web ?(?:page|site|dev\w*)|href|
        javascript|
        jsx|react|url[- ]?encod\w*|escap\w+|ampersand|nbsp|hyperlinks?|brackets?|browser|render\w*|chat ?ml|tokens?""",
    "dialogue": r"""
        (?:writ\w+|mak\w+|creat\w+|giv\w+|show\w*|invent|generat\w+|imagine|compos\w+|continue|draft\w*|act(?: out)?|
        need|
        want|turn|sampl\w+|example|short|fictional|summari[sz]\w*|translat\w+|format\w*|reply to|read|what happens)
        [^.?!\n]{0,60}?(?:dialog(?:ue)?s?|conversations?|chats?|chat ?logs?|transcripts?|scripts?|skits?|scenes?|
        role-?plays?|
        interviews?|exchanges?|screenplay|q ?(?:&|and) ?as?|faqs?|quiz\w*|flash ?cards?|trivia|riddles?|worksheet|
        questionnaire)|
        back-and-forth|role-?play|prompt formats?|chat templates?|few-?shot|instruction formats?|alpaca|vicuna|
        faq|quiz me|q&a|transcript|screenplay|skit""",
    "encoding": r"""
        encod\w+|decod\w+|utf-?8|utf-?16|unicode|mojibake|garbled|latin-?1|cp-?1252|windows-1252|ascii|gibberish|
        weird (?:characters?|symbols?|letters?)|strange (?:characters?|symbols?|letters?)|codepage|charset|
        control characters?|
        escape (?:codes?|sequences?)|invisible|zero-width|instead of|(?:shows?|appears?|displays?)(?: up)? as|
        my (?:file|text|csv|page|terminal|data|emails?|website|app|code|spreadsheet)s? (?:shows?|says?|displays?|has|
        have|contains?)""",
    "reasoning": r"think(?:ing)? (?:tags?|tokens?|blocks?)|reasoning (?:tags?|tokens?|blocks?)|tags?|chain of thought",
    "repetition": r"""
        repeat\w*|after me|echo\w*|verbatim|word for word|cop(?:y|ies)|quot(?:e|es|ing) (?:it|the)|proof-?read\w*|
        correct(?:ion|ly)?|spell\w*|grammar|punctuat\w+|capitali[sz]\w*|extract\w*|read aloud|say (?:this|it) back|
        which (?:word|one|term|of)|choose|pick|select|identify|spot|find|fill in|complete|finish|continue|already|
        if (?:needed|necessary)""",
}
_PATTERNS = {
    name: re.compile(
        rf"(?<!\w)(?:{'|'.join(part.strip() for part in ' '.join(words.split()).split('|'))})(?!\w)", re.IGNORECASE
    )
    for name, words in _TOPICS.items()
}

_FENCED = r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)"
_CODE = re.compile(_FENCED + r"|(``?)(?=\S)[^`\n]+\1", re.DOTALL)


@dataclass(slots=True)
class Spoken:
    """What is said in one row."""

    turns: list[tuple[str, str]]  # (role, text); text parts joined; role ROLELESS for a whole text
    text: str  # all of it, with a line between turns that has only BORDER

    def speaks_of(self, topic: str) -> bool:
        """Whether a question is about something (a system prompt, the same in all rows, tells nothing)."""
        return any(role not in ("assistant", "system") and _PATTERNS[topic].search(text) for role, text in self.turns)

    def user_says(self, piece: str) -> bool:
        """Whether the user says a piece of text too."""
        return any(role == "user" and piece in text for role, text in self.turns)

    @property
    def answers(self) -> list[tuple[int, str]]:
        """(turn, text) of what the assistant says; a whole text is taken for an answer."""
        return [(at, text) for at, (role, text) in enumerate(self.turns) if role in ("assistant", ROLELESS)]


def spoken(case: Case) -> Spoken:
    """What is said in a row; the same object for the same case."""
    if case.spoken is None:
        if case.turns:
            turns = [(str(turn["role"]), text_of(turn["content"])) for turn in case.turns]
        else:
            turns = [(ROLELESS, case.text)] if case.kind == "text" else []
        case.spoken = Spoken(turns, f"\n{BORDER}\n".join([text for _, text in turns]))
    return case.spoken


def text_of(content: Any) -> str:
    """Content as text: its text parts joined; "" where it is something else."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    parts = (part.get("text") for part in content if isinstance(part, dict))
    return "".join(part for part in parts if isinstance(part, str))


def reworded(case: Case, change: Callable[[str, str], str]) -> Case:
    """The case with `change(role, text)` in place of every text that is said."""
    if not case.turns:
        return case.but(text=change(ROLELESS, case.text)) if case.kind == "text" else case
    turns = [turn | {"content": _changed(turn["content"], str(turn["role"]), change)} for turn in case.turns]
    return case.but(turns=turns)


def _changed(content: Any, role: str, change: Callable[[str, str], str]) -> Any:
    if isinstance(content, str):
        return change(role, content)
    if not isinstance(content, list):
        return content
    return [
        part | {"text": change(role, part["text"])}
        if isinstance(part, dict) and isinstance(part.get("text"), str)
        else part
        for part in content
    ]


_MARK = "\ufdd0"  # no character; stands for code


def without_code(text: str) -> str:
    """The text with code blotted out, places kept."""
    if "`" not in text and "~~~" not in text:
        return text
    return _CODE.sub(lambda found: _MARK * len(found.group()), text)


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """The text with `change` made to all of it that is no code; as it is where that cannot be told apart afterwards."""
    if "`" not in text and "~~~" not in text:
        return change(text)
    code = [found.group() for found in _CODE.finditer(text)]
    changed = change(_CODE.sub(_MARK, text))
    if changed.count(_MARK) != len(code):
        return text
    first, *rest = changed.split(_MARK)
    return first + "".join(piece + after for piece, after in zip(code, rest, strict=True))
