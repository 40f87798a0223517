"""What each row asks about. A part of the survey.

A subject is named by a column, or quoted by the question, or it fills the slot of a frame: questions of a dataset share
their words ("what is … in slang"), and the one run of words that few of them have is what they ask about.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, fields
from itertools import chain, product

from curation.doctor.case import Case, plain
from curation.doctor.crowd import answer, asked, key, split_of
from curation.doctor.exchanges import Exchanges, Said, speaks_of
from curation.doctor.homes import Home, Homes

QUOTED = re.compile(
    r"[“\"«]([^“”\"«»\n]{1,60})[”\"»]|\*\*([^*\n]{1,60})\*\*|`([^`\n]{1,60})`|(?<!\w)'([^'\n]{1,60})'(?!\w)"
)
FEWEST = 10  # different questions that show what a frame is
SHARED = 3  # questions that make a frame
RARE = 50  # a word is rare in at most one of so many questions, and in no more than so many
LONGEST = 5  # words of a subject
BESIDE = 2  # common words on either side that may belong to it: "on the low"


def subject(case: Case) -> str:
    """What a row asks about: its term, or the one thing that a question quotes; "" where it does not tell."""
    if case.term:
        return named_as(case.term)
    for said in case.said("user"):
        quoted = [next(filter(None, found)) for found in QUOTED.findall(said)]
        if quoted:
            return named_as(quoted[0]) if len(quoted) == 1 else ""
    return ""


def named_as(term: str) -> str:
    """A term in the spelling by which rows meet: its words, or, where marks are most of it ("</3"), all of it."""
    words = plain(term)
    return words if 2 * len(words) >= len(term.strip()) else " ".join(term.casefold().split())


@dataclass(slots=True)
class Asked:
    """The rows of one file that have an answer, a list for each thing told of them: lists of text travel quickly."""

    row: list[int] = field(default_factory=list)
    given: list[str] = field(default_factory=list)  # the subject, where the row itself tells
    prompt: list[str] = field(default_factory=list)  # the first question, plain
    said: list[str] = field(default_factory=list)  # the last answer
    words: list[str] = field(default_factory=list)  # all answers, plain
    own: list[bool] = field(default_factory=list)  # whether these name the subject that the row tells
    question: list[int] = field(default_factory=list)  # hash of all before the last answer; 0 without a split
    home: list[Home | None] = field(default_factory=list)  # where its split is known

    def merge(self, other: Asked) -> None:
        for one in fields(self):
            getattr(self, one.name).extend(getattr(other, one.name))


@dataclass(slots=True)
class Subjects:
    """What each row asks about, what it answers, and where it stands."""

    asked: dict[str, Asked] = field(default_factory=dict)  # file → its rows
    _slots: dict[str, str] | None = None  # question → what fills its frame's slot
    _exchanges: dict[str, Exchanges] = field(default_factory=dict)
    _homes: Homes | None = None

    def see(self, case: Case) -> None:
        said = answer(case)
        if not said:
            return
        split = split_of(case)
        home = Home(split, case.row.file, case.row.split, named_split(case)[1]) if split else None
        question = key(asked(case)) if split else 0
        words = case.plain[-1] if len(case.said("assistant")) == 1 else " ".join(answers_of(case))
        seen = self.asked.get(case.row.file)
        if seen is None:
            seen = self.asked[case.row.file] = Asked()
        seen.row.append(case.row.row)
        given = subject(case)
        seen.given.append(given)
        name = plain(given)
        seen.own.append(bool(name) and speaks_of(name, Said(words)))
        seen.prompt.append(prompt_of(case))
        seen.said.append(said)
        seen.words.append(words)
        seen.question.append(question)
        seen.home.append(home)

    def merge(self, other: Subjects) -> None:
        for file, rows in other.asked.items():
            self.asked.setdefault(file, Asked()).merge(rows)

    def of(self, case: Case) -> str:
        """What a row asks about, told by itself or by the frame of its question; "" where nobody can tell."""
        return subject(case) or self.slots.get(prompt_of(case), "")

    @property
    def slots(self) -> dict[str, str]:
        """Question → its subject, of questions that do not name it themselves."""
        if self._slots is None:
            files = self.asked.values()
            told = [pair for rows in files for pair in zip(rows.prompt, rows.given, strict=True)]
            wanted = {prompt for prompt, given in told if not given}
            self._slots = fillers({prompt for prompt, _ in told}, wanted) if wanted else {}
        return self._slots

    def exchanges(self, file: str) -> Exchanges:
        """Whose answers the rows of a file have."""
        if file not in self._exchanges:
            rows = self.asked.get(file, Asked())
            asked = zip(rows.given, rows.prompt, strict=True)
            names = [plain(name or self.slots.get(prompt, "")) for name, prompt in asked]
            own = [named if given else None for named, given in zip(rows.own, rows.given, strict=True)]
            self._exchanges[file] = Exchanges(rows.row, names, rows.words, own)
        return self._exchanges[file]

    def answer_at(self, file: str, place: int) -> str:
        """The last answer of the row at a place of `exchanges`."""
        return self.asked[file].said[place]

    @property
    def homes(self) -> Homes:
        """Which split each subject, or each question without one, belongs to."""
        if self._homes is None:
            self._homes = Homes()
            for rows in self.asked.values():
                for place, home in enumerate(rows.home):
                    if home:
                        subject = rows.given[place] or self.slots.get(rows.prompt[place], "")
                        self._homes.see(subject or rows.question[place], home)
        return self._homes

    def group_of(self, case: Case) -> str | int:
        """What must not stand on both sides of a split: the subject; the question where there is none."""
        question = asked(case)
        return self.of(case) or (key(question) if question else 0)


def prompt_of(case: Case) -> str:
    """The first question, plain."""
    for place, turn in enumerate(case.turns):
        if turn["role"] == "user":
            return case.plain[place]
    return ""


def answers_of(case: Case) -> list[str]:
    """Every answer, plain."""
    return [words for turn, words in zip(case.turns, case.plain, strict=True) if turn["role"] == "assistant"]


def named_split(case: Case) -> tuple[str, str]:
    """(column, what it says) of the column that tells a row's split; ("", "") where none does."""
    for column in ("split", "subset"):
        named = case.kept.get(column)
        if isinstance(named, str) and named:
            return column, named
    return "", ""


# ---------------------------------------------------------------- frames


def fillers(every: Iterable[str], wanted: AbstractSet[str]) -> dict[str, str]:
    """Of the wanted questions, those whose frame others share, and what fills its slot."""
    asked_words = {prompt: prompt.split() for prompt in every}
    if len(asked_words) < FEWEST:
        return {}
    counts = Counter(chain.from_iterable(map(set, asked_words.values())))
    limit = min(RARE, max(SHARED, len(asked_words) // RARE))
    common = {word for word, count in counts.items() if count > limit}
    spans = {prompt: span(words, common) for prompt, words in asked_words.items()}
    sides = {
        prompt: (" ".join(asked_words[prompt][:low]), " ".join(asked_words[prompt][high:]))
        for prompt, (low, high) in spans.items()
        if 0 < high - low <= LONGEST
    }
    frames: Counter[tuple[str, str]] = Counter()
    for (before, behind), questions in Counter(sides.values()).items():  # many questions have the same
        frames.update(dict.fromkeys(frames_of(before.split(), behind.split()), questions))
    found = {}
    for prompt in wanted & sides.keys():
        low, high = spans[prompt]
        if frames[sides[prompt]] >= SHARED:  # the narrowest slot, as of most
            found[prompt] = " ".join(asked_words[prompt][low:high])
        else:
            choices = slots_of(asked_words[prompt], low, high)
            found[prompt] = next((filler for frame, filler in choices if frames[frame] >= SHARED), "")
    return {prompt: filler for prompt, filler in found.items() if filler}


def span(words: list[str], common: AbstractSet[str]) -> tuple[int, int]:
    """From the first rare word to behind the last; two equal numbers where none is."""
    low, high = 0, len(words)
    while low < high and words[low] in common:
        low += 1
    while low < high and words[high - 1] in common:
        high -= 1
    return low, high


def frames_of(before: list[str], behind: list[str]) -> Iterator[tuple[str, str]]:
    """The frames of `slots_of`, in no order, from the words on either side of the narrowest slot."""
    starts = [" ".join(before[: len(before) - less]) for less in range(min(BESIDE, len(before)) + 1)]
    stops = [" ".join(behind[more:]) for more in range(min(BESIDE, len(behind)) + 1)]
    yield from product(starts, stops)


def slots_of(words: list[str], low: int, high: int) -> Iterator[tuple[tuple[str, str], str]]:
    """(frame, filler) of a slot around words[low:high], the narrowest first."""
    if low == high:
        return
    for more in range(2 * BESIDE + 1):
        for before in range(min(more, BESIDE, low) + 1):
            behind = more - before
            if behind <= BESIDE and high + behind <= len(words):
                start, stop = low - before, high + behind
                yield (" ".join(words[:start]), " ".join(words[stop:])), " ".join(words[start:stop])
