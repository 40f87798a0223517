"""What both sources of the Hugging Face Hub say of a dataset, and what its own card says."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pipelines.collecting.columns import Naming, add_columns
from pipelines.collecting.rights import add_rights
from pipelines.collecting.source import CollectError, Source

HOME = "https://huggingface.co/datasets"
TERMS = "the dataset's own card"


def add_dataset(parser: argparse.ArgumentParser) -> None:
    """Which rows of which dataset, what its columns mean, and whose they are."""
    parser.add_argument("--dataset", required=True, metavar="OWNER/NAME")
    parser.add_argument("--config", metavar="NAME", help="of this configuration only")
    parser.add_argument("--split", metavar="NAME", help="of this split only (all splits)")
    add_columns(parser)
    add_rights(parser)


def begin(source: Source) -> Naming:
    """Say whose dataset it is; gives what its columns mean. Raises CollectError for a wrong --column."""
    dataset = source.options.dataset
    source.title, source.home, source.attribution = dataset, f"{HOME}/{dataset}", dataset.partition("/")[0]
    return Naming(source.options.column)


def chosen(options: argparse.Namespace) -> dict[str, Any]:
    """The settings that decide what is collected."""
    said = {"dataset": options.dataset, "config": options.config, "split": options.split, "columns": options.column}
    return {name: value for name, value in said.items() if value}


def read_card(dataset: str, revision: str | None) -> tuple[str, str]:
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


@contextmanager
def in_one_line(dataset: str) -> Iterator[None]:
    """What `datasets` raises, on opening a dataset or in the middle of its rows, as a CollectError."""
    import datasets

    from pipelines.sources.hub import advice

    try:
        yield
    except CollectError:
        raise
    except (ValueError, RuntimeError, OSError, datasets.exceptions.DatasetsError) as error:
        raise CollectError(f"{dataset}: {advice(error)}") from None
