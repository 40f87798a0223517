"""Every stage by its name: the words that a recipe's `use` may say."""

from __future__ import annotations

from curation.contradictions import Contradictions
from curation.copies import CopiesAcrossTerms
from curation.decontaminate import Decontaminate
from curation.deduplicate import ExactDuplicates
from curation.label_issues import LabelIssues
from curation.normalize import Normalize
from curation.offensive import Offensive
from curation.pairing import TextPairing
from curation.privacy import Privacy
from curation.quality import Quality
from curation.same_sense import SameSense
from curation.split import Split
from curation.stage import Stage

STAGES: dict[str, type[Stage]] = {
    stage.name: stage
    for stage in (
        Normalize,
        Privacy,
        Offensive,
        ExactDuplicates,
        TextPairing,
        Quality,
        LabelIssues,
        SameSense,
        Contradictions,
        CopiesAcrossTerms,
        Split,
        Decontaminate,
    )
}
