"""What is wrong with the wording of a row, whatever its layout: 19 to 22, 24, 26 to 28.

They mend in this order: first the characters, then markup (whose entities may hide anything), then what is left.
"""

from __future__ import annotations

from curation.doctor.rule import Rule
from curation.doctor.rules.characters import Mojibake
from curation.doctor.rules.foreign_turns import Echo, Runaway
from curation.doctor.rules.glue import Glue
from curation.doctor.rules.markup import Markup
from curation.doctor.rules.reasoning import Think
from curation.doctor.rules.slots import NullString, Placeholder

RULES: tuple[Rule, ...] = (Mojibake(), NullString(), Placeholder(), Markup(), Think(), Runaway(), Glue(), Echo())
