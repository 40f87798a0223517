"""Which rules to ask about which rows: many rows at once are searched for what a rule finds nothing without.

A rule's `hints` are patterns in the syntax of RE2 (https://github.com/google/re2/wiki/Syntax). Arrow searches a column
of texts for one in a small part of the time that asking the rule about each row would take. Several small patterns are
quicker than one that has them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from curation.doctor.case import Case
from curation.doctor.rule import Rule
from curation.doctor.spoken import spoken

if TYPE_CHECKING:
    import pyarrow as pa

BLANK = r"[\s\pZ\x0b\x1c-\x1f\x{85}]"  # for RE2: what `str.isspace` takes for a blank
TEXT_ONLY = 2  # keys of a turn that has a role and a content, and nothing beside them
EVERY = -1  # all bits


def rules_for(cases: Sequence[Case], rules: Sequence[Rule]) -> list[list[Rule]]:
    """For each case, the rules that may find something in it, in their order.

    A row with more than text, or with text that is no Unicode (half a character), is shown to all of them.
    """
    import numpy as np
    import pyarrow.compute as pc

    texts = column([spoken(case).text for case in cases])
    hinted = [rule for rule in rules if rule.hints]
    found = np.zeros(len(cases), np.int64)  # a bit for each of these rules
    for number, rule in enumerate(hinted):
        for hint in rule.hints:
            places = pc.indices_nonzero(pc.fill_null(pc.match_substring_regex(texts, hint), True))
            found[places.to_numpy()] |= 1 << number
    found[[place for place, case in enumerate(cases) if has_more_than_text(case)]] = EVERY
    codes = found.tolist()
    asked = {code: [rule for rule in rules if not rule.hints or code >> hinted.index(rule) & 1] for code in set(codes)}
    return [asked[code] for code in codes]


def has_more_than_text(case: Case) -> bool:
    """Whether a turn has keys beside its role and content: calls of tools, reasoning."""
    return any([len(turn) > TEXT_ONLY for turn in case.turns])  # noqa: C419 - a list is quicker


def column(texts: Sequence[str]) -> pa.Array:
    """The texts as Arrow has them; null for one that is no Unicode."""
    import pyarrow as pa

    try:
        return pa.array(texts, pa.large_string())
    except UnicodeEncodeError:
        return pa.array([text if is_unicode(text) else None for text in texts], pa.large_string())


def is_unicode(text: str) -> bool:
    """Whether no half of a character stands in a text."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
