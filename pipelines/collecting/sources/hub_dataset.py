"""A dataset of the Hugging Face Hub through `datasets.load_dataset`, as a stream. HF_TOKEN where it is private."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import chain
from typing import Any

from pipelines.collecting.columns import Naming, add_dataset
from pipelines.collecting.files import add_rights, in_parts, take_rights
from pipelines.collecting.source import Ask, CollectError, LocalSource, Record

PART = 1_000  # rows


class HubDataset(LocalSource):
    name = "hub_dataset"
    title = "Hub dataset"
    home = "https://huggingface.co/datasets"
    licence = ""
    attribution = ""
    terms = "the dataset's own card"
    redistributable = False

    @classmethod
    def arguments(cls, parser: argparse.ArgumentParser) -> None:
        add_dataset(parser)
        parser.add_argument("--revision", metavar="REV", help="branch, tag or commit (main)")
        add_rights(parser)

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(options)
        self.title, self.home = options.dataset, f"https://huggingface.co/datasets/{options.dataset}"
        self.attribution = options.dataset.partition("/")[0]
        self.naming = Naming(options.column)
        self.commit, self.licence = describe(options.dataset, options.revision)
        from pipelines.publishing.licences import why_restricted

        self.redistributable = not why_restricted(self.licence, redistributable=True)
        take_rights(self)

    def how(self) -> dict[str, Any]:
        chosen = {"config": self.options.config, "split": self.options.split, "columns": self.options.column}
        return {"dataset": self.options.dataset, "commit": self.commit, **{n: v for n, v in chosen.items() if v}}

    def pages(self) -> Iterator[tuple[Ask, Iterator[Record]]]:
        for split, rows in self.splits():
            place = f"{self.options.config or 'default'}/{split}"
            for number, part in enumerate(in_parts(rows, PART)):
                known = f"{self.options.dataset}@{self.commit}/{place}#{number}"
                yield Ask(known, group=known), self.records(part, place, number * PART)

    def records(self, rows: list[dict[str, Any]], place: str, first: int) -> Iterator[Record]:
        return (self.naming.record(row, place, number) for number, row in enumerate(rows, first))

    def splits(self) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
        """(split, its rows), as text: left to itself, pandas takes the headwords NaN and null for nothing."""
        import datasets

        from pipelines.sources.hub import advice, as_text_only

        given = {"name": self.options.config, "revision": self.commit or self.options.revision}
        try:
            builder = datasets.load_dataset_builder(self.options.dataset, **given)
            as_text = as_text_only(self.options.dataset, given) if type(builder).__name__.startswith("Csv") else {}
            found = datasets.load_dataset(self.options.dataset, streaming=True, **given, **as_text)
            for split in [self.options.split] if self.options.split else sorted(found):
                rows = iter(found[split])
                first = [row for _, row in zip(range(1), rows, strict=False)]  # what cannot be had fails here
                yield split, chain(first, rows)
        except KeyError:
            raise CollectError(
                f"{self.options.dataset}: no split {self.options.split!r}; it has {sorted(found)}"
            ) from None
        except CollectError:
            raise
        except (ValueError, RuntimeError, OSError, datasets.exceptions.DatasetsError) as error:
            raise CollectError(f"{self.options.dataset}: {advice(error)}") from None


def describe(dataset: str, revision: str | None) -> tuple[str, str]:
    """(commit, licence of its card). Raises CollectError, one line."""
    from huggingface_hub import DatasetCard, HfApi
    from huggingface_hub import errors as hub

    from pipelines.sources.hub import advice

    try:
        commit = HfApi().dataset_info(dataset, revision=revision).sha or ""
        declared = DatasetCard.load(dataset).data.license or ""
    except hub.EntryNotFoundError:  # no card
        declared = ""
    except hub.GatedRepoError:
        raise CollectError(f"{dataset}: is gated: accept its terms on the Hub and set HF_TOKEN") from None
    except hub.RepositoryNotFoundError:
        raise CollectError(
            f"{dataset}: no such dataset for this user; check its name, or set HF_TOKEN if it is private"
        ) from None
    except (hub.HFValidationError, hub.HfHubHTTPError, OSError, ValueError) as error:
        raise CollectError(f"{dataset}: {advice(error)}") from None
    return commit, "; ".join(declared) if isinstance(declared, list) else str(declared)
