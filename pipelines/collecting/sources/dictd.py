"""Dictionaries in dictd's format, as Debian packages them: NAME.index beside NAME.dict.dz (dict-jargon, …)."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from curation.entry import BadRecord
from pipelines.collecting.files import FileSource, fingerprint
from pipelines.collecting.rights import add_rights, take_rights
from pipelines.collecting.source import Record, Whole

JARGON = "jargon"  # the Jargon File says of itself that it is in the public domain


class Dictd(FileSource):
    name = "dictd"
    title = "a dictd dictionary"
    home = "https://packages.debian.org/dict-jargon"
    terms = "/usr/share/doc/PACKAGE/copyright of the Debian package"
    language = "en"

    @classmethod
    def arguments(cls, parser: argparse.ArgumentParser) -> None:
        super().arguments(parser)
        add_rights(parser)

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(options)
        if all(file.stem == JARGON for file in options.file) and not options.licence:
            self.title, self.licence, self.redistributable = "The Jargon File", "public domain", True
            self.attribution = "The Jargon File, public domain; packaged by Debian as dict-jargon"
        take_rights(self)

    def version(self, file: Path) -> str:
        from pipelines.sources.dictd import body_of

        return fingerprint(file) + fingerprint(body_of(file))

    def items(self, file: Path, whole: Whole) -> Iterable[Any]:
        """Headwords with their texts, each with a number among those of its headword."""
        from pipelines.sources.dictd import read_dictd
        from pipelines.sources.text_files import TextLines

        counted: Counter[str] = Counter()
        for found in read_dictd(TextLines(file)):
            if isinstance(found, BadRecord):
                whole.cut_short = True  # its text may be in the part that is missing
                self.warn(f"{file.name}:{found.line}: {found.detail}; left out")
                continue
            term = str(found.fields["term"])
            counted[term] += 1
            yield Path(whole.name).stem, counted[term], found.fields

    def records(self, items: list[Any]) -> Iterator[Record]:
        wanted = frozenset(self.options.terms_wanted)
        for dictionary, number, fields in items:
            if not wanted or fields["term"] in wanted:
                yield {"source_id": f"{dictionary}|{fields['term']}|{number}", **fields}
