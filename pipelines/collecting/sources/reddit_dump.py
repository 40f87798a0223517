"""Reddit's dumps (zstd JSON Lines, one comment or post a line): the sentences that use a term of a list.

Kept of each: the sentence, its subreddit and its month. Who wrote it is never read; names in the text are blacked out.
"""

from __future__ import annotations

import argparse
import html
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from pipelines.collecting.files import FileSource
from pipelines.collecting.matching import TermFinder
from pipelines.collecting.source import CollectError, Record

GONE = ("[deleted]", "[removed]")
SENTENCE = re.compile(r"(?<=[.!?…])[\"'”’)]*\s+|\n+")
USER = re.compile(r"(?<![\w/])/?u/[\w-]{2,}|(?<![\w@.])@[\w-]{3,}")
NOT_SAID = re.compile(r"(?m)^[ \t]*>[^\n]*$|(?s:```.*?```)|\[([^\]\n]*)\]\([^)\s]*\)|https?://\S+")
WORDS = (4, 60)  # of a sentence that shows how a term is used


class RedditDump(FileSource):
    name = "reddit_dump"
    title = "Reddit dump"
    home = "https://www.reddit.com"
    attribution = "Reddit's users"
    terms = "https://redditinc.com/policies/user-agreement: the text belongs to its writers"
    redistributable = False
    language = "en"
    kind = "sentence"
    part = 20_000  # lines

    @classmethod
    def arguments(cls, parser: argparse.ArgumentParser) -> None:
        super().arguments(parser)
        parser.add_argument("--subreddit", action="append", metavar="NAME", help="of these only (all)")

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(options)
        if not options.terms_wanted:
            raise CollectError("reddit_dump: which terms? Give --term, --terms, --terms-from or --gaps")
        self.finder = TermFinder(options.terms_wanted)
        self.subreddits = {name.removeprefix("r/").casefold() for name in options.subreddit or ()}

    def how(self) -> dict[str, Any]:
        return {"subreddits": sorted(self.subreddits)}

    def records(self, items: list[Any]) -> Iterator[Record]:
        for line in items:
            try:
                yield from self.sentences(json.loads(line))
            except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError) as error:
                self.warn(f"a line is no comment or post ({type(error).__name__}) and is left out: {line[:60]!r}")

    def sentences(self, said: dict[str, Any]) -> Iterator[Record]:
        """Each sentence of a comment or post that uses a term, once for each term."""
        subreddit = str(said.get("subreddit") or "")
        texts = [str(said.get(name) or "") for name in ("title", "selftext", "body")]
        if (self.subreddits and subreddit.casefold() not in self.subreddits) or any(text in GONE for text in texts):
            return
        month = f"{datetime.fromtimestamp(int(said['created_utc']), UTC):%Y-%m}"
        text = NOT_SAID.sub(lambda found: found[1] or " ", html.unescape("\n".join(texts)))
        sentences = [USER.sub("█████", part.strip()) for part in SENTENCE.split(text)]
        for number, sentence in enumerate(sentences):
            if WORDS[0] <= len(sentence.split()) <= WORDS[1]:
                for term in self.finder.find(sentence):
                    name = f"{said['id']}|{number}|{term}"
                    known = {"source_id": name, "term": term, "example": sentence, "date": month}
                    yield {**known, "category": f"r/{subreddit}" if subreddit else ""}
