"""A card that hands have edited, and the one computed anew: both changes in one text, or a plain no.

The three texts are compared line by line, as diff3 does (S. Khanna, K. Kunal, B. C. Pierce: A formal investigation of
diff3, FSTTCS 2007): where only one side changed a stretch, its lines are taken; where both did, differently, nobody can
tell what is meant.
"""

from __future__ import annotations

from difflib import SequenceMatcher, unified_diff

SHOWN = 200  # lines of a diff that are shown


class ConflictError(ValueError):
    """Both changed the same lines."""


def merged(base: str, theirs: str, ours: str) -> str:
    """`ours` with the changes that lead from `base` to `theirs`. Raises ConflictError with one line."""
    old, left, right = (text.splitlines(keepends=True) for text in (base, theirs, ours))
    anchors = [*common(old, left, right), (len(old), len(left), len(right))]
    lines: list[str] = []
    at = (0, 0, 0)
    for anchor in anchors:
        lines += settled(*(text[start:end] for text, start, end in zip((old, left, right), at, anchor, strict=True)))
        lines += old[anchor[0] : anchor[0] + 1]
        at = (anchor[0] + 1, anchor[1] + 1, anchor[2] + 1)
    return "".join(lines)


def common(old: list[str], left: list[str], right: list[str]) -> list[tuple[int, int, int]]:
    """Places of the lines that all three have, in order."""
    one, other = matches(old, left), matches(old, right)
    return [(place, one[place], other[place]) for place in sorted(one.keys() & other.keys())]


def matches(old: list[str], new: list[str]) -> dict[int, int]:
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return {block.a + step: block.b + step for block in blocks for step in range(block.size)}


def settled(old: list[str], theirs: list[str], ours: list[str]) -> list[str]:
    """One stretch between two lines that all have."""
    if theirs in (old, ours):
        return ours
    if ours == old:
        return theirs
    raise ConflictError(f"the same lines are changed by hand and computed anew: {(theirs or old)[0].strip()[:80]!r}")


def diff(before: str, after: str, name_before: str, name_after: str) -> list[str]:
    """A unified diff; its end is cut where it is long."""
    lines = [line.rstrip("\n") for line in unified_diff(
        before.splitlines(), after.splitlines(), name_before, name_after, lineterm=""
    )]  # fmt: skip
    return lines if len(lines) <= SHOWN else [*lines[:SHOWN], f"… {len(lines) - SHOWN:,} more lines"]
