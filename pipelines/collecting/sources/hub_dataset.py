"""A dataset of the Hugging Face Hub through `datasets.load_dataset`, as a stream. HF_TOKEN where it is private."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from pipelines.collecting import hub
from pipelines.collecting.files import in_parts
from pipelines.collecting.rights import take_rights
from pipelines.collecting.source import CollectError, LocalSource, Record, Whole

PART = 1_000  # rows


class HubDataset(LocalSource):
    name, title = "hub_dataset", "Hub dataset"
    home, terms = hub.HOME, hub.TERMS

    @classmethod
    def arguments(cls, parser: argparse.ArgumentParser) -> None:
        hub.add_dataset(parser)
        parser.add_argument("--revision", metavar="REV", help="branch, tag or commit (main)")

    def __init__(self, options: argparse.Namespace) -> None:
        from pipelines.publishing.licences import why_restricted

        super().__init__(options)
        self.naming = hub.begin(self)
        self.commit, self.licence = hub.read_card(options.dataset, options.revision)
        self.redistributable = not why_restricted(self.licence, redistributable=True)
        take_rights(self)

    def how(self) -> dict[str, Any]:
        return hub.chosen(self.options)

    def wholes(self) -> Iterator[Whole]:
        for split, rows in self.splits():
            place = f"{self.options.config or 'default'}/{split}"
            yield Whole(f"{self.options.dataset}/{place}", self.commit, self.parts(rows, place))

    def parts(self, rows: Iterator[dict[str, Any]], place: str) -> Iterator[Iterator[Record]]:
        with hub.in_one_line(self.options.dataset):
            for number, part in enumerate(in_parts(rows, PART)):
                yield self.records(part, place, number * PART)

    def records(self, rows: list[dict[str, Any]], place: str, first: int) -> Iterator[Record]:
        return (self.naming.record(row, place, number) for number, row in enumerate(rows, first))

    def splits(self) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
        """(split, its rows), as text: left to itself, pandas takes the headwords NaN and null for nothing."""
        import datasets

        from pipelines.sources.hub import as_text_only

        dataset, wanted = self.options.dataset, self.options.split
        given = {"name": self.options.config, "revision": self.commit or self.options.revision}
        with hub.in_one_line(dataset):
            builder = datasets.load_dataset_builder(dataset, **given)
            as_text = as_text_only(dataset, given) if type(builder).__name__.startswith("Csv") else {}
            found = datasets.load_dataset(dataset, streaming=True, **given, **as_text)
            if wanted not in (None, *found):
                raise CollectError(f"{dataset}: no split {wanted!r}; it has {sorted(found)}")
            for split in [wanted] if wanted else sorted(found):
                yield split, iter(found[split])
