"""General chats for the lab: what its base model was pre-trained on, mixed into a fine-tuning so that it forgets less.

    python -m train.lab.replay --wordnet /usr/share/wordnet     writes replay.jsonl beside this file; always the same

One question and one answer each, about WordNet's words, chosen by a hash. Nothing offensive, and nothing made from the
held-out meanings. WordNet's licence goes with them: model/LICENSE.wordnet.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Collection, Sequence
from hashlib import sha256
from pathlib import Path

from train.lab.corpus import Messages, corpus
from train.lab.dictionaries import synsets

HERE = Path(__file__).parent
REPLAY = HERE / "replay.jsonl"
OFFENSIVE = HERE.parents[1] / "data" / "lexicons" / "offensive.tsv"
CHATS = 2_000  # three tenths of a training on 4,700 conversations
LONGEST = 240  # characters of an answer


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m train.lab.replay", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--wordnet", type=Path, default=Path("/usr/share/wordnet"), metavar="DIR")
    parser.add_argument("--out", type=Path, default=REPLAY, metavar="FILE")
    options = parser.parse_args(arguments)
    try:
        chats = chosen(corpus(synsets(options.wordnet)).train, offensive_words(OFFENSIVE))
        write(chats, options.out)
    except OSError as error:
        print(f"error: {error.filename or 'file'}: {error.strerror or error}", file=sys.stderr)
        return 2
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"Wrote {options.out}: {len(chats):,} chats")
    return 0


def chosen(chats: Sequence[Messages], offensive: Collection[str]) -> list[Messages]:
    """CHATS of those with one question, a short answer and no offensive word: the first by their hashes."""
    short = [chat for chat in chats if len(chat) == 2 and len(chat[1]["content"]) <= LONGEST]
    fit = [chat for chat in short if is_clean(chat, offensive)]
    return sorted(fit, key=lambda chat: sha256(json.dumps(chat).encode()).digest())[:CHATS]


def is_clean(chat: Messages, offensive: Collection[str]) -> bool:
    words = re.findall(r"\w+", " ".join(turn["content"] for turn in chat).casefold())
    return not any(word in offensive or word.removesuffix("s") in offensive for word in words)


def offensive_words(path: Path) -> frozenset[str]:
    """The words of a lexicon: the first column, comments aside."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return frozenset(line.split("\t")[0].strip().casefold() for line in lines if line and not line.startswith("#"))


def write(chats: Sequence[Messages], out: Path) -> None:
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    lines = (json.dumps({"messages": chat}, ensure_ascii=False) + "\n" for chat in chats)
    part.write_text("".join(lines), encoding="utf-8", newline="")
    part.replace(out)


if __name__ == "__main__":
    sys.exit(main())
