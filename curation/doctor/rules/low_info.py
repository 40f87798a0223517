"""29 LOW-INFO: an answer that says nothing of what was asked: one for all prompts, only a link, a refusal.

A refusal is read by its grammar, not by a list of known ones: who speaks says that it cannot or will not (after an
apology, or as an AI) do to the request what assistants do, or that nothing is known. Slang is full of "can't" and
"sorry": the verb must be an assistant's, and its object the request.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from curation.doctor.case import Case, plain
from curation.doctor.crowd import answer
from curation.doctor.row import Finding
from curation.doctor.rule import CannotMendError, finding
from curation.doctor.survey import Survey
from curation.doctor.target import Target

LONGEST = 400  # characters of a refusal or a link; what is longer says something besides
LONGEST_SHORT = 12  # letters of an abbreviation

# ---------------------------------------------------------------- only a link

_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>()\[\]]+", re.IGNORECASE)
_POINTERS = frozenset(
    """
    see here at on in the a this is link links source sources url read more check out it click for info information
    details visit go to page website definition meaning from via and
    """.split()  # noqa: SIM905 - a list of words reads best as one
)
_WANTS_ADDRESS = re.compile(
    r"\b(?:links?|urls?|web ?(?:site|page|address)s?|home ?page|sites?|where|source)\b", re.IGNORECASE
)

# ---------------------------------------------------------------- a pointer to another row, a dash

LONGEST_POINTER = 40  # characters
_ELSEWHERE = re.compile(
    r"\W*(?:(?:see|same as|as|refer to|cf\.?) (?:the )?(?:above|below|(?:previous|other|next|earlier|main) "
    r"(?:entry|answer|row|definition|one))|to be added)\W*",
    re.IGNORECASE,
)
_DASHES = re.compile(r"[\s.?…_–—-]+")
_WANTS_MARKS = re.compile(
    r"\b(?:marks?|punctuat\w*|symbols?|signs?|characters?|keys?|morse|operators?|dots?|dash(?:es)?|ellips\w*|silence)\b",
    re.IGNORECASE,
)

# ---------------------------------------------------------------- a refusal

_SORRY = r"""
    (?: (?:i|we)(?:'?m|'?re|\ am|\ are)\ (?:(?:so|very|really|truly|terribly|deeply)\ )?(?:sorry|afraid)
      | sorry | (?:(?:my|our|sincere)\ )*apologies | (?:i|we)\ (?:(?:do|must)\ )?apologi[sz]e
      | unfortunately | regrettably )\b"""
_AI = r"(?:an?\ )?(?:(?:large\ )?language\ model|(?:virtual\ |digital\ |ai\ )assistant|chat\ ?bot|ai)\b"
_CANNOT = r"""
    (?: \ (?: can't | cannot | can\ not | cant | won't | will\ not | could\ not | couldn't | decline | refuse
            | prefer\ not | (?:must|have\ to|need\ to)\ (?:\w+ly\ )?(?:decline|refuse) | would\ (?:rather|prefer)\ not
            | don't\ feel\ comfortable | do\ not\ feel\ comfortable | (?:don't|do\ not)\ have\ the\ ability )
      | 'd\ (?:rather|prefer)\ not
      | (?:'m|\ am|'re|\ are)\ (?:currently\ )?
        (?:not\ (?:able|allowed|permitted|programmed|designed|equipped|trained|comfortable)|unable) )
    (?:\ (?:to|be\ able\ to|\w+ly|just))*"""
_SERVE = r"""
    \ (?: help | assist | provide | answer(?:ing)? | respond | fulfill? | comply | support | discuss(?:ing)? | engage
        | process | complete | accommodate | generate | produce | offer | shar(?:e|ing) | providing )\b"""
_SAY = r"\ (?:do|say|tell|give|write|create|define|explain|translate|comment|talk|speak|describe)\b"
_REQUEST = r"""
    (?: \ (?:you|with|about|on|to|in) )*
    (?: \ (?:that|this|those|these)(?=\W*(?:\Z|[.,!?;]|as\b|because\b|at\b|right\b|for\ you|further\b))
      | (?:\ (?:an?|the|that|this|your|such|any|these|those|more|further|specific))*(?:\ \w+)?
        \ (?:requests?|questions?|query|prompts?|info(?:rmation)?|contents?|answers?|response|tasks?|topics?
           |definitions?|meanings?|assistance|material|subject|explanations?|translations?|term|word|phrase)\b )"""
_KNOWN = r"(?:definitions?|information|meanings?|answers?|results?|entry|explanations?|translations?)"
REFUSAL = re.compile(
    rf"""\W* (?:
        (?:{_SORRY}[^.!?]{{0,60}}?)? \b(?:as|i'm|i\ am)\ (?:just\ |only\ )?{_AI}
        .{{0,160}}? (?:n't|not|unable|\bno)\b
      | {_SORRY}[^.!?]{{0,60}}? \b(?:i|we){_CANNOT}{_SERVE}(?!\ (?:it|but|\w+ing|my|him|her|them|me)\b)
      | {_SORRY}[^.!?]{{0,60}}? \b(?:i|we){_CANNOT}{_SAY}{_REQUEST}
      | (?:\w+[,!]?\ ){{0,3}}? \b(?:i|we){_CANNOT}(?:{_SERVE}{_REQUEST} | \ answer\W*\Z | \Z)
      | (?:{_SORRY}\W+)? (?:but\ )?(?:that|this|it)(?:\ is|'s|\ isn't)\ (?:not\ )?something\ (?:that\ )?(?:i|we)
        (?:\ can|(?:'m|\ am)\ able\ to|{_CANNOT})(?:{_SERVE}|{_SAY})
      | (?:this|that|your|the)\ (?:request|question|prompt|query|content|topic)\ (?:violates|goes\ against|is\ against
        |is\ inappropriate|is\ not\ (?:appropriate|allowed|something)|cannot\ be|can't\ be)
      | [^.!?]{{0,60}}\bagainst\ (?:my|our)\ (?:\w+\ )?(?:polic(?:y|ies)|guidelines|programming|principles)
      | (?:{_SORRY}\W+)? (?:but\ )?i(?:\ do\ not|\ don't|\ am\ not|'m\ not)\ (?:know|sure|aware\ of)
        \ (?:what|how)\ (?:that|this|it|the|to|you)\b
      | (?:{_SORRY}\W+)? (?:but\ )?i(?:\ do\ not|\ don't|\ am\ not|'m\ not)
        (?: \ have\ (?:access\ to\ )?(?:any\ |enough\ |specific\ |that\ |this\ |the\ )*information
          | \ familiar\ with\ (?:that|this|the)\b )
      | (?:there\ is\ )?no\ (?:\w+\ )?{_KNOWN}\ (?:(?:is|was|were)\ )?(?:available|found|known|exists?|provided)\b
      | (?:the\ )?{_KNOWN}\ (?:is\ )?(?:not\ (?:available|found|known)|unavailable|unknown)\b )""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_DECLINES = ("can", "not", "n't", "no ", "un", "sorry", "as a", "declin", "refus", "rather", "against", "violat")
_UNKNOWN = re.compile(r"\W*(?:i (?:do not|don't|dont) know|(?:i have )?no (?:idea|clue))\W*", re.IGNORECASE)
_AFTER_ALL = re.compile(  # something is said behind the refusal
    r"\b(?:but|however|that said|still|instead)\b"
    r"(?! (?:i|we)(?: am|'m| cannot| can't| would| will|'d|'ll)\b| (?:feel|let|if|please|you|happy|there)\b)"
    r"(?:\W+\w+){4}",
    re.IGNORECASE,
)
_SAID_ALREADY = re.compile(r"\b(?:ca?n'?t|cannot|unable|soz|sorry|nope|nah|won'?t|idk|dunno|not)\b", re.IGNORECASE)


_VOWELS = re.compile(r"[aeiou]")  # "dunno" sounds as it likes: only its consonants are those of "don't know"


@dataclass(frozen=True)
class LowInfo:
    """One answer to everything, only a link, a refusal."""

    fault: str = "LOW-INFO"
    needs_ids: bool = False
    hints: tuple[str, ...] = ()

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        said = answer(case)
        if not said or case.layout == "turn":  # a turn alone: what was asked stands in another record
            return
        if survey.answers.is_constant(case) and set(case.said("assistant")) == {said}:  # else a word of farewell
            yield finding(case, self.fault, "warning", f"many prompts have the same answer: {said[:60]!r}")
        elif len(said) > LONGEST:
            return
        elif is_link(said) and not _WANTS_ADDRESS.search(" ".join(case.said("user")[-1:])):
            yield finding(case, self.fault, "warning", f"the answer is only a link: {said[:60]!r}")
        elif len(said) <= LONGEST_POINTER and is_empty_handed(said, " ".join(case.said("user")[-1:])):
            yield finding(case, self.fault, "warning", f"the answer says nothing: {said[:60]!r}")
        elif refuses(said, case, survey):
            yield finding(case, self.fault, "warning", f"the answer refuses: {said[:60]!r}")

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        raise CannotMendError("the answer says nothing about what was asked")


def is_link(said: str) -> bool:
    """Whether a text is an address and words that point at it."""
    if "://" not in said and "www." not in said.lower():
        return False
    rest, count = _ADDRESS.subn(" ", said)
    return bool(count) and set(plain(rest).split()) <= _POINTERS


def is_empty_handed(said: str, asked: str) -> bool:
    """Whether an answer only points at another row, or is a dash or dots that nobody asked for."""
    return _ELSEWHERE.fullmatch(said) is not None or (
        _DASHES.fullmatch(said) is not None and said.strip() not in asked.rstrip("?") and not _WANTS_MARKS.search(asked)
    )


def refuses(said: str, case: Case, survey: Survey) -> bool:
    """Whether an answer declines to answer; not one that says what was asked ("idk" is "I don't know")."""
    said = said.replace("’", "'")
    low = said[:80].lower()
    if not any([part in low for part in _DECLINES]):  # noqa: C419 - a list is quicker
        return False
    if found := REFUSAL.match(said):
        asked = " ".join(case.said("user")[-1:]).replace("’", "'")
        by_an_ai = "language model" in low or " ai" in low
        spared = _SAID_ALREADY.search(asked) or abbreviates(survey.subjects.of(case), said)
        return not _AFTER_ALL.search(said, found.end()) and (by_an_ai or not spared)
    if not _UNKNOWN.fullmatch(said):
        return False
    about = survey.subjects.of(case)
    return not any(abbreviates(name, said) for name in (about, _VOWELS.sub("", about)))


def abbreviates(name: str, said: str) -> bool:
    """Whether a name is made of letters of an answer, in their order, as "idk", "ionno" are of "I don't know"."""
    letters, left = name.replace(" ", ""), iter(plain(said.replace("'", "")).replace(" ", ""))
    return 1 < len(letters) <= LONGEST_SHORT and all(letter in left for letter in letters)
