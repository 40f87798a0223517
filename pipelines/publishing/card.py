"""The dataset card: README.md of a published dataset, computed from the build's rows and manifest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.publishing import portrait
from pipelines.publishing.checks import SPLITS, read_files
from pipelines.publishing.columns import column_rows
from pipelines.publishing.licences import (
    Licence,
    LicenceError,
    Restricted,
    known_licences,
    restricted,
    resulting_licence,
    without_conversations,
    without_texts,
)
from pipelines.publishing.markdown import block, code, plain
from pipelines.publishing.measured import evaluation_text

if TYPE_CHECKING:
    import pyarrow as pa
    from jinja2 import Environment

    from pipelines.publishing.conservation import Files

HERE = Path(__file__).parent
# What the Hub calls sizes: docs of the dataset card's metadata.
SIZES = {1_000: "n<1K", 10_000: "1K<n<10K", 100_000: "10K<n<100K", 1_000_000: "100K<n<1M", 10_000_000: "1M<n<10M"}
REFUSED = "its texts are left out"
ONLY_IDS = (
    "Everything in it was made by this toolkit: ids, splits, flags, scores and the ledger; it is given away with CC0. "
    "No text and no vote of a source is in it, and CC0 says nothing of the texts that the ids stand for: whoever wants "
    "to use those needs the permission of their source."
)


@dataclass(frozen=True)
class CardFacts:
    """What the card must be told that does not stand in the build."""

    repository: str  # OWNER/NAME
    version: str  # the tag of this publish, such as v1.2.0
    configs: Mapping[str, Mapping[str, str]]  # configuration → split → path or glob in the repository
    schemas: Mapping[str, pa.Schema] = field(default_factory=dict)  # configuration → columns of its Parquet files
    without_restricted: bool = False  # texts that may not be passed on are left out
    rights: str = ""  # --rights: on what ground the texts are passed on
    private: bool = False
    evaluations: Sequence[Path] = ()  # folders of train.evaluate or pipelines.experiment; () looks beside the build
    changelog: str = ""  # Markdown of this version's changes, "" for the first
    endpoint: str = "https://huggingface.co"


def dataset_card(build: Path, facts: CardFacts) -> str:
    """The card as Markdown with YAML front matter: the same build and facts give the same text.

    Every text of the dataset in it is escaped. Raises LicenceError where texts may not be passed on and none of
    `without_restricted`, `rights` and `private` is given, or licences exclude each other; ValueError (one line) where
    the folder is no build.
    """
    files = read_files(build)
    found = restricted(files.entries, files.every(), files.recipe)
    check_allowed(found, facts)
    licence = licence_told(files, found, facts)
    going = list(files.every())
    if facts.without_restricted:
        files, going = replace(files, entries=without_texts(files.entries, found)), without_conversations(going, found)
    try:
        head = front_matter(files, licence, going, facts)
        body = rendered("card.md.jinja", told(files, found, licence, going, facts))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{build}: was built by another version ({error} is missing or another); build it again"
        ) from error
    return f"---\n{head}\n---\n\n{body}"


def check_allowed(found: Sequence[Restricted], facts: CardFacts) -> None:
    if found and not (facts.without_restricted or facts.rights or facts.private):
        raise LicenceError(
            f"{'; '.join(map(str, found))}. Leave these texts out with --without-restricted, publish with --private, "
            "or say with --rights on what ground you pass them on"
        )


def licence_told(files: Files, found: Sequence[Restricted], facts: CardFacts) -> Licence:
    """The licence of what goes out. Raises LicenceError where it cannot be told and nobody answers for it."""
    try:
        licence = resulting_licence(files.entries, files.recipe)
    except LicenceError as error:
        if facts.without_restricted and found and len(files.entries) == len(set().union(*(one.ids for one in found))):
            return Licence(("CC0-1.0",), ONLY_IDS, {"license": "cc0-1.0"})
        if facts.rights or facts.private:
            reason = str(error).partition(". ")[0]  # without the advice for the one who publishes
            return Licence(
                (),
                f"{reason[:1].upper()}{reason[1:]}.",
                {"license": "other" if facts.rights else "unknown"} | named(facts),
            )
        raise
    if found and not facts.without_restricted:
        why = f"{licence.why} That does not hold for what is listed below."
        return Licence(licence.ids, why, {"license": "other" if facts.rights else "unknown"} | named(facts))
    return licence


def named(facts: CardFacts) -> dict[str, str]:
    return {"license_name": "see-card", "license_link": "README.md#licence"} if facts.rights else {}


# ---------------------------------------------------------------- metadata


def front_matter(files: Files, licence: Licence, going: Sequence[Mapping[str, Any]], facts: CardFacts) -> str:
    """The card's YAML; huggingface_hub quotes what needs it."""
    from huggingface_hub import DatasetCardData

    hubs = sorted({str(one["hub"]) for one in files.recipe.get("sources", []) if one.get("hub")})
    adults = ["not-for-all-audiences"] if portrait.for_adults(files) else []
    more: dict[str, Any] = {key: value for key, value in licence.metadata.items() if key != "license"}
    more["configs"] = list(data_files(facts.configs))
    if facts.schemas:
        more["dataset_info"] = list(features(facts.schemas))
    data = DatasetCardData(
        language=portrait.language_codes(files) or None,
        license=licence.metadata.get("license"),
        pretty_name=str(files.manifest["name"]),
        size_categories=[size(len(going) or len(files.entries))],
        source_datasets=hubs or ["original"],
        task_categories=["text-generation"] if going else None,
        tags=["slang", "dictionary", *(["chat", "instruction-tuning"] if going else []), "curated", *adults],
        **more,
    )
    return str(data.to_yaml(line_break="\n")).strip()


def data_files(configs: Mapping[str, Mapping[str, str]]) -> Iterator[dict[str, Any]]:
    """Configurations as the Hub's viewer and `load_dataset` want them; the first is what a plain load gives."""
    for place, (name, splits) in enumerate(configs.items()):
        paths = [{"split": split, "path": path} for split, path in splits.items()]
        yield {"config_name": name, **({"default": True} if place == 0 else {}), "data_files": paths}


def features(schemas: Mapping[str, pa.Schema]) -> Iterator[dict[str, Any]]:
    from datasets import Features

    for name, schema in schemas.items():
        yield {"config_name": name, "features": Features.from_arrow_schema(schema)._to_yaml_list()}  # noqa: SLF001 (the library's own writer of this field)


def size(rows: int) -> str:
    return next((name for most, name in SIZES.items() if rows < most), "n>10M")


# ---------------------------------------------------------------- text


def told(
    files: Files, found: Sequence[Restricted], licence: Licence, going: Sequence[Mapping[str, Any]], facts: CardFacts
) -> dict[str, Any]:
    """Everything that the page shows, ready as text or counts."""
    from pipelines.pages.evidence import meanings

    manifest, rows = files.manifest, rows_of(files, going)
    stages = list(stage_rows(manifest))
    origin = portrait.sources(files, going)
    return {
        "name": manifest["name"],
        "description": files.recipe.get("description") or "A slang dataset.",
        "version": facts.version,
        "repository": facts.repository,
        "terms": portrait.terms(files),
        "entries": len(files.entries),
        "conversations": len(going),
        "adults": portrait.for_adults(files),
        "texts": portrait.says_something(files.entries),
        "configs": [(name, split, rows(name, split)) for name, splits in facts.configs.items() for split in splits],
        "loads": list(loads(facts.configs)),
        "samples": sample_block(files, going) if going else "",
        "splits": SPLITS,
        "crossing": portrait.crossing(files),
        "tasks": list(task_rows(files, going)),
        "columns": list(column_rows(facts.schemas)),
        "counts": manifest["counts"],
        "stages": stages,
        "meanings": list(meanings_told(manifest, meanings())),
        "base": manifest["base_model"]["name"],
        "seed": manifest["seed"],
        "sources": origin,
        "some_places": any(one["place"] for one in origin),
        "attributions": [(one["name"], text) for one in origin for text in one["attribution"]],
        "some_restricted": bool(found),
        "refused": REFUSED if facts.without_restricted else "not under a licence",
        "licence": licence_text(licence),
        "rights": facts.rights,
        "restricted": found,
        "restricted_intro": intro(facts),
        "left_out": facts.without_restricted,
        "languages": portrait.languages(files),
        "dates": portrait.dates(files),
        "offence": portrait.offence(files),
        "privacy": portrait.privacy(files),
        "limits": list(portrait.limits(files, meanings(), conversations=bool(going))),
        "evaluation": evaluation_text(files.folder, facts.evaluations),
        "changelog": facts.changelog.strip(),
        "citation": citation(str(manifest["name"]), facts),
    }


def rendered(template: str, facts: Mapping[str, Any]) -> str:
    from jinja2.exceptions import UndefinedError

    try:
        return str(pages().get_template(template).render(facts))
    except UndefinedError as error:
        raise KeyError(str(error)) from None


@cache
def pages() -> Environment:
    """The templates, compiled once a process."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    found = Environment(loader=FileSystemLoader(HERE), undefined=StrictUndefined, keep_trailing_newline=True)  # noqa: S701 (Markdown; `plain` and `code` escape)
    found.filters |= {"plain": plain, "code": code}
    return found


def rows_of(files: Files, going: Sequence[Mapping[str, Any]]) -> Any:
    """(configuration, split) → rows that are published."""
    split_of = {str(row["id"]): split for split, rows in files.chat.items() for row in rows}
    counts = Counter(split_of[str(row["id"])] for row in going)
    whole = {"entries": len(files.entries), "ledger": len(files.ledger)}
    return lambda config, split: whole.get(config, counts[split])


def loads(configs: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    """(configuration, `, split="…"`): a configuration of one split is loaded as that split."""
    for name, splits in configs.items():
        yield name, f', split="{next(iter(splits))}"' if len(splits) == 1 else ""


def sample_block(files: Files, going: Sequence[Mapping[str, Any]]) -> str:
    """A few conversations, as plain text in a fence that none of them can close."""
    rows = portrait.samples(files, going)
    said = "\n\n".join("\n".join(f"{turn['role']}: {turn['content']}" for turn in row["messages"]) for row in rows)
    return block(said, "text") if said else ""


def task_rows(files: Files, going: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, list[int]]]:
    ids = {str(row["id"]) for row in going}
    counts = {
        split: Counter(str(row["task"]) for row in rows if row["id"] in ids) for split, rows in files.chat.items()
    }
    for task in sorted({task for found in counts.values() for task in found}):
        yield task, [counts[split][task] for split in SPLITS]


def stage_rows(manifest: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """The stages in their order, reading first."""
    counts = manifest["counts"]
    reading = {name.partition("/")[2]: n for name, n in manifest["left"].items() if name.startswith("read/")}
    read = counts["read"] + counts["bad_records"]
    yield {"name": "read", "rows": f"{read:,}", "left": told_count(counts["bad_records"])} | {
        "reasons": listed(reading),
        "flags": "",
    }
    for stage in manifest["stages"]:
        yield {
            "name": stage["name"],
            "rows": f"{stage['read']:,}",
            "left": told_count(stage["marked"]),
            "reasons": listed(stage["reasons"]),
            "flags": listed(stage["flags"]),
        }


def told_count(count: int) -> str:
    return f"{count:,}" if count else ""


def listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"`{name}` {count:,}" for name, count in counts.items() if count)


def meanings_told(manifest: Mapping[str, Any], meanings: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    """Each reason and flag that occurs, with its sentence."""
    reasons = {name.partition("/")[2] for name in manifest["left"]}
    for kind, words in (("reasons", reasons), ("flags", set(manifest["flags"]))):
        yield from ((word, meanings[kind][word]) for word in sorted(words) if word in meanings[kind])


def licence_text(licence: Licence) -> str:
    """The licences by name and address, and why."""
    known = (known_licences()[name.lower()] for name in licence.ids)
    links = " and ".join(f"[{terms.id}]({terms.url})" for terms in known)
    return f"{links}. {plain(licence.why, 2000)}" if links else plain(licence.why, 2000)


def intro(facts: CardFacts) -> str:
    if facts.without_restricted:
        return "What may not be passed on is left out: of these rows ids, flags and scores are here, and no text."
    if facts.rights:
        return (
            "No licence of the source allows to pass on these texts; they are here on the ground that is stated above."
        )
    return "This repository is private, since these texts may not be passed on:"


def citation(name: str, facts: CardFacts) -> str:
    return citation_of(name, facts.version, f"datasets/{facts.repository}", facts.endpoint)


def citation_of(name: str, version: str, place: str, endpoint: str) -> str:
    """BibTeX; letters that TeX reads are left out. `place` is the repository's path below `endpoint`."""
    owner, short = place.split("/")[-2:]
    key = "".join(letter for letter in f"{owner}_{short}" if letter.isalnum() or letter in "_-")
    title = "".join(letter for letter in name if letter not in "{}\\%&#$^~")
    lines = [
        f"@misc{{{key},",
        f"  title = {{{{{title}}}}},",
        f"  author = {{{{{owner}}}}},",
        f"  howpublished = {{\\url{{{endpoint.rstrip('/')}/{place}}}}},",
        f"  note = {{version {version}}}",
        "}",
    ]
    return block("\n".join(lines), "bibtex")
