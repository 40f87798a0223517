"""Small dictionaries in the real formats, with lines copied from the real files, and a tokenizer made from them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

LICENCE = """  1 This software and database is being provided to you, the LICENSEE, by
  2 Princeton University under the following license.  By obtaining, using
  3 WordNet 3.0 Copyright 2006 by Princeton University.  All rights reserved.
"""
WORDNET = {
    "noun": r"""
00034574 04 n 02 kindness 0 benignity 0 001 @ 00037396 n 0000 | a kind act
01071411 04 n 03 clemency 1 mercifulness 0 mercy 0 001 @ 00034574 n 0000 | leniency and compassion shown toward offenders by a person or agency charged with administering justice; "he threw himself on the mercy of the court"
04442312 06 n 01 toaster 0 002 @ 03620052 n 0000 + 00322151 v 0102 | a kitchen appliance (usually electric) for toasting bread
10713502 18 n 02 toaster 0 wassailer 1 002 @ 10677713 n 0000 + 01175485 v 0205 | someone who proposes a toast; someone who drinks to the health of success of someone or some venture
09263087 17 n 03 Danube 0 Danube_River 0 Danau 0 001 @i 09411430 n 0000 | the 2nd longest European river (after the Volga); "Vienna is on the banks of the Danube"
00584367 04 n 02 employment 0 work 1 001 @ 00582388 n 0000 | the occupation for which you are paid; "he is looking for employment"; "a lot of people are out of work"
05120116 07 n 04 overplus 0 plethora 0 superfluity 0 embarrassment 0 001 @ 05118437 n 0000 | extreme excess; "an embarrassment of riches"
99000001 07 n 01 surfeit 0 000 | extreme excess; "a surfeit of the same words"
99000002 07 n 01 riches 0 000 | wealth as a burden; "an embarrassment of riches"; "the riches of a king"
""",
    "verb": """
00006100 29 v 02 hack 0 whoop 0 001 @ 00005815 v 0000 01 + 02 00 | cough spasmodically; "The patient with emphysema is hacking all day"
01148119 33 v 01 hack 0 002 @ 01147727 v 0000 ;c 00470966 n 0000 01 + 09 00 | kick on the shins
""",
    "adj": """
00001740 00 a 01 able(p) 0 001 = 05200169 n 0000 | (usually followed by `to') having the necessary means or skill or know-how or authority to do something; "able to swim"
01459755 00 s 03 adorable 0 endearing 0 lovely 0 001 & 01459422 a 0000 | lovable especially in a childlike or naive way; "the most endearing smile of all"
""",
    "adv": """
00003771 02 r 01 blessedly 0 001 \\ 00670741 a 0101 | in a blessed manner
""",
}  # fmt: skip
JARGON = {
    "00-database-info": "This file is about itself.",
    "crack root": (
        "crack root\n v.\n\n    [very common] To defeat the security system of a Unix machine and gain {root} privileges\n"
        "    thereby; see {cracking}. See also {root}.\n\n    A second paragraph.\n"
    ),
    "ack": "ACK\n /ak/, interj.\n\n    1. [from the ASCII mnemonic] Acknowledge. Used to register one's presence.\n",
    "1tbs": "1TBS\n //, n.\n\n    The “One True Brace Style”; see {indent style\n",
}
DEVIL = {
    "ABATIS": "ABATIS, n.  Rubbish in front of a fort, to prevent the rubbish outside\nfrom molesting the rubbish inside.\n",
    "ABRACADABRA": "ABRACADABRA.\n\n    By _Abracadabra_ we signify\n        An infinite number of things.\n",
}
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def base_64(number: int) -> str:
    return (base_64(number // 64) if number > 63 else "") + DIGITS[number % 64]


def write_dictd(folder: Path, name: str, entries: dict[str, str]) -> None:
    body, index = b"", []
    for term, text in entries.items():
        data = text.encode()
        index.append(f"{term}\t{base_64(len(body))}\t{base_64(len(data))}\n")
        body += data
    (folder / f"{name}.dict.dz").write_bytes(gzip.compress(body, mtime=0))
    (folder / f"{name}.index").write_text("".join(index), encoding="utf-8")


@pytest.fixture(scope="session")
def wordnet(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wordnet")
    for part, lines in WORDNET.items():
        (folder / f"data.{part}").write_text(LICENCE + lines.lstrip(), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def dictd(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("dictd")
    write_dictd(folder, "jargon", JARGON)
    write_dictd(folder, "devil", DEVIL)
    return folder


@pytest.fixture(scope="session")
def small_corpus(wordnet, dictd):
    from train.lab.corpus import corpus
    from train.lab.dictionaries import devil, jargon, synsets

    return corpus(synsets(wordnet), jargon(dictd), devil(dictd))


@pytest.fixture(scope="session")
def small_tokenizer(small_corpus):
    from train.lab.tokenizer import train_tokenizer

    return train_tokenizer((message["content"] for talk in small_corpus.train for message in talk), 512)
