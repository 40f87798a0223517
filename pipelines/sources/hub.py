"""Datasets of the Hugging Face Hub, through `datasets.load_dataset`. A token is taken from the environment only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.sources.record import Record, Records, SourceError
from pipelines.sources.settings import SourceSettings


def hub_parts(settings: SourceSettings, root: Path) -> Iterator[tuple[str, Records]]:
    """(split, its records) of a dataset: the split that the recipe names, or all. Raises SourceError."""
    data = load(settings, root)
    splits = data if isinstance(data, dict) else {settings.split or "data": data}
    for name, split in splits.items():
        yield str(name), (Record(row, 0, dict(fields)) for row, fields in enumerate(split))


def load(settings: SourceSettings, root: Path) -> Any:
    """Load a dataset, without running any of its code; every error becomes one line."""
    import datasets

    place = str(root / settings.hub) if (root / settings.hub).is_dir() else settings.hub
    given = {"name": settings.config, "revision": settings.revision}
    try:
        builder = datasets.load_dataset_builder(place, **given)
        text = as_text_only(place, given) if type(builder).__name__.startswith("Csv") else {}
        # no_checks: a card whose row counts are out of date is no reason not to read the rows
        return datasets.load_dataset(place, split=settings.split, verification_mode="no_checks", **given, **text)
    except (ValueError, RuntimeError, OSError, datasets.exceptions.DatasetsError) as error:
        raise SourceError(f"{settings.hub}: {advice(error)}") from None


def as_text_only(place: str, given: dict[str, str | None]) -> dict[str, Any]:
    """Options for CSV data: left to itself, pandas takes the headwords NaN and null for nothing, and 007 for 7."""
    import datasets

    splits = datasets.load_dataset(place, streaming=True, **given)
    names = [name for split in splits.values() for row in split.take(1) for name in row]
    features = datasets.Features({name: datasets.Value("string") for name in names})
    return {"keep_default_na": False, "features": features}


# What the errors of `datasets` say, and what to tell people; the first that fits.
ADVICE = (
    (("gated",), "is gated: accept its terms on the Hub and set HF_TOKEN"),
    (
        ("offline", "connection", "couldn't reach", "max retries"),
        "the Hub cannot be reached; download the dataset and give its path instead",
    ),
    (("revision",), "check the source's revision"),
    (("builderconfig", "config name"), "check the source's config"),
    (("split",), "check the source's split"),
    (("doesn't exist", "not found"), "no such dataset for this user; check its name, or set HF_TOKEN if it is private"),
)


def advice(error: Exception) -> str:
    """One line of what to do and what is wrong."""
    cause = " ".join(str(error).split())[:300]
    fitting = (advised for signs, advised in ADVICE if any(sign in cause.lower() for sign in signs))
    return f"{next(fitting, 'cannot be loaded')} ({cause})"
