"""What the licence of a base model asks of whoever passes on an adapter of it: a name, a notice, its own text.

The facts stand in licences.toml, with the sections of the licences that ask for them. The name is a plain duty of who
distributes a trained model, so that a public repository is refused without it. Whether an adapter, which holds none of
the base model's weights, must carry the licence's text is less plain: where it is not at hand, that is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.publishing.licences import LicenceError, Terms, terms_of

if TYPE_CHECKING:
    from train.base_models import BaseModelSpec

NOTICE, LICENCE = "NOTICE.txt", "LICENSE.txt"
AS_OTHERS_CALL_IT = (LICENCE, "LICENSE", "LICENSE.md")  # in the base model's folder


def asking(spec: BaseModelSpec | None) -> tuple[Terms, ...]:
    """The base model's licences that ask for more than their own line in the metadata."""
    return tuple(terms for terms in terms_of(spec.licence) if terms.notice or terms.name) if spec else ()


def check_name(spec: BaseModelSpec | None, repository: str) -> None:
    """Raises LicenceError, one line, where a licence wants another name of what is trained from the base model."""
    owner, _, name = repository.partition("/")
    for terms in asking(spec):
        if not name.lower().startswith(terms.name.lower()):
            raise LicenceError(
                f"{repository}: the licence {terms.id} of the base model asks that the name of what is trained from it "
                f"begins with {terms.name!r}. Publish as {owner}/{terms.name}-{name}, with --private, or say with "
                "--rights on what ground"
            )


def papers(spec: BaseModelSpec | None, given: Path | None, folder: Path) -> dict[str, Path]:
    """Name in the repository → file here: the notice, written into `folder`, and the licence's text if it is at hand.

    `given` is a file that holds it. Raises ValueError, one line, where there is no such file.
    """
    found: dict[str, Path] = {}
    if terms := asking(spec):
        found[NOTICE] = folder / NOTICE
        found[NOTICE].parent.mkdir(parents=True, exist_ok=True)
        found[NOTICE].write_text(notice(terms, spec.hub if spec else ""), encoding="utf-8", newline="")
    if given is not None and not given.is_file():
        raise ValueError(f"{given}: is no file; give the text of the base model's licence")
    text = given or (licence_text(spec) if spec and terms else None)
    return found | ({LICENCE: text} if text else {})


def notice(terms: tuple[Terms, ...], base: str) -> str:
    told = [one.notice for one in terms if one.notice]
    return "\n\n".join([*told, f"The weights in this repository were made by training an adapter of {base}.", ""])


def licence_text(spec: BaseModelSpec) -> Path | None:
    """The licence's text as it came with the base model: in its folder, or in the Hub's cache."""
    from huggingface_hub import try_to_load_from_cache

    for name in AS_OTHERS_CALL_IT:
        if spec.folder and (spec.folder / name).is_file():
            return spec.folder / name
        cached = None if spec.folder else try_to_load_from_cache(spec.hub, name)
        if isinstance(cached, str):
            return Path(cached).resolve()  # the cache holds links
    return None


def lacking(spec: BaseModelSpec | None, files: Mapping[str, Path]) -> Iterator[str]:
    """What is asked and is not among the files, a line each."""
    if LICENCE not in files:
        for terms in asking(spec):
            yield (
                f"the licence {terms.id} of the base model asks to pass on a copy of it, and none is at hand: save "
                f"{terms.url} and give it with --licence FILE"
            )
