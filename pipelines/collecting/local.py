"""Reads what lies here part by part, so that a kill loses one part and a whole pass tells what has vanished.

A whole is kept like a site's list: one page that names its first part, and each part the one behind it. When the file
is another, the first page leads elsewhere; what stands on the parts that nothing leads to any more has vanished.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from curation.entry import content_hash
from pipelines.collecting.source import Ask, LocalSource, Whole

if TYPE_CHECKING:
    from pipelines.collecting.snapshot import Snapshot


def take(source: LocalSource, snapshot: Snapshot) -> str:
    """Read every part that is not known, but no more than --limit; gives "", as what lies here never ends early."""
    left = source.options.limit
    for whole in source.wholes():
        source.versions[whole.name] = whole.version
        for _ in read(whole, f"{whole.name} {asked(source)}", snapshot):
            left = left and left - 1
            if left == 0:
                return ""
    return ""


def asked(source: LocalSource) -> str:
    """16 hex digits for what is taken: the same file asked for other terms is another list of records."""
    return content_hash(json.dumps(source.how(), sort_keys=True), *sorted(source.options.terms_wanted))


def read(whole: Whole, group: str, snapshot: Snapshot) -> Iterator[int]:
    """Keep the parts that are not known; yields the number of each."""

    def ask(number: int) -> Ask:
        return Ask(f"{group}@{whole.version}#{number}", group, parent=group)

    first = Ask(group, group)
    if snapshot.known(first) != [ask(0)]:
        snapshot.write(first, [], [ask(0)])
    part, number = next(whole.parts, None), 0
    while part is not None:
        following = next(whole.parts, None)
        more = [ask(number + 1)] if following is not None or whole.cut_short else []
        if snapshot.known(ask(number)) is None:
            snapshot.write(ask(number), list(part), more)
            yield number
        part, number = following, number + 1
