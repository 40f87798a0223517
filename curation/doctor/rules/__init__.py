"""Every rule, in the order in which they mend: what a row is, what a template wrote, who speaks, what is said, ids."""

from __future__ import annotations

from curation.doctor.rule import Rule
from curation.doctor.rules import content, control, ids, roles, scaffold, table, text

RULES: tuple[Rule, ...] = (
    *content.RULES,
    *scaffold.RULES,
    *control.RULES,
    *roles.RULES,
    *text.RULES,
    *table.RULES,
    *ids.RULES,
)
