"""Slang to talk about: clean entries of the bundled sample, and coined ones, drawn by a seed."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

RAW = Path(__file__).parents[2] / "data" / "raw"
PLAIN = re.compile(r"[A-Za-z][A-Za-z' -]*")
SENTENCE = re.compile(r"[A-Z][A-Za-z ,;’'-]+\.")
ONSETS = [
    "b",
    "bl",
    "br",
    "ch",
    "cl",
    "cr",
    "d",
    "dr",
    "fl",
    "fr",
    "g",
    "gl",
    "gr",
    "h",
    "j",
    "k",
    "kl",
    "m",
    "n",
    "p",
    "pl",
    "qu",
    "r",
    "sh",
    "sk",
    "sl",
    "sn",
    "sp",
    "st",
    "str",
    "sw",
    "t",
    "tr",
    "tw",
    "v",
    "w",
    "y",
    "z",
]
MIDDLES = [
    "abb",
    "agg",
    "amm",
    "azz",
    "ebb",
    "edd",
    "ett",
    "ibb",
    "igg",
    "imm",
    "inn",
    "ipp",
    "izz",
    "obb",
    "ogg",
    "omm",
    "oop",
    "ubb",
    "udd",
    "uff",
    "umm",
    "unk",
    "upp",
    "uzz",
]
ENDINGS = ["a", "ed", "er", "ify", "ing", "le", "les", "o", "ot", "y", "able", "ster"]
WHO = [
    "friend",
    "neighbour",
    "teammate",
    "barista",
    "singer",
    "gamer",
    "driver",
    "cousin",
    "classmate",
    "roommate",
    "streamer",
    "skater",
    "tourist",
    "teacher",
    "boss",
    "dancer",
    "drummer",
    "waiter",
    "coach",
    "editor",
]
TRAITS = """always late|never calls back|buys rounds for all|tells the same joke twice|sings in the shower|forgets every
birthday|wins without trying|talks through films|borrows and never returns|wears new shoes daily|cries at adverts|leaves
parties early|knows every shortcut|cooks for the whole street|sleeps until noon|argues with referees|laughs at bad
puns|saves every receipt|answers in emoji only|parks across two spaces"""
ACTS = [
    "leave",
    "praise",
    "mock",
    "copy",
    "impress",
    "annoy",
    "surprise",
    "defend",
    "follow",
    "ignore",
    "invite",
    "outplay",
]
WHEN = """after a long shift|in front of a crowd|for no reason at all|before the first coffee|at three in the morning|
when nobody is watching|during an exam|on the last bus home|right after pay day|in the middle of a game|without saying a
word|just to get attention"""
FEELINGS = "very tired|oddly proud|deeply bored|quietly happy|a bit jealous|really nervous|utterly calm|rather lost"
PLACES = "the docks|the night market|ranked lobbies|the skate park|group chats|the school bus|a radio show|the gym"


@dataclass(frozen=True)
class Entry:
    """A term, what it means (a full sentence), and a sentence that uses it."""

    term: str
    meaning: str
    example: str
    origin: str

    @property
    def inline(self) -> str:
        """The meaning as the end of another sentence: small first letter, no full stop."""
        return (self.meaning[0].lower() + self.meaning[1:]).rstrip(".")


def entries(random: Random, count: int) -> list[Entry]:
    """That many entries of different terms and meanings, half of them from the sample while it lasts."""
    known = random.sample(real(), min(count // 2, len(real())))
    found = {entry.term.lower(): entry for entry in known}
    meanings = {entry.meaning for entry in known}
    while len(found) < count:
        entry = coined(random)
        if entry.term not in found and entry.meaning not in meanings:
            found[entry.term] = entry
            meanings.add(entry.meaning)
    drawn = list(found.values())
    random.shuffle(drawn)
    return drawn


def coined(random: Random) -> Entry:
    """A term that no dictionary has."""
    term = random.choice(ONSETS) + random.choice(MIDDLES) + random.choice(ENDINGS)
    when, trait, who = pick(random, WHEN), pick(random, TRAITS), random.choice(WHO)
    place = pick(random, PLACES)
    other = random.choice([name for name in WHO if name != who])
    meaning = random.choice(
        (
            f"A {who} who {trait}, above all {when}.",
            f"To {random.choice(ACTS)} a {who} {when}.",
            f"Feeling {pick(random, FEELINGS)} {when}, said of a {who} or a {other}.",
            f"What one shouts at a {who} who {trait}.",
        )
    )
    example = random.choice(
        (
            f"My {other} said {term} again {when}.",
            f"That was pure {term}, ask the {other}.",
            f"Stop with the {term}, the {who} can hear you.",
        )
    )
    return Entry(term, meaning, example, f"First heard around {place}.")


def pick(random: Random, choices: str) -> str:
    """One of several phrases with | between them; their line breaks are blanks."""
    return " ".join(random.choice(choices.split("|")).split())


@cache
def real() -> list[Entry]:
    """Rows of the sample in which nothing was planted, with one sentence as their meaning."""
    with (RAW / "PLANTED.tsv").open(encoding="utf-8", newline="") as lines:
        planted = {int(row["row"]) for row in csv.DictReader(lines, delimiter="\t") if row["file"] == "genz_slang.csv"}
    with (RAW / "genz_slang.csv").open(encoding="utf-8-sig", newline="") as lines:
        rows = [row for number, row in enumerate(csv.DictReader(lines)) if number not in planted]
    found: dict[str, Entry] = {}
    for row in rows:
        term, cells = row["Slang"], (row["Description"], row["Example"], row["Context"])
        if PLAIN.fullmatch(term) and all(map(SENTENCE.fullmatch, cells[:1])) and all(cells):
            found.setdefault(term.lower(), Entry(term, *cells))
    return sorted(found.values(), key=lambda entry: entry.term.lower())
