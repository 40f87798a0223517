"""Settings and the manifest as lines of (name, text)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pipelines.pages.evidence import clipped

TOLD_ELSEWHERE = {"counts", "stages", "left", "flags", "review_tasks", "name"}  # in the manifest


def setting_text(value: object) -> str:
    return clipped(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str), 300)


def grouped(manifest: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The manifest as titled lists of (name, text): its plain facts under "" first, then a list for each table."""
    told = {key: value for key, value in manifest.items() if key not in TOLD_ELSEWHERE}
    tables = {key: value for key, value in told.items() if isinstance(value, Mapping)}
    if "sources" in tables:  # the page has a table of them
        tables["sources"] = {name: source.get("sha256", "") for name, source in tables["sources"].items()}
    plain = [(key, setting_text(value)) for key, value in told.items() if key not in tables]
    return [("", plain), *((key, flattened(value)) for key, value in tables.items())]


def flattened(value: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Nested facts as (dotted name, text) lines; empty lists say nothing."""
    lines: list[tuple[str, str]] = []
    for key, item in value.items():
        if isinstance(item, Mapping):
            lines += flattened(item, f"{prefix}{key}.")
        elif item != []:
            lines.append(
                (f"{prefix}{key}", ", ".join(map(str, item)) if isinstance(item, list) else setting_text(item))
            )
    return lines
