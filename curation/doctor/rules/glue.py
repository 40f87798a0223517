"""21 GLUE: seams of pasted columns: "a A term", two full stops, a label twice, labels in mid-line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from curation.doctor.case import Case
from curation.doctor.hints import BLANK
from curation.doctor.row import Finding
from curation.doctor.rule import finding
from curation.doctor.spoken import ROLELESS, outside_code, reworded, spoken, without_code
from curation.doctor.survey import Survey
from curation.doctor.target import Target
from curation.text.seams import DOUBLED_ARTICLE, DOUBLED_STOP

_MARKS = re.compile(r"[.?!,;…。।؟‽][\s”\"'’]{0,4}[.,]")  # a doubled stop, and a few more: one quick search for all

_NAMES = (
    r"(?:slang(?: term)?|term|word|phrase|definition|description|meaning|example|context|usage|origin|question|answer|"
    r"response|instruction|input|output|sentence|explanation|translation)"
)
_TWICE = re.compile(r"(?<![\w*])(\**([A-Za-z][\w ]{1,24}?)\**[ \t]*:\**)\s*\**\2\**[ \t]*:(?!\w|//)", re.IGNORECASE)
_MAIL = frozenset({"re", "fw", "fwd", "aw", "wg"})  # of a reply to a reply
_CAPITAL_LABELS = (
    "Slang(?: Term)?|Term|Definition|Description|Meaning|Example|Context|Usage|Origin|Question|Answer|Response"
)
_STUCK_LABEL = re.compile(rf"(?<=[a-z.!?”\"')])(?=(?:{_CAPITAL_LABELS})s?:\s)")
_INLINE = re.compile(rf"(?:^|(?<=[\s|,;.])){_NAMES}\s?:(?=\s)", re.IGNORECASE | re.MULTILINE)
_COLUMNS = frozenset(
    {"description", "context", "slang", "slang term"}
)  # names that no writer gives to parts of an answer
_VERB_TWICE = re.compile(  # "both of of those" is a slip of the hand, "the meaning of of …" a frame's
    r"\b(means|refers to|stands for|(?:(?<=meaning )|(?<=definition )|(?<=example ))of|means that)[ ]+\1\b"
    r"(?! (?:that|to|for)\b)",
    re.IGNORECASE,
)
_GOES_ON = re.compile(  # a pause, not the end of a cell
    r"\s+(?:etc|[Aa]nd|[Bb]ut|[Oo]r|so|they|s?he|his|her|its?|this|that|thats|you|we|kind|not|once|if|when|because|now|"
    r"then|still|just|be|as|what|who|which|where|why|how|also|like)\b|\s*(?:[:;]['-]?[()DPp/]|<3)"
)
_IN_SMALL = re.compile(r"[ \t]+[\[(]?[a-z]")
_ABBREVIATED = re.compile(r"\b[A-Z]\w{1,5}\Z")  # "Calif., "
_ENTITY = re.compile(r"&#?\w{2,31}\Z")
_LAZY = re.compile(
    r"\.\.\.|…(?!\s?\.)|\b(?:u|ur|lol|lmao|omg|im|dont|cuz|ppl|wanna|gonna)\b|(?<![\w.])i(?=[ '’])|"
    r"[!?]{2,}|(?<!\.)\.\.(?=\w)"
)


_TWO_STOPS = (
    r"(?:^|[^.])\.\.(?:[^.]|$)|\.{5}|\.[\s\pZ]+\.|\.[”’\"'][\s\pZ]*\.|\.[\s\pZ]?,|[!?。।؟‽,;][\s\pZ]*\.(?:[^.]|$)"
)
_HINTS = (
    _TWO_STOPS,
    r"(?i)\b(?:an?|the)[ \t]+(?:an?|the)[ \t]",
    r"(?i)means means|refers to refers|stands for stands|of of |means that means",
    rf":\**{BLANK}*\**[A-Za-z][^:]{{1,24}}:",  # a label behind a label; several; one stuck to a sentence
    rf"(?i){_NAMES}{BLANK}?:(?s:.*){_NAMES}{BLANK}?:",
    rf"[a-z.!?”\"')](?:{_CAPITAL_LABELS})s?:",
)

# Behind which a frame puts a cell: the beginning of a text, a label, a sentence that tells what something is, and no
# person ("they are a a gift").
_FRAME = re.compile(
    r"(?:\A|[:;.!?—–\n-])[ \t\"“*]*"
    r"(?:(?:(?!(?:i|you|he|she|we|they)\b)[^\s.!?;,]+[ \t]+){0,7}(?:is|are|was|means?|denotes?|describes?|called|"
    r"(?:used|known) as|refers? to|stands for|(?:word|short|slang|term) for)[ \t\"“*]*)?\Z",
    re.IGNORECASE,
)
_NEAR = 500  # characters around a place that show whether it is part of a conversation
_SPEAKER = re.compile(rf"^(?!{_NAMES})[^\s:.!?“”\"][^:.!?“”\"\n]{{0,30}}:(?=[ \t\w“\"])", re.IGNORECASE | re.MULTILINE)
_SPOKEN = re.compile(r"[.!?,…][”\"]")


@dataclass(frozen=True)
class Glue:
    """Seams that no writer leaves."""

    fault: str = "GLUE"
    needs_ids: bool = False
    hints: tuple[str, ...] = _HINTS

    def find(self, case: Case, survey: Survey, target: Target) -> Iterator[Finding]:
        for number, (role, text) in enumerate(spoken(case).turns):
            if seam := seam_in(text, role):
                detail = f"turn {number} ({role}): {seam!r:.100}"
                yield finding(case, self.fault, "warning", detail, "the seam is mended")

    def mend(self, case: Case, survey: Survey, target: Target) -> list[Case]:
        return [reworded(case, lambda role, text: outside_code(text, mended) if seam_in(text, role) else text)]


def seam_in(text: str, role: str) -> str:
    """The first seam of a text, with what is around it; "" where there is none."""
    text = without_code(text)
    written = role in ("assistant", ROLELESS)
    places = [doubled_label(text), _STUCK_LABEL.search(text) if ":" in text else None]
    if written:
        places += [_VERB_TWICE.search(text), columns_in_line(text), next(stops(text), None)]
    if written or role == "user":
        places.append(next((one for one in articles(text) if written or not inside_quotes(text, one.start())), None))
    found = next(filter(None, places), None)
    return text[max(found.start() - 20, 0) : found.end() + 20].strip() if found else ""


def stops(text: str) -> Iterator[re.Match[str]]:
    """Doubled stops; not those of people who write two dots for a pause, nor of abbreviations and entities."""
    if not _MARKS.search(text):
        return
    lazy = _LAZY.search(text) is not None
    unended = text.rstrip()[-1:].isalnum()  # a frame that writes stops writes the last one too
    for found in DOUBLED_STOP.finditer(text):
        start, stop = found.span()
        dots, before, behind = found.group(), text[max(start - _NEAR, 0) : start], text[stop : stop + _NEAR]
        if len(dots.strip()) > 4 or (" " in dots and "," in dots) or (dots[0] == ";" and _ENTITY.search(before)):
            continue
        if dots[0].isspace() and set(dots.strip()) == {"."}:
            continue  # a pause: a frame puts its stop right behind the cell
        if set(dots) == {"."} and (
            lazy
            or _GOES_ON.match(behind)
            or (unended and _IN_SMALL.match(behind))
            or (behind[:2].strip().islower() and text[:1].islower())
            or is_spoken(text, start, stop)
        ):
            continue
        if dots.endswith(",") and _ABBREVIATED.search(before):
            continue
        yield found


def articles(text: str) -> Iterator[re.Match[str]]:
    """Doubled articles; in small letters only where a frame meets a cell ("is a a term"): elsewhere hands slip."""
    for found in DOUBLED_ARTICLE.finditer(text):
        if not found.group().islower() or _FRAME.search(text, max(found.start() - 80, 0), found.start()):
            yield found


def doubled_label(text: str) -> re.Match[str] | None:
    """A label twice in a row: "Definition: Definition:"."""
    if text.count(":") < 2:
        return None
    return next((found for found in _TWICE.finditer(text) if found[2].strip().lower() not in _MAIL), None)


def columns_in_line(text: str) -> re.Match[str] | None:
    """The second of several columns with their labels in one line: "Slang: W Description: win Context: …"."""
    for line in text.split("\n"):
        if line.count(":") < 2:
            continue
        found = list(_INLINE.finditer(line))
        names = {label.group().rstrip(" :").strip().lower() for label in found}
        if len(names) > 2 or (len(names) > 1 and names & _COLUMNS):
            return found[1]
    return None


def is_spoken(text: str, start: int, stop: int) -> bool:
    """Whether a place stands in what somebody says: a line of a dialogue, or a quotation that is not one whole cell."""
    around = text[max(start - _NEAR, 0) : stop + _NEAR]
    line = text[max(text.rfind("\n", 0, start) + 1, start - _NEAR) : start]
    if _SPEAKER.match(line) and len(_SPEAKER.findall(around)) > 1:
        return True
    return inside_quotes(line, len(line)) and (
        text[stop : stop + 1] not in ("”", '"') or len(_SPOKEN.findall(around)) > 1
    )


def inside_quotes(text: str, place: int) -> bool:
    """Whether a place stands inside quotation marks: what somebody else wrote."""
    before = text[:place]
    return before.count("“") > before.count("”") or before.count('"') % 2 == 1


# ---------------------------------------------------------------- mending


def mended(text: str) -> str:
    """The text with its seams closed; where one cannot be closed it stays."""
    for _ in range(4):  # one seam may uncover another: "a A A term"
        before = text
        text = "\n".join(one_line_mended(line) for line in text.split("\n"))
        text = _TWICE.sub(lambda found: found.group() if found[2].strip().lower() in _MAIL else found[1], text)
        if text == before:
            break
    return text


def one_line_mended(line: str) -> str:
    line = _STUCK_LABEL.sub(" ", line)
    line = _VERB_TWICE.sub(lambda found: found[1], line)
    line = DOUBLED_ARTICLE.sub(lambda found: one_article(found.group()), line)
    for found in reversed(list(stops(line))):
        line = line[: found.start()] + one_stop(found.group()) + line[found.end() :]
    second = columns_in_line(line)
    if second:
        places = [label.start() for label in _INLINE.finditer(line)][1:]
        pieces = [line[start:stop] for start, stop in zip([0, *places], [*places, len(line)], strict=True)]
        line = "\n".join(piece.strip(" \t|,;") for piece in pieces)
    return line


def one_article(pair: str) -> str:
    """One article for two: the second, which belongs to the word behind it, in the case of the first."""
    before = pair[: len(pair) - len(pair.lstrip('“"‘.!?…: \t\n'))]
    first, second = pair[len(before) :].split()
    return before + (second.capitalize() if first[0].isupper() else second.lower())


def one_stop(dots: str) -> str:
    """One stop for two; a mark that says more than a full stop stays, and what closes a quotation."""
    for mark in "!?。؟‽":
        if mark in dots:
            return mark
    for close in "”’\"'":
        if close in dots:
            return "." + close
    return "," if dots.strip().endswith(",") else "."
