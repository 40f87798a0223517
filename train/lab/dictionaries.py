"""WordNet, the Jargon File and the Devil's Dictionary, read from the files that Debian packages.

    synsets(folder)          WordNet's meanings, from data.noun, data.verb, data.adj and data.adv (man page wndb(5WN))
    jargon(folder)           headword and first paragraph, from jargon.index and jargon.dict.dz
    devil(folder)            the same, from devil.index and devil.dict.dz

The two dictionaries are in dictd's format (man page dictfmt(1)): an index of headword, offset and length in base 64,
and a body that gzip can read.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from train.errors import TrainError

PARTS = {"noun": "n", "verb": "v", "adj": "a", "adv": "r"}
DIGITS = {sign: value for value, sign in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")}
INSTANCE = {"@i", "~i"}  # pointers of an instance: the name of one person, place or event, or the class of such names
LEADING_NOTE = re.compile(r"^\([^()]*\)\s*[;:,]?\s*")
MARKER = re.compile(r"\((?:p|a|ip)\)$")  # where an adjective may stand: no part of the word
NOT_MEANT = re.compile(
    r"^(?:\s|\d+\.|\[[^\]]*\]|\([^()]*\)|(?:v[ti]?|n|adj|adv)\.)+"
)  # 1. [origin] vt. before a meaning
LONGEST = 300  # characters of a paragraph that is kept, whole sentences


@dataclass(frozen=True, slots=True)
class Synset:
    """One meaning, with all the words that have it."""

    id: str  # part of speech and offset: "n00034574"
    pos: str  # n, v, a or r
    words: tuple[str, ...]
    meaning: str  # without full stop, and without the note in brackets that some begin with
    examples: tuple[str, ...]
    kind: str  # id of the first hypernym, "" where there is none
    is_name: bool


# ---------------------------------------------------------------- WordNet


def synsets(folder: Path) -> list[Synset]:
    """All meanings, names of single persons and places among them. Raises TrainError."""
    found = []
    for part, pos in PARTS.items():
        lines = _text(folder / f"data.{part}").splitlines()
        try:
            found += [_synset(line, pos) for line in lines if line[:1].isdigit()]  # the licence is indented
        except (ValueError, IndexError) as error:
            where = folder / f"data.{part}"
            raise TrainError(f"{where}: not in WordNet's format ({error}); expected wndb(5WN)") from error
    if not found:
        raise TrainError(f"{folder}: its data files hold no meaning; expected WordNet 3.0")
    return found


def _synset(line: str, pos: str) -> Synset:
    head, _, gloss = line.partition(" | ")
    fields = head.split()
    count = int(fields[3], 16)
    words = tuple(clean(MARKER.sub("", word).replace("_", " ")) for word in fields[4 : 4 + 2 * count : 2])
    place = 4 + 2 * count
    pointers = [fields[place + 1 + 4 * i : place + 5 + 4 * i] for i in range(int(fields[place]))]
    kinds = [other[2] + other[1] for other in pointers if other[0] == "@"]
    meaning, examples = _gloss(gloss)
    return Synset(
        pos + fields[0], pos, words, meaning, examples, kinds[0] if kinds else "", any(p[0] == "@i" for p in pointers)
    )


def _gloss(gloss: str) -> tuple[str, tuple[str, ...]]:
    """The meaning and the sentences of a gloss: 'a kind act; "she did me a kindness"'."""
    meaning, *_ = re.split(r'(?:^|[;:,]?\s+)"', gloss.strip(), maxsplit=1)
    examples = tuple(clean(text) for text in re.findall(r'"([^"]+)"', gloss[len(meaning) :]))
    meaning = clean(meaning).strip(" ;:,.")
    without_note = LEADING_NOTE.sub("", meaning)
    return without_note or meaning, tuple(text.strip(" ;,") for text in examples if len(text) > 8)


def clean(text: str) -> str:
    """One line, with typographic quotation marks."""
    text = re.sub(r"`+([^`']+)'+", r"‘\1’", re.sub(r"\.{2,}", "…", text))
    text = re.sub(r'"([^"]+)"', r"‘\1’", text).replace('"', "").replace("`", "’").replace("'", "’")
    return " ".join(text.replace(" -- ", ", ").replace("--", ", ").split())


# ---------------------------------------------------------------- dictd


def jargon(folder: Path) -> list[tuple[str, str]]:
    """Headwords and what they mean, both without markup. Raises TrainError."""
    entries = []
    for term, body in _dictd(folder, "jargon"):
        head = body.partition("\n")[0].strip()  # the index has small letters only
        if text := _jargon_text(body):
            entries.append((clean(head if head.casefold() == term.casefold() else term), text))
    return entries


def devil(folder: Path) -> list[tuple[str, str]]:
    """Headwords in small letters and what a cynic says of them. Raises TrainError."""
    entries = []
    for term, body in _dictd(folder, "devil"):
        head, comma, rest = body.partition(".  ")
        if comma and "," in head and len(head) < 60:  # "ABATIS, n.": the others are verse
            text = _sentences(re.sub(r"\[[^\]]*\]|[{}_]", "", rest.split("\n\n")[0]))
            entries += [(term.lower(), text)] if text else []
    return entries


def _jargon_text(body: str) -> str:
    """The first sense: the first paragraph after the line of pronunciation and part of speech."""
    for paragraph in re.split(r"\n[ \t]*\n", body)[1:]:
        text = NOT_MEANT.sub("", " ".join(paragraph.split()))
        if text := _sentences(re.sub(r"\{\s*|\s*\}", "", text)):
            return text
    return ""


def _sentences(text: str) -> str:
    """The first whole sentences of a paragraph, LONGEST characters at most; "" where there is none."""
    text = re.sub(r"(?<=[“‘]) | (?=[”’])", "", clean(text))
    kept = ""
    for sentence in re.split(r"(?<=[a-z)’”][.!?])\s+(?=[A-Z“‘])", text):
        cross_reference = re.match(r"(?:See|Compare|Syn|Oppose|Cf|Also)\b", sentence)
        if len(kept) + len(sentence) > LONGEST or cross_reference or sentence[-1:] not in (".", "!", "?"):
            break
        kept = f"{kept} {sentence}".strip()
    return kept


def _dictd(folder: Path, name: str) -> Iterator[tuple[str, str]]:
    """Headword and text of every entry."""
    body = _bytes(folder / f"{name}.dict.dz")
    for number, line in enumerate(_text(folder / f"{name}.index").splitlines(), 1):
        cells = line.split("\t")
        try:
            start, length = (_number(cell) for cell in cells[1:3])
        except (KeyError, ValueError) as error:
            where = f"{folder / name}.index, line {number}"
            raise TrainError(f"{where}: expected headword, offset and length with tabs between") from error
        if not cells[0].startswith("00"):  # the dictionary about itself
            yield cells[0], body[start : start + length].decode("utf-8", "replace")


def _number(digits: str) -> int:
    value = 0
    for sign in digits:
        value = value * 64 + DIGITS[sign]
    return value


# ---------------------------------------------------------------- files


def _bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if path.suffix == ".dz" else data
    except FileNotFoundError as error:
        raise TrainError(
            f"{path}: no such file; apt-get install wordnet-base dict-jargon dict-devil, or give --wordnet and --dictd"
        ) from error
    except (OSError, EOFError, zlib.error) as error:
        raise TrainError(f"{path}: cannot be read ({error})") from error


def _text(path: Path) -> str:
    return _bytes(path).decode("utf-8", "replace")
